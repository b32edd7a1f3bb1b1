"""`sampan rotate-key` and a real shop: not while it runs, and afterwards it opens as if nothing had been."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot import keys
from bot.demo import Demo
from core.people import Address, Person
from tests.builders import NOON


async def sampan(*words: str) -> tuple[int, str]:
    """Exit status, and what it said; no traceback is ever among it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMPAN_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=clean, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert b"Traceback" not in out, out.decode()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_a_shop_is_stopped_for_it_and_knows_every_address_afterwards(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    await demo.start()
    nora = Person(4711, "Nora", "nora", "en", NOON, address=Address("Nora Berg", "Kaj 3\n621 55 Visby", "SE"))
    await demo.shop.store.write(lambda uow: uow.people.add(nora))
    status, said = await sampan("rotate-key", "--data", str(tmp_path))
    await demo.stop()
    assert status == 1 and "is running" in said and "Stop it" in said
    assert not (tmp_path / keys.VAULT_FILE).exists()

    status, said = await sampan("rotate-key", "--data", str(tmp_path))
    assert status == 0 and "The old key was dropped" in said, said
    again = Demo(tmp_path)
    await again.start()
    found = await again.shop.store.read(lambda uow: uow.people.need(nora.id))
    await again.stop()
    assert found == nora


async def test_a_shop_does_not_open_in_the_middle_of_it(tmp_path: Path) -> None:
    let_go = keys.hold(tmp_path, alone=True)
    status, said = await sampan("demo", "--data", str(tmp_path), "--port", "0", "--no-browser")
    let_go()
    assert status == 1 and "being rotated" in said
