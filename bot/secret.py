"""Values that must never show themselves, and the file that keeps the one key of ours."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import tempfile
from pathlib import Path

LEAST_KEY = 32
"""Characters below which a key is no key."""


class Secret:
    """A value that never shows itself: repr, str and format give three dots; `reveal()` is the only way out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(…)" if self._value else "Secret()"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


def key_file(path: Path, create: bool) -> Secret:
    """The key in `path`, made when missing. Raises PermissionError when others can read it, ValueError when damaged."""
    if not path.exists():
        if not create:
            return Secret(secrets.token_hex(32))
        _make(path)
    key = key_text(path).strip()
    if len(key) < LEAST_KEY:
        raise ValueError("the key in it is damaged")
    return Secret(key)


def key_text(path: Path) -> str:
    """What stands in a file that nobody else can read. Raises PermissionError when others can."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(1, "others can read it")
    return path.read_text("ascii")


def _make(path: Path) -> None:
    """Whole or not at all, and never over another: two processes starting together end with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()
