"""kill -9 between any two steps of a purchase: nothing acknowledged is lost, nothing happens twice.

The shop is `sampan run` in a process of its own; the world outside it (`python -m bot.sandbox`) is another that lives o
SAMPAN_TEST_KILLS=60 kills that many times instead of a few.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from bot.sandbox.bank import DEMO_API_KEY, DEMO_SECRET, MerchantAccounts
from tests.flows.driver import Town, a_photo, button, decode, labels, order_of

KILLS = int(os.environ.get("SAMPAN_TEST_KILLS", "6"))
START = 60.0  # seconds a process may take to say that it serves, on a machine that does much else
TOKEN = "1000000001:crash-test"
HOOK_SECRET = "hook-secret-of-the-test"
ADMIN, ROSA = 5005, 5004


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def started(*words: str, env: dict[str, str], says: str) -> tuple[asyncio.subprocess.Process, str]:
    """A Python process, once it has printed a line that holds `says`; that line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=os.environ | env, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(START):
        while says not in (line := (await process.stdout.readline()).decode()):
            assert line, f"{words} ended without a word"
    return process, line


class Mortal(Town):
    """A town whose shop is a process: `kill` it, `revive` it."""

    def __init__(self, base: str, http: aiohttp.ClientSession, folder: Path, **settings: str) -> None:
        port = free_port()
        super().__init__(base, http, f"http://127.0.0.1:{port}")
        accounts = MerchantAccounts()
        self.database = folder / "shop" / "sampan.sqlite3"
        self.token = TOKEN
        self.shop: asyncio.subprocess.Process | None = None
        self.is_hunted = False  # no life is long enough for everything: a shopper's patience begins when that is over
        self._env = {
            "SAMPAN_BOT_TOKEN": TOKEN,
            "SAMPAN_BOT_API": base,
            "SAMPAN_DATA": str(folder / "shop"),
            "SAMPAN_ADMINS": str(ADMIN),
            "SAMPAN_LISTEN": f"127.0.0.1:{port}",
            "SAMPAN_SEPA_IBAN": accounts.iban,
            "SAMPAN_SEPA_NAME": accounts.name,
            "SAMPAN_SEPA_BANK_URL": f"{base}/bank",
            "SAMPAN_BANK_KEY": DEMO_API_KEY,
            "SAMPAN_BANK_SECRET": DEMO_SECRET,
            "SAMPAN_RATES": "history",
            **{name: value.replace("SHOP", self.shop_url) for name, value in settings.items()},
        }

    async def revive(self) -> None:
        """Start the shop."""
        self.shop, _ = await started("-m", "bot", "run", env=self._env, says="serves by")

    async def kill(self) -> None:
        """kill -9."""
        if self.shop is not None and self.shop.returncode is None:
            self.shop.send_signal(signal.SIGKILL)
            await self.shop.wait()

    def rows(self, question: str, *values: object) -> list[tuple]:
        """What the database on disk says."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            found = connection.execute(question, values).fetchall()
        connection.close()
        return found


async def a_mortal_town(folder: Path, **settings: str) -> AsyncIterator[Mortal]:
    world, line = await started("-m", "bot.sandbox", "--port", "0", env={}, says="sandbox on")
    async with aiohttp.ClientSession() as http:
        town = Mortal(line.split()[-1], http, folder, **settings)
        try:
            await town.revive()
            await town.post("/bank/config", merchant_url=town.shop_url)
            yield town
        finally:
            await town.kill()
            world.terminate()
            await world.wait()


@pytest_asyncio.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[Mortal]:
    async for town in a_mortal_town(tmp_path):
        yield town


@pytest_asyncio.fixture
async def mortal_by_webhook(tmp_path: Path) -> AsyncIterator[Mortal]:
    async for town in a_mortal_town(tmp_path, SAMPAN_PUBLIC_URL="SHOP", SAMPAN_WEBHOOK_SECRET=HOOK_SECRET):
        yield town


async def rosa_sells(town: Mortal, title: str, stock: int) -> str:
    """The admin opens a seller, and the seller puts a product up: all of it in the chat. Its number."""
    ada, rosa = town.chatter(ADMIN), town.chatter(ROSA)
    await ada.start()
    await rosa.start()
    await ada.say(f"/sellers add {ROSA} BR EUR Casa Rosa")
    await ada.wait_for("Casa Rosa")
    for said, then in (
        ("/sell", "photo"),
        ("", "called"),
        (title, "cost"),
        ("10.00 EUR", "How many"),
        (str(stock), "Describe"),
        ("-", "is on sale"),
    ):
        await (rosa.say(said) if said else rosa.send_photo(a_photo()))
        card = await rosa.wait_for(then)
    return str(card["text"].partition("start=p_")[2].split()[0])


class Purchase:
    """One purchase, each step again and again until the chat shows that it is done, as a patient person would do it."""

    def __init__(self, town: Mortal, shopper: int, product: str) -> None:
        self.town, self.product = town, product
        self.nora, self.rosa = town.chatter(shopper), town.chatter(ROSA)
        self.steps = (self.address, self.look, self.choose, self.confirm, self.pay, self.ship, self.receive)
        self.paid, self.mode = False, "right"

    async def seen(self, person, fits):
        """The newest message of the bot that fits, if there is one."""
        found = [one for one in await person.messages() if one["out"] and fits(one)]
        return found[-1] if found else None

    async def persist(self, act, person, fits):
        """Act; when the chat does not show it within a few seconds, act again. While the shop is killed, for ever."""
        left = 12
        while left:
            if found := await self.seen(person, fits):
                return found
            await act()
            seq = await self.town.seq()
            for _ in range(8):
                if found := await self.seen(person, fits):
                    return found
                seq = (await self.town.get(f"/sandbox/events?after={seq}&timeout=0.5"))["seq"]
            left -= not self.town.is_hunted
        raise AssertionError(f"the chat never came to it: {[one['text'][:80] for one in await person.messages()][-6:]}")

    async def tap(self, person, label):
        """Press the newest button of that name, if it is still there; nobody waits for the answer."""
        message = await self.seen(person, lambda one: any(label in text for text in labels(one)))
        if message:
            full = next(text for text in labels(message) if label in text)
            where = {"message_id": message["message_id"], "label": full, "timeout": 0}
            await self.town.post(f"/sandbox/people/{person.who}/press", **where)

    async def address(self):
        async def give():
            await self.nora.say("/address")
            await self.nora.say("Nora Berg\nHauptstr. 5\n10115 Berlin\nGermany")

        await self.persist(give, self.nora, lambda one: "your address is kept" in one["text"])

    async def look(self):
        await self.persist(
            lambda: self.nora.start(f"p_{self.product}"), self.nora, lambda one: "⚡" in "".join(labels(one))
        )

    async def choose(self):
        def has_review(one):
            return "Please check your order" in one["text"]

        await self.persist(lambda: self.tap(self.nora, "⚡"), self.nora, has_review)

    async def confirm(self):
        await self.persist(
            lambda: self.tap(self.nora, "Confirm: pay"), self.nora, lambda one: "📋" in "".join(labels(one))
        )

    async def pay(self):
        async def once():
            if not self.paid:
                self.paid = True
                card = await self.seen(self.nora, lambda one: "📋" in "".join(labels(one)))
                await self.nora.pay(await self.nora.scan(card), self.mode)

        await self.persist(once, self.nora, lambda one: "Your payment has arrived" in one["text"])

    async def ship(self):
        async def mark():
            await self.tap(self.rosa, "Mark as shipped")
            asked = await self.seen(self.rosa, lambda one: "tracking number?" in one["text"])
            if asked:
                await self.rosa.say("RR 123456785 BR")

        await self.persist(mark, self.nora, lambda one: "RR 123456785 BR" in one["text"])

    async def receive(self):
        def ended(one):
            # Thanks are an answer, and may die with the shop after the commit; the next tap shows how the order stands.
            return "is complete" in one["text"] or ": received" in one["text"]

        await self.persist(lambda: self.tap(self.nora, "I have received it"), self.nora, ended)


def judge(town: Mortal, product: str, shopper: int, stock: int) -> None:
    """The database on disk: one order, one capture, stock down by one, books that balance, all of it released."""
    orders = town.rows("SELECT id, state FROM orders WHERE shopper = ? AND state <> 'draft'", shopper)
    assert [state for _, state in orders] == ["received"]
    assert town.rows("SELECT stock FROM products WHERE id = ?", product) == [(stock - 1,)]
    keys = [key for (key,) in town.rows("SELECT key FROM entries")]
    order = orders[0][0]
    assert sorted(key.split(":")[0] for key in keys if order in key).count("capture") == 1
    assert len(keys) == len(set(keys))
    for asset, total in town.rows("SELECT amount_asset, SUM(amount_minor) FROM legs GROUP BY amount_asset"):
        assert total == 0, asset
    held = town.rows("SELECT SUM(amount_minor) FROM legs WHERE account = ?", f"escrow:{order}")
    assert held == [(0,)]


async def receipt_is_shown(purchase: Purchase) -> None:
    """The order's card is a receipt, and no code stands in it."""
    found = await purchase.seen(purchase.nora, lambda one: one["text"].startswith("✅ Paid: €10.00"))
    assert found and decode(await purchase.nora.picture(found)) == []


