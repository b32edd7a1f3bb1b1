"""Orders: what was bought from one seller, and the guarded moves of its life."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from core.errors import Stale, sentence
from core.ids import IntentId, OrderId, PersonId, ProductId, QuoteId, SellerId
from core.money import Money
from core.people import Address


class OrderState(StrEnum):
    """Where an order stands. Stock is reserved from PLACED on, given back by EXPIRED and CANCELLED."""

    DRAFT = "draft"
    PLACED = "placed"  # waits for its payment
    PAID = "paid"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


_MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.DRAFT: frozenset({OrderState.PLACED, OrderState.CANCELLED}),
    OrderState.PLACED: frozenset({OrderState.PAID, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.PAID: frozenset({OrderState.SHIPPED, OrderState.REFUNDED}),
    OrderState.SHIPPED: frozenset({OrderState.RECEIVED, OrderState.REFUNDED}),
    OrderState.RECEIVED: frozenset({OrderState.REFUNDED}),
    # Taken up again, for money that came after the end.
    OrderState.CANCELLED: frozenset({OrderState.PLACED}),
    OrderState.EXPIRED: frozenset({OrderState.PLACED}),
    OrderState.REFUNDED: frozenset(),
}


class OrderMoved(Stale):
    """The order is past the step that was asked for. `state` is where it stands."""

    sentence = sentence("Order {order} has moved on; that step is done or no longer possible.")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line frozen at drafting: the title and price the shopper saw."""

    product: ProductId
    title: str
    price: Money  # of one, in the product's currency
    quantity: int

    @property
    def total(self) -> Money:
        """Price times quantity."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase from one seller."""

    id: OrderId
    shopper: PersonId
    seller: SellerId
    state: OrderState
    lines: tuple[OrderLine, ...]
    created_at: datetime
    address: Address | None = field(default=None, metadata={"personal": True})
    method: str = ""
    quote: QuoteId | None = None
    intent: IntentId | None = None
    from_cart: bool = False
    deadline: datetime | None = None  # for the payment
    paid_at: datetime | None = None
    tracking: str = ""
    card_message: int | None = None  # message that shows the payment card, or is about to, in the shopper's chat
    shipped_at: datetime | None = None
    ship_by: datetime | None = None  # a paid order not shipped by then is refunded
    release_at: datetime | None = None  # the rest is released then, without the buyer's word
    frozen: str = ""  # why its money may leave by no path: a dispute, monitoring
    parts: int = 1  # instalments that the buyer chose
    version: int = 0

    def move(self, to: OrderState) -> Order:
        """The order in its next state. Raises OrderMoved when that step is not open."""
        if to not in _MOVES[self.state]:
            raise OrderMoved(order=self.id, state=self.state.value)
        return replace(self, state=to)

    def revive(self, to: OrderState) -> Order:
        """Back to where it was when a dispute ended it: the case is taken up again. No step that anybody may ask for.

        Raises OrderMoved.
        """
        if self.state is not OrderState.REFUNDED:
            raise OrderMoved(order=self.id, state=self.state.value)
        return replace(self, state=to)
