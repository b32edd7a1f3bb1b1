"""Pockets: what a refund or a chargeback of a part of an order takes from which account, at every stage of the sale.

An order's price lies, in the seller's currency, in escrow and in what was released of it (available, reserve, our fee,
debt paid off), and the shop's part in the markup. What is taken is the difference between what lies there and what
should after it: the price's parts in proportion to what stays captured, each rounded once. So refunds by parts end
where one refund at once does, and the last one leaves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, takewhile

from core.ledger import accounts
from core.ledger.journal import Leg, debit
from core.money import Asset, Money, zero
from core.payments.fx.quote import Quote
from core.payments.instalments.plan import amounts
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from core.shop.orders import Order

_EVER = 10_000
_TAKEN = (RefundState.FUNDED, RefundState.DONE, RefundState.FAILED)  # FAILED: owed to the payer still


def captured(uow: UnitOfWork, order: Order) -> Money:
    """What has paid the order, in the payer's currency; of one paid in instalments the whole price, owed or paid."""
    pay = quote_of(uow, order).pay
    if order.parts > 1:
        return pay if uow.journal.posted(f"capture:{order.id}") else zero(pay.asset)
    paid = sum(one.amount.minor for one in uow.applications.find(order=order.id, limit=_EVER))
    return Money(paid, pay.asset)


def left(uow: UnitOfWork, order: Order) -> Money:
    """What of it may still be refunded: captured, less refunds, less what is disputed or was lost so."""
    paid = captured(uow, order)
    gone = sum(one.amount.minor for one in uow.refunds.find(order=order.id, state=_TAKEN, limit=_EVER))
    gone += sum(one.covered.minor for one in uow.disputes.find(order=order.id, limit=_EVER))
    gone += forgiven(uow, order, paid).minor
    return Money(max(0, paid.minor - gone), paid.asset)


def left_of_paid(uow: UnitOfWork, order: Order) -> Money:
    """What of `left` somebody has paid: without the instalments that are still owed."""
    there = left(uow, order)
    plan = uow.plans.get(order.id) if order.parts > 1 else None
    return max(zero(there.asset), there - plan.left) if plan is not None else there


def forgiven(uow: UnitOfWork, order: Order, price: Money) -> Money:
    """What refunds have taken off instalments that were not yet paid: it was captured, and went to nobody."""
    plan = uow.plans.get(order.id) if order.parts > 1 else None
    return price - plan.owed if plan is not None else zero(price.asset)


def asked(order: Order, quote: Quote) -> Money:
    """What must come in before an order counts as paid: its price, or the first part of it."""
    return amounts(quote.pay, order.parts)[0]


def quote_of(uow: UnitOfWork, order: Order) -> Quote:
    """The quote that the order was paid by."""
    assert order.quote is not None, "a placed order has a quote"
    return uow.quotes.need(order.quote)


def seller_side(uow: UnitOfWork, order: Order, amount: Money) -> list[Leg]:
    """Debits that take the seller's part of `amount` (payer's currency), without markup and FX bridge.

    From escrow first, then with its share of our fee from what the seller has available, then from the order's own
    reserve; the rest the seller owes. To be asked before the refund or dispute is written down. Raises ValueError past
    `left`.
    """
    after = left(uow, order) - amount
    if after.minor < 0:
        raise ValueError("more than is left of the payment")
    sale = _Sale.now(uow, order)
    take = max(0, min(sale.held + sale.released, sale.held + sale.released - sale.owed_at(after)))
    from_escrow = min(take, sale.held)
    from_released = take - from_escrow
    fee = sale.fee_share(from_released)
    rest = from_released - fee
    has = max(0, -uow.journal.balance(accounts.available(order.seller), sale.of).minor)
    from_available = min(rest, has)
    from_reserve = min(rest - from_available, sale.reserved)
    owes = rest - from_available - from_reserve
    return [
        debit(account, Money(minor, sale.of))
        for account, minor in (
            (accounts.escrow(order.id), from_escrow),
            (accounts.FEES, fee),
            (accounts.available(order.seller), from_available),
            (accounts.reserve(order.seller), from_reserve),
            (accounts.seller_debt(order.seller), owes),
        )
        if minor
    ]


def shop_side(uow: UnitOfWork, order: Order, after: Money) -> list[Leg]:
    """Legs that bring markup and rounding of the order to what they are when `after` of the payment stays."""
    quote, paid = quote_of(uow, order), captured(uow, order)
    whole: Counter[tuple[str, Asset]] = Counter()
    whole[markup_account(quote), quote.owed.asset] -= quote.markup.minor
    whole[accounts.ROUNDING, quote.pay.asset] += (quote.pay - paid).minor  # a shortfall that was let pass
    now: Counter[tuple[str, Asset]] = Counter()
    for leg in uow.journal.legs_of(order.id):
        if leg.account in (accounts.MARKUP, accounts.ROUNDING):
            now[leg.account, leg.amount.asset] += leg.amount.minor
    return [
        Leg(account, Money(change, of))
        for account, of in sorted(whole.keys() | now.keys())
        if (change := _part(whole[account, of], after, paid) - now[account, of])
    ]


