"""The chart of accounts: every account's name is made here, and the side it may never cross."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.ids import OrderId, PersonId, SellerId


class Side(StrEnum):
    """Which sign a balance may have, as debits minus credits."""

    DEBIT = "debit"  # what the shop has: never below zero
    CREDIT = "credit"  # what the shop owes: never above zero
    FREE = "free"  # a result or a position: either


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of accounts: `name` alone, or `name:` with what it is of."""

    name: str
    side: Side


KINDS = {
    kind.name: kind
    for kind in (
        Kind("clearing", Side.FREE),  # :channel — a fee or a clawback may come before the money that it is taken from
        Kind("bank", Side.FREE),  # the shop's own account: a payout may leave before a settlement comes
        Kind("hot", Side.DEBIT),  # :chain
        Kind("fx:position", Side.FREE),
        Kind("dispute_recv", Side.DEBIT),
        Kind("buyer_instalment", Side.DEBIT),  # :order
        Kind("seller_debt", Side.DEBIT),  # :seller
        Kind("suspense", Side.FREE),
        Kind("escrow", Side.CREDIT),  # :order
        Kind("avail", Side.CREDIT),  # :seller
        Kind("reserve", Side.CREDIT),  # :seller
        Kind("hold", Side.CREDIT),  # :dispute
        Kind("transit", Side.CREDIT),  # :payout
        Kind("refund_payable", Side.CREDIT),  # :buyer
        Kind("unapplied", Side.CREDIT),  # :channel
        Kind("tax", Side.CREDIT),
        Kind("rev:fee", Side.CREDIT),
        Kind("rev:fx_markup", Side.CREDIT),
        Kind("exp:processor", Side.FREE),  # a fee can be given back in a later month
        Kind("exp:network", Side.FREE),
        Kind("exp:dispute", Side.FREE),
        Kind("exp:chargeback", Side.DEBIT),
        Kind("exp:instalment", Side.DEBIT),  # what buyers on parts never paid; less what came after all
        Kind("pnl:fx", Side.FREE),
        Kind("pnl:rounding", Side.FREE),
        Kind("equity", Side.FREE),
    )
}

BANK = "bank"
POSITION = "fx:position"
DISPUTE_RECEIVABLE = "dispute_recv"
SUSPENSE = "suspense"
FEES = "rev:fee"
MARKUP = "rev:fx_markup"
PROCESSOR_FEES = "exp:processor"
DISPUTE_FEES = "exp:dispute"
CHARGEBACK_LOSS = "exp:chargeback"
INSTALMENT_LOSS = "exp:instalment"
FX_RESULT = "pnl:fx"
ROUNDING = "pnl:rounding"


def kind_of(account: str) -> Kind:
    """The family of an account. Raises KeyError for a name that is not in the chart: a defect."""
    if account in KINDS:
        return KINDS[account]
    name, _, of = account.partition(":")
    if not of:
        raise KeyError(account)
    return KINDS[name]


def clearing(channel: str) -> str:
    """What a channel has of ours, from its word that money came until it is on our bank account."""
    return f"clearing:{channel}"


def escrow(order: OrderId) -> str:
    """An order's money, held until its parts are released."""
    return f"escrow:{order}"


def available(seller: SellerId) -> str:
    """What a seller may be paid out."""
    return f"avail:{seller}"


def reserve(seller: SellerId) -> str:
    """What is kept back of a seller's sales for refunds to come."""
    return f"reserve:{seller}"


def seller_debt(seller: SellerId) -> str:
    """What a seller owes the shop: refunds of sales that were paid out already."""
    return f"seller_debt:{seller}"


def hold(dispute: str) -> str:
    """The disputed part of a seller's money."""
    return f"hold:{dispute}"


def transit(payout: str) -> str:
    """A payout on its way."""
    return f"transit:{payout}"


def refund_payable(buyer: PersonId) -> str:
    """What the shop owes a buyer."""
    return f"refund_payable:{buyer}"


def unapplied(channel: str) -> str:
    """Money that came by a channel and fits nothing as it is."""
    return f"unapplied:{channel}"


def buyer_instalment(order: OrderId) -> str:
    """What a buyer has still to pay of an order bought in instalments."""
    return f"buyer_instalment:{order}"
