"""Three layers of limits, the strictest wins: published rules, shop and seller, the shopper's own; and what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from bot.screens.limits import triggers_page
from bot.words import Words
from core.ids import OrderId
from core.ledger.check import check
from core.money import Money
from core.payments.choices import take_up
from core.payments.operations import OperationState
from core.people import SellerTier
from core.policy import BadPolicy, Limit, Policy, read_policy, shipped_policy
from core.policy.published import published, published_by_id
from core.policy.rule import Action, Layer, Line, Metric
from core.ports import UnitOfWork
from core.risk import judging, windows
from core.risk.deciding import Outcome, measure
from core.risk.decision import TRIGGERS, Decision, Facts, Verdict
from core.risk.device import Device, device_id
from core.risk.judging import StepUpNeeded
from core.risk.owning import NoSuchLimit, set_own, standing
from core.risk.proofs import payment
from core.risk.refusals import (
    OverNewDevicePayment,
    OverOwnDay,
    OverOwnPayment,
    OverRulePayment,
    OverRuleWindow,
    OverSellerLimit,
    OverSellerPayment,
    OverTierLimit,
    refusal_of,
)
from core.risk.rulebook import COOL, line_of, own_lines, risk_lines
from core.risk.small import Small, small
from core.risk.stepping import ProofNeeded, open_
from core.shop.browse import OrderView
from core.shop.checkout import cancel, expire_due, pay_otherwise
from core.shop.orders import OrderState
from tests.builders import ADA, EUR, LIN, MAYA, NOON, ROSA, eur, policy
from tests.stepup import guess_pin, has_pin
from tests.world import World

MIDNIGHT = datetime(2026, 10, 31, tzinfo=UTC)


def bounded(*limits: Limit) -> Policy:
    return policy(limits=limits)


def shipped() -> World:
    """A shop by the shipped policy, where a large payment is confirmed."""
    return World(rules=shipped_policy())


def proves(world: World, fault: ProofNeeded) -> None:
    """Maya's PIN, for what a refusal asks to be proved."""
    challenge = world.do(open_, MAYA, fault.purpose, fault.bound, needed=fault.needed, asked=fault.asked)
    assert guess_pin(world, MAYA, challenge.id, right=True).right


def bounds(world: World, kind: str, amount: str | None) -> Any:
    return world.do(set_own, MAYA, kind, eur(amount) if amount else None)


def raised(world: World, kind: str, amount: str | None) -> Any:
    with pytest.raises(ProofNeeded) as needed:
        bounds(world, kind, amount)
    proves(world, needed.value)
    return bounds(world, kind, amount)


def buys(world: World, price: str, by: str = "sepa") -> None:
    world.orders(world.sells(ROSA, price), by=by)


# The shopper's own


def test_a_shopper_bounds_one_payment_at_once() -> None:
    world = World()
    bounds(world, "payment", "20.00")
    buys(world, "20.00 EUR")
    with pytest.raises(OverOwnPayment) as refusal:
        buys(world, "20.01 EUR")
    assert refusal.value.params == {"limit": eur("20.00"), "amount": eur("20.01"), "wait": timedelta(days=1)}


def test_a_shopper_bounds_their_day_and_what_they_paid_before_in_it_counts() -> None:
    world = World(rules=bounded())
    buys(world, "30.00 EUR")
    bounds(world, "day", "50.00")
    with pytest.raises(OverOwnDay) as refusal:
        buys(world, "20.01 EUR")
    params = {"limit": eur("50.00"), "left": eur("20.00"), "renews": MIDNIGHT, "wait": timedelta(days=1)}
    assert refusal.value.params == params
    buys(world, "20.00 EUR")
    world.orders(world.sells(ROSA, "100.00 EUR"), LIN)  # nobody else is bounded


def test_the_strictest_of_all_limits_wins_and_the_readers_own_is_told_first() -> None:
    world = World(rules=bounded(Limit("p", "shopper", "new", "payment", eur("10.00"))))
    bounds(world, "payment", "15.00")
    with pytest.raises(OverTierLimit):
        buys(world, "12.00 EUR")
    with pytest.raises(OverOwnPayment):
        buys(world, "20.00 EUR")


