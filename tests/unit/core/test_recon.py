"""Reconciliation: each line of a report finds its payment, and clearing ends at zero or in the list of exceptions."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NotAllowed
from core.ids import OperationId, SellerId
from core.ledger.journal import credit, debit, entry
from core.money import Money, asset, zero
from core.payments import sums
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.receipts import Misfit
from core.payments.receiving import take_in
from core.payments.recon import exceptions, unsettled
from core.payments.recon import matching as recon
from core.payments.recon.balances import take_balances
from core.payments.recon.bankline import BankLine, LineKind, LineState, Why
from core.payments.recon.batches import NoBatch, take_for_batch
from core.payments.recon.booking import take_line, take_report
from core.payments.recon.exceptions import (
    Into,
    NoNote,
    NotOpen,
    OnPaper,
    close_exception,
    standings,
    take_exception,
)
from core.payments.recon.matching import Verbs
from core.payments.recon.reported import Reported, Statement, Taken
from core.payments.refunds import MayBeBatch, NothingToRefund, refund_order, refund_receipt
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.payouts import payout_done
from core.ports import UnitOfWork
from core.shop.orders import Order
from tests.builders import ADA, LIN, MAYA, NOON, ROSA, an_operation, money, policy
from tests.world import World

DOCUMENT = "STMT-1"


class Shop(World):
    """A world whose clearing is judged: by nouns and by the books."""

    def judge(self) -> None:
        """Clearing is settled here, which the other worlds do not know of: the finding of the check is the judge."""
        assert list(self.look(unsettled.check)) == []

    def takes(self, told: Reported, document: str = DOCUMENT, verbs: Verbs = recon.VERBS) -> Taken:
        return self.do(take_line, document, told, verbs)

    def paid(self, price: str = "100.00 EUR", fact: str = "", by: str = "sepa") -> tuple[Order, Reported]:
        """An order that one messenger told the payment of, and the line that a statement will have."""
        order = self.orders(self.sells(ROSA, price), by=by)
        told = self.line(order, fact)
        self.pays(order, id=told.fact)
        return order, told

    def line(self, order: Order, fact: str = "", **more: Any) -> Reported:
        charge = self.charge(order.id)
        self._facts += 1
        given = {
            "channel": charge.channel,
            "kind": LineKind.PAYMENT,
            "fact": fact or f"B{self._facts}",
            "gross": charge.amount,
            "at": self.clock.now(),
            "reference": charge.reference,
        }
        return Reported(**(given | more))

    def refunded(self, order: Order) -> tuple[Operation, Reported]:
        self.do(refund_order, ADA, order.id)
        self.run_errands()
        found = self.look(lambda uow: uow.operations.find(kind=OperationKind.REFUND, order=order.id, limit=1))[0]
        told = Reported(
            channel=found.channel,
            kind=LineKind.REFUND,
            fact=f"D{found.id}",
            gross=-found.amount,
            at=self.clock.now(),
            name=found.reference,
        )
        return found, told

    def lines(self, **equals: Any) -> list[BankLine]:
        found: list[BankLine] = self.look(lambda uow: uow.banklines.find(limit=1000, **equals))
        return found

    def sweeps(self) -> int:
        found = self.look(unsettled.overdue, self.shop)
        return self.do(unsettled.list_overdue, found)

    def clearing(self) -> dict[str, str]:
        return {name: amount for name, amount in self.books().items() if name.startswith("clearing")}


def after_days(shop: Shop, days: int) -> None:
    shop.clock.let_pass(days=days)


def test_a_line_moves_its_payment_to_the_bank_and_teaches_the_fee() -> None:
    shop = Shop()
    _, told = shop.paid(by="sepa")
    line = Reported(**{**{f: getattr(told, f) for f in told.__slots__}, "fee": money("1.70 EUR")})
    assert shop.takes(line) is Taken.MATCHED
    books = shop.books()
    assert (books["bank"], books["exp:processor"]) == ("EUR 98.30", "EUR 1.70")
    assert shop.clearing() == {}


def test_the_same_line_again_in_any_document_changes_nothing() -> None:
    shop = Shop()
    _, told = shop.paid()
    shop.takes(told)
    before = shop.books()
    assert shop.takes(told) is Taken.KNOWN
    assert shop.takes(told, "STMT-2") is Taken.KNOWN
    assert shop.books() == before
    assert len(shop.lines()) == 1


@pytest.mark.parametrize("changed", [{"gross": money("99.00 EUR")}, {"fee": money("0.50 EUR")}])
def test_a_line_that_comes_again_with_other_content_is_an_alarm_and_changes_nothing(changed: dict[str, Money]) -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    before = shop.books()
    assert shop.takes(shop.line(order, told.fact, **changed)) is Taken.ALTERED
    assert shop.books() == before


def test_a_line_for_money_nobody_told_of_pays_its_order_first() -> None:
    shop = Shop()
    order = shop.orders(shop.sells(ROSA, "100.00 EUR"))
    told = shop.line(order)
    assert shop.takes(told) is Taken.MATCHED
    assert shop.order(order.id).paid_at is not None
    assert shop.clearing() == {}
    shop.pays(order, id=told.fact)  # the notification, late
    assert shop.clearing() == {}
    assert shop.look(lambda uow: uow.receipts.count()) == 1


def test_a_line_that_fits_no_order_is_held_for_its_owner_and_settled() -> None:
    shop = Shop()
    line = Reported("sepa", LineKind.PAYMENT, "B9", money("12.00 EUR"), NOON, reference="for tea")
    assert shop.takes(line) is Taken.MATCHED
    assert shop.books() == {"bank": "EUR 12.00", "unapplied:sepa": "EUR -12.00"}


def test_a_bank_that_names_a_payment_anew_is_matched_by_reference_amount_and_day() -> None:
    shop = Shop()
    order, _ = shop.paid(fact="A1")
    assert shop.takes(shop.line(order, "Z1", firm=False)) is Taken.MATCHED
    assert shop.look(lambda uow: uow.receipts.count()) == 1
    assert shop.clearing() == {}


def test_a_second_payment_taken_for_the_first_is_found_when_the_firsts_own_line_comes() -> None:
    shop = Shop()
    order, first = shop.paid(fact="A1")
    shop.takes(shop.line(order, "A2", firm=False))
    assert shop.takes(shop.line(order, "A1", firm=False), "STMT-2") is Taken.MATCHED
    assert first.fact == "A1"
    receipts = {one.fact: one.amount for one in shop.look(lambda uow: uow.receipts.find())}
    assert receipts == {"A1": money("100.00 EUR"), "A2": money("100.00 EUR")}
    assert shop.clearing() == {}


def test_several_payments_that_fit_a_line_are_an_exception_and_never_a_guess() -> None:
    shop = Shop()
    order, _ = shop.paid(fact="A1")
    shop.pays(order, id="A2")
    assert shop.takes(shop.line(order, "Z1", firm=False)) is Taken.OPEN
    (line,) = shop.lines(state=LineState.OPEN)
    assert (line.why, line.about) == (Why.SEVERAL, "")


def test_a_payment_is_never_matched_by_a_guess_where_ids_are_firm() -> None:
    shop = Shop()
    order, _ = shop.paid(fact="E1")
    shop.takes(shop.line(order, "E2"))
    assert shop.look(lambda uow: uow.receipts.count()) == 2


def test_a_line_of_another_amount_than_its_payment_is_an_exception() -> None:
    shop = Shop()
    order, told = shop.paid()
    assert shop.takes(shop.line(order, told.fact, gross=money("99.00 EUR"))) is Taken.OPEN
    (line,) = shop.lines()
    assert line.why is Why.DIFFERS
    assert shop.clearing() == {"clearing:sepa": "EUR 1.00"}


def test_a_refund_leaves_the_bank_by_its_line() -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    _, sent = shop.refunded(order)
    assert shop.takes(sent) is Taken.MATCHED
    assert shop.books() == {}


def test_a_refund_debited_twice_is_an_exception() -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    _, sent = shop.refunded(order)
    shop.takes(sent)
    again = Reported("sepa", LineKind.REFUND, "D-again", sent.gross, sent.at, name=sent.name)
    assert shop.takes(again) is Taken.OPEN
    assert shop.lines(fact="D-again")[0].why is Why.TWICE
    assert shop.clearing() == {"clearing:sepa": "EUR 100.00"}


def test_a_debit_of_nothing_we_know_is_an_exception() -> None:
    shop = Shop()
    told = Reported("sepa", LineKind.REFUND, "X1", money("-7.00 EUR"), NOON, name="WHO-KNOWS")
    assert shop.takes(told) is Taken.OPEN
    assert shop.takes(told) is Taken.KNOWN
    assert shop.books() == {"bank": "EUR -7.00", "clearing:sepa": "EUR 7.00"}


def test_a_banks_own_fee_is_a_cost_and_never_in_clearing() -> None:
    shop = Shop()
    assert shop.takes(Reported("sepa", LineKind.FEE, "F1", money("-4.90 EUR"), NOON)) is Taken.MATCHED
    assert shop.books() == {"bank": "EUR -4.90", "exp:processor": "EUR 4.90"}


def test_a_batch_waits_in_clearing_until_it_arrives_as_one_line() -> None:
    shop = Shop()
    for fee in ("0.30 EUR", "0.40 EUR"):
        order, told = shop.paid("10.00 EUR")
        shop.takes(shop.line(order, told.fact, batch="po-77", fee=money(fee)))
    assert shop.clearing() == {"clearing:sepa": "EUR 19.30"}
    arrived = Reported("sepa", LineKind.PAYMENT, "S1", money("19.30 EUR"), NOON, reference="PAYOUT PO-77", firm=False)
    assert shop.takes(arrived, "STMT-2") is Taken.MATCHED
    assert shop.takes(arrived, "STMT-3") is Taken.KNOWN
    assert shop.clearing() == {}
    assert shop.books()["bank"] == "EUR 19.30"


def test_a_batch_of_another_sum_is_an_exception() -> None:
    shop = Shop()
    order, told = shop.paid("10.00 EUR")
    shop.takes(shop.line(order, told.fact, batch="PO-77", fee=money("0.30 EUR")))
    arrived = Reported("sepa", LineKind.PAYMENT, "S1", money("9.00 EUR"), NOON, reference="PO-77")
    assert shop.takes(arrived) is Taken.OPEN
    assert shop.lines(fact="S1")[0].why is Why.BATCH


# A batch before its report

FORM = {"sepa": re.compile("PO-[0-9]+")}


def an_early_shop(*, declared: bool = True) -> tuple[Shop, Reported, list[Reported]]:
    """A shop, the credit of a batch, and the two lines of the report that comes after it."""
    shop = Shop(rules=policy(settlements=FORM if declared else {}))
    lines = []
    for fee in ("0.30 EUR", "0.40 EUR"):
        order, told = shop.paid("10.00 EUR")
        lines.append(shop.line(order, told.fact, batch="PO-77", fee=money(fee)))
    credit = Reported("sepa", LineKind.PAYMENT, "S1", money("19.30 EUR"), NOON, reference="PAYOUT PO-77", firm=False)
    return shop, credit, lines


def settles(shop: Shop, lines: list[Reported]) -> None:
    """The report comes, and every proof holds."""
    shop.do(take_report, "REPORT", lines)
    assert list(shop.look(sums.check)) == []


def its_order_is_done(shop: Shop) -> bool:
    return shop.clearing() == {} and shop.books()["bank"] == "EUR 19.30" and not shop.lines(state=LineState.OPEN)


def test_a_settlement_before_its_report_waits_for_it_and_is_nobodys_payment() -> None:
    shop, credit, lines = an_early_shop()
    assert shop.takes(credit) is Taken.OPEN
    assert shop.takes(credit, "STMT-2") is Taken.KNOWN
    (line,) = shop.lines()
    assert (line.kind, line.why) == (LineKind.SETTLEMENT, Why.EARLY)
    assert shop.look(lambda uow: uow.receipts.count(fact="S1")) == 0, "nothing that could be sent back to a payer"
    settles(shop, lines)
    assert its_order_is_done(shop)
    assert shop.takes(credit, "STMT-3") is Taken.KNOWN


def test_a_reader_that_knows_a_settlement_needs_no_form_of_it() -> None:
    shop, credit, lines = an_early_shop(declared=False)
    assert shop.takes(replace(credit, kind=LineKind.SETTLEMENT)) is Taken.OPEN
    settles(shop, lines)
    assert its_order_is_done(shop)


def test_a_settlement_is_known_by_whose_account_it_came_from() -> None:
    shop = Shop(rules=policy(settlements={"pix": re.compile("acquirer", re.IGNORECASE)}))
    credit = Reported("sepa", LineKind.PAYMENT, "S1", money("1.00 EUR"), NOON, debtor_name="The Acquirer Ltd")
    assert shop.takes(credit) is Taken.OPEN
    assert shop.clearing() == {"clearing:pix": "EUR -1.00"}


def test_a_payment_of_a_charge_is_never_a_settlement_whatever_form_it_has() -> None:
    shop = Shop(rules=policy(settlements={"sepa": re.compile("RF")}))
    order = shop.orders(shop.sells(ROSA, "10.00 EUR"))
    assert shop.takes(shop.line(order)) is Taken.MATCHED
    assert shop.order(order.id).paid_at is not None


def test_a_settlement_that_an_admin_explained_is_matched_by_its_report_all_the_same() -> None:
    shop, credit, lines = an_early_shop()
    shop.takes(credit)
    shop.do(close_exception, ADA, shop.lines()[0].id, "the report will come", Into.SUSPENSE)
    settles(shop, lines)
    assert its_order_is_done(shop)
    assert "suspense" not in shop.books()


def test_a_settlement_whose_report_lacks_a_line_is_matched_when_the_line_comes() -> None:
    shop, credit, lines = an_early_shop()
    shop.takes(credit)
    settles(shop, lines[:1])
    assert [line.why for line in shop.lines(state=LineState.OPEN)] == [Why.BATCH]
    after_days(shop, 9)
    shop.sweeps()
    settles(shop, lines[1:])
    assert its_order_is_done(shop)


@pytest.mark.parametrize("stated", [False, True])
def test_what_was_held_as_nobodys_payment_turns_out_to_be_a_settlement(stated: bool) -> None:
    shop, credit, lines = an_early_shop(declared=False)
    if stated:
        assert shop.takes(credit) is Taken.MATCHED
    else:
        shop.do(take_in, credit.payment)  # a notification told of it, and its statement is still to come
        after_days(shop, 9)
        shop.sweeps()
    settles(shop, lines)
    (receipt,) = shop.look(lambda uow: uow.receipts.find(fact="S1"))
    assert (receipt.misfit, receipt.held) == (Misfit.SETTLEMENT, Money(0, asset("EUR")))
    with pytest.raises(NothingToRefund):
        shop.do(refund_receipt, ADA, receipt.id)
    shop.takes(credit, "STMT-9")
    assert its_order_is_done(shop)
    assert "unapplied:sepa" not in shop.books()


def test_what_somebody_has_used_meanwhile_stays_a_payment() -> None:
    shop, credit, lines = an_early_shop(declared=False)
    shop.takes(credit)
    (receipt,) = shop.look(lambda uow: uow.receipts.find(fact="S1"))
    shop.do(refund_receipt, ADA, receipt.id)
    settles(shop, lines)
    assert shop.clearing() == {"clearing:sepa": "EUR 19.30"}, "the batch is missing"


def test_money_of_nobody_known_with_the_sum_of_a_missing_batch_is_not_sent_back_by_one_tap() -> None:
    """A bank may show a settlement without any name of its batch: then only an admin can tell."""
    shop, credit, lines = an_early_shop(declared=False)
    shop.takes(replace(credit, reference=""))
    settles(shop, lines)
    (receipt,) = shop.look(lambda uow: uow.receipts.find(fact="S1"))
    after_days(shop, 9)
    shop.sweeps()
    with pytest.raises(MayBeBatch):
        shop.do(refund_receipt, ADA, receipt.id)
    for who, batch, refusal in ((ADA, "PO-78", NoBatch), (MAYA, "PO-77", NotAllowed)):
        with pytest.raises(refusal):
            shop.do(take_for_batch, who, receipt.id, batch)
    taken = shop.do(take_for_batch, ADA, receipt.id, "po-77")
    assert (taken.misfit, taken.held) == (Misfit.SETTLEMENT, Money(0, asset("EUR")))
    assert its_order_is_done(shop) and list(shop.look(sums.check)) == []
    with pytest.raises(NoBatch):
        shop.do(take_for_batch, ADA, receipt.id, "PO-77")


def test_a_payment_of_another_sum_that_names_a_batch_stays_a_payment() -> None:
    shop, credit, lines = an_early_shop(declared=False)
    shop.takes(replace(credit, gross=money("5.00 EUR")))
    settles(shop, lines)
    assert shop.books()["unapplied:sepa"] == "EUR -5.00"


def test_two_channels_may_give_their_batches_one_name() -> None:
    shop, credit, lines = an_early_shop(declared=False)
    order, told = shop.paid("10.00 EUR", by="pix")
    other = shop.line(order, told.fact, batch="PO-77")
    settles(shop, [other])
    settles(shop, lines)
    assert shop.takes(credit) is Taken.MATCHED
    assert shop.clearing() == {"clearing:pix": str(other.gross)}
    theirs = Reported("pix", LineKind.PAYMENT, "S1", other.gross, NOON, reference="PO-77")
    assert shop.takes(theirs) is Taken.MATCHED
    assert shop.clearing() == {}


def test_a_batch_of_one_channel_is_no_report_of_anothers() -> None:
    shop, credit, lines = an_early_shop()
    order, told = shop.paid("10.00 EUR", by="pix")
    settles(shop, [shop.line(order, told.fact, batch="PO-77")])
    assert shop.takes(credit) is Taken.OPEN
    assert [line.why for line in shop.lines(fact="S1")] == [Why.EARLY]
    settles(shop, lines)
    assert shop.lines(fact="S1")[0].about == "batch:sepa:PO-77"


@pytest.mark.parametrize(("kind", "gross", "why"), [
    (LineKind.RETURN, "5.00 EUR", Why.RETURNED), (LineKind.CHARGEBACK, "-5.00 EUR", Why.CLAWBACK),
])  # fmt: skip
def test_what_nobody_takes_up_is_an_exception(kind: LineKind, gross: str, why: Why) -> None:
    shop = Shop()
    assert shop.takes(Reported("sepa", kind, "R1", money(gross), NOON, reason="AC04")) is Taken.OPEN
    assert shop.lines()[0].why is why


# What came back


def test_a_refund_that_came_back_is_owed_again_and_clearing_is_zero() -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    operation, sent = shop.refunded(order)
    shop.takes(sent)
    back = Reported("sepa", LineKind.RETURN, "R1", operation.amount, shop.clock.now(), name=operation.reference)
    assert shop.takes(back) is Taken.MATCHED
    assert shop.takes(back, "STMT-2") is Taken.KNOWN
    books = shop.books()
    assert books == {"bank": "EUR 100.00", "refund_payable:1": "EUR -100.00"}
    (refund,) = shop.look(lambda uow: uow.refunds.find())
    assert refund.state == "failed"
    again = Reported("sepa", LineKind.RETURN, "R2", operation.amount, shop.clock.now(), name=operation.reference)
    assert shop.takes(again) is Taken.OPEN, "it can come back once"


def test_a_return_that_is_told_before_the_departure_ends_in_the_same_books() -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    operation, sent = shop.refunded(order)
    back = Reported("sepa", LineKind.RETURN, "R1", operation.amount, shop.clock.now(), name=operation.reference)
    assert shop.takes(back) is Taken.MATCHED
    assert shop.clearing() == {"clearing:sepa": "EUR -100.00"}, "the debit's own line has yet to come"
    assert shop.takes(sent) is Taken.MATCHED
    assert shop.books() == {"bank": "EUR 100.00", "refund_payable:1": "EUR -100.00"}


def test_a_return_of_another_sum_is_an_exception() -> None:
    shop = Shop()
    order, told = shop.paid()
    shop.takes(told)
    operation, sent = shop.refunded(order)
    shop.takes(sent)
    back = Reported("sepa", LineKind.RETURN, "R1", money("95.00 EUR"), shop.clock.now(), name=operation.reference)
    assert shop.takes(back) is Taken.OPEN


def a_payout(shop: Shop, channel: str) -> tuple[Operation, Payout]:
    """EUR 50.00 of the shop's own on its way to a seller, by hand or by a rail."""

    def reserve(uow: UnitOfWork) -> tuple[Operation, Payout]:
        now, fifty = shop.clock.now(), money("50.00 EUR")
        owed = (debit("equity", fifty), credit("transit:P1", fifty))
        uow.journal.post(entry("payout:P1", now, "payout", *owed))
        operation = an_operation(
            state=OperationState.PENDING,
            id=OperationId("0PAY"),
            kind=OperationKind.PAYOUT,
            channel=channel,
            amount=fifty,
            reference="0PAY",
            body={"payout": "P1"},
            receipt="",
        )
        uow.operations.add(operation)
        states = {"state": PayoutState.RESERVED, "since": now, "until": now, "created_at": now}
        payout = Payout(id="P1", seller=SellerId("S12"), channel=channel, taken=fifty, sent=fifty, **states)
        return operation, uow.payouts.add(replace(payout, operation=operation.id))

    made: tuple[Operation, Payout] = shop.store.write_now(reserve)
    return made


