"""The channel that misbehaves on purpose: its own books are right whatever it says, and core ends right against it."""

import asyncio
import random
from dataclasses import fields
from datetime import timedelta

import pytest

from core.channels.simulated import Disputed, Manners, Paid, PaidOut, Refunded, Settled
from core.channels.simulator import Simulator
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.refunds import refund_order
from core.payments.settlement.batches import settle_due
from core.payments.settlement.payee import give_account, give_holder
from core.payments.settlement.payout import PayoutState
from core.ports import ActionNeeded, NotFound, Outcome, Rejected, Succeeded, Unknown
from core.shop.checkout import pay_otherwise
from core.shop.orders import OrderState
from tests.builders import ADA, MAYA, PAYER_IBAN, ROSA, HandClock, an_operation, eur, money
from tests.coast import Coast, always

S = OperationState


def a_channel(seed: int = 1, *, hosted: bool = False, **manners: float) -> tuple[Simulator, HandClock]:
    clock = HandClock()
    return Simulator("sim", clock, random.Random(seed), Manners(**manners), hosted=hosted), clock


def a_charge(name: str = "0C", amount: str = "10.00 EUR") -> Operation:
    return an_operation(id=name, kind=OperationKind.CHARGE, reference=name, amount=money(amount), body={})


def a_refund(fact: str, name: str = "0R", amount: str = "10.00 EUR") -> Operation:
    return an_operation(id=name, reference=name, amount=money(amount), body={"fact": fact})


def do(call: object) -> Outcome:
    return asyncio.run(call)  # type: ignore[arg-type, no-any-return]


# Its own books


def test_with_good_manners_it_captures_refunds_pays_out_and_settles_to_the_cent() -> None:
    channel, _ = a_channel()
    paid = do(channel.charge(a_charge(amount="100.00 EUR")))
    assert isinstance(paid, Succeeded)
    do(channel.refund(a_refund(paid.fact, amount="30.00 EUR")))
    assert channel.books.charged() == {("0R", "EUR"): 7000}
    assert channel.books.owes() == {"EUR": 7000 - 170}
    channel.settle()
    assert (channel.books.owes(), channel.books.bank()) == ({}, {"EUR": 6830})
    do(channel.payout(an_operation(id="T", kind=OperationKind.PAYOUT, amount=eur("50.00"), target="IT60\nRosa")))
    assert (channel.books.bank(), channel.books.paid_out()) == ({"EUR": 1830}, {("IT60", "EUR"): 5000})
    told = [type(one) for one in channel.drain()]
    assert told == [Paid, Refunded, Settled, PaidOut]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_it_says_its_reports_less_what_it_lost_add_up_to_its_books(seed: int) -> None:
    manners = {field.name: 0.3 for field in fields(Manners)}
    channel, clock = a_channel(seed, **manners)
    for number in range(30):
        paid = do(channel.charge(a_charge(f"C{number}")))
        if isinstance(paid, Succeeded) and number % 3 == 0:
            do(channel.refund(a_refund(paid.fact, f"R{number}", "1.00 EUR")))
        clock.let_pass(days=1)
        channel.settle()
        for case in channel.open_cases()[:1]:
            channel.decide(case, won=bool(number % 2))
    clock.let_pass(days=90)
    channel.settle()
    clock.let_pass(hours=2)
    reports = {one.document: one for one in channel.drain() if isinstance(one, Settled)}
    assert sum(one.net.minor for one in reports.values()) == channel.books.bank()["EUR"]
    assert channel.books.owes() == {}
    kept = sum(channel.books.charged().values()) - sum(channel.books.fees().values())
    assert kept == channel.books.bank()["EUR"]


def test_the_same_seed_tells_the_same_story() -> None:
    def story() -> list[object]:
        channel, clock = a_channel(5, **{field.name: 0.4 for field in fields(Manners)})
        said: list[object] = []
        for number in range(20):
            said.append(do(channel.charge(a_charge(f"C{number}"))))
            clock.let_pass(hours=7)
            said += channel.drain()
        return said

    assert story() == story()


def test_a_key_sent_again_is_the_same_command_where_it_is_idempotent_and_alive() -> None:
    channel, clock = a_channel()
    for _ in range(3):
        do(channel.charge(a_charge()))
    assert channel.books.captures() == {"0R": 1}
    channel.key_life = timedelta(hours=1)
    clock.let_pass(hours=2)
    do(channel.charge(a_charge()))
    assert channel.books.captures() == {"0R": 2}, "a dead key charges the buyer twice"
    channel.idempotent = False
    do(channel.charge(a_charge()))
    assert channel.books.captures() == {"0R": 3}


