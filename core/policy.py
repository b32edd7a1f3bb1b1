"""The shop's policy, read once from a TOML file: spread, escrow by seller tier, tiers, limits."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any

from core.money import Asset, Money, asset, parse_amount
from core.people import SellerTier, Tier


class BadPolicy(ValueError):
    """The policy file is wrong; the message says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class Escrow:
    """What a seller tier gets before receipt is confirmed."""

    first_bp: int
    on_capture: bool  # else on shipment
    fee_bp: int


@dataclass(frozen=True, slots=True)
class Limit:
    """An upper bound on payments. `subject` is a tier, a channel or nothing, as `who` says."""

    id: str
    who: str  # "shopper" | "channel" | "shop"
    subject: str
    window: str  # "payment" | "day"
    amount: Money


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a shopkeeper may decide about money."""

    version: str
    currency: Asset
    rates_max_age: int  # business days
    spread_bp: int
    pay_within: dict[str, timedelta]  # by method
    escrow: dict[SellerTier, Escrow]
    regular_after: int
    trusted_after: int
    limits: tuple[Limit, ...]

    def tier(self, received: int) -> Tier:
        """The tier of a shopper with so many confirmed receipts."""
        if received >= self.trusted_after:
            return Tier.TRUSTED
        return Tier.REGULAR if received >= self.regular_after else Tier.NEW


def _bp(table: dict[str, Any], key: str, where: str) -> int:
    value = table.get(key)
    if type(value) is not int or not 0 <= value <= 10_000:
        raise BadPolicy(f"{where}.{key} must be a whole number of basis points from 0 to 10000")
    return value


def _limit(row: dict[str, Any], of: Asset) -> Limit:
    who, window, name = row.get("who"), row.get("window"), row.get("id", "?")
    subject = {"shopper": row.get("tier", ""), "channel": row.get("name", ""), "shop": ""}
    if who not in subject or window not in ("payment", "day") or (who != "shop" and not subject[who]):
        raise BadPolicy(f"limit {name}: who is shopper (with tier), channel (with name) or shop; window payment or day")
    if who == "shopper" and subject[who] not in set(Tier):
        raise BadPolicy(f"limit {name}: tier is one of {', '.join(Tier)}")
    return Limit(str(name), who, subject[who], window, parse_amount(str(row.get("amount", "")), of))


def read_policy(text: str) -> Policy:
    """The policy in a TOML text. Raises BadPolicy naming the faulty entry."""
    try:
        raw = tomllib.loads(text)
        currency = asset(str(raw["currency"]))
        escrow = {
            SellerTier(tier): Escrow(
                _bp(row, "first_bp", f"escrow.{tier}"), row["on"] == "capture", _bp(row, "fee_bp", f"escrow.{tier}")
            )
            for tier, row in raw["escrow"].items()
        }
        if missing := set(SellerTier) - set(escrow):
            raise BadPolicy(f"escrow lacks the seller tiers {', '.join(sorted(missing))}")
        if wrong := [tier for tier, row in raw["escrow"].items() if row["on"] not in ("capture", "shipment")]:
            raise BadPolicy(f"escrow.{wrong[0]}.on is capture or shipment")
        limits = tuple(_limit(row, currency) for row in raw.get("limits", ()))
        if len({limit.id for limit in limits}) != len(limits):
            raise BadPolicy("two limits have the same id")
        return Policy(
            version=str(raw["version"]),
            currency=currency,
            rates_max_age=int(raw["fx"]["max_age"]),
            spread_bp=_bp(raw["fx"], "spread_bp", "fx"),
            pay_within={
                name: timedelta(minutes=int(row["pay_within_minutes"])) for name, row in raw["methods"].items()
            },
            escrow=escrow,
            regular_after=int(raw["tiers"]["regular"]),
            trusted_after=int(raw["tiers"]["trusted"]),
            limits=limits,
        )
    except BadPolicy:
        raise
    except KeyError as fault:
        raise BadPolicy(f"the entry {fault.args[0]} is missing") from None
    except Exception as fault:
        raise BadPolicy(f"{type(fault).__name__}: {fault}") from None


def shipped_policy() -> Policy:
    """The policy that comes with Sampan."""
    return read_policy(files("core").joinpath("policy.toml").read_text("utf-8"))
