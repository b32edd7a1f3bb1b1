"""The payment PIN: which ones are taken, and who may set one."""

from __future__ import annotations

import pytest

from core.risk import pin, stepping
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.pin import BadPin, WeakPin, check, set_pin
from core.risk.proofs import enrolled
from core.risk.stepping import ProofNeeded
from tests.builders import MAYA
from tests.stepup import give, guess_pin, has_pin
from tests.world import World


@pytest.mark.parametrize("digits", ["", "123", "123456789", "12a4", "１２３４", "-123", "12 4"])
def test_what_is_not_so_many_digits_is_no_pin(digits: str) -> None:
    with pytest.raises(BadPin):
        check(digits, 4)


@pytest.mark.parametrize(
    "digits",
    [
        "1234", "4321", "7890", "8901", "0000", "55555555", "2468", "1212", "123123", "1122", "112233", "2580",
        "1984", "2011", "241201", "122401", "011224", "24121984", "12241984", "19841224",
    ],
)  # fmt: skip
def test_what_a_thief_tries_first_is_refused(digits: str) -> None:
    with pytest.raises(WeakPin):
        check(digits, 4)


@pytest.mark.parametrize("digits", ["4071", "8302", "739164", "90417", "4830172", "83017264"])
def test_a_pin_nobody_would_try_is_taken(digits: str) -> None:
    check(digits, 4)


def test_few_pins_are_refused() -> None:
    refused = sum(pin.is_weak(f"{number:04d}") for number in range(10_000))
    assert 300 < refused < 500, "weak ones are weeded out, and a guess stays as unlikely as it was"


def proof_to_set(world: World) -> str:
    with pytest.raises(ProofNeeded) as wanted:
        world.do(pin.may_set, MAYA)
    need = wanted.value
    return world.do(stepping.open_, MAYA, need.purpose, need.bound, asked=need.asked).id


def test_the_first_pin_needs_no_proof_and_brings_a_recovery_code(world: World) -> None:
    world.do(pin.may_set, MAYA)
    assert world.do(set_pin, MAYA, "hash")
    assert world.look(enrolled, MAYA) == {Factor.PIN}


def test_a_pin_is_changed_with_the_old_one_alone(world: World) -> None:
    has_pin(world, MAYA)
    give(world, MAYA, Factor.TOTP)
    give(world, MAYA, Factor.RECOVERY)
    with pytest.raises(ProofNeeded):
        world.do(set_pin, MAYA, "stolen")
    challenge = proof_to_set(world)
    assert world.look(stepping.mine, MAYA, challenge).asked == (Factor.PIN,)
    guess_pin(world, MAYA, challenge, right=True)
    world.clock.let_pass(minutes=1)
    assert not world.do(set_pin, MAYA, "new"), "there is a recovery code already"
    assert kept(world).secret == "new"
    with pytest.raises(ProofNeeded):
        world.do(set_pin, MAYA, "again")


def test_a_changed_pin_is_as_old_as_it_was(world: World) -> None:
    since = has_pin(world, MAYA).created_at
    world.clock.let_pass(days=3)
    guess_pin(world, MAYA, proof_to_set(world), right=True)
    world.do(set_pin, MAYA, "new")
    assert kept(world).created_at == since


def kept(world: World) -> Credential:
    return world.look(lambda uow: uow.credentials.need("1|pin"))


@pytest.fixture
def world() -> World:
    return World()
