"""A product's page in the private chat, with the button that pays at once for who may."""

from __future__ import annotations

from bot.screens import catalogue as screens
from bot.visit import Visit
from core.ids import ProductId
from core.people import Person
from core.ports import UnitOfWork
from core.shop import browse, one_tap
from core.shop.browse import ProductView
from core.shop.context import Shop
from core.shop.one_tap import Offer


async def show_product(visit: Visit, product_id: ProductId, *, at_once: bool = True) -> None:
    """The page. After a tap that paid it is shown without the button (`at_once`): a double tap buys nothing more."""
    view, offer = await visit.look(_page, visit.shop, visit.person, product_id, at_once=at_once)
    await visit.show(screens.product(visit.t, view, visit.shop.rates, visit.person, visit.today, offer=offer))


def _page(
    uow: UnitOfWork, shop: Shop, person: Person, product_id: ProductId, *, at_once: bool
) -> tuple[ProductView, Offer | None]:
    view = browse.product_view(uow, product_id, person.id)
    return view, one_tap.offer(uow, shop, person, view.product) if at_once else None
