"""Quotes: a promise of a rate, bound to one order, one method, one amount, one deadline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from core.ids import OrderId, QuoteId
from core.money import Asset, Money
from core.payments.operations import IllegalMove


class QuoteState(StrEnum):
    """OFFERED on the review page, LOCKED by the confirmation, USED by the capture."""

    OFFERED = "offered"
    LOCKED = "locked"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


_S = QuoteState
_MOVES: dict[QuoteState, frozenset[QuoteState]] = {
    _S.OFFERED: frozenset({_S.LOCKED, _S.EXPIRED, _S.WITHDRAWN}),
    _S.LOCKED: frozenset({_S.USED, _S.EXPIRED, _S.WITHDRAWN}),
    _S.USED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class QuotedRate:
    """One unit of `base` is `client` units of `quote` for the person who pays the spread, `mid` without it."""

    base: Asset
    quote: Asset
    mid: Fraction
    client: Fraction
    on: date  # the older of the fixings behind it
    source: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What a buyer pays (`pay`) and the seller is owed (`owed`) for one order by one method.

    Bound to the cart, the payee, the amount and the method; single use; good until `expires_at`. `markup` is what the
    spread and the lock yield, in the seller's currency; pay at mid = owed + markup, to the minor unit.
    """

    id: QuoteId
    order: OrderId
    method: str
    pay: Money
    owed: Money
    markup: Money
    rates: tuple[QuotedRate, ...]
    spread_bp: int
    lock_price: Money  # what of `pay` is for holding the rate; zero where no rate of the shop's is held
    policy: str  # version of the policy that priced it
    issued_at: datetime
    expires_at: datetime
    state: QuoteState
    cart: str = ""  # digest of the lines it is for
    payee: str = ""  # who the buyer was told would be paid, and where
    mid: Fraction = Fraction(1)  # one unit of `pay`'s currency in `owed`'s, when it was made
    used_at: datetime | None = None  # when the payment that used it was made, by the payer's bank
    version: int = 0

    @property
    def is_exchange(self) -> bool:
        """Whether the shop takes in one currency and owes another: what opens a position."""
        return self.pay.asset != self.owed.asset

    @property
    def counter(self) -> Money:
        """What `pay` was worth at mid: the other side of the position that the capture opens."""
        return self.owed + self.markup

    def move(self, to: QuoteState) -> Quote:
        """The quote in its next state. Raises IllegalMove: a second use is a defect the verbs must refuse first."""
        if to not in _MOVES[self.state]:
            raise IllegalMove(f"quote {self.state} -> {to}")
        return replace(self, state=to)
