"""The journal, the inbox and the outbox in memory."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from core.errors import Gone
from core.ids import OrderId
from core.ledger.chain import ROOT, Posting, Record, record_of
from core.ledger.journal import Entry, Leg
from core.money import Asset, Money
from core.ports import Altered, Duplicate, Effect, Message
from storage.drawer import Drawer
from storage.faults import Conflict


class MemoryJournal:
    """core.ports.Journal in memory."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._entries: dict[str, Entry] = drawer.table("entries")
        self._links: dict[int, tuple[int, str]] = drawer.table("links")  # by the entry's place of arrival
        self._balances: dict[tuple[str, str], int] = drawer.table("balances")

    def post(self, entry: Entry) -> None:
        """core.ports.Journal.post."""
        if entry.key in self._entries:
            raise Duplicate("entries")
        self._drawer.put("entries", entry.key, entry)
        for leg in entry.legs:
            place = (leg.account, leg.amount.asset.code)
            self._drawer.put("balances", place, self._balances.get(place, 0) + leg.amount.minor)

    def posted(self, key: str) -> bool:
        """core.ports.Journal.posted."""
        return key in self._entries

    def entry(self, key: str) -> Entry:
        """core.ports.Journal.entry."""
        if key not in self._entries:
            raise Gone
        return self._entries[key]

    def balance(self, account: str, of: Asset, at: datetime | None = None) -> Money:
        """core.ports.Journal.balance."""
        sums = self._balances if at is None else self._fold(at)
        return Money(sums.get((account, of.code), 0), of)

    def legs_of(self, order: OrderId) -> list[Leg]:
        """core.ports.Journal.legs_of."""
        return [leg for entry in self._entries.values() if entry.order == order for leg in entry.legs]

    def totals(self, prefix: str, at: datetime | None = None) -> dict[tuple[str, str], int]:
        """core.ports.Journal.totals."""
        sums = self._balances if at is None else self._fold(at)
        return {place: minor for place, minor in sorted(sums.items()) if place[0].startswith(prefix)}

    def fold(self) -> dict[tuple[str, str], int]:
        """What the balances must be: every leg there is, summed anew."""
        return dict(self._fold(None))

    def _fold(self, at: datetime | None) -> Counter[tuple[str, str]]:
        sums: Counter[tuple[str, str]] = Counter()
        for entry in self._entries.values():
            if at is None or entry.at <= at:
                for leg in entry.legs:
                    sums[leg.account, leg.amount.asset.code] += leg.amount.minor
        return sums

    def count(self) -> tuple[int, int]:
        """core.ports.Journal.count."""
        return len(self._entries), len(self._links)

    def history(self, order: OrderId) -> list[Record]:
        """core.ports.Journal.history."""
        return [record for record in self._records() if record.order == order]

    def entries_of(self, account: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """core.ports.Journal.entries_of."""
        return [
            entry
            for entry in self._entries.values()
            if any(leg.account == account for leg in entry.legs)
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
        ]

    def walk(self) -> Iterator[Record]:
        """core.ports.Journal.walk."""
        yield from sorted(self._records(), key=lambda record: (record.number is None, record.number or record.seq))

    def balances(self) -> Iterator[Posting]:
        """core.ports.Journal.balances."""
        for (account, code), minor in sorted(self._balances.items()):
            yield account, minor, code

    def head(self) -> tuple[int, str]:
        """core.ports.Journal.head."""
        return max(self._links.values(), default=(0, ROOT))

    def unsealed(self, limit: int) -> list[Record]:
        """core.ports.Journal.unsealed."""
        return list(itertools.islice((record for record in self._records() if record.number is None), limit))

    def chain(self, links: Iterable[tuple[int, int, str]]) -> None:
        """core.ports.Journal.chain."""
        for seq, number, link in links:
            if seq in self._links:
                raise Conflict
            self._drawer.put("links", seq, (number, link))

    def _records(self) -> Iterator[Record]:
        for seq, entry in enumerate(self._entries.values(), 1):
            yield record_of(entry, seq, *self._links.get(seq, (None, None)))


class MemoryInbox:
    """core.ports.Inbox in memory."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._kept: dict[tuple[str, str], tuple[Message, bool]] = drawer.table("inbox")

    def put(self, message: Message) -> bool:
        """core.ports.Inbox.put."""
        known = self._kept.get((message.source, message.key))
        if known is None:
            self._drawer.put("inbox", (message.source, message.key), (message, True))
            return True
        if known[0].digest != message.digest:
            raise Altered(message.source)
        return False

    def is_open(self, source: str, key: str) -> bool:
        """core.ports.Inbox.is_open."""
        known = self._kept.get((source, key))
        return known is not None and known[1]

    def settle(self, source: str, keys: Iterable[str]) -> None:
        """core.ports.Inbox.settle."""
        for key in keys:
            if known := self._kept.get((source, key)):
                self._drawer.put("inbox", (source, key), (known[0], False))

    def open(self, source: str, limit: int = 1000) -> list[Message]:
        """core.ports.Inbox.open."""
        waiting = [message for message, is_open in self._kept.values() if is_open and message.source == source]
        return sorted(waiting, key=lambda message: message.received_at)[:limit]

    def forget(self, source: str, before: datetime) -> int:
        """core.ports.Inbox.forget."""
        gone = [
            place
            for place, (message, is_open) in self._kept.items()
            if message.source == source and not is_open and message.received_at < before
        ]
        for place in gone:
            self._drawer.put("inbox", place, None)
        return len(gone)


class MemoryOutbox:
    """core.ports.Outbox in memory."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._waiting: dict[str, tuple[int, Effect]] = drawer.table("outbox")
        self._leases: dict[str, datetime] = drawer.table("leases")
        self._done: dict[str, datetime] = drawer.table("done")
        self._arrivals = itertools.count()

    @property
    def grown(self) -> bool:
        """core.ports.Outbox.grown."""
        return self._drawer.grown

    def put(self, effect: Effect) -> None:
        """core.ports.Outbox.put."""
        self._drawer.grown = True
        if effect.key not in self._waiting and effect.key not in self._done:
            self._drawer.put("outbox", effect.key, (next(self._arrivals), effect))

    def lease(self, now: datetime, until: datetime, limit: int = 64) -> list[Effect]:
        """core.ports.Outbox.lease, oldest first. A lane waits while its oldest effect is leased or not due."""
        taken = self._due(now)[:limit]
        for effect in taken:
            self._drawer.put("leases", effect.key, until)
        return taken

    def is_due(self, now: datetime) -> bool:
        """core.ports.Outbox.is_due."""
        return bool(self._due(now))

    def _due(self, now: datetime) -> list[Effect]:
        taken: list[Effect] = []
        waiting_lanes: set[str] = set()
        for _, effect in sorted(self._waiting.values(), key=lambda arrived: arrived[0]):
            if effect.due_at > now or self._leases.get(effect.key, now) > now:
                waiting_lanes.add(effect.lane)
            elif not effect.lane or effect.lane not in waiting_lanes:
                taken.append(effect)
        return taken

    def free(self) -> None:
        """core.ports.Outbox.free."""
        for key in list(self._leases):
            self._drawer.put("leases", key, None)

    def done(self, keys: Iterable[str], at: datetime) -> None:
        """core.ports.Outbox.done."""
        for key in keys:
            if key in self._waiting:
                self._drawer.put("outbox", key, None)
                self._drawer.put("done", key, at)

    def again(self, key: str, due_at: datetime, why: str) -> None:
        """core.ports.Outbox.again."""
        if key in self._waiting:
            place, effect = self._waiting[key]
            self._drawer.put("leases", key, None)
            self._drawer.put("outbox", key, (place, replace(effect, due_at=due_at, attempts=effect.attempts + 1)))

    def waiting(self) -> int:
        """core.ports.Outbox.waiting."""
        return len(self._waiting)
