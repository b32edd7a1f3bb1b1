"""The way back: begun by another factor, a code on paper or an admin; slow, told, and cancelled with a tap."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Gone, Refusal, sentence
from core.ids import PersonId
from core.ports import Effect, UnitOfWork
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import credentials
from core.risk.recovery import Recovery
from core.risk.stepping import need
from core.shop.context import Shop
from core.shop.notices import NOTICE, tell
from core.shop.visitors import need_admin, note_command

LEAST_CHECKED = 10  # characters: "ok" is no account of what was checked
MOST_CHECKED = 300
CODE_DIGITS = 12  # of the code on paper: 40 bits, behind the lock and Argon2id


class NoWayBack(Refusal):
    """Nothing is enrolled that could begin it."""

    sentence = sentence(
        "You have nothing else enrolled that could show that it is you. Please ask the shop: an admin can begin the "
        "recovery after checking who you are."
    )


class RecoveryRuns(Refusal):
    """One has begun already. Parameters: ripe."""

    sentence = sentence("A recovery is under way. On {ripe} you can set a new PIN.")


class BadRecovery(Refusal):
    """An admin did not say whom, or what was checked."""

    sentence = sentence(
        "To let somebody back in: /recover USER_ID and what you checked, such as /recover 42 called back on the known "
        "number, named the last two orders."
    )


def running(uow: UnitOfWork, who: PersonId) -> Recovery | None:
    """Their recovery that is neither done nor cancelled, if any."""
    return next((one for one in uow.recoveries.find(person=who, limit=10) if one.is_open), None)


def ripe(uow: UnitOfWork, shop: Shop, who: PersonId) -> Recovery | None:
    """Their recovery whose time has passed, if any."""
    found = running(uow, who)
    return found if found is not None and found.ripe_at <= shop.clock.now() else None


def begin(uow: UnitOfWork, shop: Shop, who: PersonId) -> Recovery:
    """Begin the way back by something else they have: any factor but the PIN, or the code on paper.

    Raises RecoveryRuns, NoWayBack, ProofNeeded.
    """
    _none_running(uow, who)
    able = {one.factor for one in credentials(uow, who)} - {Factor.PIN}
    if not able:
        raise NoWayBack
    proof = need(uow, shop, who, "recover", asked=sorted(able))
    return _begin(uow, shop, who, ", ".join(proof.done), by=who)


def allow(uow: UnitOfWork, shop: Shop, admin: PersonId, who: PersonId, checked: str) -> Recovery:
    """An admin lets it begin, and says what they checked. Raises NotAllowed, Gone, BadRecovery, RecoveryRuns."""
    need_admin(shop, admin)
    checked = " ".join(checked.split())
    if not LEAST_CHECKED <= len(checked) <= MOST_CHECKED:
        raise BadRecovery
    if uow.people.get(who) is None or not credentials(uow, who):
        raise Gone
    _none_running(uow, who)
    return _begin(uow, shop, who, "admin", by=admin, checked=checked)


def _none_running(uow: UnitOfWork, who: PersonId) -> None:
    found = running(uow, who)
    if found is not None:
        raise RecoveryRuns(ripe=found.ripe_at)


def _begin(uow: UnitOfWork, shop: Shop, who: PersonId, how: str, *, by: PersonId, checked: str = "") -> Recovery:
    now = shop.clock.now()
    recovery = uow.recoveries.add(
        Recovery(shop.ids.new(), who, now, now + shop.policy.risk.recover, how, by, checked=checked)
    )
    note_command(uow, shop, by, "recovery begun", person=str(who), recovery=recovery.id, how=how, checked=checked)
    tell(uow, now, who, "recovery_begun", recovery.id)
    uow.outbox.put(
        Effect(
            key=f"recovery_ripe:{recovery.id}",
            topic=NOTICE,
            lane=f"recovery:{recovery.id}",  # its own: what is due in two days must not keep today's words waiting
            data={"to": str(who), "kind": "recovery_ripe", "about": recovery.id},
            due_at=recovery.ripe_at,
        )
    )
    return recovery


def cancel(uow: UnitOfWork, shop: Shop, who: PersonId, recovery_id: str) -> Recovery:
    """Stop it: whoever did not begin it stops it here. Their own, or any by an admin. Raises Gone."""
    recovery = uow.recoveries.get(recovery_id)
    if recovery is None or (recovery.person != who and who not in shop.admins) or not recovery.is_open:
        raise Gone
    now = shop.clock.now()
    note_command(uow, shop, who, "recovery cancelled", person=str(recovery.person), recovery=recovery.id)
    tell(uow, now, recovery.person, "recovery_cancelled", recovery.id)
    return uow.recoveries.save(replace(uow.recoveries.lock(recovery.id), cancelled_at=now))


def finish(uow: UnitOfWork, shop: Shop, recovery: Recovery) -> None:
    """It has led to a new PIN."""
    uow.recoveries.save(replace(uow.recoveries.lock(recovery.id), done_at=shop.clock.now()))
    note_command(uow, shop, recovery.person, "recovery done", recovery=recovery.id)


def may_replace_code(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    """Whether they may have another code on paper now. Raises ProofNeeded."""
    need(uow, shop, who, "recovery-code", spend=False)


def keep_code(uow: UnitOfWork, shop: Shop, who: PersonId, phc: str, *, proved: bool = True) -> None:
    """Keep the hash of a code on paper. Raises ProofNeeded.

    `proved=False` is for the first one, that comes with the first PIN in one transaction.
    """
    name, now = credential_id(who, Factor.RECOVERY), shop.clock.now()
    old = uow.credentials.get(name)
    if proved:
        need(uow, shop, who, "recovery-code")
    elif old is not None and old.stands:
        raise Gone
    new = Credential(name, who, Factor.RECOVERY, now, secret=phc, confirmed_at=now)
    uow.credentials.add(new) if old is None else uow.credentials.save(replace(new, version=old.version))
    note_command(uow, shop, who, "recovery code made")
