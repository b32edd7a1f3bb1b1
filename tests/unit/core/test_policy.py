"""The policy file: read once, and every fault in it is named so that a shopkeeper can mend it."""

import re
from datetime import timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.people import SellerTier, Tier
from core.policy import BadPolicy, read_policy, shipped_policy

SHIPPED = files("core").joinpath("policy.toml").read_text("utf-8")


def changed(pattern: str, by: str) -> str:
    text, count = re.subn(pattern, by, SHIPPED, count=1, flags=re.MULTILINE)
    assert count == 1, f"the shipped policy has no {pattern}"
    return text


def test_the_shipped_policy_reads() -> None:
    policy = shipped_policy()
    assert policy.currency.code == "EUR"
    assert policy.pay_within["pix"] == timedelta(minutes=15)
    assert policy.grace == {"pix": timedelta(minutes=1), "sepa": timedelta(minutes=2)}
    assert set(policy.escrow) == set(SellerTier)
    assert {limit.who for limit in policy.limits} == {"shopper", "channel", "shop"}


def test_a_policy_that_names_no_grace_has_a_minute_of_it() -> None:
    assert read_policy(changed(r"^grace_minutes = 2$", "")).grace["sepa"] == timedelta(minutes=1)


@pytest.mark.parametrize(("receipts", "tier"), [
    (0, Tier.NEW), (1, Tier.REGULAR), (4, Tier.REGULAR), (5, Tier.TRUSTED), (500, Tier.TRUSTED),
])  # fmt: skip
def test_tiers_rise_by_receipts(receipts: int, tier: Tier) -> None:
    assert shipped_policy().tier(receipts) is tier


@pytest.mark.parametrize(("pattern", "by", "named"), [
    (r"^version = .*$", "", "version"),
    (r"^version = .*$", "version = ", "TOML|Invalid|line"),
    (r'^currency = "EUR"$', 'currency = "EURO"', "currency"),
    (r"^currency = .*$", "", "currency"),
    (r"^spread_bp = 100", "spread_bp = -1", "fx.spread_bp"),
    (r"^spread_bp = 100", "spread_bp = 10000", "fx.spread_bp"),
    (r"^spread_bp = 100", "spread_bp = 1.5", "fx.spread_bp"),
    (r"^spread_bp = 100", "spread_bp = true", "fx.spread_bp"),
    (r"^spread_bp = 100", "spread = 100", "fx.spread: the entries here are"),
    (r"^gap_bp = 200", "gap_bp = 0", "fx.gap_bp"),
    (r'^exposure = "50000.00"', 'exposure = "much"', "fx.exposure"),
    (r'^exposure = "50000.00"', 'exposure = ["much"]', "fx.exposure"),
    (r"^reserve_bp = 500", "reserve_bp = 10001", "escrow.standard.reserve_bp"),
    (r"^ship_days = 7", "ship_days = 0", "escrow.new.ship_days"),
    (r"^confirm_days = 14", 'confirm_days = "14"', "escrow.standard.confirm_days"),
    (r'^schedule = "weekly"', 'schedule = "often"', "settlement.schedule is one of"),
    (r"^decide_days = 7", "decide_days = 0", "holding.decide_days"),
    (r'^default = "refund"', 'default = 1', "holding.default"),
    (r"^park_hours = 48", "park_hours = 0.5", "operations.park_hours"),
    (r"^counts = .*$", "counts = []", "instalments.counts"),
    (r"^counts = .*$", "counts = 3", "instalments.counts"),
    (r"^counts = .*$", "counts = [1]", "instalments.counts"),
    (r"^\[disputes\]$", "disputes = 3\n[other]", "disputes"),
    (r"^max_age = ", "max_age = -", "fx.max_age"),
    (r"^\[methods.pix\]$", "[methods.pix]\n[other]", "methods.pix.pay_within_minutes"),
    (r"^pay_within_minutes = 15", "pay_within_minutes = 0", "methods.pix.pay_within_minutes"),
    (r"^pay_within_minutes = 15", 'pay_within_minutes = "soon"', "methods.pix.pay_within_minutes"),
    (r"^grace_minutes = 1", "grace_minutes = -1", "methods.pix.grace_minutes"),
    (r"^grace_minutes = 1", "grace_minutes = 1.5", "methods.pix.grace_minutes"),
    (r"^\[escrow.new\]$", "[escrow.novice]", "novice"),
    (r"^first_bp = 3000", "first_bp = 10001", "escrow.standard.first_bp"),
    (r"^fee_bp = 300", "", "escrow.standard.fee_bp"),
    (r'^on = "capture"', 'on = "tuesday"', "escrow.trusted.on"),
    (r'^on = "capture"', "", "escrow.trusted.on"),
    (r"^regular = 1", "regular = -1", "tiers.regular"),
    (r"^trusted = 5", 'trusted = "5"', "tiers.trusted"),
    (r"^trusted = 5", "trusted = 0", "tiers.trusted"),
    (r'^id = "shopper.new.day"', 'id = "shopper.new.payment"', "shopper.new.payment"),
    (r'^window = "day"', 'window = "week"', "shopper.new.day"),
    (r'^tier = "new"', 'tier = "newest"', "shopper.new.payment"),
    (r'^tier = "new"', "", "shopper.new.payment"),
    (r'^name = "pix"', 'name = "pixx"', "channel.pix.payment"),
    (r'^who = "shop"$', 'who = "street"', "shop.day"),
    (r'^amount = "500.00"', 'amount = "-500"', "shopper.new.payment"),
    (r'^amount = "500.00"', 'amount = "500.001"', "shopper.new.payment"),
    (r'^amount = "500.00"', "", "shopper.new.payment"),
    (r'^tier = "regular"', 'tier = "new"', "shopper.regular.payment"),
])  # fmt: skip
def test_a_fault_is_named(pattern: str, by: str, named: str) -> None:
    with pytest.raises(BadPolicy, match=named):
        read_policy(changed(pattern, by))


