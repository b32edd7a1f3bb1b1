"""`sampan rotate-key`: a new key for the personal data at rest; the old ones go when nothing needs them any more."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot import keys
from bot.config import PREFIX, BadConfig, Settings, of_folder, read

Progress = Callable[[int], None]

_VARIABLE = PREFIX + "VAULT_KEYS"
_NEW = "python3 -c 'import secrets; print(secrets.token_hex(32))'"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done: rows sealed anew; whether a key was made, or an earlier rotation finished; keys dropped."""

    rows: int
    new_key: bool
    dropped: int


class Trouble(Exception):
    """It cannot be done, or not to the end. Its words say why, and what to do; no key is lost."""


def register(verbs: Any) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser("rotate-key", help="seal the personal data anew, with another key")
    parser.add_argument("--data", type=Path, help="the shop's or the demo's folder (default: what the settings say)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(call=_call)


def _call(options: argparse.Namespace) -> int:
    environ = dict(os.environ) if options.data is None else of_folder(os.environ, options.data)
    try:
        settings = read(environ, serving=False, create=False)
        by_variable = keys_come_by_variable(settings, environ)
        told = asyncio.run((rotate_by_variable if by_variable else rotate)(settings, _Progress()))
    except BadConfig as faults:
        for fault in faults.faults:
            print(f"  ✗ {fault}", file=sys.stderr)
        words = "Set these variables and try again; `sampan doctor` explains each."
    except Trouble as trouble:
        words = str(trouble)
    except KeyboardInterrupt:
        words = "Stopped half-way. Nothing is lost: both keys are kept. Call it again to go on."
    else:
        print(json.dumps(asdict(told)) if options.json else _as_text(told, by_variable), flush=True)
        return 0
    print(words, file=sys.stderr)
    return 1


class _Progress:
    """A word a second on stderr, from the first second on."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1

    def __call__(self, rows: int) -> None:
        if time.monotonic() >= self._next:
            print(f"  {rows:,} rows …", file=sys.stderr, flush=True)
            self._next = time.monotonic() + 1


def _as_text(told: Rotation, by_variable: bool) -> str:
    rows = f"{told.rows:,} row{'' if told.rows == 1 else 's'} sealed anew."
    if by_variable:
        return (
            f"{rows} Everything is sealed with the last key in {_VARIABLE}.\n"
            "When every shop has been restarted with it and another call of this seals 0 rows, leave that last key "
            f"alone in {_VARIABLE}, and restart them once more."
        )
    begun = "A new key was made." if told.new_key else "An earlier rotation was finished."
    dropped = "The old key was" if told.dropped == 1 else f"The {told.dropped} old keys were"
    return (
        f"{begun} {rows} {dropped} dropped: nothing is sealed with it any more.\n"
        f"Start the shop again, and back up {keys.VAULT_FILE} with the folder: the personal data opens with it alone."
    )


def keys_come_by_variable(settings: Settings, environ: dict[str, str]) -> bool:
    """Whether the shop's keys are set from outside: perhaps on several machines, which share a PostgreSQL."""
    if settings.vault_keys:
        return True
    no_file = not (settings.data / keys.VAULT_FILE).exists()
    return bool(settings.database_url and environ.get(PREFIX + "SECRET_KEY", "").strip() and no_file)


async def rotate(settings: Settings, progress: Progress) -> Rotation:
    """Make a key, seal everything with it, drop the others; or finish what was begun so. Raises Trouble.

    The folder's file names old and new key from before the first row is touched until nothing needs the old one.
    """
    _expect_shop(settings)
    try:
        let_go = keys.hold(settings.data, alone=True)
    except keys.FolderHeld:
        raise Trouble(
            f"The shop in {settings.data} is running, and would go on sealing with the key that it read at its start. "
            "Stop it, call this again, then start it."
        ) from None
    try:
        ring = keys.in_folder(settings.data)
        await _expect_keys(settings)
        if new := len(ring) == 1:
            ring = (*ring, keys.another())
            keys.keep(settings.data, ring)
        rows = await _reseal(settings, progress)
        keys.keep(settings.data, ring[-1:])
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or fault
        raise Trouble(f"{settings.data / keys.VAULT_FILE} cannot be used: {why}.") from None
    finally:
        let_go()
    return Rotation(rows, new, len(ring) - 1)


async def rotate_by_variable(settings: Settings, progress: Progress) -> Rotation:
    """Seal everything with the last key of the variable, beside shops that have it too. Raises Trouble."""
    if len(settings.vault_keys) < 2:
        now = f"what stands in {_VARIABLE} now" if settings.vault_keys else keys.FIRST.reveal()
        raise Trouble(
            f"The keys of this shop come by variables. Make a new one with\n    {_NEW}\n"
            f"then set {_VARIABLE} to the old and the new one by comma ({now},NEW) wherever the shop runs, restart it "
            "everywhere, and call this again with the same variable."
        )
    _expect_shop(settings)
    await _expect_keys(settings)
    return Rotation(await _reseal(settings, progress), new_key=False, dropped=0)


def _expect_shop(settings: Settings) -> None:
    from storage.faults import StorageFault
    from storage.look import is_ready

    if not settings.database_url and not Path(settings.place).is_file():
        raise Trouble(f"There is no shop in {settings.data}. Name its folder: --data DIR.")
    try:
        ready = is_ready(settings.place)
    except (StorageFault, ImportError) as fault:
        raise Trouble(f"The database cannot be used ({fault}).") from None
    if not ready:
        raise Trouble("The database is of another version. Stop the shop and call `sampan migrate`.")


async def _expect_keys(settings: Settings) -> None:
    """Before anything changes: a key that is missing now would be missed in the middle."""
    from storage.rotate import strangers

    if rows := await _ask(settings, strangers):
        raise Trouble(f"{rows:,} rows are sealed with a key that is not at hand. {_restore()}")


async def _reseal(settings: Settings, progress: Progress) -> int:
    from storage.rotate import reseal

    rows: int = await _ask(settings, lambda store: reseal(store, progress))
    return rows


def _restore() -> str:
    return f"Restore secret.key and {keys.VAULT_FILE} from the backup, or mend SAMPAN_SECRET_KEY and {_VARIABLE}."


async def _ask(settings: Settings, work: Callable[[Any], Any]) -> Any:
    from storage.faults import StorageFault
    from storage.open import open_store
    from storage.vault import Sealed, Vault

    store = open_store(settings.place, Vault.of(keys.vault_keys(settings)))
    try:
        await store.start()
        return await work(store)
    except Sealed:
        raise Trouble(f"Some rows do not open with the keys at hand. {_restore()}") from None
    except StorageFault as fault:
        raise Trouble(f"The database cannot be used ({fault}). Nothing is lost: call this again to go on.") from None
    finally:
        with suppress(StorageFault):
            await store.stop()
