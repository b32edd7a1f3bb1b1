"""Disputes as banks bring them: warned, opened, won, lost, larger than the payment, twice, and in any order."""

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Gone
from core.ids import PersonId
from core.ledger import accounts
from core.money import asset, zero
from core.payments import sums
from core.payments.choices import apply_to
from core.payments.disputes.answering import NotWarned, give_up, hand_in, refund_to_avoid
from core.payments.disputes.cases import NotOpenCase, Stage, hear_dispute
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.disputes.frozen import check
from core.payments.disputes.monitoring import let_go, watch
from core.payments.escrow import Frozen
from core.payments.recon import unsettled
from core.payments.recon.bankline import LineKind
from core.payments.recon.booking import take_line
from core.payments.recon.reported import Reported, Taken
from core.payments.refunds import NothingToRefund, refund_order, refund_receipt
from core.people import SellerTier
from core.shop.deadlines import refund_unshipped, release_due
from core.shop.orders import Order, OrderState
from core.shop.receiving import confirm_receipt
from tests.builders import ADA, LIN, MAYA, ROSA, WEI, money
from tests.world import World


def sold(price: str = "780.00 CNY", by: str = "sepa", tier: SellerTier = SellerTier.STANDARD) -> tuple[World, Order]:
    world = World(tier=tier)
    order = world.orders(world.sells(WEI if price.endswith("CNY") else ROSA, price), by=by)
    world.pays(order, id="E1")
    world.run_errands()
    world.told.clear()
    return world, world.order(order.id)


def hears(world: World, stage: Stage, amount: str = "", *, case: str = "C1", fact: str = "E1", **more: Any) -> Dispute:
    receipt = world.look(lambda uow: uow.receipts.find(fact=fact)[0])
    asked = money(amount) if amount else receipt.amount
    heard = world.do(hear_dispute, receipt.channel, case, stage, fact=fact, amount=asked, **more)
    assert heard is not None
    for proof in (check, sums.check):
        assert world.look(lambda uow, proof=proof: list(proof(uow))) == []
    return heard


def _seller(order: Order) -> PersonId:
    return {"S11": WEI, "S12": ROSA}[order.seller]


NOTHING = zero(asset("EUR"))

