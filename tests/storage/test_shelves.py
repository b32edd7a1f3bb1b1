"""What a shelf promises, on every store: core.ports.Shelf and core.ports.Store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.errors import Gone, Stale
from core.money import Money
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Misfit, Receipt, ReceiptState
from core.people import Tier
from core.ports import Duplicate
from core.risk.holds import Counter
from core.shop.cart import Cart
from core.shop.catalogue import ProductState
from tests.storage.things import EUR, NOON, a_person, a_product, later


async def test_what_is_not_there_is_none_or_gone(store: Any) -> None:
    assert await store.read(lambda uow: uow.products.get("P1")) is None
    for ask in (lambda uow: uow.products.need("P1"), lambda uow: uow.products.lock("P1")):
        with pytest.raises(Gone):
            await store.write(ask)


async def test_a_transaction_that_raises_leaves_nothing_behind(store: Any) -> None:
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))

    def fails(uow: Any) -> None:
        uow.products.save(replace(uow.products.need("P1"), title="Cup"))
        uow.products.shift("P1", "stock", -1)
        uow.products.add(a_product("P2"))
        uow.people.add(a_person())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(fails)

    def look(uow: Any) -> Any:
        return uow.products.find(), uow.people.count()

    assert await store.read(look) == ([a_product(stock=5)], 0)


async def test_of_fifty_at_once_of_which_half_fail_the_other_half_is_kept(store: Any) -> None:
    def add(uow: Any, number: int) -> int:
        uow.products.add(a_product(f"P{number}"))
        if number % 2:
            raise Gone
        return number

    answers = await asyncio.gather(*(store.write(add, n) for n in range(50)), return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, int)] == list(range(0, 50, 2))
    assert sum(isinstance(answer, Gone) for answer in answers) == 25
    kept = await store.read(lambda uow: uow.products.find(limit=100))
    assert {product.id for product in kept} == {f"P{n}" for n in range(0, 50, 2)}


async def test_a_second_thing_of_the_same_key_is_a_duplicate_and_the_verb_may_go_on(store: Any) -> None:
    def twice(uow: Any) -> str:
        uow.counters.add(Counter("day|1", 10, None))
        try:
            uow.counters.add(Counter("day|1", 99, None))
        except Duplicate:
            uow.counters.shift("day|1", "used", 1)
        return "went on"

    assert await store.write(twice) == "went on"
    assert await store.read(lambda uow: uow.counters.need("day|1")) == Counter("day|1", 11, None)
    with pytest.raises(Duplicate):
        await store.write(lambda uow: uow.counters.add(Counter("day|1", 0, None)))


def _receipt(id: str, channel: str, fact: str) -> Receipt:
    money = Money(5, EUR)
    return Receipt(id, channel, fact, "RF1", money, NOON, ReceiptState.HELD, Misfit.LATE, "unapplied:sepa", money)


async def test_the_same_payment_of_a_channel_is_received_once(store: Any) -> None:
    await store.write(lambda uow: uow.receipts.add(_receipt("R1", "sepa", "E2E-1")))
    await store.write(lambda uow: uow.receipts.add(_receipt("R2", "pix", "E2E-1")))
    with pytest.raises(Duplicate):
        await store.write(lambda uow: uow.receipts.add(_receipt("R3", "sepa", "E2E-1")))


def _operation(id: str, kind: OperationKind, reference: str) -> Operation:
    return Operation(id, kind, "sepa", "O1", Money(5, EUR), reference, {}, OperationState.RESERVED, NOON)


async def test_two_charges_of_a_channel_never_share_a_reference(store: Any) -> None:
    def put(uow: Any) -> None:
        uow.operations.add(_operation("A", OperationKind.CHARGE, "RF1"))
        uow.operations.add(_operation("B", OperationKind.REFUND, "RF1"))
        uow.operations.add(_operation("C", OperationKind.REFUND, "RF1"))
        uow.operations.add(_operation("D", OperationKind.CHARGE, ""))
        uow.operations.add(_operation("E", OperationKind.CHARGE, ""))

    await store.write(put)
    with pytest.raises(Duplicate):
        await store.write(lambda uow: uow.operations.add(_operation("F", OperationKind.CHARGE, "RF1")))

    def rename(uow: Any) -> None:
        uow.operations.save(replace(uow.operations.need("D"), reference="RF1"))

    with pytest.raises(Duplicate):
        await store.write(rename)


async def test_a_page_read_before_the_last_change_is_stale(store: Any) -> None:
    old = await store.write(lambda uow: uow.people.add(a_person()))
    assert (await store.write(lambda uow: uow.people.save(replace(old, name="Mia")))).version == 1
    with pytest.raises(Stale):
        await store.write(lambda uow: uow.people.save(replace(old, name="Mo")))
    with pytest.raises(Stale):
        await store.write(lambda uow: uow.people.save(a_person(2)))
    assert (await store.read(lambda uow: uow.people.need(1))).name == "Mia"


async def test_stock_moves_only_between_its_bounds(store: Any) -> None:
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))

    def shifts(uow: Any) -> list[bool]:
        return [
            uow.products.shift("P1", "stock", -5),
            uow.products.shift("P1", "stock", -1),
            uow.products.shift("P1", "stock", 8, most=8),
            uow.products.shift("P1", "stock", 1, most=8),
            uow.products.shift("P1", "stock", -6, least=3),
            uow.products.shift("nothing", "stock", 1),
        ]

    assert await store.write(shifts) == [True, False, True, False, False, False]
    product = await store.read(lambda uow: uow.products.need("P1"))
    assert (product.stock, product.version) == (8, 0)


async def test_twenty_who_take_one_of_five_at_once_get_exactly_five(store: Any) -> None:
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))

    def take(uow: Any) -> bool:
        return bool(uow.products.shift("P1", "stock", -1))

    taken = await asyncio.gather(*(store.write(take) for _ in range(20)))
    assert sum(taken) == 5
    assert (await store.read(lambda uow: uow.products.need("P1"))).stock == 0


async def test_a_save_lets_a_shift_since_the_reading_stand(store: Any) -> None:
    await store.write(lambda uow: uow.products.add(a_product(stock=5)))

    def sell_then_rename(uow: Any) -> Any:
        product = uow.products.need("P1")
        uow.products.shift("P1", "stock", -1)
        uow.products.save(replace(product, title="Cup"))
        return uow.products.need("P1")

    product = await store.write(sell_then_rename)
    assert (product.title, product.stock) == ("Cup", 4)


async def test_ten_who_count_up_at_once_lose_no_count(store: Any) -> None:
    await store.write(lambda uow: uow.people.add(a_person(received=0)))

    def receive(uow: Any) -> None:
        person = uow.people.get(1)
        uow.people.save(replace(person, received=person.received + 1))

    await asyncio.gather(*(store.write(receive) for _ in range(10)))
    person = await store.read(lambda uow: uow.people.need(1))
    assert (person.received, person.version) == (10, 10)


async def test_ten_who_come_in_for_the_first_time_at_once_are_one_person(store: Any) -> None:
    def greet(uow: Any) -> int:
        person = uow.people.get(1) or uow.people.add(a_person())
        return int(person.id)

    assert await asyncio.gather(*(store.write(greet) for _ in range(10))) == [1] * 10


async def test_things_are_found_by_what_they_say(store: Any) -> None:
    def put(uow: Any) -> None:
        uow.people.add(a_person(1, tier=Tier.NEW, currency=EUR, joined_at=later(3)))
        uow.people.add(a_person(2, tier=Tier.REGULAR, joined_at=later(2)))
        uow.people.add(a_person(3, tier=Tier.TRUSTED, currency=EUR, joined_at=later(1)))
        uow.people.add(a_person(4, tier=Tier.TRUSTED, currency=EUR, joined_at=later(1)))

    await store.write(put)

    async def found(**query: Any) -> list[int]:
        people = await store.read(lambda uow: uow.people.find(**query))
        unpaged = {name: value for name, value in query.items() if name not in ("limit", "offset", "newest")}
        many = await store.read(lambda uow: uow.people.count(**unpaged))
        assert "limit" in query or "offset" in query or many == len(people)
        return [person.id for person in people]

    assert await found() == [1, 2, 4, 3]  # newest first, then by key in the same direction
    assert await found(newest=False) == [3, 4, 2, 1]
    assert await found(limit=2, offset=1) == [2, 4]
    assert await found(tier=Tier.TRUSTED) == [4, 3]
    assert await found(tier=(Tier.NEW, Tier.REGULAR)) == [1, 2]
    assert await found(tier=()) == []
    assert await found(currency=EUR, tier=Tier.NEW) == [1]
    assert await found(currency=None) == [2]
    assert await found(before={"joined_at": later(2)}) == [2, 4, 3]
    assert await found(since={"joined_at": later(2)}) == [1, 2]
    assert await found(since={"joined_at": later(2)}, before={"joined_at": later(2)}) == [2]


async def test_what_has_no_time_counts_as_the_oldest_and_is_in_no_span(store: Any) -> None:
    def put(uow: Any) -> None:
        uow.counters.add(Counter("a", 0, None))
        uow.counters.add(Counter("b", 0, later(1)))
        uow.carts.add(Cart(2))
        uow.carts.add(Cart(1))

    def look(uow: Any) -> Any:
        return (
            [counter.id for counter in uow.counters.find()],
            [counter.id for counter in uow.counters.find(newest=False)],
            [counter.id for counter in uow.counters.find(before={"renews_at": later(9)})],
            [cart.person for cart in uow.carts.find(newest=False)],
        )

    await store.write(put)
    assert await store.read(look) == (["b", "a"], ["a", "b"], ["b"], [1, 2])


async def test_nothing_is_sought_by_what_is_sealed_or_composed(store: Any) -> None:
    for query in ({"address": None}, {"nonsense": 1}):
        with pytest.raises((TypeError, KeyError)):
            await store.read(lambda uow, query=query: uow.people.find(**query))
    with pytest.raises(TypeError):
        await store.read(lambda uow: uow.products.find(price=Money(1, EUR)))


async def test_a_moment_without_a_time_zone_is_refused(store: Any) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await store.write(lambda uow: uow.people.add(a_person(joined_at=NOON.replace(tzinfo=None))))


async def test_a_reader_cannot_write(store: Any) -> None:
    await store.write(lambda uow: uow.products.add(a_product()))
    for attempt in (
        lambda uow: uow.products.add(a_product("P2")),
        lambda uow: uow.products.shift("P1", "stock", -1),
        lambda uow: uow.products.save(replace(uow.products.need("P1"), state=ProductState.TAKEN_DOWN)),
    ):
        with pytest.raises(RuntimeError):
            await store.read(attempt)
    assert await store.read(lambda uow: uow.products.find()) == [a_product()]


async def test_arguments_reach_the_verb_and_its_answer_comes_back(store: Any) -> None:
    assert await store.write(lambda uow, a, *, b: (a, b), 1, b=2) == (1, 2)
    assert await store.read(lambda uow, a, *, b: (a, b), 1, b=2) == (1, 2)
