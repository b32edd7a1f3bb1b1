"""Answers to people's questions: presses, inline queries, Mini Apps; messages prepared for sharing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from telegram.constants import (
    CallbackQueryLimit,
    InlineQueryLimit,
    InlineQueryResultLimit,
    InlineQueryResultsButtonLimit,
    MessageLimit,
)

from bot.sandbox.entities import formatted
from bot.sandbox.errors import bad
from bot.sandbox.keyboards import parse_inline, web_app_url
from bot.sandbox.methods.media import media_content
from bot.sandbox.methods.payments import invoice_content, invoice_terms
from bot.sandbox.methods.registry import Json, method
from bot.sandbox.methods.send import caption_content
from bot.sandbox.params import Params
from bot.sandbox.people import Chat, Person, Post
from bot.sandbox.render import to_html
from bot.sandbox.world import World

_CACHED = {
    "photo": "photo_file_id", "document": "document_file_id", "video": "video_file_id", "audio": "audio_file_id",
    "voice": "voice_file_id", "gif": "gif_file_id", "mpeg4_gif": "mpeg4_file_id", "sticker": "sticker_file_id",
}  # fmt: skip
_PREPARED_FOR = 24 * 3600


@method("answerCallbackQuery")
def answer_callback_query(world: World, params: Params) -> bool:
    query = world.question("callback_query", params.text("callback_query_id"))
    text = params.text("text")
    if len(text) > CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH:
        raise bad("MESSAGE_TOO_LONG")
    post: Post = query.about
    shown: Json = {"text": text or None, "alert": params.boolean("show_alert"), "url": params.text("url") or None}
    if not query.answer.done():
        world.answer(query, shown)
        world.events.add("toast", chat_id=post.chat_id, user_id=query.person_id, message_id=post.message_id, **shown)
    return True


@dataclass(frozen=True, slots=True)
class Result:
    """One inline result: what the page shows of it, and the message it becomes."""

    id: str
    view: Json
    content: Json
    markup: Json | None
    invoice: Json | None = None


@method("answerInlineQuery")
def answer_inline_query(world: World, params: Params) -> bool:
    query = world.question("inline_query", params.text("inline_query_id"))
    given = params.json("results")
    if not isinstance(given, list):
        raise bad("Expected an Array of InlineQueryResult")
    if len(given) > InlineQueryLimit.RESULTS:
        raise bad("RESULTS_TOO_MUCH")
    if len(params.text("next_offset").encode()) > InlineQueryLimit.MAX_OFFSET_LENGTH:
        raise bad("NEXT_OFFSET_INVALID")
    results = [parse_result(world, item) for item in given]
    if len({result.id for result in results}) < len(results):
        raise bad("RESULT_ID_DUPLICATE")
    answer: Json = {
        "results": [result.view for result in results],
        "next_offset": params.text("next_offset"),
        "button": _button(params),
        "is_personal": params.boolean("is_personal"),
    }
    query.about = {result.id: result for result in results}
    world.answer(query, answer)
    world.events.add("inline_results", user_id=query.person_id, query_id=query.id, **answer)
    return True


def _button(params: Params) -> Json | None:
    given = params.json("button")
    if not isinstance(given, dict):
        if not params.has("switch_pm_text"):  # the older spelling of the same
            return None
        given = {"text": params.text("switch_pm_text"), "start_parameter": params.text("switch_pm_parameter")}
    start = given.get("start_parameter")
    if start is not None and not 1 <= len(str(start)) <= InlineQueryResultsButtonLimit.MAX_START_PARAMETER_LENGTH:
        raise bad("START_PARAM_INVALID")
    app = given.get("web_app")
    url = web_app_url(str(app.get("url", ""))) if isinstance(app, dict) else None
    return {"text": str(given.get("text", "")), "start_parameter": start, "web_app_url": url}


def parse_result(world: World, item: Any) -> Result:
    """Check one InlineQueryResult. Raises ApiError 400."""
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise bad("Can't parse InlineQueryResult")
    result_id = str(item.get("id", ""))
    if not InlineQueryResultLimit.MIN_ID_LENGTH <= len(result_id.encode()) <= InlineQueryResultLimit.MAX_ID_LENGTH:
        raise bad("RESULT_ID_INVALID")
    if item["type"] == "article" and not str(item.get("title") or "").strip():
        raise bad("ARTICLE_TITLE_EMPTY")
    content, terms = _content(world, item)
    markup = parse_inline(item.get("reply_markup"), private=True, invoice=terms is not None)
    text = content.get("text") or content.get("caption") or ""
    thumbnail = item.get("thumbnail_url") or _thumbnail(world, content)
    view = {
        "id": result_id,
        "type": item["type"],
        "title": item.get("title") or content.get("venue", {}).get("title"),
        "description": item.get("description"),
        "thumbnail_url": thumbnail,
        "text": text,
        "html": to_html(text, content.get("entities") or content.get("caption_entities") or []),
    }
    return Result(result_id, view, content, markup, terms)


def _thumbnail(world: World, content: Json) -> str | None:
    if "photo" not in content:
        return None
    stored = world.files.by_id[content["photo"][0]["file_id"]]
    return f"/sandbox/files/{stored.unique_id}/photo.jpg"


def _content(world: World, item: Json) -> tuple[Json, Json | None]:
    """What the result becomes as a message, and the invoice it carries, if any."""
    inner = item.get("input_message_content")
    if isinstance(inner, dict):
        return _input_content(world, inner)
    kind = item["type"]
    if kind in ("location", "venue", "contact"):
        return _input_content(world, item)
    if kind not in _CACHED:
        raise bad("Message content is not specified" if kind == "article" else "Unallowed inline query result type")
    stored = world.files.by_id.get(str(item.get(_CACHED[kind], "")))
    if stored is None:
        # A file by URL: Telegram would fetch it; the sandbox fetches nothing.
        raise bad("WEBPAGE_CURL_FAILED" if _CACHED[kind] not in item else "DOCUMENT_INVALID")
    caption, entities = formatted(
        str(item.get("caption") or ""), str(item.get("parse_mode") or ""), item.get("caption_entities"), world.users()
    )
    if len(caption) > MessageLimit.CAPTION_LENGTH:
        raise bad("MEDIA_CAPTION_TOO_LONG")
    media = media_content(world, "animation" if "gif" in kind else kind, stored, {})
    return {**media, **caption_content(caption, entities)}, None


def _input_content(world: World, inner: Json) -> tuple[Json, Json | None]:
    if "message_text" in inner:
        text, entities = formatted(
            str(inner["message_text"]), str(inner.get("parse_mode") or ""), inner.get("entities"), world.users()
        )
        if not text or len(text) > MessageLimit.MAX_TEXT_LENGTH:
            raise bad("MESSAGE_TOO_LONG" if text else "Message text is empty")
        return {"text": text, **({"entities": entities} if entities else {})}, None
    if "phone_number" in inner:
        names = ("phone_number", "first_name", "last_name", "vcard")
        return {"contact": {name: inner[name] for name in names if inner.get(name)}}, None
    if "latitude" in inner:
        given = Params(inner)
        place = {"latitude": given.number("latitude"), "longitude": given.number("longitude")}
        if "address" in inner:
            venue = {"location": place, "title": str(inner.get("title", "")), "address": str(inner["address"])}
            return {"location": place, "venue": venue}, None
        return {"location": place}, None
    if "prices" in inner:
        terms = invoice_terms(world, Params(inner))
        return invoice_content(terms), terms
    raise bad("Can't find message content in the inline query result")


def post_result(world: World, chat: Chat, person: Person, result: Result) -> Post:
    """The chosen result as a message of the person, via the bot, which can edit it by inline_message_id."""
    inline_message_id = f"AQ{secrets.token_urlsafe(18)}"
    if result.invoice is not None:
        world.invoices[result.invoice["slug"]] = result.invoice
    return world.post(
        chat, person, result.content, markup=result.markup, extra={"via_bot": world.bot.wire()},
        invoice=result.invoice, inline_message_id=inline_message_id,
    )  # fmt: skip


@method("answerWebAppQuery")
def answer_web_app_query(world: World, params: Params) -> Json:
    query = world.question("web_app_query", params.text("web_app_query_id"))
    result = parse_result(world, params.json("result"))
    person = world.people[query.person_id]
    post = post_result(world, world.chats[query.about], person, result)
    world.answer(query, {"message_id": post.message_id})
    del world.queries[query.id]
    return {"inline_message_id": post.inline_message_id}


@method("savePreparedInlineMessage")
def save_prepared_inline_message(world: World, params: Params) -> Json:
    if params.integer("user_id") not in world.people:
        raise bad("USER_ID_INVALID")
    result = parse_result(world, params.json("result"))
    prepared_id = secrets.token_urlsafe(12)
    world.prepared[prepared_id] = {"user_id": params.integer("user_id"), "result": result}
    return {"id": prepared_id, "expiration_date": int(world.clock()) + _PREPARED_FOR}
