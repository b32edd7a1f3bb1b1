"""The books of a dispute: what is taken from whom when it opens, where that goes when it is decided.

A case has a number of turns (opened, decided; opened again), and each entry's key names its turn. What the seller would
have to give for a refund of the sum lies in hold as long as the case is open. What the sale cannot give, as it was
refunded before or is more than was paid, stays in `dispute_recv` and is the shop's loss when the case is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from core.ledger import accounts
from core.ledger.journal import Entry, Leg, credit, debit, entry
from core.money import Money, asset, zero
from core.payments import pockets
from core.payments.disputes.dispute import Dispute
from core.payments.refund import RefundState
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.orders import Order

_EVER = 10_000
_GOING = (RefundState.FUNDED, RefundState.DONE, RefundState.FAILED)


def taken_key(dispute: Dispute) -> str:
    """The entry by which the channel took the disputed sum in this turn."""
    return f"dispute:{dispute.id}:{dispute.turn}:taken"


def won_key(dispute: Dispute) -> str:
    """The entry by which the channel gave it back."""
    return f"dispute:{dispute.id}:{dispute.turn}:back"


def fee_key(dispute: Dispute, round_: int) -> str:
    """The entry of the channel's fee for a round."""
    return f"dispute:{dispute.id}:fee:{round_}"


