"""What became of orders: one short life each, and the table that says how often it happens and how long ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.history.past import Life, Past
from bot.history.people import FORGETFUL, LIN, MAYA, MOVED, SHOPPERS, Shopper
from core.ids import PersonId
from core.money import Money, asset
from core.payments.choices import apply_to, assign, take_up, top_up
from core.payments.disputes.complaints import Complaint, complain, decide, say
from core.payments.instalments.plans import pay_rest
from core.payments.operations import OperationKind
from core.payments.pockets import left
from core.payments.receipts import Receipt
from core.payments.refund import RefundState
from core.payments.refunds import refund_order, refund_receipt, reroute
from core.ports import UnitOfWork
from core.shop import visitors
from core.shop.browse import OrderView
from core.shop.carting import put_in
from core.shop.catalogue import Product, ProductState
from core.shop.checkout import cancel, draft_cart, draft_one, place, review
from core.shop.orders import Order, OrderState
from core.shop.receiving import confirm_receipt
from core.shop.selling import edit_product, ship

ADMIN = PersonId(5005)
_WRONG = (Complaint.NOT_RECEIVED, Complaint.NOT_AS_DESCRIBED)
RESTOCK = 20  # pieces that a seller puts on the shelf when there are too few
_CARRIER = "RR{number:09d}{country}"


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def days(n: float) -> timedelta:
    return timedelta(days=n)


class Buyer:
    """One shopper on the way to one order, and the others who have a part in it."""

    def __init__(self, past: Past, who: Shopper | None = None) -> None:
        self.past, self.dice = past, past.dice
        self.who = who or self.dice.choice((MAYA, LIN, *SHOPPERS))
        self.by = self.dice.choice(sorted(past.shop.methods))
        self.order: Order  # the one that `buys` has made

    async def drafts(self) -> OrderView:
        """From the shelf to the page with the price. Raises what `draft_one` and `review` raise."""
        await self._comes_in()
        product = self.dice.choice(await self.past.look(_on_sale, self.who.id))
        quantity = self.dice.choice((1, 1, 1, 2))
        await self._stocked(product, quantity)
        view = await self.past.do(draft_one, self.who.id, product.id)
        return await self.past.do(review, self.who.id, view.order.id, method=self.by, quantity=quantity)

    async def drafts_cart(self) -> OrderView:
        """Two products of one seller, by the cart."""
        await self._comes_in()
        shelf = await self.past.look(_on_sale, self.who.id)
        first = self.dice.choice(shelf)
        others = [one for one in shelf if one.seller == first.seller and one.id != first.id]
        for product in (first, self.dice.choice(others)):
            await self._stocked(product, 2)
            await self.past.do(put_in, self.who.id, product.id)
        view = await self.past.do(draft_cart, self.who.id, first.seller)
        return await self.past.do(review, self.who.id, view.order.id, method=self.by)

    async def confirms(self, view: OrderView) -> Order:
        """The price is right: the payment code is asked for."""
        assert view.order.quote is not None
        return await self.past.do(place, self.who.id, view.order.id, view.order.quote)

    async def orders(self) -> Order:
        """All of it at once."""
        return await self.confirms(await self.drafts())

    async def buys(self) -> Life:
        """An order, paid as asked after a while."""
        view = await self.drafts()
        yield minutes(self.dice.uniform(0.5, 3))
        self.order = await self.confirms(view)
        yield minutes(self.dice.uniform(1, 12))
        await self.past.pays(self.order)

    async def is_known(self) -> Life:
        """A first order, and its receipt: from then on the shopper is no stranger."""
        async for wait in self.buys():
            yield wait
        yield hours(self.dice.uniform(8, 40))
        await self.shipped(self.order)
        yield days(self.dice.uniform(3, 6))
        await self.receives(self.order)

    async def buys_in_parts(self) -> Life:
        """Something dear, in three parts, the first of which is paid."""
        dear = await self.past.look(_dear)
        await self._stocked(dear, 2)
        view = await self.past.do(draft_one, self.who.id, dear.id)
        view = await self.past.do(review, self.who.id, view.order.id, method=self.by, quantity=2, parts=3)
        yield minutes(self.dice.uniform(0.5, 3))
        self.order = await self.confirms(view)
        yield minutes(self.dice.uniform(1, 12))
        await self.past.pays(self.order)
        yield hours(self.dice.uniform(8, 40))
        await self.shipped(self.order)

    async def complains(self) -> str:
        """Something is wrong with it; the case's number."""
        return (await self.past.do(complain, self.who.id, self.order.id, self.dice.choice(_WRONG))).id

    async def disputes(self) -> str:
        """The shopper has their bank take the payment back; the bank's number of the case."""
        books = self.past.bank.books
        fact = (await self.past.look(lambda uow: uow.receipts.find(order=self.order.id, limit=1)))[0].fact
        (booking,) = books.db.execute("SELECT booking FROM payment WHERE id = ?", (fact,)).fetchone()
        case = self.past.bank.claims.open(booking, str(self.who.id))
        await self.past.hear()
        return str(case["id"])

    async def shipped(self, order: Order) -> None:
        """The seller brings the parcel to the post office."""
        seller = await self.past.look(lambda uow: uow.sellers.need(order.seller))
        tracking = _CARRIER.format(number=self.dice.randrange(10**9), country=seller.country)
        await self.past.do(ship, seller.person, order.id, tracking)

    async def receives(self, order: Order) -> None:
        """The parcel is there."""
        await self.past.do(confirm_receipt, self.who.id, order.id)

    async def refund(self, order: Order, share: int = 0) -> None:
        """The admin sends the payment back, or one part in `share` of it."""
        whole: Money = await self.past.look(lambda uow: left(uow, order))
        await self.past.do(refund_order, ADMIN, order.id, Money(whole.minor // share, whole.asset) if share else None)

    async def receipt(self, fact: str) -> str:
        """What came in by a payment."""
        found: list[Receipt] = await self.past.look(lambda uow: uow.receipts.find(fact=fact, limit=1))
        return found[0].id

    async def _comes_in(self) -> None:
        known = await self.past.look(lambda uow: uow.people.get(self.who.id))
        if known is not None and known.address is not None:
            return
        username = self.who.name.lower().replace(" ", "_")
        await self.past.do(visitors.greet, self.who.id, self.who.name, username, self.who.language)
        await self.past.do(visitors.give_address, self.who.id, self.who.address)
        books = self.past.bank.books
        with books.db:
            books.person(str(self.who.id), self.who.name)

    async def _stocked(self, product: Product, quantity: int) -> None:
        if product.stock < quantity:
            seller = await self.past.look(lambda uow: uow.sellers.need(product.seller))
            await self.past.do(edit_product, seller.person, product.id, stock=product.stock + RESTOCK)


def _on_sale(uow: UnitOfWork, who: PersonId) -> list[Product]:
    return uow.products.find(state=ProductState.ON_SALE, newest=False, limit=500)


def _dear(uow: UnitOfWork) -> Product:
    """Two of it are dear enough to be paid in parts."""
    return next(one for one in _on_sale(uow, ADMIN) if one.price.asset == asset("EUR") and one.price.minor >= 45_00)


def _price(uow: UnitOfWork, order: Order) -> Money:
    return uow.operations.find(order=order.id, kind=OperationKind.CHARGE, limit=1)[0].amount


# The stories


async def bought(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 70))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(3, 9))
    await buyer.receives(buyer.order)


