"""A step-up proves one thing, once, in time; and guesses are counted however they come."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import Gone
from core.money import parse_price
from core.risk import stepping
from core.risk.challenge import Challenge
from core.risk.factors import Factor
from core.risk.judging import StepUpNeeded
from core.risk.proofs import enrolled, last_strong, payment, proved
from core.risk.stepping import Blocked, ChallengeOver, Locked, NotEnrolled, ProofNeeded, TooFresh
from core.shop.browse import OrderView
from core.shop.checkout import review
from tests.builders import LIN, MAYA, NOON, ROSA
from tests.stepup import give, guess_pin, has_pin
from tests.world import World


@pytest.fixture
def world() -> World:
    world = World()
    has_pin(world, MAYA)
    return world


@pytest.fixture
def draft(world: World) -> OrderView:
    return world.draft(world.sells(ROSA, "200 EUR"))


def ask(world: World, draft: OrderView, **more: Any) -> Challenge:
    assert draft.quote
    return world.do(stepping.open_, MAYA, "pay", payment(draft.order, draft.quote), **more)


def proofs(world: World, view: OrderView) -> frozenset[Factor]:
    return world.look(proved, world.clock.now(), view.order, view.quote)


def test_a_right_pin_proves_exactly_the_payment_that_was_shown(world: World, draft: OrderView) -> None:
    challenge = ask(world, draft)
    assert proofs(world, draft) == frozenset()
    assert guess_pin(world, MAYA, challenge.id, right=True).right
    assert proofs(world, draft) == {Factor.PIN}
    assert world.look(last_strong, MAYA) == NOON


@pytest.mark.parametrize("what", [{"quantity": 2}, {"method": "pix"}])
def test_another_amount_or_method_of_the_same_order_asks_again(
    world: World, draft: OrderView, what: dict[str, Any]
) -> None:
    guess_pin(world, MAYA, ask(world, draft).id, right=True)
    changed = world.do(review, MAYA, draft.order.id, **what)
    assert proofs(world, changed) == frozenset()
    with pytest.raises(StepUpNeeded):
        world.confirm(changed)


def test_another_order_or_another_shopper_asks_again(world: World) -> None:
    product = world.sells(ROSA, "200 EUR", stock=9)
    draft = world.draft(product)
    guess_pin(world, MAYA, ask(world, draft).id, right=True)
    assert proofs(world, draft)
    assert proofs(world, world.draft(product)) == frozenset()
    assert proofs(world, world.draft(product, LIN)) == frozenset()


def test_payee_amount_currency_method_and_order_each_make_another_payment(draft: OrderView) -> None:
    order, quote = draft.order, draft.quote
    assert quote
    bounds = {payment(order, quote)}
    for name, value in (("id", "0THER"), ("seller", "S99"), ("method", "pix")):
        bounds.add(payment(replace(order, **{name: value}), quote))
    for pay in ("200.01 EUR", "200 USD", "20000 JPY"):
        bounds.add(payment(order, replace(quote, pay=parse_price(pay))))
    assert len(bounds) == 7


def test_a_fresh_quote_of_the_same_amount_needs_no_second_proof(world: World, draft: OrderView) -> None:
    guess_pin(world, MAYA, ask(world, draft).id, right=True)
    again = world.do(review, MAYA, draft.order.id)
    assert again.quote and draft.quote and again.quote.id != draft.quote.id
    assert proofs(world, again) == {Factor.PIN}


def test_a_proof_is_good_for_one_payment(world: World, draft: OrderView) -> None:
    with pytest.raises(StepUpNeeded):
        world.confirm(draft)
    guess_pin(world, MAYA, ask(world, draft).id, right=True)
    world.confirm(draft)
    assert proofs(world, draft) == frozenset()


def test_a_proof_is_good_for_ten_minutes(world: World, draft: OrderView) -> None:
    guess_pin(world, MAYA, ask(world, draft).id, right=True)
    world.clock.let_pass(minutes=10)
    assert proofs(world, draft) == frozenset()


def test_a_challenge_is_nobody_elses(world: World, draft: OrderView) -> None:
    has_pin(world, LIN)
    challenge = ask(world, draft)
    with pytest.raises(Gone):
        guess_pin(world, LIN, challenge.id, right=True)


def test_a_passed_or_cancelled_challenge_takes_no_guess(world: World, draft: OrderView) -> None:
    challenge = ask(world, draft)
    world.do(stepping.cancel, MAYA, challenge.id)
    with pytest.raises(ChallengeOver):
        guess_pin(world, MAYA, challenge.id, right=True)
    second = ask(world, draft)
    assert second.id != challenge.id
    guess_pin(world, MAYA, second.id, right=True)
    with pytest.raises(ChallengeOver):
        guess_pin(world, MAYA, second.id, right=True)
    world.do(stepping.use, MAYA, second.id)
    with pytest.raises(ChallengeOver):
        world.do(stepping.use, MAYA, second.id)


def test_pin_guessing_over_many_challenges_is_locked_and_the_lock_grows(world: World, draft: OrderView) -> None:
    locks = []
    for _ in range(10):
        challenge = ask(world, draft)
        tried = guess_pin(world, MAYA, challenge.id, right=False)
        if tried.until:
            locks.append((tried.until - world.clock.now()).total_seconds() / 60)
            with pytest.raises((Locked, Blocked)):
                guess_pin(world, MAYA, challenge.id, right=True)
            world.clock.let_pass(minutes=locks[-1])
    assert locks == [5, 10, 20, 40, 80, 160, 320, 640]
    world.clock.let_pass(days=30)
    with pytest.raises(Blocked):
        guess_pin(world, MAYA, ask(world, draft).id, right=True)
    assert (MAYA, "factor_locked") in {(who, what) for who, what, _ in notices(world)}


def test_each_lock_is_told_anew(world: World, draft: OrderView) -> None:
    for _ in range(2):
        for _ in range(3):
            guess_pin(world, MAYA, ask(world, draft).id, right=False)
        world.clock.let_pass(minutes=6)
        guess_pin(world, MAYA, ask(world, draft).id, right=True)
        world.clock.let_pass(days=1)
    assert [what for _, what, _ in notices(world)].count("factor_locked") == 2


def notices(world: World) -> list[tuple[int, str, str]]:
    effects = world.store.write_now(lambda uow: uow.outbox.lease(world.clock.now(), world.clock.now(), 1000))
    return [(int(e.data["to"]), e.data["kind"], e.data["about"]) for e in effects if e.topic == "notice"]


def test_guesses_at_once_are_counted_before_any_is_looked_at(world: World, draft: OrderView) -> None:
    challenge = ask(world, draft)
    for _ in range(3):
        world.do(stepping.count_guess, MAYA, challenge.id, Factor.PIN)
    with pytest.raises(Locked):
        world.do(stepping.count_guess, MAYA, challenge.id, Factor.PIN)


def test_a_right_guess_wipes_out_the_wrong_ones(world: World, draft: OrderView) -> None:
    challenge = ask(world, draft)
    assert guess_pin(world, MAYA, challenge.id, right=False).left == 2
    assert guess_pin(world, MAYA, challenge.id, right=False).left == 1
    guess_pin(world, MAYA, challenge.id, right=True)
    assert guess_pin(world, MAYA, ask(world, world.draft(world.sells(ROSA, "9 EUR"))).id, right=False).left == 2


def test_two_independent_factors_are_two_kinds(world: World, draft: OrderView) -> None:
    give(world, MAYA, Factor.TOTP)
    give(world, MAYA, Factor.CODE)
    challenge = ask(world, draft, needed=2)
    prove(world, challenge, Factor.TOTP)
    prove(world, challenge, Factor.CODE)
    assert proofs(world, draft) == frozenset(), "a telephone and an app are two things one has: one kind"
    prove(world, challenge, Factor.PIN)
    assert proofs(world, draft) == {Factor.PIN, Factor.TOTP, Factor.CODE}


def prove(world: World, challenge: Challenge, factor: Factor) -> None:
    world.do(stepping.count_guess, MAYA, challenge.id, factor)
    world.do(stepping.settle_guess, MAYA, challenge.id, factor, True)


def test_who_has_nothing_enrolled_is_told(world: World) -> None:
    view = world.draft(world.sells(ROSA, "200 EUR"), LIN)
    with pytest.raises(NotEnrolled):
        world.do(stepping.open_, LIN, "pay", payment(view.order, view.quote))  # type: ignore[arg-type]
    assert world.look(enrolled, LIN) == frozenset()
    has_pin(world, LIN)
    with pytest.raises(NotEnrolled):
        world.do(stepping.open_, LIN, "pay", payment(view.order, view.quote), needed=2)  # type: ignore[arg-type]


def test_a_fresh_pin_confirms_no_large_payment(world: World, draft: OrderView) -> None:
    ask(world, draft, amount=parse_price("500 EUR"))
    with pytest.raises(TooFresh):
        ask(world, draft, amount=parse_price("500.01 EUR"))
    world.clock.let_pass(hours=24)
    ask(world, draft, amount=parse_price("500.01 EUR"))


def test_a_verb_that_needs_a_proof_gets_one_and_uses_it_up(world: World) -> None:
    with pytest.raises(ProofNeeded) as wanted:
        world.do(stepping.need, MAYA, "raise-limit", "day", "500")
    challenge = world.do(stepping.open_, MAYA, wanted.value.purpose, wanted.value.bound)
    guess_pin(world, MAYA, challenge.id, right=True)
    with pytest.raises(ProofNeeded):
        world.do(stepping.need, MAYA, "raise-limit", "day", "900")
    world.do(stepping.need, MAYA, "raise-limit", "day", "500")
    with pytest.raises(ProofNeeded):
        world.do(stepping.need, MAYA, "raise-limit", "day", "500")
