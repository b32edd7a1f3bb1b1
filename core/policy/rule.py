"""Published rules on payments: what a law, a scheme or a provider says, with where it says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.money import Money

Conditions = tuple[tuple[str, tuple[str, ...]], ...]


class Metric(StrEnum):
    """What a line's number is compared with."""

    PAYMENT = "payment"
    LEAST = "least"  # one payment must be at least so much
    UNIT = "unit"  # the price of one piece
    SHIPMENT = "shipment"  # the goods of one order
    DAY = "day"  # … and this: by the clock of the rule's zone
    PERIOD = "period"  # the hours of a day or night, in the rule's zone
    YEAR = "year"  # the calendar's
    ROLLING = "rolling"  # so many days before now
    OPENING = "opening"  # since the first payment of all
    STRONG = "strong"  # since the last strong authentication: the sum
    COUNT = "count"  # … the number of payments
    STOCK = "stock"  # what is with the shop and not passed on
    ALWAYS = "always"  # no number: it is said of every payment


class Action(StrEnum):
    """What follows when the number is passed (for EXEMPT: when it is not)."""

    REFUSE = "refuse"
    STEP_UP = "step_up"
    EXEMPT = "exempt"  # frees its own rule's step-up
    NOTE = "note"  # a trigger for whom the rule binds, kept with the decision


class Op(StrEnum):
    """How the number is compared."""

    OVER = "over"
    FROM = "from"
    UPTO = "upto"


class Layer(StrEnum):
    """Whose a line is."""

    OWN = "own"  # the shopper's
    SHOP = "shop"
    LAW = "law"  # published: a law's, a scheme's, a provider's


class Whose(StrEnum):
    """Whose payments are summed up."""

    SHOPPER = "shopper"
    LINKED = "linked"  # the shopper's with one seller
    SELLER = "seller"
    CHANNEL = "channel"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a rule, and all that a decision needs of it."""

    id: str  # rule#name
    rule: str
    layer: Layer
    metric: Metric
    action: Action
    amount: Money | None = None
    count: int = 0
    op: Op = Op.OVER
    whose: Whose = Whose.SHOPPER
    counts: str = ""  # lines that sum up the same payments name the same; "" is the rule's own
    zone: str = "UTC"
    days: int = 0  # of ROLLING
    hours: tuple[int, ...] = ()  # of PERIOD: from, to
    factors: int = 0  # of STEP_UP: how many independent ones
    exempts: str = ""  # of EXEMPT: which exemption it is a condition of
    combine: str = ""  # "or": one of these is enough, beside all others of the exemption
    applies: Conditions = ()  # must be known to be so
    when: Conditions = ()  # what is not known counts as so, except for an exemption
    says: str = ""  # the source's own word for what follows
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule: where it stands, and its lines."""

    id: str
    jurisdiction: str
    authority: str
    title: str
    document: str
    binds: str
    kind: str  # limit, sca, aml, customs
    confidence: str
    effective_from: date
    effective_to: date | None
    sources: tuple[str, ...]
    retrieved: date
    lines: tuple[Line, ...]
    notes: dict[str, str]  # line id → what the source says more; "" → of the rule

    def is_in_force(self, day: date) -> bool:
        """Whether it binds on a day of its zone; both its days are included."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


KINDS = ("limit", "sca", "aml", "customs")
CONFIDENCE = ("primary_text_found", "secondary_source_found", "memory_only")
_FACTS = (
    "account area border certificate channel code device enrolled factors fraud funds mcc method night payee payer "
    "provider rating scheme seller seller_tier sca shopper suspicious tier trade visitor wallet"
)
FACTS = frozenset(_FACTS.split())
"""What a condition may ask of a payment: core.risk.knowing says where each is known from."""
