"""Codes by SMS or mail: fresh, few, and right only once."""

from __future__ import annotations

import pytest

from core.risk import codes, stepping
from core.risk.challenge import Challenge
from core.risk.codes import BadAddress, NotSoSoon, TooManyCodes, masked, read_address
from core.risk.factors import Factor
from core.risk.proofs import bound_to
from core.risk.stepping import ChallengeOver, Locked
from tests.builders import LIN, MAYA
from tests.stepup import give
from tests.world import World

PHONE = "+4915123456789"


@pytest.fixture
def world() -> World:
    world = World()
    give(world, MAYA, Factor.CODE, PHONE)
    return world


def ask(world: World, what: str = "1") -> Challenge:
    return world.do(stepping.open_, MAYA, "test", bound_to("test", what))


def test_a_code_goes_to_the_enrolled_address_and_proves_it(world: World) -> None:
    challenge = ask(world)
    to, _ = world.do(codes.make, MAYA, challenge.id, "123456")
    assert to == PHONE
    assert not world.do(codes.guess, MAYA, challenge.id, "123457").right
    assert world.do(codes.guess, MAYA, challenge.id, "123456").right
    with pytest.raises(ChallengeOver):
        world.do(codes.guess, MAYA, challenge.id, "123456")


def test_a_code_is_good_for_five_minutes(world: World) -> None:
    challenge = ask(world)
    world.do(codes.make, MAYA, challenge.id, "123456")
    world.clock.let_pass(minutes=5)
    assert not world.do(codes.guess, MAYA, challenge.id, "123456").right


def test_nothing_is_right_before_a_code_was_sent(world: World) -> None:
    assert not world.do(codes.guess, MAYA, ask(world).id, "").right


def test_a_second_code_voids_the_first_and_there_is_no_fourth(world: World) -> None:
    challenge = ask(world)
    world.do(codes.make, MAYA, challenge.id, "111112")
    with pytest.raises(NotSoSoon):
        world.do(codes.make, MAYA, challenge.id, "111113")
    for code in ("222223", "333334"):
        world.clock.let_pass(seconds=31)
        world.do(codes.make, MAYA, challenge.id, code)
    assert not world.do(codes.guess, MAYA, challenge.id, "111112").right
    world.clock.let_pass(seconds=31)
    with pytest.raises(TooManyCodes):
        world.do(codes.make, MAYA, challenge.id, "444445")


def test_nobody_is_flooded_with_codes_over_many_questions(world: World) -> None:
    with pytest.raises(TooManyCodes):
        for number in range(20):
            world.do(codes.make, MAYA, ask(world, str(number)).id, "123456")
    assert sum(one.sends for one in world.look(lambda uow: uow.challenges.find(person=MAYA))) == 12


def test_guessing_a_code_is_locked_after_three(world: World) -> None:
    challenge = ask(world)
    world.do(codes.make, MAYA, challenge.id, "123456")
    for digits in ("000000", "000001", "000002"):
        assert not world.do(codes.guess, MAYA, challenge.id, digits).right
    with pytest.raises(Locked):
        world.do(codes.guess, MAYA, challenge.id, "123456")


def test_a_code_of_one_question_answers_no_other(world: World) -> None:
    first, second = ask(world, "1"), ask(world, "2")
    world.do(codes.make, MAYA, first.id, "123456")
    world.do(codes.make, MAYA, second.id, "654321")
    assert not world.do(codes.guess, MAYA, second.id, "123456").right


def test_the_code_is_kept_as_a_digest_and_forgotten_when_it_was_used(world: World) -> None:
    challenge = ask(world)
    world.do(codes.make, MAYA, challenge.id, "123456")
    assert "123456" not in world.look(stepping.mine, MAYA, challenge.id).code
    world.do(codes.guess, MAYA, challenge.id, "123456")
    assert world.look(stepping.mine, MAYA, challenge.id).code == ""


def test_a_challenge_of_somebody_else_sends_no_code(world: World) -> None:
    from core.errors import Gone

    with pytest.raises(Gone):
        world.do(codes.make, LIN, ask(world).id, "123456")


@pytest.mark.parametrize(
    ("typed", "read", "shown"),
    [
        ("+49 151 234-567 89", PHONE, "…789"),
        ("0049 151 23456789", PHONE, "…789"),
        (" Maya@Example.com ", "maya@example.com", "m…@example.com"),
    ],
)
def test_an_address_is_read_as_people_write_it(typed: str, read: str, shown: str) -> None:
    assert read_address(typed) == read
    assert masked(read) == shown


@pytest.mark.parametrize(
    "typed",
    ["0151 23456789", "+49", "maya@", "maya@example", "a@b.c\nBcc: x@y.zz", "+1234567890123456", "", "мая@example.com"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        read_address(typed)
