"""Two guesses at once: on a database, what is right once is taken once, and every wrong one is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot import argon
from core.risk import stepping, totp
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.proofs import bound_to
from core.risk.stepping import Blocked, Locked
from storage import migrate
from storage.open import open_store
from storage.vault import Vault
from tests.builders import MAYA, NOON, a_shop

SECRET = totp.new_secret()


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Any]:
    place = tmp_path / "shop.db"
    await asyncio.to_thread(migrate.upgrade, place)
    store = open_store(str(place), Vault({"1": b"1" * 32}, "1"))
    await store.start()
    phc = await argon.hash_of("4071")
    for factor, secret in ((Factor.TOTP, SECRET), (Factor.PIN, phc)):
        new = Credential(f"1|{factor}", MAYA, factor, NOON, secret=secret, confirmed_at=NOON)
        await store.write(lambda uow, new=new: uow.credentials.add(new))
    yield store
    await store.stop()


async def test_one_code_shown_by_two_sessions_at_once_is_taken_once(store: Any) -> None:
    shop = a_shop()
    asked = [await store.write(stepping.open_, shop, MAYA, "test", bound_to("test", str(n))) for n in range(3)]
    digits = totp.code(SECRET, NOON)
    tried = await asyncio.gather(*(store.write(totp.guess, shop, MAYA, one.id, digits) for one in asked))
    assert sorted(one.right for one in tried) == [False, False, True]


async def test_a_rush_of_guesses_gets_three(store: Any) -> None:
    shop = a_shop()
    asked = [await store.write(stepping.open_, shop, MAYA, "test", bound_to("test", str(n))) for n in range(40)]

    async def guess(challenge: str, digits: str) -> bool | None:
        try:
            phc = await store.write(stepping.count_guess, shop, MAYA, challenge, Factor.PIN)
        except (Locked, Blocked):
            return None
        right = await argon.matches(digits, phc)
        return bool((await store.write(stepping.settle_guess, shop, MAYA, challenge, Factor.PIN, right)).right)

    tried = await asyncio.gather(*(guess(one.id, f"9{n:03d}") for n, one in enumerate(asked)))
    assert tried.count(None) == 37
    assert not any(tried)


async def test_who_has_no_pin_waits_as_long_as_who_has_one() -> None:
    assert not await argon.matches("4071", "")
    phc = await argon.hash_of("4071")
    assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert phc != await argon.hash_of("4071"), "each has a salt of its own"
    assert await argon.matches("4071", phc)
    assert not await argon.matches("4072", phc)
