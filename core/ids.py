"""Typed names of things, and how new ones are made."""

from __future__ import annotations

import random
import secrets
from typing import NewType

PersonId = NewType("PersonId", int)  # the Telegram user id
SellerId = NewType("SellerId", str)
ProductId = NewType("ProductId", str)
OrderId = NewType("OrderId", str)
QuoteId = NewType("QuoteId", str)
IntentId = NewType("IntentId", str)
OperationId = NewType("OperationId", str)

# Crockford's base 32 without letters that read alike: a name survives being read out over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Ids:
    """Makes names: 10 characters of 5 random bits (50 bits; a clash is refused by the primary key)."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or secrets.SystemRandom()

    def new(self, length: int = 10) -> str:
        """A fresh name of `length` characters from ALPHABET."""
        bits = self._source.getrandbits(5 * length)  # drawn at once: each draw asks the system
        return "".join([ALPHABET[bits >> place & 31] for place in range(0, 5 * length, 5)])
