"""Whom the attacks are against: a shopper and sellers with one of everything that has a number, and what nobody may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

from bot import argon
from bot.demo import ADMIN, ROSA
from core.ids import PersonId
from core.money import parse_price
from core.payments.receipts import ReceiptState
from core.payments.recon.bankline import BankLine, LineKind, LineState, Why
from core.payments.settlement.payout import Payout, PayoutState
from core.people import SellerTier, Tier
from core.ports import UnitOfWork
from core.risk import devices, recovering, stepping
from core.risk.credentials import Credential, credential_id
from core.risk.device import PageFacts
from core.risk.factors import Factor
from core.shop import visitors
from core.shop.catalogue import ProductState
from core.shop.context import Shop
from tests.flows.conftest import OpenDemo
from tests.flows.driver import Chatter, Json, button, labels, order_of

# What only Vera, Rosa and the admins may ever read.
NAME = "Vera Vittima"
STREET = "Vicolo Segreto 7"
ADDRESS = f"{NAME}\n{STREET}\n20121 Milano\nItaly"
TRACKING = "VV 777 888 999 IT"
STORY = "The parcel held a brick"
PAYOUT_ACCOUNT = "rosa@casarosa.example"
PRIVATE = (NAME, STREET, TRACKING, STORY, PAYOUT_ACCOUNT)


@dataclass(frozen=True)
class Scene:
    """Numbers of what belongs to others; `card` is a payment card on Vera's screen, `review` her open draft."""

    vera: Chatter
    things: dict[str, str]
    card: Json
    review: Json


async def a_seller(town: OpenDemo, name: str, currency: str = "EUR") -> Chatter:
    """Somebody new who sells."""
    person = await town.newcomer(name)
    await person.start()
    await person.wait_for(lambda message: True)
    told = {"name": f"{name}’s corner", "country": "DE", "currency": currency, "tier": SellerTier.TRUSTED}
    await town.demo.shop.store.write(visitors.open_seller, town.shop, ADMIN, person=person.who, **told)
    return person


def _regular(uow: UnitOfWork, who: PersonId) -> None:
    uow.people.save(replace(uow.people.lock(who), tier=Tier.REGULAR))


async def paid_order(town: OpenDemo, vera: Chatter, title: str, price: str = "9.00 EUR") -> str:
    """An order of Vera's, paid by SEPA; its number."""
    card = await vera.buy(await town.on_sale(title, price), "SEPA")
    await vera.pay(await vera.scan(card))
    await vera.wait_for("Your payment has arrived")
    return order_of(card)


def about(order: str, label: str) -> Any:
    """Whether a message is of this order and has such a button: for Chatter.wait_for."""
    return lambda message: order in message["text"] and any(label in one for one in labels(message))


async def shipped_order(town: OpenDemo, vera: Chatter, title: str) -> str:
    """One that is on its way, with its tracking number."""
    order, rosa = await paid_order(town, vera, title), town.chatter(ROSA)
    await rosa.say(f"/order {order}")
    await rosa.press("Mark as shipped", await rosa.wait_for(about(order, "Mark as shipped")))
    await rosa.wait_for("tracking number")
    await rosa.say(TRACKING)
    await vera.wait_for("is on its way")
    return order


async def a_case(town: OpenDemo, vera: Chatter) -> str:
    """A complaint of Vera's with her story; its number."""
    order = await shipped_order(town, vera, "Disputed")
    await vera.say(f"/order {order}")
    await vera.press("Something is wrong", await vera.wait_for(about(order, "Something is wrong")))
    await vera.press("not what was described", await vera.wait_for("What is wrong with order"))
    await vera.wait_for("Please tell me what happened")
    await vera.say(STORY)
    await vera.wait_for("Kept for case")
    (case,) = await town.look(lambda uow: uow.disputes.find(order=order, limit=1))
    return str(case.id)


