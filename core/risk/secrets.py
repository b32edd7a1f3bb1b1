"""What nobody should write in a chat: card numbers, PINs, passwords, a wallet's words. Found at the door, kept nowhere.

A text that holds one is blotted out before it is stored (bot.wire.scrub); what stands in its place names only the kind.
Account numbers are no secrets: an IBAN, a creditor reference or a Pix key may be written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from mnemonic import Mnemonic
from stdnum import luhn
from stdnum.iso7064 import mod_97_10


class Leak(StrEnum):
    """A kind of secret in a text."""

    CARD = "card"  # a payment card's number, or the three digits from its back
    PASSWORD = "password"  # noqa: S105  # a password, a PIN or a one-time code
    SEED = "seed"  # the words that open a wallet


_PLACE = "\U000f5a4d"  # of a private plane: nothing that a keyboard writes

# (first digits from, to, lengths) of the networks; ranges by ISO/IEC 7812 as the networks publish them.
_NETWORKS = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (60, 60, (16,)),  # RuPay, Discover
    (64, 65, (16, 19)),
    (81, 82, (16,)),
    (3528, 3589, (16,)),  # JCB
    (300, 305, (14,)),  # Diners
    (36, 36, (14,)),
    (38, 39, (14,)),
    (50, 50, (16,)),  # Maestro, Elo
    (56, 58, (16,)),
    (67, 67, (16,)),
    (2200, 2204, (16,)),  # Mir
    (9792, 9792, (16,)),  # Troy
)
_GROUPED = re.compile(r"(?<![0-9a-z])[0-9]+(?:[ .\-·/\n] ?[0-9]+)*(?![0-9a-z])")
_CHECKED = re.compile(r"\b[a-z]{2}[0-9]{2}(?: ?[a-z0-9]){11,30}")

_BACK = re.compile(
    r"(?<!\w)(?:cvv2?|cvc2?|security code|安全码)\W{0,3}(?:\w{2,3}\W{1,3})?[0-9]{3,4}(?![0-9])",
)
_PASSWORDS = re.compile(
    r"""
    (?<!\w)(?:pin|pin\ ?code|passcode|otp|(?:one.time|verification|login|sms)\ code|支付密码|密码|口令|验证码)
        (?:\W{0,3}(?:is|was|est|ist|是|为)?\W{0,3})[0-9]{4,8}(?![0-9])
    | (?<!\w)(?:pass\ ?word|passphrase|passwort|kennwort|pwd|senha|contraseña|mot\ de\ passe|пароль|密码|口令)
        (?: \s{0,3}[:=]\s{0,3}\S{3}
          | \s{0,3}(?:is|was|ist|es|est|é|是|为)\s{0,3}(?=\S{0,40}[0-9!@\#$%^&*_])[^\s,.;?]{4} )
    """,
    re.VERBOSE,
)
# One of these is in whatever the two above find: looking for them first costs a hundredth.
_WORDS_OF = ("cv", "pin", "pass", "otp", "pwd", "code", "kennwort", "senha", "contrase", "пароль", "码", "口令")
# A PIN or a sent code; or the recovery code, three groups of four (core.risk.recovering).
_BARE = re.compile(r"\s*(?:[0-9]{4,8}|[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4})\s*")
_SEED_LENGTHS = (12, 15, 18, 21, 24)

# Of these open questions the answer may look like a secret and is none: the account of a seller or of a refund (at
# Chinese banks that is the number of a card), a parcel's or a telephone's number; the digits that an Indian address
# ends in.
_ACCOUNTS = ("payee", "reroute", "ship", "recon", "evidence", "code_address")
_ADDRESSES = ("address",)


def leak(text: str, question: str = "") -> Leak | None:
    """The kind of secret in a text, or None. `question` is the step of the writer's open question ("": none)."""
    if not text or text[0] == _PLACE:
        return None
    plain = text.lower() if text.isascii() else _plain(text)
    asked, named = question.partition(".")[0], any(word in plain for word in _WORDS_OF)
    if asked not in _ACCOUNTS and (_has_card(plain) or (named and _BACK.search(plain))):
        return Leak.CARD
    if asked not in _ADDRESSES and ((named and _PASSWORDS.search(plain)) or (not asked and _BARE.fullmatch(plain))):
        return Leak.PASSWORD
    return Leak.SEED if _is_seed(plain.split()) else None


def blot(kind: Leak) -> str:
    """What is kept in the place of a text that held a secret."""
    return f"{_PLACE}{kind}"


def blotted(text: str) -> Leak | None:
    """What was taken out of a text at the door, if anything."""
    kind = text.removeprefix(_PLACE)
    return Leak(kind) if kind != text and kind in set(Leak) else None


def _plain(text: str) -> str:
    """Without what is not seen (zero width, direction), full-width digits as digits, in small letters."""
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", seen).lower()


def _has_card(text: str) -> bool:
    return _shows_card(text) and _shows_card(_without_accounts(text))


def _shows_card(text: str) -> bool:
    return any(_is_card(number) for run in _GROUPED.findall(text) for number in _numbers(run))


def _numbers(run: str) -> Iterable[str]:
    """Every row of neighbouring groups of digits: what stands before or behind a card's number must not hide it."""
    groups = re.findall("[0-9]+", run)
    for first in range(len(groups)):
        number = ""
        for group in groups[first : first + 8]:
            number += group
            if 13 <= len(number) <= 19:
                yield number


def _is_card(number: str) -> bool:
    return luhn.is_valid(number) and any(
        low <= int(number[: len(str(low))]) <= high and len(number) in lengths for low, high, lengths in _NETWORKS
    )


def _without_accounts(text: str) -> str:
    """The text without its IBANs and creditor references: both begin with letters and carry ISO 7064 check digits."""

    def blank(found: re.Match[str]) -> str:
        number = found.group().replace(" ", "").upper()
        whole = next((end for end in range(len(number), 14, -1) if _checks(number[:end])), 0)
        return " " if whole else found.group()

    return _CHECKED.sub(blank, text)


def _checks(number: str) -> bool:
    return bool(mod_97_10.is_valid(number[4:] + number[:4]))


def _is_seed(words: list[str]) -> bool:
    if len(words) not in _SEED_LENGTHS:
        return False
    plain = [unicodedata.normalize("NFKD", word) for word in words]
    return any(known.issuperset(plain) for known in _wordlists())


@cache
def _wordlists() -> tuple[frozenset[str], ...]:
    """The word lists of BIP 39, in the form NFKD; read when a text first has as many words as a wallet's."""
    return tuple(
        frozenset(unicodedata.normalize("NFKD", word) for word in Mnemonic(language).wordlist)
        for language in Mnemonic.list_languages()
    )
