"""A price in parts: the seller is owed at once, the shopper pays by and by, and the books say what is left."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Gone, NotAllowed, Refusal
from core.ids import PersonId
from core.ledger import accounts
from core.ledger.check import check as check_books
from core.ledger.story import tell as story_of
from core.money import Money, asset, zero
from core.payments import pockets, sums
from core.payments.charging import MayStillBePaid
from core.payments.choices import apply_to, choices, top_up
from core.payments.disputes.answering import refund_to_avoid
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.doubt import check as check_doubt
from core.payments.instalments import books as planbooks
from core.payments.instalments import plans as instalments
from core.payments.instalments.plan import Plan, PlanState, amounts
from core.payments.instalments.plans import NotBroken, NothingOwed, NotInParts, pay_next, pay_rest, remind, write_off
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Misfit, Receipt
from core.payments.receiving import Fact, take_in
from core.payments.refunds import refund_order
from core.payments.settlement.statement import LineKind, statement
from core.people import Tier
from core.ports import ActionNeeded, UnitOfWork
from core.shop.checkout import review
from core.shop.context import Method
from core.shop.deadlines import refund_unshipped
from core.shop.orders import Order, OrderState
from tests.builders import ADA, ASKED, LIN, MAYA, NOON, PAYER_IBAN, PIX, ROSA, SEPA, WEI, eur, money, policy
from tests.world import World

EUR = asset("EUR")


class Parts(World):
    """A world where Maya and Lin are known well enough to pay in parts, and every step is proved, too."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        for who in (MAYA, LIN):
            self.do(lambda uow, shop, who=who: uow.people.save(replace(uow.people.lock(who), tier=Tier.REGULAR)))

    def judge(self) -> None:
        super().judge()
        assert [*self.store.read_now(planbooks.check)] == []

    def agrees(self, price: str = "100.00 EUR", count: int = 3, who: PersonId = MAYA, by: str = "sepa") -> Order:
        """An order in parts, with the code of its first part in the shopper's hands."""
        view = self.draft(self.sells(WEI if "CNY" in price else ROSA, price), who, by=by)
        view = self.do(review, who, view.order.id, parts=count)
        order = self.confirm(view)
        self.run_errands()
        return self.order(order.id)

    def begins(self, *about: Any, **more: Any) -> Order:
        """The same, and the first part is paid."""
        order = self.agrees(*about, **more)
        self.pays(order)
        self.run_errands()
        self.told.clear()
        return self.order(order.id)

    def plan(self, order: Order) -> Plan:
        found: Plan = self.look(lambda uow: uow.plans.need(order.id))
        return found

    def later(self, **time: float) -> None:
        """Time passes, and the clock looks at the plans until it has nothing more to say."""
        self.clock.let_pass(minutes=timedelta(**time) / timedelta(minutes=1))
        while self.look(instalments.anything_due, self.shop):
            self.do(remind)

    def codes(self, order: Order) -> list[Operation]:
        """The codes of an order, oldest first."""
        found: list[Operation] = self.look(
            lambda uow: uow.operations.find(order=order.id, kind=OperationKind.CHARGE, newest=False)
        )
        return found

    def hears(self, charge: Operation, amount: str = "", id: str = "") -> Receipt:
        """The bank tells that a code was paid."""
        self._facts += 1
        paid = money(amount) if amount else charge.amount
        fact = Fact(
            charge.channel, id or f"E{self._facts}", charge.reference, paid, self.clock.now(), PAYER_IBAN, "Maya Rossi"
        )
        return self.do(take_in, fact)

    def owes(self, order: Order) -> str:
        return self.books().get(accounts.buyer_instalment(order.id), "")

    def proofs(self) -> None:
        """What the ledger's check says of all of it."""
        report = self.store.read_now(check_books, self.clock.now())
        assert not report.findings, report.findings


# The schedule


@given(st.integers(1, 10**9), st.integers(1, 12))
def test_the_parts_are_the_price_and_differ_by_one_unit_at_most_the_larger_first(minor: int, count: int) -> None:
    parts = [part.minor for part in amounts(Money(minor, EUR), count)]
    assert sum(parts) == minor
    assert len(parts) == count
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_100_in_3_is_33_34_and_twice_33_33_thirty_days_apart() -> None:
    world = Parts()
    order = world.agrees()
    (first,) = world.codes(order)
    assert (first.amount, first.body["amount"], order.parts) == (eur("33.34"), "33.34", 3)
    world.pays(order)
    plan = world.plan(order)
    assert [(part.owed, part.due_at) for part in plan.parts] == [
        (eur("33.34"), NOON),
        (eur("33.33"), NOON + timedelta(days=30)),
        (eur("33.33"), NOON + timedelta(days=60)),
    ]
    assert world.order(order.id).state is OrderState.PAID


