"""The journal on every store: posted once, balanced, and its balances the fold of its legs."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Gone
from core.ledger import chain
from core.ledger.journal import Entry, Leg, credit, debit, entry
from core.money import Asset, Money
from core.ports import Duplicate
from storage.postgres import PostgresStore
from storage.vault import Vault
from tests.storage.things import CNY, EUR, NOON, later


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


def _sum(entries: list[Entry], account: str, of: Asset, at: datetime) -> int:
    legs = [leg for one in entries if one.at <= at for leg in one.legs]
    return sum(leg.amount.minor for leg in legs if (leg.account, leg.amount.asset) == (account, of))


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


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posted=st.lists(st.tuples(st.integers(0, 9), _entries()), max_size=4), minute=st.integers(-1, 10))
async def test_a_balance_as_of_a_moment_is_the_fold_of_the_legs_until_then(
    store: Any, posted: list[tuple[int, list[tuple[Leg, ...]]]], minute: int
) -> None:
    entries = [
        Entry(f"E{batch}.{number}", later(at), "any", legs)
        for batch, (at, some) in enumerate(posted)
        for number, legs in enumerate(some)
    ]
    then = later(minute)
    seen: list[Any] = []

    def post_and_ask(uow: Any) -> None:
        for one in entries:
            uow.journal.post(one)
        seen.append(uow.journal.totals("", then))
        seen.append({(account, of.code): uow.journal.balance(account, of, then) for account, of in places})
        raise PutBack

    places = {(leg.account, leg.amount.asset) for one in entries for leg in one.legs}
    with pytest.raises(PutBack):
        await store.write(post_and_ask)
    totals, balances = seen
    folded = {(account, of.code): _sum(entries, account, of, then) for account, of in places}
    assert {place: balance.minor for place, balance in balances.items()} == folded
    assert {place: totals.get(place, 0) for place in folded} == folded


async def test_an_entry_of_the_moment_itself_counts_and_totals_keep_to_their_prefix(store: Any) -> None:
    await store.write(lambda uow: uow.journal.post(_sale("1", 500)))

    def look(uow: Any) -> Any:
        journal = uow.journal
        return (
            journal.balance("escrow:O1", EUR, NOON),
            journal.balance("escrow:O1", EUR, later(-1)),
            journal.totals("escrow:", later(1)),
        )

    assert await store.read(look) == (eur(-500), eur(0), {("escrow:O1", "EUR"): -500})


async def test_the_history_of_an_order_is_its_entries_and_no_others(store: Any) -> None:
    sales = [_sale("2", 500), _sale("1", 300), _sale("3", 100, order="O2")]
    await store.write(lambda uow: [uow.journal.post(sale) for sale in sales])
    records = await store.read(lambda uow: uow.journal.history("O1"))
    assert [record.key for record in records] == ["2", "1"]
    assert records[0].legs == (("clearing:sepa", 500, "EUR"), ("escrow:O1", -500, "EUR"))
    assert (records[0].at, records[0].kind, records[0].order, records[0].number) == (NOON, "sale", "O1", None)


async def _post(store: Any, *keys: str) -> None:
    await store.write(lambda uow: [uow.journal.post(_sale(key, 100)) for key in keys])


async def test_a_seal_numbers_the_entries_in_their_order_of_arrival_and_links_them(store: Any) -> None:
    await _post(store, "c", "a", "b")
    first = await store.write(chain.seal, NOON, 2)
    await _post(store, "d")
    second = await store.write(chain.seal, later(1))
    assert await store.write(chain.seal, later(2)) is None
    assert (first.number, first.first, first.last, first.previous) == (1, 1, 2, chain.ROOT)
    assert (second.number, second.first, second.last, second.count, second.previous) == (2, 3, 4, 2, first.head)

    records = await store.survey(lambda uow: list(uow.journal.walk()))
    link = chain.ROOT
    for number, (record, key) in enumerate(zip(records, "cabd", strict=True), 1):
        link = chain.next_link(link, record)
        assert (record.key, record.number, record.link) == (key, number, link)
    assert await store.read(lambda uow: (uow.journal.head(), uow.journal.count())) == ((4, second.head), (4, 4))


async def test_the_chain_is_the_same_on_every_store(store: Any) -> None:
    in_yuan = Money(70, CNY)
    fee = entry("费用", later(0.5), "fee", debit("exp:processor", in_yuan), credit("clearing:pix", in_yuan))
    await _post(store, "O1:paid")
    await store.write(lambda uow: uow.journal.post(fee))
    seal = await store.write(chain.seal, NOON)
    # Made by hand with sha256sum from the form that core.ledger.chain describes.
    assert seal.head == "58b57f947b2d526393a13c4437a6baafcada3b9a4280b7ec22ffb05276a5ab0b"


async def test_a_walk_gives_what_is_sealed_first_and_every_entry_once(store: Any) -> None:
    await _post(store, *(f"E{n:04}" for n in range(700)))
    await store.write(chain.seal, NOON, 600)
    records = await store.survey(lambda uow: list(uow.journal.walk()))
    assert [record.key for record in records] == [f"E{n:04}" for n in range(700)]
    assert [record.number for record in records] == [*range(1, 601), *[None] * 100]
    assert all(len(record.legs) == 2 for record in records)
    balances = await store.survey(lambda uow: list(uow.journal.balances()))
    assert balances == [("clearing:sepa", 70_000, "EUR"), ("escrow:O1", -70_000, "EUR")]


async def test_two_sealers_at_once_make_one_chain(store: Any) -> None:
    await _post(store, *(f"E{n}" for n in range(20)))
    seals = await asyncio.gather(*(store.write(chain.seal, NOON, 8) for _ in range(4)), return_exceptions=True)
    while (one := await store.write(chain.seal, NOON, 8)) is not None:
        seals.append(one)
    kept = [seal for seal in seals if isinstance(seal, chain.Seal)]
    assert all(isinstance(seal, chain.Seal | Duplicate | None) for seal in seals)
    assert sorted((seal.first, seal.last) for seal in kept) == [(1, 8), (9, 16), (17, 20)]
    records = await store.survey(lambda uow: list(uow.journal.walk()))
    assert sorted(record.key for record in records) == sorted(f"E{n}" for n in range(20))
    assert [record.number for record in records] == list(range(1, 21))


async def test_the_sealer_skips_no_entry_that_arrived_first_and_commits_late(shop_database: str, vault: Vault) -> None:
    store = PostgresStore(shop_database, vault)
    await store.start()
    posted, go_on = threading.Event(), threading.Event()

    def post_slowly(uow: Any) -> None:
        uow.journal.post(_sale("early", 100, order="O1"))
        posted.set()
        assert go_on.wait(20)

    def post_fast(uow: Any) -> None:  # other accounts, so that no balance makes it wait
        uow.journal.post(entry("late", NOON, "any", debit("bank", eur(1)), credit("equity", eur(1))))

    try:
        slow = asyncio.create_task(store.write(post_slowly))
        assert await asyncio.to_thread(posted.wait, 20)
        await store.write(post_fast)
        first = await store.write(chain.seal, NOON)
        go_on.set()
        await slow
        second = await store.write(chain.seal, NOON)
        records = await store.survey(lambda uow: list(uow.journal.walk()))
    finally:
        go_on.set()
        await store.stop()
    assert (first.count, second.count) == (1, 1)
    assert [(record.key, record.number) for record in records] == [("late", 1), ("early", 2)]
    assert records[0].seq > records[1].seq  # "early" had the lower place, and was not visible when the other was sealed
