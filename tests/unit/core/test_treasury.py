"""What the shop is exposed to, what it keeps, and how a position is closed again at the rate it was booked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.channels.rates import shipped_rates
from core.errors import NotAllowed
from core.ids import OrderId, PersonId, QuoteId
from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.payments import refunds
from core.payments.fx import locks, positions, treasury
from core.payments.fx.locks import NoRoom
from core.payments.fx.pricing import TooLargeToLock, cart_digest
from core.payments.fx.quote import Quote, QuoteState
from core.payments.operations import IllegalMove
from core.payments.receiving import take_in
from core.payments.refund import Refund, RefundState
from core.policy import Policy
from core.shop.checkout import cancel, method_offers
from tests.builders import ADA, BRL, CNY, EUR, LIN, MAYA, NOON, ROSA, WEI, eur, fixings, money, policy
from tests.world import World


def rules(**fx: object) -> Policy:
    shipped = policy()
    return replace(shipped, limits=(), fx=replace(shipped.fx, **fx))  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World(rules=rules())


def quote_of(world: World, order: Any) -> Quote:
    found: Quote = world.look(lambda uow: uow.quotes.need(world.order(order.id).quote))
    return found


def sound(world: World) -> None:
    assert world.look(lambda uow: list(positions.check(uow))) == []


def exposures(world: World) -> dict[str, tuple[str, str]]:
    found = world.look(treasury.exposures, world.shop)
    return {one.of.code: (str(one.booked), str(one.locked)) for one in found}


def sale(world: World, price: str = "780 CNY", by: str = "sepa", seller: PersonId = WEI) -> Any:
    order = world.orders(world.sells(seller, price), by=by)
    world.pays(order)
    return order


def test_a_quote_is_bound_to_what_it_was_made_for(world: World) -> None:
    view = world.draft(world.sells(WEI, "780 CNY"))
    quote = view.quote
    assert quote is not None
    assert quote.cart == cart_digest(view.order)
    assert (quote.method, quote.payee) == ("sepa", "Sampan GmbH|DE02120300000000202051")
    assert quote.mid == world.shop.rates.mid(EUR, CNY, NOON.date()).rate
    assert quote.counter == quote.pay.converted(quote.mid, CNY)
    assert quote.policy == world.shop.policy.version


def test_what_is_locked_is_exposed_and_what_is_captured_is_booked(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))  # 101.00 EUR with the spread, 797.90 CNY at mid
    assert exposures(world) == {"CNY": ("CNY 0.00", "CNY -797.90")}
    sound(world)
    world.pays(order)
    assert exposures(world) == {"CNY": ("CNY -797.90", "CNY 0.00")}
    assert quote_of(world, order).state is QuoteState.USED
    sound(world)


def test_an_order_that_ends_unpaid_gives_back_what_it_had_locked(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))
    world.do(cancel, MAYA, order.id)
    assert exposures(world) == {}
    sound(world)


def test_a_sale_in_one_currency_exposes_nothing(world: World) -> None:
    sale(world, "100 EUR", seller=ROSA)
    assert exposures(world) == {}
    sound(world)


def test_no_rate_is_locked_past_the_exposure_of_the_policy() -> None:
    world = World(rules=rules(exposure=eur("150.00")))
    tea = world.sells(WEI, "790 CNY")
    first = world.orders(tea)
    drafted = world.draft(tea, LIN)
    with pytest.raises(NoRoom) as refusal:
        world.confirm(drafted)
    assert refusal.value.params == {"code": CNY}
    offers = world.look(method_offers, world.shop, LIN, drafted.order.id)
    assert {type(offer) for _, offer in offers} == {NoRoom}
    world.do(cancel, MAYA, first.id)
    assert world.confirm(drafted), "what was given back is free for another"
    sound(world)


def test_what_brings_a_currency_nearer_to_zero_is_never_refused() -> None:
    world = World(rules=rules(exposure=eur("150.00")))
    sale(world, "790 CNY", by="sepa")
    quote = quote_of(world, sale(world, "1 CNY"))
    opposite = replace(quote, pay=money("500 CNY"), owed=eur("60.00"), markup=eur("1.00") - eur("1.00"))
    assert world.look(locks.with_room, world.shop, opposite) == opposite


def test_more_than_the_cap_is_not_held_at_one_rate() -> None:
    world = World(rules=rules(cap=eur("100.00")))
    with pytest.raises(TooLargeToLock) as refusal:
        world.draft(world.sells(WEI, "790 CNY"))
    assert refusal.value.params == {"amount": eur("101.00"), "limit": eur("100.00")}
    assert world.draft(world.sells(ROSA, "2000 EUR")).quote, "no rate is held where none is needed"


def test_holding_a_rate_costs_a_share_of_what_it_is_worth_rounded_up() -> None:
    world = World(rules=rules())
    tea = world.sells(WEI, "790 CNY")
    plain = world.draft(tea).quote
    assert plain is not None
    assert not plain.lock_price, "a desk without a history asks nothing"
    world.shop.rates.history = shipped_rates()
    quote = world.draft(tea).quote
    assert quote is not None
    life = timedelta(minutes=15) + world.shop.policy.pay_within["sepa"]
    worth = world.shop.rates.history.lock_ppm("EUR", "CNY", life)
    assert 200 < worth < 600  # 2 to 6 basis points for 75 minutes
    exact = 10_100 * worth * 2_000 / 10**10
    assert exact <= quote.lock_price.minor < exact + 1
    assert quote.pay == eur("101.00") + quote.lock_price
    assert quote.pay.converted(quote.mid, CNY) == quote.counter == quote.owed + quote.markup


def test_nobody_pays_for_a_lock_where_no_rate_is_held(world: World) -> None:
    world.shop.rates.history = shipped_rates()
    same = world.draft(world.sells(ROSA, "100 EUR")).quote
    price_as_it_stands = world.draft(world.sells(WEI, "100 EUR")).quote
    seller_priced_abroad = world.draft(world.sells(ROSA, "790 CNY")).quote
    for quote in (same, price_as_it_stands, seller_priced_abroad):
        assert quote is not None
        assert not quote.lock_price


def test_a_quote_is_used_once(world: World) -> None:
    order = sale(world)
    with pytest.raises(IllegalMove):
        world.do(lambda uow, shop: locks.use(uow, shop, world.order(order.id), quote_of(world, order)))


def recheck(world: World, placed: Any, **changed: Any) -> locks.Recheck:
    quote = quote_of(world, placed)
    found: locks.Recheck = world.look(
        lambda uow: locks.recheck(uow, world.shop, world.order(placed.id), replace(quote, **changed), world.clock.now())
    )
    return found


def test_the_last_look_finds_what_was_changed(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))
    assert recheck(world, order).is_good(300)
    for changed in (
        {"cart": "another"}, {"payee": "Mallory|DE00"}, {"pay": eur("1.00")}, {"method": "pix"}, {"order": "X"},
    ):  # fmt: skip
        found = recheck(world, order, **changed)
        assert not found.bound
        assert not found.is_good(10_000)
    assert not recheck(world, order, state=QuoteState.EXPIRED).locked
    assert not recheck(world, order, expires_at=NOON - timedelta(seconds=1)).in_time


def test_a_rate_that_ran_away_is_told_and_the_promise_is_kept(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))
    world.shop.rates.learn(fixings(source="admin", CNY="7.5"))  # the euros will buy 5 % less
    found = recheck(world, order)
    assert (found.bound, found.moved_bp, found.slip) == (True, -506, money("-40.40 CNY"))
    world.pays(order)
    assert "rate_moved" in world.news(ADA)
    assert quote_of(world, order).state is QuoteState.USED
    assert exposures(world)["CNY"] == ("CNY -797.90", "CNY 0.00"), "booked at the quote's mid"


def test_a_payment_made_in_time_and_told_late_uses_its_quote_in_time(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))
    fact = world.fact(order)
    world.clock.let_pass(minutes=61)  # past the deadline, within the bank's grace
    world.do(take_in, fact)
    quote = quote_of(world, order)
    assert (quote.state, quote.used_at) == (QuoteState.USED, NOON)
    assert {"rate_moved", "quote_broken"}.isdisjoint(world.news(ADA))
    sound(world)


def test_a_rate_that_moved_a_little_is_nobodys_business(world: World) -> None:
    order = world.orders(world.sells(WEI, "790 CNY"))
    world.shop.rates.learn(fixings(source="admin", CNY="7.7"))
    world.pays(order)
    assert "rate_moved" not in world.news(ADA)


def hedge(world: World, sold: str, bought: str, reference: str = "D1") -> Any:
    return world.store.write_now(treasury.hedge, world.shop, ADA, money(sold), money(bought), reference)


def test_a_hedge_closes_the_position_at_the_rate_it_was_booked_at(world: World) -> None:
    """The figures of the design: EUR 100 at a mid of 7.90, hedged at 7.88."""
    sale(world, "782.18 CNY")  # 100.00 EUR to pay
    assert world.books()["fx:position"] == "CNY 790.00, EUR -100.00"
    done = hedge(world, "100 EUR", "788 CNY")
    books = world.books()
    assert "fx:position" not in books
    assert (books["bank"], books["pnl:fx"]) == ("CNY 788.00, EUR -100.00", "CNY 2.00")
    assert done.carried == money("790 CNY")
    sound(world)
    assert world.look(treasury.results, world.shop, month=True) == [
        treasury.Result(money("7.82 CNY"), money("-2.00 CNY"))
    ]


def test_a_position_is_closed_in_parts_and_none_of_it_is_left(world: World) -> None:
    sale(world, "782.18 CNY")
    world.shop.rates.learn(fixings(source="admin", CNY="8.0"))
    assert hedge(world, "33.33 EUR", "265 CNY").carried == money("263.31 CNY")
    hedge(world, "66.67 EUR", "530 CNY", "D2")
    assert "fx:position" not in world.books()
    sound(world)


def test_a_position_may_be_closed_through_a_third_currency(world: World) -> None:
    sale(world, "790 CNY", by="pix")
    brl = world.look(locks.booked, BRL)
    assert brl > Money(0, BRL)
    assert str(-world.look(locks.booked, CNY)) == "CNY 797.90"
    done = hedge(world, str(brl.decimal) + " BRL", "100.00 EUR")
    assert done.carried == eur("100.00"), "nothing of the euro was short: it is bought as it is"
    assert world.books()["fx:position"] == "CNY 797.90, EUR -100.00"
    hedge(world, "100 EUR", "780 CNY", "D2")
    books = world.books()
    assert "fx:position" not in books
    assert books["pnl:fx"] == "CNY 17.90"
    sound(world)


def test_a_book_of_many_currencies_ends_at_nothing_whatever_the_order_of_the_deals(world: World) -> None:
    sale(world, "790 CNY", by="pix")
    sale(world, "390 CNY", by="sepa")
    sale(world, "100 EUR", by="pix", seller=ROSA)
    world.shop.rates.learn(fixings(source="admin", CNY="7.6", BRL="6.4"))
    for number in range(6):
        deals = world.look(treasury.proposals, world.shop)
        if not deals:
            break
        sell, buy = (f"{side.decimal} {side.asset}" for side in (deals[0].sell, deals[0].buy))
        hedge(world, sell, buy, f"D{number}")
        sound(world)
    left = {code: minor for (_, code), minor in world.look(lambda uow: uow.journal.totals("fx:position")).items()}
    assert all(abs(minor) <= 2 for minor in left.values()), left


REFUSED: list[tuple[str, str, str, type[Exception]]] = [
    ("100.01 EUR", "788 CNY", "D", treasury.NotOpen),
    ("10 CNY", "1.27 EUR", "D", treasury.NotOpen),
    ("100 EUR", "100 EUR", "D", treasury.BadHedge),
    ("100 EUR", "788 CNY", "", treasury.BadHedge),
    ("100 EUR", "788 CNY", "x" * 65, treasury.BadHedge),
    ("100 EUR", "7880 CNY", "D", treasury.OddDeal),
    ("100 EUR", "78.80 CNY", "D", treasury.OddDeal),
]


@pytest.mark.parametrize(("sold", "bought", "reference", "refusal"), REFUSED)
def test_a_deal_that_cannot_be_is_not_booked(
    world: World, sold: str, bought: str, reference: str, refusal: type[Exception]
) -> None:
    sale(world, "782.18 CNY")
    before = world.books()
    with pytest.raises(refusal):
        hedge(world, sold, bought, reference)
    assert world.books() == before


def test_a_deal_is_booked_once_and_by_an_admin_alone(world: World) -> None:
    sale(world, "782.18 CNY")
    hedge(world, "50 EUR", "394 CNY")
    with pytest.raises(treasury.HedgeKnown):
        hedge(world, "50 EUR", "394 CNY")
    with pytest.raises(NotAllowed):
        world.store.write_now(treasury.hedge, world.shop, WEI, eur("1.00"), money("7.88 CNY"), "D2")
    assert [line.command for line in world.look(lambda uow: uow.audit.find(actor=ADA))] == ["hedge"]


def test_admins_are_told_once_a_day_and_currency_of_a_position_past_the_limit() -> None:
    world = World(rules=rules(exposure=eur("102.00")))
    sale(world, "790 CNY")
    assert not world.look(treasury.is_alarming, world.shop)
    world.shop.rates.learn(fixings(source="admin", CNY="7.5"))  # the yuan rose: 106.39 EUR are open now
    assert world.look(treasury.is_alarming, world.shop)
    world.news(ADA)
    for _ in range(3):
        world.do(treasury.watch)
        world.clock.let_pass(hours=1)
    assert world.news(ADA) == ["exposure"]
    world.clock.let_pass(hours=12)
    world.do(treasury.watch)
    assert world.news(ADA) == ["exposure"]


def test_the_buffer_is_for_the_side_that_is_open(world: World) -> None:
    world.shop.rates.history = shipped_rates()
    sale(world, "790 CNY", by="pix")
    book = world.look(treasury.book, world.shop)
    by_code = {one.of.code: one for one in book.exposures}
    days = world.shop.policy.fx.hedge_days
    for code, pair in (("CNY", ("EUR", "CNY")), ("BRL", ("BRL", "EUR"))):
        share = world.shop.rates.history.buffer_bp(*pair, days)
        one = by_code[code]
        assert 0 <= one.buffer.minor - abs(one.worth.minor) * share / 10_000 < 1
    assert book.buffer == by_code["CNY"].buffer + by_code["BRL"].buffer
    assert book.net == by_code["BRL"].worth, "the long and the short are netted, not added"


def test_offers_count_as_far_as_shoppers_pay_them(world: World) -> None:
    tea = world.sells(WEI, "790 CNY")
    sale(world, "790 CNY")
    world.draft(tea, LIN)
    world.draft(tea, LIN)  # the older one of one person still stands: two drafts are two carts
    found = {one.of.code: one for one in world.look(treasury.book, world.shop).exposures}
    assert found["CNY"].forecast == money("-531.93 CNY")  # two offers, one order of three was paid
    world.clock.let_pass(minutes=16)
    assert not world.look(treasury.book, world.shop).exposures[0].forecast


def test_reserves_are_told_against_the_mix_that_the_policy_wants() -> None:
    world = World(rules=replace(rules(), reserves={"EUR": 6_000, "CNY": 4_000}))
    sale(world, "782.18 CNY")
    sale(world, "100 EUR", seller=ROSA)
    hedge(world, "100 EUR", "790 CNY")
    found = {one.held.asset.code: one for one in world.look(treasury.reserves, world.shop)}
    assert (found["EUR"].held, found["EUR"].share_bp, found["EUR"].target_bp) == (eur("100.00"), 5_000, 6_000)
    assert (found["CNY"].held, found["CNY"].share_bp, found["CNY"].target_bp) == (money("790 CNY"), 5_000, 4_000)


def broken(world: World, harm: Callable[[Any], object]) -> list[str]:
    world.store.write_now(harm)
    return [one.what for one in world.look(lambda uow: list(positions.check(uow)))]


def test_the_check_finds_a_quote_used_late_a_counter_that_drifted_and_a_stray_leg(world: World) -> None:
    order = sale(world)
    sound(world)
    quote = quote_of(world, order)
    late = replace(quote, used_at=quote.expires_at + timedelta(seconds=1))
    assert broken(world, lambda uow: uow.quotes.save(late)) == ["the quote was used after its deadline"]
    world.store.write_now(lambda uow: uow.quotes.save(replace(uow.quotes.need(quote.id), used_at=NOON)))
    drifted = broken(world, lambda uow: uow.counters.shift("fx.locked|CNY", "used", 5))
    assert drifted == ["CNY 0.05 are counted as locked, and the locked quotes say CNY 0.00"]


def test_the_check_takes_a_refund_for_what_it_is(world: World) -> None:
    order = sale(world)
    world.do(refunds.refund_order, ADA, order.id)
    world.run_errands()
    sound(world)
    assert exposures(world) == {}


def test_the_check_finds_a_refund_that_left_the_position_open(world: World) -> None:
    order = sale(world)
    (receipt,) = world.look(lambda uow: uow.receipts.find(order=order.id))
    refund = Refund(
        "F1", receipt.id, Money(100, receipt.amount.asset), "unapplied:pix", RefundState.DONE, "order", NOON, order.id
    )
    found = broken(world, lambda uow: uow.refunds.add(refund))
    assert found == ["the open position of the order is not what was captured less refunded"]


def test_the_check_finds_a_position_of_an_order_that_is_not_there(world: World) -> None:
    sale(world)
    legs = (debit(accounts.POSITION, eur("5.00")), credit(accounts.FX_RESULT, eur("5.00")))
    stray = entry("capture:NO", NOON, "capture", *legs, order=OrderId("NO"))
    found = broken(world, lambda uow: uow.journal.post(stray))
    assert found == ["it was moved for orders that are not there"]


def test_the_check_finds_a_second_quote_that_was_used(world: World) -> None:
    quote = quote_of(world, sale(world))
    found = broken(world, lambda uow: uow.quotes.add(replace(quote, id=QuoteId("2ND"), version=0)))
    assert found == ["a quote was used that is not its order’s, or a second one of it"]
