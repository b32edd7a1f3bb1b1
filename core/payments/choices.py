"""Held money and what its owner may do with it: top up, take the order up again, pay another one, have it back.

A choice has a deadline (`policy.holding.decide`); then the default is carried out (`policy.holding.default`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId, PersonId
from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.payments.capturing import missing
from core.payments.charging import ask_for_rest
from core.payments.escrow import need_thawed
from core.payments.instalments.books import owed
from core.payments.instalments.plan import RUNNING
from core.payments.instalments.plans import need_counts, take_held
from core.payments.pockets import asked, quote_of
from core.payments.receipts import Misfit, Receipt, ReceiptState, place
from core.payments.receiving import in_stock, listeners, pay_from_parts
from core.payments.refund import Refund
from core.payments.refunds import send_held_back
from core.ports import UnitOfWork
from core.shop.checkout import price_today, take_up_again
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_admin, note_command


class NotHeld(Refusal):
    """The money has found its place, or is on its way back."""

    sentence = sentence("Nothing of payment {receipt} is held any more.")


class DoesNotFit(Refusal):
    """Held money pays an order of its owner's that waits for payment in the same currency, and no other."""

    sentence = sentence("Payment {receipt} cannot pay order {order}: it must wait for payment, in {currency}.")


class NothingMissing(Refusal):
    """The order waits for no rest."""

    sentence = sentence("Order {order} does not wait for the rest of its price.")


_ENDED = (OrderState.EXPIRED, OrderState.CANCELLED)
_SKIPPED = 500


@dataclass(frozen=True, slots=True)
class Choices:
    """What the owner of held money may do with it now. It may always go back."""

    receipt: Receipt
    missing: Money | None = None  # to top up: what its order still lacks
    again: OrderId | None = None  # the ended order that it could pay
    today: Money | None = None  # … and what that costs at today's rate
    others: tuple[Order, ...] = ()  # orders that wait for payment, or for a part of it, in this currency

    @property
    def lacking(self) -> Money | None:
        """What taking the order up again would cost beyond what is held; None when nothing."""
        if self.today is None or self.today <= self.receipt.held:
            return None
        return self.today - self.receipt.held


def choices(uow: UnitOfWork, shop: Shop, receipt: Receipt) -> Choices:
    """What may be done with what is held of a receipt. Stores nothing."""
    if not receipt.held or receipt.payer is None:
        return Choices(receipt)
    lacks, again, today = None, None, None
    named = receipt.part_of or receipt.order
    order = uow.orders.get(named) if named is not None else None
    if order is not None and order.state is OrderState.PLACED and receipt.part_of == order.id:
        lacks = missing(uow, order, asked(order, quote_of(uow, order))) or None
    if order is not None and order.state in _ENDED and in_stock(uow, order):
        today = _price(uow, shop, order)
        if today is not None and today.asset == receipt.held.asset:
            again = order.id
    return Choices(receipt, lacks, again, today if again else None, tuple(_others(uow, receipt)))


def held_for(uow: UnitOfWork, shop: Shop, who: PersonId, limit: int = 10) -> list[Choices]:
    """What is held for a person now, the oldest first, and what may be done with each as things stand."""
    found = uow.receipts.find(payer=who, state=ReceiptState.HELD, newest=False, limit=limit)
    return [choices(uow, shop, receipt) for receipt in found]


def _price(uow: UnitOfWork, shop: Shop, order: Order) -> Money | None:
    try:
        return asked(order, price_today(uow, shop, order))
    except Refusal:
        return None


def _others(uow: UnitOfWork, receipt: Receipt) -> Iterator[Order]:
    for order in uow.orders.find(shopper=receipt.payer, state=OrderState.PLACED, limit=20):
        if order.id != receipt.part_of and not order.frozen and quote_of(uow, order).pay.asset == receipt.held.asset:
            yield order
    for plan in uow.plans.find(shopper=receipt.payer, state=RUNNING, limit=20):
        order = uow.orders.need(plan.id)
        if plan.left.asset == receipt.held.asset and not order.frozen:
            yield order


def _own(uow: UnitOfWork, who: PersonId, receipt_id: str) -> Receipt:
    receipt = uow.receipts.lock(receipt_id)
    if receipt.payer != who:
        raise Gone
    if not receipt.held:
        raise NotHeld(receipt=receipt.id)
    if receipt.order is not None:
        need_thawed(uow.orders.need(receipt.order))
    return receipt


