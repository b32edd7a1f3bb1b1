"""The payment PIN: which ones are taken, and how one is set. It comes here as a hash (bot.argon), never as digits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk import recovering
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import credentials
from core.risk.stepping import need
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import note_command

MOST = 8  # digits

# What people take most, beside what `is_weak` sees by its shape: middle columns and crosses of the keypad.
_COMMON = frozenset({"2580", "0852", "1470", "3690", "1590", "3570", "147258", "159753", "258000", "14725836"})


class BadPin(Refusal):
    """Not so many digits as it must have. Parameters: least, most."""

    sentence = sentence("A payment PIN has {least} to {most} digits.")


class WeakPin(Refusal):
    """One that a thief tries first."""

    sentence = sentence(
        "That PIN is easily guessed: a row, a repetition, a year or a date. Please choose one that nobody would try."
    )


def check(pin: str, least: int) -> None:
    """Whether it may be a payment PIN. Raises BadPin, WeakPin."""
    if not (pin.isascii() and pin.isdigit() and least <= len(pin) <= MOST):
        raise BadPin(least=least, most=MOST)
    if is_weak(pin):
        raise WeakPin


def is_weak(pin: str) -> bool:
    """A row, a repetition, a year of birth, a date, or one of those that everybody takes."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 2, 8, 9}:  # 1111, 1234, 9876, 2468; and over the zero: 8901
        return True
    if any(len(pin) % n == 0 and pin == pin[:n] * (len(pin) // n) for n in range(1, len(pin) // 2 + 1)):  # 1212
        return True
    if re.fullmatch(r"(\d)\1(?:(\d)\2)+", pin) or pin in _COMMON:  # 1122
        return True
    return (len(pin) == 4 and pin[:2] in ("19", "20")) or _is_date(pin)


def _is_date(pin: str) -> bool:
    """A day with its year, in any country's order. Four digits would make too few that are none."""
    if len(pin) == 6:
        orders = ((0, 2, 4), (2, 0, 4), (4, 2, 0))
        parts = [[int(pin[at : at + 2]) for at in order] for order in orders]
        return any(_is_day(2000 + year, month, day) for day, month, year in parts)
    if len(pin) == 8:
        year_last = [(int(pin[4:]), int(pin[2:4]), int(pin[:2])), (int(pin[4:]), int(pin[:2]), int(pin[2:4]))]
        year_first = (int(pin[:4]), int(pin[4:6]), int(pin[6:]))
        return any(1900 <= year < 2100 and _is_day(year, month, day) for year, month, day in (*year_last, year_first))
    return False


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def may_set(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    """Whether they may set a PIN now. Raises ProofNeeded.

    The old PIN proves it, where there is one: another factor opens a recovery, which takes its time. The first factor
    ever needs no proof, there being none (its coolness guards it); nor does a recovery that is ripe.
    """
    found = credentials(uow, who)
    if found and recovering.ripe(uow, shop, who) is None:
        need(uow, shop, who, "set-pin", asked=_vouching(found), spend=False)


def _vouching(found: list[Credential]) -> list[Factor]:
    return [one.factor for one in found if one.factor is Factor.PIN]


def set_pin(uow: UnitOfWork, shop: Shop, who: PersonId, phc: str, device: str = "") -> bool:
    """Keep the hash of a PIN, and tell its owner, with the id of the device where it was typed if that is known.

    Whether a recovery code is due with it, there being none yet. Raises ProofNeeded.
    """
    found, now = credentials(uow, who), shop.clock.now()
    recovery = recovering.ripe(uow, shop, who)
    if recovery is not None:
        recovering.finish(uow, shop, recovery)
    elif found:
        need(uow, shop, who, "set-pin", asked=_vouching(found))
    name = credential_id(who, Factor.PIN)
    old = uow.credentials.get(name)
    first = old is None or not old.stands
    # A PIN changed with a proof is as old as it was: only what nobody vouched for has to cool down.
    since = now if first or recovery is not None or old is None else old.created_at
    new = Credential(name, who, Factor.PIN, since, secret=phc, confirmed_at=now)
    if old is None:
        uow.credentials.add(new)
    else:
        uow.credentials.save(replace(new, proved_at=old.proved_at, version=old.version))
    note_command(uow, shop, who, "pin set", how="recovery" if recovery else "proof" if found else "first")
    tell(uow, now, who, "factor_set", name, at=f"{now:%m%d%H%M%S}", device=device)
    return not any(one.factor is Factor.RECOVERY for one in found)