# The whole road, with figures


def test_a_plan_to_its_end_the_seller_is_owed_at_once_and_the_shop_carries_the_credit() -> None:
    world = Parts()
    order = world.begins()
    assert world.books() == {
        "clearing:sepa": "EUR 33.34",
        f"buyer_instalment:{order.id}": "EUR 66.66",
        f"escrow:{order.id}": "EUR -100.00",
    }
    world.later(days=27)
    assert world.news(MAYA) == ["part_due"]
    second = world.codes(order)[-1]
    assert (second.amount, second.state, second.intent) == (eur("33.33"), OperationState.ACTION, order.intent)
    world.hears(second)
    assert world.news(MAYA) == ["part_paid"]
    assert world.owes(order) == "EUR 33.33"
    world.later(days=30)
    world.hears(world.codes(order)[-1])
    assert world.plan(order).state is PlanState.COMPLETED
    assert world.books() == {"clearing:sepa": "EUR 100.00", f"escrow:{order.id}": "EUR -100.00"}
    world.news(MAYA)
    world.later(days=100)
    assert world.news(MAYA) == []
    assert len(world.codes(order)) == 3
    world.proofs()


def test_the_sale_goes_its_way_while_the_parts_are_owed_in_two_currencies() -> None:
    world = Parts()
    order = world.begins("780.00 CNY", 4)
    quote = world.look(lambda uow: uow.quotes.need(order.quote))
    owed = quote.pay - amounts(quote.pay, 4)[0]
    assert world.owes(order) == str(owed)
    assert world.books()["fx:position"] == f"{quote.counter}, EUR -{quote.pay.decimal}"
    world.ships(order, WEI)
    world.receives(order)
    books = world.books()
    assert f"escrow:{order.id}" not in books
    assert books[accounts.available(order.seller)].startswith("CNY -")
    assert world.owes(order) == str(owed)
    world.proofs()


def test_the_story_of_a_plan_is_told_in_words() -> None:
    world = Parts()
    order = world.begins()
    world.hears(world.do(pay_rest, MAYA, order.id))
    world.refunds(order, "40.00 EUR")
    told = " ".join(step.text for step in world.look(story_of, order.id).steps)
    assert "EUR 66.66 out of what the buyer still owes" in told
    assert "EUR 100.00 into what the buyer still owes" in told


# Who may


def test_parts_are_for_known_shoppers_and_for_sums_that_the_policy_allows() -> None:
    world = Parts()
    world.do(lambda uow, shop: uow.people.save(replace(uow.people.lock(LIN), tier=Tier.NEW)))
    for price, who, count in (
        ("59.99 EUR", MAYA, 3),
        ("1500.01 EUR", MAYA, 3),
        ("100.00 EUR", LIN, 3),
        ("100.00 EUR", MAYA, 5),
    ):
        view = world.draft(world.sells(ROSA, price), who)
        with pytest.raises(NotInParts):
            world.do(review, who, view.order.id, parts=count)
    view = world.draft(world.sells(ROSA, "60.00 EUR"))
    assert world.do(review, MAYA, view.order.id, parts=4).order.parts == 4
    assert world.do(review, MAYA, view.order.id, parts=1).order.parts == 1


def test_a_quantity_that_takes_the_price_past_the_most_ends_the_parts_of_the_draft() -> None:
    world = Parts()
    view = world.draft(world.sells(ROSA, "800.00 EUR"))
    world.do(review, MAYA, view.order.id, parts=3)
    assert world.do(review, MAYA, view.order.id, quantity=2).order.parts == 1


def test_who_is_overdue_gets_no_new_plan_not_even_for_a_draft_made_before() -> None:
    world = Parts()
    view = world.draft(world.sells(ROSA, "90.00 EUR"))
    order = world.begins()
    world.later(days=30, minutes=1)
    with pytest.raises(NotInParts):
        world.do(review, MAYA, view.order.id, parts=3)
    world.hears(world.do(pay_next, MAYA, order.id))
    view = world.do(review, MAYA, view.order.id, parts=3)
    world.confirm(view)


