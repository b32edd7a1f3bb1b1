"""Treasury: what the shop is exposed to by currency, what it keeps, and how a position is closed again.

Long is what the shop has beyond what it owes, and is above zero; short is below. In the policy's own currency nothing
is at risk: it is only the other side of every position.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.ledger import accounts
from core.ledger.journal import credit, debit, entry
from core.money import Asset, Money, asset, zero
from core.payments.fx import locks
from core.payments.fx.desk import NoRate
from core.payments.fx.hedge import Hedge
from core.payments.fx.quote import QuoteState
from core.ports import Duplicate, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import OrderState
from core.shop.visitors import need_admin, note_command

LONGEST_REFERENCE = 64
_ODD = 1_000  # basis points: a dealer's rate further from mid than this is a typing mistake
_OFFERS, _SAMPLE, _SELLERS = 2_000, 500, 1_000


class BadHedge(Refusal):
    """Two amounts in different currencies and a reference are needed."""

    sentence = sentence(
        "To book a currency deal made outside: /hedge SOLD BOUGHT REFERENCE, "
        "such as /hedge 1200.00 BRL 192.00 EUR DEAL-77."
    )


class NotOpen(Refusal):
    """More is sold than the position holds. Parameters: open."""

    sentence = sentence("That is more than the open position, which is {open}. A hedge only closes what is open.")


class OddDeal(Refusal):
    """The amounts are far from the rates that are known. Parameters: sold, worth."""

    sentence = sentence("{sold} are worth about {worth} at the last known rate. Please check the two amounts.")


class HedgeKnown(Refusal):
    """A deal of that reference is booked. Parameter: reference."""

    sentence = sentence("A deal with the reference {reference} is booked already.")


@dataclass(frozen=True, slots=True)
class Exposure:
    """One currency: `booked` by captures, `locked` by quotes that wait for their payment, `forecast` of offers."""

    of: Asset
    booked: Money
    locked: Money
    forecast: Money
    worth: Money  # of booked and locked, in the policy's currency at the last known mid
    buffer: Money  # what booked and locked may lose until they are hedged, in the policy's currency
    past_limit: bool

    @property
    def firm(self) -> Money:
        """Booked and locked: what the limit is for."""
        return self.booked + self.locked


@dataclass(frozen=True, slots=True)
class Reserve:
    """What the shop has of a currency at its bank and channels, and its share of all that, in basis points."""

    held: Money
    share_bp: int
    target_bp: int | None  # None: the policy names no target mix


@dataclass(frozen=True, slots=True)
class Result:
    """What exchange brought, in one currency: the spread and the locks, less what positions lost until hedged."""

    markup: Money
    slippage: Money  # below zero: lost


@dataclass(frozen=True, slots=True)
class Deal:
    """A hedge to make outside: about so much for so much."""

    sell: Money
    buy: Money


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that /fx shows. `net` and `buffer` are in the policy's currency."""

    exposures: tuple[Exposure, ...]
    net: Money  # the larger of all longs and all shorts: what is open after netting
    limit: Money
    buffer: Money
    deals: tuple[Deal, ...]
    reserves: tuple[Reserve, ...]
    month: tuple[Result, ...]
    ever: tuple[Result, ...]


def book(uow: UnitOfWork, shop: Shop) -> Book:
    """The whole treasury, for an admin. Reads some hundreds of rows."""
    found = exposures(uow, shop, _forecast(uow, shop))
    base = shop.policy.currency
    return Book(
        exposures=tuple(found),
        net=net(base, found),
        limit=shop.policy.fx.exposure,
        buffer=sum((one.buffer for one in found), zero(base)),
        deals=tuple(proposals(uow, shop)),
        reserves=tuple(reserves(uow, shop)),
        month=tuple(results(uow, shop, month=True)),
        ever=tuple(results(uow, shop, month=False)),
    )


def exposures(uow: UnitOfWork, shop: Shop, forecast: dict[Asset, int] | None = None) -> list[Exposure]:
    """Every currency that something is open in, or may be, by code; the policy's own is left out."""
    forecast = forecast or {}
    base = shop.policy.currency
    found = []
    for of in sorted(_currencies(uow, shop) | forecast.keys()):
        booked, locked, coming = locks.booked(uow, of), locks.locked(uow, of), Money(forecast.get(of, 0), of)
        if of == base or not (booked or locked or coming):
            continue
        worth = _worth(shop, booked + locked)
        found.append(
            Exposure(
                of, booked, locked, coming, worth, _buffer(shop, of, worth), _size(worth) > shop.policy.fx.exposure
            )
        )
    return found


def net(base: Asset, found: Iterable[Exposure]) -> Money:
    """Netted over the currencies: the larger of the sum of the longs and the sum of the shorts."""
    worths = [one.worth.minor for one in found]
    return Money(max(sum(w for w in worths if w > 0), -sum(w for w in worths if w < 0)), base)


