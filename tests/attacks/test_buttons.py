"""Buttons replayed, altered, borrowed and signed by somebody else: a press does what it says once, for its owner."""

from __future__ import annotations

import json
import os
import string
from typing import Any

import pytest

from bot.callbacks import Buttons
from bot.demo import ROSA
from tests.attacks.scene import at_rest, everything
from tests.flows.driver import button

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORGED = "This button no longer works"
# Where money and goods stand. A cart may be filled twice and a draft begun twice: nothing hangs on them.
MONEY = (
    "receipts", "applications", "refunds", "operations", "intents", "disputes", "evidence", "plans", "payouts",
    "holds", "counters", "banklines", "audit", "journal",
)  # fmt: skip


async def buttons_of(town: Any, who: int) -> list[str]:
    """The data of every button that the bot has ever shown this person, in the order in which it did."""
    found: dict[str, None] = {}
    for call in await town.calls(0):
        markup = call["params"].get("reply_markup") or {}
        markup = json.loads(markup) if isinstance(markup, str) else markup
        if str(call["params"].get("chat_id")) == str(who):
            for row in markup.get("inline_keyboard", []):
                found |= {one["callback_data"]: None for one in row if "callback_data" in one}
    return list(found)


async def money(town: Any) -> dict[str, set[str]]:
    await at_rest(town)
    rows = await town.demo.shop.store.survey(everything)
    placed = {row for row in rows["orders"] if "State.DRAFT" not in row and "State.CANCELLED" not in row}
    stock = {(one.id, str(one.price), one.stock) for one in await town.look(lambda uow: list(uow.products.walk()))}
    return {name: rows[name] for name in MONEY} | {"orders": placed, "products": stock}


async def test_a_button_of_another_message(town, scene):
    """A valid button under a message that never showed it means what it says, not where it stands."""
    vera, before = scene.vera, await money(town)
    await vera.press_data(scene.card, button(scene.review, "Pay another way")["value"])
    assert await money(town) == before
    await vera.start(f"b_{scene.things['product']}")
    other = await vera.wait_for("Please check your order")
    await vera.press_data(scene.card, button(other, "Leave it")["value"])
    assert await money(town) == before


async def test_a_button_with_any_one_character_changed(town, scene):
    """The confirmation of an order, each of its characters replaced in turn."""
    data = button(scene.review, "Confirm")["value"]
    before = await money(town)
    for place, letter in enumerate(data):
        other = string.ascii_letters[(ord(letter) + place) % 52]
        altered = data[:place] + (other if other != letter else "_") + data[place + 1 :]
        assert (await scene.vera.press_data(scene.review, altered))["text"].startswith(FORGED), altered
    assert await money(town) == before


async def test_a_button_whose_owner_was_exchanged(town, scene):
    """Sly writes his own number where Vera’s stands."""
    sly = await town.newcomer("Sly")
    await sly.start()
    page = await sly.wait_for("Welcome")
    for row in scene.review["keyboard"]:
        for key in row:
            owner, _, rest = key["value"][9:].partition(".")
            for stolen in (f"{key['value'][:9]}{_base36(sly.who)}.{rest}", f"{key['value'][:9]}0.{rest}"):
                assert owner != _base36(sly.who)
                assert (await sly.press_data(page, stolen))["text"].startswith(FORGED)


async def test_a_button_signed_with_another_shops_key(town, scene):
    forger = Buttons(os.urandom(32))
    for owner in (scene.vera.who, None):
        forged = forger.pack("ok", scene.things["draft"], scene.things["quote"], owner=owner)
        assert (await scene.vera.press_data(scene.review, forged))["text"].startswith(FORGED)


async def test_every_button_replayed(town, scene):
    """All that Vera and her seller were ever shown, pressed twice more: the second time moves nothing."""
    for who in (scene.vera.who, ROSA):
        person = town.chatter(who)
        page = await person.last()
        shown = await buttons_of(town, who)
        assert shown
        for data in shown:
            await person.press_data(page, data)
        before = await money(town)
        for data in shown:
            await person.press_data(page, data)
        assert await money(town) == before
        await person.say("/cancel")
        await at_rest(town)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = (string.digits + string.ascii_lowercase)[digit] + digits
    return digits