async def bought_by_cart(past: Past) -> Life:
    buyer = Buyer(past)
    view = await buyer.drafts_cart()
    yield minutes(past.dice.uniform(0.5, 5))
    order = await buyer.confirms(view)
    yield minutes(past.dice.uniform(1, 12))
    await past.pays(order)
    yield hours(past.dice.uniform(8, 70))
    await buyer.shipped(order)
    yield days(past.dice.uniform(3, 9))
    await buyer.receives(order)


async def on_the_way(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 40))
    await buyer.shipped(buyer.order)


async def to_be_shipped(past: Past) -> Life:
    async for wait in Buyer(past).buys():
        yield wait


async def waiting(past: Past) -> Life:
    await Buyer(past).orders()
    yield days(0)


async def only_looked(past: Past) -> Life:
    await Buyer(past).drafts()
    yield days(0)


async def thought_better(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 10))
    await past.do(cancel, buyer.who.id, order.id)


async def never_paid(past: Past) -> Life:
    await Buyer(past).orders()
    yield days(0)


async def never_confirmed(past: Past) -> Life:
    """The rest is released when the buyer's time is over."""
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(buyer.order)


async def never_shipped(past: Past) -> Life:
    """Refunded when the seller's time is over."""
    async for wait in Buyer(past).buys():
        yield wait


async def refunded(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(2, 40))
    await buyer.refund(buyer.order)


async def refunded_in_part(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(3, 6))
    await buyer.refund(buyer.order, past.dice.choice((3, 4, 5)))
    yield days(past.dice.uniform(0.5, 3))
    await buyer.receives(buyer.order)


async def refunded_after_payout(past: Past) -> Life:
    """The seller has been paid: what is missing becomes a debt, taken from later sales."""
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(3, 6))
    await buyer.receives(buyer.order)
    yield days(past.dice.uniform(9, 15))
    await buyer.refund(buyer.order)