def test_limits_hold_the_whole_price() -> None:
    world = Parts()
    order = world.agrees()
    held = world.look(lambda uow: uow.holds.find(order=order.id))
    assert {n for one in held for entry, n in one.taken.items() if "|EUR|" in entry} == {100_00}


# Money that does not fit a part


def test_a_short_first_part_is_topped_up_as_any_short_payment() -> None:
    world = Parts()
    order = world.agrees()
    first = world.pays(order, amount="20.00 EUR")
    assert (first.misfit, world.order(order.id).state) == (Misfit.SHORT, OrderState.PLACED)
    assert world.look(lambda uow: choices(uow, world.shop, first).missing) == eur("13.34")
    world.do(top_up, MAYA, order.id)
    world.pays(order)
    assert world.owes(order) == "EUR 66.66"
    assert world.order(order.id).state is OrderState.PAID


def test_the_policy_lets_a_missing_cent_of_a_price_pass_but_not_of_a_part() -> None:
    rules = policy()
    world = Parts(rules=replace(rules, holding=replace(rules.holding, short_ok_minor=10)))
    order = world.agrees()
    assert world.pays(order, amount="33.30 EUR").misfit is Misfit.SHORT


def test_a_short_later_part_is_taken_and_its_rest_asked_for() -> None:
    world = Parts()
    order = world.begins()
    receipt = world.hears(world.do(pay_next, MAYA, order.id), "20.00 EUR")
    assert (receipt.misfit, world.owes(order)) == (Misfit.NONE, "EUR 46.66")
    assert "part_short" in world.news(MAYA)
    rest = world.do(pay_next, MAYA, order.id)
    assert rest.amount == eur("13.33")
    world.hears(rest)
    assert [part.number for part, _ in world.plan(order).open()] == [3]


def test_a_part_paid_over_or_twice_is_held_and_its_owner_may_pay_the_next_part_with_it() -> None:
    world = Parts()
    order = world.begins()
    second = world.do(pay_next, MAYA, order.id)
    over = world.hears(second, "40.00 EUR")
    assert (over.misfit, over.held) == (Misfit.OVER, eur("6.67"))
    twice = world.hears(second)
    assert (twice.misfit, twice.held) == (Misfit.DOUBLE, eur("33.33"))
    assert world.owes(order) == "EUR 33.33"
    assert [one.id for one in world.look(lambda uow: choices(uow, world.shop, over).others)] == [order.id]
    third = world.do(pay_next, MAYA, order.id)
    world.do(apply_to, MAYA, over.id, order.id)
    assert world.owes(order) == "EUR 26.66"
    assert world.operation(third.id).state is OperationState.EXPIRED  # it asked for more than is left of the part
    world.do(apply_to, MAYA, twice.id, order.id)
    assert (world.owes(order), world.receipt(twice.id).held) == ("", eur("6.67"))
    assert world.plan(order).state is PlanState.COMPLETED


def test_the_first_code_paid_again_is_held() -> None:
    world = Parts()
    order = world.begins()
    again = world.hears(world.codes(order)[0])
    assert (again.misfit, again.held, world.owes(order)) == (Misfit.DOUBLE, eur("33.34"), "EUR 66.66")


# Early settlement


def test_all_the_rest_is_one_code_and_takes_the_parts_own_code_back() -> None:
    world = Parts()
    order = world.begins()
    second = world.do(pay_next, MAYA, order.id)
    rest = world.do(pay_rest, MAYA, order.id)
    assert (rest.amount, world.operation(second.id).state) == (eur("66.66"), OperationState.EXPIRED)
    assert [*world.look(check_doubt)] == []
    world.hears(rest)
    assert (world.plan(order).state, world.owes(order)) == (PlanState.COMPLETED, "")
    with pytest.raises(NothingOwed):
        world.do(pay_next, MAYA, order.id)


@pytest.mark.parametrize("old_first", [True, False])
def test_a_part_paid_by_its_old_code_all_the_same_is_not_lost(old_first: bool) -> None:
    world = Parts()
    order = world.begins()
    second = world.do(pay_next, MAYA, order.id)
    rest = world.do(pay_rest, MAYA, order.id)
    for charge in (second, rest) if old_first else (rest, second):
        world.hears(charge)
    assert world.books() == {
        "clearing:sepa": "EUR 133.33",
        f"escrow:{order.id}": "EUR -100.00",
        f"refund_payable:{MAYA}": "EUR -33.33",
    }


