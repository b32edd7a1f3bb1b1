"""Selling: put a product up, change it, take it down, ship what was paid."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId, PersonId, ProductId
from core.money import Money, parse_price
from core.payments.escrow import release_first
from core.people import Seller
from core.ports import UnitOfWork
from core.shop.catalogue import Product, ProductState
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState
from core.shop.visitors import need_seller

LONGEST_TITLE = 60
LONGEST_DESCRIPTION = 600
MOST_STOCK = 99_999
LONGEST_TRACKING = 40


class BadTitle(Refusal):
    """Empty, or too long."""

    sentence = sentence("A product's name is one line of at most {most} characters.")


class BadDescription(Refusal):
    """Too long."""

    sentence = sentence("A description has at most {most} characters.")


class BadStock(Refusal):
    """Not a whole number from 0 to MOST_STOCK."""

    sentence = sentence("“{text}” is not a stock. Write a whole number from 0 to {most}.")


class BadTracking(Refusal):
    """Not something a carrier would print."""

    sentence = sentence("“{text}” is not a tracking number: letters, digits, spaces and dashes, at most {most}.")


def read_title(text: str) -> str:
    """A product's name. Raises BadTitle."""
    title = " ".join(text.split())
    if not title or len(title) > LONGEST_TITLE or "\n" in text.strip() or not title.isprintable():
        raise BadTitle(most=LONGEST_TITLE)
    return title


def read_description(text: str) -> str:
    """A description, possibly empty. Raises BadDescription."""
    if len(text.strip()) > LONGEST_DESCRIPTION:
        raise BadDescription(most=LONGEST_DESCRIPTION)
    return text.strip()


def read_price(shop: Shop, seller: Seller, text: str) -> Money:
    """A price in a currency that this seller can be settled from.

    Raises BadPrice, BadAmount, UnknownAsset, NoRate, StaleRate.
    """
    price = parse_price(text)
    shop.rates.mid(price.asset, seller.currency, shop.clock.now().date())
    return price


def read_stock(text: str) -> int:
    """How many there are. Raises BadStock."""
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 6 and int(text) <= MOST_STOCK):
        raise BadStock(text=text.strip()[:16], most=MOST_STOCK)
    return int(text)


def add_product(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    *,
    title: str,
    description: str,
    price: Money,
    stock: int,
    picture: str,
) -> Product:
    """Put a product on sale. Raises NotAllowed, NoRate or StaleRate (a currency that could not be settled)."""
    seller = need_seller(uow, who)
    shop.rates.mid(price.asset, seller.currency, shop.clock.now().date())
    return uow.products.add(
        Product(
            id=ProductId(shop.ids.new(8)),
            seller=seller.id,
            title=title,
            description=description,
            price=price,
            stock=stock,
            picture=picture,
            state=ProductState.ON_SALE,
            created_at=shop.clock.now(),
        )
    )


def own_product(uow: UnitOfWork, who: PersonId, product_id: ProductId) -> Product:
    """A product of this seller, locked. Raises NotAllowed, Gone."""
    seller = need_seller(uow, who)
    product = uow.products.lock(product_id)
    if product.seller != seller.id:
        raise Gone
    return product


def edit_product(
    uow: UnitOfWork,
    shop: Shop,
    who: PersonId,
    product_id: ProductId,
    *,
    title: str | None = None,
    description: str | None = None,
    price: Money | None = None,
    stock: int | None = None,
    picture: str | None = None,
    state: ProductState | None = None,
) -> Product:
    """Change what is given and leave the rest. Raises NotAllowed, Gone, NoRate, StaleRate."""
    product = own_product(uow, who, product_id)
    if price is not None:
        shop.rates.mid(price.asset, need_seller(uow, who).currency, shop.clock.now().date())
    return uow.products.save(
        replace(
            product,
            title=product.title if title is None else title,
            description=product.description if description is None else description,
            price=price or product.price,
            stock=product.stock if stock is None else stock,
            picture=picture or product.picture,
            file_id="" if picture else product.file_id,
            state=state or product.state,
        )
    )


def remember_file(uow: UnitOfWork, product_id: ProductId, picture: str, file_id: str) -> None:
    """Keep Telegram's handle of a picture that has been uploaded once."""
    product = uow.products.get(product_id)
    if product is not None and product.picture == picture and product.file_id != file_id:
        uow.products.save(replace(product, file_id=file_id))


def ship(uow: UnitOfWork, shop: Shop, who: PersonId, order_id: OrderId, tracking: str) -> Order:
    """The parcel is on its way. Raises NotAllowed, Gone, OrderMoved, BadTracking."""
    seller = need_seller(uow, who)
    tracking = " ".join(tracking.split())
    plain = tracking.replace(" ", "").replace("-", "")
    if not (plain.isascii() and plain.isalnum() and len(tracking) <= LONGEST_TRACKING):
        raise BadTracking(text=tracking[:24], most=LONGEST_TRACKING)
    order = uow.orders.lock(order_id)
    if order.seller != seller.id:
        raise Gone
    rules, now = shop.policy.escrow[seller.tier], shop.clock.now()
    shipped = replace(order.move(OrderState.SHIPPED), tracking=tracking, shipped_at=now, release_at=now + rules.confirm)
    order = uow.orders.save(shipped)
    if not rules.on_capture:
        release_first(uow, shop, order, seller)
    tell(uow, now, order.shopper, "shipped", order.id)
    return order
