"""The check of the live books: what must always hold, asked of every entry there is, in one walk and bounded memory.

Each area of core proves its own invariants by a generator of findings; ELSEWHERE lists them. All run on one snapshot,
inside one `Store.survey`, while the shop goes on. Not asked here, because no database can show them: 7 (any order of
messages ends in the same books) and 15 (everything ends in bounded time). Those are for the simulation and the
properties in tests.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from core.ledger import accounts
from core.ledger.accounts import Side
from core.ledger.anchor import parse
from core.ledger.chain import ROOT, Record, next_link
from core.ledger.finding import Finding
from core.ledger.judge import Judge
from core.payments import doubt, sums
from core.payments.disputes import frozen
from core.payments.fx import positions
from core.payments.instalments import books as planbooks
from core.payments.recon import unsettled
from core.payments.rounding import Rounding
from core.payments.settlement import batches as settlement
from core.ports import UnitOfWork
from core.risk import judging, limits

RULES = {
    1: "every entry sums to zero in every currency",
    2: "every balance is the fold of its legs, now and at any moment",
    3: "every account is in the chart, and no bounded one crosses zero",
    4: "what was paid for an order is held, released, taken as fees or on its way back",
    5: "no more goes back than came in",
    6: "an intent is paid once",
    8: "a doubt ends by evidence alone, and no two channels are asked at once",
    9: "our books are the channel's: nobody is charged or paid twice",
    10: "the open position is the exposure, and a quote is used once and in time",
    11: "what rounding leaves is under a minor unit a split",
    12: "limits are what is held of them, and are given back",
    13: "after the settlement files clearing is zero, or a listed exception",
    14: "the chain verifies, up to the seals and anchors",
    16: "a decision on a payment comes out the same from what was kept with it",
    17: "frozen money leaves by no path",
}

NOT_ASKED = {
    7: "messages in any order, doubled or cut off, end in the same ledger: proved by test_messengers and simulation",
    15: "everything ends once faults stop: proved by tests/simulation",
}
"""What no look at a database can show, and who shows it."""

Check = Callable[[UnitOfWork], Iterator[Finding]]

ELSEWHERE: tuple[tuple[tuple[int, ...], Check], ...] = (
    ((4, 5, 6), sums.check),
    ((4, 5), planbooks.check),
    ((5, 17), frozen.check),
    ((8,), doubt.check),
    ((9,), settlement.check),
    ((12,), limits.check),
    ((16,), judging.check),
    ((13,), unsettled.check),
)
"""Which invariants a generator of another area proves. One line an area."""

WALKING: tuple[tuple[int, Callable[[UnitOfWork], Judge]], ...] = ((10, positions.Position), (11, Rounding))
"""Which invariant a judge of another area proves, in the one walk through the journal."""

_PLACES, _MOMENTS = 32, 4  # how many balances are asked for as of how many moments
_HEX = re.compile("[0-9a-f]{64}", re.ASCII)
_OFTEN = 1000  # entries between two words about the progress


@dataclass(frozen=True, slots=True)
class Report:
    """What the check went through and what it found: the first finding of each invariant, and how many there were."""

    entries: int
    orders: int
    sealed: int
    head: str
    asked: tuple[int, ...]
    findings: tuple[Finding, ...]
    how_many: dict[int, int]

    @property
    def unsealed(self) -> int:
        """How many entries are not yet part of the chain."""
        return self.entries - self.sealed

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass
class _Found:
    """The first finding of each invariant, and a count of all."""

    first: dict[int, Finding] = field(default_factory=dict)
    counts: Counter[int] = field(default_factory=Counter)

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.first.setdefault(finding.invariant, finding)
            self.counts[finding.invariant] += 1


def check(
    uow: UnitOfWork,
    now: datetime,
    *,
    anchors: Iterable[str] = (),
    source: random.Random | None = None,
    progress: Callable[[int], None] = lambda entries: None,
    elsewhere: Iterable[tuple[tuple[int, ...], Check]] = ELSEWHERE,
) -> Report:
    """Go through the whole journal. `anchors` are lines that must be part of the chain; `source` picks the samples.

    Raises core.ledger.anchor.BadAnchor.
    """
    found, chain, asked = _Found(), Chain(uow, anchors), {1, 2, 3, 14, *(number for number, _ in WALKING)}
    judges: list[Judge] = [Balanced(), Fold(uow), Moments(uow, now, source or random.Random(0)), chain]  # noqa: S311
    judges += [Guarded(number, judge(uow)) for number, judge in WALKING]
    entries = 0
    for entries, record in enumerate(uow.journal.walk(), 1):
        for judge in judges:
            found.take(judge.see(record))
        if entries % _OFTEN == 0:
            progress(entries)
    for judge in judges:
        found.take(judge.end())
    for invariants, generator in elsewhere:
        asked.update(invariants)
        found.take(_guarded(invariants[0], generator.__module__, generator(uow)))
    findings = tuple(found.first[number] for number in sorted(found.first))
    return Report(
        entries, uow.orders.count(), chain.sealed, chain.link, tuple(sorted(asked)), findings, dict(found.counts)
    )


def _guarded(invariant: int, who: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of another area. One that breaks on what it reads has found something, too."""
    try:
        yield from findings
    except Exception as fault:
        yield Finding(invariant, who, f"could not be asked to the end: {type(fault).__name__}")


class Guarded(Judge):
    """A judge of another area."""

    def __init__(self, invariant: int, judge: Judge) -> None:
        self._invariant, self._judge, self._who = invariant, judge, type(judge).__module__

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        yield from _guarded(self._invariant, self._who, self._judge.see(record))

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        yield from _guarded(self._invariant, self._who, self._judge.end())


