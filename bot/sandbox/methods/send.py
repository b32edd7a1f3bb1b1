"""Sending things without a file: text, places, contacts, dice, polls, drafts, chat actions; copies and forwards."""

from __future__ import annotations

import secrets
from typing import Any

from telegram.constants import ChatAction, MessageLimit

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.methods.registry import Json, find_chat, find_post, method, send, text_of, writable_chat
from bot.sandbox.params import Params, whole
from bot.sandbox.people import Chat, Post
from bot.sandbox.world import World

_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
_CAPTION = int(MessageLimit.CAPTION_LENGTH)
_ACTIONS = {action.value for action in ChatAction} | {"upload_audio", "record_audio"}
_DICE = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "⚽️": 5, "🎰": 64}
_ORIGIN_FREE = (
    "message_id", "from", "chat", "date", "edit_date", "reply_to_message", "reply_markup", "via_bot", "effect_id",
    "has_protected_content", "media_group_id", "forward_origin",
)  # fmt: skip


@method("sendMessage")
def send_message(world: World, params: Params) -> Json:
    text, entities = text_of(world, params, "text", "entities", _TEXT, "Message")
    chat = writable_chat(world, params)
    if not text:
        raise bad("Message text is empty")
    return send(world, params, chat, text_content(params, text, entities))


def text_content(params: Params, text: str, entities: list[Json]) -> Json:
    content: Json = {"text": text}
    if entities:
        content["entities"] = entities
    if isinstance(preview := params.json("link_preview_options"), dict):
        content["link_preview_options"] = preview
    elif params.boolean("disable_web_page_preview"):
        content["link_preview_options"] = {"is_disabled": True}
    return content


@method("sendMessageDraft")
def send_message_draft(world: World, params: Params) -> bool:
    text_of(world, params, "text", "entities", _TEXT, "Message")
    chat = writable_chat(world, params)
    world.events.add("typing", chat_id=chat.id, action="typing")
    return True


@method("sendChatAction")
def send_chat_action(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    action = params.text("action").lower()
    if action not in _ACTIONS:
        raise bad("Wrong parameter action in request")
    world.events.add("typing", chat_id=chat.id, action=action)
    return True


def _place(params: Params) -> Json:
    latitude, longitude = params.number("latitude", 1e9), params.number("longitude", 1e9)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad("Wrong location specified" if params.has("latitude") else "latitude is empty")
    place: Json = {"latitude": latitude, "longitude": longitude}
    for name in ("live_period", "heading", "proximity_alert_radius"):
        if params.has(name):
            place[name] = params.integer(name)
    if params.has("horizontal_accuracy"):
        place["horizontal_accuracy"] = params.number("horizontal_accuracy")
    return place


@method("sendLocation")
def send_location(world: World, params: Params) -> Json:
    return send(world, params, writable_chat(world, params), {"location": _place(params)})


@method("sendVenue")
def send_venue(world: World, params: Params) -> Json:
    if not params.has("title") or not params.has("address"):
        raise bad("title is empty" if not params.has("title") else "address is empty")
    place = _place(params)
    venue: Json = {"location": place, "title": params.text("title"), "address": params.text("address")}
    return send(world, params, writable_chat(world, params), {"location": place, "venue": venue})


@method("sendContact")
def send_contact(world: World, params: Params) -> Json:
    for name in ("phone_number", "first_name"):
        if not params.has(name):
            raise bad(f"{name.replace('_', ' ')} is empty")
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: params.text(name) for name in names if params.has(name)}
    return send(world, params, writable_chat(world, params), {"contact": contact})


@method("sendDice")
def send_dice(world: World, params: Params) -> Json:
    emoji = params.text("emoji") or "🎲"
    if emoji not in _DICE:
        raise bad("Wrong dice emoji specified")
    dice = {"emoji": emoji, "value": secrets.randbelow(_DICE[emoji]) + 1}
    return send(world, params, writable_chat(world, params), {"dice": dice})


