"""Scraping the log for secrets and for people: nothing of either is in it, however loud it is turned.

What every flow and every attack logs is searched by ears.py at the end of its module. Here the markers are planted.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.config import Settings
from bot.demo import ADMIN, ROSA
from bot.wire.redact import Redact
from tests.attacks.ears import Ears, listening
from tests.attacks.scene import about, at_rest
from tests.flows.driver import Chatter, Json, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET, NAME, CITY = "Rue Marqueur 77", "Zenobia Planted", "Plantedville"
ADDRESS = f"{NAME}\n{STREET}\n12345 {CITY}\nFrance"
TRACKING, STORY, HOLDER = "PL 4NT 3D", "I planted this story", "Olga Planted-Holder"
IBAN = "FR1420041010050500013M02606"
MARKERS = (STREET, NAME, CITY, TRACKING, TRACKING.replace(" ", ""), STORY, HOLDER, IBAN, "Zenobia")


@contextmanager
def ears_at(level: int) -> Iterator[Ears]:
    yield from listening(level)


def secrets_of(settings: Settings) -> list[str]:
    """Everything in the settings that is a secret, however it is named."""
    found = [getattr(settings, name) for name in settings.__dataclass_fields__]
    return [one.reveal() for one in found if hasattr(one, "reveal") and one]


async def a_life(town: Any) -> None:
    """Somebody does everything that leaves traces of them, and a few things go wrong on the way."""
    zenobia, rosa = await town.newcomer("Zenobia"), town.chatter(ROSA)
    await zenobia.give_address(ADDRESS)
    card = await zenobia.buy(await town.on_sale("Traced", "9.00 EUR"), "SEPA")
    reading = await zenobia.scan(card)
    rosa.mark = await town.seq()
    await town.fault("sendMessage", 500, times=1)
    await zenobia.pay(reading, "twice")
    await zenobia.wait_for("Your payment has arrived")
    await town.post(f"/bank/accounts/{zenobia.who}/close")
    await zenobia.say("/held")
    await zenobia.press("Send it back", await zenobia.wait_for("is held"))
    await zenobia.press("Give another account", await zenobia.wait_for("could not be sent back"))
    await zenobia.wait_for("send an IBAN")
    await zenobia.say(IBAN)
    await zenobia.wait_for("on its way to that account")
    await rosa.press("Mark as shipped", await rosa.wait_for(about(order_of(card), "Mark as shipped")))
    await rosa.wait_for("tracking number")
    await rosa.say(TRACKING)
    shipped = about(order_of(card), "Something is wrong")
    await zenobia.press("Something is wrong", await zenobia.wait_for(shipped))
    await zenobia.press("not what was described", await zenobia.wait_for("What is wrong with order"))
    await zenobia.wait_for("Please tell me what happened")
    await zenobia.say(STORY)
    await zenobia.wait_for("Kept for case")
    await an_account(rosa)
    await things_break(town, zenobia, reading)
    await at_rest(town)


async def an_account(rosa: Chatter) -> None:
    await rosa.say("/payout")
    await rosa.press("🏦", await rosa.wait_for("Your payouts"))
    await rosa.wait_for("Where shall your")
    await rosa.say("rosa@casarosa.example")
    await rosa.wait_for("name of its holder")
    await rosa.say(HOLDER)
    await rosa.wait_for("Your payouts go to")


async def things_break(town: Any, zenobia: Chatter, reading: Json) -> None:
    """Bodies that nobody can read, a screen that cannot be drawn, a file that is none, a storage that is away."""
    for kind in ("pix", "camt054", "statement", "case"):
        for body in (f'{{"{IBAN}": "{NAME}"}}', f"<a>{NAME} {IBAN}</a>", f"{NAME};{IBAN}\n"):
            assert await town.deliver(kind, body.encode()) == 400
    row = {"endToEndId": "E1", "txid": reading["reference"], "valor": "x", "horario": IBAN, "pagador": {"nome": NAME}}
    assert await town.deliver("pix", json.dumps({"pix": [row]}).encode()) == 400
    ada = town.chatter(ADMIN)
    await ada.send(f"<Document>{NAME} {IBAN}</Document>".encode(), f"{NAME}.xml", "application/xml", kind="document")
    await ada.wait_for("I cannot book this file")
    store = town.demo.shop.house.store

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"{NAME} lives at {STREET}, {IBAN}")

    read, store.read = store.read, broken
    try:
        await zenobia.say(STORY)
        await zenobia.wait_for("Something went wrong on our side")
    finally:
        store.read = read


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=["verbose", "everybody’s debug"])
async def test_log_scraping(town, level):
    """`--verbose`, and then every library at DEBUG, which no option of ours turns on."""
    with ears_at(level) as ears:
        redact = Redact(secrets_of(town.demo.shop.settings))
        ears.addFilter(redact)  # as `sampan run` does with its own handlers
        await a_life(town)
    assert ears.lines, "nothing was heard at all"
    secret = secrets_of(town.demo.shop.settings)
    assert len(secret) >= 4
    slips = ears.told(*secret, *MARKERS)
    assert not slips, "\n".join(line[:400] for line in slips[:9])


async def test_a_secret_shows_itself_nowhere(town):
    """Not in words, not in a dump of the settings or of what holds them."""
    settings = town.demo.shop.settings
    for told in (repr(settings), str(settings), f"{settings}", repr({"settings": settings}), repr([settings])):
        for secret in secrets_of(settings):
            assert secret not in told
