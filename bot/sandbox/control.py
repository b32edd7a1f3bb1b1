"""The control API under /sandbox/: people, chats and verbs over HTTP. README.md is its contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox import view
from bot.sandbox.acts import Actor
from bot.sandbox.errors import ApiError, ControlError, bad_request, unknown
from bot.sandbox.methods.chats import add_member, remove_member, set_bot
from bot.sandbox.methods.profile import menu_button_of, menu_for
from bot.sandbox.people import Chat, Person, changed_person
from bot.sandbox.schema import UPDATE_TYPES
from bot.sandbox.world import World

Json = dict[str, Any]
Answer = web.StreamResponse
Route = Callable[[web.Request], Awaitable[Any]]

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "[::1]"}


def reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode(),
        status=status,
        content_type="application/json",
        charset="utf-8",
    )


def guarded(route: Route) -> Callable[[web.Request], Awaitable[Answer]]:
    """Answers what the route returns as JSON, refusals as theirs, and only to callers on this machine."""

    async def answer(request: web.Request) -> Answer:
        try:
            if not _from_here(request):
                raise ControlError(403, "forbidden", "the sandbox answers on this machine only")
            result = await route(request)
        except ControlError as error:
            return reply({"error": error.sentence, "code": error.code}, error.status)
        except ApiError as error:
            return reply({"error": error.description, "code": "bad_request"}, 400)
        except (KeyError, TypeError, ValueError) as error:
            return reply(
                {"error": f"the request does not fit: {type(error).__name__} {error}", "code": "bad_request"}, 400
            )
        return result if isinstance(result, web.StreamResponse) else reply(result)

    return answer


def _from_here(request: web.Request) -> bool:
    """A page from elsewhere must not steer the sandbox: neither by a name that points here nor across origins."""
    origin = request.headers.get("Origin")
    hosts = [request.host, *([urlsplit(origin).netloc] if origin is not None else [])]
    return all(host.rsplit(":", 1)[0] in LOOPBACK_HOSTS or host in LOOPBACK_HOSTS for host in hosts)


async def body_of(request: web.Request) -> Json:
    """The JSON object of a request; an empty body is an empty object. Raises ControlError 400."""
    raw = await request.read()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise bad_request("the body is not JSON") from None
    if not isinstance(body, dict):
        raise bad_request("the body is a JSON object")
    return body


class Control:
    """Routes over one World. `reset_more` is what else a reset must do (forget the webhook)."""

    def __init__(self, world: World, reset_more: Callable[[], Awaitable[None]]) -> None:
        self.world = world
        self.reset_more = reset_more

    def add_routes(self, app: web.Application) -> None:
        get, post, patch, delete = web.get, web.post, web.patch, web.delete
        table: list[tuple[Any, str, Route]] = [
            (get, "/state", self.state),
            (post, "/reset", self.reset),
            (get, "/people", self.people),
            (post, "/people", self.create_person),
            (get, "/people/{who}", self.person),
            (patch, "/people/{who}", self.update_person),
            (get, "/people/{who}/chats", self.chats_of),
            (get, "/people/{who}/commands", self.commands),
            (get, "/chats", self.chats),
            (post, "/chats", self.create_chat),
            (get, "/chats/{chat_id}", self.chat),
            (patch, "/chats/{chat_id}", self.update_chat),
            (post, "/chats/{chat_id}/members", self.add_member),
            (delete, "/chats/{chat_id}/members/{who}", self.remove_member),
            (get, "/chats/{chat_id}/messages", self.messages),
            (get, "/chats/{chat_id}/messages/{message_id}", self.message),
            (get, "/chats/{chat_id}/transcript.txt", self.transcript),
            (get, "/files/{unique_id}/{name}", self.file),
            (post, "/updates", self.push_update),
        ]
        app.add_routes([make("/sandbox" + path, guarded(route)) for make, path, route in table])

    # -- reading

    def actor(self, request: web.Request) -> Actor:
        return Actor(self.world, self.world.person(request.match_info["who"]))

    def chat_named(self, request: web.Request) -> Chat:
        return self.world.chat(request.match_info["chat_id"])

    async def state(self, request: web.Request) -> Json:
        world = self.world
        hooked, polled = world.post_office.webhook is not None, world.updates.polled
        return {
            "bot": world.bot.view(),
            "people": [person.view() for person in world.people.values()],
            "chats": [view.chat(world, chat) for chat in world.chats.values()],
            "seq": world.events.seq,
            "now": int(world.clock()),
            "token_seen": bool(world.token),
            "delivery": "webhook" if hooked else "polling" if polled else "none",
            "pending_updates": len(list(world.updates.live())),
        }

    async def reset(self, request: web.Request) -> Json:
        body = await body_of(request)
        await self.reset_more()
        self.world.start_afresh(people=bool(body.get("people")))
        return {}

    async def people(self, request: web.Request) -> Json:
        return {"people": [person.view() for person in self.world.people.values()]}

    async def create_person(self, request: web.Request) -> Answer:
        body = await body_of(request)
        person_id = int(body.get("id") or max(self.world.people, default=5000) + 1)
        if person_id <= 0:
            raise bad_request("an id is above 0")
        person = changed_person(Person(person_id, str(body.get("first_name") or "")), body)
        return reply(self.world.add_person(person, join=bool(body.get("join", True))).view(), 201)

    async def person(self, request: web.Request) -> Json:
        return self.actor(request).person.view()

    async def update_person(self, request: web.Request) -> Json:
        old = self.actor(request).person
        new = changed_person(old, await body_of(request))
        others = {(p.username or "").lower() for p in self.world.people.values() if p is not old}
        if new.username and new.username.lower() in others:
            raise ControlError(409, "conflict", "the username is taken")
        self.world.people[old.id] = new
        self.world.events.add("person", new)
        return new.view()

    async def chats_of(self, request: web.Request) -> Json:
        person = self.actor(request).person
        own = self.world.chats[person.id]
        groups = [chat for chat in self.world.chats.values() if not chat.private and person.id in chat.members]
        return {"chats": [view.chat(self.world, chat) for chat in (own, *groups)]}

    async def commands(self, request: web.Request) -> Json:
        actor = self.actor(request)
        chat = actor.chat(request.query.get("chat_id"))
        button = menu_button_of(self.world, actor.person.id) if chat.private else {"type": "commands"}
        return {"commands": menu_for(self.world, actor.person, chat), "menu_button": button}

    # -- chats

    async def chats(self, request: web.Request) -> Json:
        return {"chats": [view.chat(self.world, chat) for chat in self.world.chats.values()]}

    async def create_chat(self, request: web.Request) -> Answer:
        body = await body_of(request)
        title = str(body.get("title") or "")
        if not title:
            raise bad_request("a group has a title")
        who = body.get("members") or list(self.world.people)
        people = [self.world.person(one) for one in who]
        self.world.last_group -= 1
        ids = [person.id for person in people]
        chat = Chat(self.world.last_group, "supergroup", title, ids, ids[:1], bot_in=False)
        self.world.chats[chat.id] = chat
        self.world.events.add("chat", chat)
        set_bot(self.world, chat, bot_in=True, bot_admin=False, by=people[0])
        return reply(view.chat(self.world, chat), 201)

    async def chat(self, request: web.Request) -> Json:
        return view.chat(self.world, self.chat_named(request))

    async def update_chat(self, request: web.Request) -> Json:
        chat, body = self.chat_named(request), await body_of(request)
        if chat.private:
            raise bad_request("a private chat has nothing to change")
        chat.title = str(body.get("title") or chat.title)
        by = self.world.people[chat.members[0]] if chat.members else self.world.bot
        bot_in, bot_admin = bool(body.get("bot_in", chat.bot_in)), bool(body.get("bot_admin", chat.bot_admin))
        set_bot(self.world, chat, bot_in=bot_in, bot_admin=bot_admin, by=by)
        self.world.events.add("chat", chat)
        return view.chat(self.world, chat)

    async def add_member(self, request: web.Request) -> Json:
        chat, body = self.chat_named(request), await body_of(request)
        person = self.world.person(body.get("who", ""))
        add_member(self.world, chat, person, person)
        return view.chat(self.world, chat)

    async def remove_member(self, request: web.Request) -> Json:
        chat, person = self.chat_named(request), self.actor(request).person
        if chat.private:
            raise bad_request("nobody leaves a private chat")
        remove_member(self.world, chat, person, person)
        return view.chat(self.world, chat)

    async def messages(self, request: web.Request) -> Json:
        chat, query = self.chat_named(request), request.query
        after, limit = int(query.get("after", 0)), int(query.get("limit", 500))
        posts = [
            post
            for post in chat.posts.values()
            if post.message_id > after and (not post.deleted or query.get("deleted") == "1")
        ]
        return {"messages": [view.message(self.world, post) for post in posts[-limit:]], "seq": self.world.events.seq}

    async def message(self, request: web.Request) -> Json:
        post = self.world.post_of(self.chat_named(request), request.match_info["message_id"])
        return view.message(self.world, post)

    async def transcript(self, request: web.Request) -> Answer:
        return web.Response(text=view.transcript(self.world, self.chat_named(request)))

    async def file(self, request: web.Request) -> Answer:
        stored = self.world.files.by_unique.get(request.match_info["unique_id"])
        if stored is None:
            raise unknown("file", "there is no such file")
        data = await asyncio.to_thread(self.world.files.read, stored)
        # Only pictures are shown in place: a page or script that a bot sent must not run in the page's origin.
        shown = stored.mime.startswith(("image/", "video/", "audio/")) and stored.mime != "image/svg+xml"
        headers = {"Cache-Control": "max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        if not shown:
            headers["Content-Disposition"] = "attachment"
        return web.Response(
            body=data, content_type=stored.mime if shown else "application/octet-stream", headers=headers
        )

    async def push_update(self, request: web.Request) -> Answer:
        body = await body_of(request)
        kinds = [kind for kind in body if kind in UPDATE_TYPES]
        if len(kinds) != 1:
            raise bad_request("an update has exactly one of the kinds of the Bot API")
        payload = body[kinds[0]]
        if not isinstance(payload, dict):
            raise bad_request("an update holds an object")
        owner = (payload.get("chat") or payload.get("from") or {}).get("id", 0)
        update_id = self.world.updates.push(kinds[0], payload, int(owner))
        if update_id is None:
            raise ControlError(409, "conflict", "the bot has not asked for updates of this kind")
        return reply({"update_id": update_id}, 201)
