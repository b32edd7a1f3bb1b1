"""Money that does not fit finds its end: what its owner, an admin or time makes of it."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Gone, NotAllowed
from core.ids import PersonId
from core.payments import sums
from core.payments.charging import MayStillBePaid
from core.payments.choices import (
    Choices,
    DoesNotFit,
    NotHeld,
    NothingMissing,
    apply_to,
    assign,
    choices,
    decide_due,
    take_up,
    top_up,
)
from core.payments.escrow import Frozen
from core.payments.receipts import Misfit, Receipt, ReceiptState
from core.payments.receiving import take_in
from core.payments.refunds import refund_order, refund_receipt
from core.ports import UnitOfWork
from core.shop.carting import NoneLeft
from core.shop.checkout import cancel, expire_due
from core.shop.orders import Order, OrderState
from tests.builders import ADA, ASKED, LIN, MAYA, NOON, ROSA, WEI, eur, money, policy
from tests.world import World


def waiting(price: str = "100.00 EUR", by: str = "sepa", stock: int = 5) -> tuple[World, Order]:
    world = World()
    order = world.orders(world.sells(WEI if "CNY" in price else ROSA, price, stock), by=by)
    world.told.clear()
    return world, order


def options(world: World, receipt: Receipt) -> Choices:
    return world.look(lambda uow: choices(uow, world.shop, uow.receipts.need(receipt.id)))


def ended(world: World, order: Order) -> None:
    world.clock.let_pass(minutes=62)
    assert world.do(expire_due) >= 1


def freeze(world: World, order: Order, why: str = "monitoring:20261101T000000000000Z:why") -> None:
    world.do(lambda uow, shop: uow.orders.save(replace(uow.orders.lock(order.id), frozen=why)))


# Short


def test_a_short_payment_is_topped_up_by_a_second_code_and_the_parts_pay_the_order_together() -> None:
    world, order = waiting()
    first = world.pays(order, amount="60.00 EUR")
    assert (first.misfit, first.part_of, first.held) == (Misfit.SHORT, order.id, eur("60.00"))
    assert options(world, first).missing == eur("40.00")
    world.clock.let_pass(minutes=50)
    world.do(top_up, MAYA, order.id)
    rest = world.charge(order.id)
    assert (rest.amount, rest.body["amount"], rest.intent) == (eur("40.00"), "40.00", order.intent)
    assert world.order(order.id).deadline == NOON + timedelta(minutes=110)
    assert world.news(MAYA) == ["held", "payment_card"]
    second = world.pays(order)
    assert world.order(order.id).state is OrderState.PAID
    assert (world.receipt(first.id).state, second.state, second.misfit) == (*[ReceiptState.SETTLED] * 2, Misfit.NONE)
    applied = world.look(lambda uow: uow.applications.find(order=order.id))
    assert {one.receipt: one.amount for one in applied} == {first.id: eur("60.00"), second.id: eur("40.00")}
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}


def test_a_part_may_be_followed_by_smaller_and_larger_parts_by_any_code() -> None:
    world, order = waiting()
    old = world.charge(order.id).reference
    world.pays(order, amount="60.00 EUR")
    world.do(top_up, MAYA, order.id)
    world.pays(order, amount="30.00 EUR")
    assert world.order(order.id).state is OrderState.PLACED
    last = world.do(take_in, replace(world.fact(order, amount="15.00 EUR"), reference=old))
    assert (last.misfit, last.held) == (Misfit.OVER, eur("5.00"))
    assert world.order(order.id).state is OrderState.PAID


def test_a_part_is_sent_back_when_its_owner_would_rather() -> None:
    world, order = waiting()
    receipt = world.pays(order, amount="60.00 EUR")
    world.do(refund_receipt, MAYA, receipt.id)
    with pytest.raises(NothingMissing):
        world.do(top_up, MAYA, order.id)
    world.run_errands()
    world.pays(order)
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}


def test_nothing_is_topped_up_that_waits_for_nothing() -> None:
    world, order = waiting()
    with pytest.raises(NothingMissing):
        world.do(top_up, MAYA, order.id)
    world.pays(order, amount="60.00 EUR")
    for who in (LIN, ADA):
        with pytest.raises(Gone):
            world.do(top_up, who, order.id)
    world.do(cancel, MAYA, order.id)
    with pytest.raises(NothingMissing):
        world.do(top_up, MAYA, order.id)


def test_a_charge_that_a_channel_was_asked_for_must_end_before_another_is_made() -> None:
    world = World(methods=[ASKED])
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order, amount="60.00 EUR")
    with pytest.raises(MayStillBePaid):
        world.do(top_up, MAYA, order.id)


def test_a_few_cents_may_be_let_pass_and_are_made_good_by_what_comes_later() -> None:
    ends = []
    for amounts in permutations(["99.98 EUR", "5.00 EUR", "0.01 EUR"]):
        world = World(rules=policy(holding=replace(policy().holding, short_ok_minor=2)))
        order = world.orders(world.sells(ROSA, "100.00 EUR"))
        for amount in amounts:
            world.pays(order, amount=amount)
        ends.append({name.replace(order.id, "…"): told for name, told in world.books().items()})
        world.refunds(order)
        assert "pnl:rounding" not in world.books()
        assert list(world.look(sums.check)) == []
    assert all(end == ends[0] for end in ends)


def test_a_shortfall_that_was_let_pass_is_a_rounding_loss_and_goes_with_the_sale() -> None:
    world = World(rules=policy(holding=replace(policy().holding, short_ok_minor=1)))
    order = world.orders(world.sells(WEI, "780.00 CNY"), by="pix")
    price = world.charge(order.id).amount
    world.pays(order, amount=f"{price.decimal - 1 / price.decimal.__class__(100)} BRL")
    assert world.books()["pnl:rounding"] == "BRL 0.01"
    world.refunds(order, "100.00 BRL")
    world.refunds(order)
    assert set(world.books()) == {"clearing:pix", "refund_payable:1"}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([1, 40_00, 60_00, 99_99, 100_00, 100_01, 130_00]), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    st.integers(0, 2),
)
def test_payments_in_any_order_and_any_number_of_times_end_in_the_same_books(
    minors: list[int], chance: object, passes: int
) -> None:
    ends = []
    for shuffled in (False, True):
        world = World(rules=policy(holding=replace(policy().holding, short_ok_minor=passes)))
        order = world.orders(world.sells(ROSA, "100.00 EUR"))
        facts = [world.fact(order, amount=f"{minor / 100:.2f} EUR") for minor in minors]
        if shuffled:
            facts = facts + facts[:2]
            chance.shuffle(facts)  # type: ignore[attr-defined]
        for fact in facts:
            world.do(take_in, fact)
        assert list(world.look(sums.check)) == []
        ends.append({name.replace(order.id, "…"): told for name, told in world.books().items()})
    assert ends[0] == ends[1]


# Over and double


def test_an_excess_pays_another_order_of_its_owners_and_the_rest_has_a_code() -> None:
    world, order = waiting()
    other = world.orders(world.sells(ROSA, "30.00 EUR"))
    receipt = world.pays(order, amount="125.00 EUR")
    assert options(world, receipt).others == (world.order(other.id),)
    world.clock.let_pass(minutes=1)
    assert world.do(apply_to, MAYA, receipt.id, other.id).state is OrderState.PLACED
    assert world.charge(other.id).amount == eur("5.00")
    world.pays(other)
    assert world.order(other.id).state is OrderState.PAID
    assert world.receipt(receipt.id).state is ReceiptState.SETTLED
    # What it paid goes back from each order separately.
    world.refunds(order)
    world.refunds(other)
    world.run_errands()
    assert world.books() == {}
    assert list(world.look(sums.check)) == []


def test_a_double_payment_pays_another_order_at_once_and_what_is_left_stays_held() -> None:
    world, order = waiting()
    other = world.orders(world.sells(ROSA, "30.00 EUR"))
    world.pays(order)
    double = world.pays(order)
    assert world.do(apply_to, MAYA, double.id, other.id).state is OrderState.PAID
    assert world.receipt(double.id).held == eur("70.00")
    assert world.books()["refund_payable:1"] == "EUR -70.00"


def test_held_money_pays_no_order_that_is_not_its_owners_or_not_waiting_or_in_another_currency() -> None:
    world, order = waiting()
    world.pays(order)
    double = world.pays(order)
    lins = world.orders(world.sells(ROSA, "30.00 EUR"), LIN)
    in_reais = world.orders(world.sells(ROSA, "30.00 EUR"), by="pix")
    with pytest.raises(Gone):
        world.do(apply_to, MAYA, double.id, lins.id)
    with pytest.raises(Gone):
        world.do(apply_to, LIN, double.id, lins.id)
    for unfit in (order, in_reais):
        with pytest.raises(DoesNotFit):
            world.do(apply_to, MAYA, double.id, unfit.id)
    world.do(refund_receipt, MAYA, double.id)
    mine = world.orders(world.sells(ROSA, "30.00 EUR"))
    with pytest.raises(NotHeld):
        world.do(apply_to, MAYA, double.id, mine.id)


# Late


def test_late_money_takes_its_order_up_again() -> None:
    world, order = waiting()
    ended(world, order)
    receipt = world.pays(order)
    assert (receipt.misfit, options(world, receipt).again, options(world, receipt).lacking) == (
        Misfit.LATE,
        order.id,
        None,
    )
    assert world.do(take_up, MAYA, receipt.id).state is OrderState.PAID
    assert world.stock(order.lines[0].product) == 4
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}
    world.receives(world.ships(order, ROSA))


def test_an_order_taken_up_again_costs_what_it_costs_today_and_the_difference_has_a_code() -> None:
    world, order = waiting("780.00 CNY", by="pix")
    ended(world, order)
    receipt = world.pays(order)
    world.shop.rates.learn([replace(one, rate=one.rate * 2) for one in world.shop.rates.known() if one.code == "BRL"])
    lacking = options(world, receipt).lacking
    assert lacking is not None and lacking.asset.code == "BRL" and lacking > money("600.00 BRL")
    assert world.do(take_up, MAYA, receipt.id).state is OrderState.PLACED
    assert world.charge(order.id).amount == lacking
    world.pays(order)
    assert world.order(order.id).state is OrderState.PAID
    assert list(world.look(sums.check)) == []


def test_late_money_for_goods_that_are_gone_is_told_so_and_cannot_take_them() -> None:
    world, order = waiting(stock=1)
    ended(world, order)
    world.orders(order.lines[0].product, LIN)
    receipt = world.pays(order)
    assert receipt.misfit is Misfit.OUT_OF_STOCK
    assert options(world, receipt).again is None
    with pytest.raises(NoneLeft):
        world.do(take_up, MAYA, receipt.id)
    assert world.order(order.id).state is OrderState.EXPIRED


def test_an_order_taken_up_again_can_end_again_and_says_so_again() -> None:
    world, order = waiting()
    world.pays(order, amount="60.00 EUR")
    ended(world, order)
    world.news(MAYA)
    (part,) = world.view(order.id).receipts
    world.do(take_up, MAYA, part.id)
    assert world.charge(order.id).amount == eur("40.00")
    ended(world, order)
    assert world.news(MAYA) == ["payment_card", "expired", "held"]
    assert world.receipt(part.id).held == eur("60.00")
    assert world.stock(order.lines[0].product) == 5


# Nobody's


def test_an_admin_gives_nameless_money_to_the_order_it_was_meant_for() -> None:
    world, order = waiting()
    stray = world.do(take_in, replace(world.fact(order), reference=""))
    for who in (MAYA, ROSA):
        with pytest.raises(NotAllowed):
            world.do(assign, who, stray.id, order.id)
    receipt = world.do(assign, ADA, stray.id, order.id)
    assert (receipt.state, receipt.order, receipt.payer) == (ReceiptState.SETTLED, order.id, MAYA)
    assert world.order(order.id).state is OrderState.PAID
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}
    (line,) = world.look(lambda uow: uow.audit.find())
    assert (line.actor, line.command, line.detail) == (ADA, "assign", {"receipt": stray.id, "order": order.id})
    with pytest.raises(NotHeld):
        world.do(assign, ADA, stray.id, order.id)


def test_nameless_money_for_an_order_that_has_ended_becomes_its_shoppers_to_choose_about() -> None:
    world, order = waiting()
    stray = world.do(take_in, replace(world.fact(order), reference=""))
    ended(world, order)
    world.news(MAYA)
    receipt = world.do(assign, ADA, stray.id, order.id)
    assert (receipt.misfit, receipt.account, receipt.held) == (Misfit.LATE, "refund_payable:1", eur("100.00"))
    assert world.news(MAYA) == ["held"]
    assert world.do(take_up, MAYA, receipt.id).state is OrderState.PAID


# Time


def test_what_nobody_chooses_about_goes_back_when_the_time_is_over() -> None:
    world, order = waiting()
    world.pays(order)
    double = world.pays(order)
    assert double.decide_by == NOON + timedelta(days=7)
    world.clock.let_pass(days=7, seconds=-1)
    assert world.do(decide_due) == []
    world.clock.let_pass(seconds=1)
    (refund,) = world.do(decide_due)
    assert (refund.receipt, refund.reason, refund.asked_by) == (double.id, "double", None)
    assert world.do(decide_due) == []
    assert "refunded" in world.news(MAYA)
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}


def test_a_shop_may_keep_it_for_an_admin_instead() -> None:
    world = World(rules=policy(holding=replace(policy().holding, default="keep")))
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    world.pays(order)
    double = world.pays(order)
    world.news(ADA)
    world.clock.let_pass(days=8)
    assert world.do(decide_due) == []
    assert world.do(decide_due) == []
    assert (world.receipt(double.id).held, world.news(ADA)) == (eur("100.00"), ["undecided"])


def test_nameless_money_waits_for_an_admin_however_long() -> None:
    world, order = waiting()
    stray = world.do(take_in, replace(world.fact(order), reference=""))
    world.clock.let_pass(days=900)
    assert world.do(decide_due) == []
    assert world.receipt(stray.id).held == eur("100.00")


# Frozen


@pytest.mark.parametrize("who", [MAYA, ADA])
def test_frozen_money_goes_back_by_no_path(who: PersonId) -> None:
    world, order = waiting()
    world.pays(order)
    double = world.pays(order)
    freeze(world, order)
    before = world.books()
    with pytest.raises(Frozen):
        world.do(refund_receipt, who, double.id)
    other = world.orders(world.sells(ROSA, "5.00 EUR"))
    with pytest.raises(Frozen):
        world.do(apply_to, MAYA, double.id, other.id)
    with pytest.raises(Frozen):
        world.do(refund_order, ADA, order.id)
    with pytest.raises(Frozen):
        world.do(refund_order, ADA, order.id, eur("1.00"))
    world.clock.let_pass(days=30)
    assert world.do(decide_due) == []
    assert world.books() == before


def test_a_receipt_is_chosen_about_by_its_owner_only() -> None:
    world, order = waiting()
    ended(world, order)
    receipt = world.pays(order)
    for who in (LIN, ADA, ROSA):
        with pytest.raises(Gone):
            world.do(take_up, who, receipt.id)

    def nothing(uow: UnitOfWork) -> Choices:
        return choices(uow, world.shop, replace(uow.receipts.need(receipt.id), payer=None))

    assert world.look(nothing).again is None
