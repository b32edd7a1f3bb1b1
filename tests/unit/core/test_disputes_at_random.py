"""Disputes in any story: whatever the banks, the shopper, the seller and the admins do, the books stay whole."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Refusal
from core.ledger import accounts
from core.money import Money
from core.payments import sums
from core.payments.disputes import complaints, frozen
from core.payments.disputes.answering import give_up, hand_in, refund_to_avoid
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.fx import positions
from core.payments.refunds import refund_order
from core.payments.settlement import batches as settlement
from core.ports import UnitOfWork
from core.shop.deadlines import refund_unshipped, release_due
from core.shop.orders import Order
from core.shop.receiving import confirm_receipt
from core.shop.selling import ship
from tests.builders import ADA, MAYA, PAYER_IBAN, ROSA, WEI
from tests.world import World

PRICES = ["100.00 EUR", "780.00 CNY", "0.07 EUR", "12.34 USD"]
STEPS = st.one_of(
    st.tuples(
        st.just("hear"),
        st.sampled_from(list(Stage)),
        st.sampled_from(["C1", "C2"]),
        st.integers(1, 2),
        st.sampled_from([1, 50, 100, 103]),
        st.booleans(),
        st.integers(-2, 2),
    ),
    st.tuples(st.sampled_from(["ship", "receive", "complain", "say", "tick", "avoid", "sent", "give_up", "pay_out"])),
    st.tuples(st.just("decide"), st.booleans(), st.sampled_from([0, 1, 40, 100])),
    st.tuples(st.just("refund"), st.sampled_from([0, 1, 30, 100])),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


class Story:
    """One sale, paid once, and what happens to it."""

    def __init__(self, price: str, by: str) -> None:
        self.world = World()
        self.seller = WEI if price.endswith("CNY") else ROSA
        self.world.store.write_now(_have_accounts)
        self.order = self.world.orders(self.world.sells(self.seller, price), by=by)
        self.world.pays(self.order, id="E1")
        self.world.run_errands()

    def now(self) -> Order:
        return self.world.order(self.order.id)

    def part(self, percent: int) -> Money:
        amount = self.world.charge(self.order.id).amount
        return Money(max(1, amount.minor * percent // 100), amount.asset)

    def step(self, what: str, *how: Any) -> None:
        """Try it. A refusal is an answer, and changes nothing; what a frozen order has lies where it lay."""
        was, frozen_before = self.pockets(), self.now().frozen
        world, order = self.world, self.order.id
        with suppress(Refusal):
            match what:
                case "hear":
                    stage, case, round_, percent, taken, days = how
                    at = world.clock.now() + timedelta(days=days)
                    told = {"fact": "E1", "amount": self.part(percent), "round": round_, "taken": taken, "at": at}
                    world.do(hear_dispute, self.order.method, case, stage, fee=self.part(15), **told)
                case "ship":
                    world.do(ship, self.seller, order, "RR 123456785 CN")
                case "receive":
                    world.do(confirm_receipt, MAYA, order)
                case "complain":
                    world.do(complaints.complain, MAYA, order, "not_received")
                case "say":
                    for case in world.look(lambda uow: uow.disputes.find(limit=1)):
                        world.do(complaints.say, self.seller, case.id, "It was sent.")
                case "decide":
                    won, percent = how
                    for case in world.look(lambda uow: uow.disputes.find(source="shopper", limit=1)):
                        amount = self.part(percent) if percent else None
                        world.do(complaints.decide, ADA, case.id, won=won, amount=amount)
                case "avoid" | "sent" | "give_up":
                    verb = {"avoid": refund_to_avoid, "sent": hand_in, "give_up": give_up}[what]
                    for case in world.look(lambda uow: uow.disputes.find(limit=1)):
                        world.do(verb, ADA, case.id)
                case "refund":
                    world.do(refund_order, ADA, order, self.part(how[0]) if how[0] else None)
                case "pay_out":
                    world.do(settlement.settle_due)
                case "wait":
                    world.clock.let_pass(days=how[0])
                case _:
                    for tick in (refund_unshipped, release_due, complaints.decide_overdue, complaints.remind):
                        world.do(tick)
        world.run_errands()
        if frozen_before and self.now().frozen and what in ("ship", "receive", "refund", "tick", "pay_out"):
            assert self.pockets() == was, "frozen money leaves by no path"
        for proof in (frozen.check, sums.check, positions.check, settlement.check):
            assert world.look(lambda uow, proof=proof: list(proof(uow))) == []

    def pockets(self) -> dict[str, str]:
        """What of the sale lies where."""
        kinds = ("escrow", "avail", "reserve", "seller_debt", "hold", accounts.FEES, accounts.MARKUP)
        return {name: amount for name, amount in self.world.books().items() if accounts.kind_of(name).name in kinds}


def _have_accounts(uow: UnitOfWork) -> None:
    for seller in uow.sellers.find():
        uow.sellers.save(replace(seller, account=PAYER_IBAN, holder="Somebody"))


def test_two_cases_of_a_few_cents_are_rounded_once() -> None:
    story = Story("0.07 EUR", "pix")
    story.step("hear", Stage.WARNED, "C1", 1, 50, False, 0)
    story.step("hear", Stage.OPENED, "C2", 1, 1, False, 0)
    for case in ("C1", "C2"):
        story.step("hear", Stage.LOST, case, 1, 1, False, 0)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PRICES), st.sampled_from(["sepa", "pix"]), st.lists(STEPS, min_size=3, max_size=14))
def test_a_sale_with_disputes_adds_up_after_every_step(price: str, by: str, steps: list[tuple[Any, ...]]) -> None:
    story = Story(price, by)
    for step in steps:
        story.step(*step)
