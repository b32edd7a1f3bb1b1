"""Where handlers are registered by their official name, and what several families share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.entities import formatted
from bot.sandbox.errors import bad, forbidden
from bot.sandbox.keyboards import parse_markup
from bot.sandbox.params import Params, fields_of, whole
from bot.sandbox.people import Chat, Person, Post
from bot.sandbox.schema import METHODS
from bot.sandbox.world import World

Json = dict[str, Any]
Handler = Callable[[World, Params], Any | Awaitable[Any]]

HANDLERS: dict[str, Handler] = {}
"""Lower-case method name → handler. A handler may be async; it raises ApiError or returns the result."""


def method(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under a name the Bot API really has."""
    if name.lower() not in METHODS:
        raise ValueError(f"the Bot API has no method {name}")

    def register(handler: Handler) -> Handler:
        HANDLERS[name.lower()] = handler
        return handler

    return register


def find_chat(world: World, params: Params, name: str = "chat_id") -> Chat:
    """The chat a call names. Raises ApiError 400."""
    if not params.has(name):
        raise bad(f"{name} is empty")
    chat = world.chats.get(whole(params.values[name]))
    if chat is None:
        raise bad("Chat not found")
    return chat


def writable_chat(world: World, params: Params, name: str = "chat_id") -> Chat:
    """The chat, if the bot may write to it. Raises ApiError 400 or 403."""
    chat = find_chat(world, params, name)
    if not chat.private:
        if not chat.bot_in:
            raise forbidden("bot is not a member of the supergroup chat")
        return chat
    person = world.people[chat.id]
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")
    return chat


def find_person(world: World, params: Params, name: str = "user_id") -> Person:
    user_id = params.integer(name)
    if user_id == world.bot.id:
        return world.bot
    person = world.people.get(user_id)
    if person is None:
        raise bad("PARTICIPANT_ID_INVALID" if params.has(name) else "invalid user_id specified")
    return person


def find_post(world: World, chat: Chat, params: Params, complaint: str, name: str = "message_id") -> Post:
    """A message that is there. Raises ApiError 400 with the complaint."""
    post = chat.posts.get(params.integer(name))
    if post is None or post.deleted:
        raise bad(complaint)
    return post


def find_reply(chat: Chat, params: Params) -> Post | None:
    """The message that is replied to. Raises ApiError 400 unless sending without reply is allowed."""
    parameters = fields_of(params.json("reply_parameters"))
    message_id = whole(parameters.get("message_id")) or params.integer("reply_to_message_id")
    if not message_id:
        return None
    post = chat.posts.get(message_id)
    if post is not None and not post.deleted:
        return post
    allowed = parameters.get("allow_sending_without_reply", params.boolean("allow_sending_without_reply"))
    if allowed in (True, "true", "True"):
        return None
    raise bad("Message to be replied not found")


def text_of(world: World, params: Params, name: str, entities: str, limit: int, noun: str) -> tuple[str, list[Json]]:
    """A formatted parameter. Raises ApiError 400 for bad markup or too much text."""
    given = params.json(entities) if entities in params.values else None
    text, found = formatted(params.text(name), params.text("parse_mode"), given, world.users())
    if len(text) > limit:
        raise bad(f"{noun} is too long")
    return text, found


def markup_of(params: Params) -> Any:
    """`reply_markup` as given, None when left out. An explicit null is refused, as the official server does."""
    given = params.json("reply_markup")
    if given is None and params.values.get("reply_markup", "") != "":
        raise bad("Object expected as reply markup")
    return given


def markup_for(params: Params, chat: Chat, content: Json) -> Json | None:
    """`reply_markup` as a message of this content carries it in this chat. Raises ApiError 400."""
    return parse_markup(markup_of(params), private=chat.private, invoice="invoice" in content)


def send(world: World, params: Params, chat: Chat, content: Json, **more: Any) -> Json:
    """The end of most send methods: the keyboard as given, then the rest."""
    return deliver(world, params, chat, content, markup_for(params, chat, content), **more)


def deliver(world: World, params: Params, chat: Chat, content: Json, markup: Json | None, **more: Any) -> Json:
    """The common end of every send method: reply, flags, then the message itself."""
    reply = find_reply(chat, params)
    extra: Json = dict(more.pop("extra", {}))
    if params.boolean("protect_content"):
        extra["has_protected_content"] = True
    if params.has("message_effect_id") and chat.private:
        extra["effect_id"] = params.text("message_effect_id")
    return world.post(chat, world.bot, content, markup=markup, reply_to=reply, extra=extra, **more).wire