def test_a_strangers_order_is_not_there() -> None:
    world = Parts()
    order = world.begins()
    for verb in (pay_next, pay_rest):
        with pytest.raises(Gone):
            world.do(verb, LIN, order.id)


# Time


def test_a_missed_part_is_told_thrice_then_the_plan_is_broken_and_what_is_owed_stays_owed() -> None:
    world = Parts()
    order = world.begins()
    for days in (27, 3, 1):
        world.later(days=days)
        assert world.news(MAYA) == ["part_due"]
    assert len(world.codes(order)) == 2  # one code for the part, however often it is told of
    world.later(days=5, hours=23)
    assert world.plan(order).state is PlanState.ACTIVE
    world.later(hours=1)
    assert world.plan(order).state is PlanState.DEFAULTED
    assert (world.news(MAYA), world.news(ADA)) == (["plan_broken"], ["plan_broken"])
    view = world.draft(world.sells(ROSA, "90.00 EUR"))
    with pytest.raises(NotInParts):
        world.do(review, MAYA, view.order.id, parts=3)
    assert world.owes(order) == "EUR 66.66"
    world.hears(world.codes(order)[-1])  # late, and welcome
    assert (world.owes(order), world.plan(order).state) == ("EUR 33.33", PlanState.DEFAULTED)
    world.hears(world.do(pay_rest, MAYA, order.id))
    assert world.plan(order).state is PlanState.COMPLETED
    assert world.do(review, MAYA, view.order.id, parts=3).order.parts == 3
    world.proofs()


def test_nobody_is_in_default_who_was_not_told_a_day_before() -> None:
    world = Parts()
    order = world.begins()
    world.later(days=50)  # the shop was away
    assert (world.news(MAYA), world.plan(order).state) == (["part_due"], PlanState.ACTIVE)
    world.later(days=1)
    assert world.plan(order).state is PlanState.DEFAULTED


def test_a_dispute_stops_the_clock() -> None:
    world = Parts()
    order = world.begins()
    world.do(lambda uow, shop: uow.orders.save(replace(uow.orders.lock(order.id), frozen="dispute")))
    for _ in range(3):
        world.later(days=30)
    assert (world.news(MAYA), world.plan(order).state) == ([], PlanState.ACTIVE)
    world.do(lambda uow, shop: uow.orders.save(replace(uow.orders.lock(order.id), frozen="")))
    world.later(days=1)
    assert world.news(MAYA) == ["part_due"]


def test_what_is_written_off_is_the_shops_loss_until_it_comes_after_all() -> None:
    world = Parts()
    order = world.begins()
    with pytest.raises(NotBroken):
        world.do(write_off, ADA, order.id)
    world.later(days=37)
    world.later(days=1)
    with pytest.raises(NotAllowed):
        world.do(write_off, MAYA, order.id)
    assert world.do(write_off, ADA, order.id) == eur("66.66")
    with pytest.raises(NotBroken):
        world.do(write_off, ADA, order.id)
    assert world.books() == {
        "clearing:sepa": "EUR 33.34",
        "exp:instalment": "EUR 66.66",
        f"escrow:{order.id}": "EUR -100.00",
    }
    world.hears(world.do(pay_next, MAYA, order.id))
    assert world.books()["exp:instalment"] == "EUR 33.33"
    world.hears(world.do(pay_rest, MAYA, order.id))
    assert "exp:instalment" not in world.books()
    assert world.plan(order).state is PlanState.COMPLETED
    world.proofs()


# Refunds in the middle


def test_a_refund_takes_off_what_is_not_paid_first_the_last_part_first_and_sends_nothing() -> None:
    world = Parts()
    order = world.begins()
    second = world.do(pay_next, MAYA, order.id)
    assert world.do(refund_order, ADA, order.id, eur("40.00")) == []
    assert [part.owed for part in world.plan(order).parts] == [eur("33.34"), eur("26.66"), zero(EUR)]
    assert world.operation(second.id).state is OperationState.EXPIRED  # it asked for more than is left
    assert world.books() == {
        "clearing:sepa": "EUR 33.34",
        f"buyer_instalment:{order.id}": "EUR 26.66",
        f"escrow:{order.id}": "EUR -60.00",
    }
    assert "plan_reduced" in world.news(MAYA)
    world.hears(world.do(pay_next, MAYA, order.id))
    assert world.plan(order).state is PlanState.COMPLETED
    world.proofs()