async def test_a_purchase_ends_once_however_often_the_shop_is_killed(mortal):
    product = await rosa_sells(mortal, "Immortal cup", 9)
    nora = await mortal.newcomer()
    purchase = Purchase(mortal, nora.who, product)
    dice = random.Random(20261122)
    walk = asyncio.create_task(walked(purchase))
    mortal.is_hunted = True
    for _ in range(KILLS):
        await asyncio.wait([walk], timeout=dice.uniform(0.02, 0.6))
        await mortal.kill()
        await mortal.revive()
    mortal.is_hunted = False
    await walk
    await receipt_is_shown(purchase)
    judge(mortal, product, nora.who, 9)


async def walked(purchase: Purchase) -> None:
    """All steps, one after the other."""
    for step in purchase.steps:
        await step()


async def test_a_kill_right_after_each_step_was_asked_for_loses_nothing(mortal):
    """The shop dies while it carries out the step, and finds it undone or done when it comes back, never half."""
    product = await rosa_sells(mortal, "Mortal cup", 9)
    nora = await mortal.newcomer()
    purchase = Purchase(mortal, nora.who, product)
    for step in purchase.steps:
        walk = asyncio.create_task(step())
        if step in (purchase.confirm, purchase.pay, purchase.ship, purchase.receive):
            await asyncio.wait([walk], timeout=0.03)
            await mortal.kill()
            await mortal.revive()
        await walk
    await receipt_is_shown(purchase)
    judge(mortal, product, nora.who, 9)


