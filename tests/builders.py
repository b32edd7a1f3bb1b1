"""Builders for the tests: a shop with a hand-set clock, fixed rates and seeded names. They say only what matters."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import partial

from core.channels import pix, sepa
from core.ids import Ids, OperationId, OrderId, PersonId, SellerId
from core.money import Money, asset, parse_price
from core.payments.fx.desk import Fixing, RateDesk
from core.payments.operations import Operation, OperationKind, OperationState
from core.people import Person, Seller, SellerTier
from core.policy import Policy, shipped_policy
from core.ports import ActionNeeded, Answer, Outcome, Rejected, Succeeded, Unknown
from core.qr.reference import creditor_reference, pix_txid
from core.shop.context import Method, Shop

EUR, CNY, USD, BRL, JPY = (asset(code) for code in ("EUR", "CNY", "USD", "BRL", "JPY"))

MAYA, LIN, STRANGER = PersonId(1), PersonId(2), PersonId(3)  # shoppers
WEI, ROSA = PersonId(11), PersonId(12)  # sellers: in China, settled in CNY; in Italy, settled in EUR
ADA = PersonId(99)  # the admin

NOON = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)  # a Friday
TODAY = NOON.date()
FIXINGS = {"CNY": "7.9", "USD": "1.25", "BRL": "6.25", "JPY": "160"}
SHOP_IBAN = "DE02120300000000202051"
PAYER_IBAN = "IT60X0542811101000000123456"


class HandClock:
    """A clock that stands until somebody moves it."""

    def __init__(self, at: datetime = NOON) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def let_pass(self, **span: float) -> None:
        """`let_pass(minutes=5)`"""
        self._at += timedelta(**span)


def eur(text: str) -> Money:
    return parse_price(f"{text} EUR")


def money(text: str) -> Money:
    """ "7.50 EUR", and for ledger legs "-7.50 EUR"."""
    return -parse_price(text[1:]) if text.startswith("-") else parse_price(text)


def fixings(on: date = TODAY, source: str = "ECB", **rates: str) -> list[Fixing]:
    return [Fixing(code, Fraction(rate), on, source) for code, rate in (rates or FIXINGS).items()]


def rate_desk(max_age: int | None = 3) -> RateDesk:
    desk = RateDesk(max_age)
    desk.learn(fixings())
    return desk


PIX = Method("pix", "PIX", BRL, "SAMPAN LTDA", "pix@sampan.example", pix_txid, partial(pix.payment_code, city="Recife"))
SEPA = Method("sepa", "SEPA", EUR, "Sampan GmbH", SHOP_IBAN, creditor_reference, partial(sepa.payment_code, bic=""))
ASKED = replace(SEPA, issue=None)  # as a rail that has to be asked for its codes


def policy(**changes: object) -> Policy:
    """The shipped policy, but that nobody has to prove who they are: people here have enrolled nothing."""
    shipped = shipped_policy()
    unasked = replace(shipped.risk, step_up=Money(10**12, shipped.currency))
    return replace(shipped, **{"risk": unasked, **changes})  # type: ignore[arg-type]


def a_shop(
    *, rules: Policy | None = None, methods: Iterable[Method] = (PIX, SEPA), clock: HandClock | None = None
) -> Shop:
    return Shop(
        name="Sampan",
        clock=clock or HandClock(),
        ids=Ids(random.Random(7)),
        policy=rules or policy(),
        rates=rate_desk(),
        methods={method.name: method for method in methods},
        admins=frozenset({ADA}),
        code_keys=(b"a key of the tests",),
    )


def a_person(who: PersonId, name: str = "Maya", **more: object) -> Person:
    return replace(Person(who, name, name.lower(), "en", NOON), **more)  # type: ignore[arg-type]


def a_seller(who: PersonId, currency: str, tier: SellerTier = SellerTier.STANDARD) -> Seller:
    country = {"CNY": "CN", "EUR": "IT"}.get(currency, "US")
    return Seller(SellerId(f"S{who}"), who, f"Seller {who}", country, asset(currency), tier, NOON)


def an_operation(state: OperationState = OperationState.RESERVED, **more: object) -> Operation:
    """A refund of 10 EUR, reserved."""
    refund = Operation(
        id=OperationId("0P"),
        kind=OperationKind.REFUND,
        channel="sepa",
        order=OrderId("0R"),
        amount=eur("10.00"),
        reference="0P",
        body={"amount": "10.00", "currency": "EUR", "fact": "E1", "reference": "0P"},
        state=state,
        created_at=NOON,
        receipt="R1",
        target=f"{PAYER_IBAN}\nMaya Rossi",
    )
    return replace(refund, **more)  # type: ignore[arg-type]


class Rail:
    """A channel that shows a code for every charge and answers refunds as it was told to."""

    idempotent = True
    key_life: timedelta | None = None
    visibility = timedelta(minutes=5)

    def __init__(self, name: str, answers: Iterable[Outcome] = ()) -> None:
        self.name = name
        self.answers = list(answers)
        self.known: list[Answer] = []  # what it says when it is asked; then that it cannot be
        self.sent: list[Operation] = []
        self.asked: list[Operation] = []

    async def charge(self, operation: Operation) -> Outcome:
        self.sent.append(operation)
        return self.answers.pop(0) if self.answers else ActionNeeded(f"code {operation.reference}")

    async def refund(self, operation: Operation) -> Outcome:
        self.sent.append(operation)
        return self.answers.pop(0) if self.answers else Succeeded(f"proof {operation.id}")

    async def payout(self, operation: Operation) -> Outcome:
        return await self.refund(operation)

    async def void(self, operation: Operation) -> Outcome:
        self.sent.append(operation)
        return self.answers.pop(0) if self.answers else Rejected("void")

    async def query(self, operation: Operation) -> Answer:
        self.asked.append(operation)
        return self.known.pop(0) if self.known else Unknown("cannot be asked")
