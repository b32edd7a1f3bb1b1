"""Settlement: sellers are paid what they had when the period ended, once, and every minor unit is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Gone, NotAllowed
from core.ids import OrderId
from core.ledger.journal import Leg, entry
from core.money import Asset, Money, asset
from core.payments import byhand
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.refunds import BY_HAND
from core.payments.settlement import payouts
from core.payments.settlement.batches import check, due_sellers, settle_due
from core.payments.settlement.payee import (
    BadAccount,
    BadHolder,
    choose_conversion,
    give_account,
    give_holder,
    masked,
    read_account,
)
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.payouts import (
    NoReference,
    NotToBePaid,
    hold,
    let_go,
    paid_by_hand,
    payout_done,
    payout_failed,
    return_payout_by_message,
    settle_payout_by_message,
)
from core.payments.settlement.periods import BadPeriod, last_period, read_period
from core.payments.settlement.statement import Holdings, LineKind, Statement, statement, sum_of
from core.people import Conversion, Seller, SellerTier
from core.policy import shipped_policy
from core.ports import UnitOfWork
from core.shop.orders import Order as ShopOrder
from core.shop.orders import OrderLine, OrderState
from tests.builders import ADA, CNY, EUR, MAYA, NOON, PAYER_IBAN, ROSA, WEI, money, policy
from tests.world import World

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)  # NOON is the Friday before
CARD = "6222021234567890"


class Town(World):
    """A world whose money comes by plain entries: only settlement is looked at, and only it is judged."""

    def judge(self) -> None:
        unit = self.store.unit
        assert unit.journal.fold() == unit.journal.totals("")
        assert list(self.look(check)) == []
        for (account, _), minor in unit.journal.totals("").items():
            if account.startswith(("avail:", "reserve:", "transit:")):
                assert minor <= 0, f"{account} owes a negative sum"

    def __init__(self, **how: object) -> None:
        super().__init__(**how)  # type: ignore[arg-type]
        self._entries = 0
        self.do(give_account, WEI, CARD)
        self.do(give_holder, WEI, "Wei Li")
        self.do(give_account, ROSA, PAYER_IBAN)
        self.do(give_holder, ROSA, "Rosa Bianchi")
        self.news(ROSA), self.news(WEI), self.news(ADA)

    def post(self, what: str, *legs: tuple[str, str], order: str = "") -> str:
        """An entry of (account, signed amount) legs, as another part of the shop would post it."""
        self._entries += 1
        key = what if ":" in what else f"{what}:{self._entries}"
        made = entry(key, self.clock.now(), what, *(Leg(a, money(m)) for a, m in legs), order=OrderId(order) or None)
        self.store.write_now(lambda uow: uow.journal.post(made))
        return key

    def earns(self, seller: str = "S12", amount: str = "100.00 EUR", order: str = "") -> None:
        self.post(
            "release:O1:first" if order else "earning",
            ("escrow:O1", amount),
            (f"avail:{seller}", f"-{amount}"),
            order=order,
        )

    def settles(self) -> list[Payout]:
        return self.do(settle_due)

    def payout(self, payout_id: str) -> Payout:
        found: Payout = self.look(lambda uow: uow.payouts.need(payout_id))
        return found

    def command(self, payout: Payout) -> Operation:
        found: list[Operation] = self.look(
            lambda uow: [o for o in uow.operations.find(kind=OperationKind.PAYOUT) if o.body["payout"] == payout.id]
        )
        return found[0]

    def sent(self, payout: Payout, state: OperationState = OperationState.PENDING, evidence: str = "") -> Operation:
        """As the driver leaves the command once its channel has it."""
        operation = self.command(payout)
        self.store.write_now(
            lambda uow: uow.operations.save(replace(uow.operations.need(operation.id), state=state, evidence=evidence))
        )
        return self.operation(operation.id)

    def has(self, account: str, of: str = "EUR") -> str:
        found: Money = self.look(lambda uow: uow.journal.balance(account, asset(of)))
        return str(-found)

    def at(self, moment: datetime) -> None:
        self.clock.let_pass(seconds=(moment - self.clock.now()).total_seconds())


@pytest.fixture
def town() -> Iterator[Town]:
    yield Town()


def test_a_seller_is_paid_on_monday_what_they_had_when_the_week_ended(town: Town) -> None:
    town.earns()
    assert town.settles() == [], "the week is not over"
    town.at(MONDAY)
    town.earns(amount="30.00 EUR")  # the new week's
    (payout,) = town.settles()
    assert (payout.taken, payout.sent, payout.channel) == (money("100.00 EUR"), money("100.00 EUR"), "sepa")
    assert (payout.since, payout.until) == (NOON, MONDAY)
    assert town.has("avail:S12") == "EUR 30.00"
    assert town.has(f"transit:{payout.id}") == "EUR 100.00"
    command = town.command(payout)
    assert command.target == f"{PAYER_IBAN}\nRosa Bianchi"
    assert "payout" in town.news(ROSA)


def test_a_second_tick_pays_nobody_again(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    assert len(town.settles()) == 1
    assert town.settles() == []
    assert town.look(due_sellers, town.shop) == []
    town.at(MONDAY + timedelta(days=6, hours=23))
    assert town.settles() == []


def test_a_tick_that_comes_days_late_still_pays_for_the_week_that_ended(town: Town) -> None:
    town.earns()
    town.at(MONDAY + timedelta(days=3))
    town.earns(amount="5.00 EUR")
    (payout,) = town.settles()
    assert (payout.taken, payout.until) == (money("100.00 EUR"), MONDAY)


def test_less_than_the_least_waits_for_the_next_period(town: Town) -> None:
    town.earns(amount="19.99 EUR")
    town.at(MONDAY)
    assert town.settles() == []
    town.earns(amount="0.01 EUR")
    assert town.settles() == []
    town.at(MONDAY + timedelta(days=7))
    (payout,) = town.settles()
    assert (payout.taken, payout.since) == (money("20.00 EUR"), NOON)


def test_the_least_is_compared_at_mid(town: Town) -> None:
    town.earns("S11", "157.90 CNY")
    town.at(MONDAY)
    assert town.settles() == []
    town = Town()
    town.earns("S11", "158.00 CNY")
    town.at(MONDAY)
    (payout,) = town.settles()
    assert (payout.sent, payout.channel) == (money("158.00 CNY"), "hand")


@pytest.mark.parametrize(
    ("schedule", "now", "since", "until"),
    [
        ("daily", "2026-11-22T00:00", "2026-11-21", "2026-11-22"),
        ("weekly", "2026-11-22T23:59", "2026-11-09", "2026-11-16"),
        ("weekly", "2026-11-23T00:00", "2026-11-16", "2026-11-23"),
        ("monthly", "2026-03-01T00:00", "2026-02-01", "2026-03-01"),
        ("monthly", "2027-01-15T12:00", "2026-12-01", "2027-01-01"),
    ],
)
def test_periods_are_half_open_in_utc(schedule: str, now: str, since: str, until: str) -> None:
    found = last_period(schedule, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert (found.since.date().isoformat(), found.until.date().isoformat()) == (since, until)


@pytest.mark.parametrize(
    ("text", "since", "days"),
    [
        ("2026-11", "2026-11-01", 30),
        ("2026-W47", "2026-11-16", 7),
        ("2026w47", "2026-11-16", 7),
        ("2026-11-22", "2026-11-22", 1),
    ],
)
def test_a_period_is_typed_as_a_month_a_week_or_a_day(text: str, since: str, days: int) -> None:
    found = read_period(text)
    assert (found.since.date().isoformat(), (found.until - found.since).days) == (since, days)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-W54", "november", "2026-02-30", "0000-01", "9999-12"])
def test_what_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(BadPeriod):
        read_period(text)


def test_without_an_account_nobody_is_paid_and_the_seller_is_asked_once_a_period() -> None:
    town = Town()
    town.store.write_now(lambda uow: uow.sellers.save(replace(uow.sellers.need("S12"), account="", holder="")))
    town.earns()
    town.at(MONDAY)
    assert town.settles() == town.settles() == []
    assert town.news(ROSA) == ["account_wanted"]
    town.at(MONDAY + timedelta(days=7))
    town.settles()
    assert town.news(ROSA) == ["account_wanted"]
    assert town.has("avail:S12") == "EUR 100.00"


def test_a_payout_that_was_sent_lies_in_clearing_until_a_statement_clears_it(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    operation = town.sent(payout)
    for _ in range(2):
        assert town.do(settle_payout_by_message, "sepa", operation.reference, "B1", money("100.00 EUR"))
    assert town.payout(payout.id).state is PayoutState.PAID
    assert (town.has(f"transit:{payout.id}"), town.has("clearing:sepa")) == ("EUR 0.00", "EUR 100.00")
    assert town.operation(operation.id).state is OperationState.SUCCEEDED
    assert town.news(ROSA) == ["payout", "payout_sent"]


def test_a_message_of_another_amount_reference_or_channel_is_not_this_payouts(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    assert not town.do(settle_payout_by_message, "sepa", town.command(payout).reference, "B1", payout.sent), (
        "not sent yet"
    )
    reference = town.sent(payout).reference
    assert not town.do(settle_payout_by_message, "sepa", reference, "B1", money("99.99 EUR"))
    assert not town.do(settle_payout_by_message, "sepa", "X", "B1", money("100.00 EUR"))
    assert not town.do(settle_payout_by_message, "pix", reference, "B1", money("100.00 EUR"))
    assert not town.do(return_payout_by_message, "sepa", reference, "B1", money("90.00 EUR"))
    assert town.payout(payout.id).state is PayoutState.RESERVED


def test_a_refused_payout_comes_back_whole_and_the_seller_hears_of_it(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    operation = town.sent(payout, OperationState.DISPATCHED)
    town.do(payout_failed, operation, "AC04")
    town.do(payout_failed, town.operation(operation.id), "AC04")
    assert town.payout(payout.id).state is PayoutState.RETURNED
    assert town.books() == {"avail:S12": "EUR -100.00", "escrow:O1": "EUR 100.00"}
    assert town.news(ROSA) == ["payout", "payout_returned"]
    assert town.news(ADA) == ["payout_returned"]
    assert town.settles() == [], "not again to the same account in the same period"
    town.at(MONDAY + timedelta(days=7))
    (again,) = town.settles()
    assert again.taken == payout.taken


def test_a_payout_that_comes_back_days_later_comes_back_whole(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    operation = town.sent(payout)
    town.do(payout_done, operation, "B1")
    town.clock.let_pass(days=3)
    for _ in range(2):
        assert town.do(return_payout_by_message, "sepa", operation.reference, "B2", payout.sent)
    assert town.payout(payout.id).state is PayoutState.RETURNED
    assert town.books() == {"avail:S12": "EUR -100.00", "escrow:O1": "EUR 100.00"}


def test_a_return_heard_of_before_the_debit_ends_in_the_same_books(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    operation = town.sent(payout)
    town.do(return_payout_by_message, "sepa", operation.reference, "B2", payout.sent)
    town.do(settle_payout_by_message, "sepa", operation.reference, "B1", payout.sent)
    assert town.payout(payout.id).state is PayoutState.RETURNED
    assert town.books() == {"avail:S12": "EUR -100.00", "escrow:O1": "EUR 100.00"}


@pytest.mark.parametrize(("spent", "debt"), [("0.00 EUR", "0.00"), ("60.00 EUR", "60.00")])
def test_a_refused_payout_that_went_out_all_the_same_is_taken_from_the_seller_again(spent: str, debt: str) -> None:
    town = Town()
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    operation = town.sent(payout, OperationState.DISPATCHED)
    town.do(payout_failed, operation, "AC04")
    if spent != "0.00 EUR":
        town.post("refund", ("avail:S12", spent), ("refund_payable:1", f"-{spent}"))
    assert town.do(settle_payout_by_message, "sepa", operation.reference, "B1", payout.sent)
    assert town.payout(payout.id).state is PayoutState.PAID
    assert (town.has("avail:S12"), town.has("clearing:sepa")) == ("EUR 0.00", "EUR 100.00")
    assert town.has("seller_debt:S12") in (f"EUR -{debt}", f"EUR {debt}")
    assert "payout_late" in town.news(ADA)


def test_what_is_owed_by_the_seller_is_netted_before_they_are_paid(town: Town) -> None:
    town.earns()
    town.post("refund", ("seller_debt:S12", "35.00 EUR"), ("refund_payable:1", "-35.00 EUR"))
    town.at(MONDAY)
    (payout,) = town.settles()
    assert payout.taken == money("65.00 EUR")
    assert (town.has("seller_debt:S12"), town.has("avail:S12")) == ("EUR 0.00", "EUR 0.00")
    told = town.look(sum_of, payout.id)
    assert told.adds_up
    assert (told.netted, told.left.minor) == (money("35.00 EUR"), 0)
    town.earns(amount="50.00 EUR")
    town.at(MONDAY + timedelta(days=7))
    (following,) = town.settles()
    told = town.look(sum_of, following.id)
    assert told.adds_up
    assert (told.netted.minor, told.carried.minor) == (0, 0), "what was netted before is not told again"


def test_money_taken_back_after_the_period_is_not_paid_out(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    town.post("refund", ("avail:S12", "40.00 EUR"), ("refund_payable:1", "-40.00 EUR"))
    (payout,) = town.settles()
    assert payout.taken == money("60.00 EUR")
    told = town.look(sum_of, payout.id)
    assert told.adds_up
    assert told.left == money("40.00 EUR")


# Conversion


def test_a_seller_paid_in_the_buyers_currency_gets_their_own_at_the_days_rate_and_spread() -> None:
    town = Town()
    town.store.write_now(lambda uow: uow.sellers.save(replace(uow.sellers.need("S11"), converts=Conversion.AT_PAYOUT)))
    town.earns("S11", "100.00 EUR")
    town.at(MONDAY)
    (payout,) = town.settles()
    assert (payout.taken, payout.sent) == (money("100.00 EUR"), money("782.10 CNY"))  # 7.9 less 1 %
    assert [str(rate.client) for rate in payout.rates] == ["7821/1000"]
    assert town.has("avail:S11") == "EUR 0.00"
    assert town.has("rev:fx_markup", "CNY") == "CNY 7.90"
    assert (town.has("fx:position", "EUR"), town.has("fx:position", "CNY")) == ("EUR 100.00", "CNY -790.00")
    operation = town.sent(payout)
    town.do(payout_failed, operation, "AC04")
    assert town.has("avail:S11", "CNY") == "CNY 782.10"


def test_a_sale_of_such_a_seller_waits_in_the_buyers_currency() -> None:
    world = World(tier=SellerTier.TRUSTED)
    world.do(choose_conversion, WEI, Conversion.AT_PAYOUT)
    order = world.orders(world.sells(WEI, "780.00 CNY"), by="sepa")
    world.pays(order)
    books = world.books()
    assert books["avail:S11"].startswith("EUR -")
    assert "fx:position" not in books
    (line,) = world.look(statement, "S11", NOON, NOON + timedelta(days=1)).parts[-1].lines
    assert (line.gross.asset, line.rate) == (EUR, None)


def test_without_a_rate_of_the_day_nobody_is_paid_at_a_guess(town: Town) -> None:
    town.store.write_now(lambda uow: uow.sellers.save(replace(uow.sellers.need("S11"), converts=Conversion.AT_PAYOUT)))
    town.earns("S11", "100.00 EUR")
    town.at(MONDAY + timedelta(days=30))
    assert town.settles() == []
    assert town.has("avail:S11") == "EUR 100.00"


def test_what_a_seller_is_owed_in_follows_their_choice() -> None:
    wei: Seller = Town().look(lambda uow: uow.sellers.need("S11"))
    assert (wei.owed_in(EUR), replace(wei, converts=Conversion.AT_PAYOUT).owed_in(EUR)) == (CNY, EUR)


# Frozen and held


def an_order(order: str, frozen: str = "") -> ShopOrder:
    line = OrderLine("P", "Tea", money("50.00 EUR"), 1)  # type: ignore[arg-type]
    return ShopOrder(OrderId(order), MAYA, "S12", OrderState.SHIPPED, (line,), NOON, frozen=frozen)  # type: ignore[arg-type]


def test_what_a_frozen_order_has_brought_stays() -> None:
    town = Town()
    for order, frozen in (("O1", ""), ("O2", "dispute")):
        town.store.write_now(lambda uow, o=order, f=frozen: uow.orders.add(an_order(o, f)))
        town.post(f"release:{order}:first", (f"escrow:{order}", "50.00 EUR"), ("avail:S12", "-50.00 EUR"), order=order)
    town.at(MONDAY)
    (payout,) = town.settles()
    assert payout.taken == money("50.00 EUR")
    town.at(MONDAY + timedelta(days=7))
    assert town.settles() == []
    town.store.write_now(lambda uow: uow.orders.save(replace(uow.orders.need("O2"), frozen="")))
    (rest,) = town.settles()
    assert rest.taken == money("50.00 EUR")


def test_a_held_payout_does_not_leave_and_neither_do_the_next_ones_of_that_seller(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    with pytest.raises(NotAllowed):
        town.do(hold, ROSA, payout.id)
    town.do(hold, ADA, payout.id)
    command = town.command(payout)
    assert command.state is OperationState.EXPIRED
    town.carry(command.id)
    assert town.rails["sepa"].sent == [], "a command that was held is not sent, whoever still carries it"
    town.earns(amount="50.00 EUR")
    town.at(MONDAY + timedelta(days=7))
    (second,) = town.settles()
    assert (second.state, second.operation) == (PayoutState.HELD, None)
    released = town.do(let_go, ADA, payout.id)
    assert (released.state, released.operation != command.id) == (PayoutState.RESERVED, True)
    with pytest.raises(NotToBePaid):
        town.do(let_go, ADA, payout.id)
    with pytest.raises(Gone):
        town.do(hold, ADA, "NONE")


def test_what_is_under_way_at_the_bank_cannot_be_held(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    (payout,) = town.settles()
    town.sent(payout)
    with pytest.raises(NotToBePaid):
        town.do(hold, ADA, payout.id)


def test_a_transfer_by_hand_is_proven_by_the_banks_reference(town: Town) -> None:
    town.earns("S11", "800.00 CNY")
    town.at(MONDAY)
    (payout,) = town.settles()
    with pytest.raises(NotToBePaid):
        town.do(paid_by_hand, ADA, payout.id, "ICBC 1")
    town.sent(payout, evidence=BY_HAND)
    with pytest.raises(NoReference):
        town.do(paid_by_hand, ADA, payout.id, " ")
    with pytest.raises(NotAllowed):
        town.do(paid_by_hand, WEI, payout.id, "ICBC 1")
    town.do(hold, ADA, payout.id)
    with pytest.raises(NotToBePaid):
        town.do(paid_by_hand, ADA, payout.id, "ICBC 1")
    town.do(let_go, ADA, payout.id)
    assert town.do(paid_by_hand, ADA, payout.id, "ICBC 1").evidence == "ICBC 1"
    assert town.has("clearing:hand", "CNY") == "CNY 800.00"


def test_of_a_transfer_that_waits_for_a_hand_the_admins_hear_once_a_day(town: Town) -> None:
    town.earns("S11", "800.00 CNY")
    town.at(MONDAY)
    (payout,) = town.settles()
    town.sent(payout, evidence=BY_HAND)
    town.news(ADA)
    town.do(byhand.remind)
    assert town.news(ADA) == [], "they were asked today"
    town.clock.let_pass(days=1)
    for _ in range(2):
        town.do(byhand.remind)
    assert town.news(ADA) == ["by_hand_waits"]
    town.do(hold, ADA, payout.id)
    town.clock.let_pass(days=1)
    assert not town.look(byhand.is_late, town.shop), "nobody is to make what is held"
    town.do(let_go, ADA, payout.id)
    assert [one.body["payout"] for one in town.look(byhand.waiting)] == [payout.id]
    town.do(paid_by_hand, ADA, payout.id, "ICBC 1")
    assert town.look(byhand.waiting) == []


# The rolling reserve


def releases(town: Town, order: str, reserve: str, part: str = "first") -> None:
    total = str(money(reserve) + money("10.00 EUR")).split()[1] + " EUR"
    legs = ((f"escrow:{order}", total), ("avail:S12", "-10.00 EUR"), ("reserve:S12", f"-{reserve}"))
    town.post(f"release:{order}:{part}", *legs, order=order)


def test_each_part_of_the_reserve_comes_free_after_its_days(town: Town) -> None:
    releases(town, "O1", "1.00 EUR")
    town.clock.let_pass(days=1)
    releases(town, "O2", "2.00 EUR")
    town.at(NOON + timedelta(days=60) - timedelta(seconds=1))
    town.settles()
    assert town.has("reserve:S12") == "EUR 3.00"
    town.at(NOON + timedelta(days=60))
    town.settles()
    town.settles()
    assert town.has("reserve:S12") == "EUR 2.00"
    assert town.look(lambda uow: uow.journal.posted("reserve:release:O1:first"))
    town.clock.let_pass(days=400)
    town.settles()
    assert town.has("reserve:S12") == "EUR 0.00"


def test_what_a_refund_took_of_the_reserve_is_not_set_free_again(town: Town) -> None:
    releases(town, "O1", "1.00 EUR")
    releases(town, "O1", "2.00 EUR", "rest")
    releases(town, "O2", "5.00 EUR")
    town.post("refund:O1", ("reserve:S12", "2.50 EUR"), ("refund_payable:1", "-2.50 EUR"), order="O1")
    town.clock.let_pass(days=60)
    town.settles()
    assert town.has("reserve:S12") == "EUR 0.00"
    freed = [
        town.look(lambda uow, k=k: uow.journal.posted(f"reserve:release:{k}"))
        for k in ("O1:first", "O1:rest", "O2:first")
    ]
    assert freed == [True, False, True]


def test_a_refund_that_took_other_orders_reserve_leaves_no_more_than_there_is(town: Town) -> None:
    releases(town, "O1", "1.00 EUR")
    releases(town, "O2", "5.00 EUR")
    town.post("refund:O1", ("reserve:S12", "5.50 EUR"), ("refund_payable:1", "-5.50 EUR"), order="O1")
    town.clock.let_pass(days=60)
    town.settles()
    assert town.has("reserve:S12") == "EUR 0.00"


# Statements


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["release", "refund", "debt", "settle", "done", "fail", "return", "week", "other"]),
        st.integers(1, 50_000),
        st.integers(0, 3),
    ),
    max_size=25,
)


def _live(town: Town, events: list[tuple[str, int, int]]) -> None:
    """A seller's life, as other parts of the shop would book it."""
    for number, (what, minor, pick) in enumerate(events):
        town.clock.let_pass(hours=7)
        order, amount = f"O{pick}", Money(minor, EUR)
        fee, kept = amount.share(300), amount.share(500)
        last = town.look(lambda uow: uow.payouts.find(seller="S12", limit=1))
        if what == "release":
            net = amount - fee - kept
            legs = (("rev:fee", -fee), ("reserve:S12", -kept), ("avail:S12", -net))
            _post(town, f"release:{order}:{number}", order, (f"escrow:{order}", amount), *legs)
        elif what == "refund":
            part, more = min(_has(town, "avail:S12"), amount), min(_has(town, "reserve:S12"), kept)
            owed = ("refund_payable:1", -part - more - fee)
            _post(town, f"refund:{number}", order, ("avail:S12", part), ("reserve:S12", more), ("rev:fee", fee), owed)
        elif what == "debt":
            _post(town, f"refund:{number}", order, ("seller_debt:S12", kept), ("refund_payable:1", -kept))
        elif what == "other":
            _post(town, f"misc:{number}", "", ("avail:S12", -fee), ("equity", fee))
        elif what == "week":
            town.clock.let_pass(days=7 + 30 * pick)
        elif what == "settle":
            town.settles()
        elif last and last[0].operation:
            _end(town, what, last[0])


