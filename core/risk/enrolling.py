"""Enrolling a factor beside the PIN: the old ones vouch for it, and it is shown to work once before it stands."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Gone
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk.challenge import Challenge
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import bound_to, credentials
from core.risk.stepping import need, use
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import note_command


def purpose_of(factor: Factor) -> str:
    """The purpose of a challenge that a new factor answers for the first time."""
    return f"enrol-{factor}"


def may_add(uow: UnitOfWork, shop: Shop, who: PersonId, factor: Factor) -> None:
    """Whether they may add a factor, or put another in its place. Raises ProofNeeded once anything is enrolled."""
    if credentials(uow, who):
        need(uow, shop, who, f"add-{factor}", spend=False)


def begin(uow: UnitOfWork, shop: Shop, who: PersonId, factor: Factor, secret: str, label: str = "") -> Challenge:
    """Keep a new factor beside what it will replace, until a code of it has answered the challenge that comes back.

    Raises ProofNeeded.
    """
    if credentials(uow, who):
        need(uow, shop, who, f"add-{factor}")
    now, name = shop.clock.now(), credential_id(who, factor, "new")
    old = uow.credentials.get(name)
    new = Credential(name, who, factor, now, secret=secret, label=label)
    uow.credentials.add(new) if old is None else uow.credentials.save(replace(new, version=old.version))
    return uow.challenges.add(
        Challenge(
            id=shop.ids.new(16),
            person=who,
            purpose=purpose_of(factor),
            bound=bound_to(purpose_of(factor), str(who), secret),
            created_at=now,
            expires_at=now + shop.policy.risk.proof,
            asked=(factor,),
        )
    )


def confirm(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str) -> Credential:
    """It works: from now on it stands, in place of an older one. Raises Gone, ChallengeOver."""
    challenge = use(uow, shop, who, challenge_id)
    factor, now = challenge.asked[0], shop.clock.now()
    pending = uow.credentials.get(credential_id(who, factor, "new"))
    if pending is None or bound_to(challenge.purpose, str(who), pending.secret) != challenge.bound:
        raise Gone
    uow.credentials.save(replace(pending, secret="", label="", removed_at=now))
    name = credential_id(who, factor)
    old = uow.credentials.get(name)
    new = replace(pending, id=name, confirmed_at=now, version=0)
    kept = uow.credentials.add(new) if old is None else uow.credentials.save(replace(new, version=old.version))
    note_command(uow, shop, who, "factor added", factor=factor.value)
    tell(uow, now, who, "factor_set", name, at=f"{now:%m%d%H%M%S}", device=challenge.device)
    return kept


def remove(uow: UnitOfWork, shop: Shop, who: PersonId, name: str) -> Credential:
    """Take a factor away; its failures stay known. Raises Gone, ProofNeeded."""
    found = uow.credentials.get(name)
    if found is None or found.person != who or not found.stands:
        raise Gone
    need(uow, shop, who, "remove-factor", name)
    now = shop.clock.now()
    note_command(uow, shop, who, "factor removed", factor=found.factor.value)
    tell(uow, now, who, "factor_removed", name, at=f"{now:%m%d%H%M%S}")
    found = uow.credentials.lock(name)
    return uow.credentials.save(replace(found, secret="", label="", removed_at=now))
