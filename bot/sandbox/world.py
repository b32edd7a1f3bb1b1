"""The simulated Telegram: who there is, what was said, what waits for the bot. Every change of it goes through here."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.sandbox.courier import PostOffice
from bot.sandbox.errors import ControlError, bad, unknown
from bot.sandbox.events import EventLog
from bot.sandbox.faults import Faults, FloodControl
from bot.sandbox.files import Files
from bot.sandbox.params import whole
from bot.sandbox.people import SEED_GROUP, SEED_PEOPLE, Chat, Person, Post
from bot.sandbox.updates import Updates

Json = dict[str, Any]

_EPOCH = 1_767_225_600  # 2026-01-01; update ids of a later process start above those of an earlier one
_IDS_PER_SECOND = 16
# What makes a message more than a service message.
_SPOKEN = {
    "text", "photo", "document", "video", "audio", "voice", "animation", "sticker", "contact", "location", "venue",
    "dice", "poll", "video_note", "invoice",
}  # fmt: skip


class _Users(Mapping[int, Json]):
    """People as the Bot API's User, each made when asked for: a text mentions few of many."""

    def __init__(self, people: Mapping[int, Person]) -> None:
        self._people = people

    def __getitem__(self, number: int) -> Json:
        return self._people[number].wire()

    def __iter__(self) -> Iterator[int]:
        return iter(self._people)

    def __len__(self) -> int:
        return len(self._people)


@dataclass(slots=True)
class Query:
    """Something a person asked of the bot (a press, an inline query, a checkout): answered through `answer`."""

    id: str
    kind: str
    person_id: int
    expires: float
    answer: asyncio.Future[Json]
    about: Any = None
    text: str = ""


@dataclass(slots=True)
class Profile:
    """What the bot has set about itself: menus by (scope, language), texts by language."""

    commands: dict[tuple[str, int, int, str], list[Json]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int, Json] = field(default_factory=dict)
    rights: dict[bool, Json] = field(default_factory=dict)


