"""The journal on every store: posted once, balanced, and its balances the fold of its legs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Gone
from core.ledger.journal import Entry, Leg, credit, debit, entry
from core.money import Money
from core.ports import Duplicate
from tests.storage.things import CNY, EUR, NOON


def eur(minor: int) -> Money:
    return Money(minor, EUR)


def _sale(key: str, minor: int, order: str = "O1") -> Entry:
    return entry(key, NOON, "sale", debit("clearing:sepa", eur(minor)), credit("escrow:O1", eur(minor)), order=order)


async def test_a_fact_is_posted_once(store: Any) -> None:
    await store.write(lambda uow: uow.journal.post(_sale("O1:paid", 500)))
    with pytest.raises(Duplicate):
        await store.write(lambda uow: uow.journal.post(_sale("O1:paid", 500)))

    def look(uow: Any) -> Any:
        journal = uow.journal
        return journal.posted("O1:paid"), journal.posted("O2:paid"), journal.balance("clearing:sepa", EUR)

    assert await store.read(look) == (True, False, eur(500))


async def test_an_entry_is_read_as_it_was_posted(store: Any) -> None:
    posted = [_sale("O1:paid", 500), entry("bare", NOON, "fee", debit("a", Money(1, CNY)), credit("b", Money(1, CNY)))]
    await store.write(lambda uow: [uow.journal.post(one) for one in posted])
    assert await store.read(lambda uow: [uow.journal.entry(one.key) for one in posted]) == posted
    with pytest.raises(Gone):
        await store.read(lambda uow: uow.journal.entry("O2:paid"))


async def test_the_legs_of_an_order_come_in_posting_order(store: Any) -> None:
    def post(uow: Any) -> None:
        uow.journal.post(_sale("2", 500))
        uow.journal.post(_sale("1", 300))
        uow.journal.post(_sale("3", 100, order="O2"))

    await store.write(post)
    legs = await store.read(lambda uow: uow.journal.legs_of("O1"))
    assert legs == [*_sale("2", 500).legs, *_sale("1", 300).legs]


async def test_totals_are_those_of_a_prefix_in_every_currency(store: Any) -> None:
    def post(uow: Any) -> None:
        uow.journal.post(_sale("1", 500))
        in_yuan = Money(70, CNY)
        uow.journal.post(entry("2", NOON, "fee", debit("clearing:pix", in_yuan), credit("clearinghouse", in_yuan)))

    await store.write(post)
    assert await store.read(lambda uow: uow.journal.totals("clearing:")) == {
        ("clearing:pix", "CNY"): 70,
        ("clearing:sepa", "EUR"): 500,
    }
    assert await store.read(lambda uow: uow.journal.totals("Clearing")) == {}
    assert len(await store.read(lambda uow: uow.journal.totals(""))) == 4


_ACCOUNTS = st.sampled_from(["clearing:sepa", "escrow:1", "escrow:2", "fees"])
_MONEY = st.builds(Money, st.integers(-(10**12), 10**12).filter(bool), st.sampled_from([EUR, CNY]))


@st.composite
def _entries(draw: st.DrawFn) -> list[tuple[Leg, ...]]:
    """Entries of two or more legs, the last of which balances the others."""
    entries = []
    for _ in range(draw(st.integers(1, 6))):
        amounts = draw(st.lists(_MONEY, min_size=1, max_size=4))
        legs = [Leg(draw(_ACCOUNTS), amount) for amount in amounts]
        legs += [Leg(draw(_ACCOUNTS), -amount) for amount in amounts]
        entries.append(tuple(legs))
    return entries


class PutBack(Exception):
    """Ends the transaction without keeping anything."""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=_entries())
async def test_a_balance_is_the_fold_of_its_legs(store: Any, entries: list[tuple[Leg, ...]]) -> None:
    seen: list[Any] = []

    def post_and_fold(uow: Any) -> None:
        for number, legs in enumerate(entries):
            uow.journal.post(Entry(f"E{number}", NOON, "any", legs))
        seen.extend((uow.journal.totals(""), uow.journal.fold()))
        seen.append(sum(uow.journal.balance(leg.account, leg.amount.asset).minor for leg in entries[0][:1]))
        raise PutBack

    with pytest.raises(PutBack):
        await store.write(post_and_fold)
    totals, fold, first = seen
    assert totals == fold
    leg = entries[0][0]
    assert first == sum(
        other.amount.minor
        for legs in entries
        for other in legs
        if (other.account, other.amount.asset) == (leg.account, leg.amount.asset)
    )
    assert all(sum(minor for (_, code), minor in totals.items() if code == of.code) == 0 for of in (EUR, CNY))


async def test_thirty_postings_at_once_to_the_same_accounts_all_count(store: Any) -> None:
    def post(uow: Any, number: int) -> None:
        first, second = ("a", "b") if number % 2 else ("b", "a")
        uow.journal.post(entry(f"E{number}", NOON, "any", debit(first, eur(number)), credit(second, eur(number))))

    await asyncio.gather(*(store.write(post, n) for n in range(1, 31)))
    odd, even = sum(range(1, 31, 2)), sum(range(2, 31, 2))
    assert await store.read(lambda uow: uow.journal.totals("")) == {("a", "EUR"): odd - even, ("b", "EUR"): even - odd}
    assert await store.read(lambda uow: uow.journal.fold() == uow.journal.totals(""))