async def stuck_refund(town: OpenDemo) -> tuple[Chatter, Json, str]:
    """A refund of a neighbour's that asks for another account: theirs, the message that asks, its number."""
    uma = await town.newcomer("Uma")
    await uma.give_address(ADDRESS)
    reading = await uma.scan(await uma.buy(await town.on_sale("Short", "8.00 EUR"), "SEPA"))
    await uma.pay(reading, "wrong_amount", amount="7.00")
    held = await uma.wait_for("7.00 is held")
    await town.post(f"/bank/accounts/{uma.who}/close")
    await uma.press("Send it back", held)
    asks = await uma.wait_for("could not be sent back")
    found = await town.look(lambda uow: uow.refunds.find(limit=1))
    return uma, asks, str(found[0].id)


def has_pin(uow: UnitOfWork, shop: Shop, who: PersonId, phc: str) -> None:
    """They have a payment PIN and a code on paper since a week, of this hash."""
    since = shop.clock.now() - timedelta(days=7)
    for factor in (Factor.PIN, Factor.RECOVERY):
        name = credential_id(who, factor)
        uow.credentials.add(Credential(name, who, factor, since, secret=phc, confirmed_at=since))


async def a_plan(town: OpenDemo, vera: Chatter) -> str:
    """An order that is paid in three parts, the first of which is paid; its number."""
    await town.demo.shop.store.write(_regular, vera.who)
    await vera.start(f"b_{await town.on_sale('Samovar', '90.00 EUR')}")
    await vera.press("Pay in 3", await vera.wait_for("Please check your order"))
    await vera.press("✅", await vera.wait_for("30.00"))
    card = await vera.card()
    await vera.pay(await vera.scan(card))
    await vera.wait_for("arrived")
    return order_of(card)


PIN = "83057291"
PAGE = PageFacts("Mozilla/5.0 (X11; Linux x86_64)", "Linux", "1x1", "Europe/Rome", "it", "0" * 32)


def _guarded(uow: UnitOfWork, shop: Shop, who: PersonId, phc: str) -> dict[str, str]:
    """Vera has a PIN since a week, a device, something to confirm, and a recovery that somebody asked the admin for."""
    has_pin(uow, shop, who, phc)
    device, _ = devices.see(uow, shop, b"a key", who, PAGE)
    challenge = stepping.open_(uow, shop, who, "set-pin", stepping.bound_to("set-pin", str(who)))
    recovery = recovering.allow(uow, shop, ADMIN, who, "passport seen by video, and the last order")
    return {"challenge": challenge.id, "device": device.digest, "recovery": recovery.id}


def _more(uow: UnitOfWork, shop: Shop, hidden: str) -> dict[str, str]:
    """A product off the shelf, a payout that waits for the admin's hand, a bank line that nobody understands."""
    uow.products.save(replace(uow.products.lock(hidden), state=ProductState.TAKEN_DOWN))
    seller, now = visitors.need_seller(uow, ROSA), shop.clock.now()
    real = parse_price("5.00 BRL")
    week = timedelta(days=7)
    uow.payouts.add(Payout("PAYOUT01", seller.id, "hand", real, real, PayoutState.HELD, now - week, now, now))
    line = BankLine(
        "LINE0001", "sepa", "D1", "F1", LineKind.OTHER, parse_price("5.00 EUR"), parse_price("0.01 EUR"), now,
        LineState.OPEN, now, why=Why.UNKNOWN, debtor_name=NAME, debtor_account="IT60X0542811101000000123456",
    )  # fmt: skip
    uow.banklines.add(line)
    return {"payout": "PAYOUT01", "line": "LINE0001", "seller": seller.id}


