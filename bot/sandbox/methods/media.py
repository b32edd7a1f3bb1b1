"""Sending files: photos, documents and the rest, albums, getFile."""

from __future__ import annotations

import secrets
from typing import Any

from telegram.constants import MediaGroupLimit, MessageLimit

from bot.sandbox.entities import formatted
from bot.sandbox.errors import bad
from bot.sandbox.files import MAX_DOWNLOAD, StoredFile, photo_size
from bot.sandbox.methods.registry import (
    Json,
    deliver,
    find_person,
    find_reply,
    markup_for,
    method,
    text_of,
    writable_chat,
)
from bot.sandbox.methods.send import caption_content
from bot.sandbox.params import Params, Upload, whole
from bot.sandbox.world import World

_CAPTION = int(MessageLimit.CAPTION_LENGTH)
_NAMES = {"photo": "Photo", "document": "Document", "video": "Video", "audio": "Audio", "voice": "VoiceNote",
          "animation": "Animation", "video_note": "VideoNote", "sticker": "Sticker"}  # fmt: skip
_ALBUM = {"photo", "video", "document", "audio"}


def resolve(world: World, params: Params, kind: str, value: Any, field: str) -> StoredFile:
    """The file meant by an upload, `attach://name`, or file_id. Raises ApiError 400."""
    upload = params.files.get(field)
    if upload is None and isinstance(value, str) and value.startswith("attach://"):
        upload = params.files.get(value.removeprefix("attach://"))
        if upload is None:
            raise bad(f"There is no {kind.replace('_', ' ')} in the request")
    if upload is not None:
        return world.files.add(upload, kind)
    if not isinstance(value, str) or not value:
        raise bad(f"There is no {kind.replace('_', ' ')} in the request")
    if "://" in value or value.startswith(("http:", "https:")):
        raise bad("Failed to get HTTP URL content")  # the sandbox fetches nothing from outside
    stored = world.files.by_id.get(value)
    if stored is None:
        raise bad("Wrong remote file identifier specified: Wrong string length")
    if stored.kind != kind and {stored.kind, kind} != {"document", "animation"}:
        raise bad(f"Can't use file of type {_NAMES[stored.kind]} as {_NAMES[kind]}")
    return stored


def media_content(world: World, kind: str, stored: StoredFile, fields: Json) -> Json:
    """What a message carries for this file. `fields`: duration, width, title… as the bot gave them."""
    if kind == "photo":
        return {"photo": world.files.photo_sizes(stored)}
    content: Json = {"file_id": stored.file_id, "file_unique_id": stored.unique_id, "file_size": stored.size}
    if kind in ("document", "video", "audio", "animation") and stored.name:
        content["file_name"] = stored.name
    if kind != "sticker" and kind != "video_note":
        content["mime_type"] = stored.mime
    if kind in ("video", "animation"):
        content.update(width=whole(fields.get("width")) or 640, height=whole(fields.get("height")) or 360)
    if kind == "video_note":
        content["length"] = whole(fields.get("length")) or 240
    if kind in ("video", "audio", "voice", "animation", "video_note"):
        content["duration"] = whole(fields.get("duration"))
    if kind == "audio":
        content.update({name: fields[name] for name in ("performer", "title") if fields.get(name)})
    if kind == "sticker":
        content.update(type="regular", width=512, height=512, is_animated=False, is_video=False)
    if kind != "animation":
        return {kind: content}
    # An animation is told as a document too, for clients that do not know animations.
    document = {name: value for name, value in content.items() if name not in ("width", "height", "duration")}
    return {"animation": content, "document": document}


def _send_file(world: World, params: Params, kind: str) -> Json:
    caption, entities = text_of(world, params, "caption", "caption_entities", _CAPTION, "Message caption")
    chat = writable_chat(world, params)
    markup = markup_for(params, chat, {})  # before a file is kept for a bad one
    stored = resolve(world, params, kind, params.values.get(kind), kind)
    content = {**media_content(world, kind, stored, params.values), **caption_content(caption, entities)}
    if params.boolean("has_spoiler") and kind in ("photo", "video", "animation"):
        content["has_media_spoiler"] = True
    if params.boolean("show_caption_above_media") and caption:
        content["show_caption_above_media"] = True
    return deliver(world, params, chat, content, markup)


