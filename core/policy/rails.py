"""Rails: what is known of a way to pay by its name, so that the rules that bind its providers find it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

RAIL_FACTS = frozenset(
    [
        *("account", "certificate", "channel", "code", "fraud", "funds", "mcc", "night", "payee", "payer"),
        *("provider", "rating", "scheme", "suspicious", "trade", "wallet"),
    ]
)
"""The facts that a rail, or a shop of its provider, can say."""


@cache
def _rails() -> dict[str, dict[str, str]]:
    text = files("core").joinpath("policy", "rails.toml").read_text("utf-8")
    return {name: dict(facts) for name, facts in tomllib.loads(text).items()}


def facts_of(method: str) -> dict[str, str]:
    """What is known of every payment by a method. A method that is not listed has the facts of every payment only."""
    return {**_rails()["every"], **_rails().get(method, {})}
