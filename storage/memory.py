"""The unit of work and the store in memory: the same contract without a database, for tests of core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Named
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from core.errors import Gone
from core.ports import Duplicate
from storage.codec import is_comparable
from storage.drawer import Drawer
from storage.faults import Conflict
from storage.memory_rooms import MemoryInbox, MemoryJournal, MemoryOutbox
from storage.nouns import Noun, nouns, plain

K = TypeVar("K", contravariant=True)
T = TypeVar("T")
R = TypeVar("R")

_NEVER = datetime.min.replace(tzinfo=UTC)


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

    def walk(self) -> Iterator[T]:
        """core.ports.Shelf.walk."""
        for key in sorted(self._things):
            yield self._things[key]

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

    async def survey(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """core.ports.Store.survey."""
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
