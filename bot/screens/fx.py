"""Screens of the treasury: what is open, what would close it, what is kept, what exchange has brought."""

from __future__ import annotations

from collections.abc import Iterable

from bot.pictures.fxchart import Course, FxChart, Position
from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Screen
from bot.words import Html, Words
from core.money import Money
from core.payments.fx.desk import Parted
from core.payments.fx.hedge import Hedge
from core.payments.fx.history import History
from core.payments.fx.treasury import Book, Exposure, Reserve, Result

CHART_DAYS = 90  # fixings
_COURSES = 3  # panels of the picture: the largest positions


def picture(t: Words, shop_name: str, book: Book, history: History) -> Screen:
    """The chart, and under it the sum of it all."""
    text = t("<b>Open in foreign currencies</b>: {net} after netting", net=book.net)
    return Screen(Html("\n").join([text, _limit(t, book)]), drawing=_chart(t, shop_name, book, history))


def _limit(t: Words, book: Book) -> Html:
    past = [one.of for one in book.exposures if one.past_limit]
    if past:
        return t("⚠️ Past the limit of {limit} a currency: {codes}", limit=book.limit, codes=past)
    return t("The limit is {limit} a currency.", limit=book.limit)


def _chart(t: Words, shop_name: str, book: Book, history: History) -> FxChart:
    base = book.net.asset.code
    ranked = sorted(book.exposures, key=lambda one: -abs(one.worth.minor))
    courses = [_course(t, base, one.of.code, history) for one in ranked[:_COURSES]]
    return FxChart(
        title=shop_name,
        subtitle=t.plain("Open by currency; longer bars are worth more {base}", base=base),
        positions=tuple(_position(t, one) for one in ranked[:8]),
        limit=book.limit.minor,
        legend=(t.plain("Booked"), t.plain("Locked by quotes")),
        courses_title=t.plain("Rates of the last {n} fixings", n=CHART_DAYS),
        courses=tuple(course for course in courses if course is not None),
        nothing=t.plain("Nothing is open"),
    )


def _position(t: Words, one: Exposure) -> Position:
    """Booked and locked share the worth that both have together, in their proportion."""
    firm = one.firm.minor
    booked = one.worth.minor * one.booked.minor // firm if firm else 0
    return Position(one.of.code, t.money(one.firm), booked, one.worth.minor - booked)


def _course(t: Words, base: str, code: str, history: History) -> Course | None:
    prices = history.prices(base, code, CHART_DAYS)
    if len(prices) < 2:
        return None
    points = tuple(price for _, price in prices)
    return Course(
        name=t.plain("1 {base} in {code}", base=base, code=code),
        latest=_rate(points[-1]),
        high=_rate(max(points)),
        low=_rate(min(points)),
        first_day=t.date(prices[0][0]),
        last_day=t.date(prices[-1][0]),
        points=points,
    )


def _rate(price: float) -> str:
    return f"{price:,.4f}" if price < 1000 else f"{price:,.0f}"  # for the eye: five digits or so


def words(t: Words, book: Book) -> Screen:
    """All of it in words; what does not fit is counted."""
    lines: list[Html] = []
    lines += [_exposure(t, one) for one in book.exposures] or [t("Nothing is open.")]
    lines.append(t("Kept as a buffer against what these may lose: {buffer}", buffer=book.buffer))
    if book.deals:
        lines += [Html(""), t("<b>Deals that would close what is booked</b>")]
        lines += [t("Sell {sell}, buy about {buy}.", sell=deal.sell, buy=deal.buy) for deal in book.deals]
    if book.reserves:
        lines += [Html(""), t("<b>Kept at the bank and the channels</b>")]
        lines += [_reserve(t, one) for one in book.reserves]
    lines += _results(t, book)
    after = [Html(""), t("/hedge SOLD BOUGHT REFERENCE books a deal that you made, such as "
                         "/hedge 1200.00 BRL 192.00 EUR DEAL-77.")]  # fmt: skip
    return Screen(fitted(t, [t("<b>Open by currency</b>")], lines, after, MESSAGE))


