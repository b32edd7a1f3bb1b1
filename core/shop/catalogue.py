"""Products: what is for sale, by whom, at what price, and how many are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import ProductId, SellerId
from core.money import Money


class ProductState(StrEnum):
    """A product on sale can be bought; one taken down stays for the orders that name it."""

    ON_SALE = "on_sale"
    TAKEN_DOWN = "taken_down"


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale. `stock` counts what is neither sold nor reserved by an unpaid order."""

    id: ProductId
    seller: SellerId
    title: str
    description: str
    price: Money
    stock: int
    picture: str  # digest of the picture in the picture store
    state: ProductState
    created_at: datetime
    file_id: str = ""  # Telegram's handle of the uploaded picture, once it has been sent
    version: int = 0
