"""The story of an order in plain words, from its entries: what happened, from where to where, and what lies where.

Written for the operator's terminal, in English, and without a person's name, account or id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.ids import OrderId
from core.ledger import accounts
from core.ledger.accounts import Side
from core.ledger.chain import Record
from core.money import Money, UnknownAsset, asset
from core.ports import UnitOfWork
from core.shop.orders import Order

SAYS = {
    "capture": "The payment paid the order",
    "held": "Money came in that fits nothing as it is, and is kept for its owner",
    "assigned": "Money that was kept paid the order",
    "made good": "The shop made good a difference",
    "release": "A part was released to the seller",
    "debt netted": "The seller's debt was paid off from this",
    "reserve released": "The seller's reserve was released",
    "refund": "A refund was set aside for the buyer",
    "refund paid": "The refund reached the buyer",
    "refund paid twice": "A refund was paid a second time",
    "refund returned": "The refund came back: the way to the buyer is closed",
    "payout": "A payout to the seller was set aside",
    "payout sent": "The payout reached the seller",
    "payout returned": "The payout came back whole",
    "dispute opened": "The buyer's bank took the disputed money",
    "dispute fee": "The channel charged its fee for the dispute",
    "dispute secured": "The disputed part of the sale is held",
    "dispute hold freed": "What was held for the dispute went back",
    "dispute reopened": "The lost dispute was taken up again",
    "dispute won": "The dispute was won, and the disputed money came back",
    "dispute lost": "The dispute was lost",
    "instalment": "An instalment was paid",
    "plan reduced": "A refund took this off what was not yet paid",
    "written off": "The shop gave up what the buyer still owes",
    "correction": "An admin corrected the books",
    "correction undone": "A correction was taken back",
    "settled": "The channel settled with our bank",
    "hedge": "The position was hedged",
}
"""What an entry's kind means, as the start of a sentence. One line a kind; an unknown one is told by its own name."""

_PLACES = {
    "clearing": "what {of} has of ours",
    "bank": "our bank account",
    "hot": "our wallet on {of}",
    "dispute_recv": "what a dispute may bring back",
    "buyer_instalment": "what the buyer still owes",
    "seller_debt": "what the seller owes us",
    "suspense": "money whose owner is not known",
    "escrow": "the order's escrow",
    "avail": "what the seller may be paid",
    "reserve": "the seller's reserve",
    "hold": "what is held for the dispute",
    "transit": "a payout on its way",
    "refund_payable": "what is owed to the buyer",
    "unapplied": "money from {of} that fits nothing",
    "tax": "tax",
    "rev:fee": "our fee",
    "rev:fx_markup": "our markup on the exchange",
    "exp:processor": "fees of the channel",
    "exp:network": "fees of the network",
    "exp:dispute": "costs of the dispute",
    "exp:chargeback": "loss by chargeback",
    "exp:instalment": "loss by unpaid instalments",
    "pnl:fx": "result of exchange",
    "pnl:rounding": "rounding",
    "equity": "the shop's own funds",
}

