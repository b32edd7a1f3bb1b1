"""Disputes as channels bring them: a warning, a chargeback with or without the money taken, its end; in any order.

What a channel's messages come to does not hang on the order in which they are told: each names its round and its stage,
an earlier stage than the one reached only adds what it knows (a fee), and of two decisions the later one counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from core.errors import Gone, Refusal, sentence
from core.ids import OrderId, PersonId
from core.money import Money, zero
from core.payments import pockets
from core.payments.disputes import books as casebooks
from core.payments.disputes import parts
from core.payments.disputes.dispute import Dispute, DisputeState
from core.payments.disputes.freezing import freeze, open_cases, thaw
from core.payments.receipts import Receipt
from core.payments.recon.bankline import LineKind
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import OrderState

_EVER = 10_000
_ORDERS = 500  # of a person's newest ones
_S = DisputeState
_LIVE = (OrderState.PAID, OrderState.SHIPPED, OrderState.RECEIVED)


class Stage(IntEnum):
    """What a channel says of a case, in the order of its life."""

    WARNED = 0  # an inquiry: refund it, and it may end here
    CLOSED = 1  # nothing came of the warning
    OPENED = 2
    WON = 3
    LOST = 4


class NotOpenCase(Refusal):
    """Decided, or of a kind that somebody else decides."""

    sentence = sentence("Case {dispute} is decided, or it is not yours to decide.")


def hear_dispute(
    uow: UnitOfWork,
    shop: Shop,
    channel: str,
    case: str,
    stage: Stage,
    *,
    fact: str,
    amount: Money,
    fee: Money | None = None,
    reason: str = "",
    round: int = 1,
    taken: bool = True,
    at: datetime | None = None,
    respond_by: datetime | None = None,
) -> Dispute | None:
    """Take in what a channel says of a case: `fact` is its id of the payment, `amount` what is asked back.

    `taken`: whether it takes the money as it opens the case, or only when that is lost. `at` is the moment of a
    decision, by the channel's clock. The same again changes nothing. None: no such payment is known yet, and nothing
    was written; the message must be heard again. All amounts are in the payment's currency; another is a ValueError.
    A case about a payment of several orders has a part for each of them: the first one is returned.
    """
    receipts = uow.receipts.find(channel=channel, fact=fact, limit=1)
    if not receipts:
        return None
    known = _known(uow, channel, case) or _begun_by_a_line(uow, receipts[0], case, amount)
    fresh, dispute = known is None, known or _new(uow, shop, receipts[0], channel, case, amount, reason)
    others = parts.others(uow, dispute)
    if amount.asset != dispute.amount.asset:
        raise ValueError("a dispute in another currency than its payment")
    if amount != parts.whole(uow, dispute):
        for admin in sorted(shop.admins):
            tell(uow, shop.clock.now(), admin, "dispute_differs", dispute.id, amount=str(amount))
    if stage >= Stage.OPENED:
        dispute = uow.disputes.save(casebooks.charge_fee(uow, shop, dispute, round, fee))
    word = Word(stage, round, taken, at or shop.clock.now())
    for one in (dispute, *others):
        one = locked(uow, one)
        if respond_by is not None and one.is_open:
            one = uow.disputes.save(replace(one, respond_by=respond_by))
        _follow(uow, shop, one, word, fresh=fresh)
    return uow.disputes.need(dispute.id)


def locked(uow: UnitOfWork, dispute: Dispute) -> Dispute:
    """A case, locked after its order: all take the two locks in this order."""
    if dispute.order is not None:
        uow.orders.lock(dispute.order)
    return uow.disputes.lock(dispute.id)


def _known(uow: UnitOfWork, source: str, case: str) -> Dispute | None:
    found = uow.disputes.find(source=source, case=parts.named(case), limit=1)
    return locked(uow, found[0]) if found else None


def _begun_by_a_line(uow: UnitOfWork, receipt: Receipt, case: str, amount: Money) -> Dispute | None:
    """A bank statement may tell that the money is gone before the channel says why: that case gets its name now."""
    for found in uow.disputes.find(receipt=receipt.id, source=receipt.channel, limit=_EVER):
        line = uow.banklines.count(channel=receipt.channel, kind=LineKind.CHARGEBACK, fact=found.case)
        if line and parts.whole(uow, found) == amount:
            for number, one in enumerate(parts.others(uow, found), 2):
                uow.disputes.save(replace(uow.disputes.lock(one.id), case=parts.named(case, number)))
            return uow.disputes.save(replace(locked(uow, found), case=parts.named(case)))
    return None


def _new(uow: UnitOfWork, shop: Shop, receipt: Receipt, source: str, case: str, amount: Money, reason: str) -> Dispute:
    for number, (order, share) in reversed(list(enumerate(parts.shares(uow, receipt, amount), 1))):
        if order is not None:
            uow.orders.lock(order)
        dispute = begin(uow, shop, source, parts.named(case, number), order, receipt, share, reason)
    return dispute


def begin(
    uow: UnitOfWork,
    shop: Shop,
    source: str,
    case: str,
    order: OrderId | None,
    receipt: Receipt,
    amount: Money,
    reason: str,
) -> Dispute:
    """A case in its first state: nothing has moved, and the order, which is locked, is not frozen yet."""
    nothing, now = zero(amount.asset), shop.clock.now()
    return uow.disputes.add(
        Dispute(
            id=shop.ids.new(8),
            source=source,
            case=case,
            order=order,
            receipt=receipt.id,
            amount=amount,
            fee=nothing,
            reason=reason[:64],
            state=_S.WARNED,
            opened_at=now,
            covered=nothing,
            held=nothing,
            respond_by=now + shop.policy.disputes.respond,
        )
    )


@dataclass(frozen=True, slots=True)
class Word:
    """One message of a channel about a case it has told of."""

    stage: Stage
    round: int
    taken: bool
    at: datetime


_REACHED = {_S.WARNED: 0, _S.CLOSED: 1, _S.OPEN: 2, _S.EVIDENCE: 2, _S.WON: 3, _S.LOST: 3}


def _follow(uow: UnitOfWork, shop: Shop, dispute: Dispute, word: Word, *, fresh: bool) -> Dispute:
    """Bring a case to where a message says that it stands, unless it is further already."""
    decides = word.stage >= Stage.WON
    step = (word.round, min(word.stage.value, 3))
    reached = (dispute.round, _REACHED[dispute.state])
    if not fresh and step < reached:
        return dispute
    if not fresh and step == reached and not (decides and _is_later(dispute, word)):
        return dispute
    dispute = replace(dispute, round=word.round)
    if word.stage is Stage.WARNED:
        return warn(uow, shop, dispute) if fresh else dispute
    if word.stage is Stage.CLOSED:
        return close(uow, shop, dispute) if dispute.state is _S.WARNED else dispute
    if dispute.state not in (_S.OPEN, _S.EVIDENCE):
        dispute = open_case(uow, shop, dispute, taken=word.taken, quietly=decides)
    if not decides:
        return uow.disputes.save(dispute)
    return win(uow, shop, dispute, word.at) if word.stage is Stage.WON else lose(uow, shop, dispute, word.at)


def _is_later(dispute: Dispute, word: Word) -> bool:
    """Whether a decision supersedes the one that is known. Of two at one moment the one for the shop came later."""
    won = word.stage is Stage.WON
    if won == (dispute.state is _S.WON) or dispute.decided_at is None:
        return False
    return word.at > dispute.decided_at or (won and word.at == dispute.decided_at)


# What happens to a case


def warn(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """Nothing moves, and nothing may: the order is frozen, and its seller may refund it while there is time."""
    dispute = uow.disputes.save(dispute)
    freeze(uow, dispute.order)
    announce(uow, shop, dispute, "warned")
    return dispute


def open_case(uow: UnitOfWork, shop: Shop, dispute: Dispute, *, taken: bool, quietly: bool = False) -> Dispute:
    """The sum is asked back in earnest: what the seller would give for a refund of it is held, and both sides asked."""
    if dispute.state is _S.LOST:
        casebooks.find_again(uow, shop, dispute)
        dispute = dispute.move(_S.OPEN)
        _revive(uow, dispute)
    else:
        dispute = replace(dispute.move(_S.OPEN), turn=dispute.turn + 1)
    dispute = uow.disputes.save(replace(dispute, before="", decided_at=None))
    for complaint in open_cases(uow, dispute.order):
        if complaint.is_complaint and complaint.id != dispute.id:
            close(uow, shop, complaint)  # the bank decides now
    if taken:
        dispute = casebooks.take(uow, shop, dispute)
    dispute = uow.disputes.save(casebooks.secure(uow, shop, dispute))
    freeze(uow, dispute.order)
    if not quietly:
        announce(uow, shop, dispute, "opened")
    if dispute.covered + dispute.held < dispute.amount:
        for admin in sorted(shop.admins):
            tell(uow, shop.clock.now(), admin, "dispute_excess", dispute.id, turn=str(dispute.turn))
    return dispute


def close(uow: UnitOfWork, shop: Shop, dispute: Dispute) -> Dispute:
    """Nothing came of a warning, or a complaint is the bank's case now: all is as before."""
    dispute = uow.disputes.save(casebooks.let_go(uow, shop, dispute).move(_S.CLOSED))
    thaw(uow, shop, dispute.order)
    announce(uow, shop, dispute, "closed")
    return dispute


