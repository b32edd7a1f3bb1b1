"""Looking around: home, shelf, product cards, links, inline cards, language and currency."""

from __future__ import annotations

from telegram import (
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
)

from bot.callbacks import parse_link
from bot.screens import catalogue as screens
from bot.shopper import buying
from bot.shopper.window import show_product
from bot.visit import Visit
from bot.words import Words
from core.ids import ProductId
from core.shop import browse, visitors
from core.shop.browse import ProductView

INLINE_PAGE = 20


async def start(visit: Visit, payload: str = "") -> None:
    """/start, alone or by a deep link: p_ID shows a product, b_ID buys it."""
    if payload:
        link = parse_link(payload)
        if link.kind == "p" and link.args:
            await product(visit, link.args[0])
            return
        if link.kind == "b" and link.args:
            await buying.buy_now(visit, link.args[0])
            return
    await home(visit)


async def home(visit: Visit) -> None:
    """The first screen."""
    await visit.show(screens.home(visit.t, visit.shop.name, visit.person, await visit.seller()))


async def shelf(visit: Visit, page: str = "0") -> None:
    """A page of what is for sale."""
    view = await visit.look(browse.shelf_view, visit.who, int(page))
    await visit.show(screens.shelf(visit.t, view))


async def product(visit: Visit, product_id: str) -> None:
    """A product card."""
    await show_product(visit, ProductId(product_id))


async def languages(visit: Visit) -> None:
    """Which language?"""
    await visit.show(screens.languages(visit.t))


async def speak(visit: Visit, language: str) -> None:
    """From now on in this language."""
    await visit.note(visitors.choose_language, language)
    visit.t = Words.of(language)
    await visit.toast(visit.t.plain("From now on in English."))
    await home(visit)


async def currencies(visit: Visit, code: str = "") -> None:
    """Which currency? /currency CODE chooses at once."""
    if code:
        await price_in(visit, code)
        return
    await visit.show(screens.currencies(visit.t))


async def price_in(visit: Visit, code: str) -> None:
    """From now on prices are also shown in this currency."""
    person = await visit.note(visitors.choose_currency, code)
    visit.person = person
    await visit.toast(visit.t.plain("Prices are now shown in {currency} too.", currency=person.currency))
    await shelf(visit)


async def inline(visit: Visit) -> None:
    """@bot words: cards to post into any chat."""
    query = visit.update.inline_query
    assert query is not None
    words = query.query.removeprefix("p_")
    offset = int(query.offset) if query.offset.isdecimal() else 0
    found = await visit.survey(browse.search, words, limit=offset + INLINE_PAGE + 1)
    page, more = found[offset : offset + INLINE_PAGE], len(found) > offset + INLINE_PAGE
    results = [_card(visit, view) for view in page if view.product.stock]
    button = None
    if not results:
        button = InlineQueryResultsButton(visit.t.plain("Nothing found; see everything"), start_parameter="shop")
    await query.answer(
        results, cache_time=10, is_personal=True, next_offset=str(offset + INLINE_PAGE) if more else "", button=button
    )


def _card(visit: Visit, view: ProductView) -> InlineQueryResultCachedPhoto | InlineQueryResultArticle:
    goods, speaker = view.product, visit.house.speaker
    text = screens.product_text(visit.t, view, visit.shop.rates, None, visit.today)
    markup = speaker.keyboard(screens.group_keys(visit.t, goods, visit.house.bot_name), None)
    keys = InlineKeyboardMarkup.de_json(markup) if markup else None
    description = visit.t.money(goods.price)
    if goods.file_id:
        return InlineQueryResultCachedPhoto(
            goods.id,
            goods.file_id,
            title=goods.title,
            description=description,
            caption=text,
            parse_mode="HTML",
            reply_markup=keys,
        )
    return InlineQueryResultArticle(
        goods.id,
        goods.title,
        InputTextMessageContent(text, parse_mode="HTML"),
        description=description,
        reply_markup=keys,
    )


async def refuse_checkout(visit: Visit) -> None:
    """No invoice of Telegram's is ours yet: money must not be taken for nothing."""
    query = visit.update.pre_checkout_query
    assert query is not None
    await query.answer(ok=False, error_message=visit.t.plain("This shop does not take this kind of payment."))