def _exposure(t: Words, one: Exposure) -> Html:
    return t(
        "{mark} <b>{code}</b>: booked {booked}, locked {locked}, forecast {forecast}; together worth {worth}, "
        "buffer {buffer}",
        mark="⚠️" if one.past_limit else "▫️",
        code=one.of.code,
        booked=one.booked,
        locked=one.locked,
        forecast=one.forecast,
        worth=one.worth,
        buffer=one.buffer,
    )


def _reserve(t: Words, one: Reserve) -> Html:
    share = Html(t.percent(one.share_bp))
    if one.target_bp is None:
        return t("{held}: {share}", held=one.held, share=share)
    return t("{held}: {share}, wanted {target}", held=one.held, share=share, target=Html(t.percent(one.target_bp)))


def _results(t: Words, book: Book) -> Iterable[Html]:
    for title, found in (
        (t("<b>Exchange this month</b>"), book.month),
        (t("<b>Exchange since the beginning</b>"), book.ever),
    ):
        if found:
            yield from (Html(""), title, *(_result(t, one) for one in found))


def _result(t: Words, one: Result) -> Html:
    return t("Markup {markup}, slippage {slippage}", markup=one.markup, slippage=one.slippage)


def hedged(t: Words, done: Hedge) -> Screen:
    """A deal was booked."""
    result = done.bought - done.carried
    lines = [
        t("✅ Booked: sold {sold}, bought {bought}.", sold=done.sold, bought=done.bought),
        t("It closed a position booked at {carried}; slippage {result}.", carried=done.carried, result=result),
    ]
    return Screen(Html("\n").join(lines))


def past_limit(t: Words, one: Exposure, limit: Money) -> Screen:
    """To the admins: a position is past the limit."""
    return Screen(
        t(
            "⚠️ <b>What is open in {code} is past the limit.</b>\n{amount} are open, worth {worth}; the limit is "
            "{limit}. No rate is locked that would add to it. /fx proposes a deal.",
            code=one.of.code,
            amount=one.firm,
            worth=one.worth,
            limit=limit,
        )
    )


def parted(t: Words, gap: Parted) -> Html:
    """Two sources disagree on a currency."""
    return t(
        "⚠️ {code}: {low} says {low_rate}, {high} says {high_rate}. They part by {percent}, so nothing is priced by "
        "them; /rate {code} VALUE settles it for today.",
        code=gap.code,
        low=gap.low.source,
        low_rate=Html(t.rate(gap.low.rate)),
        high=gap.high.source,
        high_rate=Html(t.rate(gap.high.rate)),
        percent=Html(t.percent(gap.gap_bp)),
    )


def moved(t: Words, order: str, bp: int, slip: Money) -> Screen:
    """To the admins: a rate ran away between the quote and the payment."""
    share = Html(t.percent(abs(bp)))
    if bp < 0:
        text = t(
            "⚠️ The rate behind order {order} has fallen by {percent} since it was quoted. The buyer paid what was "
            "promised and the order stands; closed today, its position loses {slip}. /fx shows what is open.",
            order=order,
            percent=share,
            slip=-slip,
        )
    else:
        text = t(
            "ℹ️ The rate behind order {order} has risen by {percent} since it was quoted. The order stands as it was "
            "paid; closed today, its position gains {slip}. /fx shows what is open.",
            order=order,
            percent=share,
            slip=slip,
        )
    return Screen(text)


def broken(t: Words, order: str) -> Screen:
    """To the admins: what was paid is not what the quote was made for."""
    return Screen(
        t(
            "🚨 Order {order} was paid by a quote that was made for another cart, payee, amount or method. It is "
            "booked as it was quoted. Please look at it before it is shipped: /order {order}",
            order=order,
        )
    )
