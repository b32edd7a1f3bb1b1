"""The parts of a case about a payment that has paid several orders: one for each, with that order's share of the sum.

A channel knows one case, by one name. The first part has that name, and what is beyond all orders; it stands for the
whole case towards the channel: its fee, its bank lines. The others have the name with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from core.ids import OrderId
from core.money import Money, zero
from core.payments.disputes.dispute import Dispute
from core.payments.receipts import Receipt
from core.ports import UnitOfWork

_MARK = " · "
_LONGEST = 58
_EVER = 10_000


def named(case: str, number: int = 1) -> str:
    """What a part of a channel's case is called here."""
    return case[:64] if number == 1 else f"{case[:_LONGEST]}{_MARK}{number}"


def is_first(dispute: Dispute) -> bool:
    """Whether it stands for the whole case."""
    return _MARK not in dispute.case


def others(uow: UnitOfWork, dispute: Dispute) -> list[Dispute]:
    """The other parts of the case that this is the first part of."""
    return list(_others(uow, dispute)) if is_first(dispute) and not dispute.is_complaint else []


def _others(uow: UnitOfWork, dispute: Dispute) -> Iterator[Dispute]:
    for number in count(2):
        found = uow.disputes.find(source=dispute.source, case=named(dispute.case, number), limit=1)
        if not found:
            return
        yield found[0]


def whole(uow: UnitOfWork, dispute: Dispute) -> Money:
    """What the channel asks for: all parts together."""
    return sum((one.amount for one in others(uow, dispute)), dispute.amount)


def shares(uow: UnitOfWork, receipt: Receipt, amount: Money) -> list[tuple[OrderId | None, Money]]:
    """How a case of so much is shared by the orders that a payment has paid: the largest first, each at most its own.

    What is beyond them (held money, a sum larger than the payment) is the first one's. [(None, amount)] for no order.
    """
    applied = sorted(uow.applications.find(receipt=receipt.id, limit=_EVER), key=lambda one: -one.amount.minor)
    if not applied:
        return [(None, amount)]
    first, *rest = applied
    left, taken = max(zero(amount.asset), amount - receipt.held - first.amount), []  # what is held goes first
    for one in rest:
        share = min(one.amount, left)
        left -= share
        if share:
            taken.append((one.order, share))
    beyond = sum((share for _, share in taken), zero(amount.asset))
    return [(first.order, amount - beyond), *taken]
