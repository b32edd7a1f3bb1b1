"""Marks that travel with a payment and come back in the bank's books: ISO 11649 RF references and PIX txids."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

from core.qr.errors import BadPayload

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""32 letters and digits without I, L, O and U: nobody reads one for a digit, and no word appears by accident."""

_MARK = 5  # characters of 5 bits: one guess in 33 million is right


def marked(material: str, key: bytes) -> str:
    """`material` (digits, and letters of ours) with our mark behind it, 5 characters of a keyed digest.

    Who has not the key cannot make another reference that `is_ours`: a forged one shows without a look at the books.
    """
    return material + spell(hmac.digest(key, b"reference\0" + material.encode(), "sha256")[:4])[:_MARK]


def is_ours(reference: str, keys: Iterable[bytes]) -> bool:
    """Whether a reference, RF or bare, bears the mark of one of these keys. Those older than the mark do not."""
    body = reference.replace("-", "").replace(" ", "").upper()
    body = body[4:] if is_creditor_reference(body) else body
    if not body.isascii() or len(body) <= _MARK:
        return False
    return any(hmac.compare_digest(marked(body[:-_MARK], key), body) for key in keys)


def spell(data: bytes) -> str:
    """``data`` in letters and digits, 5 bits a character, safe to read out: material for both marks (8 bytes: 13)."""
    number, size = int.from_bytes(data, "big"), -(-len(data) * 8 // 5)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(size)))


def creditor_reference(material: str) -> str:
    """The RF reference of an order: "RF", two check digits (mod 97), and up to 21 letters and digits of ``material``.

    Separators ("-" and space) fall away and letters become upper case, so two materials that differ only in these
    get the same reference: hand in ids that do not. Raises BadPayload for other characters, none, or over 21.
    """
    body = material.replace("-", "").replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z0-9]{1,21}", body):
        raise BadPayload("reference", "needs 1 to 21 ASCII letters and digits")
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def is_creditor_reference(text: str) -> bool:
    """Whether ``text`` is a whole RF reference as it stands in a code: compact, upper case, check digits right."""
    return bool(re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", text)) and iso11649.is_valid(text)


def pix_txid(material: str) -> str:
    """The txid of an order: up to 25 letters and digits of ``material``, separators dropped, case kept.

    Raises BadPayload for other characters, none, or over 25.
    """
    txid = material.replace("-", "").replace(" ", "")
    if not re.fullmatch(r"[A-Za-z0-9]{1,25}", txid):
        raise BadPayload("62.05", "needs 1 to 25 ASCII letters and digits")
    return txid
