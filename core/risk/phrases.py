"""Safety phrases at random, out of short lists of everyday words."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from core.ids import ALPHABET, Ids

WORDS = 3  # of 128 each: who imitates the shop and has one try is right once in two million


def draw(ids: Ids, language: str) -> str:
    """A phrase at random, in Chinese for who reads Chinese, else in English."""
    words = _words("zh" if language.lower().startswith("zh") else "en")
    return " ".join(words[_number(ids.new(2)) % len(words)] for _ in range(WORDS))


def _number(name: str) -> int:
    """Two letters of a fresh name as a number below 1024: 128 words share it evenly."""
    return ALPHABET.index(name[0]) * len(ALPHABET) + ALPHABET.index(name[1])


@cache
def _words(language: str) -> tuple[str, ...]:
    return tuple(tomllib.loads(files("core.risk").joinpath("phrases.toml").read_text("utf-8"))[language].split())
