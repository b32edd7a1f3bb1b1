"""Nouns of the simulated Telegram: persons, chats, posts. Their Bot API shapes are made here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.errors import bad_request

Json = dict[str, Any]

_COLOURS = ("#e17076", "#faa774", "#a695e7", "#7bc862", "#6ec9cb", "#65aadd", "#ee7aae")


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"


@dataclass(slots=True)
class Person:
    """Somebody with an account. `role` and `colour` are for the page; the bot never sees them.

    `started`: the bot may write to this person. `blocked`: this person has blocked the bot.
    """

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_premium: bool = False
    is_bot: bool = False
    role: str = ""
    colour: str = ""
    blocked: bool = False
    started: bool = True

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name

    def wire(self) -> Json:
        """The Bot API's User."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            value = getattr(self, name)
            if value:
                user[name] = value
        if self.is_premium:
            user["is_premium"] = True
        return user

    def view(self) -> Json:
        """The control API's Person."""
        return {
            "id": self.id, "first_name": self.first_name, "last_name": self.last_name, "name": self.name,
            "username": self.username, "language_code": self.language_code, "is_bot": self.is_bot,
            "is_premium": self.is_premium, "role": self.role, "initials": initials(self.name),
            "colour": self.colour or _COLOURS[self.id % len(_COLOURS)], "blocked": self.blocked,
            "started": self.started,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Post:
    """One message as it is now. An edit makes a new Post with the same ids: an event can keep the one it saw.

    `wire` is the Bot API's Message; what only the page needs stands beside it.
    """

    chat_id: int
    message_id: int
    wire: Json
    revision: int = 1
    deleted: bool = False
    inline_message_id: str | None = None
    reply_keyboard: Json | None = None
    invoice: Json | None = None
    paid: bool = False
    reactions: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Chat:
    """A private chat (id = the person's) or a supergroup (id below -1000000000000)."""

    id: int
    type: str
    title: str = ""
    members: list[int] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)
    description: str = ""
    bot_in: bool = True
    bot_admin: bool = False
    posts: dict[int, Post] = field(default_factory=dict)
    last_id: int = 0
    pinned: list[int] = field(default_factory=list)

    @property
    def private(self) -> bool:
        return self.type == "private"

    def latest(self) -> Post | None:
        for post in reversed(self.posts.values()):
            if not post.deleted:
                return post
        return None


def changed_person(person: Person, body: Json) -> Person:
    """The person with the fields of the body. Raises ControlError 400."""
    names = ("first_name", "last_name", "username", "language_code", "role", "colour")
    texts: dict[str, Any] = {name: body[name] for name in names if name in body}
    if not all(value is None or isinstance(value, str) for value in texts.values()):
        raise bad_request("names and codes are texts")
    changed = replace(person, **texts)
    changed.is_premium = bool(body.get("is_premium", person.is_premium))
    changed.started = bool(body.get("started", person.started))
    if not changed.first_name:
        raise bad_request("a person has a first_name")
    changed.role, changed.colour = changed.role or "", changed.colour or ""
    if changed.username:
        changed.username = changed.username.removeprefix("@")
        if not re.fullmatch(r"[A-Za-z]\w{1,31}", changed.username, re.ASCII):
            raise bad_request("a username has 2 to 32 letters, digits or _")
    return changed


SEED_PEOPLE = (
    Person(5001, "Maya", username="maya", language_code="en", role="shopper"),
    Person(5002, "Lin", username="lin", language_code="zh-hans", role="second shopper"),
    Person(5003, "Wei", username="wei", language_code="zh-hans", role="seller"),
    Person(5004, "Rosa", username="rosa", language_code="pt-br", role="seller"),
    Person(5005, "Ada", username="ada", language_code="en", role="admin"),
)
"""Who lives in a fresh sandbox."""

SEED_GROUP = (-1001000000001, "Sampan friends")
"""The group everybody is in."""
