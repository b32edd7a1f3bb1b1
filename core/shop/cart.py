"""The cart: what a shopper means to buy. It reserves nothing."""

from __future__ import annotations

from dataclasses import dataclass

from core.ids import PersonId, ProductId

MOST_OF_ONE = 99
MOST_LINES = 30


@dataclass(frozen=True, slots=True)
class CartLine:
    """`quantity` of one product, 1 to MOST_OF_ONE."""

    product: ProductId
    quantity: int


@dataclass(frozen=True, slots=True)
class Cart:
    """One per person. Its version is the nonce of its buttons: an old page cannot be pressed twice."""

    person: PersonId
    lines: tuple[CartLine, ...] = ()
    version: int = 0

    @property
    def pieces(self) -> int:
        """How many pieces of anything are in it: what the cart button counts."""
        return sum(line.quantity for line in self.lines)

    def quantity(self, product: ProductId) -> int:
        """How many of `product` are in it."""
        return next((line.quantity for line in self.lines if line.product == product), 0)
