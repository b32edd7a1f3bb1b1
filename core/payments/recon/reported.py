"""Reports as their readers found them: lines, statements, and what became of each line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.money import Money, zero
from core.payments.receiving import Fact
from core.payments.recon.bankline import LineKind
from core.payments.recon.batches import Credit


@dataclass(frozen=True, slots=True)
class Reported:
    """One line as a report's reader found it. `gross` is negative when money left; `fee` is what was kept of it."""

    channel: str
    kind: LineKind
    fact: str  # the channel's own id of the movement
    gross: Money
    at: datetime
    fee: Money | None = None
    reference: str = ""  # what the payer was asked to write
    name: str = ""  # our own name of an operation: EndToEndId, id of a devolução
    of: str = ""  # the channel's id of the payment that a refund or chargeback is of
    evidence: str = ""  # what proves it to an operation; `fact` when empty
    batch: str = ""
    reason: str = ""  # of a return or chargeback: the bank's code
    firm: bool = True  # the id is the same in every message of this channel; else it may be another in the next one
    debtor_account: str = ""
    debtor_name: str = ""

    def __repr__(self) -> str:
        return f"Reported({self.channel}, {self.kind}, {self.gross})"

    @property
    def payment(self) -> Fact:
        """The fact that a line of a payment tells, as every other messenger tells it."""
        return Fact(
            channel=self.channel,
            id=self.fact,
            reference=self.reference,
            amount=self.gross,
            at=self.at,
            debtor_account=self.debtor_account,
            debtor_name=self.debtor_name,
        )

    @property
    def credit(self) -> Credit:
        """What of a line may tell that it is a batch."""
        words = " ".join(filter(None, (self.reference, self.name, self.debtor_name)))
        sure = self.kind is LineKind.SETTLEMENT
        return Credit(self.channel, self.fact, self.reference, words, self.gross, sure=sure)

    @property
    def kept(self) -> Money:
        """The fee, or zero."""
        return self.fee or zero(self.gross.asset)

    @property
    def proof(self) -> str:
        """What an operation keeps as its evidence."""
        return (self.evidence or self.fact)[:64]


@dataclass(frozen=True, slots=True)
class Statement:
    """A report as it was read. `final`: its lines settle; else they only tell of money, as a notification does."""

    channel: str
    document: str
    lines: tuple[Reported, ...]
    final: bool = True
    gap: Money | None = None  # closing balance − opening balance − entries, when not zero
    ends: tuple[Money, Money] | None = None  # the balances that it opens and closes with


class Taken(StrEnum):
    """What became of a line."""

    MATCHED = "matched"
    OPEN = "open"
    KNOWN = "known"  # told before: nothing changed
    ALTERED = "altered"  # known, with other content: an alarm, and nothing changed
