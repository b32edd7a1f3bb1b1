"""Selling: put a product up by answering five questions, change it, take it down, ship what was sold."""

from __future__ import annotations

from telegram.error import BadRequest

from bot.pictures.product import BadPhoto
from bot.screens import orders as order_screens
from bot.screens import staff as screens
from bot.screens.catalogue import product as product_screen
from bot.visit import Visit
from bot.words import Word
from core.errors import Refusal, sentence
from core.ids import OrderId, PersonId, ProductId, SellerId
from core.money import parse_price
from core.ports import UnitOfWork
from core.shop import browse, selling, visitors
from core.shop.catalogue import Product, ProductState
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order

PAGE = 8
ORDER = ("picture", "title", "price", "stock", "description")
LARGEST_PICTURE = 10_000_000  # bytes; the Bot API's own limit for a photo


class PictureWanted(Refusal):
    """Words came where a picture was asked for."""

    sentence = sentence("That is not a photo. Please send a picture (JPEG, PNG or WebP, up to 10 MB).")


class TextWanted(Refusal):
    """A picture came where words were asked for."""

    sentence = sentence("Please answer in words.")


async def sell(visit: Visit) -> None:
    """/sell: the first question."""
    await visit.need_seller()
    await visit.note(visitors.ask, f"sell.{ORDER[0]}")
    await visit.say(screens.question(visit.t, ORDER[0]))


async def edit(visit: Visit, product_id: str, field: str) -> None:
    """Change one thing of a product."""
    await visit.need_seller()
    if field not in ORDER:
        raise TextWanted
    await visit.note(visitors.ask, f"edit.{field}", product=product_id)
    await visit.say(screens.question(visit.t, field))


async def _answer(visit: Visit, step: str) -> str:
    """What the person sent, judged: a picture's digest, or the words themselves. Raises a Refusal."""
    message = visit.message
    assert message is not None
    if step == "picture":
        return await picture(visit)
    text = message.text
    if text is None:
        raise TextWanted
    match step:
        case "title":
            return selling.read_title(text)
        case "price":
            selling.read_price(visit.shop, await visit.need_seller(), text)
        case "stock":
            return str(selling.read_stock(text))
        case "description":
            return "" if text.strip() == "-" else selling.read_description(text)
    return text.strip()


async def picture(visit: Visit) -> str:
    """The picture that was sent, cleaned and kept: its digest. Raises PictureWanted."""
    message = visit.message
    assert message is not None
    image = message.document if message.document and (message.document.mime_type or "").startswith("image/") else None
    source = message.photo[-1] if message.photo else image
    if source is None or (source.file_size or 0) > LARGEST_PICTURE:
        raise PictureWanted
    try:
        file = await source.get_file()
        return await visit.house.keep_picture(bytes(await file.download_as_bytearray()))
    except (BadPhoto, BadRequest):  # no picture, or Telegram does not have it any more
        raise PictureWanted from None


async def hear_answer(visit: Visit, step: str, **data: str) -> None:
    """The answer to one of the five questions; the last one puts the product on sale."""
    await visit.need_seller()
    data[step] = await _answer(visit, step)
    following = ORDER[ORDER.index(step) + 1 :]
    if following:
        # Taken with its update: a replay must not take this answer for the next question's.
        await visit.do(visitors.ask, f"sell.{following[0]}", **data)
        await visit.say(screens.question(visit.t, following[0]))
        return
    await visit.do(_put_up, data)


def _put_up(uow: UnitOfWork, shop: Shop, who: PersonId, data: dict[str, str]) -> Product:
    visitors.stop_asking(uow, shop, who)
    product = selling.add_product(
        uow,
        shop,
        who,
        title=data["title"],
        description=data["description"],
        price=parse_price(data["price"]),
        stock=int(data["stock"]),
        picture=data["picture"],
    )
    tell(uow, shop.clock.now(), who, "product_up", product.id)
    return product


async def hear_edit(visit: Visit, step: str, product: str = "") -> None:
    """The new value of one thing."""
    answer = await _answer(visit, step)
    await visit.do(_change, ProductId(product), step, answer)
    await _card(visit, product)


def _change(uow: UnitOfWork, shop: Shop, who: PersonId, product: ProductId, field: str, answer: str) -> Product:
    visitors.stop_asking(uow, shop, who)
    return selling.edit_product(
        uow,
        shop,
        who,
        product,
        title=answer if field == "title" else None,
        description=answer if field == "description" else None,
        price=parse_price(answer) if field == "price" else None,
        stock=int(answer) if field == "stock" else None,
        picture=answer if field == "picture" else None,
    )


async def take_down(visit: Visit, product_id: str, _version: str) -> None:
    """Off the shelf."""
    await _set_state(visit, product_id, ProductState.TAKEN_DOWN)


async def put_back(visit: Visit, product_id: str, _version: str) -> None:
    """On the shelf again."""
    await _set_state(visit, product_id, ProductState.ON_SALE)


async def _set_state(visit: Visit, product_id: str, state: ProductState) -> None:
    await visit.do(selling.edit_product, ProductId(product_id), state=state)
    await _card(visit, product_id)


async def _card(visit: Visit, product_id: str) -> None:
    view = await visit.look(browse.product_view, ProductId(product_id), visit.who)
    await visit.show(product_screen(visit.t, view, visit.shop.rates, visit.person, visit.today))


async def products(visit: Visit, page: str = "0") -> None:
    """My products."""
    seller = await visit.need_seller()
    first = max(0, int(page)) * PAGE
    found = await visit.look(_products, seller.id, first)
    await visit.show(screens.product_list(visit.t, found[:PAGE], first // PAGE, len(found) > PAGE))


def _products(uow: UnitOfWork, seller: SellerId, offset: int) -> list[Product]:
    return uow.products.find(seller=seller, limit=PAGE + 1, offset=offset)


async def sales(visit: Visit, page: str = "0") -> None:
    """What I sold."""
    seller = await visit.need_seller()
    first = max(0, int(page)) * PAGE
    found = await visit.look(_sales, seller.id, first)
    await visit.show(
        order_screens.order_list(visit.t, found[:PAGE], Word("Your sales"), "ms", first // PAGE, len(found) > PAGE)
    )


def _sales(uow: UnitOfWork, seller: SellerId, offset: int) -> list[Order]:
    return uow.orders.find(seller=seller, state=order_screens.SOLD, limit=PAGE + 1, offset=offset)


async def ask_tracking(visit: Visit, order_id: str) -> None:
    """Mark as shipped: what is the tracking number?"""
    await visit.need_seller()
    await visit.note(visitors.ask, "ship", order=order_id)
    await visit.say(screens.question(visit.t, "tracking"))


async def hear_tracking(visit: Visit, text: str, order: str = "") -> None:
    """The tracking number: the parcel is on its way."""
    await visit.do(_ship, OrderId(order), text)
    await visit.tell(visit.t("🚚 Order {order} is marked as shipped, and the buyer has been told.", order=order))


def _ship(uow: UnitOfWork, shop: Shop, who: PersonId, order: OrderId, tracking: str) -> Order:
    shipped = selling.ship(uow, shop, who, order, tracking)
    visitors.stop_asking(uow, shop, who)
    return shipped
