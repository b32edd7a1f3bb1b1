"""`sampan rotate-key`: cut off in the middle nothing is lost, and at its end the old key opens nothing."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import keys
from bot.cli import main
from bot.config import Settings, read
from bot.rotate_cli import Rotation, Trouble, rotate, rotate_by_variable
from bot.wiring import opened
from core.people import Person
from storage.open import open_store
from storage.rotate import strangers
from storage.vault import Sealed, Vault
from tests.storage.things import MAYAS_ADDRESS, a_person

PEOPLE = 450
NEW, NEWER = "n" * 40, "N" * 40


class Killed(BaseException):
    """The machine stops here."""


def die(rows: int) -> None:
    raise Killed


def quiet(rows: int) -> None: ...


async def in_shop(settings: Settings, work: Callable[[Any], Any]) -> Any:
    async with opened(settings) as store:
        return await store.write(work)


def fill(uow: Any) -> None:
    for number in range(1, PEOPLE + 1):
        uow.people.add(a_person(number, address=MAYAS_ADDRESS))


def with_address(uow: Any) -> int:
    people: list[Person] = uow.people.find(limit=2 * PEOPLE)
    return sum(person.address == MAYAS_ADDRESS for person in people)


async def with_vault(settings: Settings, vault: Vault, work: Callable[[Any], Any]) -> Any:
    store = open_store(settings.place, vault)
    await store.start()
    try:
        return await work(store)
    finally:
        await store.stop()


def file_of(settings: Settings) -> list[str]:
    path = settings.data / keys.VAULT_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text().split()


@pytest.fixture(params=["shop_file", "shop_database"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A closed shop whose people have addresses, its keys in its folder."""
    place = request.getfixturevalue(request.param)
    data = tmp_path / "data"
    environ = {"SAMPAN_DATA": str(data)}
    if request.param == "shop_file":
        data.mkdir()
        place.rename(data / "sampan.sqlite3")
    else:
        environ["SAMPAN_DATABASE_URL"] = place
    settings = read(environ, serving=False)
    await in_shop(settings, fill)
    return settings


async def test_a_rotation_that_was_cut_off_goes_on_and_the_old_key_opens_nothing(shop: Settings) -> None:
    old = Vault.of(keys.vault_keys(shop))
    with pytest.raises(Killed):
        await rotate(shop, die)
    first, new = file_of(shop)
    assert first == "secret"
    assert 0 < await with_vault(shop, old, strangers) < PEOPLE, "it was cut off in the middle"
    assert await in_shop(shop, with_address) == PEOPLE, "a shop may serve meanwhile"
    await in_shop(shop, lambda uow: uow.people.add(a_person(PEOPLE + 1, address=MAYAS_ADDRESS)))

    told = await rotate(shop, quiet)
    assert told == Rotation(rows=PEOPLE - 200, new_key=False, dropped=1)
    assert file_of(shop) == [new]
    assert await in_shop(shop, with_address) == PEOPLE + 1
    assert await with_vault(shop, old, strangers) == PEOPLE + 1
    with pytest.raises(Sealed):
        await with_vault(shop, old, lambda store: store.read(with_address))


async def test_each_rotation_has_a_key_of_its_own(shop: Settings) -> None:
    assert await rotate(shop, quiet) == Rotation(PEOPLE, new_key=True, dropped=1)
    before, once = keys.vault_keys(shop), file_of(shop)
    assert await rotate(shop, quiet) == Rotation(PEOPLE, new_key=True, dropped=1)
    assert file_of(shop) != once and not keys.vault_keys(shop).keys() & before.keys()
    assert await in_shop(shop, with_address) == PEOPLE


async def test_nothing_changes_while_a_shop_is_open(shop: Settings) -> None:
    async with opened(shop), opened(shop):
        with pytest.raises(Trouble, match="is running"):
            await rotate(shop, quiet)
    assert not (shop.data / keys.VAULT_FILE).exists()
    let_go = keys.hold(shop.data, alone=True)
    with pytest.raises(keys.FolderHeld):
        await in_shop(shop, with_address)
    let_go()


async def test_nothing_changes_where_a_key_is_missing(shop: Settings) -> None:
    await rotate(shop, quiet)
    kept = (shop.data / keys.VAULT_FILE).read_text()
    (shop.data / keys.VAULT_FILE).unlink()
    with pytest.raises(Trouble, match=f"{PEOPLE} rows are sealed with a key that is not at hand"):
        await rotate(shop, quiet)
    assert not (shop.data / keys.VAULT_FILE).exists()
    keys.keep(shop.data, keys.parse(kept))
    assert await in_shop(shop, with_address) == PEOPLE


async def test_keys_that_come_by_variable_are_the_operators_to_change(shop: Settings) -> None:
    def shop_with(ring: str) -> Settings:
        named = {
            "SAMPAN_DATA": str(shop.data),
            "SAMPAN_SECRET_KEY": shop.secret_key.reveal(),
            "SAMPAN_VAULT_KEYS": ring,
        }
        if shop.database_url:
            named["SAMPAN_DATABASE_URL"] = shop.database_url.reveal()
        return read(named, serving=False)

    for ring, now in (("", "(secret,NEW)"), (NEW, "stands in SAMPAN_VAULT_KEYS now,NEW")):
        with pytest.raises(Trouble) as trouble:
            await rotate_by_variable(shop_with(ring), quiet)
        assert now in str(trouble.value) and NEW not in str(trouble.value)
    both = shop_with(f"secret,{NEW}")
    async with opened(both) as store:  # beside a shop that has both
        assert await rotate_by_variable(both, quiet) == Rotation(PEOPLE, new_key=False, dropped=0)
        assert await store.read(with_address) == PEOPLE
    assert await in_shop(shop_with(NEW), with_address) == PEOPLE
    with pytest.raises(Trouble, match="not at hand"):
        await rotate_by_variable(shop_with(f"secret,{NEWER}"), quiet)
    assert await in_shop(shop_with(NEW), with_address) == PEOPLE
    assert not (shop.data / keys.VAULT_FILE).exists()


def test_the_command_says_what_it_did_and_tells_no_key(shop_file: Path, tmp_path: Path, capsys: Any) -> None:
    shop_file.rename(tmp_path / "sampan.sqlite3")
    settings = read({"SAMPAN_DATA": str(tmp_path)}, serving=False)
    asyncio.run(in_shop(settings, fill))
    said = ""
    for words in ([], ["--json"]):
        assert main(["rotate-key", "--data", str(tmp_path), *words]) == 0
        out, err = capsys.readouterr()
        said += out + err
    text, told = said[: said.index("{")], json.loads(said[said.index("{") :])
    assert "A new key was made. 450 rows sealed anew. The old key was dropped" in text and "back up vault.key" in text
    assert told == {"rows": PEOPLE, "new_key": True, "dropped": 1}
    assert not any(key in said for key in [*file_of(settings), settings.secret_key.reveal()])


def test_without_a_shop_it_says_so(tmp_path: Path, capsys: Any) -> None:
    assert main(["rotate-key", "--data", str(tmp_path / "nowhere")]) == 1
    assert "There is no shop in" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_a_file_of_keys_that_others_can_read_or_that_is_damaged_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / keys.VAULT_FILE
    for text, mode, why in (
        (NEW, 0o644, "others can read it"),
        ("short", 0o600, "fewer than 32"),
        ("", 0o600, "no key"),
    ):
        path.write_text(text)
        path.chmod(mode)
        assert main(["rotate-key", "--data", str(tmp_path)]) == 1
        said = capsys.readouterr().err
        assert "SAMPAN_VAULT_KEYS" in said and why in said and NEW not in said