def test_lowering_is_at_once_and_raising_takes_a_proof_and_a_day() -> None:
    world = World()
    has_pin(world, MAYA)
    bounds(world, "payment", "20.00")
    with pytest.raises(ProofNeeded):
        bounds(world, "payment", "25.00")
    limits = raised(world, "payment", "25.00")
    assert (limits.payment, limits.next_payment) == (eur("20.00"), eur("25.00"))
    with pytest.raises(OverOwnPayment):
        buys(world, "21.00 EUR")
    world.clock.let_pass(hours=23, minutes=59)
    with pytest.raises(OverOwnPayment):
        buys(world, "21.00 EUR")
    world.clock.let_pass(minutes=1)
    buys(world, "21.00 EUR")
    bounds(world, "payment", "5.00")
    with pytest.raises(OverOwnPayment):
        buys(world, "6.00 EUR")


def test_taking_a_limit_away_is_raising_it() -> None:
    world = World()
    has_pin(world, MAYA)
    bounds(world, "day", "20.00")
    limits = raised(world, "day", None)
    assert (limits.day, limits.next_day, limits.rises_at) == (eur("20.00"), None, world.clock.now() + timedelta(days=1))
    world.clock.let_pass(days=1)
    assert world.look(standing, world.shop, MAYA).own == ()


def test_lowering_while_a_raise_waits_takes_that_raise_back_and_leaves_the_other() -> None:
    world = World()
    has_pin(world, MAYA)
    bounds(world, "payment", "20.00")
    bounds(world, "day", "40.00")
    raised(world, "payment", "30.00")
    raised(world, "day", "60.00")
    bounds(world, "payment", "10.00")
    world.clock.let_pass(days=1)
    own = world.look(standing, world.shop, MAYA).limits
    assert (own.payment, own.day) == (eur("10.00"), eur("60.00"))


def test_a_proof_for_one_raise_is_good_for_no_other() -> None:
    world = World()
    has_pin(world, MAYA)
    bounds(world, "payment", "20.00")
    with pytest.raises(ProofNeeded) as needed:
        bounds(world, "payment", "25.00")
    proves(world, needed.value)
    with pytest.raises(ProofNeeded):
        bounds(world, "payment", "2500.00")


def test_only_payments_and_days_are_bounded() -> None:
    with pytest.raises(NoSuchLimit):
        bounds(World(), "week", "20.00")


def test_the_page_tells_what_is_left_and_when_it_renews() -> None:
    world = World(rules=bounded(Limit("d", "shopper", "new", "day", eur("100.00"))))
    buys(world, "30.00 EUR")
    bounds(world, "day", "50.00")
    page = world.look(standing, world.shop, MAYA)
    assert [(one.limit, one.left, one.renews) for one in page.shop] == [(eur("100.00"), eur("70.00"), MIDNIGHT)]
    assert [(one.limit, one.left, one.renews) for one in page.own] == [(eur("50.00"), eur("20.00"), MIDNIGHT)]


# The shop's of a seller


def test_a_seller_of_a_tier_is_paid_so_much_at_once_and_in_a_day() -> None:
    world = World(
        rules=bounded(
            Limit("p", "seller", "standard", "payment", eur("60.00")),
            Limit("d", "seller", "standard", "day", eur("100.00")),
        )
    )
    with pytest.raises(OverSellerPayment):
        buys(world, "60.01 EUR")
    buys(world, "60.00 EUR")
    with pytest.raises(OverSellerLimit) as refusal:
        world.orders(world.sells(ROSA, "41.00 EUR"), LIN)
    assert refusal.value.params == {"limit": eur("100.00"), "left": eur("40.00"), "renews": MIDNIGHT}


def test_a_limit_of_new_sellers_is_not_one_of_others() -> None:
    world = World(rules=bounded(Limit("p", "seller", "new", "payment", eur("1.00"))), tier=SellerTier.STANDARD)
    buys(world, "60.00 EUR")


# Published


