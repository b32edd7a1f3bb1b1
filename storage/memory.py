"""The unit of work and the store in memory: the same contract without a database, for tests of core."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Named
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from core.errors import Gone
from core.ids import OrderId
from core.ledger.journal import Entry, Leg
from core.money import Asset, Money, asset
from core.ports import Altered, Duplicate, Effect, Message
from storage.codec import is_comparable
from storage.faults import Conflict, StorageFault
from storage.nouns import Noun, nouns, plain

K = TypeVar("K", contravariant=True)
T = TypeVar("T")
R = TypeVar("R")

_NEVER = datetime.min.replace(tzinfo=UTC)


class Drawer:
    """Dictionaries by name, and how to undo what was done to them since the transaction began."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.writable = True
        self.seen: dict[tuple[str, Any], Any] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def table(self, name: str) -> dict[Any, Any]:
        """The dictionary of that name."""
        return self.tables.setdefault(name, {})

    def put(self, name: str, key: Any, value: Any) -> None:
        """Set one entry; None takes it out."""
        if not self.writable:
            raise StorageFault("READONLY")
        table = self.table(name)
        self._undo.append((table, key, table.get(key)))
        self._set(table, key, value)

    def begin(self, *, writable: bool) -> None:
        """A new transaction."""
        self._undo.clear()
        self.seen.clear()
        self.writable = writable

    def roll_back(self) -> None:
        """As it was when the transaction began."""
        for table, key, value in reversed(self._undo):
            self._set(table, key, value)
        self._undo.clear()

    @staticmethod
    def _set(table: dict[Any, Any], key: Any, value: Any) -> None:
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


class MemoryShelf(Generic[K, T]):
    """core.ports.Shelf over a dictionary."""

    def __init__(self, drawer: Drawer, noun: Noun) -> None:
        self._drawer, self._noun = drawer, noun
        self._things: dict[Any, T] = drawer.table(noun.name)

    def get(self, key: K) -> T | None:
        """core.ports.Shelf.get."""
        thing = self._things.get(key)
        if thing is not None:
            self._drawer.seen[self._noun.name, key] = thing
        return thing

    def need(self, key: K) -> T:
        """core.ports.Shelf.need."""
        thing = self.get(key)
        if thing is None:
            raise Gone
        return thing

    def lock(self, key: K) -> T:
        """core.ports.Shelf.lock."""
        return self.need(key)

    def add(self, thing: T) -> T:
        """core.ports.Shelf.add."""
        if self._key(thing) in self._things:
            raise Duplicate(self._noun.name)
        self._put(thing)
        return thing

    def save(self, thing: T) -> T:
        """core.ports.Shelf.save: writes what differs from what this transaction read, as storage.shelf does."""
        key, noun = self._key(thing), self._noun
        now = self._things.get(key)
        if now is None or getattr(now, "version") != getattr(thing, "version"):  # noqa: B009
            raise Conflict
        old = self._drawer.seen.get((noun.name, key))
        if old is None:
            changed = [name for name in noun.hints if name != "version"]
        else:
            changed = [name for name in noun.hints if getattr(old, name) != getattr(thing, name) and name != "version"]
            counts = [name for name in changed if name in noun.counts]
            if any(getattr(now, name) != getattr(old, name) for name in counts):
                raise Conflict
        version = getattr(thing, "version") + 1  # noqa: B009
        self._put(replace(now, **{name: getattr(thing, name) for name in changed}, version=version))  # type: ignore[type-var]
        saved: T = replace(thing, version=version)  # type: ignore[type-var]
        self._drawer.seen[noun.name, key] = saved
        return saved

    def shift(self, key: K, field: str, by: int, *, least: int = 0, most: int | None = None) -> bool:
        """core.ports.Shelf.shift."""
        thing = self._things.get(key)
        if thing is None:
            return False
        total = getattr(thing, field) + by
        if total < least or (most is not None and total > most):
            return False
        self._drawer.put(self._noun.name, key, replace(thing, **{field: total}))  # type: ignore[type-var]
        return True

    def find(
        self,
        *,
        before: Named[str, datetime] | None = None,
        since: Named[str, datetime] | None = None,
        newest: bool = True,
        limit: int = 50,
        offset: int = 0,
        **equals: Any,
    ) -> list[T]:
        """core.ports.Shelf.find."""
        things = sorted(self._search(before, since, equals), key=self._order, reverse=newest)[offset : offset + limit]
        self._drawer.seen.update({(self._noun.name, self._key(thing)): thing for thing in things})
        return things

    def count(
        self,
        *,
        before: Named[str, datetime] | None = None,
        since: Named[str, datetime] | None = None,
        **equals: Any,
    ) -> int:
        """core.ports.Shelf.count."""
        return len(self._search(before, since, equals))

    def _key(self, thing: T) -> Any:
        return getattr(thing, self._noun.key)

    def _order(self, thing: T) -> tuple[datetime, Any]:
        time = getattr(thing, self._noun.time) if self._noun.time else None
        return time or _NEVER, self._key(thing)

    def _put(self, thing: T) -> None:
        for name, hint in self._noun.hints.items():
            value = getattr(thing, name)
            if plain(hint)[0] is datetime and value is not None and value.utcoffset() is None:
                raise ValueError("a moment without a time zone is not kept")
        for unique in self._noun.unique:
            fact = [getattr(thing, name) for name in unique.fields]
            if unique.among(thing) and any(
                unique.among(other) and [getattr(other, name) for name in unique.fields] == fact
                for key, other in self._things.items()
                if key != self._key(thing)
            ):
                raise Duplicate(self._noun.name)
        self._drawer.put(self._noun.name, self._key(thing), thing)
        self._drawer.seen[self._noun.name, self._key(thing)] = thing

    def _search(
        self, before: Named[str, datetime] | None, since: Named[str, datetime] | None, equals: Named[str, Any]
    ) -> list[T]:
        for name in (*equals, *(before or ()), *(since or ())):
            if name in self._noun.personal or not is_comparable(self._noun.hints.get(name)):
                raise TypeError(f"{self._noun.name} cannot be sought by {name}")
        return [
            thing
            for thing in self._things.values()
            if all(_equal(getattr(thing, name), value) for name, value in equals.items())
            and all((at := getattr(thing, name)) and at <= moment for name, moment in (before or {}).items())
            and all((at := getattr(thing, name)) and at >= moment for name, moment in (since or {}).items())
        ]


