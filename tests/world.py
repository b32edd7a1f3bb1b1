"""A whole shop in memory: people do things by core's verbs, and the books are judged after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, TypeVar

from core.ids import OperationId, OrderId, PersonId, ProductId
from core.ledger import accounts
from core.ledger.check import check
from core.money import Money, asset, parse_price
from core.payments.disputes.dispute import DisputeState
from core.payments.driver import Driver
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Receipt, ReceiptState
from core.payments.receiving import Fact, take_in
from core.payments.refund import Refund, RefundState
from core.payments.refunds import refund_order, refund_receipt
from core.payments.settlement.payout import PayoutState
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

    def refunds(self, order: Order, amount: str = "") -> Operation:
        """The admin sends an order's payment back, or `amount` of it; the last command of it."""
        refunds = self.do(refund_order, ADA, order.id, parse_price(amount) if amount else None)
        assert refunds[-1].operation
        return self.operation(refunds[-1].operation)

    def sends_back(self, who: PersonId, receipt: str) -> Operation:
        """Somebody asks for held money back."""
        refund = self.do(refund_receipt, who, receipt)
        assert refund.operation
        return self.operation(refund.operation)

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

    def refund_of(self, receipt_id: str) -> Refund:
        """The newest refund of a payment."""
        found: list[Refund] = self.look(lambda uow: uow.refunds.find(receipt=receipt_id, limit=1))
        return found[0]

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
        self.prove()

    def prove(self) -> None:
        """What `sampan ledger check` finds in the books: nothing."""
        found = self.look(check, self.clock.now()).findings
        assert found == (), found

    def _judge_stock(self, uow: UnitOfWork) -> None:
        taken: Counter[ProductId] = Counter()
        lost = {
            case.order for case in uow.disputes.find(limit=_ENDLESS) if case.before
        }  # and nobody has seen the goods
        for order in uow.orders.find(limit=_ENDLESS):
            was_shipped = order.state is OrderState.REFUNDED and (order.shipped_at or order.id in lost)
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
        side = accounts.kind_of(account).side
        assert side is not accounts.Side.CREDIT or minor <= 0, f"{account} owes a negative sum"
        assert side is not accounts.Side.DEBIT or minor >= 0, f"{account} has less than nothing"
    assert not any(per_currency.values()), "the books balance in every currency"

    receipts = uow.receipts.find(limit=_ENDLESS)
    _judge_held(uow, totals, receipts)
    _judge_sales(uow, totals)


def _judge_held(uow: UnitOfWork, totals: dict[tuple[str, str], int], receipts: list[Receipt]) -> None:
    """Every unit that came in is held for its owner, has paid an order, or goes back; each lies where it should."""
    waiting, inside = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for receipt in receipts:
        code = receipt.amount.asset.code
        paid = sum(one.amount.minor for one in uow.applications.find(receipt=receipt.id, limit=_ENDLESS))
        back = sum(one.amount.minor for one in uow.refunds.find(receipt=receipt.id, order=None, limit=_ENDLESS))
        back += sum(case.held.minor for case in uow.disputes.find(receipt=receipt.id, limit=_ENDLESS))
        assert receipt.amount.minor == receipt.held.minor + paid + back, "a payment is held, applied or on its way back"
        assert (receipt.state is ReceiptState.HELD) == bool(receipt.held) and receipt.held.minor >= 0
        inside[accounts.clearing(receipt.channel), code] += receipt.amount.minor
        waiting[receipt.account, code] += receipt.held.minor
    for refund in uow.refunds.find(limit=_ENDLESS):
        if refund.state is not RefundState.DONE:
            waiting[refund.account, refund.amount.asset.code] += refund.amount.minor
    for sent in uow.operations.find(kind=OperationKind.REFUND, state=OperationState.SUCCEEDED, limit=_ENDLESS):
        if not uow.journal.posted(f"returned:{sent.id}"):
            inside[accounts.clearing(sent.channel), sent.amount.asset.code] -= sent.amount.minor
    for payout in uow.payouts.find(state=PayoutState.PAID, limit=_ENDLESS):
        inside[accounts.clearing(payout.channel), payout.sent.asset.code] -= payout.sent.minor
    for case in uow.disputes.find(limit=_ENDLESS):
        if not case.is_complaint:
            gone = case.fee.minor + case.taken * case.amount.minor
            inside[accounts.clearing(case.source), case.amount.asset.code] -= gone
    held = {place: -minor for place, minor in totals.items() if place[0].startswith(("refund_payable:", "unapplied:"))}
    assert +Counter(held) == +waiting
    assert {place: minor for place, minor in totals.items() if place[0].startswith("clearing:") and minor} == {
        place: minor for place, minor in inside.items() if minor
    }