STAGES: dict[str, Callable[[World, Order], object]] = {
    "before any release": lambda world, order: None,
    "after a part was released": lambda world, order: world.ships(order, _seller(order)),
    "after all was released": lambda world, order: (world.ships(order, _seller(order)), world.receives(order)),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("tier", list(SellerTier))
def test_103_of_100_lost_costs_the_shop_the_three_and_the_fee(stage: str, tier: SellerTier) -> None:
    world, order = sold(tier=tier)
    STAGES[stage](world, order)
    paid = world.charge(order.id).amount
    more = paid + money("3.00 EUR")
    case = hears(world, Stage.OPENED, f"{more.decimal} EUR", fee=money("15.00 EUR"))
    books = world.books()
    assert books["dispute_recv"] == str(more) and books["exp:dispute"] == "EUR 15.00"
    assert books[accounts.hold(case.id)] == "CNY -780.00"
    assert books["clearing:sepa"] == str(paid - more - money("15.00 EUR"))
    assert not any(name.startswith(("escrow", "rev:fee", "avail", "reserve")) for name in books)
    hears(world, Stage.LOST, f"{more.decimal} EUR")
    assert world.books() == {
        "clearing:sepa": str(-(money("18.00 EUR"))), "exp:chargeback": "EUR 3.00", "exp:dispute": "EUR 15.00",
    }  # fmt: skip
    assert (world.order(order.id).state, world.order(order.id).frozen) == (OrderState.REFUNDED, "")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("tier", list(SellerTier))
def test_103_of_100_won_leaves_all_as_it_was_but_the_fee(stage: str, tier: SellerTier) -> None:
    world, order = sold(tier=tier)
    STAGES[stage](world, order)
    before, state = world.books(), world.order(order.id).state
    hears(world, Stage.OPENED, "103.00 EUR", fee=money("15.00 EUR"))
    hears(world, Stage.WON, "103.00 EUR")
    after = world.books()
    assert after.pop("exp:dispute") == "EUR 15.00"
    paid = world.charge(order.id).amount
    assert after.pop("clearing:sepa") == str(paid - money("15.00 EUR")) and before.pop("clearing:sepa") == str(paid)
    assert after == before
    assert (world.order(order.id).state, world.order(order.id).frozen) == (state, "")


MESSAGES: list[tuple[Stage, int]] = [(Stage.WARNED, 0), (Stage.OPENED, 1), (Stage.LOST, 2), (Stage.WON, 3)]


@pytest.mark.parametrize("until", [1, 2, 3, 4])
def test_messages_in_any_order_and_twice_end_in_the_same_books(until: int) -> None:
    ends = set()
    for told in itertools.permutations(MESSAGES[:until]):
        world, order = sold("100.00 EUR")
        noon = world.clock.now()
        for stage, days in (*told, told[0]):
            hears(
                world, stage, fee=money("15.00 EUR") if stage >= Stage.OPENED else None, at=noon + timedelta(days=days)
            )
        books = {name.replace(case_id(world), "case"): amount for name, amount in world.books().items()}
        ends.add((str(books), case(world).state, bool(world.order(order.id).frozen)))
    assert len(ends) == 1


def case(world: World) -> Dispute:
    found: Dispute = world.look(lambda uow: uow.disputes.find(limit=1)[0])
    return found


def case_id(world: World) -> str:
    return case(world).id


def test_a_second_round_takes_the_money_again() -> None:
    world, _order = sold()
    hears(world, Stage.OPENED)
    hears(world, Stage.WON)
    before = world.books()
    assert hears(world, Stage.OPENED).state is DisputeState.WON  # the first round's, told once more
    assert world.books() == before
    hears(world, Stage.OPENED, round=2)
    assert world.books()["hold:" + case_id(world)] == "CNY -780.00"
    hears(world, Stage.LOST, round=2)
    assert world.books() == {}


def test_a_lost_case_that_is_won_after_all_brings_the_sale_back() -> None:
    world, order = sold()
    world.ships(order, _seller(order))
    before = world.books()
    hears(world, Stage.LOST)
    world.clock.let_pass(days=3)
    hears(world, Stage.WON)
    assert world.books() == before
    assert world.order(order.id).state is OrderState.SHIPPED
    world.receives(order)


@pytest.mark.parametrize("tier", list(SellerTier))
@pytest.mark.parametrize("again", [[Stage.WON], [Stage.OPENED, Stage.WON]])
def test_what_a_case_won_late_brings_back_into_escrow_is_released_as_the_rest_was(
    tier: SellerTier, again: list[Stage]
) -> None:
    world, order = sold("780.00 CNY", by="pix", tier=tier)
    part = f"{world.charge(order.id).amount.share(3333).decimal} BRL"
    world.ships(order, _seller(order))
    hears(world, Stage.LOST, part)
    world.clock.let_pass(days=1)
    world.receives(order)
    world.run_errands()
    world.told.clear()
    for stage in again:
        world.clock.let_pass(days=3)
        hears(world, stage, part, round=2)
    world.run_errands()
    assert "settled" in world.news(_seller(order))
    untroubled, same = sold("780.00 CNY", by="pix", tier=tier)
    untroubled.ships(same, _seller(same))
    untroubled.receives(same)
    assert {name for name in world.books() if name.startswith("escrow")} == set()
    in_parts, at_once = (shares(one) for one in (world, untroubled))
    assert sum(in_parts.values()) == sum(at_once.values()) == 78_000
    assert all(abs(in_parts[name] - at_once[name]) <= 2 for name in at_once)  # each part's fee is rounded once
    world.refunds(order)
    world.run_errands()
    assert world.books() == {}


def shares(world: World) -> Counter[str]:
    """What the seller's side of the only sale has become, in minor units."""
    totals = world.look(lambda uow: uow.journal.totals(""))
    pockets = ("avail", "reserve", accounts.FEES)
    return Counter(
        {name: -minor for (name, code), minor in totals.items() if code == "CNY" and name.startswith(pockets)}
    )


def test_what_an_admin_has_frozen_is_released_once_they_let_it_go() -> None:
    world, order = sold("780.00 CNY", by="pix")
    part = f"{world.charge(order.id).amount.share(3333).decimal} BRL"
    world.ships(order, _seller(order))
    hears(world, Stage.LOST, part)
    world.receives(order)
    world.do(watch, ADA, order.id, "a strange buyer")
    hears(world, Stage.WON, part)
    assert any(name.startswith("escrow") for name in world.books())
    world.do(let_go, ADA, order.id)
    assert not any(name.startswith("escrow") for name in world.books())


def test_what_a_case_won_late_brings_back_of_a_sale_that_was_refunded_else_is_its_sellers() -> None:
    world, order = sold("780.00 CNY", by="pix")
    part = f"{world.charge(order.id).amount.share(3333).decimal} BRL"
    world.ships(order, _seller(order))
    hears(world, Stage.LOST, part)
    world.refunds(order)
    hears(world, Stage.WON, part)
    assert world.order(order.id).state is OrderState.REFUNDED
    assert not any(name.startswith("escrow") for name in world.books())


@pytest.mark.parametrize("tier", list(SellerTier))
def test_what_a_case_won_late_brings_back_of_goods_that_never_left_goes_back_to_their_payer(tier: SellerTier) -> None:
    world, order = sold("780.00 CNY", by="pix", tier=tier)
    part = f"{world.charge(order.id).amount.share(3333).decimal} BRL"
    hears(world, Stage.LOST, part)
    world.refunds(order)
    hears(world, Stage.WON, part)
    world.run_errands()
    assert world.order(order.id).state is OrderState.REFUNDED
    assert world.books() == {}


def test_a_warning_moves_nothing_and_freezes_all() -> None:
    world, order = sold()
    world.ships(order, _seller(order))
    before = world.books()
    warned = hears(world, Stage.WARNED)
    assert world.books() == before
    assert world.order(order.id).frozen == f"dispute:{warned.id}"
    with pytest.raises(Frozen):
        world.do(refund_order, ADA, order.id)
    with pytest.raises(Frozen):
        world.do(confirm_receipt, MAYA, order.id)
    world.clock.let_pass(days=60)
    assert world.do(release_due) == [] and world.do(refund_unshipped) == []
    assert world.books() == before
    hears(world, Stage.CLOSED)
    assert len(world.do(release_due)) == 1


def test_the_seller_may_refund_at_the_warning_and_not_later() -> None:
    world, order = sold()
    warned = hears(world, Stage.WARNED)
    for who in (MAYA, LIN, ROSA):
        with pytest.raises(Gone):
            world.do(refund_to_avoid, who, warned.id)
    world.do(refund_to_avoid, WEI, warned.id)
    world.run_errands()
    assert world.books() == {} and case(world).state is DisputeState.CLOSED
    with pytest.raises(NotWarned):
        world.do(refund_to_avoid, WEI, warned.id)
    # The bank takes it all the same: that is the shop's loss, and the admins are alarmed.
    world.told.clear()
    hears(world, Stage.OPENED)
    assert "dispute_excess" in world.news(ADA)
    hears(world, Stage.LOST)
    paid = world.charge(order.id).amount
    assert world.books() == {"clearing:sepa": str(-paid), "exp:chargeback": str(paid)}


def test_what_was_refunded_in_part_is_charged_back_whole() -> None:
    world, order = sold("100.00 EUR")
    world.refunds(order, "40.00 EUR")
    world.run_errands()
    hears(world, Stage.OPENED)
    assert world.books()["hold:" + case_id(world)] == "EUR -60.00"
    hears(world, Stage.LOST)
    assert world.books() == {"clearing:sepa": "EUR -40.00", "exp:chargeback": "EUR 40.00"}
    assert world.order(order.id).state is OrderState.REFUNDED


def test_two_cases_of_one_payment_take_it_once() -> None:
    world, order = sold("100.00 EUR")
    hears(world, Stage.OPENED)
    second = hears(world, Stage.OPENED, case="C2")
    assert (second.covered, world.order(order.id).frozen) == (NOTHING, f"dispute:{case_of(world, 'C1').id}")
    hears(world, Stage.WON)
    assert case_of(world, "C2").covered == money("100.00 EUR"), "what the first gave free is secured for the second"
    assert world.order(order.id).frozen == f"dispute:{second.id}"
    hears(world, Stage.LOST, case="C2")
    assert world.books() == {}


def case_of(world: World, name: str) -> Dispute:
    found: Dispute = world.look(lambda uow: uow.disputes.find(case=name)[0])
    return found


def test_one_lost_and_one_won_in_parts_leave_the_sale_its_part() -> None:
    world, order = sold("780.00 CNY", by="pix")
    paid = world.charge(order.id).amount
    part = paid.share(3333)
    world.ships(order, _seller(order))
    hears(world, Stage.OPENED, f"{part.decimal} BRL")
    hears(world, Stage.OPENED, f"{part.decimal} BRL", case="C2", taken=False)
    hears(world, Stage.LOST, f"{part.decimal} BRL")
    assert world.order(order.id).frozen
    hears(world, Stage.WON, f"{part.decimal} BRL", case="C2")
    world.receives(order)
    world.refunds(order)
    world.run_errands()
    assert world.books() == {}


def test_money_that_was_held_for_its_payer_pays_the_case_first() -> None:
    world, order = sold("100.00 EUR")
    world.pays(order, id="E2", amount="100.00 EUR")  # paid twice: this one is held
    opened = hears(world, Stage.OPENED, fact="E2")
    assert (opened.order, opened.held, opened.covered) == (None, money("100.00 EUR"), NOTHING)
    assert not world.order(order.id).frozen
    with pytest.raises(NothingToRefund):
        world.do(refund_receipt, MAYA, opened.receipt)
    hears(world, Stage.WON, fact="E2")
    assert world.receipt(opened.receipt).held == money("100.00 EUR")
    hears(world, Stage.LOST, fact="E2", round=2)
    assert world.books()["clearing:sepa"] == "EUR 100.00" and "exp:chargeback" not in world.books()


def test_a_case_of_a_payment_nobody_knows_is_to_be_heard_again() -> None:
    world, _ = sold()
    heard = world.do(hear_dispute, "sepa", "C9", Stage.OPENED, fact="E404", amount=money("1.00 EUR"))
    assert heard is None and world.look(lambda uow: uow.disputes.count()) == 0


def test_an_admin_hands_in_the_evidence_or_gives_up() -> None:
    world, _order = sold()
    opened = hears(world, Stage.OPENED)
    assert world.do(hand_in, ADA, opened.id).state is DisputeState.EVIDENCE
    with pytest.raises(NotOpenCase):
        world.do(hand_in, ADA, opened.id)
    assert world.do(give_up, ADA, opened.id).state is DisputeState.LOST
    assert world.books() == {}


def test_everybody_concerned_hears_of_it() -> None:
    world, _order = sold()
    for stage, kind in ((Stage.WARNED, "warned"), (Stage.OPENED, "opened"), (Stage.LOST, "lost")):
        hears(world, stage)
        for who in (MAYA, WEI, ADA):
            assert world.news(who) == [f"dispute_{kind}"]


def line(world: World, kind: LineKind, gross: str, *, fact: str = "L1", fee: str = "") -> Taken:
    told = Reported(
        "sepa", kind, fact, money(gross), world.clock.now(), money(fee) if fee else None, of="E1", reason="FOCR"
    )
    return world.store.write_now(take_line, world.shop, "statement", told)  # the world's judge knows no bank


def clearing_is_explained(world: World) -> bool:
    return not world.look(lambda uow: list(unsettled.check(uow)))


def test_a_recall_in_the_statement_opens_a_case_and_its_return_wins_it() -> None:
    world, order = sold("100.00 EUR")
    line(world, LineKind.PAYMENT, "100.00 EUR", fact="E1")
    assert line(world, LineKind.CHARGEBACK, "-100.00 EUR", fee="15.00 EUR") is Taken.MATCHED
    assert case(world).state is DisputeState.OPEN and world.order(order.id).frozen
    assert world.books()["exp:dispute"] == "EUR 15.00" and "exp:processor" not in world.books()
    assert "clearing:sepa" not in world.books() and clearing_is_explained(world)
    assert line(world, LineKind.RETURN, "100.00 EUR", fact="L2") is Taken.MATCHED
    assert case(world).state is DisputeState.WON and not world.order(order.id).frozen
    assert world.books()["bank"] == "EUR 85.00" and clearing_is_explained(world)


@pytest.mark.parametrize("line_first", [True, False])
def test_the_banks_word_and_its_statement_are_one_case(line_first: bool) -> None:
    world, _ = sold("100.00 EUR")
    line(world, LineKind.PAYMENT, "100.00 EUR", fact="E1")
    for told_by_line in (line_first, not line_first):
        if told_by_line:
            assert line(world, LineKind.CHARGEBACK, "-100.00 EUR", fee="15.00 EUR") is Taken.MATCHED
        else:
            asked = {"fact": "E1", "amount": money("100.00 EUR"), "fee": money("15.00 EUR")}
            world.store.write_now(hear_dispute, world.shop, "sepa", "C1", Stage.OPENED, **asked)
        assert clearing_is_explained(world)
    assert (world.look(lambda uow: uow.disputes.count()), case(world).case) == (1, "C1")
    assert "clearing:sepa" not in world.books()


@pytest.mark.parametrize("steps", list(itertools.permutations(["told", "taken", "fee"])))
def test_a_fee_with_a_line_of_its_own_is_the_one_that_was_told_with_the_case(steps: tuple[str, ...]) -> None:
    """But for a fee that nobody had told of when its line came: that is a cost, and the case's fee stays listed."""
    world, _ = sold("100.00 EUR")
    line(world, LineKind.PAYMENT, "100.00 EUR", fact="E1")
    asked = {"fact": "E1", "amount": money("100.00 EUR"), "fee": money("15.00 EUR")}
    for step in steps:
        if step == "told":
            world.store.write_now(hear_dispute, world.shop, "sepa", "C1", Stage.OPENED, **asked)
        elif step == "taken":
            assert line(world, LineKind.CHARGEBACK, "-100.00 EUR") is Taken.MATCHED
        else:
            assert line(world, LineKind.FEE, "-15.00 EUR", fact="F1") is Taken.MATCHED
            assert line(world, LineKind.FEE, "-15.00 EUR", fact="F1") is Taken.KNOWN
        assert clearing_is_explained(world), step
    books, too_early = world.books(), steps.index("fee") < steps.index("told")
    assert books["bank"] == "EUR -15.00" and books["exp:dispute"] == "EUR 15.00"
    assert books.get("exp:processor") == ("EUR 15.00" if too_early else None)
    assert books.get("clearing:sepa") == ("EUR -15.00" if too_early else None)


def test_a_fee_for_a_warning_alone_has_its_line() -> None:
    world, _ = sold("100.00 EUR")
    line(world, LineKind.PAYMENT, "100.00 EUR", fact="E1")
    asked = {"fact": "E1", "amount": money("100.00 EUR"), "fee": money("15.00 EUR"), "taken": False}
    world.store.write_now(hear_dispute, world.shop, "sepa", "C1", Stage.OPENED, **asked)
    assert world.books()["clearing:sepa"] == "EUR -15.00" and clearing_is_explained(world)
    line(world, LineKind.FEE, "-15.00 EUR", fact="F1")
    line(world, LineKind.FEE, "-15.00 EUR", fact="F2")
    assert world.books()["exp:processor"] == "EUR 15.00", "the second one is another fee"
    assert "clearing:sepa" not in world.books() and clearing_is_explained(world)


# One payment of two orders


def paid_two() -> tuple[World, Order, Order]:
    """EUR 200.00 came for an order of 100.00; the owner let it pay one of 60.00, too, and 40.00 are held."""
    world = World()
    first = world.orders(world.sells(ROSA, "100.00 EUR"))
    second = world.orders(world.sells(ROSA, "60.00 EUR"))
    receipt = world.pays(first, id="E1", amount="200.00 EUR")
    world.do(apply_to, MAYA, receipt.id, second.id)
    world.run_errands()
    return world, first, second


@pytest.mark.parametrize(("asked", "excess"), [("203.00 EUR", "EUR 3.00"), ("160.00 EUR", None)])
def test_a_case_about_a_payment_of_two_orders_is_lost_by_both(asked: str, excess: str | None) -> None:
    world, first, second = paid_two()
    fee = {"fee": money("15.00 EUR")}
    hears(world, Stage.OPENED, asked, **fee)
    assert all(world.order(one.id).frozen for one in (first, second))
    hears(world, Stage.OPENED, asked, **fee)
    hears(world, Stage.LOST, asked)
    assert world.books().get("exp:chargeback") == excess
    assert world.books()["exp:dispute"] == "EUR 15.00"
    assert [world.order(one.id).state for one in (first, second)] == [OrderState.REFUNDED] * (2 if excess else 1) + (
        [] if excess else [OrderState.PAID]
    )
    assert not any(world.order(one.id).frozen for one in (first, second))


@pytest.mark.parametrize("asked", ["203.00 EUR", "130.00 EUR", "50.00 EUR"])
def test_a_case_about_a_payment_of_two_orders_that_is_won_leaves_all_as_it_was(asked: str) -> None:
    world, first, second = paid_two()
    before = world.books()
    hears(world, Stage.WARNED, asked)
    hears(world, Stage.OPENED, asked)
    hears(world, Stage.LOST, asked)
    hears(world, Stage.WON, asked, round=2)
    assert world.books() == before
    assert [world.order(one.id).state for one in (first, second)] == [OrderState.PAID, OrderState.PAID]


@pytest.mark.parametrize("line_first", [True, False])
def test_the_bank_line_of_such_a_case_is_one(line_first: bool) -> None:
    world, _, _ = paid_two()
    line(world, LineKind.PAYMENT, "200.00 EUR", fact="E1")
    for told_by_line in (line_first, not line_first):
        if told_by_line:
            assert line(world, LineKind.CHARGEBACK, "-200.00 EUR", fee="15.00 EUR") is Taken.MATCHED
        else:
            asked = {"fact": "E1", "amount": money("200.00 EUR"), "fee": money("15.00 EUR")}
            world.store.write_now(hear_dispute, world.shop, "sepa", "C1", Stage.OPENED, **asked)
        assert clearing_is_explained(world)
    assert [one.case for one in world.look(lambda uow: uow.disputes.find(newest=False))].count("C1") == 1
    assert world.look(lambda uow: uow.disputes.count()) == 2
    assert "clearing:sepa" not in world.books()
    assert line(world, LineKind.RETURN, "200.00 EUR", fact="L2") is Taken.MATCHED
    assert all(one.state is DisputeState.WON for one in world.look(lambda uow: uow.disputes.find()))
    assert world.books()["bank"] == "EUR 185.00" and clearing_is_explained(world)


def test_who_gives_such_a_case_up_gives_up_all_of_it() -> None:
    world, first, second = paid_two()
    case_ = hears(world, Stage.OPENED, "200.00 EUR")
    world.do(give_up, ADA, case_.id)
    assert [world.order(one.id).state for one in (first, second)] == [OrderState.REFUNDED, OrderState.REFUNDED]
    assert "dispute_recv" not in world.books()