def test_a_whole_refund_in_the_middle_sends_back_what_was_paid_and_cancels_the_plan() -> None:
    world = Parts()
    order = world.begins("780.00 CNY")
    paid = world.codes(order)[0].amount
    refund = world.refunds(order)
    assert refund.amount == paid
    assert (world.plan(order).state, world.order(order.id).state) == (PlanState.CANCELLED, OrderState.REFUNDED)
    world.run_errands()
    assert world.books() == {}
    world.later(days=60)
    assert "part_due" not in world.news(MAYA)
    world.proofs()


def test_a_refund_past_what_is_not_paid_gives_the_rest_back_the_way_the_last_part_came() -> None:
    world = Parts()
    order = world.begins()
    world.clock.let_pass(minutes=1)
    second = world.hears(world.do(pay_next, MAYA, order.id))
    (refund,) = world.do(refund_order, ADA, order.id, eur("50.00"))
    assert (refund.amount, refund.receipt) == (eur("16.67"), second.id)
    assert (world.owes(order), world.plan(order).state) == ("", PlanState.COMPLETED)
    assert world.look(lambda uow: pockets.left(uow, uow.orders.need(order.id))) == eur("50.00")
    world.proofs()


def test_money_for_a_part_that_a_refund_took_off_is_held() -> None:
    world = Parts()
    order = world.begins()
    second = world.do(pay_next, MAYA, order.id)
    world.refunds(order)
    late = world.hears(second)
    assert (late.held, world.owes(order)) == (eur("33.33"), "")


def test_an_order_in_parts_that_is_not_shipped_in_time_is_undone_whole() -> None:
    world = Parts()
    order = world.begins()
    world.clock.let_pass(minutes=8 * 24 * 60)
    world.do(refund_unshipped)
    world.run_errands()
    assert world.books() == {}
    assert world.plan(order).state is PlanState.CANCELLED


def test_a_refund_after_a_loss_takes_the_loss_back_first() -> None:
    world = Parts()
    order = world.begins()
    world.ships(order, ROSA)
    world.later(days=37)
    world.later(days=1)
    world.do(write_off, ADA, order.id)
    assert world.do(refund_order, ADA, order.id, eur("60.00")) == []
    assert world.books()["exp:instalment"] == "EUR 6.66"
    assert world.refunds(order).amount == eur("33.34")
    assert "exp:instalment" not in world.books()
    world.proofs()


def test_to_the_seller_it_is_a_refund_whether_or_not_its_buyer_had_paid() -> None:
    world = Parts()
    order = world.begins()
    world.ships(order, ROSA)
    world.receives(order)
    world.do(refund_order, ADA, order.id, eur("60.00"))
    since = world.clock.now() - timedelta(days=1)
    (part,) = world.look(statement, order.seller, since, since + timedelta(days=7)).parts
    assert [(line.kind, line.gross) for line in part.lines][-1] == (LineKind.REFUND, money("-60.00 EUR"))


# Disputes


def test_a_warned_seller_gives_back_what_was_paid_and_no_more() -> None:
    world = Parts()
    order = world.begins()
    receipt = world.look(lambda uow: uow.receipts.find(order=order.id))[0]
    case = world.do(hear_dispute, "sepa", "C1", Stage.WARNED, fact=receipt.fact, amount=receipt.amount)
    (refund,) = world.do(refund_to_avoid, ROSA, case.id)
    assert (refund.amount, world.owes(order)) == (eur("33.34"), "EUR 66.66")
    assert world.order(order.id).state is OrderState.PAID
    world.proofs()


def test_a_part_that_was_charged_back_leaves_the_rest_owed_and_refundable() -> None:
    world = Parts()
    order = world.begins()
    receipt = world.hears(world.do(pay_next, MAYA, order.id))
    for stage in (Stage.OPENED, Stage.LOST):
        world.do(hear_dispute, "sepa", "C1", stage, fact=receipt.fact, amount=receipt.amount)
    assert world.owes(order) == "EUR 33.33"
    (refund,) = world.do(refund_order, ADA, order.id)
    assert (refund.amount, world.owes(order)) == (eur("33.34"), "")
    assert world.plan(order).state is PlanState.CANCELLED
    world.proofs()


