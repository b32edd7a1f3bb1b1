"""People with factors, for tests: a PIN whose hash is a word, so that no test waits for Argon2id."""

from __future__ import annotations

from core.ids import PersonId
from core.risk import stepping
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.stepping import Tried
from tests.world import World


def give(world: World, who: PersonId, factor: Factor, secret: str = "hash") -> Credential:
    """An enrolled factor, of this moment."""
    now = world.clock.now()
    new = Credential(credential_id(who, factor), who, factor, now, secret=secret, confirmed_at=now)
    return world.store.write_now(lambda uow: uow.credentials.add(new))


def has_pin(world: World, who: PersonId) -> Credential:
    """A payment PIN, of this moment."""
    return give(world, who, Factor.PIN)


def guess_pin(world: World, who: PersonId, challenge: str, *, right: bool) -> Tried:
    """As the bot does: counted, compared elsewhere, settled."""
    world.do(stepping.count_guess, who, challenge, Factor.PIN)
    return world.do(stepping.settle_guess, who, challenge, Factor.PIN, right)