@pytest.mark.parametrize("channel", ["sepa", "hand"])
def test_a_payout_leaves_the_bank_by_its_line_and_comes_back_by_another(channel: str) -> None:
    shop = Shop()
    a_payout(shop, channel)
    sent = Reported("sepa", LineKind.REFUND, "X1", money("-50.00 EUR"), NOON, name="0PAY", firm=False)
    assert [shop.takes(sent), shop.takes(sent)] == [Taken.MATCHED, Taken.KNOWN]
    assert shop.books() == {"bank": "EUR -50.00", "equity": "EUR 50.00"}
    back = Reported("sepa", LineKind.RETURN, "X2", money("50.00 EUR"), NOON, name="0PAY", firm=False)
    assert [shop.takes(back), shop.takes(back)] == [Taken.MATCHED, Taken.KNOWN]
    assert shop.books() == {"avail:S12": "EUR -50.00", "equity": "EUR 50.00"}


def test_a_payout_made_by_hand_is_known_by_the_reference_that_was_cited() -> None:
    shop = Shop()
    operation, _ = a_payout(shop, "hand")
    shop.store.write_now(lambda uow: payout_done(uow, shop.shop, uow.operations.need(operation.id), "BANK-4711"))
    sent = Reported("sepa", LineKind.OTHER, "BANK-4711", money("-50.00 EUR"), NOON, firm=False)
    assert shop.takes(sent) is Taken.MATCHED
    assert shop.clearing() == {}


