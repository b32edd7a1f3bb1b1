"""Bank lines: what a statement or a settlement report says of one movement, and whether our books agree."""

from __future__ import annotations

from dataclasses import dataclass
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
    CHARGEBACK = "chargeback"
    SETTLEMENT = "settlement"  # a channel's batch that arrived on the bank account
    OTHER = "other"


class LineState(StrEnum):
    """OPEN lines are the exceptions that somebody has to look at."""

    MATCHED = "matched"
    OPEN = "open"
    CLOSED = "closed"  # an admin has explained it


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
    entry: str = ""  # the journal entry that it cleared
    owner: PersonId | None = None  # the admin who looks into it
    note: str = ""
    version: int = 0
