"""What the keypad and the page both do with digits: try them for a challenge, or keep them as a new PIN."""

from __future__ import annotations

import secrets

from bot import argon
from core.ids import PersonId
from core.ports import Store, UnitOfWork
from core.risk import codes, pin, recovering, stepping, totp
from core.risk.factors import Factor
from core.risk.proofs import credentials
from core.risk.recovering import CODE_DIGITS
from core.risk.stepping import Tried
from core.shop.context import Shop


async def guess(
    store: Store, shop: Shop, who: PersonId, challenge: str, factor: Factor, digits: str, device: str = ""
) -> Tried:
    """Try digits for a challenge. Raises Gone, ChallengeOver, Locked, Blocked."""
    if factor is Factor.TOTP:
        return await store.write(totp.guess, shop, who, challenge, digits, device)
    if factor is Factor.CODE:
        return await store.write(codes.guess, shop, who, challenge, digits, device)
    phc = await store.write(stepping.count_guess, shop, who, challenge, factor)
    right = await argon.matches(digits, phc)
    return await store.write(stepping.settle_guess, shop, who, challenge, factor, right, device)


async def keep_pin(store: Store, shop: Shop, who: PersonId, digits: str, device: str = "") -> str:
    """Keep a new PIN. Returns the recovery code that comes with the first one, to be written down, or "".

    `device` is the id of the one where it was typed, "" in the chat. Raises ProofNeeded.
    """
    held = await store.read(credentials, who)
    paper = "" if any(one.factor is Factor.RECOVERY for one in held) else new_paper()
    paper_phc = await argon.hash_of(paper) if paper else ""
    await store.write(_set_pin, shop, who, await argon.hash_of(digits), paper_phc, device)
    return paper


def _set_pin(uow: UnitOfWork, shop: Shop, who: PersonId, phc: str, paper_phc: str, device: str) -> None:
    """The PIN, and with the first one the code on paper: both or none."""
    if pin.set_pin(uow, shop, who, phc, device) and paper_phc:
        recovering.keep_code(uow, shop, who, paper_phc, proved=False)


def new_paper() -> str:
    """A fresh recovery code."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
