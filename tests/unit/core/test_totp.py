"""Codes of an authenticator app: RFC 6238's, as others compute them, and none of them twice."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from hypothesis import given
from hypothesis import strategies as st

from core.risk import enrolling, stepping, totp
from core.risk.challenge import Challenge
from core.risk.factors import Factor
from core.risk.proofs import bound_to, enrolled
from core.risk.stepping import ProofNeeded
from tests.builders import MAYA
from tests.stepup import give, has_pin
from tests.world import World

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238 appendix B: 12345678901234567890

# Appendix B gives eight digits; six are the last six of them (RFC 4226 section 5.3).
RFC = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 20000000000: "353130"}


@pytest.mark.parametrize(("second", "digits"), RFC.items())
def test_codes_are_those_of_the_standard(second: int, digits: str) -> None:
    assert totp.code(SECRET, datetime.fromtimestamp(second, UTC)) == digits


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**33))
def test_codes_are_those_of_another_library(key: bytes, second: int) -> None:
    judge = TOTP(key, 6, SHA1(), 30)
    ours = totp.code(base64.b32encode(key).decode(), datetime.fromtimestamp(second, UTC))
    assert ours == judge.generate(second).decode()


@pytest.fixture
def world() -> World:
    world = World()
    give(world, MAYA, Factor.TOTP, SECRET)
    return world


def ask(world: World, what: str = "1") -> Challenge:
    return world.do(stepping.open_, MAYA, "test", bound_to("test", what))


def right(world: World, challenge: Challenge, at: timedelta = timedelta()) -> bool:
    digits = totp.code(SECRET, world.clock.now() + at)
    return world.do(totp.guess, MAYA, challenge.id, digits).right


def test_a_code_is_taken_once_and_never_again(world: World) -> None:
    assert right(world, ask(world))
    assert not right(world, ask(world, "2"))
    world.clock.let_pass(seconds=30)
    assert not right(world, ask(world, "3"), timedelta(seconds=-30)), "still in the window, but used"
    assert right(world, ask(world, "4"))


def test_a_code_before_one_that_was_taken_is_not_taken(world: World) -> None:
    assert right(world, ask(world), timedelta(seconds=30))
    assert not right(world, ask(world, "2"))


@pytest.mark.parametrize(("off", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_a_step_wrong(world: World, off: int, taken: bool) -> None:
    assert right(world, ask(world), timedelta(seconds=off)) is taken


def test_a_new_app_stands_once_it_has_shown_a_code(world: World) -> None:
    world = World()
    fresh = totp.new_secret()
    challenge = world.do(enrolling.begin, MAYA, Factor.TOTP, fresh)
    assert world.look(enrolled, MAYA) == frozenset()
    digits = totp.code(fresh, world.clock.now())
    assert world.do(totp.guess, MAYA, challenge.id, digits).right
    world.do(enrolling.confirm, MAYA, challenge.id)
    assert world.look(enrolled, MAYA) == {Factor.TOTP}
    challenge = ask(world)
    assert not world.do(totp.guess, MAYA, challenge.id, digits).right, "the code that enrolled it is used up too"
    assert world.look(lambda uow: uow.credentials.need("1|totp|new")).secret == ""


def test_beside_a_pin_an_app_is_added_with_a_proof_only() -> None:
    world = World()
    has_pin(world, MAYA)
    with pytest.raises(ProofNeeded):
        world.do(enrolling.begin, MAYA, Factor.TOTP, totp.new_secret())
    with pytest.raises(ProofNeeded):
        world.do(enrolling.remove, MAYA, "1|pin")
