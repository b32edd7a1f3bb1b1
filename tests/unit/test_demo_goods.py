"""The demo's shelf: something for every occasion that its visitors should meet."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from bot.pictures.demo import DEMO_PICTURES
from core.money import parse_price
from core.policy import shipped_policy

GOODS = tomllib.loads(files("bot").joinpath("demo.toml").read_text("utf-8"))["goods"]


def test_something_costs_enough_that_its_payment_is_confirmed_and_not_more_than_a_newcomer_may_pay() -> None:
    policy = shipped_policy()
    most = min(
        one.amount for one in policy.limits if (one.who, one.subject, one.window) == ("shopper", "new", "payment")
    )
    prices = [parse_price(one["price"]) for one in GOODS]
    assert [one for one in prices if one.asset == policy.currency and policy.risk.step_up <= one <= most]


@pytest.mark.parametrize("goods", GOODS, ids=lambda goods: goods["drawing"])
def test_everything_has_a_picture_of_its_own(goods: dict[str, str]) -> None:
    assert goods["drawing"] in DEMO_PICTURES
    assert [one["drawing"] for one in GOODS].count(goods["drawing"]) == 1
