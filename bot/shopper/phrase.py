"""/phrase: the words that show a shopper which payment cards are the shop's."""

from __future__ import annotations

from bot.screens import phrase as screens
from bot.visit import Visit
from core.errors import Refusal
from core.ids import PersonId
from core.ports import UnitOfWork
from core.risk import phrase as phrases
from core.shop import visitors
from core.shop.context import Shop


async def phrase(visit: Visit, *_: str) -> None:
    """The words, and how to have others."""
    words = visit.person.phrase or await visit.note(phrases.mine)
    await visit.show(screens.phrase_page(visit.t, words))


async def change(visit: Visit, how: str) -> None:
    """Other words: at random, or the person's own."""
    if how == "own":
        await visit.look(phrases.may_change, visit.shop, visit.who)
        await visit.note(visitors.ask, "phrase")
        await visit.say(screens.ask_phrase(visit.t))
        return
    await _show_new(visit, await visit.do(phrases.change))


async def hear(visit: Visit, text: str) -> None:
    """Their own words."""
    words = await visit.do(_take, text)
    if isinstance(words, Refusal):
        raise words
    await _show_new(visit, words)


def _take(uow: UnitOfWork, shop: Shop, who: PersonId, text: str) -> str | Refusal:
    """Keep them; what cannot be kept leaves the question open."""
    try:
        words = phrases.change(uow, shop, who, text or " ")
    except phrases.BadPhrase as refusal:
        return refusal
    visitors.stop_asking(uow, shop, who)
    return words


async def _show_new(visit: Visit, words: str) -> None:
    await visit.toast(visit.t.plain("From now on your cards show: {phrase}", phrase=words))
    await visit.show(screens.phrase_page(visit.t, words))
