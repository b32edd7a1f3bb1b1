"""The shop's policy, read once from a TOML file: rates, escrow by seller tier, settlement, tiers, limits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from typing import Any

from core.money import Asset, Money, UnknownAsset, asset
from core.people import SellerTier, Tier
from core.policy.parts import (
    BadPolicy,
    Disputes,
    Fx,
    Holding,
    Instalments,
    Operations,
    Reconciliation,
    Risk,
    Settlement,
    money,
    number,
    read_part,
)
from core.policy.published import published_by_id
from core.policy.rails import RAIL_FACTS

__all__ = ["BadPolicy", "Escrow", "Limit", "Policy", "read_policy", "shipped_policy"]


@dataclass(frozen=True, slots=True)
class Escrow:
    """What a seller tier gets before receipt is confirmed, and how long the rest waits."""

    first_bp: int
    on_capture: bool  # else on shipment
    fee_bp: int
    reserve_bp: int = 0  # of each release, kept back for refunds to come
    reserve: timedelta = timedelta(days=90)  # … for so long
    ship: timedelta = timedelta(days=7)  # to ship a paid order in, else it is refunded
    confirm: timedelta = timedelta(days=21)  # after shipment the rest is released even without the buyer's word


@dataclass(frozen=True, slots=True)
class Limit:
    """An upper bound on payments. `subject` is a tier (shopper's or seller's), a channel or nothing, as `who` says."""

    id: str
    who: str  # "shopper" | "seller" | "channel" | "shop"
    subject: str
    window: str  # "payment" | "day" | "year"
    amount: Money


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a shopkeeper may decide about money."""

    version: str
    currency: Asset
    fx: Fx
    pay_within: dict[str, timedelta]  # by method
    grace: dict[str, timedelta]  # by method: between the deadline and the expiry, for the bank's word to come
    escrow: dict[SellerTier, Escrow]
    regular_after: int
    trusted_after: int
    limits: tuple[Limit, ...]
    holding: Holding
    operations: Operations
    settlement: Settlement
    disputes: Disputes
    instalments: Instalments
    reconciliation: Reconciliation
    risk: Risk
    reserves: dict[str, int] = field(default_factory=dict)  # currency → basis points of the shop's money; {}: no target

    # By published rule: whether it is checked before a payment ("check", for all that are not named), only noted with
    # the decision ("note"), or left out ("off").
    rules: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)  # by method: what core/policy/rails.toml cannot know

    # By method: what the credit of its batches to the bank account says, in its reference or of whose account it is.
    settlements: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def tier(self, received: int) -> Tier:
        """The tier of a shopper with so many confirmed receipts."""
        if received >= self.trusted_after:
            return Tier.TRUSTED
        return Tier.REGULAR if received >= self.regular_after else Tier.NEW

    def check_methods(self, offered: Iterable[str], known: Iterable[str]) -> None:
        """Raises BadPolicy when a method on offer has no part here, or a part (and so a limit) is of an unknown one."""
        if missing := sorted(set(offered) - set(self.pay_within)):
            raise BadPolicy(f"the part [methods.{missing[0]}] is missing, and the shop takes payments by {missing[0]}")
        if strangers := sorted(set(self.pay_within) - set(known)):
            raise BadPolicy(f"methods.{strangers[0]}: the methods are {', '.join(sorted(known))}")


def _table(raw: dict[str, Any], name: str, where: str = "") -> dict[str, Any]:
    table = raw.get(name)
    if not isinstance(table, dict):
        raise BadPolicy(f"the part [{where}{name}] is missing")
    return table


def _whole(table: dict[str, Any], key: str, where: str, least: int, most: int) -> int:
    return number(table.get(key), f"{where}.{key}", least, most)


# For a policy that does not say.
_GRACE = {"grace_minutes": 1}
_ESCROW = {"reserve_bp": 0, "reserve_days": 90, "ship_days": 7, "confirm_days": 21}


def _minutes(methods: dict[str, Any], name: str, key: str, least: int) -> timedelta:
    return timedelta(minutes=_whole(_table(methods, name, "methods."), key, f"methods.{name}", least, 10**5))


def _form(name: str, text: object) -> re.Pattern[str]:
    """A pattern that says something: one that fits an empty text would fit every payment."""
    try:
        form = re.compile(str(text), re.IGNORECASE)
    except re.error:
        form = re.compile("")
    if not isinstance(text, str) or form.search(""):
        raise BadPolicy(f"methods.{name}.settlement is a regular expression, such as 'PO-[0-9]+'")
    return form


def _escrow(row: dict[str, Any], where: str) -> Escrow:
    if row.get("on") not in ("capture", "shipment"):
        raise BadPolicy(f'{where}.on is "capture" or "shipment"')
    row = _ESCROW | row
    share = {key: _whole(row, key, where, 0, 10_000) for key in ("first_bp", "fee_bp", "reserve_bp")}
    days = {key: timedelta(days=_whole(row, f"{key}_days", where, 1, 365)) for key in ("reserve", "ship", "confirm")}
    return Escrow(
        first_bp=share["first_bp"],
        on_capture=row["on"] == "capture",
        fee_bp=share["fee_bp"],
        reserve_bp=share["reserve_bp"],
        reserve=days["reserve"],
        ship=days["ship"],
        confirm=days["confirm"],
    )