def markup_account(quote: Quote) -> str:
    """Where a quote's yield goes. At equal rates rounding can leave a unit either way: that is nobody's markup."""
    return accounts.MARKUP if quote.markup.minor > 0 else accounts.ROUNDING


def whole(uow: UnitOfWork, order: Order, amount: Money, *owed: Leg) -> list[Leg]:
    """A balanced list of legs: all that `amount` takes, the bridge between currencies, and `owed`, who gets it."""
    after = left(uow, order) - amount
    return bridged(quote_of(uow, order), [*seller_side(uow, order, amount), *shop_side(uow, order, after), *owed])


def bridged(quote: Quote, legs: Sequence[Leg]) -> list[Leg]:
    """The legs of a sale, balanced in each currency: by fx:position where it has two, else a unit of rounding.

    Raises ValueError where one currency is out by more than that: a defect of the legs.
    """
    sums: Counter[Asset] = Counter()
    for leg in legs:
        sums[leg.amount.asset] += leg.amount.minor
    crosses = quote.pay.asset != quote.owed.asset
    if not crosses and any(abs(minor) > 1 for minor in sums.values()):
        raise ValueError("legs of one currency that do not balance")
    account = accounts.POSITION if crosses else accounts.ROUNDING
    return [*legs, *(Leg(account, Money(-minor, of)) for of, minor in sums.items() if minor)]


def _part(whole_: int, after: Money, paid: Money) -> int:
    return round(Fraction(whole_ * after.minor, paid.minor)) if paid else 0


@dataclass(frozen=True, slots=True)
class _Sale:
    """Where the seller's side of a sale lies now, in minor units of the currency owed."""

    of: Asset
    owed: int  # as of the capture
    paid: Money
    held: int  # in escrow
    released: int  # what was, less what was taken back of it: with our fee
    reserved: int  # the order's own part of the seller's reserve
    fee: int  # what is left of our fee
    gross_ever: int
    fee_ever: int

    @classmethod
    def read(cls, quote: Quote, paid: Money, order: Order, legs: list[Leg], gross: int, fee: int) -> _Sale:
        nets: Counter[str] = Counter()
        for leg in legs:
            if leg.amount.asset == quote.owed.asset:
                nets[leg.account] -= leg.amount.minor
        seller = order.seller
        places = (accounts.available(seller), accounts.reserve(seller), accounts.seller_debt(seller), accounts.FEES)
        return cls(
            of=quote.owed.asset,
            owed=quote.owed.minor,
            paid=paid,
            held=nets[accounts.escrow(order.id)],
            released=sum(nets[account] for account in places),
            reserved=max(0, nets[accounts.reserve(seller)]),
            fee=nets[accounts.FEES],
            gross_ever=gross,
            fee_ever=fee,
        )

    @classmethod
    def now(cls, uow: UnitOfWork, order: Order) -> _Sale:
        gross = fee = 0
        for key in _releases(uow, order):
            for leg in uow.journal.entry(key).legs:
                gross += leg.amount.minor if leg.account == accounts.escrow(order.id) else 0
                fee -= leg.amount.minor if leg.account == accounts.FEES else 0
        return cls.read(quote_of(uow, order), captured(uow, order), order, uow.journal.legs_of(order.id), gross, fee)

    def owed_at(self, after: Money) -> int:
        """What the seller's side must be when `after` of the payment stays."""
        return _part(self.owed, after, self.paid)

    def fee_share(self, taken: int) -> int:
        """How much of what is taken from the released part is our fee, given back."""
        if not taken:
            return 0
        stays = round(Fraction(self.fee_ever * (self.released - taken), self.gross_ever)) if self.gross_ever else 0
        return max(0, min(taken, self.fee, self.fee - stays))


def release_key(order: Order, part: str) -> str:
    """The journal key of a release: each part ("first", "rest", "rest2" …) is released once."""
    return f"release:{order.id}:{part}"


def next_rest(uow: UnitOfWork, order: Order) -> str:
    """The part that a release of the rest is now: "rest"; then "rest2" and so on, of what comes back into escrow."""
    return next(part for part in _rests() if not uow.journal.posted(release_key(order, part)))


def _rests() -> Iterator[str]:
    yield "rest"
    yield from (f"rest{number}" for number in count(2))


def _releases(uow: UnitOfWork, order: Order) -> Iterator[str]:
    """The keys of the releases that there were."""
    first = release_key(order, "first")
    if uow.journal.posted(first):
        yield first
    yield from takewhile(uow.journal.posted, (release_key(order, part) for part in _rests()))
