"""Whether somebody passes for the shop or one of its sellers: by a name, by a user name, by an account to pay to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stdnum import iban

from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk.likeness import folded
from core.shop.context import Shop

# Of letters that look alike in one case only, and of those that exist in one case only: before case is dropped.
_TO_THE_EYE = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿΧВЕКМНОРСТХУЅІЈԌЬѴɑᴀʙᴄᴅᴇɡɢʜıɪɩӏᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜʋᴠѵᴡѡɯʏᴢſσϲҽƽЗ",
    "ABEZHIKMNOPTYXCJXBEKMHOPCTXYSIJGBVaabcdegghiiiljklmnoprstuuvvwwwyzfocesE",
)
_PARTS = re.compile(r"[·|/()\[\],;:•–—]|\s-\s")
_LINKS = re.compile(r"(?:(?:t|telegram)\.me/|(?<![\w/@.])@)(\w{5,32})", re.IGNORECASE)
_ACCOUNTS = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)
_LONG = 6  # folded letters from which a name within another one is no chance
_SHORT = 4  # … and fewer than these are a name only when nothing else is there
_CHINESE = re.compile("[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]{3}")  # three of these say as much


@dataclass(frozen=True, slots=True)
class Known:
    """What may be imitated: display names (each with whose it is), user names, accounts of ours."""

    names: tuple[tuple[str, PersonId | None], ...]
    usernames: tuple[str, ...]
    accounts: frozenset[str]
    trusted: frozenset[PersonId]  # the admins speak for the shop


def known(uow: UnitOfWork, shop: Shop, bot: str) -> Known:
    """The shop's and the sellers' names. `bot` is the user name of the bot."""
    names: list[tuple[str, PersonId | None]] = [(shop.name, None)]
    names += [(method.payee, None) for method in shop.methods.values()]
    names += [(seller.name, seller.person) for seller in uow.sellers.find(limit=500)]
    accounts = {_account(method.account) for method in shop.methods.values()}
    return Known(tuple(dict.fromkeys(names)), (bot,), frozenset(accounts), frozenset(shop.admins))


def eye(name: str) -> str:
    """What an eye keeps of a name: as `folded`, and letters that look alike in one case only."""
    return folded(name.translate(_TO_THE_EYE))


def name_of(display: str, who: PersonId | None, ours: Known) -> str:
    """Whose name somebody's display name passes for; "" for nobody's. A seller may bear their own."""
    if who in ours.trusted:
        return ""
    seen = eye(display)
    for name, owner in ours.names:
        if owner is None or owner != who:
            for part in (name, *_PARTS.split(name)):
                if _passes(seen, part):
                    return name
    return ""


def _passes(seen: str, part: str) -> bool:
    wanted = eye(part)
    if len(wanted) < _SHORT and not _CHINESE.search(part):
        return False
    if seen == wanted:
        return True
    if len(wanted) < _LONG and not _CHINESE.search(part):
        return False
    return wanted in seen or (len(wanted) >= _LONG + 2 and _one_apart(seen, wanted))


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter put in, left out, changed or swapped with its neighbour makes one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])


def username_of(text: str, ours: Known) -> str:
    """A user name, mentioned or linked in a text, that passes for one of ours; "" for none."""
    return next((name for name in _LINKS.findall(text) if passes_for_bot(name, ours)), "")


def passes_for_bot(name: str, ours: Known) -> bool:
    """Whether a user name is not one of ours and would be read as one: the same to the eye, or with something added."""
    if name.lower() in {one.lower() for one in ours.usernames}:
        return False
    seen = eye(name)
    for one in ours.usernames:
        stem = eye(one).removesuffix("bot")
        if seen == eye(one) or (len(stem) >= _LONG and (stem in seen or _one_apart(seen.removesuffix("bot"), stem))):
            return True
    return False


def accounts_in(text: str) -> Iterator[str]:
    """The IBANs written in a text."""
    for found in _ACCOUNTS.findall(text):
        number = _account(found)
        whole = next((end for end in range(len(number), 14, -1) if iban.is_valid(number[:end])), 0)
        if whole:
            yield number[:whole]


def stranger_account(text: str, ours: Known) -> str:
    """An account in a text to which nobody pays this shop; "" for none."""
    return next((number for number in accounts_in(text) if number not in ours.accounts), "")


def _account(text: str) -> str:
    return "".join(text.split()).upper()
