"""The plot of a story: its seed, how long it is, and what may go wrong in it. The same plot is the same story."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass, field, replace

from core.channels.simulated import Manners

# What a channel may do wrong, and about how often when it does.
TEMPTATIONS = {
    "timeout": 0.08,
    "lost": 0.05,
    "garbled": 0.1,
    "slow": 0.05,
    "refused": 0.08,
    "late_success": 0.3,
    "partial": 0.04,
    "refused_refund": 0.1,
    "refused_payout": 0.1,
    "returned_payout": 0.1,
    "twice": 0.2,
    "shuffled": 0.2,
    "unsaid": 0.1,
    "early": 0.1,
    "blind": 0.1,
    "reorg": 0.01,
    "clawback": 0.03,
    "larger": 0.5,
    "fee_change": 0.2,
    "lost_line": 0.05,
}
CRASHES = ("commit", "committed", "call", "called")
KINDS = (*TEMPTATIONS, *CRASHES, "outages", "notices", "statements", "strangers", "cheats", "admins", "freezes")
"""Every kind of fault: one can be switched off, to find the shortest story of a failure."""


@dataclass(frozen=True)
class Plot:
    """`without` names the kinds of fault that do not happen."""

    seed: int
    orders: int = 50
    without: frozenset[str] = field(default_factory=frozenset)

    def dice(self, what: str) -> random.Random:
        """A stream of chances of its own for each who throws: what one does moves nobody else's."""
        return random.Random(f"{self.seed}:{what}")

    def chance(self, kind: str, usual: float) -> float:
        """How likely a fault is in this story: never, as usual, or often."""
        if kind in self.without:
            return 0.0
        return usual * self.dice(f"plot:{kind}").choice((0, 1, 1, 2))

    def manners(self, channel: str) -> Manners:
        """How a channel misbehaves in this story."""
        dice = self.dice(f"manners:{channel}")
        told = {
            name: 0.0 if name in self.without else min(1.0, usual * dice.choice((0, 0, 1, 1, 3)))
            for name, usual in TEMPTATIONS.items()
        }
        if not told["lost_line"] <= 0.1:
            told["lost_line"] = 0.1
        return Manners(**told)

    def less(self, *kinds: str) -> Plot:
        """The same without some kinds of fault."""
        return replace(self, without=self.without | set(kinds))


assert set(TEMPTATIONS) == {one.name for one in dataclasses.fields(Manners)}, "every temptation has its place here"
