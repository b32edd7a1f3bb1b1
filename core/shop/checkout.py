"""Checkout: from a cart to a placed order that waits for its payment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.errors import Gone, Refusal, Stale, sentence
from core.ids import OrderId, PersonId, ProductId, QuoteId, SellerId
from core.money import Money
from core.payments.charging import MayStillBePaid, NoMethod, ask_for_payment, ask_otherwise
from core.payments.fx import locks
from core.payments.fx.pricing import make_quote
from core.payments.fx.quote import Quote, QuoteState
from core.payments.instalments.plans import counts, need_counts
from core.payments.intents import follow
from core.payments.operations import IntentState, OperationKind, OperationState
from core.people import Person
from core.ports import UnitOfWork
from core.risk import limits
from core.risk.judging import judge
from core.shop.browse import OrderView, cart_view
from core.shop.cart import MOST_OF_ONE
from core.shop.carting import check_stock, take_out
from core.shop.catalogue import Product
from core.shop.context import Method, Shop
from core.shop.notices import VOID, carry_out, tell
from core.shop.orders import Order, OrderLine, OrderMoved, OrderState


class NothingToOrder(Refusal):
    """The cart has nothing of that seller."""

    sentence = sentence("There is nothing to order. /shop shows what is for sale.")


class OwnProduct(Refusal):
    """A seller cannot buy from themselves: the money would only go in a circle."""

    sentence = sentence("This is your own product; you cannot buy it yourself.")


class AddressMissing(Refusal):
    """An order needs somewhere to go."""

    sentence = sentence("Where should it go? Please give an address first.")


class OfferOver(Stale):
    """The quote's deadline has passed; a fresh one is shown."""

    sentence = sentence("That price has expired. Here is today’s; please check it and confirm again.")


class PriceChanged(Stale):
    """A seller changed a price, or a product left, between the review and the confirmation."""

    sentence = sentence("“{title}” has changed since you looked. Please order it again.")


def _method(shop: Shop, wanted: str, person: Person, goods: list[Money]) -> Method:
    """The method asked for, else the person's last one, else one in the prices' own currency, else the first."""
    for name in (wanted, person.method):
        if name in shop.methods:
            return shop.methods[name]
    currencies = {amount.asset for amount in goods} | {person.currency}
    offered = sorted(shop.methods.values(), key=lambda method: (method.currency not in currencies, method.name))
    if not offered:
        raise NoMethod
    return offered[0]


def new_order(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    lines: Iterable[tuple[Product, int]],
    *,
    from_cart: bool = False,
    name: str = "",
    method: str = "",
) -> Order:
    """An order as it would be drafted, by a name and a method that are wanted or found. Stores nothing.

    Raises NothingToOrder, OwnProduct, Gone, NoneLeft, NoMethod.
    """
    lines = tuple(lines)
    if not lines:
        raise NothingToOrder
    seller = uow.sellers.need(lines[0][0].seller)
    if seller.person == who:
        raise OwnProduct
    for product, quantity in lines:
        check_stock(product, quantity)
    person = uow.people.need(who)
    kept = tuple(OrderLine(product.id, product.title, product.price, quantity) for product, quantity in lines)
    return Order(
        id=OrderId(name or shop.ids.new()),
        shopper=who,
        seller=seller.id,
        state=OrderState.DRAFT,
        lines=kept,
        created_at=shop.clock.now(),
        address=person.address,
        method=_method(shop, method, person, [line.total for line in kept]).name,
        from_cart=from_cart,
    )


def put_down(uow: UnitOfWork, shop: Shop, order: Order) -> OrderView:
    """Keep a new order as a draft, with its quote. Raises NoRate, StaleRate, TooSmall; Duplicate for a name in use."""
    quote = _quote(uow, shop, order, shop.methods[order.method])
    return _drafted(uow, shop, uow.orders.add(replace(order, quote=quote.id)), quote)


def _drafted(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote) -> OrderView:
    """A draft for its shopper: nothing was asked for it yet, and nothing paid."""
    seller, shopper = uow.sellers.need(order.seller), uow.people.need(order.shopper)
    return OrderView(order, seller, shopper, quote, None, None, (), counts=counts(uow, shop, order, quote))


def _quote(uow: UnitOfWork, shop: Shop, order: Order, method: Method) -> Quote:
    """A fresh quote for an order by a method; the one it had is withdrawn."""
    if order.quote:
        locks.let_go(uow, uow.quotes.lock(order.quote), QuoteState.WITHDRAWN)
    return uow.quotes.add(
        make_quote(
            shop,
            order=order,
            method=method,
            settled_in=uow.sellers.need(order.seller).owed_in(method.currency),
            now=shop.clock.now(),
        )
    )