def proposals(uow: UnitOfWork, shop: Shop) -> list[Deal]:
    """Deals that would close what is booked: the largest long against the largest short, and so on."""
    try:
        longs, shorts = _sides(uow, shop)
    except NoRate:
        return []
    has, owes = sum(longs.values()), sum(shorts.values())
    if not has or not owes:
        return []
    # As shares of their side, so that both sides come out at nothing although rates have moved since.
    give = sorted(((value / has, of) for of, value in longs.items()), key=lambda one: (-one[0], one[1]))
    take = sorted(((value / owes, of) for of, value in shorts.items()), key=lambda one: (-one[0], one[1]))
    deals = []
    while give and take:
        share = min(give[0][0], take[0][0])
        sell = _minor(give[0][1], has * share, shop)
        deals.append(Deal(sell, shop.rates.worth(sell, take[0][1], shop.clock.now().date())))
        give[0], take[0] = (give[0][0] - share, give[0][1]), (take[0][0] - share, take[0][1])
        give, take = give[1:] if not give[0][0] else give, take[1:] if not take[0][0] else take
    return [deal for deal in deals if deal.sell and deal.buy]


def hedge(uow: UnitOfWork, shop: Shop, admin: PersonId, sold: Money, bought: Money, reference: str) -> Hedge:
    """Book a deal that was made outside. It closes `sold`, and on the other side what that was booked at.

    Raises NotAllowed, BadHedge, NotOpen, OddDeal, HedgeKnown, NoRate.
    """
    need_admin(shop, admin)
    if sold.asset == bought.asset or not 0 < len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        raise BadHedge
    open_ = locks.booked(uow, sold.asset)
    if sold > open_:
        raise NotOpen(open=Money(max(0, open_.minor), open_.asset))
    worth = shop.rates.worth(sold, bought.asset, shop.clock.now().date())
    if abs(bought.minor - worth.minor) * 10_000 > worth.minor * _ODD:
        raise OddDeal(sold=sold, worth=worth)
    now = shop.clock.now()
    done = Hedge(shop.ids.new(12), sold, bought, _carried(uow, shop, sold, bought), now, reference, admin)
    try:
        uow.hedges.add(done)
    except Duplicate:
        raise HedgeKnown(reference=reference) from None
    uow.journal.post(
        entry(
            f"hedge:{done.id}",
            now,
            "hedge",
            debit(accounts.POSITION, sold),
            credit(accounts.BANK, sold),
            debit(accounts.BANK, bought),
            credit(accounts.POSITION, done.carried),
            debit(accounts.FX_RESULT, done.carried - bought),
        )
    )
    note_command(uow, shop, admin, "hedge", sold=str(sold), bought=str(bought), reference=reference)
    return done


def _carried(uow: UnitOfWork, shop: Shop, sold: Money, bought: Money) -> Money:
    """What of the bought currency's position the deal closes.

    A position is opened by quotes of many pairs and days. What the longs have gained or lost against the shorts since
    is spread evenly over the book, so the carrying rate is today's mid times shorts / longs. In a book of one pair
    that is exactly the rate at which it was booked; and whatever the order of the deals, the last one closes all.
    What is bought beyond the short is no closing: it is booked as it was bought, a position of its own.
    """
    longs, shorts = _sides(uow, shop)
    short = locks.booked(uow, bought.asset)
    if short.minor >= 0:
        return bought
    rate = shop.rates.mid(sold.asset, bought.asset, shop.clock.now().date(), to_sell=False).rate
    carried = sold.converted(rate * sum(shorts.values()) / sum(longs.values()), bought.asset)
    if carried.minor <= -short.minor:
        return carried
    beyond = Fraction(carried.minor + short.minor, carried.minor)
    return -short + Money(round(bought.minor * beyond), bought.asset)


def watch(uow: UnitOfWork, shop: Shop) -> int:
    """Tell the admins, once a day and currency, of a position past the limit and of sources that part. How many."""
    now = shop.clock.now()
    alarms = [("exposure", one.of.code) for one in exposures(uow, shop) if one.past_limit]
    alarms += [("rates_part", one.code) for one in shop.rates.parted(now.date())]
    for kind, code in alarms:
        for admin in sorted(shop.admins):
            tell(uow, now, admin, kind, code, on=now.date().isoformat())
    return len(alarms)


def is_alarming(uow: UnitOfWork, shop: Shop) -> bool:
    """Whether `watch` has anything to tell. Writes nothing."""
    return bool(shop.rates.parted(shop.clock.now().date())) or any(one.past_limit for one in exposures(uow, shop))