def test_a_payout_made_by_hand_waits_in_the_list_until_a_statement_shows_it() -> None:
    """On paper, where the bank sends none to us; the line that comes after all takes that back."""
    shop = Shop()
    operation, _ = a_payout(shop, "hand")
    shop.store.write_now(lambda uow: payout_done(uow, shop.shop, uow.operations.need(operation.id), "BANK-4711"))
    after_days(shop, 6)
    assert shop.sweeps() == 1
    (line,) = shop.lines()
    assert (line.channel, line.why, shop.clearing()) == ("hand", Why.MISSING, {"clearing:hand": "EUR -50.00"})
    shop.do(close_exception, ADA, line.id, "statement 11, page 2", Into.BANK)
    assert (shop.clearing(), shop.books()["bank"]) == ({}, "EUR -50.00")
    sent = Reported("sepa", LineKind.OTHER, "BANK-4711", money("-50.00 EUR"), NOON, firm=False)
    assert shop.takes(sent) is Taken.MATCHED
    assert (shop.clearing(), shop.books()["bank"]) == ({}, "EUR -50.00")


def test_what_a_rail_carries_is_not_settled_by_paper() -> None:
    shop = Shop()
    shop.paid()
    after_days(shop, 6)
    shop.sweeps()
    with pytest.raises(OnPaper):
        shop.do(close_exception, ADA, shop.lines()[0].id, "it is there", Into.BANK)


