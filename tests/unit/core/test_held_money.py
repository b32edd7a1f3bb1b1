"""Money that fits no order as it is: held for its owner, told, in the right account, whatever the order of messages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ids import PersonId
from core.payments.operations import OperationState
from core.payments.receipts import Misfit, ReceiptState
from core.payments.receiving import Fact, take_in
from core.shop.checkout import cancel, expire_due
from core.shop.orders import Order, OrderState
from tests.builders import ADA, ASKED, MAYA, NOON, ROSA, WEI, eur, policy
from tests.world import World


def waiting(price: str = "100.00 EUR", by: str = "sepa", seller: PersonId = ROSA) -> tuple[World, Order]:
    """A world with an order of Maya's that waits for its payment, and everybody knows so far."""
    world = World()
    order = world.orders(world.sells(seller, price), by=by)
    world.run_errands()
    world.told.clear()
    return world, order


def test_a_second_payment_is_owed_back_to_the_buyer() -> None:
    world, order = waiting()
    world.pays(order)
    receipt = world.pays(order)
    assert (receipt.state, receipt.misfit, receipt.payer) == (ReceiptState.HELD, Misfit.DOUBLE, MAYA)
    assert world.books() == {
        "clearing:sepa": "EUR 200.00",
        f"escrow:{order.id}": "EUR -100.00",
        "refund_payable:1": "EUR -100.00",
    }
    assert (world.news(MAYA), world.news(ADA), world.news(ROSA)) == (["paid", "held"], ["held"], ["sold"])


@pytest.mark.parametrize(("amount", "misfit"), [("99.99 EUR", Misfit.SHORT), ("100.00 USD", Misfit.WRONG_CURRENCY)])
def test_too_little_or_another_currency_is_held_and_the_order_still_waits(amount: str, misfit: Misfit) -> None:
    world, order = waiting()
    receipt = world.pays(order, amount=amount)
    assert (receipt.state, receipt.misfit, receipt.order) == (ReceiptState.HELD, misfit, order.id)
    code = amount[-3:]
    assert world.books() == {
        "clearing:sepa": f"{code} {amount[:-4]}",
        "refund_payable:1": f"{code} -{amount[:-4]}",
    }
    assert world.order(order.id).state is OrderState.PLACED
    assert (world.news(MAYA), world.news(ADA)) == (["held"], ["held"])
    assert world.pays(order).state is ReceiptState.SETTLED


def test_too_much_pays_the_order_and_the_excess_is_held() -> None:
    world, order = waiting()
    receipt = world.pays(order, amount="100.01 EUR")
    assert (receipt.state, receipt.misfit, receipt.held) == (ReceiptState.HELD, Misfit.OVER, eur("0.01"))
    assert world.books() == {
        "clearing:sepa": "EUR 100.01",
        f"escrow:{order.id}": "EUR -100.00",
        "refund_payable:1": "EUR -0.01",
    }
    assert (world.news(MAYA), world.news(ADA)) == (["paid", "held"], ["held"])


def test_an_unknown_reference_is_held_and_only_the_admins_hear_of_it() -> None:
    world, order = waiting()
    fact = replace(world.fact(order), reference="RF18539007547034")
    receipt = world.do(take_in, fact)
    assert (receipt.misfit, receipt.order, receipt.payer) == (Misfit.UNKNOWN_REFERENCE, None, None)
    assert world.books() == {"clearing:sepa": "EUR 100.00", "unapplied:sepa": "EUR -100.00"}
    assert (world.news(MAYA), world.news(ADA)) == ([], ["held"])


def test_a_reference_is_known_however_the_payers_bank_spaced_and_cased_it() -> None:
    world, order = waiting()
    reference = world.charge(order.id).reference
    spaced = " ".join(reference[place : place + 4] for place in range(0, len(reference), 4)).lower()
    assert world.do(take_in, replace(world.fact(order), reference=spaced)).state is ReceiptState.SETTLED


def test_a_reference_of_one_rail_does_not_pay_by_another() -> None:
    world, order = waiting()
    receipt = world.do(take_in, replace(world.fact(order), channel="pix"))
    assert receipt.misfit is Misfit.UNKNOWN_REFERENCE


def test_an_order_that_is_not_paid_expires_gives_everything_back_and_says_so() -> None:
    world, order = waiting()
    line = order.lines[0]
    assert world.stock(line.product) == 4
    assert world.do(expire_due) == 0
    world.clock.let_pass(minutes=60)
    assert world.do(expire_due) == 0  # the bank's word of a payment made in time may be on its way
    world.clock.let_pass(minutes=2)
    assert world.do(expire_due) == 1
    assert world.do(expire_due) == 0
    view = world.view(order.id)
    assert view.charge and view.intent and view.quote
    assert (view.order.state.value, view.charge.state.value, view.intent.state.value, view.quote.state.value) == (
        ("expired",) * 4
    )
    assert world.stock(line.product) == 5
    assert world.look(lambda uow: uow.holds.count(order=order.id, released=False)) == 0
    assert world.news(MAYA) == ["expired"]


@pytest.mark.parametrize(("by", "within", "grace"), [("pix", 15, 1), ("sepa", 60, 2)])
def test_a_payment_made_in_time_and_told_in_the_grace_pays_its_order(by: str, within: int, grace: int) -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"), by=by)
    world.clock.let_pass(minutes=within + grace, seconds=-1)
    assert world.do(expire_due) == 0
    late = world.pays(order)
    assert (late.state, late.misfit) == (ReceiptState.HELD, Misfit.LATE), "the grace is for the message, not for paying"
    assert world.pays(order, at=NOON + timedelta(minutes=within)).state is ReceiptState.SETTLED
    world.clock.let_pass(seconds=1)
    assert world.do(expire_due) == 0