def test_a_published_rule_names_its_source_and_another_way_to_pay() -> None:
    night = replace(policy(limits=()), rules={"br.pix.night": "check"})
    world = World(rules=night)
    world.clock.let_pass(hours=12)  # midnight in UTC, nine in the evening in São Paulo
    with pytest.raises(OverRuleWindow) as refusal:
        buys(world, "200.00 EUR", "pix")
    assert refusal.value.params["document"] == "Resolução BCB 142/2021"
    assert refusal.value.params["renews"] == datetime(2026, 10, 31, 9, tzinfo=UTC)
    buys(world, "200.00 EUR", "sepa")


def test_what_the_shop_knows_of_its_provider_counts() -> None:
    known = replace(policy(limits=()), facts={"sepa": {"provider": "payermax", "mcc": "5399"}})
    world = World(rules=known)
    with pytest.raises(OverRulePayment) as refusal:
        buys(world, "4000.01 EUR")  # 5000.01 dollars
    assert refusal.value.params["authority"] == "PayerMax"
    buys(world, "4000.00 EUR")


# Proofs


def test_a_large_payment_is_confirmed_and_nothing_is_taken_before() -> None:
    world = shipped()
    has_pin(world, MAYA)
    product = world.sells(ROSA, "150.00 EUR")
    with pytest.raises(StepUpNeeded) as asked:
        world.confirm(world.draft(product))
    assert (asked.value.factors, asked.value.amount) == (1, eur("150.00"))
    assert world.look(lambda uow: (uow.holds.count(), uow.decisions.count())) == (0, 0)
    assert world.stock(product) == 5
    buys(world, "29.99 EUR")


def confirms(world: World, view: OrderView) -> None:
    with pytest.raises(StepUpNeeded) as asked:
        world.confirm(view)
    fault = asked.value
    assert view.quote
    challenge = world.do(open_, MAYA, "pay", payment(view.order, view.quote), needed=fault.factors)
    assert guess_pin(world, MAYA, challenge.id, right=True).right
    world.confirm(view)


def test_small_payments_go_without_a_proof_until_they_are_many_and_much_since_the_last() -> None:
    world = World()
    has_pin(world, MAYA)
    for _ in range(5):
        buys(world, "25.00 EUR")  # 125 euros: over 100 together, but no more than five
    with pytest.raises(StepUpNeeded):
        world.confirm(world.draft(world.sells(ROSA, "25.00 EUR")))
    confirms(world, world.draft(world.sells(ROSA, "40.00 EUR")))
    for _ in range(5):
        buys(world, "25.00 EUR")  # counted anew, and the one that was confirmed is none of them
    with pytest.raises(StepUpNeeded):
        world.confirm(world.draft(world.sells(ROSA, "1.00 EUR")))


def test_what_is_left_of_small_payments_is_told_the_least_of_all_ways_to_pay() -> None:
    world = World()
    assert world.look(small, world.shop, MAYA) is None  # nothing to confirm with: small ones are not asked for
    has_pin(world, MAYA)
    assert world.look(small, world.shop, MAYA) == Small(eur("30.00"), eur("100.00"), 5)
    for _ in range(3):
        buys(world, "10.00 EUR")
    buys(world, "29.00 EUR", by="pix")  # counted by the shop itself, for its rail has no such rule
    assert world.look(small, world.shop, MAYA) == Small(eur("30.00"), eur("70.00"), 2)
    for price in ("25.00 EUR", "25.00 EUR", "20.00 EUR"):
        buys(world, price)
    assert world.look(small, world.shop, MAYA) == Small(eur("30.00"), Money(0, EUR), 0)
    confirms(world, world.draft(world.sells(ROSA, "40.00 EUR")))
    assert world.look(small, world.shop, MAYA) == Small(eur("30.00"), eur("100.00"), 5)


def test_who_has_enrolled_nothing_is_asked_for_nothing_small() -> None:
    world = World()
    for _ in range(8):
        buys(world, "25.00 EUR")


def test_a_cancelled_small_payment_does_not_count() -> None:
    world = World()
    has_pin(world, MAYA)
    for _ in range(8):
        order = world.orders(world.sells(ROSA, "29.00 EUR"))
        world.do(cancel, MAYA, order.id)


