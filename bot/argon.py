"""Hashes of PINs: Argon2id, which takes its time. Off the loop, and outside any transaction."""

from __future__ import annotations

import asyncio
import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB of memory, two passes, one lane. 75 ms on the machine at hand.
_MEMORY, _PASSES, _LANES = 19_456, 2, 1
_SALT, _LENGTH = 16, 32  # bytes: RFC 9106, section 3.1


async def hash_of(pin: str) -> str:
    """A PHC string of it, with a salt of its own."""
    return await asyncio.to_thread(_hash, pin)


async def matches(pin: str, phc: str) -> bool:
    """Whether it is the one that was hashed. As slow where there is none (phc "") as where there is one."""
    return await asyncio.to_thread(_matches, pin, phc)


def _hash(pin: str) -> str:
    return _argon2(os.urandom(_SALT)).derive_phc_encoded(pin.encode())


def _matches(pin: str, phc: str) -> bool:
    if not phc:
        _argon2(bytes(_SALT)).derive(pin.encode())
        return False
    try:
        Argon2id.verify_phc_encoded(pin.encode(), phc)
    except InvalidKey:
        return False
    return True


def _argon2(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=_LENGTH, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY)
