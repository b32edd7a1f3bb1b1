"""What a refund takes from which pocket: any sequence of parts, at any stage, in any mix of currencies."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.payments import sums
from core.payments.refunds import MoreThanPaid, NothingToRefund, refund_order
from core.people import SellerTier
from core.ports import UnitOfWork
from core.shop.orders import Order, OrderState
from tests.builders import ADA, CNY, EUR, ROSA, WEI, money
from tests.world import World

PRICES = ["100.00 EUR", "0.07 EUR", "780.00 CNY", "12.34 USD", "1999 JPY"]


def sold(price: str, by: str, tier: SellerTier = SellerTier.STANDARD) -> tuple[World, Order]:
    world = World(tier=tier)
    order = world.orders(world.sells(WEI if price.endswith("CNY") else ROSA, price), by=by)
    world.pays(order)
    return world, world.order(order.id)


def pay_out(world: World, order: Order) -> None:
    """All that the seller has available leaves for their bank."""

    def leave(uow: UnitOfWork, shop: object) -> None:
        quote = uow.quotes.need(order.quote)  # type: ignore[arg-type]
        has = -uow.journal.balance(accounts.available(order.seller), quote.owed.asset)
        if has:
            legs = (debit(accounts.available(order.seller), has), credit(accounts.BANK, has))
            uow.journal.post(entry(f"payout:{uow.journal.count()[0]}", world.clock.now(), "payout", *legs))

    world.do(leave)


def goes_on(world: World, order: Order, step: str) -> None:
    """The next thing that may happen to a sale, if it may."""
    state = world.order(order.id).state
    if step == "ship" and state is OrderState.PAID:
        world.ships(order, WEI if order.seller == "S11" else ROSA)
    if step == "receive" and state is OrderState.SHIPPED:
        world.receives(order)
    if step == "pay out":
        pay_out(world, order)


def pockets(world: World) -> dict[str, str]:
    """The books without what is on its way back, and without whose bank the rest is on."""
    return {name: told for name, told in world.books().items() if not name.startswith(("clearing", "refund_payable"))}


STEPS = st.one_of(st.sampled_from(["ship", "receive", "pay out"]), st.integers(1, 40_000))


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(PRICES),
    st.sampled_from(["sepa", "pix"]),
    st.sampled_from(list(SellerTier)),
    st.lists(STEPS, max_size=8),
)
def test_any_parts_at_any_stage_leave_the_books_whole_and_sum_to_what_was_paid(
    price: str, by: str, tier: SellerTier, steps: list[str | int]
) -> None:
    world, order = sold(price, by, tier)
    paid = left = world.charge(order.id).amount
    for step in [*steps, left.minor]:
        if isinstance(step, str):
            goes_on(world, order, step)
            continue
        part = Money(min(step, left.minor), left.asset)
        if part:
            world.do(refund_order, ADA, order.id, part)  # judged in World: balanced, bounded, each side in proportion
            left -= part
    assert not left
    refunds = world.look(lambda uow: uow.refunds.find(order=order.id, limit=99))
    assert sum(one.amount.minor for one in refunds) == paid.minor
    assert not {name for name in pockets(world) if name.startswith(("escrow", "rev", "fx", "pnl", "reserve"))}
    assert list(world.look(sums.check)) == []
    world.run_errands()
    assert world.order(order.id).state is OrderState.REFUNDED


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(PRICES),
    st.sampled_from(["sepa", "pix"]),
    st.lists(st.sampled_from(["ship", "receive", "pay out"]), max_size=3),
    st.lists(st.integers(1, 9_000), min_size=2, max_size=6),
)
def test_refunds_by_parts_end_where_one_at_once_does(price: str, by: str, before: list[str], parts: list[int]) -> None:
    ends = []
    for at_once in (True, False):
        world, order = sold(price, by)
        for step in before:
            goes_on(world, order, step)
        paid = world.charge(order.id).amount
        together = min(sum(parts), paid.minor)
        if at_once:
            world.do(refund_order, ADA, order.id, Money(together, paid.asset))
        else:
            left = together
            for part in parts:
                if part := min(part, left):
                    world.do(refund_order, ADA, order.id, Money(part, paid.asset))
                    left -= part
        ends.append({name.replace(order.id, "…"): told for name, told in world.books().items()})
    assert ends[0] == ends[1]


def test_the_table_of_the_design_to_the_unit() -> None:
    """Goods of CNY 780.00, released in part, then in whole, then paid out: where a whole refund comes from."""
    world, order = sold("780.00 CNY", "pix")
    world.ships(order, WEI)
    world.receives(order)
    assert pockets(world) == {
        "avail:S11": "CNY -717.60",
        "reserve:S11": "CNY -39.00",
        "rev:fee": "CNY -23.40",
        "rev:fx_markup": pockets(world)["rev:fx_markup"],
        "fx:position": pockets(world)["fx:position"],
    }
    pay_out(world, order)
    world.refunds(order)
    assert pockets(world) == {"bank": "CNY -717.60", "seller_debt:S11": "CNY 717.60"}


def test_what_a_seller_owes_is_netted_from_the_next_sale_before_anything_is_theirs() -> None:
    world, order = sold("100.00 EUR", "sepa")
    goes_on(world, order, "ship")
    goes_on(world, order, "receive")
    pay_out(world, order)
    world.refunds(order)
    assert pockets(world)["seller_debt:S12"] == "EUR 92.00"
    second = world.orders(world.sells(ROSA, "50.00 EUR"))
    world.pays(second)
    world.ships(second, ROSA)
    world.receives(second)
    # 50 less the fee of 1.50 pays the debt off; nothing is left for a reserve or to be paid out.
    assert pockets(world) == {"bank": "EUR -92.00", "seller_debt:S12": "EUR 43.50", "rev:fee": "EUR -1.50"}
    world.refunds(second)  # and is owed again when that sale is undone
    assert pockets(world) == {"bank": "EUR -92.00", "seller_debt:S12": "EUR 92.00"}


def test_a_refund_of_one_sale_leaves_the_reserve_of_another_alone() -> None:
    world, order = sold("100.00 EUR", "sepa")
    other = world.orders(world.sells(ROSA, "40.00 EUR"))
    world.pays(other)
    for one in (order, other):
        goes_on(world, one, "ship")
        goes_on(world, one, "receive")
    pay_out(world, order)
    world.refunds(order)
    assert pockets(world)["reserve:S12"] == "EUR -2.00"


@pytest.mark.parametrize("amount", ["100.01 EUR", "1.00 USD"])
def test_more_than_was_paid_or_another_currency_is_refused(amount: str) -> None:
    world, order = sold("100.00 EUR", "sepa")
    with pytest.raises(MoreThanPaid):
        world.do(refund_order, ADA, order.id, money(amount))
    world.do(refund_order, ADA, order.id, money("99.99 EUR"))
    assert world.order(order.id).state is OrderState.PAID
    with pytest.raises(MoreThanPaid):
        world.do(refund_order, ADA, order.id, money("0.02 EUR"))
    world.do(refund_order, ADA, order.id)
    assert world.order(order.id).state is OrderState.REFUNDED
    with pytest.raises(NothingToRefund):
        world.do(refund_order, ADA, order.id)


def test_a_part_leaves_the_sale_standing_and_the_goods_sold() -> None:
    world, order = sold("100.00 EUR", "sepa")
    world.refunds(order, "30.00 EUR")
    assert world.stock(order.lines[0].product) == 4
    assert world.books()[f"escrow:{order.id}"] == "EUR -70.00"
    assert world.news(ROSA) == ["sold", "sale_refunded"]
    world.ships(order, ROSA)
    world.receives(order)
    assert Counter(pockets(world)) == {"avail:S12": "EUR -64.40", "reserve:S12": "EUR -3.50", "rev:fee": "EUR -2.10"}


def test_a_broken_book_is_found() -> None:
    world, order = sold("100.00 EUR", "sepa")
    assert list(world.look(sums.check)) == []

    def steal(uow: UnitOfWork, shop: object) -> None:
        legs = (debit(accounts.escrow(order.id), Money(1, EUR)), credit(accounts.BANK, Money(1, EUR)))
        uow.journal.post(entry("theft", world.clock.now(), "theft", *legs, order=order.id))

    world.store.write_now(steal, world.shop)
    assert [(one.invariant, one.key) for one in world.look(sums.check)] == [(4, order.id)]
    assert CNY.exponent == 2
