"""The repository stands by itself: it names no place of its writers, and says what each file is for."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]

# Written in pieces, so that this file does not name them either.
ELSEWHERE = [
    "../" + "shared",
    "/" + "work/",
    "/" + "tmp/sampan",
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "deb" + "ian.org",
    "--" + "index-url",
    "--" + "extra-index-url",
]
ROOMS = ("bot", "core", "storage", "tests")


@cache
def files() -> tuple[Path, ...]:
    """Every file that is kept, as git lists them (tracked, or new and not ignored)."""
    if not (HOUSE / ".git").exists():
        pytest.skip("not a git checkout: run it in one (git clone …)")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return tuple(path for name in listed.split("\0") if name and (path := HOUSE / name).is_file())


@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_file_names_a_place_that_only_its_writers_had(place: str) -> None:
    guilty = [str(file.relative_to(HOUSE)) for file in files() if place.encode() in file.read_bytes()]
    assert guilty == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_first_line_of_every_module_says_what_belongs_there(room: str) -> None:
    silent = []
    for file in files():
        if file.suffix != ".py" or file.relative_to(HOUSE).parts[0] != room or not file.read_text("utf-8").strip():
            continue
        said = ast.get_docstring(ast.parse(file.read_text("utf-8")), clean=True)
        if not said or len(said.splitlines()[0]) < 20 or not re.search(r"[.!?…:]$", said.splitlines()[0]):
            silent.append(str(file.relative_to(HOUSE)))
    assert silent == []


def test_every_empty_module_is_the_door_of_a_room() -> None:
    empty = [file for file in files() if file.suffix == ".py" and not file.read_text("utf-8").strip()]
    assert {file.name for file in empty} <= {"__init__.py"}


def test_no_secret_is_kept() -> None:
    # A bot token is digits, a colon and 35 letters; the ones in the tests are shorter or say that they are examples.
    token = re.compile(rb"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b")
    keys = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk_live_[A-Za-z0-9]{10,}|\bghp_[A-Za-z0-9]{30,}")
    guilty = [
        str(file.relative_to(HOUSE))
        for file in files()
        if token.search(file.read_bytes()) or keys.search(file.read_bytes())
    ]
    assert guilty == []