def _equal(value: Any, wanted: Any) -> bool:
    # As in SQL, None is found by asking for None, never as one of several.
    return (value is not None and value in wanted) if isinstance(wanted, tuple) else bool(value == wanted)


class MemoryJournal:
    """core.ports.Journal in memory."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._entries: dict[str, Entry] = drawer.table("entries")
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

    def balance(self, account: str, of: Asset) -> Money:
        """core.ports.Journal.balance."""
        return Money(self._balances.get((account, of.code), 0), of)

    def legs_of(self, order: OrderId) -> list[Leg]:
        """core.ports.Journal.legs_of."""
        return [leg for entry in self._entries.values() if entry.order == order for leg in entry.legs]

    def totals(self, prefix: str) -> dict[tuple[str, str], int]:
        """core.ports.Journal.totals."""
        return {place: minor for place, minor in sorted(self._balances.items()) if place[0].startswith(prefix)}

    def fold(self) -> dict[tuple[str, str], int]:
        """What the balances must be: every leg there is, summed anew."""
        sums: Counter[tuple[str, str]] = Counter()
        for entry in self._entries.values():
            for leg in entry.legs:
                sums[leg.account, asset(leg.amount.asset.code).code] += leg.amount.minor
        return dict(sums)


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

    def put(self, effect: Effect) -> None:
        """core.ports.Outbox.put."""
        if effect.key not in self._waiting and effect.key not in self._done:
            self._drawer.put("outbox", effect.key, (next(self._arrivals), effect))

    def lease(self, now: datetime, until: datetime, limit: int = 64) -> list[Effect]:
        """core.ports.Outbox.lease, oldest first. A lane waits while its oldest effect is leased or not due."""
        taken: list[Effect] = []
        waiting_lanes: set[str] = set()
        for _, effect in sorted(self._waiting.values(), key=lambda arrived: arrived[0]):
            if effect.due_at > now or self._leases.get(effect.key, now) > now:
                waiting_lanes.add(effect.lane)
            elif not effect.lane or effect.lane not in waiting_lanes:
                taken.append(effect)
        for effect in taken[:limit]:
            self._drawer.put("leases", effect.key, until)
        return taken[:limit]

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


class MemoryUnit:
    """core.ports.UnitOfWork in memory. May be used by itself: everything done to it stays done."""

    def __init__(self) -> None:
        self.drawer = Drawer()
        for name, noun in nouns().items():
            setattr(self, name, MemoryShelf(self.drawer, noun))
        self.journal = MemoryJournal(self.drawer)
        self.inbox = MemoryInbox(self.drawer)
        self.outbox = MemoryOutbox(self.drawer)

    def __getattr__(self, name: str) -> Any:  # the shelves, for the type checker
        raise AttributeError(name)


class MemoryStore:
    """core.ports.Store in memory: every transaction runs at once, on the caller's thread."""

    def __init__(self) -> None:
        self.unit = MemoryUnit()

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.write."""
        return self.write_now(work, *args, **kwargs)

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.read."""
        return self.read_now(work, *args, **kwargs)

    def write_now(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """As `write`, for tests that are not asynchronous."""
        return self._run(True, work, args, kwargs)

    def read_now(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """As `read`, for tests that are not asynchronous."""
        return self._run(False, work, args, kwargs)

    def _run(self, writable: bool, work: Callable[..., R], args: Any, kwargs: Any) -> R:
        drawer = self.unit.drawer
        drawer.begin(writable=writable)
        try:
            return work(self.unit, *args, **kwargs)
        except BaseException:
            drawer.roll_back()
            raise
        finally:
            drawer.begin(writable=True)