class Balanced(Judge):
    """Invariant 1."""

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        sums: Counter[str] = Counter()
        for _, minor, code in record.legs:
            sums[code] += minor
        off = [f"{minor:+} {code}" for code, minor in sums.items() if minor]
        if off:
            yield Finding(1, record.key, f"its legs sum to {', '.join(off)} minor units instead of zero")
        elif not record.legs:
            yield Finding(1, record.key, "it has no legs")


class Fold(Judge):
    """Invariants 2 (now) and 3. Keeps the accounts that are not at zero: an order's leave when it is done."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._sums: dict[tuple[str, str], int] = {}

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        sums = self._sums
        places = {(account, code): None for account, _, code in record.legs}
        for account, minor, code in record.legs:
            sums[account, code] = sums.get((account, code), 0) + minor
        for account, code in places:
            minor = sums[account, code]
            if not minor:
                del sums[account, code]
            try:
                side = accounts.kind_of(account).side
            except KeyError:
                yield Finding(3, record.key, f"{account} is not in the chart of accounts")
                continue
            if (side is Side.DEBIT and minor < 0) or (side is Side.CREDIT and minor > 0):
                yield Finding(3, record.key, f"{account} crosses zero, to {minor:+} {code} minor units")

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        for account, stored, code in self._uow.journal.balances():
            folded = self._sums.pop((account, code), 0)
            if stored != folded:
                yield Finding(2, account, f"its balance says {stored:+} {code} minor units, its legs sum to {folded:+}")
        for (account, code), folded in self._sums.items():
            yield Finding(2, account, f"it has no balance, its legs sum to {folded:+} {code} minor units")


class Moments(Judge):
    """Invariant 2, at random moments: some accounts' balances as of then, against a fold of our own."""

    def __init__(self, uow: UnitOfWork, now: datetime, source: random.Random) -> None:
        self._uow = uow
        self._places = _sample(((account, code) for account, _, code in uow.journal.balances()), source)
        first = next(uow.journal.walk(), None)
        span = (now - first.at) if first else None
        # Each once: one that is drawn twice would be added up twice.
        self._moments = sorted({now - span * source.randrange(1000) // 1000 for _ in range(_MOMENTS)}) if span else []
        self._sums: Counter[tuple[str, str, datetime]] = Counter()

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        moments = [moment for moment in self._moments if record.at <= moment]
        for account, minor, code in record.legs if moments else ():
            if (account, code) in self._places:
                for moment in moments:
                    self._sums[account, code, moment] += minor
        yield from ()

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        for account, code in sorted(self._places):
            for moment in self._moments:
                told = self._uow.journal.totals(account, moment).get((account, code), 0)
                folded = self._sums[account, code, moment]
                if told != folded:
                    when = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
                    yield Finding(2, account, f"as of {when} it is {told:+} {code} minor units, its legs {folded:+}")


def _sample(places: Iterable[tuple[str, str]], source: random.Random) -> set[tuple[str, str]]:
    """A few of them, each as likely as any other, without holding them all."""
    kept: list[tuple[str, str]] = []
    for number, place in enumerate(places):
        if number < _PLACES:
            kept.append(place)
        elif (slot := source.randrange(number + 1)) < _PLACES:
            kept[slot] = place
    return set(kept)


class Chain(Judge):
    """Invariant 14: numbers without a gap, links that follow from what is there, seals and anchors that fit.

    `sealed` and `link` are the chain's length and end so far, as computed here.
    """

    def __init__(self, uow: UnitOfWork, anchors: Iterable[str]) -> None:
        self._uow = uow
        self.sealed, self.link, self._number = 0, ROOT, 0
        self._seal, self._sealed_from = uow.seals.get(1), ROOT
        lines = [*(anchor.line for anchor in uow.anchors.find(limit=10_000)), *anchors]
        self._heads = {line: parse(line)[1:] for line in lines}
        self._counts = {count for count, _ in self._heads.values()}

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        number = record.number
        if number is None:
            return
        self.sealed += 1
        if number != self._number + 1:
            missing = f"number {self._number + 1}" + (f" to {number - 1}" if number > self._number + 2 else "")
            yield Finding(14, record.key, f"it is number {number} of the chain, and {missing} is missing before it")
        computed = next_link(self.link, record)
        if computed != record.link:
            yield Finding(
                14, record.key, f"number {number} of the chain: it was changed, or put in another's place, when sealed"
            )
        # What follows is judged by what was sealed, so that each wrong entry is found by itself.
        self._number = number
        self.link = record.link if record.link and _HEX.fullmatch(record.link) else computed
        yield from self._against_seal(record)
        if number in self._counts:
            yield from self._against_anchors(number, computed)

    def _against_seal(self, record: Record) -> Iterator[Finding]:
        seal = self._seal
        if seal is None:
            yield Finding(14, record.key, f"it is number {record.number} of the chain, and no seal holds it")
        elif record.number == seal.last:
            if seal.head != record.link or seal.previous != self._sealed_from:
                yield Finding(14, record.key, f"seal {seal.number} ends here, and its head is another")
            self._seal, self._sealed_from = self._uow.seals.get(seal.number + 1), self.link

    def _against_anchors(self, number: int, computed: str) -> Iterator[Finding]:
        for line, (count, head) in self._heads.items():
            if count == number and head != computed:
                yield Finding(14, line, f"the first {count} entries are not those that were anchored")

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        if self._seal is not None:
            what = f"it ends at entry number {self._seal.last}, the chain at {self._number}"
            yield Finding(14, f"seal {self._seal.number}", what)
        for line, (count, _) in self._heads.items():
            if count > self._number:
                yield Finding(14, line, f"{count} entries were anchored, and only {self._number} are there")