def test_a_missing_part_is_named() -> None:
    for part in ("fx", "tiers", "methods", "escrow"):
        with pytest.raises(BadPolicy, match=part):
            read_policy(re.sub(rf"\[{part}[.\w]*\](\n[^\[]*)", "", SHIPPED))
    with pytest.raises(BadPolicy, match="escrow lacks the seller tiers trusted"):
        read_policy(re.sub(r"\[escrow.trusted\](\n[^\[]*)", "", SHIPPED))


def test_parts_may_be_left_out_and_then_say_what_is_shipped() -> None:
    shipped = shipped_policy()
    for part in ("settlement", "holding", "operations", "disputes", "instalments"):
        assert read_policy(re.sub(rf"\[{part}\]\n(?:\w.+\n)+", "", SHIPPED)) == shipped
    assert shipped.holding.decide == timedelta(days=7)
    assert str(shipped.instalments.most) == "EUR 1500.00"


def test_limits_may_be_left_out_and_amounts_written_as_numbers() -> None:
    assert read_policy(SHIPPED[: SHIPPED.index("[[limits]]")]).limits == ()
    assert read_policy(changed(r'^amount = "500.00"', "amount = 500")) == shipped_policy()


@given(st.text())
def test_any_text_is_a_policy_or_a_named_fault(text: str) -> None:
    with pytest.raises(BadPolicy):
        read_policy(text)


@given(st.data())
def test_a_policy_with_any_line_broken_is_a_policy_or_a_named_fault(data: st.DataObject) -> None:
    lines = SHIPPED.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(
        st.sampled_from(["", "x = 1", "id = 7", "[methods]", "[[escrow]]", "fx = []", "amount = {}"])
    )
    try:
        read_policy("\n".join(lines))
    except BadPolicy as fault:
        assert str(fault)


def test_each_method_on_offer_has_a_part_and_each_part_is_of_a_known_method() -> None:
    policy = shipped_policy()
    policy.check_methods(["pix"], ["pix", "sepa"])
    with pytest.raises(BadPolicy, match=r"\[methods.sepa\] is missing"):
        read_policy(
            re.sub(r"\[methods.sepa\]\n(?:.+\n)+|\[\[limits\]\]\nid = .channel.sepa[^[]*", "", SHIPPED)
        ).check_methods(["sepa"], ["pix", "sepa"])
    with pytest.raises(BadPolicy, match=r"methods.sepa: the methods are pix"):
        policy.check_methods([], ["pix"])


def test_a_target_mix_of_reserves_may_be_named() -> None:
    assert shipped_policy().reserves == {}
    text = changed(r"^\[reserves\]$", "[reserves]\nEUR = 6000\nCNY = 4000")
    assert read_policy(text).reserves == {"EUR": 6000, "CNY": 4000}


@pytest.mark.parametrize(("lines", "named"), [
    ("EUR = 6000\nCNY = 4001", "reserves"), ("EUR = -1", "reserves.EUR"), ("XQZ = 1", "reserves.XQZ"),
    ('EUR = "all"', "reserves.EUR"),
])  # fmt: skip
def test_a_mix_that_cannot_be_is_named(lines: str, named: str) -> None:
    with pytest.raises(BadPolicy, match=named):
        read_policy(changed(r"^\[reserves\]$", f"[reserves]\n{lines}"))


def test_a_method_may_say_how_its_settlements_look() -> None:
    rules = read_policy(changed(r"# settlement = ", "settlement = "))
    assert rules.settlements["pix"].search("payout po-77 of May")
    assert set(rules.settlements) == {"pix"}
    for wrong in ("'('", "'.*'", "7"):
        with pytest.raises(BadPolicy, match=r"methods\.pix\.settlement"):
            read_policy(changed(r"# settlement = .*", f"settlement = {wrong}"))
