"""The journal: an entry balances in every currency at birth, or is never born."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger.journal import Entry, Leg, Unbalanced, credit, debit, entry
from core.money import Money, zero
from core.ports import Duplicate
from storage.memory import MemoryStore
from tests.builders import CNY, EUR, JPY, NOON, eur, money

assets = st.sampled_from([EUR, CNY, JPY])
legs = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-10_000, 10_000), assets), min_size=1, max_size=8)


def test_a_debit_and_its_credit_balance() -> None:
    posted = entry("k", NOON, "sale", debit("clearing:sepa", eur("1.00")), credit("escrow:1", eur("1.00")))
    assert [leg.amount.minor for leg in posted.legs] == [100, -100]


@given(legs)
def test_an_entry_stands_exactly_when_every_currency_sums_to_zero(parts: list[tuple[str, int, object]]) -> None:
    made = tuple(Leg(account, Money(minor, of)) for account, minor, of in parts)  # type: ignore[arg-type]
    balanced = all(sum(leg.amount.minor for leg in made if leg.amount.asset == of) == 0 for of in (EUR, CNY, JPY))
    if balanced:
        assert Entry("k", NOON, "x", made).legs == made
    else:
        with pytest.raises(Unbalanced):
            Entry("k", NOON, "x", made)


def test_two_currencies_do_not_balance_each_other() -> None:
    with pytest.raises(Unbalanced):
        entry("k", NOON, "x", debit("a", eur("1.00")), credit("b", money("1.00 CNY")))


def test_legs_of_nothing_are_left_out_and_an_entry_of_nothing_is_none() -> None:
    posted = entry("k", NOON, "x", debit("a", eur("1.00")), credit("b", eur("1.00")), credit("rev:fee", zero(EUR)))
    assert [leg.account for leg in posted.legs] == ["a", "b"]
    with pytest.raises(Unbalanced):
        entry("k", NOON, "x", debit("a", zero(EUR)), credit("b", zero(EUR)))


def test_the_same_fact_is_posted_once() -> None:
    store = MemoryStore()
    posted = entry("k", NOON, "x", debit("a", eur("1.00")), credit("b", eur("1.00")))
    store.write_now(lambda uow: uow.journal.post(posted))
    with pytest.raises(Duplicate):
        store.write_now(lambda uow: uow.journal.post(posted))
    assert store.read_now(lambda uow: uow.journal.balance("a", EUR)) == eur("1.00")