# A channel that is asked for its codes


def test_a_channels_own_codes_are_asked_for_shown_and_made_void() -> None:
    world = Parts(methods=(PIX, ASKED))
    order = world.begins()
    charge = world.do(pay_next, MAYA, order.id)
    assert charge.state is OperationState.RESERVED
    assert world.news(MAYA) == ["part_card"]
    assert world.operation(charge.id).payload.startswith("code ")
    with pytest.raises(MayStillBePaid):
        world.do(pay_rest, MAYA, order.id)
    assert world.do(pay_next, MAYA, order.id).id == charge.id
    world.refunds(order)
    world.run_errands()  # what nobody should pay any more the channel makes void
    assert world.operation(charge.id).state is OperationState.EXPIRED
    world.proofs()


@pytest.mark.parametrize("method", [SEPA, ASKED])
def test_a_code_ends_with_its_time_whoever_made_it_and_who_pays_late_asks_for_a_new_one(method: Method) -> None:
    world = Parts(methods=(PIX, method))
    order = world.begins()
    world.later(days=37)
    world.later(days=1)
    assert world.plan(order).state is PlanState.DEFAULTED
    code = world.do(pay_next, MAYA, order.id)
    world.run_errands()
    world.do(instalments.end_codes)
    world.run_errands()
    assert world.operation(code.id).state is OperationState.ACTION  # its time has just begun
    world.later(days=2)
    world.do(instalments.end_codes)
    world.run_errands()
    assert world.operation(code.id).state is OperationState.EXPIRED
    assert world.look(instalments.codes_over, world.shop) == []
    late = world.do(pay_next, MAYA, order.id)
    world.run_errands()
    assert late.id != code.id and world.operation(late.id).state is OperationState.ACTION
    world.proofs()


@pytest.mark.parametrize("method", [SEPA, ASKED])
def test_what_is_written_off_is_asked_for_by_no_code_but_a_new_one(method: Method) -> None:
    world = Parts(methods=(PIX, method))
    order = world.begins()
    world.later(days=37)
    world.later(days=1)
    code = world.do(pay_next, MAYA, order.id)
    world.run_errands()
    world.clock.let_pass(minutes=1)
    world.do(write_off, ADA, order.id)
    world.run_errands()
    assert world.operation(code.id).state is OperationState.EXPIRED
    late = world.do(pay_next, MAYA, order.id)
    world.run_errands()
    world.do(instalments.end_codes)
    world.run_errands()
    assert world.operation(late.id).state is OperationState.ACTION
    world.proofs()


def test_a_code_in_doubt_is_made_void_when_its_channel_tells_of_it_after_its_time() -> None:
    world = Parts(methods=(PIX, ASKED))
    order = world.begins()
    world.later(days=37)
    world.later(days=1)
    code = world.do(pay_next, MAYA, order.id)
    world.run_errands()

    def parked(uow: UnitOfWork, shop: Any) -> None:
        unsure = uow.operations.lock(code.id).move(OperationState.UNKNOWN)
        uow.operations.save(
            replace(unsure, doubt_at=shop.clock.now(), evidence="no answer").move(OperationState.PARKED)
        )

    world.do(parked)
    world.rails["sepa"].known = [ActionNeeded("code 1"), ActionNeeded("code 1")]
    asyncio.run(world.driver.ask(code.id))
    assert world.operation(code.id).state is not OperationState.REJECTED  # in its time somebody may pay it
    world.later(days=2)
    asyncio.run(world.driver.ask(code.id))
    assert world.operation(code.id).state is OperationState.REJECTED
    world.proofs()


def test_the_proof_finds_a_part_that_nobody_paid() -> None:
    world = Parts()
    order = world.begins()

    def forge(uow: UnitOfWork) -> None:
        plan = uow.plans.lock(order.id)
        uow.plans.save(replace(plan, ahead=eur("10.00")))

    world.store.write_now(forge)
    found = world.store.read_now(lambda uow: [*planbooks.check(uow)])
    assert {(one.invariant, one.key) for one in found} == {(4, order.id)}
    assert any("6666 owed" in one.what for one in found)


# Anything, in any order