@method("sendPhoto")
def send_photo(world: World, params: Params) -> Json:
    return _send_file(world, params, "photo")


@method("sendDocument")
def send_document(world: World, params: Params) -> Json:
    return _send_file(world, params, "document")


@method("sendVideo")
def send_video(world: World, params: Params) -> Json:
    return _send_file(world, params, "video")


@method("sendAudio")
def send_audio(world: World, params: Params) -> Json:
    return _send_file(world, params, "audio")


@method("sendVoice")
def send_voice(world: World, params: Params) -> Json:
    return _send_file(world, params, "voice")


@method("sendAnimation")
def send_animation(world: World, params: Params) -> Json:
    return _send_file(world, params, "animation")


@method("sendVideoNote")
def send_video_note(world: World, params: Params) -> Json:
    return _send_file(world, params, "video_note")


@method("sendSticker")
def send_sticker(world: World, params: Params) -> Json:
    return _send_file(world, params, "sticker")


@method("sendMediaGroup")
def send_media_group(world: World, params: Params) -> list[Json]:
    media = params.json("media")
    if not isinstance(media, list):
        raise bad("Expected an Array of InputMedia")
    chat = writable_chat(world, params)
    if not MediaGroupLimit.MIN_MEDIA_LENGTH <= len(media) <= MediaGroupLimit.MAX_MEDIA_LENGTH:
        raise bad("Too few or too many messages to send as an album" if media else "Media group is empty")
    kinds = [str(item.get("type")) if isinstance(item, dict) else "" for item in media]
    if not set(kinds) <= _ALBUM or ({"document", "audio"} & set(kinds) and len(set(kinds)) > 1):
        raise bad("Can't mix types in an album" if set(kinds) <= _ALBUM else "Type of media must be one of album types")
    reply = find_reply(chat, params)
    contents = [input_media(world, params, item)[1] for item in media]
    extra: Json = {"media_group_id": str(secrets.randbelow(2**53))}
    if params.boolean("protect_content"):
        extra["has_protected_content"] = True
    return [world.post(chat, world.bot, content, reply_to=reply, extra=extra).wire for content in contents]


def input_media(world: World, params: Params, item: Any) -> tuple[str, Json]:
    """Kind and content of one InputMedia, caption included. Raises ApiError 400."""
    if not isinstance(item, dict) or item.get("type") not in _ALBUM | {"animation"}:
        raise bad("Type of media must be specified")
    kind = str(item["type"])
    caption, entities = formatted(
        str(item.get("caption") or ""), str(item.get("parse_mode") or ""), item.get("caption_entities"), world.users()
    )
    if len(caption) > _CAPTION:
        raise bad("Message caption is too long")
    stored = resolve(world, params, kind, item.get("media"), "")
    content = {**media_content(world, kind, stored, item), **caption_content(caption, entities)}
    if item.get("has_spoiler"):
        content["has_media_spoiler"] = True
    if item.get("show_caption_above_media") and caption:
        content["show_caption_above_media"] = True
    return kind, content


@method("getFile")
def get_file(world: World, params: Params) -> Json:
    if not params.has("file_id"):
        raise bad("file_id not specified")
    stored = world.files.by_id.get(params.text("file_id"))
    if stored is None:
        raise bad("Invalid file_id")
    if stored.size > MAX_DOWNLOAD:
        raise bad("File is too big")
    size = {"file_size": stored.size} if stored.size else {}
    return {"file_id": stored.file_id, "file_unique_id": stored.unique_id, **size, "file_path": stored.path}


@method("getUserProfilePhotos")
def get_user_profile_photos(world: World, params: Params) -> Json:
    find_person(world, params)
    return {"total_count": 0, "photos": []}


def person_media(world: World, upload: Upload, kind: str) -> Json:
    """What a person's message carries for a file they send. Raises ApiError 400 as above."""
    stored = world.files.add(upload, kind)
    content = media_content(world, kind, stored, {})
    if kind == "document" and stored.mime.startswith("image/") and stored.width:
        content["document"]["thumbnail"] = photo_size(stored)
    return content