# Free accounts that grow by credits; the other free ones grow by debits, as what the shop has or spends.
_GROW_BY_CREDIT = {"pnl:fx", "pnl:rounding", "equity"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened. `key` names its entry, if it has one; `lies` is what the order's money is after it."""

    at: datetime
    key: str
    kind: str
    text: str
    lies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """The steps in order of time; `lies` says where the order's money is now: (place in words, amount)."""

    order: OrderId
    state: str
    steps: tuple[Step, ...]
    lies: tuple[tuple[str, str], ...]


def tell(uow: UnitOfWork, order: OrderId) -> Story:
    """The story of an order. Raises core.errors.Gone."""
    thing = uow.orders.need(order)
    sums: Counter[tuple[str, str]] = Counter()
    steps = []
    lies: tuple[tuple[str, str], ...] = ()
    for record in sorted(uow.journal.history(order), key=lambda one: (one.at, one.seq)):
        for account, minor, code in record.legs:
            sums[account, code] += minor
        lies = tuple(_lies(sums))
        steps.append(Step(record.at, record.key, record.kind, sentence(record), lies))
    others = [*_of_order(thing), *_refunds(uow, thing), *_disputes(uow, thing), *_payouts(uow, thing, steps)]
    together = sorted([*others, *steps], key=lambda step: step.at)  # of one moment: what was done, then its entries
    return Story(order, thing.state.value, tuple(together), lies)


def sentence(record: Record) -> str:
    """An entry in one sentence."""
    out: list[str] = []
    into: list[str] = []
    given: list[str] = []
    taken: list[str] = []
    for account, minor, code in record.legs:
        amount = _money(abs(minor), code)
        if account == accounts.POSITION:
            (taken if minor > 0 else given).append(amount)
        else:
            grows = _grows(account, minor)
            (into if grows else out).append(f"{amount} {'into' if grows else 'out of'} {place(account)}")
    parts = [", ".join(out), ", ".join(into)]
    if given or taken:
        parts.append(f"exchanging {' + '.join(given) or 'nothing'} for {' + '.join(taken) or 'nothing'}")
    what = SAYS.get(record.kind) or record.kind[:1].upper() + record.kind[1:]
    return f"{what}: {'; '.join(part for part in parts if part)}."


def place(account: str) -> str:
    """An account in words, without the id of whose it is."""
    try:
        kind = accounts.kind_of(account).name
    except KeyError:
        return f"an account that is not in the chart ({account.partition(':')[0]})"
    of = account.removeprefix(kind).removeprefix(":")
    return _PLACES.get(kind, kind).format(of=of)


def _grows(account: str, minor: int) -> bool:
    """Whether there is more in that place after it: what we have grows by debits, what we owe and earn by credits."""
    try:
        kind = accounts.kind_of(account)
    except KeyError:
        return minor > 0
    by_credit = kind.side is Side.CREDIT or kind.name in _GROW_BY_CREDIT
    return (minor < 0) if by_credit else (minor > 0)


def _lies(sums: Counter[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for (account, code), minor in sums.items():
        if minor and account != accounts.POSITION:
            sign = "" if _grows(account, minor) else "-"
            yield place(account), sign + _money(abs(minor), code)


def _money(minor: int, code: str) -> str:
    try:
        return str(Money(minor, asset(code)))
    except UnknownAsset:
        return f"{minor} minor units of {code}"


def _of_order(order: Order) -> Iterator[Step]:
    yield Step(order.created_at, "", "order", f"Order {order.id} was made.")
    if order.shipped_at:
        yield Step(order.shipped_at, "", "order", "The seller shipped it.")


def _refunds(uow: UnitOfWork, order: Order) -> Iterator[Step]:
    for refund in uow.refunds.find(order=order.id, newest=False):
        text = f"Refund {refund.id} of {refund.amount} was asked for ({refund.reason}); it is {refund.state.value} now."
        yield Step(refund.created_at, "", "refund", text)


def _disputes(uow: UnitOfWork, order: Order) -> Iterator[Step]:
    for case in uow.disputes.find(order=order.id, newest=False):
        text = f"Dispute {case.id} about {case.amount} began ({case.reason}); it is {case.state.value} now."
        yield Step(case.opened_at, "", "dispute", text)
        if case.decided_at:
            yield Step(case.decided_at, "", "dispute", f"Dispute {case.id} was decided: {case.state.value}.")


def _payouts(uow: UnitOfWork, order: Order, steps: Iterable[Step]) -> Iterator[Step]:
    """The first payout after each release: it took along what was released. It is the seller's, not of one order."""
    told = set()
    for released in (step.at for step in steps if step.kind == "release"):
        for payout in uow.payouts.find(seller=order.seller, since={"created_at": released}, newest=False, limit=1):
            if payout.id not in told:
                told.add(payout.id)
                text = (
                    f"Payout {payout.id} took what was released so far to the seller; it is {payout.state.value} now."
                )
                yield Step(payout.created_at, "", "payout", text)
