"""`python -m tests.mutants [WORD …] [--all]`: plants bugs one by one in a copy of the house; who catches them?

Each is a mistake that payment systems have made. A copy lives in a temporary folder; the checkout is not touched. The
quick tests that are named with a bug run first, then stories of the simulation; `--all` asks both in any case.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).parents[1]
ROOMS = ("bot", "core", "storage", "locales", "tests")
SEEDS, ORDERS = 8, 40
LONGEST = 600  # seconds for one judge


@dataclass(frozen=True)
class Mutant:
    """One bug: `old` stands once in `file`, and becomes `new`. `tests` are files (and words) that pytest is given."""

    name: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = (
    Mutant(
        "a fact is applied twice",
        "core/payments/receiving.py",
        "    known = uow.receipts.find(channel=fact.channel, fact=fact.id, limit=1)\n    if known:\n",
        "    known = uow.receipts.find(channel=fact.channel, fact=fact.id, limit=1)\n    if known[1:]:\n",
        "tests/unit/core/test_held_money.py tests/unit/core/test_sale.py tests/unit/core/test_messengers.py",
    ),
    Mutant(
        "a timer turns doubt into a failure",
        "core/payments/doubt.py",
        "    return uow.operations.save(operation.move(OperationState.PARKED))\n",
        '    return uow.operations.save(replace(operation.move(OperationState.REJECTED), evidence="timeout"))\n',
        "tests/unit/core/test_doubt.py",
    ),
    Mutant(
        "a refund is written down and never sent",
        "core/payments/refunds.py",
        "    carry_out(uow, shop.clock.now(), operation.id)\n    return uow.refunds.save(",
        "    return uow.refunds.save(",
        "tests/unit/core/test_refunds.py",
    ),
    Mutant(
        "a part of a price is cut off instead of rounded",
        "core/payments/pockets.py",
        "    return round(Fraction(whole_ * after.minor, paid.minor)) if paid else 0\n",
        "    return whole_ * after.minor // paid.minor if paid else 0\n",
        "tests/unit/core/test_refunds.py tests/unit/core/test_pockets.py",
    ),
    Mutant(
        "a quote is used and stays locked",
        "core/payments/fx/locks.py",
        "replace(quote.move(QuoteState.USED), used_at=at)",
        "replace(quote, used_at=at)",
        "tests/unit/core/test_treasury.py tests/unit/core/test_sale.py",
    ),
    Mutant(
        "frozen money is released",
        "core/payments/escrow.py",
        "    if order.frozen:\n        raise Frozen(order=order.id)\n",
        "    if order.frozen and not order.shipped_at:\n        raise Frozen(order=order.id)\n",
        "tests/unit/core/test_refunds.py tests/unit/core/test_deadlines.py tests/unit/core/test_disputes.py",
    ),
    Mutant(
        "only a case freezes, and not an admin who looks into an order",
        "core/payments/escrow.py",
        "    if order.frozen:\n        raise Frozen(order=order.id)\n",
        '    if order.frozen.startswith("dispute:"):\n        raise Frozen(order=order.id)\n',
        "tests/unit/core/test_monitoring.py",
    ),
    Mutant(
        "the first part of a frozen order is released",
        "core/payments/escrow.py",
        "    if not order.frozen:\n        amount = in_escrow",
        "    if order.seller == seller.id:\n        amount = in_escrow",
        "tests/unit/core/test_monitoring.py tests/unit/core/test_disputes.py tests/unit/core/test_refunds.py",
    ),
    Mutant(
        "a frozen order that nobody confirmed stands in the way of all others",
        "core/shop/deadlines.py",
        'state=OrderState.SHIPPED, frozen="", before={"release_at": now}, newest=False, limit=limit\n',
        'state=OrderState.SHIPPED, before={"release_at": now}, newest=False, limit=limit\n',
        "tests/unit/core/test_monitoring.py tests/unit/core/test_deadlines.py",
    ),
    Mutant(
        "a frozen order that was never shipped is refunded",
        "core/shop/deadlines.py",
        'uow.orders.find(state=OrderState.PAID, frozen="", before={"ship_by": now}, newest',
        'uow.orders.find(state=OrderState.PAID, before={"ship_by": now}, newest',
        "tests/unit/core/test_monitoring.py tests/unit/core/test_deadlines.py",
    ),
    Mutant(
        "what a frozen order has brought is paid out",
        "core/payments/settlement/batches.py",
        "            if order.frozen:\n",
        "            if not order.id:\n",
        "tests/unit/core/test_settlement.py tests/unit/core/test_monitoring.py",
    ),
    Mutant(
        "a command cut off by a crash is sent again where that is a second one",
        "core/payments/driver.py",
        "operation.state is OperationState.UNKNOWN and channel is not None and not self._may_repeat(operation):\n",
        "operation.state is OperationState.UNKNOWN and channel is None:\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_sale.py",
    ),
    Mutant(
        "a rail without idempotency is trusted to have it",
        "core/payments/driver.py",
        "        if channel is None or not channel.idempotent or first is None:\n",
        "        if channel is None or first is None:\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_simulator.py",
    ),
    Mutant(
        "a limit is not given back by an order that ended",
        "core/shop/checkout.py",
        '        uow.products.shift(line.product, "stock", line.quantity)\n    limits.release(uow, order.id)\n',
        '        uow.products.shift(line.product, "stock", line.quantity)\n',
        "tests/unit/core/test_limits.py tests/unit/core/test_checkout.py tests/unit/core/test_sale.py",
    ),
    Mutant(
        "“not found” is believed at once",
        "core/payments/outcomes.py",
        "sent == asked.sent_at and began - sent > visibility\n",
        "sent == asked.sent_at\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_simulator.py",
    ),
    Mutant(
        "a second channel is tried while the first is in doubt",
        "core/shop/checkout.py",
        "        if charge.state not in (OperationState.REJECTED, OperationState.EXPIRED):\n"
        "            raise MayStillBePaid(order=order.id)\n    return order\n",
        "        if charge.state is OperationState.SUCCEEDED:\n"
        "            raise MayStillBePaid(order=order.id)\n    return order\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_checkout.py",
    ),
    Mutant(
        "a known event with other content is taken for the same",
        "core/payments/outcomes.py",
        "    digest = hashlib.sha256(content.encode()).hexdigest()\n",
        "    digest = hashlib.sha256(key.encode()).hexdigest()\n",
        "tests/unit/core/test_messengers.py tests/unit/core/test_doubt.py tests/unit/core/test_simulator.py",
    ),
    Mutant(
        "a bank line settles what another line has settled",
        "core/payments/recon/matching.py",
        "    if (holder := settled(uow, operation.id)) is not None and holder.fact != told.fact:\n"
        "        return Match(kind, why=Why.TWICE)\n",
        "",
        "tests/unit/core/test_recon.py",
    ),
    Mutant(
        "a dispute larger than the payment is swallowed by rounding",
        "core/payments/disputes/books.py",
        "debit(accounts.CHARGEBACK_LOSS, excess)",
        "debit(accounts.ROUNDING, excess)",
        "tests/unit/core/test_disputes.py",
    ),
    Mutant(
        "more is refunded than was captured",
        "core/payments/pockets.py",
        "    gone = sum(one.amount.minor for one in uow.refunds.find(order=order.id, state=_TAKEN, limit=_EVER))\n",
        "    gone = 0\n",
        "tests/unit/core/test_refunds.py",
    ),
    Mutant(
        "the refusal of a repeated command is taken for its end",
        "core/payments/outcomes.py",
        "        case Rejected(reason) if afresh or operation.state is not _S.UNKNOWN:\n",
        "        case Rejected(reason):\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_simulator.py tests/unit/core/test_refunds.py",
    ),
    Mutant(
        "an effect is ticked off before it is carried out",
        "bot/worker.py",
        "            await self._end(effect, await self._topics[effect.topic](effect.data))\n",
        "            await self._end(effect)\n            await self._topics[effect.topic](effect.data)\n",
        "tests/unit/test_worker.py",
    ),
    Mutant(
        "a returned payout is not given back to its seller",
        "core/payments/settlement/payouts.py",
        "    return _give_back(uow, shop, payout, key, accounts.clearing(payout.channel), evidence)\n",
        "    return payout\n",
        "tests/unit/core/test_settlement.py",
    ),
    Mutant(
        "what a late success brings is dropped",
        "core/payments/outcomes.py",
        "        take_in(uow, shop, fact)\n    operation = uow.operations.lock(operation.id)\n",
        "        if operation.state in _OPEN:\n            take_in(uow, shop, fact)\n"
        "    operation = uow.operations.lock(operation.id)\n",
        "tests/unit/core/test_doubt.py tests/unit/core/test_simulator.py",
    ),
)


def standing(house: Path = HOUSE) -> dict[str, int]:
    """How often the text of each bug's place is found: once, or the bug must be written anew."""
    return {one.name: (house / one.file).read_text().count(one.old) for one in MUTANTS}


