"""When one name would be read as another: what a forger writes where a payee's name stands."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
    """What an eye keeps of a name: no case, accents, blanks or marks, and one letter for all that look alike."""
    read = _TURNED.sub(lambda found: found[1][::-1], name)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", read).casefold())
    kept = "".join(char for char in plain if char.isalnum()).translate(_ALIKE)
    return kept.replace("rn", "m").replace("vv", "w").replace("l", "i")


def is_like(name: str, ours: str) -> bool:
    """Whether a name would be taken for ours: the same to the eye, or the one with something behind the other."""
    one, other = folded(name), folded(ours)
    if min(len(one), len(other)) < _LEAST:
        return bool(one) and one == other
    return one.startswith(other) or other.startswith(one)
