"""Power cuts, replayed from recorded writes: what was acknowledged is there, whatever the disk had not yet taken.

A shop of its own process sells over the real store while every write, truncation and fsync of database and log is
recorded below SQLite. Then the power is cut at hundreds of moments: a file holds what was written up to its last fsync,
and of what was written since any part, in any order, in sectors of 512 bytes. The real store opens what is left.

Shown: the store waits for the right fsyncs before it acknowledges, SQLite's recovery, and that no transaction is there
by half. Not shown: disks that lie about an fsync, sectors that rot or are torn below 512 bytes, and folders that lose
the name of a file. SAMPAN_TEST_CUTS=2000 cuts that often.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.ledger.check import check
from core.ports import UnitOfWork
from storage.migrate import upgrade
from storage.sqlite import SqliteStore
from tests.builders import NOON
from tests.storage.power.workload import VAULT

CUTS = int(os.environ.get("SAMPAN_TEST_CUTS", "80"))
SECTOR = 512
HERE = Path(__file__).parent / "power"
HEAD = struct.Struct("<cc6xqq")

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None or not sys.platform.startswith("linux"),
    reason="the recorder is preloaded C: apt-get install gcc, on Linux",
)


@dataclass(frozen=True)
class Act:
    """One record of the tape: written, truncated, `s`ynced or acknowledged."""

    kind: str
    file: str
    offset: int
    data: bytes


@dataclass
class Disk:
    """One file: what is surely on it, and what was done to it since."""

    sure: bytearray = field(default_factory=bytearray)
    since: list[Act] = field(default_factory=list)

    def do(self, act: Act, *, honest: bool) -> None:
        """Take a record. A disk that is not honest says that it has synced, and has not."""
        if act.kind != "s":
            self.since.append(act)
        elif honest:
            for one in self.since:
                carry_out(self.sure, one)
            self.since.clear()

    def after_a_cut(self, dice: random.Random) -> bytearray:
        """What is found on it: of the later writes any sectors, in an order of the disk's own."""
        found, later = bytearray(self.sure), [one for act in self.since for one in sectors(act)]
        luck = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        kept = [one for one in later if dice.random() < luck]
        if dice.random() < 0.3:  # or simply the first so many
            kept = later[: dice.randrange(len(later) + 1)]
        for one in kept:
            carry_out(found, one)
        return found


def sectors(act: Act) -> Iterator[Act]:
    """A write as the disk takes it: sector by sector."""
    if act.kind != "w":
        yield act
        return
    at, end = act.offset, act.offset + len(act.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        yield Act("w", act.file, at, act.data[at - act.offset : stop - act.offset])
        at = stop


def carry_out(content: bytearray, act: Act) -> None:
    """A write or truncation, on a file's content."""
    if act.kind == "t":
        del content[act.offset :]
        content.extend(bytes(max(0, act.offset - len(content))))
        return
    content.extend(bytes(max(0, act.offset - len(content))))
    content[act.offset : act.offset + len(act.data)] = act.data


def read_tape(tape: bytes) -> Iterator[Act]:
    at = 0
    while at < len(tape):
        kind, file, offset, length = HEAD.unpack_from(tape, at)
        at += HEAD.size
        size = length if kind in (b"w", b"a") else 0
        yield Act(kind.decode(), file.decode(), offset, tape[at : at + size])
        at += size


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Act]]:
    """The database as it was before, and everything that was done to it."""
    folder = tmp_path_factory.mktemp("power")
    recorder, shop = folder / "recorder.so", folder / "shop.sqlite3"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", recorder, HERE / "recorder.c", "-ldl"], check=True)
    upgrade(shop)
    before = shop.read_bytes()
    subprocess.run(
        [sys.executable, "-m", "tests.storage.power.workload", folder],
        env=os.environ | {"LD_PRELOAD": str(recorder), "TAPE": str(folder / "tape")},
        check=True,
        timeout=120,
    )
    return before, list(read_tape((folder / "tape").read_bytes()))


