"""Words inside codes: percent-encoding, hidden characters, and names that borrow another alphabet's letters."""

from __future__ import annotations

import re
import unicodedata

from core.qr.errors import BadPayload

_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Printable by Unicode's word, and seen by nobody."""
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Alphabets with letters that pass for another's. Chinese beside Latin is everyday, and looks like neither."""


def shown(text: str) -> bool:
    """Whether every character shows: no control, bidi override, zero width, odd space or blank letter."""
    return text.isprintable() and not _BLANK_LETTERS.intersection(text)


def plainly(text: str, where: str) -> str:
    """``text``, when every character of it shows. Raises BadPayload."""
    if not shown(text):
        raise BadPayload(where, "holds a hidden character")
    return text


def mixes_scripts(text: str) -> bool:
    """Whether letters of two alphabets that look alike meet in one word, as in "Lаmpion" with a Cyrillic а."""
    for word in re.split(r"[\W\d_]+", text):
        names = (unicodedata.name(char, "").split(" ", 1)[0] for char in word)
        if len({name for name in names if name in _ALIKE}) > 1:
            return True
    return False


def unquoted(text: str, where: str) -> str:
    """The text behind %XX escapes (RFC 3986, UTF-8). A "+" is a plus here. Raises BadPayload for broken escapes."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise BadPayload(where, "broken percent-encoding")
    parts = re.split(r"((?:%[0-9A-Fa-f]{2})+)", text)
    try:
        decoded = [bytes.fromhex(part.replace("%", "")).decode() if at % 2 else part for at, part in enumerate(parts)]
    except UnicodeDecodeError:
        raise BadPayload(where, "not UTF-8 behind its percent-encoding") from None
    return plainly("".join(decoded), where)


def parameters(query: str) -> tuple[tuple[str, str], ...]:
    """The key=value pairs of a link in their order, values unquoted. Raises BadPayload when one is not a pair."""
    pairs = []
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if not key or not equals or not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", key):
            raise BadPayload("parameters", "not a row of key=value")
        pairs.append((key, unquoted(value, key)))
    return tuple(pairs)


def host_of(link: str) -> str:
    """The host of a web link, as written, to be shown and never visited; empty when this is no such link.

    What stands before an "@" is no host: it is there to be taken for one.
    """
    found = re.match(r"(?i)[a-z][a-z0-9+.-]*://(?:[^/?#\\]*@)?([^/?#\\@:\s]+)", link)
    return found[1] if found and shown(found[1]) else ""
