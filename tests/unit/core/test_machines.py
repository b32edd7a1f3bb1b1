"""The state machines: every edge there is, no edge that is not, and the two that would charge somebody twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.ids import OrderId, QuoteId
from core.money import zero
from core.payments.fx.quote import Quote, QuoteState
from core.payments.operations import IllegalMove, OperationState
from core.shop.orders import Order, OrderMoved, OrderState
from tests.builders import EUR, MAYA, NOON, a_seller, an_operation, eur

P, Q, S = OperationState, QuoteState, OrderState

OPERATION_EDGES = {
    (P.RESERVED, P.DISPATCHED), (P.RESERVED, P.EXPIRED),
    (P.DISPATCHED, P.SUCCEEDED), (P.DISPATCHED, P.REJECTED), (P.DISPATCHED, P.ACTION), (P.DISPATCHED, P.PENDING),
    (P.DISPATCHED, P.UNKNOWN),
    (P.ACTION, P.PENDING), (P.ACTION, P.SUCCEEDED), (P.ACTION, P.REJECTED), (P.ACTION, P.EXPIRED),
    (P.ACTION, P.UNKNOWN),
    (P.PENDING, P.SUCCEEDED), (P.PENDING, P.REJECTED), (P.PENDING, P.ACTION), (P.PENDING, P.UNKNOWN),
    (P.UNKNOWN, P.SUCCEEDED), (P.UNKNOWN, P.REJECTED), (P.UNKNOWN, P.ACTION), (P.UNKNOWN, P.PENDING),
    (P.UNKNOWN, P.PARKED),
    (P.PARKED, P.SUCCEEDED), (P.PARKED, P.REJECTED),
    (P.REJECTED, P.SUCCEEDED), (P.EXPIRED, P.SUCCEEDED),
}  # fmt: skip
QUOTE_EDGES = {
    (Q.OFFERED, Q.LOCKED), (Q.OFFERED, Q.EXPIRED), (Q.OFFERED, Q.WITHDRAWN),
    (Q.LOCKED, Q.USED), (Q.LOCKED, Q.EXPIRED), (Q.LOCKED, Q.WITHDRAWN),
}  # fmt: skip
ORDER_EDGES = {
    (S.DRAFT, S.PLACED), (S.DRAFT, S.CANCELLED),
    (S.PLACED, S.PAID), (S.PLACED, S.CANCELLED), (S.PLACED, S.EXPIRED),
    (S.PAID, S.SHIPPED), (S.PAID, S.REFUNDED),
    (S.SHIPPED, S.RECEIVED), (S.SHIPPED, S.REFUNDED), (S.RECEIVED, S.REFUNDED),
    (S.CANCELLED, S.PLACED), (S.EXPIRED, S.PLACED),
}  # fmt: skip


def a_quote(state: QuoteState) -> Quote:
    return Quote(
        QuoteId("Q"), OrderId("0R"), "sepa", eur("1.00"), eur("1.00"), zero(EUR), (), 100, zero(EUR), "1", NOON,
        NOON + timedelta(minutes=15), state,
    )  # fmt: skip


def an_order(state: OrderState) -> Order:
    return Order(OrderId("0R"), MAYA, a_seller(MAYA, "EUR").id, state, (), NOON)


@pytest.mark.parametrize("before", OperationState)
@pytest.mark.parametrize("after", OperationState)
def test_an_operation_moves_along_its_edges_only(before: OperationState, after: OperationState) -> None:
    if (before, after) in OPERATION_EDGES:
        assert an_operation(before).move(after).state is after
    else:
        with pytest.raises(IllegalMove):
            an_operation(before).move(after)


@pytest.mark.parametrize("before", QuoteState)
@pytest.mark.parametrize("after", QuoteState)
def test_a_quote_moves_along_its_edges_only(before: QuoteState, after: QuoteState) -> None:
    if (before, after) in QUOTE_EDGES:
        assert a_quote(before).move(after).state is after
    else:
        with pytest.raises(IllegalMove):
            a_quote(before).move(after)


@pytest.mark.parametrize("before", OrderState)
@pytest.mark.parametrize("after", OrderState)
def test_an_order_moves_along_its_edges_only_and_says_where_it_stands(before: OrderState, after: OrderState) -> None:
    if (before, after) in ORDER_EDGES:
        assert an_order(before).move(after).state is after
        return
    with pytest.raises(OrderMoved) as refusal:
        an_order(before).move(after)
    assert refusal.value.params == {"order": "0R", "state": before.value}


def test_what_has_succeeded_is_never_undone_and_what_is_unknown_never_expires() -> None:
    assert not [edge for edge in OPERATION_EDGES if edge[0] is P.SUCCEEDED]
    assert (P.UNKNOWN, P.EXPIRED) not in OPERATION_EDGES
    assert (P.PENDING, P.EXPIRED) not in OPERATION_EDGES


def test_a_quote_is_used_once() -> None:
    used = a_quote(Q.LOCKED).move(Q.USED)
    for state in QuoteState:
        with pytest.raises(IllegalMove):
            used.move(state)


def test_a_move_changes_the_state_and_nothing_else() -> None:
    reserved = an_operation()
    moved = reserved.move(P.DISPATCHED)
    assert reserved.state is P.RESERVED
    assert replace(moved, state=P.RESERVED) == reserved