# Statements, one after the other


def a_statement(number: int, opening: str, closing: str) -> Statement:
    return Statement("sepa", f"S{number}", (), ends=(money(opening), money(closing)))


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_a_statement_begins_where_another_one_ended_whichever_comes_first(order: tuple[int, ...]) -> None:
    shop = Shop()
    told = {
        1: a_statement(1, "10.00 EUR", "25.00 EUR"),
        2: a_statement(2, "25.00 EUR", "5.00 EUR"),
        3: a_statement(3, "5.00 EUR", "50.00 EUR"),
    }
    for number in order:
        shop.do(take_balances, told[number])
        assert shop.do(take_balances, told[number]) == 0, "told again, it changes nothing"
    open_ = [one for one in shop.look(lambda uow: uow.banklines.find(state=LineState.OPEN)) if one.why]
    # Nobody knows what came before the first one: that is said of the one that began it, when it came late.
    assert [one.fact for one in open_] == ([] if order[0] == 1 else ["opening:S1"])
    assert shop.clearing() == {} and shop.books() == {}


def test_a_statement_that_is_missing_is_listed_with_what_it_moved() -> None:
    shop = Shop()
    shop.do(take_balances, a_statement(1, "10.00 EUR", "25.00 EUR"))
    assert shop.do(take_balances, a_statement(3, "5.00 EUR", "50.00 EUR")) == 1
    (line,) = shop.look(lambda uow: uow.banklines.find(state=LineState.OPEN))
    assert (line.why, line.gross, line.document) == (Why.GAP, money("-20.00 EUR"), "S3")
    assert shop.news(ADA) == ["statement_gap"]
    (standing,) = shop.look(standings)
    assert (standing.open, standing.cleared, standing.listed) == (1, 0, zero(asset("EUR")))


