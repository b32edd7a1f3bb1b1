"""Stories end well, whatever goes wrong in them; and a seed is a story.

SAMPAN_TEST_SEEDS=200 tells that many; `python -m tests.simulation --help` tells as many as you like, and finds the
shortest that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.plot import KINDS, Plot
from tests.simulation.story import tell

SEEDS = int(os.environ.get("SAMPAN_TEST_SEEDS", "10"))
FIRST = 1001  # the long runs start at 1


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_everything_ends_and_all_books_agree(seed: int) -> None:
    ending = tell(Plot(seed, 40))
    assert ending.failures == (), "\n".join(ending.lines[-60:])
    assert ending.entries > 20, "a story in which something happens"


def test_the_same_seed_is_the_same_story_in_another_process() -> None:
    again = "from tests.simulation import plot, story; print(story.tell(plot.Plot(7, 15)).digest)"
    told = [
        subprocess.run(
            [sys.executable, "-c", again],
            env=os.environ | {"PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for salt in ("1", "2")
    ]
    assert told[0] == told[1] and len(told[0]) == 65


def test_without_faults_nothing_goes_wrong_at_all() -> None:
    ending = tell(Plot(3, 25, frozenset(KINDS)))
    assert ending.failures == ()
    odd = [name for name in ending.seen if name.startswith(("crash", "told in_doubt", "told refund_failed"))]
    assert odd == []


def test_stories_see_what_they_are_for() -> None:
    """Over a few seeds every kind of unhappy ending is met."""
    seen = set()
    for seed in (1, 2, 3, 4, 5):
        seen |= set(tell(Plot(seed, 40)).seen)
    assert seen >= {"crash commit", "crash committed", "crash call", "told in_doubt", "told refunded"}
    assert seen >= {
        "told payout_sent",
        "told payout_returned",
        "told not_shipped",
        "told exceptions",
        "close_exception",
        "watch",
        "refused Frozen",
    }