def draft_one(uow: UnitOfWork, shop: Shop, who: PersonId, product_id: ProductId) -> OrderView:
    """Buy now: a draft of one piece of one product.

    Raises Gone, NoneLeft, OwnProduct, NoMethod, NoRate, StaleRate, TooSmall.
    """
    return put_down(uow, shop, new_order(uow, shop, who, [(uow.products.need(product_id), 1)]))


def draft_cart(uow: UnitOfWork, shop: Shop, who: PersonId, seller: SellerId) -> OrderView:
    """Check out what the cart holds of one seller. Raises NothingToOrder and what `draft_one` raises."""
    groups = [group for group in cart_view(uow, who).groups if group.seller.id == seller]
    return put_down(uow, shop, new_order(uow, shop, who, groups[0].lines if groups else (), from_cart=True))


def _own_draft(uow: UnitOfWork, who: PersonId, order_id: OrderId) -> Order:
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    if order.state is not OrderState.DRAFT:
        raise OrderMoved(order=order.id, state=order.state.value)
    return order


def review(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    order_id: OrderId,
    *,
    method: str = "",
    quantity: int | None = None,
    parts: int | None = None,
) -> OrderView:
    """A draft with a fresh quote: by another method, in another quantity (of its only line), to the address known now.

    `parts` are asked for, or the order's own stay as long as they may. Raises Gone, OrderMoved, NoRate, StaleRate,
    TooSmall, SoldOut, NotInParts.
    """
    order = _own_draft(uow, who, order_id)
    person = uow.people.need(who)
    if quantity is not None and len(order.lines) == 1 and not order.from_cart:
        quantity = min(max(1, quantity), MOST_OF_ONE)
        check_stock(uow.products.need(order.lines[0].product), quantity)
        order = replace(order, lines=(replace(order.lines[0], quantity=quantity),))
    chosen = _method(shop, method or order.method, person, [line.total for line in order.lines])
    quote = _quote(uow, shop, order, chosen)
    order = replace(order, address=person.address, method=chosen.name, quote=quote.id, parts=parts or order.parts)
    if parts is not None:
        need_counts(uow, shop, order, quote)
    elif order.parts > 1 and order.parts not in counts(uow, shop, order, quote):
        order = replace(order, parts=1)
    return _drafted(uow, shop, uow.orders.save(order), quote)


def method_offers(
    uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId
) -> list[tuple[Method, Quote | Refusal]]:
    """Every method with what the order would cost by it (or the refusal that stands in its way). Stores nothing."""
    return _offers(uow, shop, _own_draft(uow, who, order_id))


