"""Refunds: money goes back the way it came, whatever has become of it since, and never twice."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.errors import Gone, NotAllowed
from core.ids import PersonId
from core.payments.driver import dispatch
from core.payments.operations import Operation, OperationState
from core.payments.outcomes import record
from core.payments.receipts import Misfit, Receipt
from core.payments.receiving import take_in
from core.payments.refund import Refund, RefundState
from core.payments.refunds import (
    NothingToRefund,
    NotWaiting,
    refund_order,
    reject_refund_by_message,
    reroute,
    return_refund_by_message,
    settle_refund_by_message,
)
from core.payments.settlement.payee import BadAccount
from core.people import SellerTier
from core.ports import Pending, Rejected, Succeeded, Unknown
from core.shop.orders import Order, OrderState
from tests.builders import ADA, LIN, MAYA, PAYER_IBAN, ROSA, STRANGER, WEI, money
from tests.world import World


def paid(price: str = "100.00 EUR", by: str = "sepa", tier: SellerTier = SellerTier.STANDARD) -> tuple[World, Order]:
    world = World(tier=tier)
    seller = WEI if price.endswith("CNY") else ROSA
    order = world.orders(world.sells(seller, price), by=by)
    world.pays(order)
    world.run_errands()
    world.told.clear()
    return world, world.order(order.id)


STAGES: dict[str, Callable[[World, Order], object]] = {
    "before any release": lambda world, order: None,
    "after a part was released": lambda world, order: world.ships(order, _seller(order)),
    "after all was released": lambda world, order: (world.ships(order, _seller(order)), world.receives(order)),
}


def _seller(order: Order) -> PersonId:
    return {"S11": WEI, "S12": ROSA}[order.seller]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("tier", list(SellerTier))
@pytest.mark.parametrize(("price", "by"), [
    ("100.00 EUR", "sepa"), ("0.01 EUR", "sepa"), ("780.00 CNY", "pix"), ("780.00 CNY", "sepa"), ("12.34 USD", "pix"),
])  # fmt: skip
def test_a_refunded_sale_leaves_nothing_behind_in_any_pocket(stage: str, tier: SellerTier, price: str, by: str) -> None:
    world, order = paid(price, by, tier)
    STAGES[stage](world, order)
    operation = world.refunds(order)
    amount = world.charge(order.id).amount
    assert (operation.amount, operation.target.splitlines()[0]) == (amount, PAYER_IBAN)
    assert world.books() == {f"clearing:{by}": str(amount), "refund_payable:1": str(-amount)}
    world.run_errands()
    assert world.books() == {}
    assert world.order(order.id).state is OrderState.REFUNDED
    assert world.refund_of(operation.receipt).state is RefundState.DONE


def test_everybody_concerned_hears_of_a_refund() -> None:
    world, order = paid()
    world.refunds(order)
    assert (world.news(MAYA), world.news(ROSA), world.news(ADA)) == (["refunded"], ["sale_refunded"], ["refunded"])


@pytest.mark.parametrize(("stage", "left"), list(zip(STAGES, (5, 4, 4), strict=True)))
def test_goods_go_back_on_the_shelf_only_if_they_never_left(stage: str, left: int) -> None:
    world, order = paid()
    STAGES[stage](world, order)
    world.refunds(order)
    assert world.stock(order.lines[0].product) == left


def test_a_sale_is_refunded_once() -> None:
    world, order = paid()
    world.refunds(order)
    for _ in range(2):
        with pytest.raises(NothingToRefund):
            world.refunds(order)
        world.run_errands()
    assert len(world.rails["sepa"].sent) == 1
    assert world.books() == {}


def test_an_order_that_was_never_paid_has_nothing_to_refund() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "1.00 EUR"))
    with pytest.raises(NothingToRefund):
        world.refunds(order)
    with pytest.raises(Gone):
        world.do(refund_order, ADA, "N0TH1NG")


def test_only_an_admin_refunds_a_sale_and_it_is_written_down() -> None:
    world, order = paid()
    for who in (MAYA, ROSA, STRANGER):
        with pytest.raises(NotAllowed):
            world.do(refund_order, who, order.id)
    world.refunds(order)
    (line,) = world.look(lambda uow: uow.audit.find())
    assert (line.actor, line.command, line.detail) == (ADA, "refund", {"order": order.id})


HELD: dict[str, Callable[[World, Order], Receipt]] = {
    "double": lambda world, order: world.pays(order),
    "short": lambda world, order: world.pays(order, amount="1.00 EUR"),
    "another currency": lambda world, order: world.pays(order, amount="1.00 USD"),
}


@pytest.mark.parametrize("kind", HELD)
@pytest.mark.parametrize("who", [MAYA, ADA])
def test_held_money_is_sent_back_once_when_its_owner_or_an_admin_asks(kind: str, who: PersonId) -> None:
    world, order = paid()
    before = world.books()
    receipt = HELD[kind](world, order)
    operation = world.sends_back(who, receipt.id)
    with pytest.raises(NothingToRefund):
        world.sends_back(who, receipt.id)
    world.run_errands()
    with pytest.raises(NothingToRefund):
        world.sends_back(who, receipt.id)
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert world.refund_of(receipt.id).state is RefundState.DONE
    assert world.books() == before
    assert world.order(order.id).state is OrderState.PAID


def test_late_money_goes_back_too() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "5.00 EUR"))
    world.clock.let_pass(hours=2)
    receipt = world.pays(order)
    world.sends_back(MAYA, receipt.id)
    world.run_errands()
    assert world.books() == {}


def test_money_of_an_unknown_reference_is_the_admins_to_send_back() -> None:
    world, order = paid()
    receipt = world.do(take_in, replace(world.fact(order), reference=""))
    for who in (MAYA, STRANGER):
        with pytest.raises(Gone):
            world.sends_back(who, receipt.id)
    world.sends_back(ADA, receipt.id)
    world.run_errands()
    assert world.refund_of(receipt.id).state is RefundState.DONE


def test_money_that_paid_an_order_is_not_refunded_as_if_it_were_held() -> None:
    world, order = paid()
    (receipt,) = world.view(order.id).receipts
    with pytest.raises(NothingToRefund):
        world.sends_back(MAYA, receipt.id)


def test_the_double_payment_of_a_refunded_sale_is_refunded_beside_it() -> None:
    world, order = paid()
    double = world.pays(order)
    world.refunds(order)
    world.sends_back(MAYA, double.id)
    world.run_errands()
    assert world.books() == {}


def test_a_refund_that_the_bank_refuses_is_held_again_and_can_be_tried_anew() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Rejected("AC04")]
    first = world.refunds(order)
    world.run_errands()
    receipt = world.receipt(first.receipt)
    assert (world.refund_of(receipt.id).state, world.operation(first.id).evidence) == (RefundState.FAILED, "AC04")
    assert world.books() == {"clearing:sepa": "EUR 100.00", "refund_payable:1": "EUR -100.00"}
    assert world.news(ADA) == ["refund_failed"]
    second = world.sends_back(ADA, receipt.id)
    assert second.key != first.key
    world.run_errands()
    assert world.books() == {}
    assert world.news(MAYA) == ["refund_stuck", "refunded"]


def test_a_rail_that_would_pay_twice_is_not_asked_twice() -> None:
    world, order = paid()
    rail = world.rails["sepa"]
    rail.idempotent = False
    rail.answers = [Unknown("TimeoutError")]
    operation = world.refunds(order)
    world.run_errands()
    world.carry(operation.id)
    assert len(rail.sent) == 1
    assert world.operation(operation.id).state is OperationState.UNKNOWN


def test_a_refund_without_an_answer_stays_in_doubt_and_is_sent_again_as_the_same_command() -> None:
    world, order = paid()
    rail = world.rails["sepa"]
    rail.answers = [Unknown("TimeoutError"), Unknown("HTTP 500")]
    operation = world.refunds(order)
    world.run_errands()
    world.carry(operation.id)
    assert world.operation(operation.id).state is OperationState.UNKNOWN
    assert world.refund_of(operation.receipt).state is RefundState.FUNDED
    assert world.news(ADA) == ["in_doubt"]
    with pytest.raises(NothingToRefund):
        world.sends_back(ADA, operation.receipt)
    world.carry(operation.id)
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert len(rail.sent) == 3
    assert len({(one.key, one.reference, tuple(one.body.items()), one.target) for one in rail.sent}) == 1
    world.carry(operation.id)
    assert len(rail.sent) == 3, "what has ended is not sent again"
    assert world.books() == {}


def _timed_out(world: World, order: Order) -> Operation:
    world.rails["sepa"].answers = [Unknown("TimeoutError"), Rejected("HTTP 422"), Rejected("HTTP 422")]
    operation: Operation = world.refunds(order)
    world.run_errands()
    return operation


def _crashed(world: World, order: Order) -> Operation:
    world.rails["sepa"].answers = [Rejected("HTTP 422"), Rejected("HTTP 422")]
    operation: Operation = world.refunds(order)
    world.do(dispatch, operation.id)  # committed; then the machine stops in mid-call
    world.run_errands()
    return operation


@pytest.mark.parametrize("begin", [_timed_out, _crashed])
def test_a_refusal_of_a_refund_sent_again_does_not_prove_that_the_first_one_did_not_go_out(
    begin: Callable[[World, Order], Operation],
) -> None:
    world, order = paid()
    operation = begin(world, order)
    world.carry(operation.id)
    assert world.operation(operation.id).state is OperationState.UNKNOWN
    assert world.refund_of(operation.receipt).state is RefundState.FUNDED
    assert world.news(ADA) == ["in_doubt"]
    for who in (ADA, MAYA):
        with pytest.raises(NothingToRefund):
            world.sends_back(who, operation.receipt)
    assert world.do(settle_refund_by_message, "sepa", operation.reference, "D1", operation.amount) is True
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert world.books() == {}


def test_a_refund_in_doubt_ends_when_a_message_refuses_it() -> None:
    world, order = paid()
    operation = _timed_out(world, order)
    assert world.do(reject_refund_by_message, "sepa", operation.reference, "NAO_REALIZADO") is True
    assert world.refund_of(operation.receipt).state is RefundState.FAILED


def test_a_refund_in_doubt_that_the_channel_has_after_all_is_not_sent_again() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Unknown("TimeoutError"), Pending("ACSP")]
    operation = world.refunds(order)
    world.run_errands()
    for _ in range(2):
        world.carry(operation.id)
    assert world.operation(operation.id).state is OperationState.PENDING
    assert len(world.rails["sepa"].sent) == 2  # the refund, the refund again


def test_a_refund_that_the_bank_has_taken_ends_when_its_statement_says_so() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Pending("ACSP")]
    operation = world.refunds(order)
    world.run_errands()
    assert world.operation(operation.id).state is OperationState.PENDING
    assert world.books() == {"clearing:sepa": "EUR 100.00", "refund_payable:1": "EUR -100.00"}
    for _ in range(2):
        assert world.do(settle_refund_by_message, "sepa", operation.reference, "D1", operation.amount) is True
    assert world.operation(operation.id).evidence == "D1"
    assert world.books() == {}
    assert world.do(settle_refund_by_message, "sepa", "N0T0URS", "D2", operation.amount) is False


@pytest.mark.parametrize("answer", [Succeeded("rtr"), Pending(""), Unknown("TimeoutError"), Rejected("late 400")])
def test_the_statement_may_be_faster_than_the_answer(answer: Succeeded | Pending | Unknown | Rejected) -> None:
    world, order = paid()
    operation = world.refunds(order)
    world.do(dispatch, operation.id)
    world.do(settle_refund_by_message, "sepa", operation.reference, "D1", operation.amount)
    world.do(record, operation.id, answer)
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert world.books() == {}


@pytest.mark.parametrize("amount", ["99.99 EUR", "100.01 EUR", "100.00 USD"])
def test_a_debit_of_another_amount_is_not_the_refund(amount: str) -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Pending("ACSP")]
    operation = world.refunds(order)
    world.run_errands()
    assert world.do(settle_refund_by_message, "sepa", operation.reference, "D1", money(amount)) is False
    assert world.operation(operation.id).state is OperationState.PENDING


def by_hand() -> tuple[World, Operation, Receipt]:
    world, order = paid(by="pix")
    world.rails["pix"].answers = [Pending(by_hand=True)]
    operation = world.refunds(order)
    assert world.news(ADA) == ["by_hand"]
    return world, operation, world.receipt(operation.receipt)


def test_a_refund_made_by_hand_is_known_by_the_payment_it_sends_back() -> None:
    world, operation, receipt = by_hand()
    assert world.do(settle_refund_by_message, "pix", "banksown", "D1", operation.amount, receipt.fact) is True
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert world.books() == {}


def test_a_refund_of_another_payment_or_amount_does_not_settle_the_one_made_by_hand() -> None:
    world, operation, receipt = by_hand()
    for fact, amount in (("", operation.amount), ("E404", operation.amount), (receipt.fact, money("1.00 BRL"))):
        assert world.do(settle_refund_by_message, "pix", "banksown", "D1", amount, fact) is False
    assert world.operation(operation.id).state is OperationState.PENDING


def test_a_refund_sent_by_us_is_known_by_its_own_name_only() -> None:
    world, order = paid(by="pix")
    world.rails["pix"].answers = [Pending("")]
    operation = world.refunds(order)
    world.run_errands()
    fact = world.receipt(operation.receipt).fact
    assert world.do(settle_refund_by_message, "pix", "another", "D1", operation.amount, fact) is False


def test_the_payment_whose_refund_failed_does_not_claim_that_it_fitted_no_order() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Rejected("AC04")]
    operation = world.refunds(order)
    world.run_errands()
    assert world.receipt(operation.receipt).misfit is Misfit.NONE


def test_a_message_may_tell_that_a_refund_will_not_happen() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Pending("EM_PROCESSAMENTO")]
    operation = world.refunds(order)
    world.run_errands()
    for _ in range(2):
        assert world.do(reject_refund_by_message, "sepa", operation.reference, "NAO_REALIZADO") is True
    assert world.refund_of(operation.receipt).state is RefundState.FAILED
    assert world.news(ADA) == ["refund_failed"]
    assert world.do(reject_refund_by_message, "sepa", "N0T0URS", "x") is False


def test_a_refund_that_is_done_is_not_undone_by_a_later_refusal() -> None:
    world, order = paid()
    operation = world.refunds(order)
    world.run_errands()
    world.do(reject_refund_by_message, "sepa", operation.reference, "NAO_REALIZADO")
    assert world.operation(operation.id).state is OperationState.SUCCEEDED
    assert world.books() == {}


def test_a_refused_refund_that_went_out_after_all_is_booked_and_not_sent_a_second_time() -> None:
    world, order = paid()
    world.rails["sepa"].answers = [Rejected("AC04")]
    operation = world.refunds(order)
    world.run_errands()
    world.do(settle_refund_by_message, "sepa", operation.reference, "D1", operation.amount)
    assert world.refund_of(operation.receipt).state is RefundState.DONE
    assert world.books() == {}
    with pytest.raises(NothingToRefund):
        world.sends_back(ADA, operation.receipt)


def test_a_shop_without_the_rail_leaves_a_refund_in_doubt_until_it_has_it_again() -> None:
    world, order = paid()
    rail = world.rails.pop("sepa")
    operation = world.refunds(order)
    world.run_errands()
    assert world.operation(operation.id).state is OperationState.UNKNOWN
    world.rails["sepa"] = rail
    world.carry(operation.id)
    assert world.operation(operation.id).state is OperationState.SUCCEEDED


# Another way


def stuck() -> tuple[World, Order, Refund]:
    """A refund whose way back is closed; everybody knows."""
    world, order = paid()
    world.rails["sepa"].answers = [Rejected("AC04")]
    operation = world.refunds(order)
    world.run_errands()
    world.told.clear()
    return world, order, world.refund_of(operation.receipt)


@pytest.mark.parametrize("who", [MAYA, ADA])
def test_a_refund_that_found_its_way_closed_goes_to_another_account(who: PersonId) -> None:
    world, _, refund = stuck()
    first = world.operation(refund.operation or "")
    moved = world.do(reroute, who, refund.id, "DE75 5121 0800 1245 1261 99")
    second = world.operation(moved.operation or "")
    assert (second.target.splitlines()[0], second.body["fact"]) == ("DE75512108001245126199", "")
    assert (second.key != first.key, second.amount) == (True, first.amount)
    with pytest.raises(NotWaiting):
        world.do(reroute, who, refund.id, "DE75512108001245126199")
    world.run_errands()
    assert world.refund_of(refund.receipt).state is RefundState.DONE
    assert world.books() == {}
    audited = world.look(lambda uow: [line.command for line in uow.audit.find()])
    assert ("reroute" in audited) is (who == ADA)


def test_an_account_that_is_none_or_somebody_elses_refund_changes_nothing() -> None:
    world, _, refund = stuck()
    with pytest.raises(BadAccount):
        world.do(reroute, MAYA, refund.id, "DE00512108001245126199")
    for who in (LIN, ROSA, STRANGER):
        with pytest.raises(Gone):
            world.do(reroute, who, refund.id, "DE75512108001245126199")
    assert world.refund_of(refund.receipt).state is RefundState.FAILED


def test_a_refund_that_comes_back_days_later_is_owed_again_and_can_go_elsewhere() -> None:
    world, order = paid()
    operation = world.refunds(order)
    world.run_errands()
    world.told.clear()
    for _ in range(2):
        assert world.do(return_refund_by_message, "sepa", operation.reference, "RTN1", operation.amount) is True
    assert world.refund_of(operation.receipt).state is RefundState.FAILED
    assert world.books() == {"clearing:sepa": "EUR 100.00", "refund_payable:1": "EUR -100.00"}
    assert (world.news(MAYA), world.news(ADA)) == (["refund_stuck"], ["refund_failed"])
    world.do(reroute, MAYA, world.refund_of(operation.receipt).id, "DE75512108001245126199")
    world.run_errands()
    assert world.books() == {}
    assert world.do(return_refund_by_message, "sepa", "N0T0URS", "RTN2", operation.amount) is False


def test_a_refund_carried_out_by_two_commands_is_an_alarm_and_costs_no_payer_anything() -> None:
    world, _, refund = stuck()
    first = world.operation(refund.operation or "")
    moved = world.do(reroute, ADA, refund.id, "DE75512108001245126199")
    world.do(dispatch, moved.operation)
    world.do(settle_refund_by_message, "sepa", first.reference, "D1", first.amount)
    assert world.books() == {}
    world.told.clear()
    world.do(record, moved.operation, Succeeded("D2"))
    assert world.books() == {"clearing:sepa": "EUR -100.00", "suspense": "EUR 100.00"}
    assert (world.news(MAYA), world.news(ADA)) == (["refunded"], ["refunded", "refunded_twice"])


def test_a_second_command_that_has_not_left_yet_is_withdrawn_when_the_first_went_out_after_all() -> None:
    world, _, refund = stuck()
    first = world.operation(refund.operation or "")
    moved = world.do(reroute, ADA, refund.id, "DE75512108001245126199")
    world.do(settle_refund_by_message, "sepa", first.reference, "D1", first.amount)
    assert world.operation(moved.operation or "").state is OperationState.EXPIRED
    world.run_errands()
    assert world.books() == {}


def test_what_paid_last_goes_back_first() -> None:
    world = World()
    order = world.orders(world.sells(ROSA, "100.00 EUR"))
    first = world.pays(order, amount="60.00 EUR")
    world.clock.let_pass(minutes=5)
    second = world.pays(order, amount="40.00 EUR")
    refunds = world.do(refund_order, ADA, order.id, money("50.00 EUR"))
    assert [(one.receipt, one.amount) for one in refunds] == [
        (second.id, money("40.00 EUR")),
        (first.id, money("10.00 EUR")),
    ]
    world.do(refund_order, ADA, order.id)
    world.run_errands()
    assert world.books() == {}


def test_parts_of_one_payment_made_by_hand_are_told_apart_by_their_amounts() -> None:
    world, order = paid(by="pix")
    world.rails["pix"].answers = [Pending(by_hand=True), Pending(by_hand=True)]
    small, large = world.refunds(order, "1.00 BRL"), world.refunds(order, "2.00 BRL")
    world.run_errands()
    fact = world.receipt(large.receipt).fact
    assert world.do(settle_refund_by_message, "pix", "banksown", "D1", large.amount, fact) is True
    assert [world.operation(one.id).state for one in (small, large)] == [
        OperationState.PENDING,
        OperationState.SUCCEEDED,
    ]
