"""What every verb is handed: the clock, the names, the policy, the rates, the methods on offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.clock import Clock
from core.ids import Ids, PersonId
from core.money import Asset
from core.payments.fx.desk import RateDesk
from core.payments.operations import Operation
from core.policy import Policy


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay as the shopper sees it. `payee` is the account holder whom the shopper's bank will show."""

    name: str  # also the channel's
    title: str
    currency: Asset
    payee: str
    account: str  # where the money goes: IBAN, Pix key
    reference: Callable[[str], str]  # order material (A-Z, 0-9) → the rail's own reference field
    # A charge → its payment code, where that is our own offer (raises core.qr.BadPayload); None: the channel is asked.
    issue: Callable[[Operation], str] | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """The collaborators of the verbs: handed in once by the wiring, never looked up."""

    name: str
    clock: Clock
    ids: Ids
    policy: Policy
    rates: RateDesk
    methods: dict[str, Method]
    admins: frozenset[PersonId]
    code_keys: tuple[bytes, ...]  # mark our payment codes and references: the first makes, all of them are believed
