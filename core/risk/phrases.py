"""Safety phrases at random, out of short lists of everyday words."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from core.ids import ALPHABET, Ids

WORDS = 3  # different ones of 128: who imitates the shop and has one try is right once in two million


def draw(ids: Ids, language: str) -> str:
    """A phrase at random, in Chinese for who reads Chinese, else in English."""
    left = list(_words("zh" if language.lower().startswith("zh") else "en"))
    return " ".join(left.pop(_number(ids.new(4)) % len(left)) for _ in range(WORDS))


def _number(name: str) -> int:
    """A fresh name as a number; of four letters it is below 2**20, which so few words share evenly enough."""
    number = 0
    for letter in name:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return number


@cache
def _words(language: str) -> tuple[str, ...]:
    return tuple(tomllib.loads(files("core.risk").joinpath("phrases.toml").read_text("utf-8"))[language].split())