def plant(mutant: Mutant | None, folder: Path) -> None:
    """A copy of the house with the bug in it; with None, as it is."""
    for room in ROOMS:
        shutil.copytree(HOUSE / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(HOUSE / "pyproject.toml", folder)
    if mutant is None:
        return
    place = folder / mutant.file
    text = place.read_text()
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its place in {mutant.file} is not what it was")
    place.write_text(text.replace(mutant.old, mutant.new))


def by_tests(tests: str, folder: Path) -> str:
    """Which of the quick tests catches it; "" when none does."""
    words = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()]
    found = _run(words, folder)
    caught = re.search(r"^(?:FAILED|ERROR) (\S+)", found.stdout, re.MULTILINE)
    return caught[1] if found.returncode and caught else ""


def by_stories(folder: Path) -> str:
    """Which invariant or defect of the simulation catches it; "" when none does."""
    for seed in range(1, SEEDS + 1):
        words = ["-m", "tests.simulation", "--start", str(seed), "--seeds", "1", "--orders", str(ORDERS), "--long"]
        found = _run(words, folder)
        if found.returncode:
            lines = found.stdout.splitlines()
            return f"seed {seed}: {lines[1].strip() if len(lines) > 1 else found.stderr[-200:]}"
    return ""


def sane(wanted: Iterable[Mutant]) -> str:
    """What fails in a house without a bug: a judge that always complains has caught nothing."""
    tests = sorted({file for one in wanted for file in one.tests.split()})
    with tempfile.TemporaryDirectory(prefix="sampan-house-") as place:
        plant(None, Path(place))
        return by_tests(" ".join(tests), Path(place)) or by_stories(Path(place))


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )


def main() -> int:
    """1 when a bug survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="words of the names of those to plant; all of them")
    parser.add_argument("--all", action="store_true", help="ask the tests and the stories about each")
    said = parser.parse_args()
    survivors, wanted = 0, [one for one in MUTANTS if not said.names or any(word in one.name for word in said.names)]
    if found := sane(wanted):
        print(f"without any bug, {found} fails: nothing can be said")
        return 2
    for mutant in wanted:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="sampan-mutant-") as place:
            plant(mutant, Path(place))
            test = by_tests(mutant.tests, Path(place))
            story = by_stories(Path(place)) if said.all or not test else ""
        survivors += not (test or story)
        print(f"{mutant.name} ({time.monotonic() - began:.0f} s)")
        for catcher in filter(None, (test, story)):
            print(f"    caught by {catcher}")
        if not (test or story):
            print("    SURVIVES")
        sys.stdout.flush()
    print(f"{survivors} survive" if survivors else "none survives")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
