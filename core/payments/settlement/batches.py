"""Settlement: when a period has ended, what a seller had available then is paid out; what was kept back comes free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ids import OrderId, SellerId
from core.ledger import accounts
from core.ledger.finding import Finding
from core.ledger.journal import Entry, credit, debit, entry
from core.money import Asset, Money, asset, zero
from core.payments.fx.desk import NoRate, StaleRate
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.payouts import reserve_payout
from core.payments.settlement.periods import Period, last_period
from core.payments.settlement.statement import netting_key
from core.people import Seller
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell

_PAGE = 500
_LOOK_BACK = timedelta(days=2 * 365)  # reserves are kept for a year at most: the rest is for a shop that was closed


@dataclass(frozen=True, slots=True)
class Due:
    """What a seller is to be paid for a period, in one of the currencies they have."""

    seller: SellerId
    taken: Money
    debt: Money  # netted first
    period: Period


# Payouts


def due_sellers(uow: UnitOfWork, shop: Shop) -> list[SellerId]:
    """Who has something to be paid out or set free now. Writes nothing; reads much: for `Store.survey`."""
    found = {SellerId(name.partition(":")[2]) for name, _ in uow.journal.totals("avail:")}
    found |= {SellerId(name.partition(":")[2]) for name, _ in uow.journal.totals("reserve:")}
    sellers = [seller for one in sorted(found) if (seller := uow.sellers.get(one))]
    return [one.id for one in sellers if any(_dues(uow, shop, one)) or any(_free(uow, shop, one))]


def settle_seller(uow: UnitOfWork, shop: Shop, seller_id: SellerId) -> list[Payout]:
    """Pay one seller what is due and set free what was kept back for long enough. Again, it changes nothing."""
    seller = uow.sellers.lock(seller_id)
    _set_free(uow, shop, seller)
    made = []
    for due in list(_dues(uow, shop, seller)):
        if payout := _pay(uow, shop, seller, due):
            made.append(payout)
    return made


def settle_due(uow: UnitOfWork, shop: Shop) -> list[Payout]:
    """Every seller at once. A shop of many takes them one by one (`due_sellers`, `settle_seller`)."""
    return [payout for seller in due_sellers(uow, shop) for payout in settle_seller(uow, shop, seller)]


def _pay(uow: UnitOfWork, shop: Shop, seller: Seller, due: Due) -> Payout | None:
    now = shop.clock.now()
    if not (seller.account and seller.holder):
        tell(uow, now, seller.person, "account_wanted", seller.id, period=f"{due.period.until:%Y-%m-%d}")
        return None
    if due.debt:
        uow.journal.post(
            entry(
                netting_key(seller, due.debt.asset, due.period.until),
                now,
                "debt netted",
                debit(accounts.available(seller.id), due.debt),
                credit(accounts.seller_debt(seller.id), due.debt),
            )
        )
    held = uow.payouts.count(seller=seller.id, state=PayoutState.HELD) > 0  # one is looked into: the next ones wait
    try:
        payout = reserve_payout(uow, shop, seller, due.taken, due.period, held=held)
    except (NoRate, StaleRate):
        return None  # nobody is paid at a guessed rate: the next tick asks again
    tell(uow, now, seller.person, "payout", payout.id)
    return payout


def _dues(uow: UnitOfWork, shop: Shop, seller: Seller) -> Iterator[Due]:
    ended = last_period(shop.policy.settlement.schedule, shop.clock.now())
    for has in _balances(uow, accounts.available(seller.id)):
        due = _due(uow, shop, seller, has, ended)
        if due is not None:
            yield due


def _balances(uow: UnitOfWork, account: str) -> list[Money]:
    """What the shop owes on an account, in each currency."""
    totals = uow.journal.totals(account).items()
    return [Money(-minor, asset(code)) for (name, code), minor in totals if name == account and minor < 0]


def _due(uow: UnitOfWork, shop: Shop, seller: Seller, has: Money, ended: Period) -> Due | None:
    of, account = has.asset, accounts.available(seller.id)
    if any(one.taken.asset == of for one in uow.payouts.find(seller=seller.id, until=ended.until, limit=_PAGE)):
        return None
    then = has + _sum(uow.journal.entries_of(account, ended.until), account, of)
    free = min(has, then) - _frozen(uow, seller, of)
    debt = max(zero(of), min(free, uow.journal.balance(accounts.seller_debt(seller.id), of)))
    taken = free - debt
    if taken.minor <= 0 or _is_little(shop, taken):
        return None
    return Due(seller.id, taken, debt, Period(_since(uow, seller, of), ended.until))


def _sum(entries: Iterable[Entry], account: str, of: Asset) -> Money:
    """Debits minus credits of an account in these entries."""
    legs = (leg for one in entries for leg in one.legs if leg.account == account and leg.amount.asset == of)
    return sum((leg.amount for leg in legs), zero(of))


def _since(uow: UnitOfWork, seller: Seller, of: Asset) -> datetime:
    """Where the last payout in this currency ended; before the first one, when the seller came."""
    ends = [one.until for one in uow.payouts.find(seller=seller.id, limit=_PAGE) if one.taken.asset == of]
    return max(ends, default=seller.joined_at)


def _is_little(shop: Shop, amount: Money) -> bool:
    least = shop.policy.settlement.least
    try:
        return shop.rates.approximately(amount, least.asset, shop.clock.now().date())[0] < least
    except (NoRate, StaleRate):
        return False  # the least is for comfort: for want of a rate nobody goes unpaid


def _frozen(uow: UnitOfWork, seller: Seller, of: Asset) -> Money:
    """What frozen orders have brought a seller. So much stays, even where it was paid out before: it may be asked back.

    A dispute that has taken its part out of avail has none of it there any more.
    """
    kept = zero(of)
    if uow.orders.count(seller=seller.id) == uow.orders.count(seller=seller.id, frozen=""):
        return kept
    account, offset = accounts.available(seller.id), 0
    while page := uow.orders.find(seller=seller.id, limit=_PAGE, offset=offset):
        for order in page:
            if order.frozen:
                legs = [leg for leg in uow.journal.legs_of(order.id) if leg.account == account]
                brought = sum((-leg.amount for leg in legs if leg.amount.asset == of), zero(of))
                kept += max(brought, zero(of))
        offset += _PAGE
    return kept


# The rolling reserve


@dataclass(frozen=True, slots=True)
class Free:
    """A part of the reserve whose time is over: of one release, and at most what refunds have left of its order."""

    release: str
    order: OrderId | None
    amount: Money


def _set_free(uow: UnitOfWork, shop: Shop, seller: Seller) -> None:
    for free in list(_free(uow, shop, seller)):
        uow.journal.post(
            entry(
                f"reserve:{free.release}",
                shop.clock.now(),
                "reserve released",
                debit(accounts.reserve(seller.id), free.amount),
                credit(accounts.available(seller.id), free.amount),
                order=free.order,
            )
        )


def _free(uow: UnitOfWork, shop: Shop, seller: Seller) -> Iterator[Free]:
    now, account = shop.clock.now(), accounts.reserve(seller.id)
    kept_until = now - shop.policy.escrow[seller.tier].reserve
    for balance in _balances(uow, account):
        entries = uow.journal.entries_of(account, now - _LOOK_BACK)
        known = {one.key for one in entries}
        left: Counter[OrderId | None] = Counter()
        for one in entries:
            left[one.order] -= _sum([one], account, balance.asset).minor
        for one in entries:
            kept = -_sum([one], account, balance.asset).minor
            minor = min(kept, left[one.order], balance.minor)
            if one.at <= kept_until and minor > 0 and f"reserve:{one.key}" not in known:
                left[one.order] -= minor
                balance -= Money(minor, balance.asset)
                yield Free(one.key, one.order, Money(minor, balance.asset))


# What must hold

_STORIES: dict[PayoutState, tuple[tuple[str, ...], ...]] = {
    PayoutState.RESERVED: ((),),
    PayoutState.HELD: ((),),
    PayoutState.PAID: (("paid",), ("refused", "late")),
    PayoutState.RETURNED: (("refused",), ("paid", "returned"), ("refused", "late", "returned")),
}


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 9, our part of it: what is in transit is the payouts under way, and nobody is paid twice."""
    transit = {place: -minor for place, minor in uow.journal.totals("transit:").items() if minor}
    periods: Counter[tuple[SellerId, Asset, datetime]] = Counter()
    for payout in uow.payouts.walk():
        yield from _check_payout(uow, payout, transit)
        if payout.state is not PayoutState.RETURNED:
            periods[payout.seller, payout.taken.asset, payout.until] += 1
    for account, _ in transit:
        yield Finding(9, account, "there is money in transit, and no payout under way that it is for")
    for (seller, of, until), times in periods.items():
        if times > 1:
            yield Finding(9, f"avail:{seller}", f"{times} payouts in {of} for the period up to {until:%Y-%m-%d}")


def _check_payout(uow: UnitOfWork, payout: Payout, transit: dict[tuple[str, str], int]) -> Iterator[Finding]:
    key = f"payout:{payout.id}"
    if not uow.journal.posted(key):
        yield Finding(9, key, "a payout that no entry took from its seller")
        return
    taken = _sum([uow.journal.entry(key)], accounts.available(payout.seller), payout.taken.asset)
    under_way = transit.pop((accounts.transit(payout.id), payout.sent.asset.code), 0)
    wanted = payout.sent.minor if payout.state in (PayoutState.RESERVED, PayoutState.HELD) else 0
    if taken != payout.taken:
        yield Finding(9, key, f"the payout says {payout.taken}, its entry took {taken}")
    if under_way != wanted:
        yield Finding(9, key, f"{wanted} minor units should be in transit, {under_way} are")
    story = tuple(part for part in ("paid", "refused", "late", "returned") if uow.journal.posted(f"{key}:{part}"))
    if story not in _STORIES[payout.state]:
        yield Finding(9, key, f"its entries ({', '.join(story) or 'none'}) do not lead to “{payout.state}”")