_MOVES = st.one_of(
    st.tuples(st.sampled_from(["next", "rest"]), st.just(0)),
    st.tuples(st.just("pay"), st.tuples(st.integers(0, 9), st.integers(-2000, 2000))),
    st.tuples(st.just("again"), st.integers(0, 9)),
    st.tuples(st.just("refund"), st.integers(1, 6000)),
    st.tuples(st.just("later"), st.integers(1, 40)),
    st.tuples(st.sampled_from(["use", "write_off"]), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(6_000, 30_000), st.sampled_from([3, 4]), st.sampled_from(["EUR", "CNY"]), st.lists(_MOVES, max_size=14)
)
def test_whatever_happens_to_a_plan_the_books_say_what_is_left(
    minor: int, count: int, code: str, moves: list[tuple[str, Any]]
) -> None:
    world = Parts()
    price = Money(minor * (8 if code == "CNY" else 1), asset(code))
    order = world.begins(f"{price.decimal} {code}", count)
    told: list[tuple[Operation, Money, str]] = []
    for what, how in moves:
        with suppress(Refusal):
            _move(world, order, told, what, how)
    world.proofs()
    assert [*world.look(sums.check)] == []
    plan, quote = world.plan(order), world.look(lambda uow: uow.quotes.need(order.quote))
    forgiven = sum(taken_off(world, order))
    assert plan.owed.minor + forgiven == quote.pay.minor


def taken_off(world: World, order: Order) -> list[int]:
    """What refunds took off what the buyer owes, in minor units."""
    account = (accounts.buyer_instalment(order.id), accounts.INSTALMENT_LOSS)
    return [
        -minor
        for record in world.look(lambda uow: list(uow.journal.history(order.id)))
        if record.kind == "plan reduced"
        for name, minor, _ in record.legs
        if name in account
    ]


def _move(world: Parts, order: Order, told: list[tuple[Operation, Money, str]], what: str, how: Any) -> None:
    if what == "next":
        world.do(pay_next, MAYA, order.id)
    elif what == "rest":
        world.do(pay_rest, MAYA, order.id)
    elif what == "pay":
        codes = world.codes(order)
        charge = codes[-1 - how[0] % len(codes)]
        amount = Money(max(1, charge.amount.minor + how[1]), charge.amount.asset)
        told.append((charge, amount, f"F{len(told)}"))
        world.hears(charge, f"{amount.decimal} {amount.asset}", told[-1][2])
    elif what == "again" and told:
        charge, amount, name = told[how % len(told)]
        world.hears(charge, f"{amount.decimal} {amount.asset}", name)
    elif what == "refund":
        world.do(refund_order, ADA, order.id, Money(how, world.plan(order).ahead.asset))
    elif what == "later":
        world.later(days=how)
    elif what == "write_off":
        world.do(write_off, ADA, order.id)
    elif what == "use":
        for receipt in world.look(lambda uow: [one for one in uow.receipts.find(order=order.id) if one.held]):
            world.do(apply_to, MAYA, receipt.id, order.id)


_PAYMENTS = st.lists(
    st.tuples(st.sampled_from(["second", "third", "rest"]), st.integers(1, 12_000)), min_size=1, max_size=5
)


@settings(max_examples=40, deadline=None)
@given(_PAYMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_payments_are_told_does_not_matter(facts: list[tuple[str, int]], chance: Any) -> None:
    books = []
    for run in range(2):
        world = Parts()
        order = world.begins()
        charges = {"second": world.do(pay_next, MAYA, order.id), "rest": world.do(pay_rest, MAYA, order.id)}
        charges["third"] = _a_code(world, order, 3)
        told = list(enumerate(facts))
        if run:
            chance.shuffle(told)
        for number, (which, minor) in told:
            world.hears(charges[which], f"{Money(minor, EUR).decimal} EUR", f"F{number}")
        named = {name.replace(order.id, "ORDER"): amount for name, amount in world.books().items()}
        books.append(named)
    assert books[0] == books[1]


def _a_code(world: Parts, order: Order, number: int) -> Operation:
    """A code for a part that was asked for once and taken back since."""

    def ask(uow: UnitOfWork, shop: Any) -> Operation:
        return instalments._new_code(uow, shop, uow.orders.lock(order.id), uow.plans.lock(order.id), number)

    charge: Operation = world.do(ask)
    return charge