def test_paying_another_way_is_another_payment_to_confirm() -> None:
    world = shipped()
    has_pin(world, MAYA)
    view = world.draft(world.sells(ROSA, "150.00 EUR"))
    confirms(world, view)
    charge = world.charge(view.order.id)
    world.store.write_now(lambda uow: uow.operations.save(uow.operations.need(charge.id).move(OperationState.EXPIRED)))
    with pytest.raises(StepUpNeeded) as asked:
        world.do(pay_otherwise, MAYA, view.order.id, "pix")
    assert asked.value.decision is not None and asked.value.decision.facts.method == "pix"


def test_a_new_device_pays_less_until_it_is_known() -> None:
    world = World()
    has_pin(world, MAYA)
    now = world.clock.now()
    new = Device(device_id(MAYA, "d"), MAYA, "d", first_seen=now, last_seen=now)
    world.store.write_now(lambda uow: uow.devices.add(new))
    with pytest.raises(OverNewDevicePayment) as refusal:
        buys(world, "51.00 EUR")
    assert refusal.value.params["renews"] == now + timedelta(hours=24)
    buys(world, "25.00 EUR")
    world.clock.let_pass(hours=24)
    confirms(world, world.draft(world.sells(ROSA, "51.00 EUR")))


A_FACT = Facts(OrderId("O"), MAYA, "S1", "sepa", eur("1.23"), NOON)
EVERY = [
    *(line for rule in published() for line in rule.lines),
    *risk_lines(policy().risk),
    *own_lines({"payment": eur("1.00"), "day": eur("1.00")}),
    *(
        line_of(Limit("l", who, "", window, eur("1.00")))
        for who in ("shopper", "seller", "channel", "shop")
        for window in ("payment", "day", "year")
    ),
]


@pytest.mark.parametrize("line", [one for one in EVERY if one.action is Action.REFUSE], ids=lambda line: line.id)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_refusal_can_be_said_in_full_with_its_limit_and_what_is_left(line: Line, language: str) -> None:
    assert line.amount is not None
    sums = {measure(line): 123}
    facts = Facts(OrderId("O"), MAYA, "S1", "sepa", eur("1.23"), NOON, known={"tier": "new"}, sums=sums)
    renews = windows.ends(line.metric, line.zone, line.days, line.hours, NOON)
    renews = NOON if line.metric is Metric.PERIOD or line.rule == COOL else renews
    words = Words.of(language)
    said = words.plain_refusal(refusal_of(Outcome(Verdict.REFUSE, line, 0, 5), facts, renews, timedelta(hours=36)))
    assert words.money(line.amount) in said
    assert not renews or words.moment(renews) in said
    assert line.layer is not Layer.LAW or published_by_id()[line.rule].document in said
    assert line.layer is not Layer.OWN or words.span(timedelta(hours=36)) in said


# What is kept


def test_every_decision_is_kept_with_its_rules_and_comes_out_the_same_again() -> None:
    world = shipped()
    has_pin(world, MAYA)
    buys(world, "25.00 EUR")
    world.clock.let_pass(minutes=1)
    confirms(world, world.draft(world.sells(ROSA, "150.00 EUR")))
    decisions = world.look(lambda uow: uow.decisions.find(newest=False))
    assert [one.verdict for one in decisions] == [Verdict.ALLOW, Verdict.ALLOW]
    assert [one.facts.known["factors"] for one in decisions] == ["0", "1"]
    report = world.look(check, world.clock.now())
    assert report.ok and 16 in report.asked


def test_a_refusal_can_be_kept_too() -> None:
    world = World(rules=bounded(Limit("p", "shopper", "new", "payment", eur("10.00"))))
    with pytest.raises(OverTierLimit) as refusal:
        buys(world, "12.00 EUR")
    world.store.write_now(judging.keep, world.shop, refusal.value)
    world.store.write_now(judging.keep, world.shop, refusal.value)  # twice told is once kept
    (kept,) = world.look(lambda uow: uow.decisions.find())
    assert (kept.verdict, kept.because) == (Verdict.REFUSE, "shop:p")
    assert world.look(check, world.clock.now()).ok


def _found(world: World, breaking: Any) -> list[str]:
    world.store.write_now(breaking)
    return [f"{one.invariant} {one}" for one in world.look(check, world.clock.now()).findings]