# What never comes


def test_a_lost_line_is_an_exception_with_an_age_after_the_days_of_the_policy() -> None:
    shop = Shop()
    shop.paid()
    after_days(shop, 4)  # Friday noon to Tuesday noon: two business days
    assert shop.sweeps() == 0
    after_days(shop, 1)
    assert shop.sweeps() == 1
    assert shop.sweeps() == 0, "it is listed once"
    (line,) = shop.lines()
    assert (line.document, line.why, line.state) == ("", Why.MISSING, LineState.OPEN)
    assert shop.clock.now() - line.booked_at == timedelta(days=5)
    assert "exceptions" in shop.news(ADA)
    assert list(shop.look(unsettled.check, shop.clock.now())) == []


def test_a_line_that_comes_after_all_takes_its_exceptions_place() -> None:
    shop = Shop()
    order, told = shop.paid()
    after_days(shop, 6)
    shop.sweeps()
    assert shop.takes(told) is Taken.MATCHED
    (line,) = shop.lines()
    assert (line.state, line.document, line.why) == (LineState.MATCHED, DOCUMENT, Why.NONE)
    assert shop.clearing() == {}
    assert order


@pytest.mark.parametrize("into", [Into.NOTHING, Into.SUSPENSE, Into.COSTS])
def test_a_line_that_comes_after_its_exception_was_closed_undoes_the_correction(into: Into) -> None:
    shop = Shop()
    _, told = shop.paid()
    after_days(shop, 6)
    shop.sweeps()
    shop.do(close_exception, ADA, shop.lines()[0].id, "the provider lost it", into)
    assert shop.clearing() == ({"clearing:sepa": "EUR 100.00"} if into is Into.NOTHING else {})
    assert shop.takes(told) is Taken.MATCHED
    books = shop.books()
    assert (books["bank"], books.get("suspense"), books.get("exp:processor")) == ("EUR 100.00", None, None)
    assert shop.clearing() == {}


