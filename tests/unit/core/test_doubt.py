"""Commands in doubt: asked about, ended by evidence and never by the clock; and a second way to pay only after it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import Gone, NotAllowed
from core.ids import OperationId
from core.payments.doubt import NoEvidence, NotInDoubt, ask_soon, check, due_to_ask
from core.payments.driver import dispatch
from core.payments.operations import IntentState, Operation, OperationState
from core.payments.outcomes import NotItsAmount, hear, record, refuse_by_message, resolve
from core.payments.receiving import take_in
from core.payments.refund import RefundState
from core.ports import ActionNeeded, Altered, NotFound, Outcome, Pending, Rejected, Succeeded, Unknown
from core.shop.checkout import MayStillBePaid, NoMethod, cancel, expire_due, other_ways, pay_otherwise
from core.shop.orders import Order, OrderMoved, OrderState
from tests.builders import ADA, ASKED, LIN, MAYA, NOON, PIX, ROSA, money
from tests.world import World

S = OperationState


def asked(*answers: Outcome, price: str = "10.00 EUR") -> tuple[World, Order]:
    """An order by a rail that is asked for its charge, and that answered so."""
    world = World(methods=[ASKED, PIX])
    world.rails["sepa"].answers = list(answers)
    order = world.orders(world.sells(ROSA, price))
    return world, order


def refunding(*answers: Outcome) -> tuple[World, Operation]:
    """A refund of a sale, which the rail answered so."""
    world = World()
    order = world.orders(world.sells(ROSA, "10.00 EUR"))
    world.pays(order)
    world.rails["sepa"].answers = list(answers)
    operation = world.refunds(order)
    world.run_errands()
    world.told.clear()
    return world, world.operation(operation.id)


def tick(world: World, **span: float) -> None:
    """Some time later the channels are asked."""
    world.clock.let_pass(**span)
    asyncio.run(world.driver.ask_all())
    world.judge()


def intent(world: World, order: Order) -> IntentState:
    state: IntentState = world.look(lambda uow: uow.intents.need(world.order(order.id).intent).state)
    return state


def findings(world: World) -> list[str]:
    return [one.what for one in world.look(lambda uow: list(check(uow)))]


def test_while_a_charge_is_in_doubt_its_intent_is_and_the_shopper_is_told_not_to_pay_again() -> None:
    world, order = asked(Unknown("TimeoutError"))
    assert intent(world, order) is IntentState.IN_DOUBT
    assert (world.news(MAYA), world.news(ADA)) == (["charge_in_doubt"], ["in_doubt"])
    world.do(record, world.charge(order.id).id, ActionNeeded("code"))
    assert intent(world, order) is IntentState.PROCESSING


def test_a_channel_is_asked_at_doubling_intervals() -> None:
    world, _ = asked(Pending("P"))
    rail, first = world.rails["sepa"], world.shop.policy.operations.ask
    moments = []
    for _ in range(40):
        before = len(rail.asked)
        tick(world, seconds=first.total_seconds() / 2)
        if len(rail.asked) > before:
            moments.append(world.clock.now() - NOON)
    assert moments == [first * n for n in (1, 3, 7, 15)]


def test_our_own_offers_are_never_asked_about() -> None:
    world = World()
    world.orders(world.sells(ROSA, "10.00 EUR"))
    tick(world, days=3)
    assert world.rails["sepa"].asked == []


@pytest.mark.parametrize("state", [ActionNeeded("code"), Pending(""), Unknown("TimeoutError")])
def test_what_a_query_finds_paid_is_the_same_fact_as_the_webhooks(state: Outcome) -> None:
    world, order = asked(state)
    world.rails["sepa"].known = [Succeeded("E1", fact="E1", at=NOON)]
    tick(world, minutes=2)
    assert (world.charge(order.id).state, world.order(order.id).state) == (S.SUCCEEDED, OrderState.PAID)
    assert intent(world, order) is IntentState.CAPTURED
    books = world.books()
    world.pays(order, id="E1")
    assert world.books() == books


def test_a_capture_of_less_than_was_asked_is_held_and_its_charge_has_ended() -> None:
    world, order = asked(ActionNeeded("code"))
    world.rails["sepa"].known = [Succeeded("E1", amount=money("4.00 EUR"), fact="E1", at=NOON)]
    tick(world, minutes=2)
    assert world.charge(order.id).state is S.SUCCEEDED
    assert world.books()["clearing:sepa"] == "EUR 4.00"


def test_an_answer_that_contradicts_the_webhook_is_an_alarm_and_changes_nothing() -> None:
    world, order = asked(Unknown("TimeoutError"))
    world.news(ADA)
    world.rails["sepa"].known = [
        Succeeded("E1", fact="E1", at=NOON),
        Succeeded("E1", amount=money("1.00 EUR"), at=NOON),
    ]
    tick(world, minutes=2)
    books, charge = world.books(), world.charge(order.id)
    with pytest.raises(Altered):
        world.do(record, charge.id, Succeeded("E1", amount=money("9.00 EUR")))
    assert (world.books(), world.charge(order.id)) == (books, charge)


def test_a_success_that_is_answered_after_a_refusal_was_told_brings_its_money_all_the_same() -> None:
    world, order = asked(Unknown("TimeoutError"))
    charge = world.charge(order.id)
    world.do(refuse_by_message, charge.channel, charge.reference, "AC04")
    assert world.charge(order.id).state is S.REJECTED
    world.do(record, charge.id, Succeeded("E9", fact="E9", at=NOON))
    (receipt,) = world.look(lambda uow: uow.receipts.find(fact="E9"))
    assert receipt.amount == charge.amount and world.charge(order.id).state is S.SUCCEEDED


def test_not_found_says_nothing_before_the_channels_blindness_is_over() -> None:
    world, order = asked(Unknown("TimeoutError"))
    rail = world.rails["sepa"]
    rail.idempotent, rail.known = False, [NotFound(), NotFound()]
    tick(world, minutes=2)
    assert (len(rail.asked), world.charge(order.id).state) == (1, S.UNKNOWN)
    tick(world, minutes=10)
    assert (len(rail.asked), world.charge(order.id).state) == (2, S.REJECTED)
    assert "charge_refused" in world.news(MAYA)


def test_what_never_went_out_is_sent_again_and_then_a_refusal_counts() -> None:
    world, operation = refunding(Unknown("TimeoutError"), Rejected("AC04"))
    rail = world.rails["sepa"]
    rail.known = [NotFound()]
    tick(world, minutes=6)
    assert [one.key for one in rail.sent] == [operation.key] * 2
    assert world.operation(operation.id).state is S.REJECTED


def test_not_found_of_a_command_sent_again_meanwhile_proves_nothing() -> None:
    world, operation = refunding(Unknown("TimeoutError"))
    world.clock.let_pass(minutes=6)
    world.rails["sepa"].answers = [Unknown("TimeoutError")]
    world.carry(operation.id)
    world.do(hear, operation, NotFound(), visibility=timedelta(minutes=5))
    assert world.operation(operation.id).state is S.UNKNOWN


def test_a_channel_that_denies_what_it_took_is_left_to_a_person() -> None:
    world, operation = refunding(Pending("ACSP"))
    world.rails["sepa"].known = [NotFound()] * 30
    for _ in range(30):
        tick(world, hours=6)
    assert world.operation(operation.id).state is S.PARKED
    assert len(world.rails["sepa"].sent) == 1


def test_a_key_that_has_died_is_not_sent_again() -> None:
    world, operation = refunding(Unknown("TimeoutError"))
    rail = world.rails["sepa"]
    rail.key_life = timedelta(minutes=1)
    tick(world, minutes=2)
    world.carry(operation.id)
    assert (len(rail.sent), world.operation(operation.id).state) == (1, S.UNKNOWN)


def test_doubt_is_never_ended_by_the_clock_but_parked_for_an_operator() -> None:
    world, operation = refunding(*[Unknown("TimeoutError")] * 99)
    for _ in range(60):
        tick(world, hours=6)
    assert world.operation(operation.id).state is S.PARKED
    assert world.refund_of(operation.receipt).state is RefundState.FUNDED
    assert world.news(ADA) == ["parked"]
    world.rails["sepa"].known = [Succeeded("D1")]
    tick(world, hours=6)
    assert world.operation(operation.id).state is S.SUCCEEDED, "evidence counts whenever it comes"
    assert world.books() == {}


@pytest.mark.parametrize("parked", [False, True])
def test_an_operator_ends_a_doubt_by_citing_what_proves_it(parked: bool) -> None:
    for succeeded, state in ((True, S.SUCCEEDED), (False, S.REJECTED)):
        world, operation = refunding(*[Unknown("TimeoutError")] * 99)
        for _ in range(12 * parked):
            tick(world, hours=6)
        for empty in ("", "  "):
            with pytest.raises(NoEvidence):
                world.do(resolve, ADA, operation.id, succeeded=succeeded, evidence=empty)
        with pytest.raises(NotAllowed):
            world.do(resolve, MAYA, operation.id, succeeded=succeeded, evidence="D77")
        world.do(resolve, ADA, operation.id, succeeded=succeeded, evidence="D77 on the statement")
        ended = world.operation(operation.id)
        assert (ended.state, ended.evidence) == (state, "D77 on the statement")
        with pytest.raises(NotInDoubt):
            world.do(resolve, ADA, operation.id, succeeded=not succeeded, evidence="D78")
        lines = [line.detail for line in world.look(lambda uow: uow.audit.find(command="resolve"))]
        assert [line["evidence"] for line in lines] == ["D77 on the statement"]
        assert findings(world) == []


def test_only_what_is_in_doubt_can_be_resolved() -> None:
    world, order = asked(ActionNeeded("code"))
    with pytest.raises(NotInDoubt):
        world.do(resolve, ADA, world.charge(order.id).id, succeeded=True, evidence="E1")
    with pytest.raises(Gone):
        world.do(resolve, ADA, OperationId("N0TH1NG"), succeeded=True, evidence="E1")


def test_a_charge_resolved_by_the_banks_number_is_the_payment_that_its_message_tells_of_later() -> None:
    world, order = asked(Unknown("TimeoutError"))
    world.do(resolve, ADA, world.charge(order.id).id, succeeded=True, evidence="E7 by telephone")
    assert world.order(order.id).state is OrderState.PAID
    books = world.books()
    world.pays(order, id="E7")
    assert world.books() == books


@pytest.mark.parametrize(("answer", "state"), [
    (Rejected("void"), S.EXPIRED), (Unknown("TimeoutError"), S.UNKNOWN), (Pending("P"), S.PENDING),
])  # fmt: skip
def test_a_charge_that_a_channel_was_asked_for_expires_by_its_word_only(answer: Outcome, state: OperationState) -> None:
    world, order = asked(ActionNeeded("code"), answer)
    world.clock.let_pass(hours=2)
    world.do(expire_due)
    assert (world.order(order.id).state, world.charge(order.id).state) == (OrderState.EXPIRED, S.ACTION)
    world.run_errands()
    assert world.charge(order.id).state is state
    assert findings(world) == []


def test_a_charge_of_an_ended_order_is_made_void_until_its_channel_says_so() -> None:
    world, order = asked(ActionNeeded("code"), Unknown("TimeoutError"), Unknown("TimeoutError"))
    world.do(cancel, MAYA, order.id)
    world.run_errands()
    assert intent(world, order) is IntentState.IN_DOUBT
    world.rails["sepa"].known = [ActionNeeded("code"), ActionNeeded("code")]
    for _ in range(2):
        tick(world, minutes=5)
    assert world.charge(order.id).state is S.REJECTED
    assert intent(world, order) is IntentState.CANCELLED


def test_money_found_when_a_charge_is_made_void_is_held_for_its_owner() -> None:
    world, order = asked(ActionNeeded("code"), Succeeded("E1", fact="E1", at=NOON))
    world.do(cancel, MAYA, order.id)
    world.run_errands()
    assert world.charge(order.id).state is S.SUCCEEDED
    assert world.books() == {"clearing:sepa": "EUR 10.00", "refund_payable:1": "EUR -10.00"}


def test_after_a_proven_refusal_the_order_is_paid_another_way_under_the_same_intent_and_deadline() -> None:
    world, order = asked(Rejected("05"))
    assert world.news(MAYA) == ["charge_refused"]
    world.clock.let_pass(minutes=1)
    assert [method.name for method, _ in world.look(other_ways, world.shop, MAYA, order.id)] == ["sepa", "pix"]
    world.do(pay_otherwise, MAYA, order.id, "pix")
    again = world.order(order.id)
    assert (again.method, again.intent, again.deadline) == ("pix", order.intent, order.deadline)
    assert world.charge(order.id).channel == "pix"
    assert world.news(MAYA) == ["payment_card"]
    world.pays(again)
    assert (world.order(order.id).state, intent(world, order)) == (OrderState.PAID, IntentState.CAPTURED)
    assert findings(world) == []


def test_late_money_of_the_first_way_does_not_pay_for_the_second_one_in_another_currency() -> None:
    world, order = asked(Rejected("05"))
    first = world.fact(order, id="E1")
    world.clock.let_pass(minutes=1)
    world.do(pay_otherwise, MAYA, order.id, "pix")
    receipt = world.do(take_in, first)
    assert (receipt.held, world.order(order.id).state) == (money("10.00 EUR"), OrderState.PLACED)
    world.pays(world.order(order.id))
    assert world.order(order.id).state is OrderState.PAID
    assert world.receipt(receipt.id).held == money("10.00 EUR")
    assert findings(world) == []


@pytest.mark.parametrize("answer", [ActionNeeded("code"), Pending(""), Unknown("TimeoutError")])
def test_there_is_no_second_way_while_the_first_may_still_be_paid(answer: Outcome) -> None:
    world, order = asked(answer)
    for verb in (lambda: world.look(other_ways, world.shop, MAYA, order.id),
                 lambda: world.do(pay_otherwise, MAYA, order.id, "pix")):  # fmt: skip
        with pytest.raises(MayStillBePaid):
            verb()


def test_a_second_way_is_the_shoppers_own_until_the_deadline_and_by_a_method_there_is() -> None:
    world, order = asked(Rejected("05"))
    with pytest.raises(Gone):
        world.do(pay_otherwise, LIN, order.id, "pix")
    with pytest.raises(NoMethod):
        world.do(pay_otherwise, MAYA, order.id, "cowries")
    world.clock.let_pass(hours=2)
    with pytest.raises(OrderMoved):
        world.do(pay_otherwise, MAYA, order.id, "pix")


def test_a_second_try_by_the_same_rail_is_another_command() -> None:
    world, order = asked(Rejected("05"))
    world.clock.let_pass(minutes=1)
    world.do(pay_otherwise, MAYA, order.id, "sepa")
    world.run_errands()
    first, second = world.rails["sepa"].sent
    assert (first.key != second.key, first.reference != second.reference) == (True, True)


def test_two_charges_of_one_intent_that_can_both_be_paid_are_found() -> None:
    world, order = asked(ActionNeeded("code"))
    charge = world.charge(order.id)
    assert findings(world) == []
    twin = replace(charge, id=OperationId("TW1N"), reference="", version=0)
    world.store.write_now(lambda uow: uow.operations.add(twin))
    assert len(findings(world)) == 1


def test_who_comes_back_from_the_channels_page_has_it_asked_at_once_and_decides_nothing() -> None:
    world, order = asked(Pending("P"))
    charge = world.charge(order.id)
    assert world.look(due_to_ask, world.shop) == []
    for _ in range(3):
        world.do(ask_soon, charge.id)
        world.do(ask_soon, OperationId("N0TH1NG"))
    assert world.look(due_to_ask, world.shop) == [charge.id]
    assert world.charge(order.id).state is S.PENDING


def test_a_command_cut_off_on_a_rail_that_would_do_it_twice_is_told_of() -> None:
    world = World(methods=[ASKED])
    world.rails["sepa"].idempotent = False
    order = world.confirm(world.draft(world.sells(ROSA, "10.00 EUR")))
    world.do(dispatch, world.charge(order.id).id)  # committed; then the machine stops in mid-call
    world.run_errands()
    assert (world.news(ADA), world.rails["sepa"].sent) == (["in_doubt"], [])


def test_an_operator_says_that_only_a_part_came_and_never_that_more_did() -> None:
    world, order = asked(Unknown("timeout"))
    charge = world.charge(order.id)
    for amount in ("10.01 EUR", "4.00 USD"):
        with pytest.raises(NotItsAmount):
            world.do(resolve, ADA, charge.id, succeeded=True, evidence="E7", amount=money(amount))
    world.do(resolve, ADA, charge.id, succeeded=True, evidence="E7", amount=money("4.00 EUR"))
    (receipt,) = world.look(lambda uow: uow.receipts.find(order=order.id))
    assert (receipt.amount, receipt.held) == (money("4.00 EUR"), money("4.00 EUR"))
    (line,) = world.look(lambda uow: uow.audit.find(command="resolve"))
    assert "4.00" in str(line.detail)


def test_a_refund_is_never_said_to_have_gone_out_in_part() -> None:
    world, refund = refunding(Unknown("timeout"))
    with pytest.raises(NotItsAmount):
        world.do(resolve, ADA, refund.id, succeeded=True, evidence="D7", amount=money("1.00 EUR"))