class MoneyBack(Purchase):
    """A purchase that is paid twice: the second payment is sent back by its owner, the first by the admin."""

    def __init__(self, town: Mortal, shopper: int, product: str) -> None:
        super().__init__(town, shopper, product)
        self.ada = town.chatter(ADMIN)
        self.mode = "twice"
        self.steps = (self.address, self.look, self.choose, self.confirm, self.pay, self.take_back, self.refund)

    async def take_back(self):
        await self.persist(
            lambda: self.tap(self.nora, "Send it back"),
            self.nora,
            lambda one: "10.00 has been sent back" in one["text"],
        )

    async def refund(self):
        (order,) = (name for (name,) in self.town.rows("SELECT id FROM orders WHERE shopper = ?", self.nora.who))

        async def ask():
            await self.ada.say(f"/refund {order}")

        def both_are_back(one):
            return self.town.rows("SELECT COUNT(*) FROM refunds WHERE state = 'done'") == [(2,)]

        await self.persist(ask, self.nora, both_are_back)


def judge_money_back(town: Mortal, shopper: int) -> None:
    """Two payments, two refunds, each booked once; nothing is owed to the buyer any more, and the limit is whole."""
    keys = [key.partition(":")[0] for (key,) in town.rows("SELECT key FROM entries")]
    assert (keys.count("capture"), keys.count("held"), keys.count("refunded")) == (1, 1, 2)
    kinds = town.rows("SELECT state, COUNT(*) FROM refunds GROUP BY state")
    assert kinds == [("done", 2)]
    owed = town.rows("SELECT SUM(amount_minor) FROM legs WHERE account = ?", f"refund_payable:{shopper}")
    assert owed == [(0,)]
    for asset, total in town.rows("SELECT amount_asset, SUM(amount_minor) FROM legs GROUP BY amount_asset"):
        assert total == 0, asset


