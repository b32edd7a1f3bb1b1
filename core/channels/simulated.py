"""The simulated channel's own side: its manners, the messages it sends, and its books, which know nothing of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.money import Money


@dataclass(frozen=True, slots=True)
class Manners:
    """How often it misbehaves: each a probability from 0 to 1 of one thing going wrong once."""

    timeout: float = 0  # it carries a command out, and its answer is lost
    lost: float = 0  # a command is lost on its way to it
    garbled: float = 0  # it answers a query with nothing that proves anything
    slow: float = 0  # it takes a command now and carries it out later
    refused: float = 0  # it refuses a charge
    late_success: float = 0  # … and takes the money hours later all the same
    partial: float = 0  # it captures less than it was asked for
    refused_refund: float = 0
    refused_payout: float = 0
    returned_payout: float = 0  # the payee's bank sends it back days later
    twice: float = 0  # a message is sent twice
    shuffled: float = 0  # a message is overtaken by later ones
    unsaid: float = 0  # a message is never sent
    early: float = 0  # the message comes before the answer does
    blind: float = 0  # it denies for a while what it has done
    reorg: float = 0  # a chain takes a payment back, days later
    clawback: float = 0  # the payer's bank takes a payment back, weeks later, with a fee
    larger: float = 0  # … and more than was paid
    fee_change: float = 0  # from one settlement on its fee is another
    lost_line: float = 0  # a settlement report lacks a line that its sum contains


GOOD = Manners()


@dataclass(frozen=True, slots=True)
class Message:
    """What the channel says by itself. `id` is its natural key: the same message again has the same."""

    id: str
    at: datetime  # when what it tells of happened


@dataclass(frozen=True, slots=True)
class Paid(Message):
    """Money came in."""

    fact: str  # the payment's id
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Refused(Message):
    """A charge that was taken for later will not be."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refunded(Message):
    """A refund has ended. `reason` is empty when it was done."""

    reference: str
    fact: str
    amount: Money
    evidence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PaidOut(Message):
    """A payout has ended, or came back. `reason` is empty when it was done."""

    reference: str
    amount: Money
    evidence: str
    reason: str = ""
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Disputed(Message):
    """A payment was taken back: `opened`, and later `won` (by the shop) or `lost`.

    A reorganised chain is one that is lost as it is opened. The payment itself stays a fact: what takes it back is
    another one.
    """

    case: str
    fact: str
    amount: Money  # taken from the shop
    fee: Money
    reason: str  # "clawback", "reorg"
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a settlement report; `gross` is negative for what left."""

    kind: str  # payment, refund, clawback, clawback_won, fee
    fact: str
    reference: str  # of the charge or refund
    gross: Money
    fee: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled(Message):
    """A settlement report, and what arrives on the shop's bank account with it."""

    document: str
    lines: tuple[Line, ...]
    net: Money


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the channel's own ledger. `amount` is what the shop's balance with it grew by."""

    kind: str
    of: str  # the payment, payout or case
    party: str  # the order that a buyer paid for, or the account that was paid
    amount: Money
    fee: Money
    at: datetime
    reference: str = ""


@dataclass(slots=True)
class Payment:
    """What the channel knows of one payment."""

    id: str
    party: str
    reference: str
    amount: Money
    at: datetime
    refunded: int = 0  # minor units
    taken_back: bool = False


@dataclass(slots=True)
class Books:
    """The channel's ledger: only ever added to. Sums are whole minor units by asset code."""

    movements: list[Movement] = field(default_factory=list)
    settled: int = 0  # how many movements are in a settlement

    def charged(self) -> dict[tuple[str, str], int]:
        """(order, asset) → what its buyer is net charged: captured, less refunded, less taken back."""
        return self._by_party("payment", "refund", "clawback", "clawback_won")

    def captures(self) -> dict[str, int]:
        """Order → how many payments were captured for it."""
        return dict(Counter(one.party for one in self.movements if one.kind == "payment"))

    def paid_out(self) -> dict[tuple[str, str], int]:
        """(account, asset) → what it net got: paid out, less what came back."""
        return {place: -minor for place, minor in self._by_party("payout", "payout_returned").items()}

    def fees(self) -> dict[str, int]:
        """What the channel kept for itself."""
        return self._sums(lambda one: one.fee.minor)

    def owes(self) -> dict[str, int]:
        """What the shop has with the channel and was not yet sent; negative where the shop owes it."""
        sums: Counter[str] = Counter()
        for one in self.movements[self.settled :]:
            if one.kind not in _BANK:
                sums[one.amount.asset.code] += one.amount.minor - one.fee.minor
        return {code: minor for code, minor in sums.items() if minor}

    def bank(self) -> dict[str, int]:
        """What the shop's account got by settlements, less payouts."""
        sums: Counter[str] = Counter()
        for place, one in enumerate(self.movements):
            if one.kind in _BANK or place < self.settled:
                sums[one.amount.asset.code] += one.amount.minor - one.fee.minor
        return {code: minor for code, minor in sums.items() if minor}

    def _by_party(self, *kinds: str) -> dict[tuple[str, str], int]:
        sums: Counter[tuple[str, str]] = Counter()
        for one in self.movements:
            if one.kind in kinds:
                sums[one.party, one.amount.asset.code] += one.amount.minor
        return {place: minor for place, minor in sums.items() if minor}

    def _sums(self, of: Callable[[Movement], int]) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for one in self.movements:
            sums[one.amount.asset.code] += of(one)
        return {code: minor for code, minor in sums.items() if minor}


_BANK = ("payout", "payout_returned")  # they leave the shop's account at the bank, not its balance with the channel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