def other_ways(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> list[tuple[Method, Quote | Refusal]]:
    """As `method_offers`, for a placed order whose charge came to nothing. Raises Gone, OrderMoved, MayStillBePaid."""
    return _offers(uow, shop, _own_unpaid(uow, shop, who, order_id))


def _offers(uow: UnitOfWork, shop: Shop, order: Order) -> list[tuple[Method, Quote | Refusal]]:
    seller = uow.sellers.need(order.seller)
    offers: list[tuple[Method, Quote | Refusal]] = []
    for method in shop.methods.values():
        try:
            offers.append(
                (
                    method,
                    locks.with_room(
                        uow,
                        shop,
                        make_quote(
                            shop,
                            order=order,
                            method=method,
                            settled_in=seller.owed_in(method.currency),
                            now=shop.clock.now(),
                        ),
                    ),
                )
            )
        except Refusal as refusal:
            offers.append((method, refusal))
    return offers


def place(
    uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId, quote_id: QuoteId, *, shown: int | None = None
) -> Order:
    """Confirm: stock, limits, rate and payment are taken together or not at all.

    `shown` is the message with what was confirmed: a code that is there at once takes its place as the order's card.
    Raises Gone, OrderMoved (pressed twice), OfferOver, PriceChanged, AddressMissing, NoneLeft, SoldOut,
    NotInParts, NoCode, StepUpNeeded or the refusal of a limit.
    """
    now = shop.clock.now()
    order = _own_draft(uow, who, order_id)
    if order.quote != quote_id or order.method not in shop.methods:  # or the shop gave the method up meanwhile
        raise OfferOver
    quote = uow.quotes.lock(quote_id)
    if quote.state is not QuoteState.OFFERED or quote.expires_at <= now:
        raise OfferOver
    if order.address is None:
        raise AddressMissing
    need_counts(uow, shop, order, quote)
    for line in sorted(order.lines, key=lambda one: one.product):
        _take(uow, line)
    person = uow.people.need(who)
    judge(uow, shop, order, quote, now)
    deadline = now + shop.policy.pay_within[order.method]
    intent = ask_for_payment(uow, shop, order, quote, deadline)
    locks.lock(uow, shop, quote, deadline)
    if order.from_cart:
        take_out(uow, who, {line.product for line in order.lines})
    if person.method != order.method:
        uow.people.save(replace(person, method=order.method))
    card = shown if shop.methods[order.method].issue is not None else None
    placed = replace(order.move(OrderState.PLACED), intent=intent.id, deadline=deadline, card_message=card)
    return uow.orders.save(placed)


def _take(uow: UnitOfWork, line: OrderLine) -> None:
    product = uow.products.need(line.product)
    if product.price != line.price:
        raise PriceChanged(title=line.title)
    check_stock(product, line.quantity)
    if not uow.products.shift(product.id, "stock", -line.quantity):
        check_stock(uow.products.need(line.product), line.quantity)
        raise PriceChanged(title=line.title)


def _own_unpaid(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Order:
    """A placed order that is proved not to be paid by any charge so far."""
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    if order.state is not OrderState.PLACED or order.deadline is None or order.deadline <= shop.clock.now():
        raise OrderMoved(order=order.id, state=order.state.value)
    for charge in uow.operations.find(order=order.id, kind=OperationKind.CHARGE):
        if charge.state not in (OperationState.REJECTED, OperationState.EXPIRED):
            raise MayStillBePaid(order=order.id)
    return order


def pay_otherwise(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId, method: str) -> Order:
    """Pay a placed order another way, or the same way anew: a fresh quote and charge under its intent and deadline.

    Only once every charge before is proved to have come to nothing, so that no buyer can pay at two channels.
    Raises Gone, OrderMoved, MayStillBePaid, NoMethod, NoRate, StaleRate, TooSmall, NoCode, StepUpNeeded or the
    refusal of a limit.
    """
    order = _own_unpaid(uow, shop, who, order_id)
    if method not in shop.methods:
        raise NoMethod
    quote = _quote(uow, shop, order, shop.methods[method])
    need_counts(uow, shop, order, quote)
    order = replace(order, method=method, quote=quote.id)
    limits.release(uow, order.id)
    judge(uow, shop, order, quote, shop.clock.now())
    ask_otherwise(uow, shop, order, quote)
    assert order.deadline is not None
    locks.lock(uow, shop, quote, order.deadline)
    return uow.orders.save(order)


def price_today(uow: UnitOfWork, shop: Shop, order: Order) -> Quote:
    """What an order that has ended would cost now. Stores nothing. Raises NoMethod, NoRate, StaleRate, TooSmall."""
    if order.method not in shop.methods:
        raise NoMethod
    method, seller = shop.methods[order.method], uow.sellers.need(order.seller)
    settled_in = seller.owed_in(method.currency)
    return make_quote(shop, order=order, method=method, settled_in=settled_in, now=shop.clock.now())


def take_up_again(uow: UnitOfWork, shop: Shop, order: Order, held: Money) -> Order:
    """Place an order that has ended anew: stock, limits and today's rate are taken together or not at all.

    It has no charge: the money that it is taken up for (`held`) pays it, and the rest is asked for; where it pays all,
    no proof of who they are is asked. Raises OrderMoved, NoMethod, NoneLeft, SoldOut, PriceChanged, NoRate, StaleRate,
    TooSmall, StepUpNeeded or the refusal of a limit.
    """
    intent = uow.intents.lock(order.intent) if order.intent else None
    if intent is None:
        raise OrderMoved(order=order.id, state=order.state.value)
    if order.method not in shop.methods:
        raise NoMethod
    order = order.move(OrderState.PLACED)
    for line in sorted(order.lines, key=lambda one: one.product):
        _take(uow, line)
    quote = _quote(uow, shop, order, shop.methods[order.method])
    prepaid = held.asset == quote.pay.asset and held >= quote.pay
    judge(uow, shop, order, quote, shop.clock.now(), prepaid=prepaid)
    deadline = shop.clock.now() + shop.policy.pay_within[order.method]
    locks.lock(uow, shop, quote, deadline)
    asked = replace(intent, presentment=quote.pay, settlement=quote.owed, quote=quote.id)
    uow.intents.save(replace(asked, state=IntentState.PROCESSING, expires_at=deadline))
    return uow.orders.save(replace(order, quote=quote.id, deadline=deadline, card_message=None))


def leave(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Order:
    """The shopper thinks better of a draft. Raises Gone; OrderMoved, as its review cancels no order that was placed."""
    return uow.orders.save(_own_draft(uow, who, order_id).move(OrderState.CANCELLED))


def cancel(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId) -> Order:
    """The shopper thinks better of it, before paying. Raises Gone, OrderMoved."""
    order = uow.orders.lock(order_id)
    if order.shopper != who:
        raise Gone
    if order.state is OrderState.DRAFT:
        return uow.orders.save(order.move(OrderState.CANCELLED))
    return withdraw(uow, shop, order, OrderState.CANCELLED, IntentState.CANCELLED)


def expire_due(uow: UnitOfWork, shop: Shop, limit: int = 50) -> int:
    """Orders whose deadline and grace have passed: stock and limits go back, the shopper is told. Returns how many."""
    orders = due(uow, shop, limit)
    for order in orders:
        withdraw(uow, shop, uow.orders.lock(order.id), OrderState.EXPIRED, IntentState.EXPIRED)
    return len(orders)


def due(uow: UnitOfWork, shop: Shop, limit: int = 1) -> list[Order]:
    """Unpaid orders that can no longer be paid in time: a payment made by the deadline would be known by now."""
    now, grace = shop.clock.now(), shop.policy.grace
    waits: list[tuple[dict[str, Any], timedelta]] = [({"method": name}, wait) for name, wait in grace.items()]
    waits.append(({}, max(grace.values(), default=timedelta())))  # by a method that the policy has given up since
    found: dict[OrderId, Order] = {}
    for which, wait in waits:
        before = {"deadline": now - wait}
        for order in uow.orders.find(state=OrderState.PLACED, before=before, newest=False, limit=limit, **which):
            found[order.id] = order
    return list(found.values())[:limit]


# Minutes before the deadline at which the payment card tells the remaining time anew.
COUNTDOWN = (30, 10, 5, 2)


def count_down(uow: UnitOfWork, shop: Shop) -> int:
    """Have the cards of orders near their deadline tell the time that is left; each mark once. Returns how many."""
    now = shop.clock.now()
    near = uow.orders.find(
        state=OrderState.PLACED, before={"deadline": now + timedelta(minutes=COUNTDOWN[0])}, newest=False, limit=500
    )
    for order in near:
        assert order.deadline is not None and order.intent is not None
        left = (order.deadline - now) / timedelta(minutes=1)
        passed = [mark for mark in COUNTDOWN if left <= mark]
        whole = shop.policy.pay_within[order.method] / timedelta(minutes=1)
        if passed and passed[-1] < whole:
            tell(uow, now, order.shopper, "countdown", order.id, left=str(passed[-1]))
    return len(near)


def withdraw(uow: UnitOfWork, shop: Shop, order: Order, to: OrderState, intent_to: IntentState) -> Order:
    """End an unpaid order: everything it holds goes back. Raises OrderMoved.

    A payment code that is our own offer we may retire; a charge that a channel was asked for only the channel can.
    Money that comes all the same is held for its owner.
    """
    order = uow.orders.save(order.move(to))
    for line in order.lines:
        uow.products.shift(line.product, "stock", line.quantity)
    limits.release(uow, order.id)
    if order.quote:
        locks.let_go(uow, uow.quotes.lock(order.quote), QuoteState.EXPIRED)
    for charge in uow.operations.find(order=order.id, kind=OperationKind.CHARGE):
        if charge.state is OperationState.RESERVED or charge.is_offer:
            uow.operations.save(charge.move(OperationState.EXPIRED))
        elif charge.state is OperationState.ACTION:
            carry_out(uow, shop.clock.now(), charge.id, VOID)
    if order.intent:
        uow.intents.save(replace(uow.intents.lock(order.intent), state=intent_to))
        follow(uow, order.intent)
    at = {"at": f"{order.deadline:%m%d%H%M}"} if order.deadline else {}  # it may be taken up again, and end again
    tell(uow, shop.clock.now(), order.shopper, to.value, order.id, **at)
    for part in uow.receipts.find(part_of=order.id):  # what may become of it now is another choice than before
        tell(uow, shop.clock.now(), order.shopper, "held", part.id, **at)
    return order
