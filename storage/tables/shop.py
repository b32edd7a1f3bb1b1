"""Tables of the shop: products, carts, orders."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Index, SQLModel

from storage.tables.columns import flag, moment, sealed, text, whole


class Products(SQLModel, table=True):
    """core.shop.catalogue.Product."""

    __tablename__: ClassVar[str] = "products"
    __table_args__ = (
        Index("ix_products_seller", "seller", "created_at", "id"),
        Index("ix_products_state", "state", "created_at", "id"),
    )
    id: str = text(key=True)
    seller: str = text()
    title: str = text()
    description: str = text()
    price_minor: int = whole()
    price_asset: str = text()
    stock: int = whole()
    picture: str = text()
    state: str = text()
    created_at: datetime = moment()
    file_id: str = text()
    version: int = whole()


class Carts(SQLModel, table=True):
    """core.shop.cart.Cart; the lines as JSON."""

    __tablename__: ClassVar[str] = "carts"
    person: int = whole(key=True)
    lines: str = text()
    version: int = whole()


class Orders(SQLModel, table=True):
    """core.shop.orders.Order; the lines as JSON, the address in `personal`."""

    __tablename__: ClassVar[str] = "orders"
    __table_args__ = (
        Index("ix_orders_shopper", "shopper", "created_at", "id"),
        Index("ix_orders_seller", "seller", "created_at", "id"),
        Index("ix_orders_state", "state", "created_at", "id"),
        Index("ix_orders_deadline", "state", "deadline"),
        Index("ix_orders_ship_by", "state", "ship_by"),
        Index("ix_orders_release", "state", "release_at"),
    )
    id: str = text(key=True)
    shopper: int = whole()
    seller: str = text()
    state: str = text()
    lines: str = text()
    created_at: datetime = moment()
    method: str = text()
    quote: str | None = text()
    intent: str | None = text()
    from_cart: bool = flag()
    deadline: datetime | None = moment()
    paid_at: datetime | None = moment()
    tracking: str = text()
    card_message: int | None = whole()
    shipped_at: datetime | None = moment()
    ship_by: datetime | None = moment()
    release_at: datetime | None = moment()
    frozen: str = text()
    parts: int = whole()
    version: int = whole()
    personal: bytes | None = sealed()