def _end(town: Town, what: str, payout: Payout) -> None:
    operation = town.operation(payout.operation or "")
    if operation.state is OperationState.RESERVED:
        operation = town.sent(payout)
    if what == "done" and payout.state is PayoutState.RESERVED:
        town.do(payout_done, operation, "B")
    elif what == "fail":
        town.do(payout_failed, operation, "AC04")
    elif what == "return":
        town.do(payouts.payout_returned, payout.id, "B2")


def _has(town: Town, account: str) -> Money:
    return -town.look(lambda uow: uow.journal.balance(account, EUR))


def _post(town: Town, key: str, order: str, *legs: tuple[str, Money]) -> None:
    postings = [Leg(account, amount) for account, amount in legs if amount]
    if postings:
        made = entry(key, town.clock.now(), "test", *postings, order=OrderId(order) if order else None)
        town.store.write_now(lambda uow: uow.journal.post(made))


def _holdings(uow: UnitOfWork, of: Asset, at: datetime) -> Holdings:
    """What the journal itself says of a moment."""
    available, reserve, debt = (uow.journal.balance(f"{a}:S12", of, at) for a in ("avail", "reserve", "seller_debt"))
    return Holdings(-available, -reserve, debt)


@settings(deadline=None)
@given(_EVENTS, st.integers(0, 60), st.integers(0, 60))
def test_a_statement_adds_up_to_the_minor_unit_over_any_stretch_of_any_life(
    events: list[tuple[str, int, int]], since_days: int, length_days: int
) -> None:
    town = Town()
    _live(town, events)
    since = NOON + timedelta(days=since_days)
    until = since + timedelta(days=length_days)
    told: Statement = town.look(statement, "S12", since, until)
    for part in told.parts:
        total = part.opening
        for line in part.lines:
            assert since <= line.at < until
            assert line.gross - line.fee == line.change.total
            total = total + line.change
        assert total == part.closing
        assert town.look(_holdings, part.of, until - timedelta(microseconds=1)) == part.closing
    for payout in town.look(lambda uow: uow.payouts.find(limit=1000)):
        assert town.look(sum_of, payout.id).adds_up, payout


