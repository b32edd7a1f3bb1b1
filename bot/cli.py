"""The command line, `sampan demo | run | doctor | migrate | …`: parses, calls, says what is next."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import sys
import time
import webbrowser
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from bot import ledger_cli, qr_cli, rotate_cli
from bot.config import BadConfig, Settings, read
from bot.keys import FIRST, FolderHeld, ring_of

_ROTATING = "The key of this shop is being rotated. Start it again when that is done."


def _say(line: str) -> None:
    print(line, flush=True)


def _settings(*, serving: bool = True, create: bool = True) -> Settings:
    try:
        return read(os.environ, serving=serving, create=create)
    except BadConfig as faults:
        for fault in faults.faults:
            print(f"  ✗ {fault}", file=sys.stderr)
        raise SystemExit("Set these variables and try again; `sampan doctor` explains each.") from None


def _run(main: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop

        return uvloop.run(main)
    except ImportError:  # Windows: the standard loop does the same, a little slower
        return asyncio.run(main)


async def _until_stopped(stop: Callable[[], Awaitable[None]]) -> int:
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    await done.wait()
    _say("stopping …")
    await stop()
    return 0


async def _demo(options: argparse.Namespace) -> int:
    from bot.demo import Demo, Unfinished
    from bot.history import Wanted

    past = Wanted(options.history, options.history_seed) if options.history else None
    try:
        demo = Demo(options.data, port=options.port, past=past, pages=True)
    except Unfinished:
        print(f"The history in {options.data} was not finished. Delete that folder and try again.", file=sys.stderr)
        return 1
    try:
        await demo.start(_progress)
    except FolderHeld:
        print(_ROTATING, file=sys.stderr)
        return 1
    except OSError as fault:
        print(f"Port {options.port} cannot be used ({fault.strerror}). Try --port 0.", file=sys.stderr)
        return 1
    _say(f"\nThe shop is open: {demo.page}\n\nBe a shopper, a seller or an admin there. Ctrl+C closes the shop.")
    if not options.no_browser:
        await asyncio.to_thread(webbrowser.open, demo.page)
    return await _until_stopped(demo.stop)


async def _serve(options: argparse.Namespace) -> int:
    from telegram.error import InvalidToken, NetworkError

    from bot.wire.redact import Redact
    from bot.wiring import Sampan, policy_of
    from core.policy import BadPolicy

    settings = _settings()
    # The token is part of every Bot API address: whatever a library logs, it must not be read there.
    secrets = (
        settings.bot_token,
        settings.secret_key,
        settings.bank_key,
        settings.bank_secret,
        settings.webhook_secret,
        *(key for key in ring_of(settings) if key != FIRST),
    )
    redact = Redact(secret.reveal() for secret in secrets)
    for handler in logging.getLogger().handlers:
        handler.addFilter(redact)
    try:
        policy_of(settings)
    except (BadPolicy, OSError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else fault
        print(f"The policy file (SAMPAN_POLICY) cannot be used: {why}.", file=sys.stderr)
        return 1
    sampan = Sampan(settings)
    started = time.perf_counter()
    try:
        await sampan.start()
    except FolderHeld:
        print(_ROTATING, file=sys.stderr)
        return 1
    except InvalidToken:
        print("Telegram does not know this token. Ask @BotFather for it (/mybots).", file=sys.stderr)
        return 1
    except NetworkError as fault:
        print(f"Telegram cannot be reached ({type(fault).__name__}). `sampan doctor` looks closer.", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - started
    way = "webhook" if sampan.settings.public_url else "long polling"
    _say(f"@{sampan.app.bot.username} serves by {way}; web server on {sampan.web_url} ({seconds:.1f} s)")
    return await _until_stopped(sampan.stop)


def _doctor(options: argparse.Namespace) -> int:
    from bot.doctor import examine

    findings = asyncio.run(examine(os.environ))
    if options.json:
        _say(json.dumps([finding.__dict__ for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            _say(
                f"  {'✓' if finding.good else '✗'} {finding.what}"
                + (f"\n      → {finding.todo}" if finding.todo else "")
            )
    return 0 if all(finding.good for finding in findings) else 1


def _migrate(options: argparse.Namespace) -> int:
    from bot.wiring import place_of
    from storage import migrate

    place = place_of(_settings(serving=False))
    migrate.upgrade(place, lambda line: None if options.json else _say(f"  {line}"))
    now, head = migrate.current(place)
    _say(json.dumps({"revision": now, "head": head}) if options.json else f"The database is at {now}, the newest.")
    return 0


def _bench(options: argparse.Namespace) -> int:
    from bot.bench import checkout, journey, limits

    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "checkout": lambda: checkout.run(options.seconds),
        "journey": lambda: journey.run(options.journeys, _progress),
        "limits": lambda: limits.run(_progress, options.payments),
    }
    figures = measures[options.what]()
    _say(json.dumps(figures, indent=2) if options.json else _table(figures))
    return 0


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _table(figures: dict[str, Any], indent: str = "") -> str:
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", _table(value, indent + "  ")]
        else:
            lines.append(
                f"{indent}{name:<38} {value:,.2f}" if isinstance(value, float) else f"{indent}{name:<38} {value}"
            )
    return "\n".join(lines)


def _orders(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text, re.ASCII):
        raise argparse.ArgumentTypeError("a number of orders")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sampan", description="Sell across borders inside a chat.")
    parser.add_argument("--verbose", action="store_true", help="log what happens")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    demo = verbs.add_parser("demo", help="open a whole shop in the browser: no token, no account")
    demo.add_argument("--port", type=int, default=8090, help="port of the page on 127.0.0.1; 0 chooses one")
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    demo.add_argument("--data", type=Path, default=None, help="folder to keep the shop in (default: thrown away)")
    demo.add_argument(
        "--history", type=_orders, default=0, metavar="N", help="let a new shop have a past of N orders in every state"
    )
    demo.add_argument("--history-seed", type=int, default=1, metavar="S", help="another past (default: 1)")
    demo.set_defaults(call=lambda options: _run(_demo(options)))

    run = verbs.add_parser("run", help="serve the real Telegram (SAMPAN_BOT_TOKEN)")
    run.set_defaults(call=lambda options: _run(_serve(options)))

    doctor = verbs.add_parser("doctor", help="say what is missing or wrong")
    doctor.add_argument("--json", action="store_true", help="for machines")
    doctor.set_defaults(call=_doctor)

    migrate = verbs.add_parser("migrate", help="upgrade the database")
    migrate.add_argument("--json", action="store_true", help="for machines")
    migrate.set_defaults(call=_migrate)

    rotate_cli.register(verbs)
    ledger_cli.register(verbs)
    qr_cli.register(verbs)

    bench = verbs.add_parser("bench", help="measure this machine")
    bench.add_argument("what", choices=("journey", "checkout", "limits"))
    bench.add_argument("--json", action="store_true", help="for machines")
    bench.add_argument("--journeys", type=int, default=200, help="journeys for each load (journey)")
    bench.add_argument("--payments", type=int, default=100_000, help="past payments to decide after (limits)")
    bench.add_argument("--seconds", type=float, default=3.0, help="for each measurement (checkout)")
    bench.set_defaults(call=_bench)
    return parser


def main(words: list[str] | None = None) -> int:
    """The `sampan` command. Returns the exit status."""
    options = _parser().parse_args(words)
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    result: int = options.call(options)
    return result


if __name__ == "__main__":
    sys.exit(main())
