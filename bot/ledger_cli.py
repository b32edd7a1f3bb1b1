"""`sampan ledger check | show | anchor`: the books from the terminal, beside a shop that may be running."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.config import BadConfig, Settings, of_folder, read
from bot.keys import vault_keys

if TYPE_CHECKING:
    from core.ledger.check import Report
    from core.ledger.story import Story
    from core.ports import UnitOfWork

R = TypeVar("R")

_TROUBLE = 2  # the exit status when nothing could be asked; 1 is for findings


def register(verbs: Any) -> None:
    """Add the verb to the command line."""
    ledger = verbs.add_parser("ledger", help="prove the books, tell an order's story, anchor the chain")
    parts = ledger.add_subparsers(dest="part", required=True, metavar="WHAT")

    check = _part(
        parts, "check", "prove what must always hold, on the live database; exit status 0 when all is well", _check
    )
    check.add_argument("--anchor", action="append", default=[], metavar="LINE", help="a line that was published before")

    show = _part(parts, "show", "the story of an order, and where its money lies", _show)
    show.add_argument("order", metavar="ORDER", help="the order's number")

    anchor = _part(parts, "anchor", "seal the chain, and print its head to be published", _anchor)
    anchor.add_argument(
        "--chain-id", type=_whole, default=1, metavar="N", help="of the EVM chain (default: 1, Ethereum)"
    )
    anchor.add_argument("--to", type=_address, default="0x" + "0" * 40, metavar="ADDRESS", help="default: zero")
    anchor.add_argument(
        "--nonce", type=_whole, default=0, metavar="N", help="how many transactions the sender has made"
    )
    anchor.add_argument(
        "--max-fee", type=_gwei, default=_gwei("20"), metavar="GWEI", help="for a unit of gas (default: 20)"
    )
    anchor.add_argument(
        "--priority-fee", type=_gwei, default=_gwei("1"), metavar="GWEI", help="of it, a tip (default: 1)"
    )


def _part(parts: Any, name: str, words: str, call: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parts.add_parser(name, help=words)
    parser.add_argument("--data", type=Path, help="the shop's or the demo's folder (default: what the settings say)")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(call=call)
    return parser


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError("a whole number")
    return int(text)


def _gwei(text: str) -> int:
    """Gwei as wei."""
    try:
        wei = Decimal(text) * 10**9
        if not 0 <= wei < 10**18 or wei != int(wei):
            raise InvalidOperation
    except (InvalidOperation, ValueError):
        raise argparse.ArgumentTypeError("a number of gwei, such as 20 or 1.5") from None
    return int(wei)


def _address(text: str) -> str:
    if not re.fullmatch("0x[0-9a-fA-F]{40}", text, re.ASCII):
        raise argparse.ArgumentTypeError("an address is 0x and 40 digits of hex")
    return text


class _Trouble(Exception):
    """Nothing can be asked. Its words say why, and what to do."""


def _settings(data: Path | None) -> Settings:
    environ = os.environ if data is None else of_folder(os.environ, data)
    try:
        return read(environ, serving=False, create=False)
    except BadConfig as faults:
        lines = "\n".join(f"  ✗ {fault}" for fault in faults.faults)
        raise _Trouble(f"{lines}\nSet these variables and try again; `sampan doctor` explains each.") from None


def _ask(data: Path | None, work: Callable[[UnitOfWork], R], *, writes: bool = False) -> R:
    """Run `work` on the shop's database. Raises _Trouble."""
    from core.ports import Duplicate
    from storage import look
    from storage.faults import Conflict, StorageFault
    from storage.vault import Vault

    settings = _settings(data)
    place = settings.place
    if not settings.database_url and not Path(place).is_file():
        raise _Trouble(f"There is no shop in {settings.data}. Name its folder: --data DIR.")
    vault = Vault.of(vault_keys(settings))
    try:
        if not look.is_ready(place):
            raise _Trouble("The database is of another version. Stop the shop and call `sampan migrate`.")
        return look.put(place, vault, work) if writes else look.look(place, vault, work)
    except (Conflict, Duplicate):  # the shop sealed at the same moment
        raise _Trouble("The shop was writing just now. Please try again.") from None
    except StorageFault as fault:
        raise _Trouble(f"The database cannot be used ({fault}).") from None
    except (OSError, ImportError) as fault:
        raise _Trouble(f"The database cannot be used ({type(fault).__name__}).") from None


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return _TROUBLE


