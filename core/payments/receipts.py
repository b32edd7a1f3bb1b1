"""Receipts: money that came in, where it lies, and why a part of it waits for its owner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.ids import OrderId, PersonId
from core.ledger import accounts
from core.money import Money, zero


class ReceiptState(StrEnum):
    """Whether something of a sum that came in waits for its owner."""

    HELD = "held"  # `held` of it does
    SETTLED = "settled"  # all of it has paid orders, or is on its way back, or went back


class Misfit(StrEnum):
    """Why a sum, or a part of it, was held at first. Money that paid its order later keeps the word."""

    NONE = ""
    LATE = "late"
    SHORT = "short"
    OVER = "over"
    DOUBLE = "double"
    WRONG_CURRENCY = "wrong_currency"
    UNKNOWN_REFERENCE = "unknown_reference"
    OUT_OF_STOCK = "out_of_stock"  # late, and the goods are gone
    SETTLEMENT = "settlement"  # no payment at all: a channel's batch, known as such by its report only


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came in, as the channel's own message told it. One per natural key of that message.

    At any time: amount = held + what its Applications say + its Refunds that belong to no order. (Of what was found to
    be no payment nothing is held, applied or sent back.)
    """

    id: str  # short name, for people to type
    channel: str
    fact: str  # the channel's own id of the payment (endToEndId, AcctSvcrRef): unique with the channel
    reference: str
    amount: Money
    received_at: datetime
    state: ReceiptState
    misfit: Misfit
    account: str  # the ledger account that `held` lies in: see `place`
    held: Money
    order: OrderId | None = None  # the one that its reference named, or an admin
    payer: PersonId | None = None
    part_of: OrderId | None = None  # the order that `held` shall pay a part of
    decide_by: datetime | None = None  # until then its owner may choose; then the policy's default is carried out
    debtor_account: str = field(default="", metadata={"personal": True})
    debtor_name: str = field(default="", metadata={"personal": True})
    version: int = 0

    def keeping(self, held: Money) -> Receipt:
        """The receipt when so much of it still waits for its owner; nothing: it is settled."""
        if held:
            return replace(self, held=held, state=ReceiptState.HELD)
        return replace(self, held=zero(held.asset), state=ReceiptState.SETTLED, part_of=None, decide_by=None)


def place(payer: PersonId | None, channel: str) -> str:
    """Where held money lies: owed to its owner, or with its channel's until somebody knows whose it is.

    One place for all misfits of an owner, so that messages in any order end in the same books.
    """
    return accounts.refund_payable(payer) if payer is not None else accounts.unapplied(channel)