class World:
    """State and the few moves that change it. Everything runs in one event loop; nothing here waits."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        bot_username: str = "sampan_bot",
        bot_name: str = "Sampan",
        people: Iterable[Person] = SEED_PEOPLE,
        privacy: bool = True,
        folder: Path | None = None,
        poll_hold: float = 0.0,
    ) -> None:
        self.clock = clock
        self.privacy = privacy
        self.seed = tuple(people)
        self.bot = Person(0, bot_name, username=bot_username, is_bot=True, colour="#2a9d8f")
        self.token = ""
        self.events = EventLog(clock)
        self.files = Files(folder / "files" if folder else None)
        first_id = max(1, int((clock() - _EPOCH) * _IDS_PER_SECOND)) % 2**30
        self.updates = Updates(clock, first_id, poll_hold)
        self.post_office = PostOffice(self.updates, _nobody)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.last_group = SEED_GROUP[0]
        self.start_afresh(people=True)

    def start_afresh(self, *, people: bool) -> None:
        """Forget what happened. Numbers of updates, messages and events go on, so that none is used twice."""
        lasts = {chat.id: chat.last_id for chat in self.chats.values()}
        self.profile = Profile()
        self.faults = Faults()
        self.flood = FloodControl(self.clock)
        self.queries: dict[str, Query] = {}
        self._sweep_at = 1000
        self.inline: dict[str, tuple[int, int]] = {}
        self.invoices: dict[str, Json] = {}
        self.payments: list[Json] = []
        self.prepared: dict[str, Json] = {}
        self.checkout_seconds = 10.0
        self.webhook_set_at = -1e9
        self.updates.drop()
        self.events.calls.clear()
        if people:
            self.people = {}
        for person in [replace(p) for p in self.seed] if people else list(self.people.values()):
            person.blocked = False
            self.people[person.id] = person
        groups = [chat for chat in self.chats.values() if not chat.private and (not people or chat.id == SEED_GROUP[0])]
        members = {chat.id: [m for m in chat.members if m in self.people] for chat in groups}
        self.chats = {person.id: Chat(person.id, "private", members=[person.id]) for person in self.people.values()}
        if people or not groups:
            everybody = list(self.people)
            self.chats[SEED_GROUP[0]] = Chat(SEED_GROUP[0], "supergroup", SEED_GROUP[1], everybody, everybody[:1])
        else:
            for old in groups:
                self.chats[old.id] = Chat(old.id, "supergroup", old.title, members[old.id], old.admins)
        for chat in self.chats.values():
            chat.last_id = lasts.get(chat.id, 0)
        self.events.add("reset")

    # -- who and where

    def person(self, who: str | int) -> Person:
        """By id or username. Raises ControlError 404."""
        text = str(who)
        if text.isdecimal():
            found = self.people.get(int(text))
        else:
            name = text.removeprefix("@").lower()
            found = next((p for p in self.people.values() if (p.username or "").lower() == name), None)
        if found is None:
            raise unknown("person", f"there is nobody called {text}")
        return found

    def chat(self, chat_id: Any) -> Chat:
        """By id. Raises ControlError 404."""
        text = str(chat_id)
        found = self.chats.get(whole(text))
        if found is None:
            raise unknown("chat", f"there is no chat {text}")
        return found

    def post_of(self, chat: Chat, message_id: Any) -> Post:
        """By number. Raises ControlError 404."""
        text = str(message_id)
        post = chat.posts.get(whole(message_id))
        if post is None:
            raise unknown("message", f"there is no message {text} in chat {chat.id}")
        return post

    def users(self) -> Mapping[int, Json]:
        """Everybody, as markup mentions them."""
        return _Users(self.people)

    def chat_wire(self, chat: Chat) -> Json:
        """The Bot API's Chat."""
        if not chat.private:
            return {"id": chat.id, "type": chat.type, "title": chat.title}
        person = self.people[chat.id]
        wire: Json = {"id": chat.id, "type": "private", "first_name": person.first_name}
        if person.last_name:
            wire["last_name"] = person.last_name
        if person.username:
            wire["username"] = person.username
        return wire

    def add_person(self, person: Person, *, join: bool = True) -> Person:
        """Raises ControlError 409 when the id or the username is taken."""
        names = {(p.username or "").lower() for p in self.people.values()} | {(self.bot.username or "").lower()}
        if person.id in self.people or (person.username and person.username.lower() in names):
            raise ControlError(409, "conflict", "the id or the username is taken")
        self.people[person.id] = person
        self.chats[person.id] = Chat(person.id, "private", members=[person.id])
        group = self.chats.get(SEED_GROUP[0])
        if join and group is not None:
            group.members.append(person.id)
        self.events.add("person", person)
        return person

    def see_token(self, token: str) -> None:
        """The bot called with this token: its id is the token's first part, as on Telegram."""
        if token != self.token:
            self.token = token
            head = token.split(":", 1)[0]
            self.bot.id = int(head) if head.isdigit() else 1

    # -- messages

    def post(
        self,
        chat: Chat,
        sender: Person | None,
        content: Json,
        *,
        markup: Json | None = None,
        reply_to: Post | None = None,
        extra: Json | None = None,
        invoice: Json | None = None,
        inline_message_id: str | None = None,
    ) -> Post:
        """Put a message into a chat, tell the page, and tell the bot when it is for the bot to see."""
        chat.last_id += 1
        wire: Json = {"message_id": chat.last_id}
        if sender is not None:
            wire["from"] = sender.wire()
        wire["chat"] = self.chat_wire(chat)
        wire["date"] = int(self.clock())
        if reply_to is not None and not reply_to.deleted:
            wire["reply_to_message"] = {k: v for k, v in reply_to.wire.items() if k != "reply_to_message"}
        if extra:
            wire.update(extra)
        wire.update(content)
        inline = markup if markup and "inline_keyboard" in markup else None
        if inline:
            wire["reply_markup"] = inline
        post = Post(
            chat.id, chat.last_id, wire, invoice=invoice, inline_message_id=inline_message_id,
            reply_keyboard=None if inline else markup,
        )  # fmt: skip
        chat.posts[post.message_id] = post
        if inline_message_id:
            self.inline[inline_message_id] = (chat.id, post.message_id)
        self.events.add("message", post, chat_id=chat.id)
        if sender is not None and not sender.is_bot and self.bot_sees(chat, post):
            self.updates.push("message", wire, chat.id)
        return post

    def change(self, post: Post, event: str = "edited", **changes: Any) -> Post:
        """Put a new state of a message in its place and tell the page."""
        changed = replace(post, revision=post.revision + 1, **changes)
        self.chats[post.chat_id].posts[post.message_id] = changed
        self.events.add(event, changed, chat_id=post.chat_id)
        return changed

    def delete(self, post: Post) -> None:
        chat = self.chats[post.chat_id]
        if post.message_id in chat.pinned:
            chat.pinned.remove(post.message_id)
        self.change(post, "deleted", deleted=True)

    def bot_sees(self, chat: Chat, post: Post) -> bool:
        """Privacy mode: in a group only commands, mentions, replies, its inline messages and service messages."""
        if not chat.bot_in:
            return False
        wire = post.wire
        if chat.private or not self.privacy or chat.bot_admin or "via_bot" in wire or _SPOKEN.isdisjoint(wire):
            return True
        if wire.get("reply_to_message", {}).get("from", {}).get("id") == self.bot.id:
            return True
        return self._addressed(wire)

    def _addressed(self, wire: Json) -> bool:
        text = wire.get("text") or wire.get("caption") or ""
        mine = f"@{self.bot.username}".lower()
        for entity in wire.get("entities") or wire.get("caption_entities") or []:
            raw = text.encode("utf-16-le")[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2]
            covered = raw.decode("utf-16-le").lower()
            if entity["type"] == "bot_command" and ("@" not in covered or covered.endswith(mine)):
                return True
            if entity["type"] == "mention" and covered == mine:
                return True
        return False

    # -- questions to the bot

    def ask(self, kind: str, person: Person, payload: Json, lifetime: float, about: Any = None) -> Query:
        """Queue a question as an update and remember who waits for the answer."""
        query = self._open(kind, person, lifetime, about)
        query.text = str(payload.get("query", ""))
        self.updates.push(kind, {"id": query.id, "from": person.wire(), **payload}, person.id)
        return query

    def open_web_app(self, person: Person, chat_id: int, lifetime: float) -> Query:
        """A Mini App was opened: no update, but `answerWebAppQuery` may answer it."""
        return self._open("web_app_query", person, lifetime, chat_id)

    def _open(self, kind: str, person: Person, lifetime: float, about: Any) -> Query:
        now = self.clock()
        if len(self.queries) > self._sweep_at:
            self.queries = {key: old for key, old in self.queries.items() if old.expires > now}
            self._sweep_at = 2 * len(self.queries) + 1000  # seldom enough to cost nothing while thousands are open
        query_id = str(secrets.randbelow(2**62) + 2**60)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        query = Query(query_id, kind, person.id, now + lifetime, future, about)
        self.queries[query_id] = query
        return query

    def question(self, kind: str, query_id: str) -> Query:
        """The open question of this kind. Raises ApiError 400 when there is none or it is too old."""
        query = self.queries.get(query_id)
        if query is None or query.kind != kind or query.expires <= self.clock():
            raise bad("Query is too old and response timeout expired or query ID is invalid")
        return query

    def answer(self, query: Query, answer: Json) -> None:
        """Hand over the bot's answer; a second one changes nothing."""
        if not query.answer.done():
            query.answer.set_result(answer)


async def _nobody(_reply: Json) -> None:
    """Runs no method: who serves methods puts itself in this place."""
