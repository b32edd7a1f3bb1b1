"""Codes that are sent by SMS or mail: to whom, how often, and which digits are right. Sending is an adapter's."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk.challenge import Challenge
from core.risk.factors import Factor
from core.risk.stepping import ChallengeOver, Tried, count_guess, holder, mine, prove, settle_guess
from core.shop.context import Shop

DIGITS = 6
PAUSE = timedelta(seconds=30)  # between two codes for one question
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")  # E.164
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?=.{1,190}$)(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")


class BadAddress(Refusal):
    """Neither a telephone number nor an e-mail address."""

    sentence = sentence(
        "Please send a phone number with its country code, such as +49 151 23456789, or an e-mail address."
    )


class TooManyCodes(Refusal):
    """As many as may be sent were sent. Parameters: most."""

    sentence = sentence(
        "No more than {most} codes are sent for one confirmation. Please use another way, or begin again later."
    )


class NotSoSoon(Refusal):
    """The last one was sent a moment ago."""

    sentence = sentence("A code is on its way to you. Please wait half a minute before you ask for another.")


class NotSent(Refusal):
    """The gateway did not take it."""

    sentence = sentence("The code could not be sent. Please try again, or use another way.")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent: `to` a telephone number or an e-mail address, `id` the same at every attempt to send it."""

    id: str
    to: str
    text: str

    @property
    def by_mail(self) -> bool:
        """Whether it goes to an e-mail address."""
        return "@" in self.to

    def __repr__(self) -> str:
        return f"Letter({self.id})"


class CodeSender(Protocol):
    """A gateway for short messages."""

    async def send(self, letter: Letter) -> bool:
        """Whether the gateway took it. Never raises, never logs what it sends."""
        ...


def read_address(text: str) -> str:
    """A telephone number (E.164) or e-mail address as typed. Raises BadAddress."""
    plain = text.strip()
    number = re.sub(r"[\s()./-]", "", plain)
    number = f"+{number[2:]}" if number.startswith("00") else number
    if _PHONE.fullmatch(number):
        return number
    if _MAIL.fullmatch(plain):
        return plain.lower()
    raise BadAddress


def masked(address: str) -> str:
    """What shows its owner which one it is, and a stranger nothing: …789, m…@example.com."""
    name, at, host = address.partition("@")
    return f"{name[0]}…@{host}" if at else f"…{address[-3:]}"


def make(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, code: str) -> tuple[str, Challenge]:
    """Keep the digest of a fresh code for a challenge; where to send it, and the challenge. An older code is void.

    Raises Gone, ChallengeOver, NotSoSoon, TooManyCodes.
    """
    mine(uow, who, challenge_id)
    challenge, now, rules = uow.challenges.lock(challenge_id), shop.clock.now(), shop.policy.risk
    credential = uow.credentials.get(holder(challenge, Factor.CODE))
    if not challenge.is_open(now) or Factor.CODE not in challenge.asked or credential is None or credential.removed_at:
        raise ChallengeOver
    if challenge.sent_at is not None and now < challenge.sent_at + PAUSE:
        raise NotSoSoon
    lately = uow.challenges.find(person=who, since={"created_at": now - timedelta(days=1)}, limit=1000)
    if challenge.sends >= rules.code_sends or sum(one.sends for one in lately) >= rules.code_day:
        raise TooManyCodes(most=rules.code_sends)
    kept = replace(challenge, code=_digest(challenge.id, code), sends=challenge.sends + 1, sent_at=now)
    return credential.secret, uow.challenges.save(kept)


def _digest(challenge_id: str, code: str) -> str:
    """Salted by the challenge. Six digits hide behind no digest for long: the vault seals it, it dies in minutes."""
    return hashlib.sha256(f"{challenge_id}:{code}".encode()).hexdigest()


def guess(uow: UnitOfWork, shop: Shop, who: PersonId, challenge_id: str, digits: str, device: str = "") -> Tried:
    """Try a code that was sent. Raises Gone, ChallengeOver, Locked, Blocked."""
    count_guess(uow, shop, who, challenge_id, Factor.CODE)
    challenge, now = mine(uow, who, challenge_id), shop.clock.now()
    credential = uow.credentials.get(holder(challenge, Factor.CODE))
    alive = challenge.sent_at is not None and now < challenge.sent_at + shop.policy.risk.code and challenge.code
    right = hmac.compare_digest(challenge.code or "", _digest(challenge.id, digits))
    if not (alive and right) or credential is None:
        return settle_guess(uow, shop, who, challenge_id, Factor.CODE, False, device)
    return Tried(prove(uow, shop, challenge, credential, device), right=True)
