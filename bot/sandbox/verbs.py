"""The control API's verbs over HTTP: what a person does. Each route hands over to acts.py."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.sandbox import view
from bot.sandbox.acts import Actor
from bot.sandbox.control import Answer, body_of, guarded, reply
from bot.sandbox.errors import ControlError, bad_request
from bot.sandbox.multipart import media_type, read_multipart
from bot.sandbox.params import Upload
from bot.sandbox.world import Json, World


def _wait(body: Json) -> float:
    """Seconds to wait for the bot's answer: 10 unless said otherwise, at most two minutes."""
    return min(max(float(body.get("timeout", 10.0)), 0.0), 120.0)


class Verbs:
    """Routes below /sandbox/people/{who}/."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        table = [
            ("send", self.send),
            ("inline/choose", self.choose),
            ("web-app/data", self.web_app_data),
            ("{verb}", self.act),
        ]
        app.add_routes([web.post("/sandbox/people/{who}/" + path, guarded(route)) for path, route in table])

    def actor(self, request: web.Request) -> Actor:
        return Actor(self.world, self.world.person(request.match_info["who"]))

    async def act(self, request: web.Request) -> Any:
        actor, verb = self.actor(request), request.match_info["verb"]
        body = await body_of(request)
        chat_id, world = body.get("chat_id"), self.world
        match verb:
            case "say":
                return reply(view.message(world, actor.say(body["text"], chat_id, body.get("reply_to"))), 201)
            case "start":
                return reply(view.message(world, actor.start(str(body.get("payload") or ""))), 201)
            case "open-link":
                return await actor.open_link(str(body["url"]))
            case "press":
                names = ("label", "data", "row", "column")
                which = {name: body[name] for name in names if body.get(name) is not None}
                forge = bool(body.get("forge"))
                return await actor.press(body["message_id"], chat_id, **which, forge=forge, wait=_wait(body))
            case "edit":
                return view.message(world, actor.edit(body["message_id"], body["text"], chat_id))
            case "react":
                return view.message(world, actor.react(body["message_id"], body.get("emoji"), chat_id))
            case "inline":
                return await actor.inline(
                    str(body.get("query") or ""), str(body.get("offset") or ""), chat_id, _wait(body)
                )
            case "pay":
                return await actor.pay(body)
            case "cancel-payment":
                actor.post_in(body["message_id"], chat_id)
                return {"status": "cancelled"}
            case "web-app":
                return actor.web_app(body)
            case "block" | "unblock":
                actor.set_blocked(verb == "block")
                return actor.person.view()
        raise ControlError(404, "unknown_verb", f"a person cannot {verb}")

    async def choose(self, request: web.Request) -> Answer:
        body = await body_of(request)
        post = self.actor(request).choose(body["query_id"], body["result_id"], body.get("chat_id"))
        return reply(view.message(self.world, post), 201)

    async def web_app_data(self, request: web.Request) -> Answer:
        body = await body_of(request)
        post = self.actor(request).web_app_data(body["data"], body.get("button_text", ""))
        return reply(view.message(self.world, post), 201)

    async def send(self, request: web.Request) -> Answer:
        actor = self.actor(request)
        if media_type(request) != "multipart/form-data":
            body = await body_of(request)
            if isinstance(body.get("contact"), dict):
                post = actor.send_contact(body["contact"], body.get("chat_id"))
            elif isinstance(body.get("location"), dict):
                post = actor.send_location(body["location"], body.get("chat_id"))
            else:
                raise bad_request("send a file as multipart, or a contact or location as JSON")
            return reply(view.message(self.world, post), 201)
        fields, upload = await _form(request)
        if upload is None:
            raise bad_request("the form has no file")
        post = actor.send_file(
            upload,
            fields.get("kind", ""),
            fields.get("caption", ""),
            fields.get("chat_id") or None,
            fields.get("reply_to"),
        )
        return reply(view.message(self.world, post), 201)


async def _form(request: web.Request) -> tuple[dict[str, str], Upload | None]:
    fields: dict[str, str] = {}
    upload = None
    for part in await read_multipart(request):
        if part.name == "file":
            upload = Upload(part.filename or "file", part.data, part.mime)
        else:
            fields[part.name] = part.text
    return fields, upload