def take(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """The channel has taken the sum from what it has of ours. Once a turn."""
    if dispute.taken:
        return dispute
    legs = (
        debit(accounts.DISPUTE_RECEIVABLE, dispute.amount),
        credit(accounts.clearing(dispute.source), dispute.amount),
    )
    _post(uow, shop, dispute, taken_key(dispute), "dispute opened", *legs)
    return replace(dispute, taken=True)


def charge_fee(uow: UnitOfWork, shop: Shop, dispute: Dispute, round_: int, fee: Money | None) -> Dispute:
    """The channel's fee for the case: once a round, in whichever message it is told first."""
    if not fee or uow.journal.posted(fee_key(dispute, round_)):
        return dispute
    legs = (debit(accounts.DISPUTE_FEES, fee), credit(accounts.clearing(dispute.source), fee))
    _post(uow, shop, dispute, fee_key(dispute, round_), "dispute fee", *legs)
    return replace(dispute, fee=dispute.fee + fee)


def secure(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """Put into hold what can be had of the sum and is not there yet: of money held for the payer, then of the sale."""
    legs = []
    receipt = uow.receipts.lock(dispute.receipt)
    missing = dispute.amount - dispute.covered - dispute.held
    kept = zero(missing.asset) if dispute.is_complaint else min(missing, receipt.held)
    if kept:
        legs += [debit(receipt.account, kept), credit(accounts.hold(dispute.id), kept)]
        uow.receipts.save(receipt.keeping(receipt.held - kept))
    order = uow.orders.need(dispute.order) if dispute.order is not None else None
    covers = zero(missing.asset)
    if order is not None and (covers := min(missing - kept, room(uow, dispute, order))):
        from_sale = pockets.seller_side(uow, order, covers)
        of = pockets.quote_of(uow, order).owed.asset
        legs += [*from_sale, credit(accounts.hold(dispute.id), sum((leg.amount for leg in from_sale), zero(of)))]
    if any(leg.amount for leg in legs):
        _post(uow, shop, dispute, _next(uow, dispute, "hold"), "dispute secured", *legs)
    return replace(dispute, covered=dispute.covered + covers, held=dispute.held + kept)


def room(uow: UnitOfWork, dispute: Dispute, order: Order) -> Money:
    """How much the sale can still give: what is left of it, and for a bank's case what is left of that payment."""
    there = pockets.left(uow, order)
    if dispute.is_complaint:
        return there
    paid = sum(one.amount.minor for one in uow.applications.find(receipt=dispute.receipt, order=order.id, limit=_EVER))
    gone = sum(
        one.amount.minor for one in uow.refunds.find(receipt=dispute.receipt, order=order.id, state=_GOING, limit=_EVER)
    )
    gone += sum(
        one.covered.minor
        for one in uow.disputes.find(receipt=dispute.receipt, order=order.id, limit=_EVER)
        if one.id != dispute.id and not one.is_complaint
    )
    return min(there, Money(max(0, paid - gone - dispute.covered.minor), there.asset))


def let_go(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """What is in hold goes back to where it came from. What the seller owes by now is paid off with their part."""
    nets: Counter[tuple[str, str]] = Counter()
    for one in _posted(uow, dispute, "hold"):
        for leg in one.legs:
            if leg.account != accounts.hold(dispute.id):
                nets[leg.account, leg.amount.asset.code] += leg.amount.minor
    legs = [debit(place, amount) for place, amount in _hold(uow, dispute)]
    if dispute.order is not None:
        seller = uow.orders.need(dispute.order).seller
        debt, has = accounts.seller_debt(seller), accounts.available(seller)
        for code in {code for _, code in nets}:
            theirs = nets.pop((debt, code), 0) + nets.pop((has, code), 0)
            owes = max(0, uow.journal.balance(debt, asset(code)).minor)
            nets[debt, code], nets[has, code] = min(owes, theirs), theirs - min(owes, theirs)
    legs += [credit(account, Money(minor, asset(code))) for (account, code), minor in sorted(nets.items())]
    if any(leg.amount for leg in legs):
        _post(uow, shop, dispute, f"dispute:{dispute.id}:{dispute.turn}:freed", "dispute hold freed", *legs)
    if dispute.held:
        receipt = uow.receipts.lock(dispute.receipt)
        uow.receipts.save(receipt.keeping(receipt.held + dispute.held))
    nothing = zero(dispute.amount.asset)
    return replace(dispute, covered=nothing, held=nothing)


def give_back(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """The channel has given the sum back."""
    if not dispute.taken:
        return dispute
    legs = (
        debit(accounts.clearing(dispute.source), dispute.amount),
        credit(accounts.DISPUTE_RECEIVABLE, dispute.amount),
    )
    _post(uow, shop, dispute, won_key(dispute), "dispute won", *legs)
    return replace(dispute, taken=False)


def lose(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Money:
    """The sum stays with the payer: hold, markup and bridge as a refund takes them, the rest is the shop's loss.

    Returns that loss.
    """
    excess = dispute.amount - dispute.covered - dispute.held
    legs = [debit(account, amount) for account, amount in _hold(uow, dispute)]
    legs += [debit(accounts.CHARGEBACK_LOSS, excess), credit(accounts.DISPUTE_RECEIVABLE, dispute.amount)]
    if dispute.covered and dispute.order is not None:
        order = uow.orders.need(dispute.order)
        stays = pockets.left(uow, order) + _undecided(uow, order, dispute)
        legs += [*_rounded(uow, dispute, order, stays), *pockets.shop_side(uow, order, stays)]
        legs = pockets.bridged(pockets.quote_of(uow, order), legs)
    _post(uow, shop, dispute, _next(uow, dispute, "lost"), "dispute lost", *legs)
    return excess


def find_again(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> None:
    """A lost case is not: its entry is undone, so that what it took is in hold and to be had back again."""
    *_, lost = _posted(uow, dispute, "lost")
    legs = [Leg(leg.account, -leg.amount) for leg in lost.legs]
    _post(uow, shop, dispute, _next(uow, dispute, "reopened"), "dispute reopened", *legs)


def _rounded(uow: UnitOfWork, dispute: Dispute, order: Order, stays: Money) -> list[Leg]:
    """A unit that the seller gives or gets, so that their part of what stays is rounded once.

    What is in hold was rounded when the case opened. With another case open or decided since, that may be a unit off.
    """
    quote, paid = pockets.quote_of(uow, order), pockets.captured(uow, order)
    of, seller = quote.owed.asset, order.seller
    nets: Counter[str] = Counter()
    for leg in uow.journal.legs_of(order.id):
        if leg.amount.asset == of:
            nets[leg.account] -= leg.amount.minor
    places = (accounts.escrow(order.id), accounts.available(seller))
    total = nets[accounts.FEES] + nets[accounts.reserve(seller)] + nets[accounts.seller_debt(seller)]
    total += sum(nets[place] for place in places)
    total += sum(minor for account, minor in nets.items() if accounts.kind_of(account).name == "hold")
    if paid.asset == of:
        total -= sum(one.held.minor for one in uow.disputes.find(order=order.id, limit=_EVER) if one.is_open)
    in_hold = -uow.journal.balance(accounts.hold(dispute.id), of).minor
    in_hold -= dispute.held.minor if paid.asset == of else 0
    over = in_hold - (total - round(Fraction(quote.owed.minor * stays.minor, paid.minor)))
    if over < 0:
        there = (place for place in places if -uow.journal.balance(place, of).minor >= -over)
        return [debit(next(there, accounts.seller_debt(seller)), Money(-over, of))]
    return [credit(places[0] if nets[places[0]] else places[1], Money(over, of))] if over else []


def _undecided(uow: UnitOfWork, order: Order, dispute: Dispute) -> Money:
    """What other open cases of the order cover: the shop's own part of that is not lost yet."""
    others = [one for one in uow.disputes.find(order=order.id, limit=_EVER) if one.id != dispute.id and one.is_open]
    return Money(sum(one.covered.minor for one in others), dispute.amount.asset)


def _posted(uow: UnitOfWork, dispute: Dispute, what: str) -> Iterator[Entry]:
    """The entries of one sort in this turn, first to last."""
    number = 0
    while uow.journal.posted(key := f"dispute:{dispute.id}:{dispute.turn}:{what}:{number}"):
        yield uow.journal.entry(key)
        number += 1


def _next(uow: UnitOfWork, dispute: Dispute, what: str) -> str:
    return f"dispute:{dispute.id}:{dispute.turn}:{what}:{len(list(_posted(uow, dispute, what)))}"


def _hold(uow: UnitOfWork, dispute: Dispute) -> list[tuple[str, Money]]:
    place = accounts.hold(dispute.id)
    totals = uow.journal.totals(place)
    return [(place, Money(-minor, asset(code))) for (name, code), minor in totals.items() if name == place and minor]


def _post(uow: UnitOfWork, shop: Shop, dispute: Dispute, key: str, kind: str, *legs: Leg) -> None:
    uow.journal.post(entry(key, shop.clock.now(), kind, *legs, order=dispute.order))