def reserves(uow: UnitOfWork, shop: Shop) -> list[Reserve]:
    """What lies at the bank and in clearing, by currency, against the policy's target mix."""
    held = {Asset(code, asset(code).exponent): 0 for code in shop.policy.reserves}
    for (_, code), minor in (uow.journal.totals(accounts.BANK) | uow.journal.totals("clearing:")).items():
        held[asset(code)] = held.get(asset(code), 0) + minor
    worth = {of: _worth(shop, Money(minor, of)).minor for of, minor in held.items()}
    total = sum(max(0, minor) for minor in worth.values())
    targets = shop.policy.reserves
    return [
        Reserve(
            Money(minor, of),
            round(Fraction(max(0, worth[of]) * 10_000, total)) if total else 0,
            targets.get(of.code, 0) if targets else None,
        )
        for of, minor in sorted(held.items())
        if minor or of.code in targets
    ]


def results(uow: UnitOfWork, shop: Shop, *, month: bool) -> list[Result]:
    """Markup and slippage by currency: of this calendar month (UTC), or since the shop began."""
    start = shop.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    sums: dict[str, dict[Asset, int]] = {accounts.MARKUP: {}, accounts.FX_RESULT: {}}
    for account, kept in sums.items():
        before = uow.journal.totals(account, start) if month else {}
        for place, minor in uow.journal.totals(account).items():
            kept[asset(place[1])] = before.get(place, 0) - minor  # a result is a credit
    markup, slippage = sums.values()
    found = [Result(Money(markup.get(of, 0), of), Money(slippage.get(of, 0), of)) for of in sorted(markup | slippage)]
    return [one for one in found if one.markup or one.slippage]


def _forecast(uow: UnitOfWork, shop: Shop) -> dict[Asset, int]:
    """What the offers on review pages will bring, times the share of recent orders that were paid.

    Refunds are not foreseen: they reopen a position at the rate of its purchase, and count when they happen.
    """
    recent = uow.orders.find(limit=_SAMPLE)
    paid = sum(order.paid_at is not None for order in recent)
    sums: dict[Asset, int] = {}
    offers = uow.quotes.find(state=QuoteState.OFFERED, since={"expires_at": shop.clock.now()}, limit=_OFFERS)
    for quote in offers:
        order = uow.orders.get(quote.order)
        if quote.is_exchange and order is not None and order.quote == quote.id and order.state is OrderState.DRAFT:
            for amount in (quote.pay, -quote.counter):
                sums[amount.asset] = sums.get(amount.asset, 0) + amount.minor
    return {of: round(Fraction(minor * paid, len(recent))) for of, minor in sums.items()} if recent else {}


def _currencies(uow: UnitOfWork, shop: Shop) -> set[Asset]:
    """Those that something may be open in: of the books, of the methods, of the sellers."""
    booked = {asset(code) for _, code in uow.journal.totals(accounts.POSITION)}
    settled = {seller.currency for seller in uow.sellers.find(limit=_SELLERS)}
    return booked | settled | {method.currency for method in shop.methods.values()}


def _sides(uow: UnitOfWork, shop: Shop) -> tuple[dict[Asset, Fraction], dict[Asset, Fraction]]:
    """What is booked long and short, each by currency, in whole units of the policy's currency at mid."""
    longs: dict[Asset, Fraction] = {}
    shorts: dict[Asset, Fraction] = {}
    for (_, code), minor in uow.journal.totals(accounts.POSITION).items():
        if minor:
            of = asset(code)
            value = Fraction(-minor, 10**of.exponent) * _rate(shop, of)
            (longs if value > 0 else shorts)[of] = abs(value)
    return longs, shorts


def _rate(shop: Shop, of: Asset) -> Fraction:
    return shop.rates.mid(of, shop.policy.currency, shop.clock.now().date(), to_sell=False).rate


def _minor(of: Asset, value: Fraction, shop: Shop) -> Money:
    return Money(round(value / _rate(shop, of) * 10**of.exponent), of)


def _worth(shop: Shop, money: Money) -> Money:
    """In the policy's currency; what no rate is known for counts as nothing there, and is shown in its own."""
    with suppress(NoRate):
        return shop.rates.worth(money, shop.policy.currency, shop.clock.now().date())
    return zero(shop.policy.currency)


def _buffer(shop: Shop, of: Asset, worth: Money) -> Money:
    """A long loses when the currency falls, a short when it rises. Rounded up; a reserve, never a charge."""
    base, days = shop.policy.currency, shop.policy.fx.hedge_days
    pair = (of.code, base.code) if worth.minor > 0 else (base.code, of.code)
    return Money(-(-abs(worth.minor) * shop.rates.history.buffer_bp(*pair, days) // 10_000), base)


def _size(money: Money) -> Money:
    return Money(abs(money.minor), money.asset)
