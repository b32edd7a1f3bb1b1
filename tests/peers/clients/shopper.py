"""The people's side of the small bot's script: plays it over the control API and checks what they see."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
from PIL import Image

GROUP = -1001000000001


class Shopper:
    """Maya, with a Telegram client on the sandbox. Every wait ends after ten seconds."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self.session = base, session

    async def does(self, verb: str, **body: Any) -> Any:
        async with self.session.post(f"{self.base}/sandbox/people/maya/{verb}", json=body) as response:
            answer = await response.json()
            assert response.status in (200, 201), answer
            return answer

    async def sees(self, condition: Any, chat_id: int = 5001) -> Any:
        """The newest message for which the condition holds, as soon as there is one."""
        async with asyncio.timeout(10):
            while True:
                async with self.session.get(f"{self.base}/sandbox/chats/{chat_id}/messages") as response:
                    messages = (await response.json())["messages"]
                for message in reversed(messages):
                    if message["out"] and condition(message):
                        return message
                await asyncio.sleep(0.02)

    async def sends_photo(self) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (400, 300), "#264653").save(out, "PNG")
        form = aiohttp.FormData()
        form.add_field("file", out.getvalue(), filename="slip.png", content_type="image/png")
        async with self.session.post(f"{self.base}/sandbox/people/maya/send", data=form) as response:
            assert response.status == 201, await response.text()
        return out.getvalue()


async def play(shopper: Shopper) -> None:
    """The whole script: start, echo, keyboard, edit, photo up and down, inline, invoice and payment."""
    await shopper.does("start", payload="item_42")
    hello = await shopper.sees(lambda m: m["text"].startswith("Welcome"))
    assert hello["html"] == "Welcome <b>Maya</b>, you came for item_42"
    assert [b["label"] for row in hello["keyboard"] for b in row] == ["Buy", "Code"]

    await shopper.does("say", text="ping 🏟")
    await shopper.sees(lambda m: m["text"] == "echo: ping 🏟")

    pressed = await shopper.does("press", message_id=hello["message_id"], label="Buy")
    assert (pressed["answered"], pressed["text"]) == (True, "In the cart")
    await shopper.sees(lambda m: m["message_id"] == hello["message_id"] and m["text"] == "Bought" and m["edit_date"])

    photo = await shopper.sends_photo()
    back = await shopper.sees(lambda m: m["kind"] == "photo")
    assert back["text"] == f"{len(photo)} bytes"
    async with shopper.session.get(shopper.base + back["media"]["url"]) as response:
        assert await response.read() == photo

    found = await shopper.does("inline", query="silk")
    assert (found["answered"], found["results"][0]["title"]) == (True, "Find silk")
    card = await shopper.does("inline/choose", query_id=found["query_id"], result_id="r1", chat_id=GROUP)
    assert (card["html"], card["via_bot"]) == ("<b>Card</b> silk", True)
    await shopper.sees(lambda m: m["text"] == "chosen r1")

    await shopper.does("say", text="/pay")
    invoice = await shopper.sees(lambda m: m["kind"] == "invoice")
    assert (invoice["invoice"]["currency"], invoice["invoice"]["total_amount"]) == ("XTR", 5)
    paid = await shopper.does("pay", message_id=invoice["message_id"])
    assert paid["status"] == "paid"
    await shopper.sees(lambda m: m["text"] == "Thanks for order-7")
