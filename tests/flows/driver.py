"""How the flow tests do what people do: over HTTP, by the sandbox's control API and the pocket bank's counter."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import zxingcpp
from PIL import Image

Json = dict[str, Any]
Wanted = str | Callable[[Json], bool]

GROUP = -1001000000001
PATIENCE = 15.0  # seconds until something that should happen counts as not happening
ADDRESS = "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly"


def a_photo(colour: str = "#2a9d8f", size: tuple[int, int] = (640, 480), form: str = "JPEG") -> bytes:
    """The bytes of a plain picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def decode(picture: bytes) -> list[str]:
    """What an independent decoder (zxing-cpp) reads in the pixels of a picture."""
    with Image.open(io.BytesIO(picture)) as image:
        return [found.text for found in zxingcpp.read_barcodes(image)]


def labels(message: Json) -> list[str]:
    """The labels of a message's buttons, in reading order."""
    return [button["label"] for line in message["keyboard"] or [] for button in line]


def button(message: Json, label: str) -> Json:
    """The button whose label holds these words."""
    found = [one for line in message["keyboard"] or [] for one in line if label in one["label"]]
    assert found, f"no button {label!r} among {labels(message)} of {message['text'][:200]!r}"
    return found[0]


class Town:
    """A sandbox with its bank, seen from outside. `shop_url` is where the shop's web server listens."""

    def __init__(self, base: str, http: aiohttp.ClientSession, shop_url: str = "") -> None:
        self.base, self.http, self.shop_url = base.rstrip("/"), http, shop_url
        self.token = "1000000001:demo-token-of-no-value"

    async def ask(self, verb: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and decoded answer."""
        async with self.http.request(verb, self.base + path, **kwargs) as answer:
            body = await answer.read()
            return answer.status, await answer.json(content_type=None) if body[:1] in (b"{", b"[") else body

    async def get(self, path: str) -> Any:
        status, body = await self.ask("GET", path)
        assert status == 200, (status, path, body)
        return body

    async def post(self, path: str, **body: Any) -> Any:
        # A stream: aiohttp warns of large bodies, and one test sends nine megabytes.
        content = io.BytesIO(json.dumps(body).encode())
        status, answer = await self.ask("POST", path, data=content, headers={"Content-Type": "application/json"})
        assert status in (200, 201), (status, path, answer)
        return answer

    def chatter(self, who: int) -> Chatter:
        """Somebody who is known already."""
        return Chatter(self, who)

    async def newcomer(self, name: str = "Nora", language: str = "en") -> Chatter:
        """Somebody new, so that tests on one shop do not meet."""
        person = await self.post("/sandbox/people", first_name=name, language_code=language)
        return Chatter(self, person["id"])

    async def seq(self) -> int:
        """The number of the last thing that happened."""
        return int((await self.get("/sandbox/state"))["seq"])

    async def until(self, fact: Callable[[], Awaitable[Any]], what: str = "") -> Any:
        """Look again after each thing that happens until `fact` gives something true; that is returned."""
        deadline, seq = time.monotonic() + PATIENCE, await self.seq()
        while not (found := await fact()):
            assert time.monotonic() < deadline, f"it never came true: {what or fact}"
            seq = (await self.get(f"/sandbox/events?after={seq}&timeout=0.25"))["seq"]
        return found

    async def fault(self, method: str, code: int = 0, **more: Any) -> None:
        """Have the sandbox refuse or cut a call of the bot's."""
        await self.post("/sandbox/faults", method=method, **({"code": code} if code else {}), **more)

    async def calls(self, after: int, method: str = "", chat_id: int | None = None) -> list[Json]:
        """The bot's calls of the Bot API since `after`."""
        where = f"&chat_id={chat_id}" if chat_id else ""
        found: list[Json] = (await self.get(f"/sandbox/calls?after={after}&method={method}{where}"))["calls"]
        return found

    async def skip(self, seconds: float, *, evenings: bool = False) -> None:
        """Let time pass for everybody (the demo's clock); `evenings`: the bank ends each of the days, too."""
        await self.post("/demo/skip", seconds=seconds, evenings=evenings)

    async def books(self) -> Json:
        """The bank's own books."""
        return dict(await self.get("/bank/books"))

    async def bank_messages(self, kind: str, containing: str = "") -> list[Json]:
        """What the bank has told the shop, newest first."""
        found = (await self.get("/bank/messages"))["messages"]
        return [one for one in found if one["kind"] == kind and containing in one["body"]]


class Chatter:
    """A person with a phone: Telegram in one hand, the bank's app in the other."""

    def __init__(self, town: Town, who: int) -> None:
        self.town, self.who = town, who
        self.taps = 0
        self.mark = 0  # what happened after this number is the answer to what was done last

    async def _do(self, verb: str, **body: Any) -> Any:
        self.mark = await self.town.seq()
        return await self.town.post(f"/sandbox/people/{self.who}/{verb}", **body)

    # What they do

    async def start(self, payload: str = "") -> None:
        """Open the bot, by a deep link when there is a payload."""
        await self._do("start", payload=payload)

    async def say(self, text: str, chat: int | None = None) -> Json:
        """Write something."""
        return dict(await self._do("say", text=text, chat_id=chat or self.who))

    async def send(self, file: bytes, name: str, mime: str, **fields: str) -> Json:
        """Send a photo or a file."""
        self.mark = await self.town.seq()
        form = aiohttp.FormData(fields)
        form.add_field("file", io.BytesIO(file), filename=name, content_type=mime)
        status, answer = await self.town.ask("POST", f"/sandbox/people/{self.who}/send", data=form)
        assert status == 201, (status, answer)
        return dict(answer)

    async def send_photo(self, picture: bytes | None = None) -> Json:
        """Send a photo."""
        return await self.send(picture or a_photo(), "photo.jpg", "image/jpeg", kind="photo")

    async def press(self, label: str, on: Json | None = None, *, chat: int | None = None, patience: float = 10) -> Json:
        """Press the newest button whose label holds these words; what Telegram answers (`text` is the toast).

        `patience` is how many seconds Telegram waits for the bot's answer.
        """
        message = on or await self._with_button(label, chat or self.who)
        self.taps += 1
        pressed = button(message, label)["label"]
        where = {"message_id": message["message_id"], "chat_id": message["chat_id"], "label": pressed}
        return dict(await self._do("press", timeout=patience, **where))

    async def press_data(self, message: Json, data: str) -> Json:
        """Send button data that need not stand on any button: what a hostile client can do."""
        where = {"message_id": message["message_id"], "chat_id": message["chat_id"]}
        return dict(await self._do("press", data=data, forge=True, **where))

    async def _with_button(self, label: str, chat: int) -> Json:
        async def look() -> Json | None:
            for message in reversed(await self.messages(chat)):
                if any(label in one for one in labels(message)):
                    return message
            return None

        return dict(await self.town.until(look, f"a button {label!r} for {self.who}"))

    async def inline(self, query: str, chat: int | None = None) -> Json:
        """Write @bot and some words."""
        return dict(await self._do("inline", query=query, **({"chat_id": chat} if chat else {})))

    async def choose(self, found: Json, place: int, chat: int = GROUP) -> Json:
        """Post one of the inline results into a chat."""
        result = found["results"][place]["id"]
        return dict(await self._do("inline/choose", query_id=found["query_id"], result_id=result, chat_id=chat))

    async def open(self, url: str) -> Json:
        """Follow a link."""
        return dict(await self._do("open-link", url=url))

    # What they see

    async def messages(self, chat: int | None = None) -> list[Json]:
        """The chat as it stands, oldest first."""
        found: list[Json] = (await self.town.get(f"/sandbox/chats/{chat or self.who}/messages"))["messages"]
        return found

    async def last(self, chat: int | None = None) -> Json:
        """The newest message."""
        return (await self.messages(chat))[-1]

    async def message(self, number: int) -> Json:
        """One message as it stands."""
        return dict(await self.town.get(f"/sandbox/chats/{self.who}/messages/{number}"))

    async def wait_for(self, wanted: Wanted, chat: int | None = None) -> Json:
        """The bot's message, new or edited since this person's last act, that holds these words or fits."""
        chat, seq, seen = chat or self.who, self.mark, []
        deadline = time.monotonic() + PATIENCE
        while True:
            news = await self.town.get(f"/sandbox/events?after={seq}&user={self.who}&timeout=1")
            for event in news["events"]:
                if event["type"] not in ("message", "edited") or event["chat_id"] != chat:
                    continue
                message: Json = event["message"]
                if not message["out"] and not message["via_bot"]:
                    continue
                seen.append(message["text"][:300])
                if wanted in message["text"] if isinstance(wanted, str) else wanted(message):
                    return message
            seq = news["seq"]
            assert time.monotonic() < deadline, f"{self.who} waited for {wanted!r} and saw {seen}"

    async def card(self) -> Json:
        """The payment card: a picture with a copy button."""
        return await self.wait_for(
            lambda message: (
                message["kind"] == "photo"
                and any(one["kind"] == "copy" for line in message["keyboard"] or [] for one in line)
            )
        )

    async def picture(self, message: Json) -> bytes:
        """The bytes of a message's picture as this person got them."""
        status, body = await self.town.ask("GET", message["media"]["url"])
        assert status == 200
        return bytes(body)

    # What they do at the bank

    async def scan(self, message: Json) -> Json:
        """Point the bank's app at a picture in the chat: what it reads in the pixels."""
        picture = await self.picture(message)
        status, reading = await self.town.ask(
            "POST", "/bank/read", data=picture, headers={"Content-Type": "image/jpeg"}
        )
        assert status == 200, reading
        return dict(reading)

    async def pay(self, reading: Json, mode: str = "right", **more: Any) -> Json:
        """Pay what the bank's app has read. Modes: right, wrong_amount (with amount=), twice, late, no_reference."""
        self.mark = await self.town.seq()
        body = {"person": str(self.who), "payload": reading["payload"], "mode": mode, **more}
        return dict(await self.town.post("/bank/pay", **body))

    async def balance(self, currency: str) -> str:
        """What is on this person's account at the bank."""
        accounts = (await self.town.get(f"/bank/accounts/{self.who}"))["accounts"]
        return str(next(one["balance"] for one in accounts if one["currency"] == currency))

    # Whole stretches of the road

    async def give_address(self, text: str = ADDRESS) -> None:
        """Have an address, as a returning shopper does."""
        await self.start()
        await self.wait_for(lambda message: True)
        await self.say("/address")
        await self.wait_for(lambda message: True)
        await self.say(text)
        await self.wait_for(lambda message: True)

    async def buy(self, product: str, method: str = "") -> Json:
        """From a product's deep link to the payment card, by the method of that title when one is named."""
        await self.start(f"p_{product}")
        await self.wait_for(lambda message: message["kind"] == "photo")
        await self.press("⚡")
        review = await self.wait_for(_is_review)
        if method and not _paid_by(review, method):
            await self.press("💳")
            await self.press(f"{method} ·")
            await self.wait_for(lambda message: _is_review(message) and _paid_by(message, method))
        await self.press("✅")
        return await self.card()


def _is_review(message: Json) -> bool:
    return any(one.startswith("✅") for one in labels(message)) and "✖️" in "".join(labels(message))


def _paid_by(review: Json, method: str) -> bool:
    return bool(re.search(rf"[:：] ?{method}$", review["text"], re.MULTILINE))


def order_of(message: Json) -> str:
    """The order number that a payment card or receipt names."""
    found = re.search(r"\b[0-9A-Z]{10}\b", " ".join([*labels(message), message["text"]]))
    assert found, message["text"]
    return found.group()
