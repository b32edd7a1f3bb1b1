"""Step-up: a challenge is opened, answered by factors, passed, and used for the one thing that it is bound to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.errors import Gone, Refusal, Stale, sentence
from core.ids import OrderId, PersonId
from core.money import Money
from core.ports import UnitOfWork
from core.risk.challenge import Challenge
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor, independent
from core.risk.proofs import bound_to, credentials, usable
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import note_command

__all__ = ["bound_to", "cancel", "count_guess", "mine", "need", "open_", "passed", "settle_guess", "use"]

LONGEST_LOCK = timedelta(days=1)


class ProofNeeded(Refusal):
    """A step-up comes first; nothing was done. The bot opens the challenge that `ask` describes, and goes on after it.

    Parameters: purpose. Attributes say what is to be proved.
    """

    sentence = sentence("Please prove first that it is you.")

    def __init__(
        self,
        purpose: str,
        bound: str,
        *,
        needed: int = 1,
        asked: Iterable[Factor] = (),
        order: OrderId | None = None,
        amount: Money | None = None,
        payee: str = "",
    ) -> None:
        super().__init__(purpose=purpose)
        self.purpose, self.bound, self.needed, self.asked = purpose, bound, needed, tuple(asked)
        self.order, self.amount, self.payee = order, amount, payee


class NotEnrolled(Refusal):
    """They have not enough to prove it with. Parameters: needed (how many independent factors)."""

    sentence = sentence("You have no payment PIN yet. /security sets one.")


class TooFresh(Refusal):
    """What they could confirm with was enrolled a moment ago. Parameters: most, until."""

    sentence = sentence(
        "Your payment PIN is new. Until {until} it confirms payments of at most {most}: should somebody else have set "
        "it, you have that long to notice."
    )


class ChallengeOver(Stale):
    """The question is too old, given up, or answered already."""

    sentence = sentence("This confirmation is over. Please begin again.")


class Locked(Refusal):
    """Too many wrong guesses. Parameters: until."""

    sentence = sentence("There were too many wrong tries. You can try again after {until}, or use another way.")


class Blocked(Refusal):
    """So many wrong guesses that waiting does not help any more."""

    sentence = sentence("There were too many wrong tries, so this way is closed. /security leads to a recovery.")


@dataclass(frozen=True, slots=True)
class Tried:
    """What a guess came to. `left` guesses may still be wrong before the next lock; `until` says how long one is on."""

    challenge: Challenge
    right: bool
    left: int = 0
    until: datetime | None = None


def open_(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    purpose: str,
    bound: str,
    *,
    needed: int = 1,
    asked: Iterable[Factor] = (),
    order: OrderId | None = None,
    amount: Money | None = None,
    payee: str = "",
    data: dict[str, str] | None = None,
) -> Challenge:
    """Ask somebody to prove that it is them who want `bound`. One that waits for the same already is asked again.

    `asked` are the factors that would do; all that confirm payments when it is left out. Raises NotEnrolled, TooFresh.
    """
    now, found = shop.clock.now(), credentials(uow, who)
    able = _able(shop, found, frozenset(asked) or frozenset(Factor) - {Factor.RECOVERY}, amount, needed)
    if independent(able) < max(1, needed):
        raise NotEnrolled(needed=needed)
    for one in uow.challenges.find(bound=bound, person=who, limit=5):
        if one.is_open(now) and one.purpose == purpose and one.needed == needed:
            return uow.challenges.save(replace(one, asked=tuple(sorted(able)), data={**one.data, **(data or {})}))
    return uow.challenges.add(
        Challenge(
            id=shop.ids.new(16),
            person=who,
            purpose=purpose,
            bound=bound,
            created_at=now,
            expires_at=now + shop.policy.risk.proof,
            order=order,
            amount=amount,
            payee=payee,
            asked=tuple(sorted(able)),
            needed=needed,
            data=data or {},
        )
    )


def _able(
    shop: Shop, found: list[Credential], asked: frozenset[Factor], amount: Money | None, needed: int
) -> frozenset[Factor]:
    """The enrolled ones among `asked`; of those enrolled a moment ago none for a large amount. Raises TooFresh."""
    able = frozenset(one.factor for one in found if one.factor in asked)
    now, rules = shop.clock.now(), shop.policy.risk
    if amount is None or shop.rates.approximately(amount, shop.policy.currency, now.date())[0] <= rules.fresh_most:
        return able
    settled = frozenset(one.factor for one in found if one.factor in asked and one.created_at + rules.cool <= now)
    if independent(settled) < needed <= independent(able):
        raise TooFresh(most=rules.fresh_most, until=min(one.created_at for one in found) + rules.cool)
    return settled


def mine(uow: UnitOfWork, who: PersonId, challenge_id: str) -> Challenge:
    """A challenge of this person's. Raises Gone."""
    challenge = uow.challenges.get(challenge_id)
    if challenge is None or challenge.person != who:
        raise Gone
    return challenge


def _open(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, factor: Factor) -> Challenge:
    mine(uow, who, challenge_id)
    challenge = uow.challenges.lock(challenge_id)
    if not challenge.is_open(shop.clock.now()) or factor not in challenge.asked or factor in challenge.done:
        raise ChallengeOver
    return challenge


