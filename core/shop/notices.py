"""Telling people: a notice is an effect, written in the transaction of the fact it tells of."""

from __future__ import annotations

from datetime import datetime

from core.ids import PersonId
from core.ports import Effect, UnitOfWork
from core.shop.orders import Order

NOTICE = "notice"
OPERATION = "operation"
VOID = "void"  # a later step of a charge: nobody should pay it any more


def tell(uow: UnitOfWork, now: datetime, to: PersonId, kind: str, about: str, **data: str) -> None:
    """Let `to` know of `kind` about one thing, once. The bot finds the words when it sends it."""
    extra = "".join(f":{value}" for _, value in sorted(data.items()))
    uow.outbox.put(
        Effect(
            key=f"{kind}:{about}:{to}{extra}"[:200],
            topic=NOTICE,
            lane=f"person:{to}",
            data={"to": str(to), "kind": kind, "about": about, **data},
            due_at=now,
        )
    )


def show_card(uow: UnitOfWork, now: datetime, order: Order, charge: str) -> None:
    """Have the shopper get the code of a charge: further down the chat where the order has shown one before."""
    again = {"again": charge} if order.card_message is not None else {}
    tell(uow, now, order.shopper, "payment_card", order.id, charge=charge, **again)


def carry_out(uow: UnitOfWork, now: datetime, operation: str, step: str = "") -> None:
    """Have the payment driver bring an operation further: one that this transaction reserved, or a later `step`."""
    uow.outbox.put(
        Effect(
            key=f"operation:{operation}{step and f':{step}'}",
            topic=OPERATION,
            lane=f"operation:{operation}",
            data={"operation": operation},
            due_at=now,
        )
    )
