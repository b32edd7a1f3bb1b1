"""The proof of payments and sales: every unit that came in is somewhere, none goes back twice (invariants 4, 5, 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from core.ledger import accounts
from core.ledger.finding import Finding
from core.ledger.journal import Leg
from core.money import Money
from core.payments.ahead import with_orders, with_receipts
from core.payments.disputes.dispute import DisputeState
from core.payments.pockets import captured, left, quote_of
from core.payments.receipts import Misfit, Receipt
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from core.shop.orders import Order, OrderState

_ENDLESS = 10_000
_SOLD = (OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED, OrderState.REFUNDED)
_UNDECIDED = (DisputeState.OPEN, DisputeState.EVIDENCE)
_WAITS = (RefundState.FUNDED, RefundState.FAILED)
_SELLERS = ("escrow", "avail", "reserve", "seller_debt", "hold")


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariants 4, 5 and 6 of every payment and every sale, on one snapshot."""
    waiting: Counter[tuple[str, str]] = Counter()
    for unit, receipt in with_receipts(uow, uow.receipts.walk()):
        yield from _receipt(unit, receipt)
        waiting[receipt.account, receipt.held.asset.code] += receipt.held.minor
    for refund in uow.refunds.walk():
        if refund.state in _WAITS:
            waiting[refund.account, refund.amount.asset.code] += refund.amount.minor
    yield from _held(uow, waiting)
    for unit, order in with_orders(uow, uow.orders.walk()):
        if order.state in _SOLD:
            yield from _sale(unit, order)
        elif uow.journal.posted(f"capture:{order.id}"):
            yield Finding(6, order.id, f"it was captured, and its state is {order.state}")


def _receipt(uow: UnitOfWork, receipt: Receipt) -> Iterator[Finding]:
    """A payment is held, applied or on its way back, to the unit."""
    applied = uow.applications.find(receipt=receipt.id, limit=_ENDLESS)
    refunds = uow.refunds.find(receipt=receipt.id, limit=_ENDLESS)
    used = sum(one.amount.minor for one in applied)
    back = sum(one.amount.minor for one in refunds if one.order is None)
    back += sum(case.held.minor for case in uow.disputes.find(receipt=receipt.id, limit=_ENDLESS))
    came = 0 if receipt.misfit is Misfit.SETTLEMENT else receipt.amount.minor
    if came != receipt.held.minor + used + back:
        what = f"of {came} minor units {receipt.held.minor} are held, {used} applied, {back} sent back"
        yield Finding(4, receipt.id, what)
    for one in applied:
        gone = sum(refund.amount.minor for refund in refunds if refund.order == one.order)
        if gone > one.amount.minor:
            yield Finding(5, one.id, f"{gone} minor units went back of {one.amount.minor} applied")


def _held(uow: UnitOfWork, waiting: Counter[tuple[str, str]]) -> Iterator[Finding]:
    """What the books owe to payers is what receipts hold and refunds have yet to bring."""
    booked = {**uow.journal.totals("refund_payable:"), **uow.journal.totals("unapplied:")}
    for account, code in sorted({*waiting, *booked}):
        there, wanted = -booked.get((account, code), 0), waiting[account, code]
        if there != wanted:
            what = f"the books owe {there} minor units of {code}, payments and refunds say {wanted}"
            yield Finding(4, account, what)


def _sale(uow: UnitOfWork, order: Order) -> Iterator[Finding]:
    """What was captured is once, within what was asked, and lies where what stays of it should."""
    quote, paid = quote_of(uow, order), captured(uow, order)
    if not uow.journal.posted(f"capture:{order.id}") or not paid:
        yield Finding(6, order.id, "it counts as paid, and no capture of it is booked")
        return
    if paid > quote.pay:
        yield Finding(5, order.id, f"{paid} was captured, {quote.pay} was asked for")
    back = sum(one.amount.minor for one in uow.refunds.find(order=order.id, limit=_ENDLESS))
    if back > paid.minor:
        yield Finding(5, order.id, f"{back} minor units go back of {paid}")
    legs = uow.journal.legs_of(order.id)
    stays = _stays(uow, order)
    seller = _net(legs, quote.owed.asset.code)
    if quote.pay.asset == quote.owed.asset:  # what was held for the payer lies in the same hold
        seller -= sum(case.held.minor for case in uow.disputes.find(order=order.id, state=_UNDECIDED, limit=_ENDLESS))
    wanted = round(Fraction(quote.owed.minor * stays.minor, paid.minor))
    if seller != wanted:
        what = f"{seller} minor units of {quote.owed.asset} lie in the sale’s pockets; what stays of it is {wanted}"
        yield Finding(4, order.id, what)


def _stays(uow: UnitOfWork, order: Order) -> Money:
    """What is captured and not refunded or lost; what is disputed lies in hold, and is still the sale's."""
    stays = left(uow, order)
    for case in uow.disputes.find(order=order.id, state=_UNDECIDED, limit=_ENDLESS):
        stays += case.covered
    return min(stays, captured(uow, order))


def _net(legs: list[Leg], code: str) -> int:
    net = 0
    for leg in legs:
        kind = accounts.kind_of(leg.account).name
        if leg.amount.asset.code == code and (kind in _SELLERS or leg.account == accounts.FEES):
            net -= leg.amount.minor
    return net
