"""The keys of the vault: where they come from, the file they change in, and who may hold the folder meanwhile.

They are a list, oldest first; the last one seals. A shop begins with one key, made of its secret key and written
`secret`. A rotation adds another, of its own, and drops the older ones when they open nothing any more. The list lies
in the data folder (`vault.key`, a key a line) or in SAMPAN_VAULT_KEYS (by comma).
"""

from __future__ import annotations

import fcntl
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bot.secret import LEAST_KEY, Secret, key_text

if TYPE_CHECKING:
    from bot.config import Settings

VAULT_FILE = "vault.key"
FIRST = Secret("secret")
"""Stands for the key that is made of the secret key."""


class FolderHeld(Exception):
    """Somebody else has the data folder: a running shop, or a rotation."""


def parse(text: str) -> tuple[Secret, ...]:
    """The list in a file or a variable, empty for none. Raises ValueError, which tells no key."""
    ring = tuple(Secret(word) for word in re.split(r"[,\s]+", text) if word)
    if any(key != FIRST and len(key.reveal()) < LEAST_KEY for key in ring):
        raise ValueError(f"one of the keys in it has fewer than {LEAST_KEY} characters")
    return ring


def in_folder(folder: Path) -> tuple[Secret, ...]:
    """The list in the folder's file. Raises PermissionError when others can read it, ValueError when it is damaged."""
    path = folder / VAULT_FILE
    if not path.exists():
        return (FIRST,)
    ring = parse(key_text(path))
    if not ring:
        raise ValueError("there is no key in it")
    return ring


def ring_of(settings: Settings) -> tuple[Secret, ...]:
    """The shop's list as it stands now. Raises as `in_folder` does."""
    return settings.vault_keys or in_folder(settings.data)


def vault_keys(settings: Settings) -> dict[str, bytes]:
    """What storage.vault.Vault takes: 32 bytes for each key's id; the last one is current."""
    return dict(_named(settings, key) for key in ring_of(settings))


def _named(settings: Settings, key: Secret) -> tuple[str, bytes]:
    if key == FIRST:
        return "1", settings.key("vault")
    text = key.reveal().encode()
    # The id stands in each blob, and must tell nothing of the key.
    return hmac.digest(text, b"sampan vault id", "sha256").hex()[:8], hmac.digest(text, b"sampan vault", "sha256")


def another() -> Secret:
    """A new key."""
    return Secret(secrets.token_hex(32))


def keep(folder: Path, ring: Sequence[Secret]) -> None:
    """Put the list in the folder's file: on disk as a whole when this returns, or not at all; for this user only."""
    handle, draft = tempfile.mkstemp(dir=folder)  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.writelines(f"{key.reveal()}\n" for key in ring)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(folder / VAULT_FILE)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)  # the name, too
    finally:
        os.close(entry)


def hold(folder: Path, *, alone: bool = False) -> Callable[[], None]:
    """Hold the folder until what is returned is called, or the end of the process: many shops, or one rotation.

    Whoever writes reads the keys after this: a shop must not seal with a key that is about to be dropped. Raises
    FolderHeld.
    """
    folder.mkdir(parents=True, exist_ok=True)
    let_go = ExitStack()
    handle = os.open(folder, os.O_RDONLY)
    let_go.callback(os.close, handle)
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        let_go.close()
        raise FolderHeld("the data folder is in use") from None
    return let_go.close  # a second call does nothing
