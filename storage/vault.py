"""The vault: encryption of personal data at rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = 1
_NONCE = 12  # bytes; the size NIST SP 800-38D recommends for GCM
KEY_SIZE = 32  # bytes


class Sealed(Exception):
    """A blob that none of the keys at hand opens, or that lies in another row than it was sealed for."""


def _prefix(name: str) -> bytes:
    return bytes([_FORMAT, len(name)]) + name.encode()


class Vault:
    """Seals bytes with AES-256-GCM. A blob names its key, and opens only under the context it was sealed for.

    `keys` maps a key id (1 to 32 ASCII characters) to 32 secret bytes; `current` seals, every key opens. To rotate: add
    a key, make it current, seal anew what is sealed with another (storage.rotate), drop the old key.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str, nonce: Callable[[int], bytes] = os.urandom) -> None:
        if current not in keys:
            raise ValueError("the current key is not among the keys")
        for name, key in keys.items():
            if not (name.isascii() and 1 <= len(name) <= 32):
                raise ValueError("a key id is 1 to 32 ASCII characters")
            if len(key) != KEY_SIZE:
                raise ValueError(f"key {name} is not {KEY_SIZE} bytes long")
        self._boxes = {name.encode(): AESGCM(key) for name, key in keys.items()}
        self._nonce = nonce
        self._current = current
        self._box = self._boxes[current.encode()]
        self.prefix = _prefix(current)
        self.prefixes = tuple(map(_prefix, keys))

    @classmethod
    def of(cls, keys: Mapping[str, bytes]) -> Vault:
        """With the last of the keys as the current one."""
        return cls(keys, list(keys)[-1])

    def __repr__(self) -> str:
        return f"Vault(current={self._current!r})"

    def encrypt(self, data: bytes, context: str) -> bytes:
        """`data` sealed for `context` (table, column and row): format, key id, nonce, ciphertext with its tag."""
        nonce = self._nonce(_NONCE)
        return self.prefix + nonce + self._box.encrypt(nonce, data, context.encode())

    def decrypt(self, blob: bytes, context: str) -> bytes:
        """What was sealed. Raises Sealed, which says nothing of the data."""
        name, nonce, body = self._parts(blob)
        box = self._boxes.get(name)
        if box is None:
            raise Sealed("sealed with a key that is not at hand")
        try:
            return box.decrypt(nonce, body, context.encode())
        except InvalidTag:
            pass
        raise Sealed("the key at hand does not open it, or it is not where it was sealed")

    @staticmethod
    def _parts(blob: bytes) -> tuple[bytes, bytes, bytes]:
        if len(blob) < 2 or blob[0] != _FORMAT or len(blob) < 2 + blob[1] + _NONCE:
            raise Sealed("not a sealed blob")
        end = 2 + blob[1]
        return blob[2:end], blob[end : end + _NONCE], blob[end + _NONCE :]
