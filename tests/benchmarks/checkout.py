"""Committed checkouts a second, and the CPU of each call on a shelf: `python -m tests.benchmarks.checkout [SECONDS]`.

Targets, with synchronous=FULL and 64 at once: half of what bare sqlite3 does committing each, three times as many with
an fsync of 5 ms. The engine is storage.bench, which the wheel carries for `sampan bench checkout`.
"""

from __future__ import annotations

import json
import sys

from storage.bench import calls, run

TARGETS = {"disk": 0.5, "fsync_5ms": 3.0}

if __name__ == "__main__":
    report = run(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
    print(json.dumps({"checkout": report, "cpu_us_per_call": calls()}, indent=2))
    sys.exit(any(report[disk]["ratio"] < target for disk, target in TARGETS.items()))
