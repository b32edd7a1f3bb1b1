"""Product pictures as files, named by the digest of their bytes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from functools import lru_cache
from pathlib import Path

from core.errors import Gone

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FilePictures:
    """core.ports.Pictures in a directory, `ab/abcd….jpg`. A file is there whole or not at all; the same bytes once."""

    def __init__(self, directory: Path | str, keep: int = 64) -> None:
        """`keep` is how many pictures stay in memory (about 0.2 MB each): the best sellers are drawn on every card."""
        self._directory = Path(directory)
        self._read = lru_cache(keep)(self._from_disk)

    def put(self, jpeg: bytes) -> str:
        """core.ports.Pictures.put: SHA-256 in 64 hexadecimal digits. On disk when it returns."""
        digest = hashlib.sha256(jpeg).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{digest}.{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as file:
                file.write(jpeg)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        for folder in (path.parent, self._directory):
            _sync(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """core.ports.Pictures.get. Raises Gone for what is not there and for what is no digest."""
        return self._read(digest)

    def _from_disk(self, digest: str) -> bytes:
        if not _DIGEST.fullmatch(digest):
            raise Gone
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            pass
        raise Gone

    def _path(self, digest: str) -> Path:
        return self._directory / digest[:2] / f"{digest}.jpg"


def _sync(folder: Path) -> None:
    """A rename is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