def _limit(row: dict[str, Any], of: Asset, methods: Iterable[str]) -> Limit:
    who, window, name = row.get("who"), row.get("window"), str(row.get("id", "?"))
    tier = str(row.get("tier", ""))
    subject = {"shopper": tier, "seller": tier, "channel": str(row.get("name", "")), "shop": ""}
    known = {"shopper": tuple(Tier), "seller": tuple(SellerTier), "channel": tuple(methods), "shop": ("",)}
    if who not in subject or window not in ("payment", "day", "year"):
        raise BadPolicy(
            f"limit {name}: who is shopper or seller (with tier), channel (with name) or shop; "
            "window is payment, day or year"
        )
    if subject[who] not in known[who]:
        raise BadPolicy(f"limit {name}: {'name' if who == 'channel' else 'tier'} is one of {', '.join(known[who])}")
    return Limit(name, who, subject[who], window, money(row.get("amount"), f"limit {name}: amount", of))


def _limits(rows: Any, of: Asset, methods: Iterable[str]) -> tuple[Limit, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadPolicy("each limit begins with [[limits]]")
    limits = tuple(_limit(row, of, methods) for row in rows)
    for kind, faces in (
        ("have the id", [(limit.id,) for limit in limits]),
        # Two limits of one kind would count every payment twice; the smaller one is the limit.
        ("bound the same", [(limit.who, limit.subject, limit.window) for limit in limits]),
    ):
        twice = next((limits[place].id for place, face in enumerate(faces) if face in faces[:place]), None)
        if twice is not None:
            raise BadPolicy(f"limit {twice}: two limits {kind}")
    return limits


def _reserves(raw: Any) -> dict[str, int]:
    if not isinstance(raw, dict):
        raise BadPolicy("the part [reserves] names currencies and basis points, such as EUR = 6000")
    shares = {code: number(share, f"reserves.{code}", 0, 10_000) for code, share in raw.items()}
    for code in shares:
        try:
            asset(code)
        except UnknownAsset:
            raise BadPolicy(f"reserves.{code}: no currency of that code is known") from None
    if sum(shares.values()) > 10_000:
        raise BadPolicy("reserves: the shares are more than 10000 basis points together")
    return shares


def _effects(raw: Any) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise BadPolicy('the part [rules] names published rules, such as "br.pix.night" = "note"')
    known = published_by_id()
    for name, effect in raw.items():
        if name not in known:
            raise BadPolicy(f"rules.{name}: there is no such rule; there are {', '.join(sorted(known))}")
        if effect not in ("check", "note", "off"):
            raise BadPolicy(f"rules.{name} is one of check, note, off")
    return dict(raw)


def _facts(methods: dict[str, Any]) -> dict[str, dict[str, str]]:
    facts: dict[str, dict[str, str]] = {}
    for name, row in methods.items():
        told = row.get("facts", {})
        if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
            raise BadPolicy(f'methods.{name}.facts is a table of words, such as {{ provider = "payermax" }}')
        if unknown := set(told) - RAIL_FACTS:
            raise BadPolicy(f"methods.{name}.facts.{min(unknown)}: the facts are {', '.join(sorted(RAIL_FACTS))}")
        if told:
            facts[name] = told
    return facts


def _policy(raw: dict[str, Any]) -> Policy:
    try:
        currency = asset(str(raw.get("currency", "")))
    except UnknownAsset:
        raise BadPolicy('currency is a code such as "EUR"') from None
    if not raw.get("version"):
        raise BadPolicy("version is missing: a name for this policy, kept with each price")
    fx, tiers, methods, escrow = (_table(raw, name) for name in ("fx", "tiers", "methods", "escrow"))
    if unknown := set(escrow) - set(SellerTier):
        raise BadPolicy(f"escrow.{min(unknown)}: the seller tiers are {', '.join(SellerTier)}")
    if missing := set(SellerTier) - set(escrow):
        raise BadPolicy(f"escrow lacks the seller tiers {', '.join(sorted(missing))}")
    regular = _whole(tiers, "regular", "tiers", 0, 10**6)
    return Policy(
        version=str(raw["version"]),
        currency=currency,
        fx=read_part(Fx, fx, "fx", currency),
        pay_within={name: _minutes(methods, name, "pay_within_minutes", 1) for name in methods},
        grace={name: _minutes({name: _GRACE | methods[name]}, name, "grace_minutes", 0) for name in methods},
        escrow={SellerTier(tier): _escrow(_table(escrow, tier, "escrow."), f"escrow.{tier}") for tier in escrow},
        regular_after=regular,
        trusted_after=_whole(tiers, "trusted", "tiers", regular, 10**6),
        limits=_limits(raw.get("limits", []), currency, methods),
        holding=read_part(Holding, raw.get("holding", {}), "holding", currency),
        operations=read_part(Operations, raw.get("operations", {}), "operations", currency),
        settlement=read_part(Settlement, raw.get("settlement", {}), "settlement", currency),
        disputes=read_part(Disputes, raw.get("disputes", {}), "disputes", currency),
        instalments=read_part(Instalments, raw.get("instalments", {}), "instalments", currency),
        reserves=_reserves(raw.get("reserves", {})),
        settlements={name: _form(name, row["settlement"]) for name, row in methods.items() if "settlement" in row},
        reconciliation=read_part(Reconciliation, raw.get("reconciliation", {}), "reconciliation", currency),
        rules=_effects(raw.get("rules", {})),
        facts=_facts(methods),
        risk=read_part(Risk, raw.get("risk", {}), "risk", currency),
    )


def read_policy(text: str) -> Policy:
    """The policy in a TOML text. Raises BadPolicy naming the faulty entry."""
    try:
        return _policy(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise BadPolicy(f"not TOML: {fault}") from None


def shipped_policy() -> Policy:
    """The policy that comes with Sampan."""
    return read_policy(files("core").joinpath("policy.toml").read_text("utf-8"))
