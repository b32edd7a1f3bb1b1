"""Money that comes in: each fact once, applied to its order or held for its owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.ids import PersonId
from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.payments.capturing import Share, capture, clean, make_good, shares
from core.payments.instalments import books as planbooks
from core.payments.instalments import plans as instalments
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.pockets import asked, quote_of
from core.payments.receipts import Misfit, Receipt, ReceiptState, place
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState


@dataclass(frozen=True, slots=True)
class Fact:
    """One incoming payment as a channel's own message tells it.

    `id` is the channel's name of the payment (endToEndId, AcctSvcrRef), the same in every message about it.
    """

    channel: str
    id: str
    reference: str
    amount: Money
    at: datetime  # when the payer's bank took the order
    debtor_account: str = ""
    debtor_name: str = ""

    def __repr__(self) -> str:
        return f"Fact({self.channel}, {self.amount})"


def take_in(uow: UnitOfWork, shop: Shop, fact: Fact) -> Receipt:
    """Book a payment. The same fact again, in whichever message, changes nothing and returns the first receipt.

    What the facts of an order come to in the books does not hang on the order in which they are told: money with an
    owner lies in one account until it pays, and an order is paid as soon as what came in time reaches its price.
    """
    known = uow.receipts.find(channel=fact.channel, fact=fact.id, limit=1)
    if known:
        return known[0]
    charges = uow.operations.find(
        channel=fact.channel, kind=OperationKind.CHARGE, reference=clean(fact.reference), limit=1
    )
    if not charges:
        receipt = _write_down(uow, shop, fact, Misfit.UNKNOWN_REFERENCE, None)
        return hold(uow, shop, receipt)
    order = uow.orders.lock(charges[0].order)
    charge = uow.operations.lock(charges[0].id)
    misfit = _misfit(uow, fact, charge, order)
    receipt = _write_down(uow, shop, fact, misfit, order)
    share = Share(receipt, fact.amount, accounts.clearing(fact.channel))
    if misfit is Misfit.SHORT:
        receipt = _pay(uow, shop, order, share, fact.at)
    elif misfit is Misfit.DOUBLE:
        make_good(uow, shop, order, share)
    elif misfit is Misfit.NONE:
        receipt = instalments.take(uow, shop, order, share, charge)
    elif misfit in (Misfit.LATE, Misfit.OUT_OF_STOCK) and order.state is not OrderState.PLACED:
        _late_success(uow, charge, fact)
    return hold(uow, shop, uow.receipts.need(receipt.id))


def _misfit(uow: UnitOfWork, fact: Fact, charge: Operation, order: Order) -> Misfit:
    """What the fact itself says is asked before what happened so far, so that messages in any order end alike.

    SHORT: may pay its order, or a part of it; what it comes to is found when it is added to the other parts.
    NONE: pays what a buyer in instalments owes, as far as that goes.
    """
    # The order may be paid another way by now, in another currency than its first charge asked for.
    if fact.amount.asset != quote_of(uow, order).pay.asset:
        return Misfit.WRONG_CURRENCY
    if planbooks.room(uow, order, charge.id):  # a part of what is owed: never late
        return Misfit.NONE
    in_time = charge.expires_at is None or fact.at <= charge.expires_at
    if in_time and order.paid_at is not None:
        return Misfit.DOUBLE
    if in_time and order.state is OrderState.PLACED and charge.state is not OperationState.RESERVED:
        return Misfit.SHORT
    return Misfit.LATE if order.paid_at is not None or in_stock(uow, order) else Misfit.OUT_OF_STOCK


def in_stock(uow: UnitOfWork, order: Order) -> bool:
    """Whether an order that has ended could be taken up again, as far as the goods go."""
    if order.state is OrderState.PLACED:
        return True
    products = [(uow.products.get(line.product), line.quantity) for line in order.lines]
    return all(product is not None and product.stock >= quantity for product, quantity in products)


def _pay(uow: UnitOfWork, shop: Shop, order: Order, share: Share, at: datetime) -> Receipt:
    """Add the payment to what is there of the order's price; the order is captured when that is enough."""
    price, receipt = asked(order, quote_of(uow, order)), share.receipt
    found = shares(uow, shop, order, price, share)
    if not found:
        return uow.receipts.save(replace(receipt, part_of=order.id))
    capture(uow, shop, order, found, at)
    receipt = uow.receipts.need(receipt.id)
    return uow.receipts.save(replace(receipt, misfit=Misfit.OVER if receipt.held else Misfit.NONE))


def pay_from_parts(uow: UnitOfWork, shop: Shop, order: Order) -> bool:
    """Capture an order when the held parts that are meant for it reach its price."""
    found = shares(uow, shop, order, asked(order, quote_of(uow, order)))
    if found:
        capture(uow, shop, order, found)
    return bool(found)


def _late_success(uow: UnitOfWork, charge: Operation, fact: Fact) -> None:
    open_ = charge.state not in (OperationState.SUCCEEDED, OperationState.RESERVED)
    if open_ and fact.amount == charge.amount:
        uow.operations.save(replace(charge.move(OperationState.SUCCEEDED), evidence=fact.id))


def _write_down(uow: UnitOfWork, shop: Shop, fact: Fact, misfit: Misfit, order: Order | None) -> Receipt:
    now, payer = shop.clock.now(), order.shopper if order else None
    return uow.receipts.add(
        Receipt(
            id=shop.ids.new(8),
            channel=fact.channel,
            fact=fact.id,
            reference=fact.reference[:64],
            amount=fact.amount,
            received_at=now,
            state=ReceiptState.HELD,
            misfit=misfit,
            account=place(payer, fact.channel),
            held=fact.amount,
            order=order.id if order else None,
            payer=payer,
            decide_by=now + shop.policy.holding.decide if payer is not None else None,
            debtor_account=fact.debtor_account,
            debtor_name=fact.debtor_name,
        )
    )


def hold(uow: UnitOfWork, shop: Shop, receipt: Receipt) -> Receipt:
    """Book what is left of a new receipt where it waits, and tell its owner and the admins what may become of it."""
    if not receipt.held:
        return receipt
    now = shop.clock.now()
    uow.journal.post(
        entry(
            f"held:{receipt.id}",
            now,
            "held",
            debit(accounts.clearing(receipt.channel), receipt.held),
            credit(receipt.account, receipt.held),
            order=receipt.order,
        )
    )
    for who in listeners(shop, receipt):
        tell(uow, now, who, "held", receipt.id)
    return receipt


def listeners(shop: Shop, receipt: Receipt) -> list[PersonId]:
    """Its owner first, then the admins."""
    owner = [] if receipt.payer is None else [receipt.payer]
    return [*owner, *sorted(shop.admins - set(owner))]
