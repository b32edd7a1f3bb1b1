"""Reading ahead: what hangs on a page of things is searched for once, so that audits may ask for it thing by thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar, cast

from core.payments.receipts import Receipt
from core.ports import Shelf, UnitOfWork
from core.shop.orders import Order

T = TypeVar("T")

_PAGE = 500  # owners whose things are searched for at once
_ALL = 1_000_000


def with_orders(uow: UnitOfWork, orders: Iterable[Order]) -> Iterator[tuple[UnitOfWork, Order]]:
    """Each order, with a unit that knows its quote, applications, refunds and disputes. For reading only."""
    for page in _pages(orders):
        quotes = _Found(uow.quotes, "id", {order.quote for order in page if order.quote})
        unit = _ahead(uow, page, "order", ("applications", "refunds", "disputes"), quotes=quotes)
        yield from ((unit, order) for order in page)


def with_receipts(uow: UnitOfWork, receipts: Iterable[Receipt]) -> Iterator[tuple[UnitOfWork, Receipt]]:
    """Each payment, with a unit that knows its applications, refunds and disputes. For reading only."""
    for page in _pages(receipts):
        unit = _ahead(uow, page, "receipt", ("applications", "refunds", "disputes"))
        yield from ((unit, receipt) for receipt in page)


def _pages(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while page := list(islice(rest, _PAGE)):
        yield page


def _ahead(uow: UnitOfWork, page: list[Any], field: str, shelves: tuple[str, ...], **known: Any) -> UnitOfWork:
    owners = {thing.id for thing in page}
    known |= {name: _Found(getattr(uow, name), field, owners) for name in shelves}
    return cast(UnitOfWork, _Ahead(uow, known))


class _Ahead:
    """A unit of work of which some shelves are known."""

    def __init__(self, uow: UnitOfWork, known: dict[str, Any]) -> None:
        self._uow = uow
        self.__dict__.update(known)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)


class _Found(Generic[T]):
    """A shelf of which all things of some owners are known. Whatever else is sought is asked of the shelf."""

    def __init__(self, shelf: Shelf[Any, T], field: str, owners: set[Any]) -> None:
        self._shelf, self._field, self._owners = shelf, field, owners
        theirs: dict[str, Any] = {field: tuple(owners)}
        found: list[Any] = shelf.find(limit=_ALL, **theirs)
        self._by_key: dict[Any, T] = {thing.id: thing for thing in found}
        self._of: defaultdict[Any, list[T]] = defaultdict(list)
        for thing in found:
            self._of[getattr(thing, field)].append(thing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    def need(self, key: Any) -> T:
        """core.ports.Shelf.need."""
        return self._by_key[key] if key in self._by_key else self._shelf.need(key)

    def find(self, *, limit: int = 50, **equals: Any) -> list[T]:
        """core.ports.Shelf.find."""
        owner = equals.get(self._field)
        if owner not in self._owners or not equals.keys().isdisjoint(("before", "since", "newest", "offset")):
            return self._shelf.find(limit=limit, **equals)
        things = self._of.get(owner, ())
        return [one for one in things if all(_is(getattr(one, name), value) for name, value in equals.items())][:limit]


def _is(value: Any, wanted: Any) -> bool:
    return (value is not None and value in wanted) if isinstance(wanted, tuple) else bool(value == wanted)