def test_more_than_was_paid_is_never_refunded() -> None:
    channel, _ = a_channel()
    paid = do(channel.charge(a_charge()))
    assert isinstance(paid, Succeeded)
    assert isinstance(do(channel.refund(a_refund(paid.fact, "R1", "6.00 EUR"))), Succeeded)
    assert do(channel.refund(a_refund(paid.fact, "R2", "6.00 EUR"))) == Rejected("EXCEEDS")
    assert do(channel.refund(a_refund("P404", "R3"))) == Rejected("NOPAYMENT")


def test_a_hosted_charge_is_paid_by_its_buyer_until_it_is_void() -> None:
    channel, _ = a_channel(hosted=True)
    one, two = a_charge("C1"), a_charge("C2")
    for charge in (one, two):
        assert isinstance(do(channel.charge(charge)), ActionNeeded)
    assert channel.buyer_pays("C1")
    assert isinstance(do(channel.void(one)), Succeeded)
    assert do(channel.void(two)) == Rejected("void")
    assert not channel.buyer_pays("C2")


def test_it_denies_what_it_has_just_done_only_within_its_blindness() -> None:
    channel, clock = a_channel(blind=1)
    do(channel.charge(a_charge()))
    assert asyncio.run(channel.query(a_charge())) == NotFound()
    clock.let_pass(seconds=channel.visibility.total_seconds())
    assert isinstance(asyncio.run(channel.query(a_charge())), Succeeded)


@pytest.mark.parametrize(
    ("manner", "reason", "state"), [("reorg", "reorg", "lost"), ("clawback", "clawback", "opened")]
)
def test_money_taken_back_is_a_new_fact_and_the_old_one_stays(manner: str, reason: str, state: str) -> None:
    channel, clock = a_channel(**{manner: 1})
    do(channel.charge(a_charge()))
    clock.let_pass(days=31)
    paid, taken = channel.drain()
    assert isinstance(paid, Paid)
    assert isinstance(taken, Disputed)
    assert (taken.fact, taken.reason, taken.state, taken.amount) == (paid.fact, reason, state, paid.amount)
    assert channel.books.charged() == {}


def test_a_returned_payout_comes_back_whole_and_is_told_of() -> None:
    channel, clock = a_channel(returned_payout=1)
    do(channel.payout(an_operation(id="T", kind=OperationKind.PAYOUT, amount=eur("50.00"), target="IT60\nRosa")))
    clock.let_pass(days=4)
    assert [(one.returned, one.amount) for one in channel.drain() if isinstance(one, PaidOut)] == [
        (False, eur("50.00")),
        (True, eur("50.00")),
    ]
    assert (channel.books.paid_out(), channel.books.bank()) == ({}, {})


# Core against it

SINGLE = [
    "timeout", "lost", "garbled", "slow", "refused", "partial", "twice", "shuffled", "unsaid", "early", "blind",
]  # fmt: skip


@pytest.mark.parametrize("hosted", [False, True])
@pytest.mark.parametrize("manner", SINGLE)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_misbehaviour_ends_with_books_that_agree(manner: str, hosted: bool, seed: int) -> None:
    coast = Coast(seed, always(**{manner: 1.0}), hosted=hosted)
    order = coast.order()
    if hosted:
        coast.channel.buyer_pays(coast.world.charge(order.id).reference)
    coast.let_pass(timedelta(minutes=35))
    coast.behave()
    coast.judge()
    paid = coast.world.order(order.id).state is OrderState.PAID
    assert paid == (coast.net(order.id) == 10000)


@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize("manner", ["timeout", "lost", "slow", "blind", "garbled", "unsaid"])
def test_no_buyer_is_charged_twice_however_often_we_ask(manner: str, idempotent: bool) -> None:
    coast = Coast(3, always(**{manner: 1.0}, timeout=0.7), idempotent=idempotent) if manner != "timeout" else Coast(
        3, always(timeout=1), idempotent=idempotent
    )  # fmt: skip
    order = coast.order()
    coast.let_pass(timedelta(minutes=50))
    coast.behave()
    coast.judge()
    assert coast.channel.books.captures().get(order.id, 0) <= 1


def test_a_late_success_pays_the_order_that_still_waits() -> None:
    coast = Coast(3, always(refused=1, late_success=1))
    order = coast.order()
    assert coast.world.charge(order.id).state is S.REJECTED
    coast.channel.manners = Manners()
    coast.let_pass(timedelta(minutes=55))
    assert coast.world.order(order.id).state is OrderState.PAID
    coast.judge()


