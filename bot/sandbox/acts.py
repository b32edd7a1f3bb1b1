"""What a person does: writes, presses, sends, asks inline, blocks. The page, the tests and HTTP share these verbs."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

from bot.sandbox import view
from bot.sandbox.checkout import checkout
from bot.sandbox.entities import formatted
from bot.sandbox.errors import ApiError, ControlError, bad_request, unknown
from bot.sandbox.links import read_link
from bot.sandbox.methods.chats import tell_membership
from bot.sandbox.methods.inline import Result, post_result
from bot.sandbox.methods.media import person_media
from bot.sandbox.methods.profile import menu_button_of
from bot.sandbox.methods.send import caption_content
from bot.sandbox.params import Upload
from bot.sandbox.people import Chat, Person, Post
from bot.sandbox.webapps import launch
from bot.sandbox.world import Json, Query, World

_START = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INLINE_FOR = 30.0
_CALLBACK_FOR = 150.0


class Actor:
    """One person with their hands on a Telegram client. `wait`: seconds for the bot to answer."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person

    # -- writing

    def chat(self, chat_id: Any = None) -> Chat:
        """The named chat, or the private one with the bot. Raises ControlError 404 where the person is not in it."""
        chat = self.world.chat(self.person.id if chat_id is None else chat_id)
        if self.person.id not in chat.members:
            raise unknown("chat", f"{self.person.name} is not in chat {chat.id}")
        return chat

    def post_in(self, message_id: Any, chat_id: Any = None) -> Post:
        """A message the person can see. Raises ControlError 404."""
        post = self.world.post_of(self.chat(chat_id), message_id)
        if post.deleted:
            raise unknown("message", f"message {message_id} is deleted")
        return post

    def _post(self, content: Json, chat_id: Any, reply_to: Any = None) -> Post:
        chat = self.chat(chat_id)
        if chat.private:
            if self.person.blocked:
                raise ControlError(403, "blocked", f"{self.person.name} has blocked the bot")
            self.person.started = True
        answered = self.post_in(reply_to, chat_id) if reply_to else None
        return self.world.post(chat, self.person, content, reply_to=answered)

    def say(self, text: str, chat_id: Any = None, reply_to: Any = None) -> Post:
        """Write a message; commands, links and mentions in it are found."""
        plain, entities = formatted(str(text), "", None, {})
        if not 1 <= len(plain) <= 4096:
            raise bad_request("a message has 1 to 4096 characters")
        return self._post({"text": plain, **({"entities": entities} if entities else {})}, chat_id, reply_to)

    def start(self, payload: str = "") -> Post:
        """Tap Start or a deep link: `/start payload` in the private chat, unblocking the bot."""
        if payload and not _START.fullmatch(payload):
            raise bad_request("a start payload has 1 to 64 letters, digits, _ or -")
        if self.person.blocked:
            self.set_blocked(False)
        return self.say(f"/start {payload}".strip())

    def send_file(
        self, upload: Upload, kind: str = "", caption: str = "", chat_id: Any = None, reply_to: Any = None
    ) -> Post:
        """Send a photo, document, …; pictures go as photos unless said otherwise."""
        chosen = kind or ("photo" if upload.mime.startswith("image/") else "document")
        if chosen not in ("photo", "document", "video", "audio", "voice", "animation"):
            raise bad_request(f"a person cannot send a {chosen}")
        text, entities = formatted(caption, "", None, {})
        self.chat(chat_id)
        try:
            media = person_media(self.world, upload, chosen)
        except ApiError as error:
            raise bad_request(error.description) from None
        return self._post({**media, **caption_content(text, entities)}, chat_id, reply_to)

    def send_contact(self, contact: Json, chat_id: Any = None) -> Post:
        """Share a phone number; without names it is the person's own."""
        own = not contact.get("first_name")
        name = {"first_name": contact.get("first_name") or self.person.first_name}
        last = {"last_name": contact["last_name"]} if contact.get("last_name") else {}
        me = {"user_id": self.person.id} if own else {}
        return self._post(
            {"contact": {"phone_number": str(contact.get("phone_number", "")), **name, **last, **me}}, chat_id
        )

    def send_location(self, location: Json, chat_id: Any = None) -> Post:
        try:
            place = {name: float(location[name]) for name in ("latitude", "longitude")}
        except (KeyError, TypeError, ValueError):
            raise bad_request("a location has a latitude and a longitude") from None
        return self._post({"location": place}, chat_id)

    def edit(self, message_id: Any, text: str, chat_id: Any = None) -> Post:
        """Change an own message; the bot gets `edited_message`."""
        post = self.post_in(message_id, chat_id)
        if post.wire.get("from", {}).get("id") != self.person.id or "text" not in post.wire:
            raise bad_request("only an own text can be edited")
        plain, entities = formatted(str(text), "", None, {})
        wire = {name: value for name, value in post.wire.items() if name != "entities"}
        wire.update(text=plain, edit_date=int(self.world.clock()), **({"entities": entities} if entities else {}))
        changed = self.world.change(post, wire=wire)
        chat = self.world.chats[post.chat_id]
        if self.world.bot_sees(chat, changed):
            self.world.updates.push("edited_message", wire, chat.id)
        return changed

    def react(self, message_id: Any, emoji: str | None, chat_id: Any = None) -> Post:
        """Put or take away a reaction; the bot gets `message_reaction` if it asked for it."""
        post = self.post_in(message_id, chat_id)
        old = [one for user, one in post.reactions if user == self.person.id]
        new = [emoji] if emoji else []
        others = tuple(entry for entry in post.reactions if entry[0] != self.person.id)
        changed = self.world.change(post, reactions=(*others, *((self.person.id, one) for one in new)))
        chat = self.world.chats[post.chat_id]
        body = {
            "chat": self.world.chat_wire(chat), "message_id": post.message_id, "user": self.person.wire(),
            "date": int(self.world.clock()), "old_reaction": [{"type": "emoji", "emoji": one} for one in old],
            "new_reaction": [{"type": "emoji", "emoji": one} for one in new],
        }  # fmt: skip
        self.world.updates.push("message_reaction", body, chat.id)
        return changed

    def set_blocked(self, blocked: bool) -> None:
        """Block or unblock the bot; it gets `my_chat_member`."""
        if self.person.blocked == blocked:
            return
        self.person.blocked = blocked
        user = self.world.bot.wire()
        member = {"status": "member", "user": user}
        kicked = {"status": "kicked", "user": user, "until_date": 0}
        old, new = (member, kicked) if blocked else (kicked, member)
        tell_membership(self.world, self.world.chats[self.person.id], self.person, old, new)
        self.world.events.add("person", self.person)

    # -- pressing

    async def press(
        self,
        message_id: Any,
        chat_id: Any = None,
        *,
        label: str | None = None,
        data: str | None = None,
        row: int | None = None,
        column: int | None = None,
        forge: bool = False,
        wait: float = 10.0,
    ) -> Json:
        """Press an inline button. Answers by kind of button, see README.md."""
        post = self.post_in(message_id, chat_id)
        button = _find_button(post, label, data, row, column)
        if button is None and forge and data is not None:
            button = {"text": "", "callback_data": data}
        if button is None:
            raise unknown("button", f"message {message_id} has no such button")
        if "callback_data" in button:
            return await self._call_back(post, button["callback_data"], wait)
        shown = view.button(button)
        match shown["kind"]:
            case "copy":
                return {"kind": "copy", "text": shown["value"]}
            case "switch_inline" | "switch_inline_here":
                chosen = button.get("switch_inline_query_chosen_chat")
                types = (
                    [name[6:-6] for name in chosen if name.startswith("allow_") and chosen[name]] if chosen else None
                )
                here = shown["kind"] == "switch_inline_here"
                return {"kind": "switch_inline", "query": shown["value"], "here": here, "chat_types": types}
            case "web_app":
                return launch(self.world, self.person, shown["value"], post.chat_id)
            case "pay":
                return {"kind": "pay", "invoice": view.invoice(self.world, post.invoice or {}, paid=post.paid)}
        return {"kind": shown["kind"], "url": shown["value"]}

    async def _call_back(self, post: Post, data: str, wait: float) -> Json:
        instance = hashlib.blake2b(f"{post.chat_id}".encode(), digest_size=8).hexdigest()
        payload: Json = {"chat_instance": str(int(instance, 16)), "data": data}
        if post.inline_message_id:
            payload["inline_message_id"] = post.inline_message_id
        else:
            payload["message"] = post.wire
        query = self.world.ask("callback_query", self.person, payload, _CALLBACK_FOR, post)
        answer = await _answer(query, wait)
        return {"kind": "callback", "answered": answer is not None, **(answer or {})}

    # -- inline mode

    async def inline(self, text: str, offset: str = "", chat_id: Any = None, wait: float = 10.0) -> Json:
        """Type `@bot text` somewhere and read the results."""
        chat = self.world.chat(chat_id) if chat_id is not None else None
        kind = "sender" if chat is None or chat.private else chat.type
        payload = {"query": text[:256], "offset": offset, "chat_type": kind}
        query = self.world.ask("inline_query", self.person, payload, _INLINE_FOR)
        answer = await _answer(query, wait)
        if answer is None:
            nothing: Json = {"results": [], "next_offset": "", "button": None, "is_personal": False}
            return {"answered": False, "query_id": query.id, **nothing}
        return {"answered": True, "query_id": query.id, **answer}

    def choose(self, query_id: str, result_id: str, chat_id: Any = None) -> Post:
        """Send one of the results into a chat, via the bot."""
        query = self.world.queries.get(str(query_id))
        if query is None or query.kind != "inline_query" or query.person_id != self.person.id:
            raise unknown("query", "there is no such inline query of this person")
        result = (query.about or {}).get(str(result_id))
        if not isinstance(result, Result):
            raise unknown("result", f"the query has no result {result_id}")
        post = post_result(self.world, self.chat(chat_id), self.person, result)
        chosen: Json = {"result_id": result.id, "from": self.person.wire(), "query": query.text}
        if result.markup:
            chosen["inline_message_id"] = post.inline_message_id
        self.world.updates.push("chosen_inline_result", chosen, self.person.id)
        return post

    # -- money and apps

    async def pay(self, body: Json) -> Json:
        """Pay an invoice by message or slug; see checkout.py."""
        post = None if "slug" in body else self.post_in(body.get("message_id"), body.get("chat_id"))
        terms = self.world.invoices.get(str(body.get("slug"))) if post is None else post.invoice
        if terms is None:
            raise unknown("message", "there is no such invoice")
        if post is not None and post.paid:
            raise ControlError(409, "conflict", "this invoice is paid already")
        chat = self.world.chats[post.chat_id if post else self.person.id]
        paid = await checkout(self.world, self.person, chat, terms, body)
        if "message" not in paid:
            return paid
        if post is not None:
            self.world.change(self.world.post_of(chat, post.message_id), paid=True)
        return {**paid, "message": view.message(self.world, paid["message"])}

    def web_app(self, body: Json) -> Json:
        """Open a Mini App: of a button, of the menu, or at an address."""
        if body.get("menu"):
            button = menu_button_of(self.world, self.person.id)
            if button["type"] != "web_app":
                raise unknown("button", "the menu opens no Mini App")
            return launch(self.world, self.person, button["web_app"]["url"], self.person.id)
        if body.get("url"):
            return launch(self.world, self.person, str(body["url"]), self.person.id)
        post = self.post_in(body.get("message_id"), body.get("chat_id"))
        rows = post.wire.get("reply_markup", {}).get("inline_keyboard", [])
        rows = [*rows, *(post.reply_keyboard or {}).get("keyboard", [])]
        found = [b for row in rows for b in row if "web_app" in b and body.get("label") in (None, b["text"])]
        if not found:
            raise unknown("button", "the message has no such Mini App button")
        inline = "inline_keyboard" in post.wire.get("reply_markup", {})
        return launch(self.world, self.person, found[0]["web_app"]["url"], post.chat_id, answerable=inline)

    def web_app_data(self, data: str, button_text: str) -> Post:
        """What `Telegram.WebApp.sendData` of a reply-keyboard app leads to."""
        return self._post({"web_app_data": {"data": str(data)[:4096], "button_text": str(button_text)}}, None)

    async def open_link(self, url: str) -> Json:
        """What Telegram does with a link."""
        wanted = read_link(url)
        mine = wanted.get("domain", "").lower() == (self.world.bot.username or "").lower()
        if "invoice" in wanted and wanted["invoice"] in self.world.invoices:
            terms = self.world.invoices[wanted["invoice"]]
            return {"kind": "invoice", "invoice": view.invoice(self.world, terms)}
        if mine and _START.fullmatch(wanted.get("start", "")):
            return {"kind": "start", "message": view.message(self.world, self.start(wanted["start"]))}
        if mine and not wanted.get("path"):
            return {"kind": "chat", "chat_id": self.person.id}
        if "text" in wanted:
            return {"kind": "share", "text": wanted["text"]}
        return {"kind": "url", "url": url}


def _find_button(post: Post, label: str | None, data: str | None, row: int | None, column: int | None) -> Json | None:
    rows: list[list[Json]] = post.wire.get("reply_markup", {}).get("inline_keyboard", [])
    if row is not None:
        try:
            return rows[int(row)][int(column or 0)]
        except (IndexError, ValueError):
            return None
    for button in (button for line in rows for button in line):
        if (label is not None and button["text"] == label) or (
            data is not None and button.get("callback_data") == data
        ):
            return button
    return None


async def _answer(query: Query, wait: float) -> Json | None:
    """The bot's answer, or None when it does not come in time."""
    if wait > 0:
        await asyncio.wait([query.answer], timeout=wait)
    return query.answer.result() if query.answer.done() else None