def win(uow: UnitOfWork, shop: Shop, dispute: Dispute, at: datetime) -> Dispute:
    """Decided for the shop: the channel gives back what it took, and the sale has its money again."""
    dispute = casebooks.give_back(uow, shop, casebooks.let_go(uow, shop, dispute))
    dispute = uow.disputes.save(replace(dispute.move(_S.WON), decided_at=at))
    for other in open_cases(uow, dispute.order):
        if other.state is not _S.WARNED:  # what this one gave free may be missing there
            uow.disputes.save(casebooks.secure(uow, shop, other))
    thaw(uow, shop, dispute.order)
    announce(uow, shop, dispute, "won")
    return dispute


def lose(uow: UnitOfWork, shop: Shop, dispute: Dispute, at: datetime) -> Dispute:
    """Decided for the payer: the money stays there. The goods are not put back on the shelf: nobody has seen them."""
    dispute = uow.disputes.save(casebooks.secure(uow, shop, casebooks.take(uow, shop, dispute)))
    casebooks.lose(uow, shop, dispute)
    order = uow.orders.lock(dispute.order) if dispute.order is not None else None
    before = ""
    if order is not None and order.state in _LIVE and not pockets.left(uow, order):
        before = order.state.value
        uow.orders.save(order.move(OrderState.REFUNDED))
    dispute = uow.disputes.save(replace(dispute.move(_S.LOST), decided_at=at, before=before))
    thaw(uow, shop, dispute.order)
    announce(uow, shop, dispute, "lost")
    return dispute


