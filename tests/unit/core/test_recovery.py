"""Getting back in: slow, told, cancelled by a tap, and never by the chat account alone."""

from __future__ import annotations

import pytest

from core.errors import Gone, NotAllowed
from core.risk import pin, recovering, stepping
from core.risk.factors import Factor
from core.risk.recovering import BadRecovery, NoWayBack, RecoveryRuns
from core.risk.recovery import Recovery
from core.risk.stepping import ProofNeeded
from tests.builders import ADA, LIN, MAYA
from tests.stepup import give, has_pin
from tests.unit.core.test_stepup import notices
from tests.world import World

CHECKED = "called back on the known number"


@pytest.fixture
def world() -> World:
    world = World()
    has_pin(world, MAYA)
    return world


def begins(world: World, factor: Factor) -> Recovery:
    """By something else than the PIN."""
    give(world, MAYA, factor)
    with pytest.raises(ProofNeeded) as wanted:
        world.do(recovering.begin, MAYA)
    need = wanted.value
    assert Factor.PIN not in need.asked
    challenge = world.do(stepping.open_, MAYA, need.purpose, need.bound, asked=need.asked)
    world.do(stepping.count_guess, MAYA, challenge.id, factor)
    world.do(stepping.settle_guess, MAYA, challenge.id, factor, True)
    return world.do(recovering.begin, MAYA)


def test_the_chat_account_alone_recovers_nothing(world: World) -> None:
    with pytest.raises(NoWayBack):
        world.do(recovering.begin, MAYA)
    with pytest.raises(NotAllowed):
        world.do(recovering.allow, MAYA, MAYA, CHECKED)


@pytest.mark.parametrize("factor", [Factor.RECOVERY, Factor.TOTP, Factor.CODE])
def test_another_factor_begins_it_and_two_days_later_a_new_pin_is_set(world: World, factor: Factor) -> None:
    begins(world, factor)
    with pytest.raises(ProofNeeded):
        world.do(pin.set_pin, MAYA, "new")
    world.clock.let_pass(hours=47, minutes=59)
    with pytest.raises(ProofNeeded):
        world.do(pin.set_pin, MAYA, "new")
    world.clock.let_pass(minutes=1)
    world.do(pin.set_pin, MAYA, "new")
    kept = world.look(lambda uow: uow.credentials.need("1|pin"))
    assert (kept.secret, kept.created_at, kept.failures) == ("new", world.clock.now(), 0)
    with pytest.raises(ProofNeeded):
        world.do(pin.set_pin, MAYA, "another")


def test_every_step_is_told_and_audited(world: World) -> None:
    begins(world, Factor.RECOVERY)
    world.clock.let_pass(hours=48)
    world.do(pin.set_pin, MAYA, "new")
    told = [what for who, what, _ in notices(world) if who == MAYA]
    assert [what for what in ("recovery_begun", "recovery_ripe", "factor_set") if what in told] == [
        "recovery_begun", "recovery_ripe", "factor_set",
    ]  # fmt: skip
    audited = {line.command for line in world.look(lambda uow: uow.audit.find(actor=MAYA))}
    assert {"recovery begun", "recovery done", "pin set"} <= audited


def test_a_recovery_that_was_cancelled_leads_nowhere(world: World) -> None:
    recovery = begins(world, Factor.RECOVERY)
    with pytest.raises(Gone):
        world.do(recovering.cancel, LIN, recovery.id)
    world.do(recovering.cancel, MAYA, recovery.id)
    world.clock.let_pass(days=3)
    with pytest.raises(ProofNeeded):
        world.do(pin.set_pin, MAYA, "new")
    with pytest.raises(Gone):
        world.do(recovering.cancel, MAYA, recovery.id)


def test_an_admin_says_what_they_checked_and_hurries_nothing(world: World) -> None:
    with pytest.raises(BadRecovery):
        world.do(recovering.allow, ADA, MAYA, "ok")
    recovery = world.do(recovering.allow, ADA, MAYA, CHECKED)
    assert (recovery.by, recovery.checked) == (ADA, CHECKED)
    line = next(one for one in world.look(lambda uow: uow.audit.find(actor=ADA)) if one.command == "recovery begun")
    assert line.detail["checked"] == CHECKED
    with pytest.raises(RecoveryRuns):
        world.do(recovering.allow, ADA, MAYA, CHECKED)
    with pytest.raises(ProofNeeded):
        world.do(pin.set_pin, MAYA, "new")


def test_who_has_nothing_enrolled_has_nothing_to_recover(world: World) -> None:
    with pytest.raises(Gone):
        world.do(recovering.allow, ADA, LIN, CHECKED)


def test_a_recovery_code_is_replaced_with_a_proof_only(world: World) -> None:
    world.do(recovering.keep_code, MAYA, "hash", proved=False)
    with pytest.raises(Gone):
        world.do(recovering.keep_code, MAYA, "other", proved=False)
    with pytest.raises(ProofNeeded):
        world.do(recovering.keep_code, MAYA, "other")
