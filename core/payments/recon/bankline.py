"""Bank lines: what a statement or a settlement report says of one movement, and whether our books agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import PersonId
from core.money import Money


class LineKind(StrEnum):
    """What a line is about, in the reporter's words brought to ours."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    RETURN = "return"  # a payout or refund that came back
    FEE = "fee"
    CHARGEBACK = "chargeback"  # a payment that was taken back: a recall, a reversal, a card's chargeback
    SETTLEMENT = "settlement"  # a channel's batch that arrived on the bank account
    BALANCE = "balance"  # no movement: what a statement says that the account holds at its end
    OTHER = "other"


class LineState(StrEnum):
    """OPEN lines are the exceptions that somebody has to look at."""

    MATCHED = "matched"
    OPEN = "open"
    CLOSED = "closed"  # an admin has explained it


class Why(StrEnum):
    """Why a line is an exception."""

    NONE = ""
    MISSING = "missing"  # it should be there, and no document has it
    SEVERAL = "several"  # more than one payment of ours fits it
    DIFFERS = "differs"  # another amount than the payment of that very id
    TWICE = "twice"  # what it is about was settled by another line already
    UNKNOWN = "unknown"  # nothing of ours is known that it could be about
    RETURNED = "returned"  # it came back, and nobody has taken that up
    CLAWBACK = "clawback"  # a payment was taken back, and nobody has taken that up
    EARLY = "early"  # a batch arrived, and no report has told of it yet
    BATCH = "batch"  # a batch arrived that is not the sum of its lines
    BALANCE = "balance"  # a statement's entries do not explain its balances
    GAP = "gap"  # a statement begins with a balance that none we know has ended with


MOVES_NOTHING = (Why.BALANCE, Why.GAP)
"""Exceptions that are about a document, not about money of ours."""


@dataclass(frozen=True, slots=True)
class BankLine:
    """One line of a settlement report or bank statement, or (`document` = "") one that should be there and is not."""

    id: str
    channel: str
    document: str  # the report it stood in
    fact: str  # the channel's own id of the movement: unique with channel and kind
    kind: LineKind
    gross: Money  # as the payer or payee sees it; negative when it left
    fee: Money  # what the channel kept of it
    booked_at: datetime
    state: LineState
    opened_at: datetime
    entry: str = ""  # the journal entry that moved its money from clearing to the bank
    about: str = ""  # the receipt, operation or batch that it settles
    batch: str = ""  # the channel's payment to the bank account that it is part of
    reference: str = ""
    why: Why = Why.NONE
    owner: PersonId | None = None  # the admin who looks into it
    note: str = ""
    debtor_account: str = field(default="", metadata={"personal": True})
    debtor_name: str = field(default="", metadata={"personal": True})
    version: int = 0
