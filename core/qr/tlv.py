"""EMV tag-length-value text (EMVCo QRCPS Merchant-Presented Mode v1.1): the lenient grammar all national codes share.

``object = 2 digits of tag, 2 digits of length (01-99), value``. A length counts characters while the checksum
covers UTF-8 bytes: the specification's own sample, which holds Chinese text, proves both. What is mandatory, and
what a value may hold, differs by scheme and belongs to the strict profiles (pix, emv).
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable

from core.qr.errors import BadPayload

Fields = tuple[tuple[str, str], ...]

CRC_TAG = "63"
LONGEST = 512
"""Most characters of a whole code; the bound PIX states, and plenty for the other schemes."""


def crc16(data: bytes) -> str:
    """CRC-16/CCITT-FALSE (poly 1021, init FFFF, no reflection) as 4 upper-case hex digits; b"123456789" is 29B1."""
    return f"{binascii.crc_hqx(data, 0xFFFF):04X}"


def parse(text: str, where: str = "") -> Fields:
    """The objects of ``text`` in their order, repeats kept. Raises BadPayload when lengths do not add up."""
    fields = []
    at = 0
    while at < len(text):
        head = text[at : at + 4]
        tag, size = where + head[:2], head[2:]
        if len(head) < 4 or not (head.isascii() and head.isdigit()):
            raise BadPayload(tag if head[:2].isdigit() else where.rstrip(".") or "payload", "broken tag or length")
        end = at + 4 + int(size)
        if size == "00" or end > len(text):
            raise BadPayload(tag, "empty value" if size == "00" else "shorter than its length says")
        fields.append((head[:2], text[at + 4 : end]))
        at = end
    return tuple(fields)


def build(fields: Iterable[tuple[str, str]]) -> str:
    """The text of these (tag, value) objects, in this order. Raises BadPayload for a value not 1 to 99 long."""
    parts = []
    for tag, value in fields:
        if not 1 <= len(value) <= 99:
            raise BadPayload(tag, "a value has 1 to 99 characters")
        parts.append(f"{tag}{len(value):02d}{value}")
    return "".join(parts)


def once(fields: Fields, where: str = "") -> dict[str, str]:
    """The same objects by tag. Raises BadPayload when a tag repeats: two readers could believe two different values."""
    seen: dict[str, str] = {}
    for tag, value in fields:
        if tag in seen:
            raise BadPayload(where + tag, "given twice")
        seen[tag] = value
    return seen


def template(value: str, where: str) -> dict[str, str]:
    """The objects inside a template such as 26 or 62, each at most once."""
    return once(parse(value, f"{where}."), f"{where}.")


def seal(text: str, tag: str = CRC_TAG) -> str:
    """``text`` with its checksum object appended."""
    covered = f"{text}{tag}04"
    return covered + crc16(covered.encode())


def unseal(payload: str, tag: str = CRC_TAG) -> Fields:
    """Every object but the checksum of a sealed payload.

    Raises BadPayload unless the checksum is the last object, right, and in upper case, and no control character hides
    anywhere. (A checksum proves that nothing was damaged on the way; anyone can compute one, so it proves no origin.)
    """
    if len(payload) > LONGEST:
        raise BadPayload("payload", f"longer than {LONGEST} characters")
    if not payload.isprintable():
        raise BadPayload("payload", "holds a control character")
    fields = parse(payload)
    if not fields or fields[-1][0] != tag or len(fields[-1][1]) != 4:
        raise BadPayload(tag, "the checksum is not the last field")
    if fields[-1][1] != crc16(payload[:-4].encode()):
        raise BadPayload(tag, "the checksum is wrong")
    return fields[:-1]