# What admins do


def an_exception(shop: Shop) -> BankLine:
    shop.takes(Reported("sepa", LineKind.REFUND, "X1", money("-7.00 EUR"), NOON, name="WHO-KNOWS"))
    return shop.lines()[0]


def test_an_exception_has_an_owner_and_ends_with_an_explanation() -> None:
    shop = Shop()
    line = an_exception(shop)
    assert shop.do(take_exception, ADA, line.id).owner == ADA
    shop.do(close_exception, ADA, line.id, "  rent  of November ", Into.COSTS)
    (closed,) = shop.lines()
    assert (closed.state, closed.note, closed.owner) == (LineState.CLOSED, "rent of November", ADA)
    assert shop.books() == {"bank": "EUR -7.00", "exp:processor": "EUR 7.00"}
    commands = [one.command for one in shop.look(lambda uow: uow.audit.find(actor=ADA))]
    assert sorted(commands) == ["recon close", "recon take"]


def test_an_exception_is_closed_once_by_an_admin_and_with_words() -> None:
    shop = Shop()
    line = an_exception(shop)
    for refusal, who, note in ((NotAllowed, MAYA, "mine"), (NoNote, ADA, "  "), (NoNote, ADA, "x" * 201)):
        with pytest.raises(refusal):
            shop.do(close_exception, who, line.id, note, Into.SUSPENSE)
    with pytest.raises(NotAllowed):
        shop.do(take_exception, LIN, line.id)
    shop.do(close_exception, ADA, line.id, "asked the bank", Into.SUSPENSE)
    assert shop.books() == {"bank": "EUR -7.00", "suspense": "EUR 7.00"}
    with pytest.raises(NotOpen):
        shop.do(close_exception, ADA, line.id, "again", Into.SUSPENSE)