async def _pays_in_part(past: Past, order: Order) -> None:
    price = await past.look(_price, order)
    await past.pays(order, "wrong_amount", Money(price.minor * 2 // 3, price.asset))


async def topped_up(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 9))
    await _pays_in_part(past, order)
    yield minutes(past.dice.uniform(2, 5))
    await past.do(top_up, buyer.who.id, order.id)
    yield minutes(past.dice.uniform(2, 8))
    await past.pays(order)
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(order)


async def paid_short(past: Past) -> Life:
    """The order expires; what came waits for its owner's choice, and goes back when that time is over."""
    order = await Buyer(past).orders()
    yield minutes(past.dice.uniform(1, 9))
    await _pays_in_part(past, order)


async def _pays_too_much(past: Past, order: Order) -> str:
    price = await past.look(_price, order)
    return await past.pays(order, "wrong_amount", Money(price.minor + 500, price.asset))


async def paid_over(past: Past) -> Life:
    order = await Buyer(past).orders()
    yield minutes(past.dice.uniform(1, 9))
    await _pays_too_much(past, order)


async def over_sent_back(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 9))
    fact = await _pays_too_much(past, order)
    yield hours(past.dice.uniform(1, 20))
    await past.do(refund_receipt, buyer.who.id, await buyer.receipt(fact))
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(order)


async def paid_twice(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 9))
    await past.pays(order, "twice")


async def twice_for_another(past: Past) -> Life:
    """The second payment pays another order, and its rest is asked for."""
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 9))
    fact = await past.pays(order, "twice")
    yield minutes(past.dice.uniform(5, 50))
    second = await buyer.orders()
    await past.do(apply_to, buyer.who.id, await buyer.receipt(fact), second.id)
    yield minutes(past.dice.uniform(1, 10))
    if (await past.order(second.id)).state is OrderState.PLACED:
        await past.pays(second)
    yield hours(past.dice.uniform(8, 60))
    for one in (order, second):
        await buyer.shipped(one)


async def late(past: Past) -> Life:
    order = await Buyer(past).orders()
    yield hours(past.dice.uniform(2, 9))
    await past.pays(order)


async def late_taken_up(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield hours(past.dice.uniform(2, 9))
    fact = await past.pays(order)
    yield hours(past.dice.uniform(1, 9))
    await past.do(take_up, buyer.who.id, await buyer.receipt(fact))
    yield minutes(past.dice.uniform(1, 9))
    if (await past.order(order.id)).state is OrderState.PLACED:  # the rate has moved: the rest was asked for
        await past.pays(order)
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(order)


async def late_sent_back(past: Past) -> Life:
    buyer = Buyer(past)
    order = await buyer.orders()
    yield hours(past.dice.uniform(2, 9))
    fact = await past.pays(order)
    yield hours(past.dice.uniform(1, 9))
    await past.do(refund_receipt, buyer.who.id, await buyer.receipt(fact))


async def without_reference(past: Past) -> Life:
    """An admin finds out whose it is, in time."""
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 6))
    fact = await past.pays(order, "no_reference")
    yield minutes(past.dice.uniform(1, 6))
    await past.do(assign, ADMIN, await buyer.receipt(fact), order.id)
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(order)


async def nobodys_money(past: Past) -> Life:
    """Nobody finds out; it goes back."""
    buyer = Buyer(past)
    order = await buyer.orders()
    yield minutes(past.dice.uniform(1, 9))
    fact = await past.pays(order, "no_reference")
    yield days(past.dice.uniform(1, 3))
    await past.do(refund_receipt, ADMIN, await buyer.receipt(fact))


async def account_closed(past: Past) -> Life:
    """The refund comes back from a closed account, and finds another."""
    buyer = Buyer(past, MOVED)
    buyer.by = "sepa"
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(2, 40))
    books = past.bank.books
    with books.db:
        books.close_accounts(str(MOVED.id))
    await buyer.refund(buyer.order)
    yield hours(past.dice.uniform(2, 40))
    failed = await past.look(lambda uow: uow.refunds.find(order=buyer.order.id, state=RefundState.FAILED, limit=1))
    await past.do(reroute, MOVED.id, failed[0].id, "CH9300762011623852957")


async def complaint_waits(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 20))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(3, 5))
    await buyer.complains()


async def complaint_answered(past: Past) -> Life:
    """Both sides are heard, and an admin decides for the seller."""
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(4, 8))
    case = await buyer.complains()
    await past.do(say, buyer.who.id, case, "One of the two looks darker than in the picture.")
    yield hours(past.dice.uniform(5, 40))
    seller = await past.look(lambda uow: uow.sellers.need(buyer.order.seller))
    await past.do(say, seller.person, case, "The glaze differs from piece to piece; the description says so.")
    yield hours(past.dice.uniform(5, 40))
    await past.do(decide, ADMIN, case, won=True)
    yield days(past.dice.uniform(0.5, 2))
    await buyer.receives(buyer.order)


