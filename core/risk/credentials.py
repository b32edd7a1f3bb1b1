"""Credentials: what a person has enrolled to show that it is them, and how often somebody failed at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.ids import PersonId
from core.risk.factors import Factor


@dataclass(frozen=True, slots=True)
class Credential:
    """One enrolled factor of one person. It is never deleted: what is taken away keeps its failures.

    `secret` by factor: PIN and RECOVERY a PHC string (Argon2id), TOTP the shared secret in base 32, CODE the address
    that codes go to, PASSKEY what the page's library needs.
    """

    id: str  # person|factor; of a passkey person|passkey|its credential id
    person: PersonId
    factor: Factor
    created_at: datetime  # when it was enrolled last
    secret: str = field(default="", metadata={"personal": True}, repr=False)
    label: str = field(default="", metadata={"personal": True})  # what its owner knows it by: a masked address, a phone
    confirmed_at: datetime | None = None  # when it was shown to work; until then it proves nothing
    removed_at: datetime | None = None
    proved_at: datetime | None = None  # when it was proved last
    last: int = 0  # the last TOTP step that was taken, or a passkey's signature counter
    failures: int = 0  # since it was proved last; counted before a guess is looked at
    locked_until: datetime | None = None
    version: int = 0

    @property
    def stands(self) -> bool:
        """Whether it may be used at all."""
        return self.confirmed_at is not None and self.removed_at is None


def credential_id(person: PersonId, factor: Factor, name: str = "") -> str:
    """The key of a person's credential; `name` tells several of one factor apart (passkeys)."""
    return f"{person}|{factor}|{name}" if name else f"{person}|{factor}"