def _judge_sales(uow: UnitOfWork, totals: dict[tuple[str, str], int]) -> None:
    """Per order: paid in = escrow + released + fees + markup + refunded; fx:position is the exposure of what stands."""
    exposure: Counter[tuple[str, str]] = Counter()
    for order in uow.orders.find(limit=_ENDLESS):
        applied = uow.applications.find(order=order.id, limit=_ENDLESS)
        assert bool(applied) == uow.journal.posted(f"capture:{order.id}") == (order.paid_at is not None)
        if not applied:
            continue
        assert order.quote
        quote = uow.quotes.need(order.quote)
        paid, short = sum(one.amount.minor for one in applied), 0
        plan = uow.plans.get(order.id)
        if plan is not None:  # the whole price is captured: what is not paid of it is owed, or was taken off
            assert paid + plan.left.minor == plan.owed.minor <= quote.pay.minor
            paid = quote.pay.minor
        for one in applied:
            back = uow.refunds.find(order=order.id, receipt=one.receipt, limit=_ENDLESS)
            assert sum(refund.amount.minor for refund in back) <= one.amount.minor, "no more goes back than came"
        left = paid - sum(one.amount.minor for one in uow.refunds.find(order=order.id, limit=_ENDLESS))
        left -= quote.pay.minor - plan.owed.minor if plan is not None else 0
        cases = uow.disputes.find(order=order.id, limit=_ENDLESS)
        left -= sum(case.covered.minor for case in cases if case.state is DisputeState.LOST)
        seller, shops = 0, 0
        seller -= sum(case.held.minor for case in cases if case.is_open and quote.pay.asset == quote.owed.asset)
        for leg in uow.journal.legs_of(order.id):
            name, minor = leg.account.partition(":")[0], -leg.amount.minor
            if name == "hold" and leg.amount.asset != quote.owed.asset:
                continue  # money that was held for the payer
            if name in ("escrow", "avail", "reserve", "seller_debt", "hold") or leg.account == accounts.FEES:
                assert leg.amount.asset == quote.owed.asset
                seller += minor
            elif name in ("rev", "pnl") and leg.amount.asset == quote.owed.asset:
                shops += minor
            elif name == "pnl":
                short -= minor
        assert paid <= quote.pay.minor and quote.pay.minor - paid <= 100
        assert seller == round(Fraction(quote.owed.minor * left, paid)), "the seller has their part of what stays"
        if quote.pay.asset == quote.owed.asset:
            assert seller + shops == left
            continue
        assert shops == round(Fraction(quote.markup.minor * left, paid))
        exposure["fx:position", quote.pay.asset.code] -= left + short
        exposure["fx:position", quote.owed.asset.code] += seller + shops
    assert {place: minor for place, minor in totals.items() if place[0] == "fx:position" and minor} == {
        place: minor for place, minor in exposure.items() if minor
    }


def _judge_limits(uow: UnitOfWork) -> None:
    """What is used of a purse is what is held of it, but for windows that are over."""
    held: Counter[tuple[str, str]] = Counter()
    for hold in uow.holds.find(released=False, limit=_ENDLESS):
        for entry, amount in hold.taken.items():
            held[hold.purse, entry] += amount
    used = {(purse.id, entry): n for purse in uow.purses.find(limit=_ENDLESS) for entry, n in purse.used.items()}
    assert used == {place: held[place] for place in used}, "a limit is used by the holds on it and nothing else"
    assert all("@" in entry or ">" in entry or "=" in entry for _, entry in set(+held) - set(used))
