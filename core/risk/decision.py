"""Decisions on payments: what was known of each, what was decided, and why; kept so that it can be decided again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import OrderId, PersonId
from core.money import Money

TRIGGERS = frozenset(
    [
        *("cdd", "report", "report_if_suspicious", "verify_remitter", "verify_self_hosted_wallet_ownership"),
        *("send_originator_beneficiary", "originator_beneficiary_info", "buyer_due_diligence"),
    ]
)
"""What rules have providers do with some payments; the shop's admins are told, as the provider may ask them."""


class Verdict(StrEnum):
    """What a payment may do. STEP_UP: go on once the shopper has proved that it is they."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was known of a payment when it was judged. An empty text is not known, and never makes a payment safer."""

    order: OrderId
    shopper: PersonId
    seller: str
    method: str
    pay: Money  # in the buyer's currency
    at: datetime
    known: dict[str, str] = field(default_factory=dict)  # core.policy.rule.FACTS → words
    sums: dict[str, int] = field(default_factory=dict)  # "payment|EUR", "unit|INR", … → minor units, by the day's rate
    own: dict[str, Money] = field(default_factory=dict)  # the shopper's own limits: "payment", "day"


@dataclass(frozen=True, slots=True)
class Decision:
    """One judgement of one payment, with everything that it followed from."""

    id: str
    order: OrderId
    person: PersonId
    verdict: Verdict
    because: str  # the rule's line that decided; "" for none
    factors: int  # how many independent ones were asked for
    facts: Facts
    book: str  # the rules in force: id of a core.risk.rulebook.Rulebook
    at: datetime
    seen: dict[str, int] = field(default_factory=dict)  # windows → how much of each was used before it
    notes: tuple[str, ...] = ()  # what else the rules say of such a payment: triggers for whom they bind
    version: int = 0

    @property
    def triggers(self) -> tuple[tuple[str, str], ...]:
        """(rule, what it has somebody do) of the rules against money laundering that the payment set off."""
        told = (note.partition(":") for note in self.notes)
        return tuple((line.partition("#")[0], says) for line, _, says in told if says in TRIGGERS)
