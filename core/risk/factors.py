"""Factors: what a shopper can prove that it is they, and of which kind each proof is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The three elements of strong authentication, Commission Delegated Regulation (EU) 2018/389 Art. 6 to 8."""

    KNOWLEDGE = "knowledge"
    POSSESSION = "possession"
    INHERENCE = "inherence"


class Factor(StrEnum):
    """One proof. The chat account is none of them: who holds it holds no more than the chat."""

    PIN = "pin"
    PASSKEY = "passkey"
    TOTP = "totp"
    CODE = "code"  # sent by SMS or mail
    RECOVERY = "recovery"  # a code on paper: it opens a recovery, and confirms no payment

    @property
    def kind(self) -> Kind:
        """What is proved by it. A passkey is the device; that the device asked for a finger is its own affair."""
        return Kind.KNOWLEDGE if self is Factor.PIN else Kind.POSSESSION


def independent(factors: frozenset[Factor]) -> int:
    """How many elements they prove: two of one kind fall together, so they count once."""
    return len({factor.kind for factor in factors})