def _revive(uow: UnitOfWork, dispute: Dispute) -> None:
    if dispute.before and dispute.order is not None:
        order = uow.orders.lock(dispute.order)
        if order.state is OrderState.REFUNDED:
            uow.orders.save(order.revive(OrderState(dispute.before)))


# Whose a case is


def need_case(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str) -> Dispute:
    """A case for the order's shopper, its seller or an admin. Raises Gone."""
    dispute = uow.disputes.need(dispute_id)
    if who in shop.admins or who in parties(uow, dispute):
        return dispute
    raise Gone


def cases_of(uow: UnitOfWork, who: PersonId, limit: int = 20) -> list[Dispute]:
    """The newest cases about what a person has bought or sold, those that are open first."""
    orders = [*uow.orders.find(shopper=who, limit=_ORDERS)]
    for seller in uow.sellers.find(person=who, limit=1):
        orders += uow.orders.find(seller=seller.id, limit=_ORDERS)
    found = uow.disputes.find(order=tuple({one.id for one in orders}), limit=limit) if orders else []
    return sorted(found, key=lambda one: not one.is_open)


def parties(uow: UnitOfWork, dispute: Dispute) -> list[PersonId]:
    """The two sides: the shopper, then the seller. Of a payment without an order its payer, if known."""
    if dispute.order is None:
        payer = uow.receipts.need(dispute.receipt).payer
        return [payer] if payer is not None else []
    order = uow.orders.need(dispute.order)
    return [order.shopper, uow.sellers.need(order.seller).person]


def announce(uow: UnitOfWork, shop: Shop, dispute: Dispute, what: str) -> None:
    """Tell both sides and the admins how a case stands now."""
    now, sides = shop.clock.now(), parties(uow, dispute)
    for who in [*sides, *sorted(shop.admins - set(sides))]:
        tell(uow, now, who, f"dispute_{what}", dispute.id, since=f"{now:%Y%m%d%H%M%S}")