class _Progress:
    """A word a second on stderr, from the first second on."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1

    def __call__(self, entries: int) -> None:
        if time.monotonic() >= self._next:
            print(f"  {entries:,} entries …", file=sys.stderr, flush=True)
            self._next = time.monotonic() + 1


def _check(options: argparse.Namespace) -> int:
    from core.clock import SystemClock
    from core.ledger.anchor import BadAnchor
    from core.ledger.check import check

    started = time.perf_counter()
    try:
        report = _ask(
            options.data,
            lambda uow: check(uow, SystemClock().now(), anchors=options.anchor, progress=_Progress()),
        )
    except BadAnchor as fault:
        return _complain(f"That is not an anchor: {fault}.")
    except _Trouble as trouble:
        return _complain(str(trouble))
    seconds = round(time.perf_counter() - started, 3)
    _say(
        json.dumps(_as_json(report, seconds), indent=2, ensure_ascii=False)
        if options.json
        else _as_text(report, seconds)
    )
    return 0 if report.ok else 1


def _as_json(report: Report, seconds: float) -> dict[str, Any]:
    from core.ledger.check import NOT_ASKED

    return {
        "ok": report.ok,
        "entries": report.entries,
        "orders": report.orders,
        "sealed": report.sealed,
        "unsealed": report.unsealed,
        "invariants": list(report.asked),
        "not_asked": NOT_ASKED,
        "findings": [
            {"invariant": one.invariant, "key": one.key, "what": one.what, "count": report.how_many[one.invariant]}
            for one in report.findings
        ],
        "head": report.head,
        "seconds": seconds,
    }


def _as_text(report: Report, seconds: float) -> str:
    from core.ledger.check import NOT_ASKED, RULES

    first = {finding.invariant: finding for finding in report.findings}
    lines = []
    for number in sorted({*report.asked, *first}):
        lines.append(f"  {'✗' if number in first else '✓'} {number:>2}  {RULES.get(number, '')}")
        if finding := first.get(number):
            more = report.how_many[number] - 1
            lines.append(f"        {finding.key}: {finding.what}" + (f" (and {more:,} more)" if more else ""))
    lines += [f"  – {number:>2}  {why}" for number, why in NOT_ASKED.items()]
    tail = f", {report.unsealed:,} not yet sealed" if report.unsealed else ""
    lines.append(f"{report.entries:,} entries of {report.orders:,} orders in {seconds:.1f} s{tail}.")
    broken = "1 of the rules is broken" if len(first) == 1 else f"{len(first)} of the rules are broken"
    lines.append("The books are right." if report.ok else f"The books are wrong: {broken}.")
    return "\n".join(lines)


def _show(options: argparse.Namespace) -> int:
    from core.errors import Gone
    from core.ids import OrderId
    from core.ledger.story import tell

    order = OrderId(options.order.strip().lstrip("#").upper())
    try:
        story = _ask(options.data, lambda uow: tell(uow, order))
    except Gone:
        print(f"There is no order {order}.", file=sys.stderr)
        return 1
    except _Trouble as trouble:
        return _complain(str(trouble))
    _say(json.dumps(_story_json(story), indent=2, ensure_ascii=False) if options.json else _story_text(story))
    return 0


def _story_json(story: Story) -> dict[str, Any]:
    steps = [
        {"at": step.at.isoformat(), "key": step.key, "kind": step.kind, "text": step.text, "lies": _places(step.lies)}
        for step in story.steps
    ]
    return {"order": story.order, "state": story.state, "steps": steps, "lies": _places(story.lies)}


def _places(lies: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Places and amounts for machines."""
    return [{"where": where, "amount": amount} for where, amount in lies]


def _story_text(story: Story) -> str:
    lines = [f"Order {story.order} · {story.state}", ""]
    for step in story.steps:
        lines.append(f"{step.at:%Y-%m-%d %H:%M:%S} UTC  {step.text}")
        if step.lies:
            lines.append(" " * 25 + "→ " + _lying(step.lies))
    lines += ["", f"Now: {_lying(story.lies)}." if story.lies else "No money has moved for it."]
    return "\n".join(lines)


def _lying(lies: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{where} {amount}" for where, amount in lies) or "nothing is left of it"


def _anchor(options: argparse.Namespace) -> int:
    from core.clock import SystemClock
    from core.ledger.anchor import NothingToAnchor, drop
    from core.ledger.chain import BrokenChain
    from core.ledger.evm import AnchorTransaction

    if options.priority_fee > options.max_fee:
        return _complain("The tip (--priority-fee) is part of --max-fee and cannot be more.")
    try:
        anchor = _ask(options.data, lambda uow: drop(uow, SystemClock().now(), options.chain_id), writes=True)
    except NothingToAnchor:
        return _complain("There is no entry yet, so there is nothing to anchor.")
    except BrokenChain:
        return _complain("The chain is broken, so nothing was sealed: `sampan ledger check` says where.")
    except _Trouble as trouble:
        return _complain(str(trouble))
    transaction = AnchorTransaction(
        options.chain_id, options.nonce, options.priority_fee, options.max_fee, options.to, bytes.fromhex(anchor.head)
    )
    fields, payload = transaction.fields(), f"0x{transaction.payload().hex()}"
    if options.json:
        told = {"line": anchor.line, "seal": anchor.seal, "entries": anchor.count, "head": anchor.head}
        _say(json.dumps(told | {"transaction": fields, "payload": payload}, indent=2))
        return 0
    _say(anchor.line)
    _say(f"\nUnsigned transaction, to be signed elsewhere:\n{json.dumps(fields, indent=2)}\nIts payload:\n{payload}")
    return 0