def test_a_statement_tells_each_sale_with_what_the_buyer_paid_and_the_rate() -> None:
    world = World(tier=SellerTier.TRUSTED)
    order = world.orders(world.sells(WEI, "780.00 CNY"), by="sepa")
    world.pays(order)
    told = world.look(statement, "S11", NOON, NOON + timedelta(days=1))
    (part,) = told.parts
    (line,) = part.lines
    assert (line.kind, line.order) == (LineKind.FIRST, order.id)
    assert (str(line.gross), str(line.fee)) == ("CNY 390.00", "CNY 9.75")
    assert line.paid == world.charge(order.id).amount
    assert line.rate is not None
    assert abs(line.rate * 100 - 782) < 5


def test_the_day_a_thing_happens_belongs_to_one_statement_only(town: Town) -> None:
    town.at(MONDAY)
    town.earns()
    for since, lines in ((MONDAY - timedelta(days=7), 0), (MONDAY, 1)):
        (part,) = town.look(statement, "S12", since, since + timedelta(days=7)).parts
        assert len(part.lines) == lines


# The account


@pytest.mark.parametrize(
    ("typed", "code", "kept"),
    [
        ("it60 x054 2811 1010 0000 0123 456", "EUR", PAYER_IBAN),
        ("390.533.447-05", "BRL", "39053344705"),
        ("16.727.230/0001-97", "BRL", "16727230000197"),
        ("Rosa@Example.com", "BRL", "rosa@example.com"),
        ("+5511987654321", "BRL", "+5511987654321"),
        ("123E4567-E89B-12D3-A456-426655440000", "BRL", "123e4567-e89b-12d3-a456-426655440000"),
        ("  ICBC   6222 0212 3456 7890 ", "CNY", "ICBC 6222 0212 3456 7890"),
    ],
)
def test_an_account_is_read_as_people_type_it(typed: str, code: str, kept: str) -> None:
    assert read_account(typed, asset(code)) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("IT60X0542811101000000123457", "EUR"),
        ("", "EUR"),
        ("39053344706", "BRL"),
        ("my usual bank", "CNY"),
        ("hello", "BRL"),
        ("abc", "CNY"),
        ("x" * 91, "CNY"),
    ],
)
def test_an_account_that_cannot_be_is_refused(typed: str, code: str) -> None:
    with pytest.raises(BadAccount):
        read_account(typed, asset(code))


