"""The proof of disputes: no more is lost than was taken (invariant 5), and frozen money stays (invariant 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from core.ledger import accounts
from core.ledger.finding import Finding
from core.payments.disputes.dispute import UNDECIDED, Dispute, DisputeState
from core.payments.disputes.monitoring import left_while_watched
from core.payments.pockets import captured
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from core.shop.orders import Order

_EVER = 10_000
_GOING = (RefundState.FUNDED, RefundState.DONE, RefundState.FAILED)
LEAVES = ("release", "refund", "plan reduced", "made good")
"""Kinds of entries by which money leaves a sale, or is added to it."""
_S = DisputeState


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Findings of invariants 5 (of disputes) and 17."""
    receivable: Counter[str] = Counter()
    holds = {name for (name, _), minor in uow.journal.totals("hold:").items() if minor}
    for case in uow.disputes.walk():
        if case.taken and case.state in (_S.OPEN, _S.EVIDENCE):
            receivable[case.amount.asset.code] += case.amount.minor
        holds.discard(accounts.hold(case.id)) if case.is_open else None
        yield from _case(uow, case)
    booked = {code: minor for (_, code), minor in uow.journal.totals(accounts.DISPUTE_RECEIVABLE).items()}
    for code in sorted(booked.keys() | receivable.keys()):
        if booked.get(code, 0) != receivable[code]:
            what = f"{booked.get(code, 0)} minor units of {code} are booked, the open cases say {receivable[code]}"
            yield Finding(5, accounts.DISPUTE_RECEIVABLE, what)
    for name in sorted(holds):
        yield Finding(17, name, "money is held for a case that is not open")
    for order in uow.orders.walk():
        yield from _order(uow, order)


def _case(uow: UnitOfWork, case: Dispute) -> Iterator[Finding]:
    excess = case.amount - case.covered - case.held
    if excess.minor < 0 or case.covered.minor < 0 or case.held.minor < 0:
        yield Finding(5, case.id, "the case covers more than it asks for")
    if case.state is _S.LOST and not case.is_complaint:
        lost = sum(
            leg.amount.minor
            for one in uow.journal.entries_of(accounts.CHARGEBACK_LOSS, case.opened_at)
            if one.key.startswith(f"dispute:{case.id}:")
            for leg in one.legs
            if leg.account == accounts.CHARGEBACK_LOSS
        )
        if lost != excess.minor:
            yield Finding(5, case.id, f"the shop lost {lost} minor units, {excess.minor} were beyond the payment")


def _order(uow: UnitOfWork, order: Order) -> Iterator[Finding]:
    cases = uow.disputes.find(order=order.id, limit=_EVER)
    if cases:
        gone = sum(one.amount.minor for one in uow.refunds.find(order=order.id, state=_GOING, limit=_EVER))
        gone += sum(case.covered.minor for case in cases)
        paid = captured(uow, order).minor
        if gone > paid:
            yield Finding(5, order.id, f"{gone} minor units were refunded or disputed of {paid}")
    open_ = [case for case in cases if case.state in UNDECIDED]
    if open_ and not order.frozen:
        yield Finding(17, order.id, "a case is open, and the order is not frozen")
    if not open_ and order.frozen.startswith("dispute:"):
        yield Finding(17, order.id, "it is frozen by a case that is over")
    for key in left_while_watched(uow, order, LEAVES):
        yield Finding(17, key, f"money of order {order.id} was moved while an admin had it frozen")
    for case in open_:
        for key in _left(uow, order, case):
            yield Finding(17, key, f"money of order {order.id} was moved while case {case.id} was open")


def _left(uow: UnitOfWork, order: Order, case: Dispute) -> Iterator[str]:
    """The entries by which money left the order while the case froze it: since its last turn, or since its warning.

    Not between a turn's loss and its reopening: the sale went on with what was left.
    """
    frozen = case.state is _S.WARNED
    for record in uow.journal.history(order.id):
        if record.key.startswith(f"dispute:{case.id}:{case.turn}:"):
            frozen = record.kind != "dispute lost"
        if frozen and record.kind in LEAVES and record.at > case.opened_at:
            yield record.key
