"""Text with a checksum as Bitcoin and Lightning write it: bech32 (BIP-173), bech32m (BIP-350), base58check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from core.qr.errors import BadPayload

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32, BECH32M = 1, 0x2BC830A3
"""What the checksum leaves over, by which the two encodings are told apart."""
NETWORKS = {"bc": "main", "tb": "test", "bcrt": "regtest"}
_VERSIONS = {0x00: "main", 0x05: "main", 0x6F: "test", 0xC4: "test"}


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate(_GENERATOR):
            check ^= part if top >> bit & 1 else 0
    return check


def decode(text: str, where: str) -> tuple[str, list[int], int]:
    """The prefix, the 5-bit values without their checksum, and which encoding it was. Raises BadPayload."""
    if not text.isascii() or (text.lower() != text and text.upper() != text):
        raise BadPayload(where, "mixes upper and lower case, or is not ASCII")
    prefix, one, data = text.lower().rpartition("1")
    if not one or not prefix or len(data) < 6 or not all("!" <= char <= "~" for char in prefix):
        raise BadPayload(where, "not bech32")
    if not set(data) <= set(_LETTERS):
        raise BadPayload(where, "holds a letter that bech32 has not")
    values = [_LETTERS.index(char) for char in data]
    spread = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    encoding = _polymod(spread + values)
    if encoding not in (BECH32, BECH32M):
        raise BadPayload(where, "the checksum is wrong")
    return prefix, values[:-6], encoding


def to_bytes(values: list[int], where: str, *, whole: bool = True) -> bytes:
    """8-bit bytes out of 5-bit values. ``whole``: what is left over must be under 5 bits of zeros; else it is cut."""
    number = 0
    for value in values:
        number = number << 5 | value
    spare = len(values) * 5 % 8
    if whole and (spare > 4 or number & ((1 << spare) - 1)):
        raise BadPayload(where, "bits left over")
    return (number >> spare).to_bytes(len(values) * 5 // 8, "big")


def base58check(text: str, where: str) -> bytes:
    """The bytes of a base58check text without the checksum. Raises BadPayload."""
    if not 1 <= len(text) <= 90 or not set(text) <= set(_BASE58):
        raise BadPayload(where, "not base58")
    number = 0
    for char in text:
        number = number * 58 + _BASE58.index(char)
    zeros = len(text) - len(text.lstrip("1"))
    data = b"\x00" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = data[:-4], data[-4:]
    if len(data) < 5 or hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] != check:
        raise BadPayload(where, "the checksum is wrong")
    return body


def address(text: str, where: str = "address") -> str:
    """The network ("main", "test", "regtest") of a Bitcoin address whose checksum holds. Raises BadPayload.

    Witness programs: version 0 is bech32 with 20 or 32 bytes, 1 to 16 bech32m with 2 to 40 (BIP-350).
    """
    if not text.lower().startswith(tuple(f"{prefix}1" for prefix in NETWORKS)):
        body = base58check(text, where)
        if len(body) != 21 or body[0] not in _VERSIONS:
            raise BadPayload(where, "not a Bitcoin address")
        return _VERSIONS[body[0]]
    prefix, values, encoding = decode(text, where)
    if len(text) > 90 or prefix not in NETWORKS or not values or values[0] > 16:
        raise BadPayload(where, "not a Bitcoin address")
    size = len(to_bytes(values[1:], where))
    sizes: Iterable[int] = (20, 32) if values[0] == 0 else range(2, 41)
    if encoding != (BECH32M if values[0] else BECH32) or size not in sizes:
        raise BadPayload(where, "not a witness program")
    return NETWORKS[prefix]