async def set_the_scene(town: OpenDemo) -> Scene:
    """Vera buys, pays, is sent things, complains, pays too much; her neighbour's bank refuses a refund."""
    vera = await town.newcomer("Vera")
    await vera.give_address(ADDRESS)
    things = {
        "paid": await paid_order(town, vera, "Paid for"),
        "shipped": await shipped_order(town, vera, "Shipped"),
        "case": await a_case(town, vera),
        "plan": await a_plan(town, vera),
        "refund": (await stuck_refund(town))[2],
        "product": await town.on_sale("On sale", "5.00 EUR"),
        "hidden": await town.on_sale("Not on sale", "5.00 EUR"),
    }
    placed = await vera.buy(await town.on_sale("Twice", "6.00 EUR", stock=9), "SEPA")
    await vera.pay(await vera.scan(placed), "twice")
    await vera.wait_for("6.00 is held")
    held = await town.look(lambda uow: uow.receipts.find(payer=vera.who, state=ReceiptState.HELD, limit=1))
    card = await vera.buy(await town.on_sale("Placed", "6.50 EUR"), "SEPA")
    await vera.start(f"b_{await town.on_sale('Drafted', '7.00 EUR')}")
    review = await vera.wait_for("Please check your order")
    confirm = town.demo.shop.house.buttons.open(button(review, "Confirm")["value"], vera.who)
    operations = await town.look(lambda uow: uow.operations.find(order=order_of(card), limit=1))
    things |= {
        "held": held[0].id, "placed": order_of(card), "draft": confirm.args[0], "quote": confirm.args[1],
        "operation": operations[0].id, "paid_twice": order_of(placed),
    }  # fmt: skip
    things |= await town.demo.shop.store.write(_more, town.shop, things["hidden"])
    things["person"] = str(vera.who)
    things |= await town.demo.shop.store.write(_guarded, town.shop, vera.who, await argon.hash_of(PIN))
    return Scene(vera, things, card, review)


# What is, and whether it is as it was

# The clockwork seals the books on its own, and the inbox keeps what was sent.
_NOT_ROWS = ("journal", "inbox", "outbox", "seals", "anchors")
SHELVES = tuple(name for name in UnitOfWork.__annotations__ if name not in _NOT_ROWS)


def everything(uow: UnitOfWork) -> dict[str, set[str]]:
    """Every row of every shelf in words, and the books."""
    rows = {shelf: set(map(_told, getattr(uow, shelf).walk())) for shelf in SHELVES}
    return rows | {"journal": {repr(item) for item in sorted(uow.journal.totals("").items())}}


def _told(thing: Any) -> str:
    # Telegram's handle of a picture is learned by showing it, and is nobody's.
    known = {one.name for one in fields(thing)} if is_dataclass(thing) else set()
    return repr(replace(thing, **{name: "" for name in ("file_id",) if name in known}))


# What anybody may do: leave their own name, choose, put into the cart, begin a draft that is never placed.
_OWN = (
    "people", "sellers", "dialogs", "carts", "orders", "quotes", "decisions", "challenges", "credentials", "own_limits",
    "audit",
)  # fmt: skip


def harm(before: dict[str, set[str]], after: dict[str, set[str]], attacker: int) -> Iterator[str]:
    """What differs between two looks and is not the attacker's own."""
    drafts = {row.split("'")[1] for row in after["orders"] if f"shopper={attacker}," in row and "DRAFT" in row}
    for shelf in before:
        for row in before[shelf] - after[shelf]:
            if not (shelf in _OWN and str(attacker) in row):
                yield f"{shelf}: changed or gone: {row}"
        for row in after[shelf] - before[shelf]:
            mine = any(name in row for name in {str(attacker)} | drafts)
            if not (shelf in _OWN and mine):
                yield f"{shelf}: new: {row}"


async def at_rest(town: OpenDemo) -> None:
    """Wait until every update is handled and every effect that is due is carried out."""

    async def still() -> bool:
        if (await town.get("/sandbox/state"))["pending_updates"]:
            return False
        shop = town.demo.shop
        due = await town.look(lambda uow: uow.outbox.is_due(shop.clock.now()))
        return not shop._intake._lanes.size and not due

    await town.until(still, "the shop is at rest")


async def heard(town: OpenDemo, person: Chatter) -> list[str]:
    """Everything the bot has sent to this person or put on their screen since their last act, buttons included."""
    await at_rest(town)
    told = []
    for call in await town.calls(person.mark):
        params = call["params"]
        if call["method"] == "answerCallbackQuery" or str(params.get("chat_id")) == str(person.who):
            told.append(" ".join(str(params.get(name) or "") for name in ("text", "caption", "media", "reply_markup")))
    return told