def test_a_late_success_beside_a_second_charge_is_held_for_its_owner() -> None:
    coast = Coast(1, always(refused=1, late_success=1))
    order = coast.order()
    coast.channel.manners = Manners()
    coast.world.clock.let_pass(seconds=1)
    coast.world.do(pay_otherwise, MAYA, order.id, "sepa")
    coast.let_pass(timedelta(hours=2))
    assert coast.world.order(order.id).state is OrderState.PAID
    assert coast.channel.books.captures() == {order.id: 2}
    coast.world.judge()
    held = [receipt for receipt in coast.world.view(order.id).receipts if receipt.state.value == "held"]
    assert [receipt.amount for receipt in held] == [eur("100.00")]


@pytest.mark.parametrize("manner", ["timeout", "lost", "slow", "twice", "shuffled", "unsaid", "early", "blind"])
def test_a_refund_goes_out_once_whatever_the_channel_does(manner: str) -> None:
    coast = Coast(4)
    order = coast.order()
    coast.step()
    coast.channel.manners = always(**{manner: 1.0})
    coast.world.do(refund_order, ADA, order.id)
    coast.let_pass(timedelta(hours=2))
    coast.behave()
    coast.judge()
    assert coast.net(order.id) == 0
    assert [one.kind for one in coast.channel.books.movements] == ["payment", "refund"]


def test_a_refused_refund_leaves_the_money_with_us() -> None:
    coast = Coast(4)
    order = coast.order()
    coast.step()
    coast.channel.manners = always(refused_refund=1)
    coast.world.do(refund_order, ADA, order.id)
    coast.step()
    coast.judge()
    assert coast.net(order.id) == 10000


def earned() -> Coast:
    """Rosa has sold something for 100 EUR, and the week has ended."""
    coast = Coast(4)
    coast.world.do(give_account, ROSA, PAYER_IBAN)
    coast.world.do(give_holder, ROSA, "Rosa Bianchi")
    order = coast.order()
    coast.step()
    coast.world.ships(order, ROSA)
    coast.world.receives(order)
    coast.let_pass(timedelta(days=4), every=timedelta(hours=6))
    return coast


@pytest.mark.parametrize("manner", ["timeout", "lost", "slow", "twice", "shuffled", "unsaid", "early", "blind"])
def test_a_seller_is_paid_once_whatever_the_channel_does(manner: str) -> None:
    coast = earned()
    coast.channel.manners = always(**{manner: 1.0})
    (payout,) = coast.world.do(settle_due)
    coast.let_pass(timedelta(hours=2))
    coast.behave()
    coast.judge()
    assert coast.channel.books.paid_out() == {(PAYER_IBAN, "EUR"): payout.sent.minor}
    assert [one.kind for one in coast.channel.books.movements] == ["payment", "payout"]
    assert coast.world.look(lambda uow: uow.payouts.need(payout.id)).state is PayoutState.PAID


@pytest.mark.parametrize("manner", ["refused_payout", "returned_payout"])
def test_a_payout_that_does_not_arrive_is_the_sellers_again_whole(manner: str) -> None:
    coast = earned()
    before = coast.world.books()
    coast.channel.manners = always(**{manner: 1.0})
    (payout,) = coast.world.do(settle_due)
    coast.step()
    coast.behave()
    coast.judge()
    assert coast.channel.books.paid_out() == {}
    assert coast.world.books() == before
    assert coast.world.look(lambda uow: uow.payouts.need(payout.id)).state is PayoutState.RETURNED


def test_a_payout_stopped_at_the_last_moment_does_not_leave() -> None:
    coast = earned()
    (payout,) = coast.world.do(settle_due)
    coast.world.store.write_now(lambda uow: uow.payouts.save(uow.payouts.lock(payout.id).move(PayoutState.HELD)))
    coast.step()
    assert coast.channel.books.paid_out() == {}


@pytest.mark.parametrize("seed", range(12))
def test_all_misbehaviour_at_once_ends_with_books_that_agree(seed: int) -> None:
    names = [*SINGLE, "late_success", "refused_refund"]
    coast = Coast(seed, always(**dict.fromkeys(names, 0.25)), hosted=bool(seed % 2))
    orders = [coast.order(f"{number + 1}0.00 EUR") for number in range(4)]
    for order in orders:
        coast.channel.buyer_pays(coast.world.charge(order.id).reference)
        coast.let_pass(timedelta(minutes=21))
    for order in orders[:2]:
        if coast.world.order(order.id).state is OrderState.PAID:
            coast.world.do(refund_order, ADA, order.id)
    coast.let_pass(timedelta(hours=5))
    coast.behave()
    coast.judge()


def test_an_answer_that_is_no_proof_is_in_doubt_and_nothing_else() -> None:
    channel, _ = a_channel(timeout=1)
    assert isinstance(do(channel.charge(a_charge())), Unknown)
    assert channel.books.captures() == {"0R": 1}