async def complaint_unanswered(past: Past) -> Life:
    """The seller says nothing: decided for the shopper when their time is over."""
    buyer = Buyer(past)
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 60))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(4, 8))
    await buyer.complains()


async def _disputed(past: Past, buyer: Buyer) -> Life:
    async for wait in buyer.buys():
        yield wait
    yield hours(past.dice.uniform(8, 20))
    await buyer.shipped(buyer.order)
    yield days(past.dice.uniform(3, 5))
    await buyer.receives(buyer.order)
    yield days(past.dice.uniform(1, 3))


async def dispute_waits(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in _disputed(past, buyer):
        yield wait
    await buyer.disputes()


async def dispute_lost(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in _disputed(past, buyer):
        yield wait
    case = await buyer.disputes()
    yield days(past.dice.uniform(2, 6))
    past.bank.claims.decide(case, won=False)
    await past.hear()


async def dispute_won(past: Past) -> Life:
    buyer = Buyer(past)
    async for wait in _disputed(past, buyer):
        yield wait
    case = await buyer.disputes()
    yield days(past.dice.uniform(2, 6))
    past.bank.claims.decide(case, won=True)
    await past.hear()


async def in_parts(past: Past) -> Life:
    buyer = Buyer(past)
    for life in (buyer.is_known, buyer.buys_in_parts):
        async for wait in life():
            yield wait
        yield days(past.dice.uniform(0.5, 2))
    await buyer.receives(buyer.order)


async def in_parts_paid_early(past: Past) -> Life:
    """The second part in time, and then all that is left."""
    buyer = Buyer(past)
    for life in (buyer.is_known, buyer.buys_in_parts):
        async for wait in life():
            yield wait
        yield days(past.dice.uniform(0.5, 2))
    await buyer.receives(buyer.order)
    yield days(26)  # its code has come
    await past.pays(buyer.order)
    yield days(past.dice.uniform(2, 6))
    await past.do(pay_rest, buyer.who.id, buyer.order.id)
    yield minutes(past.dice.uniform(1, 9))
    await past.pays(buyer.order)


async def in_parts_forgotten(past: Past) -> Life:
    """Reminded in vain: the plan is broken, the seller has their money, and the shop waits for it."""
    buyer = Buyer(past, FORGETFUL)
    for life in (buyer.is_known, buyer.buys_in_parts):
        async for wait in life():
            yield wait
        yield days(past.dice.uniform(0.5, 2))


@dataclass(frozen=True, slots=True)
class Story:
    """`weight`: how often, beside the others; 0: once. It begins from `most` to `least` before the present.

    `orders`: how many it makes.
    """

    play: Callable[[Past], Life]
    weight: int
    least: timedelta
    most: timedelta = timedelta.max
    orders: int = 1


STORIES = (
    Story(bought, 46, days(13)),
    Story(waiting, 0, minutes(1), minutes(4)),
    Story(to_be_shipped, 6, hours(1), days(6)),
    Story(on_the_way, 8, days(2), days(11)),
    Story(only_looked, 2, hours(1), days(20)),
    Story(thought_better, 4, hours(2)),
    Story(never_paid, 5, hours(4)),
    Story(refunded, 3, days(3)),
    Story(refunded_in_part, 4, days(13)),
    Story(refunded_after_payout, 1, days(30)),
    Story(paid_short, 0, days(1), days(5)),
    Story(paid_over, 0, days(1), days(5)),
    Story(paid_twice, 0, days(1), days(5)),
    Story(late, 0, days(1), days(5)),
    Story(bought_by_cart, 6, days(13)),
    Story(never_confirmed, 5, days(18)),
    Story(never_shipped, 2, days(8)),
    Story(topped_up, 2, days(4)),
    Story(over_sent_back, 1, days(4)),
    Story(late_taken_up, 1, days(4)),
    Story(late_sent_back, 1, days(2)),
    Story(without_reference, 1, days(4)),
    Story(nobodys_money, 1, days(4)),
    Story(paid_short, 1, days(9)),
    Story(paid_over, 1, days(9)),
    Story(paid_twice, 1, days(9)),
    Story(late, 1, days(9)),
    Story(twice_for_another, 1, days(4), orders=2),
    Story(account_closed, 0, days(5)),
    Story(complaint_waits, 0, days(7), days(9)),
    Story(complaint_answered, 1, days(18)),
    Story(complaint_unanswered, 1, days(20)),
    Story(dispute_waits, 0, days(10), days(12)),
    Story(dispute_lost, 1, days(18)),
    Story(dispute_won, 1, days(18)),
    Story(in_parts, 1, days(15), orders=2),
    Story(in_parts_paid_early, 1, days(52), orders=2),
    Story(in_parts_forgotten, 0, days(54), orders=2),
)
"""Each is told once before any is told twice: with so many orders, every state occurs."""
