"""Pictures lie in files under the digest of their bytes, and under no other name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.errors import Gone
from storage.pictures import FilePictures

JPEG = b"\xff\xd8\xff\xe0 a teapot"


def test_a_picture_comes_back_by_its_digest(tmp_path: Path) -> None:
    pictures = FilePictures(tmp_path / "pictures")
    digest = pictures.put(JPEG)
    assert digest == hashlib.sha256(JPEG).hexdigest()
    assert pictures.get(digest) == JPEG
    assert pictures.put(JPEG) == digest
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{digest}.jpg"]


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 64 + "\n", "/" + "0" * 63])
def test_what_is_no_digest_of_ours_is_gone(tmp_path: Path, name: str) -> None:
    with pytest.raises(Gone):
        FilePictures(tmp_path).get(name)


def test_a_picture_that_could_not_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("storage.pictures.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        FilePictures(tmp_path).put(JPEG)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