@method("sendPoll")
def send_poll(world: World, params: Params) -> Json:
    options = params.json("options")
    if not params.text("question").strip():
        raise bad("Poll question must be non-empty")
    if not isinstance(options, list) or not 1 <= len(options) <= 12:
        raise bad("Poll must have at least 1 option" if not options else "Poll can't have more than 12 options")
    texts = [str(option.get("text", "")) if isinstance(option, dict) else str(option) for option in options]
    anonymous = params.boolean("is_anonymous") if params.has("is_anonymous") else True
    poll = {
        "id": str(secrets.randbelow(2**60)),
        "question": params.text("question"),
        "options": [{"persistent_id": str(n), "text": text, "voter_count": 0} for n, text in enumerate(texts)],
        "total_voter_count": 0,
        "is_closed": params.boolean("is_closed"),
        "is_anonymous": anonymous,
        "type": params.text("type") or "regular",
        "allows_multiple_answers": params.boolean("allows_multiple_answers"),
        "allows_revoting": params.boolean("allows_revoting"),
        "members_only": params.boolean("members_only"),
    }
    return send(world, params, writable_chat(world, params), {"poll": poll})


@method("stopPoll")
def stop_poll(world: World, params: Params) -> Json:
    chat = writable_chat(world, params)
    post = find_post(world, chat, params, "Message with poll to stop not found")
    if "poll" not in post.wire:
        raise bad("Message is not a poll")
    if post.wire["poll"]["is_closed"]:
        raise bad("Poll has already been closed")
    poll = {**post.wire["poll"], "is_closed": True}
    world.change(post, wire={**post.wire, "poll": poll})
    return poll


# -- copies and forwards


def _copyable(post: Post) -> Json:
    """What a copy takes over. Raises ApiError 400 for service messages, invoices and the like."""
    content = {name: value for name, value in post.wire.items() if name not in _ORIGIN_FREE}
    if not content or not ({"text", "poll", "dice"} & content.keys() or _sendable(content)):
        raise bad("Message can't be copied")
    return content


def _sendable(content: Json) -> bool:
    kinds = {
        "photo", "document", "video", "audio", "voice", "animation", "sticker", "video_note", "contact", "location",
    }  # fmt: skip
    return bool(kinds & content.keys())


@method("copyMessage")
def copy_message(world: World, params: Params) -> Json:
    chat, source = writable_chat(world, params), find_chat(world, params, "from_chat_id")
    content = dict(_copyable(find_post(world, source, params, "Message to copy not found")))
    if "caption" in params.values and _sendable(content):
        caption, entities = text_of(world, params, "caption", "caption_entities", _CAPTION, "Message caption")
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content.update(caption_content(caption, entities))
    return {"message_id": send(world, params, chat, content)["message_id"]}


def caption_content(caption: str, entities: list[Json]) -> Json:
    content: Json = {"caption": caption} if caption else {}
    return {**content, "caption_entities": entities} if entities else content


@method("forwardMessage")
def forward_message(world: World, params: Params) -> Json:
    chat, source = writable_chat(world, params), find_chat(world, params, "from_chat_id")
    post = find_post(world, source, params, "Message to forward not found")
    return _forward(world, params, chat, post)


def _forward(world: World, params: Params, chat: Chat, post: Post) -> Json:
    if post.wire.get("has_protected_content"):
        raise bad("The message can't be forwarded")
    content = {name: value for name, value in post.wire.items() if name not in _ORIGIN_FREE}
    sender = post.wire.get("from") or {}
    origin = post.wire.get("forward_origin") or {"type": "user", "date": post.wire["date"], "sender_user": sender}
    return send(world, params, chat, content, extra={"forward_origin": origin})


def _several(world: World, params: Params, one: Any) -> list[Json]:
    chat, source = writable_chat(world, params), find_chat(world, params, "from_chat_id")
    ids = params.json("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
        raise bad("Message identifiers are not specified" if not ids else "Too many message identifiers specified")
    done = []
    for message_id in ids:
        post = source.posts.get(whole(message_id))
        if post is None or post.deleted:
            continue
        try:
            done.append({"message_id": one(chat, post)["message_id"]})
        except ApiError:
            continue
    if not done:
        raise bad("There are no messages to forward")
    return done


@method("forwardMessages")
def forward_messages(world: World, params: Params) -> list[Json]:
    return _several(world, params, lambda chat, post: _forward(world, params, chat, post))


@method("copyMessages")
def copy_messages(world: World, params: Params) -> list[Json]:
    return _several(world, params, lambda chat, post: send(world, params, chat, _copyable(post)))