def test_an_account_is_shown_only_in_part() -> None:
    assert (masked(PAYER_IBAN), masked("1234")) == ("IT…3456", "…34")


def test_a_changed_account_is_told_to_the_seller_and_the_admins(town: Town) -> None:
    town.do(give_account, ROSA, "DE02120300000000202051")
    with pytest.raises(BadHolder):
        town.do(give_holder, ROSA, " \n ")
    town.do(give_holder, ROSA, "Rosa Bianchi")
    assert (town.news(ROSA), town.news(ADA)) == (["account_changed"], ["account_changed"])
    with pytest.raises(NotAllowed):
        town.do(give_account, MAYA, PAYER_IBAN)


def test_an_account_half_given_is_not_paid_to(town: Town) -> None:
    town.do(give_account, ROSA, "DE02120300000000202051")  # and no holder yet
    town.earns()
    town.at(MONDAY)
    assert town.settles() == []


# The check


def _spoil(town: Town, **fields: object) -> list[int]:
    town.store.write_now(lambda uow: uow.payouts.save(replace(uow.payouts.find()[0], **fields)))
    return [found.invariant for found in town.look(check)]


def test_the_check_finds_a_payout_that_the_books_do_not_bear_out(town: Town) -> None:
    town.earns()
    town.at(MONDAY)
    town.settles()
    assert list(town.look(check)) == []
    assert _spoil(town, state=PayoutState.PAID) == [9, 9]
    assert _spoil(town, state=PayoutState.RESERVED, taken=money("90.00 EUR")) == [9]
    town.store.write_now(lambda uow: uow.payouts.save(replace(uow.payouts.find()[0], taken=money("100.00 EUR"))))
    town.post("stray", ("transit:NOBODY", "-1.00 EUR"), ("bank", "1.00 EUR"))
    assert [found.key for found in town.look(check)] == ["transit:NOBODY"]


def test_the_check_finds_a_seller_paid_twice_for_a_period(town: Town) -> None:
    town.earns(amount="200.00 EUR")
    town.at(MONDAY)
    (payout,) = town.settles()
    town.store.write_now(lambda uow: uow.payouts.add(replace(payout, id="AGAIN")))
    assert {found.key for found in town.look(check)} == {"payout:AGAIN", "avail:S12"}


def test_the_shipped_policy_settles_every_week() -> None:
    rules = shipped_policy().settlement
    assert (rules.schedule, str(rules.least)) == ("weekly", "EUR 20.00")
    assert policy(settlement=replace(rules, schedule="daily")).settlement.schedule == "daily"