async def test_money_goes_back_once_however_often_the_shop_is_killed(mortal):
    """Held money by its owner's choice, then the order's own payment; the bank's books say what came of it."""
    product = await rosa_sells(mortal, "Returned cup", 9)
    nora = await mortal.newcomer()
    story = MoneyBack(mortal, nora.who, product)
    before = await nora.balance("EUR")
    dice = random.Random(20261123)
    walk = asyncio.create_task(walked(story))
    for _ in range(KILLS):
        await asyncio.wait([walk], timeout=dice.uniform(0.02, 0.9))
        await mortal.kill()
        await mortal.revive()
    await walk
    assert await nora.balance("EUR") == before, "the buyer has all of it back, and not a cent more"
    assert mortal.rows("SELECT stock FROM products WHERE id = ?", product) == [(9,)]
    judge_money_back(mortal, nora.who)


async def test_fifty_shoppers_at_once_for_twenty_items_buy_exactly_twenty(mortal):
    product = await rosa_sells(mortal, "Twenty of them", 20)
    crowd = [await mortal.newcomer(f"N{n}") for n in range(50)]

    async def arrives(person) -> str:
        await person.start()
        await person.wait_for("Welcome")
        await person.say("/address")
        await person.wait_for("Where should it go?")
        await person.say("Nora Berg\nHauptstr. 5\n10115 Berlin\nGermany")
        await person.wait_for("is kept")
        await person.start(f"b_{product}")
        return await person.wait_for("Please check your order")

    reviews = await asyncio.gather(*map(arrives, crowd))
    toasts = await asyncio.gather(
        *(person.press("Confirm", review) for person, review in zip(crowd, reviews, strict=True))
    )
    words = [toast["text"] for toast in toasts]
    assert sum("is placed" in text for text in words) == 20, words
    assert sum(text == "“Twenty of them” is sold out." for text in words) == 30
    assert mortal.rows("SELECT stock FROM products WHERE id = ?", product) == [(0,)]
    assert mortal.rows("SELECT COUNT(*) FROM orders WHERE state = 'placed'") == [(20,)]
    buyers = [person for person, text in zip(crowd, words, strict=True) if "is placed" in text]
    cards = await asyncio.gather(*(person.card() for person in buyers))
    assert len({order_of(card) for card in cards}) == 20


async def test_a_shop_behind_a_webhook_sells_as_well_and_handles_a_repeated_update_once(mortal_by_webhook):
    town = mortal_by_webhook
    assert (await town.get("/sandbox/state"))["delivery"] == "webhook"
    product = await rosa_sells(town, "Hooked cup", 9)
    nora = await town.newcomer()
    purchase = Purchase(town, nora.who, product)
    await walked(purchase)
    judge(town, product, nora.who, 9)

    webhook = f"{town.shop_url}/telegram"
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}):
        async with town.http.post(webhook, json={"update_id": 1}, headers=headers) as answer:
            assert answer.status == 403

    await nora.start(f"p_{product}")
    card = await nora.wait_for("Hooked cup")
    sender = {"id": nora.who, "is_bot": False, "first_name": "Nora", "language_code": "en"}
    message = {"message_id": card["message_id"], "date": card["date"], "chat": {"id": nora.who, "type": "private"}}
    pressed = {"id": "1", "chat_instance": "1", "from": sender, "message": message}
    update = {"update_id": 2_000_000_000, "callback_query": pressed | {"data": button(card, "Add to cart")["value"]}}
    for _ in range(3):  # Telegram repeats what it believes was not taken
        headers = {"X-Telegram-Bot-Api-Secret-Token": HOOK_SECRET}
        async with town.http.post(webhook, json=update, headers=headers) as answer:
            assert answer.status == 200
    await nora.say("/cart")
    assert "1 × Hooked cup" in (await nora.wait_for("Your cart"))["text"]

    await town.kill()
    await nora.say("/help")  # Telegram keeps it and comes again
    await town.revive()
    await nora.wait_for("What you can do here")
