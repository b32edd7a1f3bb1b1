"""The people of a story: they do what people do, look at what came of it, and often do not care."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from core.errors import Refusal
from core.ids import OrderId, PersonId
from core.money import Money
from core.payments.choices import apply_to, assign, choices, take_up, top_up
from core.payments.disputes import monitoring
from core.payments.disputes.answering import give_up, hand_in
from core.payments.disputes.complaints import Complaint, complain, decide
from core.payments.disputes.dispute import UNDECIDED
from core.payments.disputes.frozen import LEAVES
from core.payments.fx import treasury
from core.payments.instalments.plan import PlanState
from core.payments.instalments.plans import pay_next, pay_rest, write_off
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.outcomes import resolve
from core.payments.receipts import Receipt, ReceiptState
from core.payments.recon.bankline import LineState
from core.payments.recon.exceptions import Into, close_exception, take_exception
from core.payments.refund import RefundState
from core.payments.refunds import refund_order, refund_receipt, reroute
from core.payments.settlement.payee import choose_conversion, give_account, give_holder
from core.payments.settlement.payout import PayoutState
from core.payments.settlement.payouts import hold, is_by_hand, let_go, paid_by_hand
from core.people import Conversion
from core.ports import UnitOfWork
from core.shop.carting import put_in
from core.shop.checkout import cancel, draft_cart, draft_one, pay_otherwise, place, review
from core.shop.orders import Order, OrderState
from core.shop.receiving import confirm_receipt
from core.shop.selling import ship
from tests.builders import ADA, EUR, PAYER_IBAN, USD
from tests.simulation.world import BIA, SELLERS, SHOPPERS, Defect, Lost, World

ARRIVALS = 6 * 86_400.0  # seconds in which the orders of a story begin
ACCOUNTS = {
    "EUR": (PAYER_IBAN, "GB82WEST12345698765432", "DE89370400440532013000"),
    "BRL": ("bia@example.com", "casa.bia@example.com"),
    "CNY": ("Bank of China 6222021234567890", "ICBC 6212261234567890"),
}
_S = OrderState


class Shopper:
    """One person's one order, from the wish to the end."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.dice = world, world.plot.dice(f"order:{number}")
        self.who = self.dice.choice(SHOPPERS)
        honest = world.plot.chance("cheats", 1.0) == 0
        # How the code is paid.
        self.manner = (
            "right"
            if honest
            else self.dice.choice(
                ("right",) * 10 + ("short", "over", "twice", "late", "not", "currency", "stranger", "slow", "cancels")
            )
        )
        self.order: OrderId | None = None
        self.paid = 0

    async def live(self) -> None:
        """All of it."""
        await asyncio.sleep(self.dice.uniform(0, ARRIVALS))
        if self.world.plot.without >= {"everything"} or not await self._orders():
            return
        for _ in range(self.dice.randrange(8, 14)):
            await asyncio.sleep(self.dice.choice((60, 300, 1200, 3600, 20_000, 70_000)))
            order = await self._look()
            if order.state is _S.PLACED:
                await self._about_payment(order)
            elif order.state is _S.SHIPPED and self.dice.random() < 0.4:
                await self.world.attempt(confirm_receipt, self.who, order.id)
            elif order.state in (_S.SHIPPED, _S.RECEIVED) and self.dice.random() < 0.06:
                await self.world.attempt(complain, self.who, order.id, self.dice.choice(sorted(Complaint)))
            if order.parts > 1 and order.paid_at and self.dice.random() < 0.6:
                await self._pays_a_part(order)
            await self._about_held_money()
            if self.world.quiet or (
                order.state in (_S.RECEIVED, _S.REFUNDED, _S.CANCELLED) and self.dice.random() < 0.5
            ):
                break

    async def _orders(self) -> bool:
        world, dice = self.world, self.dice
        product = dice.choice(world.products)
        from_cart = dice.random() < 0.2
        if from_cart:
            await world.attempt(put_in, self.who, product.id)
            view = await world.attempt(draft_cart, self.who, product.seller)
        else:
            view = await world.attempt(draft_one, self.who, product.id)
        if view is None:
            return False
        method = dice.choice(sorted(world.methods))
        quantity = None if from_cart else dice.choice((1, 1, 1, 2, 3))
        parts = dice.choice((None, None, 3, 4))
        wishes = {"method": method, "quantity": quantity, "parts": parts}
        view = await world.attempt(review, self.who, view.order.id, **wishes) or view
        self.order = view.order.id
        assert view.order.quote
        with suppress(Lost, Refusal):
            await world.do(place, self.who, self.order, view.order.quote)
            return True
        return (await self._look()).state is not _S.DRAFT

    async def _look(self) -> Order:
        order_id = self.order
        assert order_id
        return await self.world.look(lambda uow: uow.orders.need(order_id))

    async def _about_payment(self, order: Order) -> None:
        charges: list[Operation] = await self.world.look(
            lambda uow: uow.operations.find(order=order.id, kind=OperationKind.CHARGE)
        )
        charge, dice = charges[0], self.dice
        if self.manner == "cancels" or dice.random() < 0.03:
            await self.world.attempt(cancel, self.who, order.id)
        elif charge.state is OperationState.ACTION and self.manner != "not" and self.paid < 2:
            await self._pays(charge)
        elif charge.state in (OperationState.REJECTED, OperationState.EXPIRED):
            await self.world.attempt(pay_otherwise, self.who, order.id, dice.choice(sorted(self.world.methods)))

    async def _pays_a_part(self, order: Order) -> None:
        verb = self.dice.choice((pay_next, pay_next, pay_rest))
        charge = await self.world.attempt(verb, self.who, order.id)
        if charge is not None and charge.state is OperationState.ACTION:
            await self._pays(charge)

    async def _pays(self, charge: Operation) -> None:
        world, manner = self.world, self.manner
        sim, amount = world.rails[charge.channel].sim, charge.amount
        self.manner = "right"  # what comes after is what it should be
        self.paid += 1
        if manner == "late":
            await asyncio.sleep(self.dice.uniform(4, 12) * 3600)
        if manner == "short":
            amount = Money(max(1, amount.minor * self.dice.randrange(10, 99) // 100), amount.asset)
        if manner == "over":
            amount = Money(amount.minor + self.dice.randrange(1, 5000), amount.asset)
        world.note(self.who, "pays", manner, amount, charge.reference)
        if manner == "currency" and charge.is_offer:
            other = EUR if amount.asset != EUR else USD
            sim.transfer(charge.order, charge.reference, Money(amount.minor, other))
        elif manner == "stranger":
            sim.transfer("", f"TEA{self.dice.randrange(100)}", amount)
        elif charge.is_offer:
            sim.transfer(charge.order, charge.reference, amount)
        else:
            sim.buyer_pays(charge.reference, amount)
        if manner == "twice":
            await asyncio.sleep(self.dice.uniform(1, 90_000))
            sim.transfer(charge.order, charge.reference, amount)

    async def _about_held_money(self) -> None:
        held: list[Receipt] = await self.world.look(
            lambda uow: uow.receipts.find(payer=self.who, state=ReceiptState.HELD, limit=3)
        )
        if not held or self.dice.random() < 0.4:
            return
        receipt, world, dice = held[0], self.world, self.dice
        house = await world.up()
        offered = await world.look(lambda uow: choices(uow, house.shop, receipt))
        ways: list[Callable[[], object]] = [lambda: world.attempt(refund_receipt, self.who, receipt.id)]
        if offered.missing and receipt.part_of:
            named = receipt.part_of
            ways += [lambda: world.attempt(top_up, self.who, named)] * 3
        if offered.again:
            ways += [lambda: world.attempt(take_up, self.who, receipt.id)] * 3
        ways += [lambda order=one: world.attempt(apply_to, self.who, receipt.id, order.id) for one in offered.others]
        await dice.choice(ways)()  # type: ignore[misc]


async def seller(world: World, who: PersonId) -> None:
    """Ships most of what was paid, some of it late, some never; may give another account."""
    dice, currency = world.plot.dice(f"seller:{who}"), SELLERS[who][0]
    forgets: set[OrderId] = set()
    if dice.random() < 0.3:
        await world.attempt(choose_conversion, who, Conversion.AT_PAYOUT)
    has_account = False
    while True:
        await asyncio.sleep(dice.uniform(0.5, 1.5) * 36_000)
        if not has_account or dice.random() < 0.02:
            await world.attempt(give_account, who, dice.choice(ACCOUNTS[currency]))
            has_account = await world.attempt(give_holder, who, "Holder") is not None
        paid: list[Order] = await world.look(lambda uow: uow.orders.find(seller=f"S{who}", state=_S.PAID, limit=20))
        for order in paid:
            if order.id not in forgets and dice.random() < 0.1:
                forgets.add(order.id)
            if order.id not in forgets and dice.random() < 0.7:
                await world.attempt(ship, who, order.id, "RR 123456785 CN")


class Admin:
    """Ada: resolves what is parked, answers complaints, hedges, looks into exceptions, makes transfers by hand."""

    def __init__(self, world: World) -> None:
        self.world, self.dice = world, world.plot.dice("admin")
        self.meddles = world.plot.chance("admins", 0.3)
        self.looks, self.suspects = world.plot.dice("watching"), world.plot.chance("freezes", 0.3)

    async def live(self) -> None:
        """A round of work, again and again."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * 30_000)
            await self.round()

    async def round(self) -> None:
        """Everything an admin does in a day."""
        await self.resolve_parked()
        await self._about_refunds()
        await self._about_strangers()
        await self.about_payouts()
        await self.about_exceptions()
        await self._about_cases()
        await self._about_plans()
        await self._about_watched()
        if not self.world.quiet:
            await self._meddle()
            await self._freezes_one()

    async def resolve_parked(self) -> None:
        """By evidence out of the channel's own books, and nothing else."""
        parked: list[Operation] = await self.world.look(
            lambda uow: uow.operations.find(state=(OperationState.PARKED, OperationState.UNKNOWN), limit=20)
        )
        for operation in parked:
            if operation.state is OperationState.UNKNOWN and self.dice.random() < 0.9:
                continue
            told = evidence(self.world, operation)
            if told is not None:
                charge, (succeeded, cited, amount) = operation.kind is OperationKind.CHARGE, told
                found = {"succeeded": succeeded, "evidence": cited, "amount": amount if charge else None}
                await self.world.attempt(resolve, ADA, operation.id, **found)

    async def _about_refunds(self) -> None:
        failed = await self.world.look(lambda uow: uow.refunds.find(state=RefundState.FAILED, limit=5))
        for refund in failed:
            if self.dice.random() < 0.5:
                await self.world.attempt(refund_receipt, ADA, refund.receipt)
            else:
                account = ACCOUNTS.get(refund.amount.asset.code, ("Some bank 123456",))[0]
                await self.world.attempt(reroute, ADA, refund.id, account)

    async def _about_strangers(self) -> None:
        """Money that nobody knows of: found out whose it is, or sent back."""
        held: list[Receipt] = await self.world.look(
            lambda uow: uow.receipts.find(state=ReceiptState.HELD, decide_by=None, limit=5)
        )
        for receipt in held:
            orders: list[Order] = await self.world.look(lambda uow: uow.orders.find(state=_S.PLACED, limit=5))
            if orders and receipt.payer is None and self.dice.random() < 0.5 and not self.world.quiet:
                await self.world.attempt(assign, ADA, receipt.id, self.dice.choice(orders).id)
            else:
                await self.world.attempt(refund_receipt, ADA, receipt.id)

    async def about_payouts(self) -> None:
        """Those by hand are made; held ones are let go; now and then one is held."""
        found = await self.world.look(_payouts)
        for payout, operation in found:
            if payout.state is PayoutState.HELD:
                if self.world.quiet or self.dice.random() < 0.4:
                    await self.world.attempt(let_go, ADA, payout.id)
            elif operation is not None and is_by_hand(operation):
                await self.world.attempt(paid_by_hand, ADA, payout.id, f"HAND{payout.id}")
            elif self.dice.random() < 0.2 and not self.world.quiet:
                await self.world.attempt(hold, ADA, payout.id)

    async def about_exceptions(self) -> None:
        """Looked into, and closed after two days."""
        lines = await self.world.look(lambda uow: uow.banklines.find(state=LineState.OPEN, newest=False, limit=10))
        for line in lines:
            if line.owner is None:
                await self.world.attempt(take_exception, ADA, line.id)
            elif self.world.clock.now() - line.opened_at > timedelta(days=2):
                into = self.dice.choice((Into.NOTHING, Into.SUSPENSE, Into.COSTS))
                await self.world.attempt(close_exception, ADA, line.id, "looked into", into)

    async def _about_cases(self) -> None:
        """Complaints are decided; evidence is handed in, or a bank's case given up."""
        open_ = await self.world.look(lambda uow: uow.disputes.find(state=UNDECIDED, limit=10))
        for case in open_:
            if case.is_complaint and (self.world.quiet or self.dice.random() < 0.4):
                amount = None
                won = self.dice.random() < 0.5
                if not won and self.dice.random() < 0.5:
                    amount = Money(self.dice.randrange(1, case.amount.minor + 1), case.amount.asset)
                await self.world.attempt(decide, ADA, case.id, won=won, amount=amount)
            elif not case.is_complaint and self.dice.random() < 0.3:
                await self.world.attempt(self.dice.choice((hand_in, hand_in, give_up)), ADA, case.id)

    async def _about_plans(self) -> None:
        """What a shopper in default owes is given up in the end."""
        broken = await self.world.look(lambda uow: uow.plans.find(state=PlanState.DEFAULTED, limit=10))
        for plan in broken:
            if not plan.written_off_at and (self.world.quiet or self.dice.random() < 0.2):
                await self.world.attempt(write_off, ADA, plan.id)

    async def _about_watched(self) -> None:
        """Orders that Ada has frozen: nothing of their money may have moved since; then it is let go."""
        frozen: list[Order] = await self.world.look(
            lambda uow: [one for one in uow.orders.walk() if monitoring.watched_since(one)]
        )
        for order in frozen:
            moved = await self.world.look(
                lambda uow, order=order: list(monitoring.left_while_watched(uow, order, LEAVES))
            )
            if moved:
                self.world.defect(Defect(f"money of order {order.id} was moved while it was frozen: {moved[0]}"))
            if self.world.quiet or self.looks.random() < 0.4:
                await self.world.attempt(monitoring.let_go, ADA, order.id)

    async def _freezes_one(self) -> None:
        if self.looks.random() < self.suspects:
            states = (_S.PLACED, _S.PAID, _S.PAID, _S.SHIPPED, _S.RECEIVED)
            state = self.looks.choice(states)
            orders: list[Order] = await self.world.look(lambda uow: uow.orders.find(state=state, limit=12))
            if orders:
                await self.world.attempt(monitoring.watch, ADA, self.looks.choice(orders).id, "a hint")

    async def _meddle(self) -> None:
        if self.dice.random() < self.meddles:
            states = (_S.PAID, _S.SHIPPED, _S.RECEIVED)
            orders: list[Order] = await self.world.look(lambda uow: uow.orders.find(state=states, limit=12))
            if orders:
                order = self.dice.choice(orders)
                amount = None
                if self.dice.random() < 0.6 and order.quote:
                    quote = await self.world.look(lambda uow: uow.quotes.need(order.quote))
                    amount = Money(self.dice.randrange(1, quote.pay.minor + 1), quote.pay.asset)
                await self.world.attempt(refund_order, ADA, order.id, amount)
        if self.dice.random() < self.meddles:
            house = await self.world.up()
            deals = await self.world.look(lambda uow: treasury.proposals(uow, house.shop))
            if deals:
                reference = f"DEAL{self.dice.randrange(10**6)}"
                await self.world.attempt(treasury.hedge, ADA, deals[0].sell, deals[0].buy, reference)


def _payouts(uow: UnitOfWork) -> list[tuple[object, Operation | None]]:
    found = uow.payouts.find(state=(PayoutState.RESERVED, PayoutState.HELD), limit=20)
    return [(one, uow.operations.get(one.operation) if one.operation else None) for one in found]


def evidence(world: World, operation: Operation) -> tuple[bool, str, Money | None] | None:
    """What the channel's own books prove of a command; None when it may still carry it out."""
    sim = world.rails[operation.channel].sim
    kind = {OperationKind.CHARGE: "payment"}.get(operation.kind, operation.kind.value)
    for movement in sim.books.movements:
        if movement.kind == kind and movement.reference == operation.reference:
            return True, movement.of, movement.amount
    if sim.may_yet(operation):
        return None
    return False, "not in their books", None


def _random(dice: random.Random) -> random.Random:
    return dice


__all__ = ["ARRIVALS", "BIA", "Admin", "Shopper", "evidence", "seller"]
