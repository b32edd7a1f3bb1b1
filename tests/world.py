"""A whole shop in memory: people do things by core's verbs, and the books are judged after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from core.ids import OperationId, OrderId, PersonId, ProductId
from core.money import Money, asset, parse_price
from core.payments.driver import Driver
from core.payments.operations import Operation, OperationKind, Receipt, ReceiptState
from core.payments.receiving import Fact, take_in
from core.people import SellerTier
from core.policy import Policy
from core.ports import UnitOfWork
from core.shop.browse import OrderView, order_view
from core.shop.checkout import draft_cart, draft_one, place, review
from core.shop.context import Method
from core.shop.notices import OPERATION
from core.shop.orders import Order, OrderState
from core.shop.receiving import confirm_receipt
from core.shop.selling import add_product, ship
from core.shop.visitors import give_address
from storage.memory import MemoryStore
from tests.builders import (
    ADA,
    LIN,
    MAYA,
    PAYER_IBAN,
    PIX,
    ROSA,
    SEPA,
    STRANGER,
    WEI,
    HandClock,
    Rail,
    a_person,
    a_seller,
    a_shop,
)

R = TypeVar("R")

_LIVE = (OrderState.PLACED, OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED)
_ENDLESS = 10_000


class World:
    """Maya, Lin and a stranger shop; Wei (CNY) and Rosa (EUR) sell; Ada is the admin. It is noon."""

    def __init__(
        self,
        *,
        rules: Policy | None = None,
        tier: SellerTier = SellerTier.STANDARD,
        methods: Iterable[Method] = (PIX, SEPA),
    ) -> None:
        self.clock = HandClock()
        self.shop = a_shop(rules=rules, clock=self.clock, methods=methods)
        self.store = MemoryStore()
        self.rails = {"pix": Rail("pix"), "sepa": Rail("sepa")}
        self.driver = Driver(self.store, self.shop, self.rails)
        self.told: list[tuple[PersonId, str, str]] = []  # who, what, about which thing
        self._facts = 0
        self._stock: Counter[ProductId] = Counter()
        for who in (MAYA, LIN, STRANGER, WEI, ROSA, ADA):
            self.store.write_now(lambda uow, who=who: uow.people.add(a_person(who, f"P{who}")))
        for who, currency in ((WEI, "CNY"), (ROSA, "EUR")):
            seller = a_seller(who, currency, tier)
            self.store.write_now(lambda uow, seller=seller: uow.sellers.add(seller))
        for who in (MAYA, LIN):
            self.do(give_address, who, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")

    # What people do

    def do(self, verb: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Carry out a verb in a transaction of its own, then judge the books."""
        result = self.store.write_now(verb, self.shop, *args, **kwargs)
        self.judge()
        return result

    def look(self, view: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        return self.store.read_now(view, *args, **kwargs)

    def sells(self, who: PersonId, price: str, stock: int = 5, title: str = "Tea") -> ProductId:
        told = {"title": title, "description": "", "price": parse_price(price), "stock": stock, "picture": "p"}
        product = self.store.write_now(add_product, self.shop, who, **told)
        self._stock[product.id] = stock
        self.judge()
        return product.id

    def draft(self, product: ProductId, who: PersonId = MAYA, *, by: str = "sepa", quantity: int = 1) -> OrderView:
        view = self.do(draft_one, who, product)
        return self.do(review, who, view.order.id, method=by, quantity=quantity)

    def draft_of_cart(self, who: PersonId, seller: str, *, by: str = "sepa") -> OrderView:
        return self.do(review, who, self.do(draft_cart, who, seller).order.id, method=by)

    def confirm(self, view: OrderView) -> Order:
        assert view.order.quote
        return self.do(place, view.order.shopper, view.order.id, view.order.quote)

    def orders(self, product: ProductId, who: PersonId = MAYA, *, by: str = "sepa", quantity: int = 1) -> Order:
        """From the card to the payment code in the shopper's hands."""
        order = self.confirm(self.draft(product, who, by=by, quantity=quantity))
        self.run_errands()
        return order

    def fact(self, order: Order, *, id: str = "", amount: str = "", at: datetime | None = None) -> Fact:
        """What the bank tells when the code of an order is paid, by default as asked and now."""
        charge = self.charge(order.id)
        self._facts += 1
        return Fact(
            channel=charge.channel,
            id=id or f"E{self._facts}",
            reference=charge.reference,
            amount=parse_price(amount) if amount else charge.amount,
            at=at or self.clock.now(),
            debtor_account=PAYER_IBAN,
            debtor_name="Maya Rossi",
        )

    def pays(self, order: Order, **how: Any) -> Receipt:
        return self.do(take_in, self.fact(order, **how))

    def ships(self, order: Order, who: PersonId) -> Order:
        return self.do(ship, who, order.id, "RR 123456785 CN")

    def receives(self, order: Order) -> OrderView:
        return self.do(confirm_receipt, order.shopper, order.id)

    def run_errands(self) -> None:
        """The worker's part: operations go to their channels, notices to people, until nothing is left to do."""
        until = self.clock.now() + timedelta(minutes=1)
        while effects := self.store.write_now(lambda uow: uow.outbox.lease(self.clock.now(), until)):
            for effect in effects:
                if effect.topic == OPERATION:
                    asyncio.run(self.driver.carry(OperationId(effect.data["operation"])))
                else:
                    self.told.append((PersonId(int(effect.data["to"])), effect.data["kind"], effect.data["about"]))
                key, now = effect.key, self.clock.now()
                self.store.write_now(lambda uow, key=key, now=now: uow.outbox.done([key], now))
            self.judge()

    def carry(self, operation: str) -> None:
        """The driver tries an operation once more."""
        asyncio.run(self.driver.carry(OperationId(operation)))
        self.judge()

    # What is true

    def order(self, order_id: OrderId) -> Order:
        found: Order = self.look(lambda uow: uow.orders.need(order_id))
        return found

    def view(self, order_id: OrderId, reader: PersonId = MAYA) -> OrderView:
        return self.look(order_view, order_id, reader)

    def charge(self, order_id: OrderId) -> Operation:
        found: list[Operation] = self.look(lambda uow: uow.operations.find(order=order_id, kind=OperationKind.CHARGE))
        return found[0]

    def operation(self, operation_id: str) -> Operation:
        found: Operation = self.look(lambda uow: uow.operations.need(operation_id))
        return found

    def receipt(self, receipt_id: str) -> Receipt:
        found: Receipt = self.look(lambda uow: uow.receipts.need(receipt_id))
        return found

    def stock(self, product: ProductId) -> int:
        left: int = self.look(lambda uow: uow.products.need(product).stock)
        return left

    def news(self, who: PersonId) -> list[str]:
        """What a person was told since the last time, in order."""
        self.run_errands()
        mine = [kind for to, kind, _ in self.told if to == who]
        self.told = [one for one in self.told if one[0] != who]
        return mine

    def books(self) -> dict[str, str]:
        """Account → balances that are not zero, by currency; what the shop has is positive, what it owes negative."""
        return self.look(_books)

    def judge(self) -> None:
        """What must hold after every step, whatever the step was."""
        self.store.read_now(_judge_books)
        self.store.read_now(_judge_limits)
        self.store.read_now(self._judge_stock)
        unit = self.store.unit
        assert unit.journal.fold() == unit.journal.totals(""), "balances are the fold of the legs"

    def _judge_stock(self, uow: UnitOfWork) -> None:
        taken: Counter[ProductId] = Counter()
        for order in uow.orders.find(limit=_ENDLESS):
            was_shipped = order.state is OrderState.REFUNDED and order.tracking
            if order.state in _LIVE or was_shipped:
                taken.update({line.product: line.quantity for line in order.lines})
        for product in uow.products.find(limit=_ENDLESS):
            assert product.stock == self._stock[product.id] - taken[product.id] >= 0, "no piece is lost or sold twice"


def _books(uow: UnitOfWork) -> dict[str, str]:
    books: dict[str, str] = {}
    for (account, code), minor in sorted(uow.journal.totals("").items()):
        if minor:
            books[account] = ", ".join(filter(None, [books.get(account), str(Money(minor, asset(code)))]))
    return books


def _judge_books(uow: UnitOfWork) -> None:
    totals = uow.journal.totals("")
    per_currency: Counter[str] = Counter()
    for (account, code), minor in totals.items():
        per_currency[code] += minor
        owed = account.startswith(("escrow:", "avail:", "refund_payable:", "unapplied:", "rev:"))
        assert not owed or minor <= 0, f"{account} owes a negative sum"
    assert not any(per_currency.values()), "the books balance in every currency"

    receipts = uow.receipts.find(limit=_ENDLESS)
    _judge_held(totals, receipts)
    _judge_sales(uow, totals, receipts)


def _judge_held(totals: dict[tuple[str, str], int], receipts: list[Receipt]) -> None:
    """Every sum that waits for its owner lies where its receipt says; what came in and stayed is in clearing."""
    waiting, inside = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for receipt in receipts:
        code = receipt.amount.asset.code
        if receipt.state is not ReceiptState.REFUNDED:
            inside[f"clearing:{receipt.channel}", code] += receipt.amount.minor
            if not receipt.account.startswith("escrow:"):
                waiting[receipt.account, code] += receipt.amount.minor
    held = {place: -minor for place, minor in totals.items() if place[0].startswith(("refund_payable:", "unapplied:"))}
    assert +Counter(held) == +waiting
    assert +Counter({place: minor for place, minor in totals.items() if place[0].startswith("clearing:")}) == +inside


def _judge_sales(uow: UnitOfWork, totals: dict[tuple[str, str], int], receipts: list[Receipt]) -> None:
    """Per order: paid in = escrow + released + fees + markup; fx:position is the exposure of the sales that stand."""
    exposure: Counter[tuple[str, str]] = Counter()
    for receipt in (one for one in receipts if one.state is ReceiptState.APPLIED):
        assert receipt.order
        order = uow.orders.need(receipt.order)
        assert order.quote
        quote = uow.quotes.need(order.quote)
        pockets = Counter[str]()
        for leg in uow.journal.legs_of(order.id):
            if leg.account.startswith(("escrow:", "avail:", "rev:", "pnl:")):
                pockets[leg.amount.asset.code] -= leg.amount.minor
        assert receipt.amount == quote.pay
        assert pockets == {quote.owed.asset.code: (quote.owed + quote.markup).minor}
        if quote.pay.asset != quote.owed.asset:
            exposure["fx:position", quote.pay.asset.code] -= quote.pay.minor
            exposure["fx:position", quote.owed.asset.code] += (quote.owed + quote.markup).minor
    assert {place: minor for place, minor in totals.items() if place[0] == "fx:position" and minor} == {
        place: minor for place, minor in exposure.items() if minor
    }
    applied = [receipt.order for receipt in receipts if receipt.state is ReceiptState.APPLIED]
    assert len(applied) == len(set(applied)), "at most one payment is applied to an order"


def _judge_limits(uow: UnitOfWork) -> None:
    held: Counter[str] = Counter()
    for hold in uow.holds.find(released=False, limit=_ENDLESS):
        held[hold.counter] += hold.amount.minor
    counters: dict[str, int] = {}
    for name in {hold.counter for hold in uow.holds.find(limit=_ENDLESS)}:
        counters[name] = uow.counters.need(name).used
    assert +Counter(counters) == +held, "a limit is used by the holds on it and nothing else"