def cut(recorded: tuple[bytes, list[Act]], moment: int, dice: random.Random, *, honest: bool) -> tuple[dict, list[str]]:
    """The files as found when the power goes after so many records, and what had been acknowledged by then."""
    before, acts = recorded
    disks, acks = {"d": Disk(bytearray(before)), "w": Disk()}, []
    for act in acts[:moment]:
        if act.kind == "a":
            acks += act.data.decode().split("\n")
        else:
            disks[act.file].do(act, honest=honest)
    return {name: disk.after_a_cut(dice) for name, disk in disks.items()}, [ack for ack in acks if ack]


async def missing(folder: Path, files: dict[str, bytearray], acks: list[str]) -> list[str]:
    """What is wrong with what is left: acknowledged and gone, there by half, or not a database any more."""
    path = lay_out(folder, files)
    store = SqliteStore(path, VAULT, inline=True)
    try:
        await store.start()
        wrong = await store.read(lambda uow: [*gone(uow, acks), *map(str, check(uow, NOON).findings)])
        with sqlite3.connect(path) as raw:
            (word,) = raw.execute("PRAGMA integrity_check").fetchone()
        raw.close()
        await store.write(lambda uow: uow.people.count())
    except (Exception, sqlite3.Error) as fault:
        return [f"{type(fault).__name__}: {fault}"]
    finally:
        await store.stop()
    return wrong if word == "ok" else [*wrong, word]


def lay_out(folder: Path, files: dict[str, bytearray]) -> Path:
    """The files as they are found after the cut; the log's index was in memory and is not there."""
    folder.mkdir()
    path = folder / "shop.sqlite3"
    path.write_bytes(files["d"])
    Path(f"{path}-wal").write_bytes(files["w"])
    return path


def gone(uow: UnitOfWork, acks: list[str]) -> Iterator[str]:
    for ack in acks:
        what, name = ack.split()
        if what == "sealed":
            there = uow.journal.count()[1] > 0
        elif what == "entry":
            there = uow.journal.posted(name)
        else:
            there = (uow.orders if what == "order" else uow.receipts).get(name) is not None
        if not there:
            yield f"{ack} was acknowledged and is gone"


def test_the_tape_shows_a_shop_that_waits_for_its_disk(recorded: tuple[bytes, list[Act]]) -> None:
    """Between an acknowledgement and the last write to the log before it there is always an fsync of the log."""
    _, acts = recorded
    assert sum(act.kind == "a" for act in acts) >= 40
    dirty = False
    for act in acts:
        if act.file == "w":
            dirty = act.kind != "s"
        assert not (act.kind == "a" and dirty and is_owed(acts, act)), "acknowledged before it was on disk"


def is_owed(acts: list[Act], ack: Act) -> bool:
    """Whether the log's last writes may be of this acknowledgement: one of a later batch may be under way already."""
    place = acts.index(ack)
    last = max(i for i, act in enumerate(acts[:place]) if act.file == "w" and act.kind == "w")
    syncs = [i for i, act in enumerate(acts[:place]) if act.file == "w" and act.kind == "s"]
    return not syncs or (syncs[-1] < last and not any(act.kind == "a" for act in acts[syncs[-1] : last]))


async def test_nothing_acknowledged_is_lost_whenever_the_power_goes(
    recorded: tuple[bytes, list[Act]], tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    _, acts = recorded
    for number in range(CUTS):
        moment = dice.randrange(len(acts) + 1)
        files, acks = cut(recorded, moment, dice, honest=True)
        wrong = await missing(tmp_path / str(number), files, acks)
        assert wrong == [], f"after {moment} of {len(acts)} records, with {len(acks)} acknowledged"
        shutil.rmtree(tmp_path / str(number))


async def test_a_disk_that_lies_is_found_out(recorded: tuple[bytes, list[Act]], tmp_path: Path) -> None:
    """The judge sees a loss when there is one: with fsyncs that do nothing, acknowledged things are gone."""
    dice, lost = random.Random(1), 0
    _, acts = recorded
    for number in range(12):
        files, acks = cut(recorded, dice.randrange(len(acts) // 2, len(acts)), dice, honest=False)
        lost += bool(await missing(tmp_path / str(number), files, acks))
    assert lost >= 6
