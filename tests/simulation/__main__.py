"""`python -m tests.simulation --seeds N [--start S] [--orders K] [--json]`: stories, and the shortest that fails."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time

from tests.simulation.plot import Plot
from tests.simulation.story import Ending, shorten, tell


def main() -> int:
    """0 when no story failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many stories")
    parser.add_argument("--start", type=int, default=1, help="the first seed: to go on where a run was left")
    parser.add_argument("--orders", type=int, default=50, help="orders a story")
    parser.add_argument("--without", default="", help="kinds of fault that do not happen, by commas")
    parser.add_argument("--story", action="store_true", help="print the story of each seed")
    parser.add_argument("--long", action="store_true", help="do not look for the shortest story of a failure")
    parser.add_argument("--json", action="store_true", help="one line of JSON a seed")
    said = parser.parse_args()
    failed, began = 0, time.monotonic()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # a story leaves little behind: a fifth of its time went into looking for it
    orders, entries = 0, 0
    for seed in range(said.start, said.start + said.seeds):
        ending = tell(Plot(seed, said.orders, frozenset(filter(None, said.without.split(",")))))
        failed += bool(ending.failures)
        orders += said.orders
        entries += ending.entries
        if said.json:
            print(json.dumps(_figures(ending)), flush=True)
        if said.story:
            print("\n".join(ending.lines))
        if ending.failures:
            _complain(ending, shorter=not said.long)
        elif not said.json and (seed - said.start) % 20 == 19:
            pace = (time.monotonic() - began) / orders * 1000
            print(
                f"up to seed {seed}: {orders} orders, {entries} entries, {failed} failed, {pace:.1f} ms an order",
                flush=True,
            )
    print(f"{said.seeds} seeds from {said.start}, {orders} orders, {entries} entries: {failed} failed", file=sys.stderr)
    return 1 if failed else 0


def _figures(ending: Ending) -> dict[str, object]:
    return {
        "seed": ending.plot.seed,
        "orders": ending.plot.orders,
        "entries": ending.entries,
        "days": round(ending.days, 1),
        "seconds": round(ending.seconds, 2),
        "digest": ending.digest,
        "failures": ending.failures,
        "seen": dict(sorted(ending.seen.items())),
    }


def _complain(ending: Ending, *, shorter: bool) -> None:
    plot = ending.plot
    print(f"seed {plot.seed} fails:", *ending.failures[:5], sep="\n  ", flush=True)
    if not shorter:
        return
    short = shorten(ending)
    without = ",".join(sorted(short.plot.without))
    print(f"  the shortest: --start {plot.seed} --seeds 1 --orders {short.plot.orders} --without {without}")
    print(*(f"    {line}" for line in short.lines[-120:]), sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
