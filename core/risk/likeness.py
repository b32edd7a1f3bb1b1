"""When one name would be read as another: what a forger writes where a payee's name stands."""

from __future__ import annotations

import unicodedata

_LEAST = 4  # letters: a shorter beginning is nobody's name
_ALIKE = str.maketrans(
    "абвгеёзіїйкмнопрстухѕјԁԛԝүһӏαβγεζηικμνορτυχω0135",
    "abbreeziiikmhonpctyxsjdqwyhlabyeznikmvoptuxwoies",
)
"""Letters of other alphabets, and digits, to the Latin letter that they pass for."""


def folded(name: str) -> str:
    """What an eye keeps of a name: no case, accents, blanks or marks, and one letter for all that look alike."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(char for char in plain if char.isalnum()).translate(_ALIKE)
    return kept.replace("rn", "m").replace("vv", "w").replace("l", "i")


def is_like(name: str, ours: str) -> bool:
    """Whether a name would be taken for ours: the same to the eye, or the one with something behind the other."""
    one, other = folded(name), folded(ours)
    if min(len(one), len(other)) < _LEAST:
        return bool(one) and one == other
    return one.startswith(other) or other.startswith(one)