def test_a_decision_that_was_touched_is_found() -> None:
    world = World()
    buys(world, "25.00 EUR")

    def touch(uow: UnitOfWork) -> None:
        (one,) = uow.decisions.find()
        uow.decisions.save(replace(one, facts=replace(one.facts, sums={"payment|EUR": 10**9})))

    assert [one[:2] for one in _found(world, touch)] == ["16"]


def test_a_decision_whose_rules_are_gone_or_changed_is_found() -> None:
    world = World()
    buys(world, "25.00 EUR")

    def touch(uow: UnitOfWork) -> None:
        (book,) = uow.rulebooks.find()
        uow.rulebooks.save(replace(book, text=book.text.replace('"minor":', '"minor": ')[:-1] + " ]"))

    assert [one[:2] for one in _found(world, touch)] == ["16"]


def test_a_purse_that_says_other_than_its_holds_is_found() -> None:
    world = World()
    buys(world, "25.00 EUR")

    def touch(uow: UnitOfWork) -> None:
        purse = uow.purses.need(f"shopper|{MAYA}")
        entry = next(iter(purse.used))
        uow.purses.save(replace(purse, used={**purse.used, entry: purse.used[entry] - 1}))

    assert [one[:2] for one in _found(world, touch)] == ["12"]


def test_a_decision_keeps_amounts_and_countries_and_neither_name_nor_address() -> None:
    world = World()
    buys(world, "25.00 EUR")
    (kept,) = world.look(lambda uow: uow.decisions.find())
    assert kept.facts.sums["payment|EUR"] == 25_00
    assert "Milano" not in str(kept) and "Rossi" not in str(kept)


def test_the_admins_are_told_of_what_a_payment_has_its_provider_do_and_nothing_is_claimed() -> None:
    world = World(rules=bounded())
    order = world.orders(world.sells(ROSA, "1000.01 EUR"))
    assert (ADA, "rule_triggers", order.id) in world.told
    (kept,) = world.look(lambda uow: uow.decisions.find())
    assert ("eu.amld4.art11", "cdd") in kept.triggers
    page = triggers_page(Words.of("en"), kept)
    assert "Directive (EU) 2015/849 Art.11" in page.text and "obliged entities" in page.text
    assert "no word that anything was complied with" in page.text
    small = world.orders(world.sells(ROSA, "10.00 EUR"))
    assert (ADA, "rule_triggers", small.id) not in world.told


def test_every_trigger_of_a_published_rule_has_its_words() -> None:
    says = {line.says for rule in published() if rule.kind == "aml" for line in rule.lines} - {"retain"}
    says |= {line.says for rule in published() for line in rule.lines if line.says.endswith(("report", "diligence"))}
    assert says == TRIGGERS
    for word in says:
        pattern = Decision(
            "D", OrderId("O"), MAYA, Verdict.ALLOW, "", 0, A_FACT, "", NOON, notes=(f"us.ctr#day:{word}",)
        )
        assert "31 CFR" in triggers_page(Words.of("zh-hans"), pattern).text


def test_the_policy_file_bounds_sellers_by_tier_and_years() -> None:
    text = files("core").joinpath("policy.toml").read_text("utf-8")
    row = '\n[[limits]]\nid = "s"\nwho = "seller"\ntier = "new"\nwindow = "year"\namount = "9.00"\n'
    assert read_policy(text + row).limits[-1] == Limit("s", "seller", "new", "year", eur("9.00"))
    with pytest.raises(BadPolicy, match="tier is one of new, standard, trusted"):
        read_policy(text + row.replace('"new"', '"regular"'))


@pytest.mark.parametrize(("came", "again"), [("", None), ("199.99 EUR", StepUpNeeded)])
def test_money_that_came_late_needs_no_proof_to_pay_its_order_but_more_money_does(came: str, again: Any) -> None:
    world = shipped()
    has_pin(world, MAYA)
    view = world.draft(world.sells(ROSA, "200.00 EUR"))
    confirms(world, view)
    world.run_errands()
    world.clock.let_pass(minutes=63)
    world.do(expire_due)
    receipt = world.pays(view.order, amount=came)
    if again is None:
        assert world.do(take_up, MAYA, receipt.id).state is OrderState.PAID
    else:
        with pytest.raises(again):
            world.do(take_up, MAYA, receipt.id)