def top_up(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Order:
    """A further code for the rest of a price that is there in part; the time to pay begins anew.

    Raises Gone, NothingMissing, NoCode.
    """
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    if order.state is not OrderState.PLACED:
        raise NothingMissing(order=order.id)
    price = asked(order, quote_of(uow, order))
    rest = missing(uow, order, price)
    if not rest or rest == price:
        raise NothingMissing(order=order.id)
    return ask_for_rest(uow, shop, order, rest)


def apply_to(uow: UnitOfWork, shop: Shop, who: PersonId, receipt_id: str, order_id: OrderId) -> Order:
    """Let held money pay another order of its owner's, all or a part of it; for the rest there is a new code.

    Or what is due first of one that is bought in parts. Raises Gone, NotHeld, DoesNotFit, Frozen, NoCode, NotInParts.
    """
    order = uow.orders.lock(order_id)
    receipt = _own(uow, who, receipt_id)
    if order.shopper != who:
        raise Gone
    return _put_towards(uow, shop, receipt, order)


def _put_towards(uow: UnitOfWork, shop: Shop, receipt: Receipt, order: Order) -> Order:
    quote = quote_of(uow, order)
    owes = order.state is not OrderState.PLACED and owed(uow, order)
    fits = (order.state is OrderState.PLACED or owes) and quote.pay.asset == receipt.held.asset
    if not fits or order.frozen:
        raise DoesNotFit(receipt=receipt.id, order=order.id, currency=receipt.held.asset)
    if owes:
        take_held(uow, shop, order, receipt)
        return order
    need_counts(uow, shop, order, quote)
    uow.receipts.save(replace(receipt, part_of=order.id))
    if pay_from_parts(uow, shop, order):
        return uow.orders.need(order.id)
    return ask_for_rest(uow, shop, order, missing(uow, order, asked(order, quote)))


def take_up(uow: UnitOfWork, shop: Shop, who: PersonId, receipt_id: str) -> Order:
    """Take the ended order of late money up again, at today's price, if goods, limits and rate allow.

    It is paid at once when what is held covers that; else the rest gets a new code. Raises Gone, NotHeld, DoesNotFit,
    Frozen, SoldOut, NoneLeft, PriceChanged, NoRate, StaleRate, StepUpNeeded, the refusal of a limit.
    """
    receipt = _own(uow, who, receipt_id)
    named = receipt.part_of or receipt.order
    if named is None:
        raise Gone
    order = uow.orders.lock(named)
    if order.state not in _ENDED or order.shopper != who or order.frozen:
        raise DoesNotFit(receipt=receipt.id, order=order.id, currency=receipt.held.asset)
    if price_today(uow, shop, order).pay.asset != receipt.held.asset:
        raise DoesNotFit(receipt=receipt.id, order=order.id, currency=receipt.held.asset)
    return _put_towards(uow, shop, receipt, take_up_again(uow, shop, order, receipt.held))


def assign(uow: UnitOfWork, shop: Shop, admin: PersonId, receipt_id: str, order_id: OrderId) -> Receipt:
    """An admin says which order held money was meant for: from then on it is its shopper's, and pays it if it can.

    Raises NotAllowed, Gone, NotHeld.
    """
    need_admin(shop, admin)
    order = uow.orders.lock(order_id)
    receipt = uow.receipts.lock(receipt_id)
    if order.quote is None or order.state is OrderState.DRAFT:
        raise Gone
    if not receipt.held:
        raise NotHeld(receipt=receipt.id)
    note_command(uow, shop, admin, "assign", receipt=receipt.id, order=order.id)
    receipt = _hand_over(uow, shop, receipt, order)
    if order.state is OrderState.PLACED and quote_of(uow, order).pay.asset == receipt.held.asset:
        receipt = uow.receipts.save(replace(receipt, part_of=order.id, misfit=Misfit.SHORT))
        pay_from_parts(uow, shop, order)
    receipt = uow.receipts.need(receipt.id)
    if receipt.held:
        for who in listeners(shop, receipt):
            tell(uow, shop.clock.now(), who, "held", receipt.id, assigned=order.id)
    return receipt


def _hand_over(uow: UnitOfWork, shop: Shop, receipt: Receipt, order: Order) -> Receipt:
    """Write the money down as the shopper's: out of its channel's account into theirs."""
    now, account = shop.clock.now(), place(order.shopper, receipt.channel)
    if account != receipt.account:
        legs = (debit(receipt.account, receipt.held), credit(account, receipt.held))
        uow.journal.post(entry(f"assigned:{receipt.id}:{order.id}", now, "assigned", *legs, order=order.id))
    late = order.state is not OrderState.PLACED
    misfit = (Misfit.DOUBLE if order.paid_at else Misfit.LATE) if late else receipt.misfit
    return uow.receipts.save(
        replace(
            receipt,
            account=account,
            order=order.id,
            payer=order.shopper,
            misfit=misfit,
            decide_by=now + shop.policy.holding.decide,
        )
    )


def decide_due(uow: UnitOfWork, shop: Shop, limit: int = 50) -> list[Refund]:
    """The owners' time to choose is over: what they left goes back, or stays for an admin, as the policy says.

    Frozen money, and the part of an order that still waits for its rest, are left for a later tick.
    """
    now = shop.clock.now()
    done: list[Refund] = []
    for found in uow.receipts.find(state=ReceiptState.HELD, before={"decide_by": now}, newest=False, limit=_SKIPPED):
        if len(done) == limit:
            break
        if _must_wait(uow, found):
            continue
        receipt = uow.receipts.lock(found.id)
        if shop.policy.holding.default == "refund":
            done.append(send_held_back(uow, shop, receipt, receipt.misfit.value or "held"))
            continue
        uow.receipts.save(replace(receipt, decide_by=None))
        for admin in sorted(shop.admins):
            tell(uow, now, admin, "undecided", receipt.id)
    return done


def _must_wait(uow: UnitOfWork, receipt: Receipt) -> bool:
    orders = [uow.orders.need(one) for one in (receipt.order, receipt.part_of) if one is not None]
    return any(order.frozen or (order.state is OrderState.PLACED and order.id == receipt.part_of) for order in orders)