def test_each_channel_stands_as_cleared_waiting_and_listed() -> None:
    shop = Shop()
    _, told = shop.paid()
    shop.paid()
    shop.takes(told)
    an_exception(shop)
    (one,) = shop.look(standings)
    assert (one.channel, one.cleared, one.open) == ("sepa", 1, 1)
    assert (one.clearing, one.waiting, one.listed) == (money("107.00 EUR"), money("100.00 EUR"), money("7.00 EUR"))
    (line,) = shop.look(exceptions.open_exceptions)
    shop.do(close_exception, ADA, line.id, "it will come", Into.NOTHING)
    (one,) = shop.look(standings)
    assert (one.waiting, one.listed, one.explained) == (money("100.00 EUR"), zero(asset("EUR")), money("7.00 EUR"))


def test_the_check_finds_money_in_clearing_that_nothing_explains() -> None:
    shop = Shop()
    lost = entry("k", NOON, "k", debit("clearing:sepa", money("1.00 EUR")), credit("suspense", money("1.00 EUR")))
    shop.store.write_now(lambda uow: uow.journal.post(lost))
    (finding,) = shop.look(unsettled.check)
    assert (finding.invariant, finding.key) == (13, "clearing:sepa")


@pytest.mark.parametrize(("now", "days", "then"), [
    (NOON, 0, NOON), (NOON, 1, NOON - timedelta(days=1)), (NOON + timedelta(days=3), 1, NOON),
    (NOON + timedelta(days=5), 3, NOON), (NOON + timedelta(days=1), 1, NOON),
])  # fmt: skip
def test_days_to_settle_are_business_days(now: datetime, days: int, then: datetime) -> None:
    assert unsettled.cutoff(now, days) == then