def test_each_method_has_a_grace_of_its_own_and_one_given_up_the_longest() -> None:
    world = World()
    by_pix, by_sepa = (world.orders(world.sells(ROSA, "10.00 EUR"), by=by) for by in ("pix", "sepa"))
    world.clock.let_pass(minutes=16)
    assert world.do(expire_due) == 1
    assert (world.order(by_pix.id).state, world.order(by_sepa.id).state) == (OrderState.EXPIRED, OrderState.PLACED)
    world.shop = replace(world.shop, policy=policy(grace={"pix": timedelta(minutes=3)}))
    world.clock.let_pass(minutes=46)
    assert world.do(expire_due) == 0
    world.clock.let_pass(minutes=1)
    assert world.do(expire_due) == 1


@pytest.mark.parametrize("in_time", [True, False])
def test_money_for_an_expired_order_is_held_as_late(in_time: bool) -> None:
    world, order = waiting()
    world.clock.let_pass(minutes=62)
    world.do(expire_due)
    at = NOON if in_time else world.clock.now()
    receipt = world.pays(order, at=at)
    assert (receipt.state, receipt.misfit, receipt.payer) == (ReceiptState.HELD, Misfit.LATE, MAYA)
    assert world.books() == {"clearing:sepa": "EUR 100.00", "refund_payable:1": "EUR -100.00"}
    assert world.charge(order.id).state is OperationState.SUCCEEDED
    assert world.order(order.id).state is OrderState.EXPIRED
    assert world.stock(order.lines[0].product) == 5
    assert (world.news(MAYA), world.news(ADA)) == (["expired", "held"], ["held"])
    assert world.pays(order).misfit is Misfit.LATE


def test_a_cancelled_order_frees_what_it_held_and_money_for_it_is_late() -> None:
    world, order = waiting()
    world.do(cancel, MAYA, order.id)
    assert world.stock(order.lines[0].product) == 5
    assert world.pays(order).misfit is Misfit.LATE


def test_money_sent_after_the_deadline_is_late_even_before_the_clockwork_has_come_round() -> None:
    world, order = waiting()
    world.clock.let_pass(minutes=61)
    assert world.pays(order).misfit is Misfit.LATE
    # … and money that was sent in time, though told later, still pays the order that nobody has expired yet.
    assert world.pays(order, at=NOON + timedelta(minutes=60)).state is ReceiptState.SETTLED


def test_money_for_an_order_that_never_showed_its_code_is_held_not_lost() -> None:
    world = World(methods=[ASKED])
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    assert world.charge(order.id).state is OperationState.RESERVED
    assert world.pays(order).state is ReceiptState.HELD


def test_money_for_a_refunded_order_is_held_for_its_owner() -> None:
    world, order = waiting()
    world.pays(order)
    world.refunds(order)
    world.run_errands()
    receipt = world.pays(order)
    assert receipt.misfit is Misfit.DOUBLE
    assert world.books() == {"clearing:sepa": "EUR 100.00", "refund_payable:1": "EUR -100.00"}


def test_the_same_fact_in_another_message_is_the_same_receipt() -> None:
    world, order = waiting()
    first = world.pays(order, id="E1")
    again = world.pays(order, id="E1")
    assert again == first
    assert world.look(lambda uow: uow.receipts.count()) == 1


# Two payments as asked, one of them sent late, a short one and one of no known order: what came in, not when it was
# told, says where each lies.
def _facts(world: World, order: Order) -> list[Fact]:
    return [
        world.fact(order, id="A"),
        world.fact(order, id="B"),
        world.fact(order, id="LATE", at=NOON + timedelta(minutes=90)),
        world.fact(order, id="SHORT", amount="1.00 EUR"),
        replace(world.fact(order, id="STRAY"), reference="RF18539007547034"),
    ]


_BOOKS = {
    "clearing:sepa": "EUR 401.00",
    "escrow": "EUR -100.00",
    "refund_payable:1": "EUR -201.00",
    "unapplied:sepa": "EUR -100.00",
}


def _told_in(sequence: Sequence[int]) -> dict[str, str]:
    world, order = waiting()
    facts = _facts(world, order)
    for index in sequence:
        world.do(take_in, facts[index])
    return {account.replace(f":{order.id}", ""): balance for account, balance in world.books().items()}


def test_every_order_of_the_messages_ends_in_the_same_books() -> None:
    for sequence in permutations(range(5)):
        assert _told_in(sequence) == _BOOKS, sequence


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=0, max_size=8), st.permutations(range(5)))
def test_every_repetition_of_the_messages_ends_in_the_same_books(before: list[int], once: list[int]) -> None:
    assert _told_in([*before, *once]) == _BOOKS


def test_a_payment_across_currencies_that_is_held_leaves_no_exposure() -> None:
    world, order = waiting("780.00 CNY", by="pix", seller=WEI)
    world.pays(order, amount="1.00 BRL")
    assert world.books() == {"clearing:pix": "BRL 1.00", "refund_payable:1": "BRL -1.00"}


def test_a_fact_does_not_tell_of_the_payer_when_it_is_printed() -> None:
    world, order = waiting()
    assert "Rossi" not in repr(world.fact(order)) and "IT60" not in repr(world.fact(order))
    assert eur("100.00") == world.fact(order).amount
