"""Passkeys: how one is enrolled, and what a signature of one proves. Whether it holds is judged at the door."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ports import Duplicate, UnitOfWork
from core.risk import enrolling
from core.risk.challenge import Challenge
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import bound_to, credentials
from core.risk.stepping import ChallengeOver, Locked, Tried, mine, need, prove
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import note_command

MOST = 10  # passkeys of one person


class TooManyPasskeys(Refusal):
    """As many as one person may have. Parameters: most."""

    sentence = sentence("You have {most} passkeys already. Please remove one first.")


class KnownPasskey(Refusal):
    """The same one again."""

    sentence = sentence("This passkey is enrolled already.")


def name_of(credential: Credential) -> str:
    """The passkey's own id (WebAuthn credential id, base64url)."""
    return credential.id.split("|", 2)[2]


def passkeys(uow: UnitOfWork, who: PersonId) -> list[Credential]:
    """Those that may confirm something."""
    return [one for one in credentials(uow, who) if one.factor is Factor.PASSKEY]


def begin(uow: UnitOfWork, shop: Shop, who: PersonId) -> Challenge:
    """The challenge that a new passkey signs. Raises ProofNeeded, TooManyPasskeys."""
    found = credentials(uow, who)
    if found:
        need(uow, shop, who, f"add-{Factor.PASSKEY}")
    if len(passkeys(uow, who)) >= MOST:
        raise TooManyPasskeys(most=MOST)
    now, purpose = shop.clock.now(), enrolling.purpose_of(Factor.PASSKEY)
    name = shop.ids.new(16)
    return uow.challenges.add(
        Challenge(
            id=name,
            person=who,
            purpose=purpose,
            bound=bound_to(purpose, str(who), name),
            created_at=now,
            expires_at=now + shop.policy.risk.proof,
            asked=(Factor.PASSKEY,),
        )
    )


def keep(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    challenge_id: str,
    *,
    name: str,
    secret: str,
    count: int,
    label: str,
    device: str = "",
) -> Credential:
    """A passkey has signed its challenge: it stands. Raises Gone, ChallengeOver, KnownPasskey."""
    mine(uow, who, challenge_id)
    challenge, now = uow.challenges.lock(challenge_id), shop.clock.now()
    if not challenge.is_open(now) or challenge.purpose != enrolling.purpose_of(Factor.PASSKEY):
        raise ChallengeOver
    uow.challenges.save(replace(challenge, done=challenge.asked, passed_at=now, used_at=now))
    new = Credential(
        credential_id(who, Factor.PASSKEY, name),
        who,
        Factor.PASSKEY,
        now,
        secret=secret,
        label=label,
        confirmed_at=now,
        proved_at=now,
        last=count,
    )
    try:
        kept = uow.credentials.add(new)
    except Duplicate:
        raise KnownPasskey from None
    note_command(uow, shop, who, "factor added", factor=Factor.PASSKEY.value)
    tell(uow, now, who, "factor_set", new.id, at=f"{now:%m%d%H%M%S}", device=device)
    return kept


def signed(
    uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, *, name: str, count: int, device: str = ""
) -> Tried:
    """A passkey has signed exactly this challenge, and `count` is what its counter says.

    A counter that does not grow means that two of it are about: the signature counts for nothing, and its owner hears
    of it (WebAuthn Level 3, section 6.1.1). Synchronised ones stay at 0. Raises Gone, ChallengeOver, Locked.
    """
    mine(uow, who, challenge_id)
    challenge = uow.challenges.lock(challenge_id)
    if Factor.PASSKEY not in challenge.asked or Factor.PASSKEY in challenge.done:
        raise ChallengeOver
    credential = uow.credentials.lock(credential_id(who, Factor.PASSKEY, name))
    now = shop.clock.now()
    if not credential.stands:
        raise ChallengeOver
    if credential.locked_until is not None and now < credential.locked_until:
        raise Locked(until=credential.locked_until)
    if count <= credential.last and (count or credential.last):
        note_command(uow, shop, who, "passkey counter", factor=Factor.PASSKEY.value)
        tell(uow, now, who, "passkey_copied", credential.id, at=f"{now:%m%d%H%M%S}")
        return Tried(challenge, right=False)
    return Tried(prove(uow, shop, challenge, credential, device, last=count), right=True)