# Any order, any number of times

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["told", "line", "line again", "altered", "other id", "refund", "refund line", "back", "sweep", "batch"]
        ),
        st.integers(0, 2),
    ),
    max_size=14,
)


@settings(max_examples=80, deadline=None)
@given(ACTS)
def test_whatever_comes_in_whatever_order_clearing_is_zero_or_listed(acts: list[tuple[str, int]]) -> None:
    shop = Shop()
    orders = [shop.orders(shop.sells(ROSA, "100.00 EUR")) for _ in range(3)]
    lines = [shop.line(order, f"A{n}", fee=money("1.00 EUR"), firm=False) for n, order in enumerate(orders)]
    debits: dict[int, Reported] = {}
    for act, n in acts:
        order, line = orders[n], lines[n]
        if act == "told":
            shop.do(take_in, shop.fact(order, id=line.fact))
        elif act in ("line", "line again"):
            shop.takes(line)
        elif act == "altered":
            shop.takes(shop.line(order, line.fact, gross=money("90.00 EUR"), firm=False))
        elif act == "other id":
            shop.takes(shop.line(order, f"Z{n}", firm=False))
        elif act == "batch":
            shop.takes(shop.line(order, line.fact, fee=money("2.00 EUR"), batch="PO-77", firm=False))
        elif act == "refund" and n not in debits and shop.order(order.id).state == "paid":
            debits[n] = shop.refunded(order)[1]
        elif act == "refund line" and n in debits:
            shop.takes(debits[n])
        elif act == "back" and n in debits:
            given = {"kind": LineKind.RETURN, "fact": f"R{n}", "gross": -debits[n].gross}
            shop.takes(Reported(channel="sepa", at=shop.clock.now(), name=debits[n].name, **given))
        elif act == "sweep":
            after_days(shop, 7)
            shop.sweeps()
    # Quiet: everything that is on its way settles, or is listed.
    for n, told in debits.items():
        shop.takes(told)
        assert n in debits
    after_days(shop, 9)
    shop.sweeps()
    assert list(shop.look(unsettled.check, shop.clock.now() - timedelta(days=8))) == []
    for one in shop.look(standings):
        assert not one.waiting, f"what lies in clearing is listed: {one}"


@settings(max_examples=40, deadline=None)
@given(st.permutations(["told A1", "told A2", "line A1", "line A2", "line A1", "line A2"]))
def test_two_payments_of_one_order_end_in_the_same_books_in_any_order(steps: list[str]) -> None:
    shop = Shop()
    order = shop.orders(shop.sells(ROSA, "100.00 EUR"))
    for step in steps:
        how, _, fact = step.partition(" ")
        if how == "told":
            shop.do(take_in, shop.fact(order, id=fact))
        else:
            shop.takes(shop.line(order, fact))
    books = shop.books()
    assert books["bank"] == "EUR 200.00"
    assert shop.clearing() == {}
    assert {one.fact for one in shop.look(lambda uow: uow.receipts.find())} == {"A1", "A2"}
    assert Money(0, asset("EUR")) == sum(
        (Money(minor, asset(code)) for (_, code), minor in shop.look(lambda uow: uow.journal.totals("")).items()),
        Money(0, asset("EUR")),
    )
