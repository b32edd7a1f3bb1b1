"""Changing what was sent: texts, captions, media, keyboards; deleting; pinning; reactions."""

from __future__ import annotations

from typing import Any

from telegram.constants import MessageLimit

from bot.sandbox.errors import bad
from bot.sandbox.keyboards import parse_inline
from bot.sandbox.methods.media import input_media
from bot.sandbox.methods.registry import Json, find_chat, find_post, markup_of, method, text_of, writable_chat
from bot.sandbox.methods.send import caption_content, text_content
from bot.sandbox.params import Params, whole
from bot.sandbox.people import Chat, Post
from bot.sandbox.world import World

_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)
_CAPTION = int(MessageLimit.CAPTION_LENGTH)
_MEDIA = ("photo", "animation", "document", "video", "audio", "voice")
_DELETABLE_FOR = 48 * 3600
_NOT_MODIFIED = (
    "Message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def _target(world: World, params: Params) -> Post:
    """The message an edit means, by chat and number or by inline_message_id. Raises ApiError 400."""
    if params.has("inline_message_id"):
        place = world.inline.get(params.text("inline_message_id"))
        post = world.chats[place[0]].posts.get(place[1]) if place else None
        if post is None or post.deleted:
            raise bad("MESSAGE_ID_INVALID")
        return post
    chat = writable_chat(world, params)
    if not params.has("message_id"):
        raise bad("Message identifier is not specified")
    post = find_post(world, chat, params, "Message to edit not found")
    if post.wire.get("from", {}).get("id") != world.bot.id or _is_service(post.wire):
        raise bad("Message can't be edited")
    return post


def _is_service(wire: Json) -> bool:
    return any(name in wire for name in ("pinned_message", "new_chat_title", "left_chat_member"))


def _markup(world: World, params: Params, post: Post) -> Json | None:
    chat = world.chats[post.chat_id]
    return parse_inline(markup_of(params), private=chat.private, invoice="invoice" in post.wire)


def _apply(world: World, post: Post, drop: tuple[str, ...], content: Json, markup: Json | None) -> Json | bool:
    """Replace content and keyboard. Raises ApiError 400 when nothing changes."""
    old = post.wire
    wire = {name: value for name, value in old.items() if name not in drop and name != "reply_markup"}
    wire.update(content)
    if markup:
        wire["reply_markup"] = markup
    if {**wire, "edit_date": 0} == {**old, "edit_date": 0}:
        raise bad(_NOT_MODIFIED)
    # Only a change of the keyboard does not count as an edit for the reader.
    if content or drop:
        wire["edit_date"] = int(world.clock())
    changed = world.change(post, wire=wire)
    return True if post.inline_message_id else changed.wire


@method("editMessageText")
def edit_message_text(world: World, params: Params) -> Json | bool:
    text, entities = text_of(world, params, "text", "entities", _TEXT, "Message")
    post = _target(world, params)
    if not text:
        raise bad("Message text is empty")
    if "text" not in post.wire:
        raise bad("There is no text in the message to edit")
    markup = _markup(world, params, post)
    content = text_content(params, text, entities)
    return _apply(world, post, ("text", "entities", "link_preview_options"), content, markup)


@method("editMessageCaption")
def edit_message_caption(world: World, params: Params) -> Json | bool:
    caption, entities = text_of(world, params, "caption", "caption_entities", _CAPTION, "Message caption")
    post = _target(world, params)
    if not any(name in post.wire for name in _MEDIA):
        raise bad("There is no caption in the message to edit")
    content = caption_content(caption, entities)
    if params.boolean("show_caption_above_media") and caption:
        content["show_caption_above_media"] = True
    drop = ("caption", "caption_entities", "show_caption_above_media")
    return _apply(world, post, drop, content, _markup(world, params, post))


@method("editMessageMedia")
def edit_message_media(world: World, params: Params) -> Json | bool:
    item = params.json("media")
    if item is None:
        raise bad("Media is not specified")
    post = _target(world, params)
    if post.inline_message_id and str(item.get("media", "")).startswith("attach://"):
        raise bad("Can't upload a file for an inline message")
    if "text" not in post.wire and not any(name in post.wire for name in _MEDIA):
        raise bad("Message can't be edited")
    markup = _markup(world, params, post)
    _, content = input_media(world, params, item)
    drop = (*_MEDIA, "caption", "caption_entities", "show_caption_above_media", "has_media_spoiler", "text", "entities")
    return _apply(world, post, (*drop, "link_preview_options"), content, markup)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(world: World, params: Params) -> Json | bool:
    post = _target(world, params)
    return _apply(world, post, (), {}, _markup(world, params, post))


# -- deleting


def _delete(world: World, chat: Chat, post: Post) -> bool:
    mine = post.wire.get("from", {}).get("id") == world.bot.id
    too_old = world.clock() - post.wire["date"] > _DELETABLE_FOR
    if too_old or not (mine or chat.private or chat.bot_admin):
        return False
    world.delete(post)
    return True


@method("deleteMessage")
def delete_message(world: World, params: Params) -> bool:
    chat = find_chat(world, params)
    post = find_post(world, chat, params, "Message to delete not found")
    if not _delete(world, chat, post):
        raise bad("Message can't be deleted")
    return True


@method("deleteMessages")
def delete_messages(world: World, params: Params) -> bool:
    chat = find_chat(world, params)
    ids: Any = params.json("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
        raise bad("Message identifiers are not specified" if not ids else "Too many message identifiers specified")
    for message_id in ids:
        post = chat.posts.get(whole(message_id))
        if post is not None and not post.deleted and not _delete(world, chat, post):
            raise bad("Message can't be deleted for everyone")
    return True


# -- pins and reactions


@method("pinChatMessage")
def pin_chat_message(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    if not chat.private and not chat.bot_admin:
        raise bad("Not enough rights to manage pinned messages in the chat")
    post = find_post(world, chat, params, "Message to pin not found")
    if post.message_id not in chat.pinned:
        chat.pinned.append(post.message_id)
        pinned = {name: value for name, value in post.wire.items() if name != "reply_to_message"}
        world.post(chat, world.bot, {"pinned_message": pinned})
    return True


@method("unpinChatMessage")
def unpin_chat_message(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    message_id = params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad("Message to unpin not found")
    chat.pinned.remove(message_id)
    world.events.add("chat", chat)
    return True


@method("unpinAllChatMessages")
def unpin_all_chat_messages(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    chat.pinned.clear()
    world.events.add("chat", chat)
    return True


@method("setMessageReaction")
def set_message_reaction(world: World, params: Params) -> bool:
    chat = writable_chat(world, params)
    post = find_post(world, chat, params, "Message to react not found")
    given = params.json("reaction") or []
    if not isinstance(given, list):
        raise bad("Expected an Array of ReactionType")
    emoji = [str(item.get("emoji")) for item in given if isinstance(item, dict) and item.get("type") == "emoji"]
    if len(emoji) != len(given) or len(emoji) > 1:
        raise bad("REACTION_INVALID" if len(emoji) != len(given) else "REACTIONS_TOO_MANY")
    others = tuple(entry for entry in post.reactions if entry[0] != world.bot.id)
    world.change(post, reactions=(*others, *((world.bot.id, one) for one in emoji)))
    return True