def count_guess(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, factor: Factor) -> str:
    """Count a guess before it is looked at, and give what it is to be compared with; "" when nothing is enrolled.

    Counted first and in its own transaction, so that many guesses at once, from however many sessions, are as many as
    one after the other, and a crash forgives none. Raises Gone, ChallengeOver, Locked, Blocked.
    """
    challenge = _open(uow, shop, who, challenge_id, factor)
    credential = uow.credentials.get(holder(challenge, factor))
    if credential is None or credential.removed_at is not None:
        return ""
    count_failure(uow, shop, uow.credentials.lock(credential.id))
    return credential.secret


def holder(challenge: Challenge, factor: Factor) -> str:
    """The key of the credential that answers: what is just being enrolled lies beside what it will replace."""
    return credential_id(challenge.person, factor, "new" if challenge.purpose == f"enrol-{factor}" else "")


def count_failure(uow: UnitOfWork, shop: Shop, credential: Credential) -> Credential:
    """One more guess, taken for wrong until it is shown to be right. Raises Locked, Blocked."""
    now, rules = shop.clock.now(), shop.policy.risk
    if credential.failures >= rules.guess_most:
        raise Blocked
    if credential.locked_until is not None and now < credential.locked_until:
        raise Locked(until=credential.locked_until)
    failures = credential.failures + 1
    over = failures - rules.guess_tries
    until = now + min(rules.lock * 2 ** min(over, 20), LONGEST_LOCK) if over >= 0 else None
    return uow.credentials.save(replace(credential, failures=failures, locked_until=until))


def settle_guess(
    uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, factor: Factor, right: bool, device: str = ""
) -> Tried:
    """What became of a guess that was counted. A right one wipes out the wrong ones before it.

    Raises Gone, ChallengeOver.
    """
    challenge = _open(uow, shop, who, challenge_id, factor)
    credential = uow.credentials.get(holder(challenge, factor))
    if right and credential is not None:
        return Tried(prove(uow, shop, challenge, credential, device), right=True)
    challenge = uow.challenges.save(replace(challenge, tries=challenge.tries + 1))
    if credential is None:
        return Tried(challenge, right=False, left=shop.policy.risk.guess_tries)
    if credential.locked_until is not None:
        _tell_locked(uow, shop, credential)
    left = max(0, shop.policy.risk.guess_tries - credential.failures)
    return Tried(challenge, right=False, left=left, until=credential.locked_until)


def _tell_locked(uow: UnitOfWork, shop: Shop, credential: Credential) -> None:
    """Whoever guesses, the owner hears of it in every session of the chat account."""
    detail = {"factor": credential.factor.value, "failures": str(credential.failures)}
    note_command(uow, shop, credential.person, "step-up locked", **detail)
    now = shop.clock.now()  # in the key: three wrong tries next month are another alarm
    tell(uow, now, credential.person, "factor_locked", credential.id, n=detail["failures"], on=f"{now:%Y%m%d%H%M%S}")


def prove(
    uow: UnitOfWork, shop: Shop, challenge: Challenge, credential: Credential, device: str = "", last: int | None = None
) -> Challenge:
    """A factor was shown to be right: it counts for the challenge, and the last needed one passes it.

    `last` is the TOTP step or signature counter that was used up. Raises ChallengeOver.
    """
    now = shop.clock.now()
    if not challenge.is_open(now) or credential.factor not in challenge.asked:
        raise ChallengeOver
    uow.credentials.save(
        replace(
            credential,
            proved_at=now,
            failures=0,
            locked_until=None,
            last=credential.last if last is None else last,
        )
    )
    done = tuple(sorted({*challenge.done, credential.factor}))
    enough = independent(frozenset(done)) >= challenge.needed
    if enough:
        tell(uow, now, challenge.person, "stepped_up", challenge.id)
    return uow.challenges.save(
        replace(challenge, done=done, passed_at=now if enough else None, device=device or challenge.device, code="")
    )


def passed(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str) -> bool:
    """Whether a challenge was passed and is still good for its one use. Raises Gone."""
    return mine(uow, who, challenge_id).proves(shop.clock.now())


def use(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str) -> Challenge:
    """Use a passed challenge up. Raises Gone, ChallengeOver."""
    mine(uow, who, challenge_id)
    challenge = uow.challenges.lock(challenge_id)
    if not challenge.proves(shop.clock.now()):
        raise ChallengeOver
    return uow.challenges.save(replace(challenge, used_at=shop.clock.now()))


def need(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    purpose: str,
    *parts: str,
    asked: Iterable[Factor] = (),
    spend: bool = True,
) -> Challenge:
    """Use up the proof of exactly `purpose` and `parts`. Raises ProofNeeded when there is none.

    For any verb that changes what somebody is trusted with: call it first, raise what it raises, and the bot leads
    through the step-up and calls the verb again. `spend=False` only looks.
    """
    bound = bound_to(purpose, str(who), *parts)
    found = usable(uow, shop.clock.now(), who, bound)
    if not found:
        raise ProofNeeded(purpose, bound, asked=asked)
    return use(uow, shop, who, found[0].id) if spend else found[0]


def cancel(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str) -> Challenge:
    """They think better of it. Raises Gone."""
    mine(uow, who, challenge_id)
    challenge = uow.challenges.lock(challenge_id)
    if challenge.used_at is not None or challenge.cancelled_at is not None:
        return challenge
    return uow.challenges.save(replace(challenge, cancelled_at=shop.clock.now()))
