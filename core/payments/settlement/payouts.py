"""The life of one payout: reserved, held, paid, returned. Every step moves the money it speaks of, and says so once.

reserved   avail:{seller} → transit:{payout}, converted where the seller chose so
paid       transit:{payout} → clearing:{channel}
returned   transit:{payout}, or clearing:{channel} once it was paid → avail:{seller}, whole
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from core.errors import Refusal, sentence
from core.ids import OperationId, OrderId, PersonId
from core.ledger import accounts
from core.ledger.journal import Leg, credit, debit, entry
from core.money import Asset, Money
from core.payments.fx.pricing import six_digits
from core.payments.fx.quote import QuotedRate
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.refunds import BY_HAND
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.periods import Period
from core.people import Seller
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import carry_out, tell
from core.shop.visitors import need_admin, note_command

HAND = "hand"  # the channel of transfers that no rail of ours carries: the operator makes them
RAILS = {"EUR": "sepa", "BRL": "pix"}  # which method's rail carries which currency

_OPEN = (PayoutState.RESERVED, PayoutState.HELD)


class NotToBePaid(Refusal):
    """A step that this payout's state does not allow. Parameters: payout, state."""

    sentence = sentence("That is not possible with payout {payout} as it stands now: /payouts shows how.")


class NoReference(Refusal):
    """A payout made by hand is proven by the bank's reference, not by a word."""

    sentence = sentence("To say that a payout was made: /paid PAYOUT REFERENCE, with your bank’s reference of it.")


def rail_of(shop: Shop, of: Asset) -> str:
    """The channel that carries payouts in a currency."""
    rail = RAILS.get(of.code, HAND)
    return rail if rail in shop.methods else HAND


def converted(shop: Shop, taken: Money, into: Asset) -> tuple[Money, Money, tuple[QuotedRate, ...]]:
    """What is sent for `taken`, the spread's yield, and the rate. sent + yield = taken at mid, to the minor unit.

    Raises NoRate, StaleRate.
    """
    if taken.asset == into:
        return taken, Money(0, into), ()
    mid = shop.rates.mid(taken.asset, into, shop.clock.now().date())
    client = six_digits(mid.rate * Fraction(10_000 - shop.policy.fx.spread_bp, 10_000))
    sent = taken.converted(client, into)
    rate = QuotedRate(taken.asset, into, mid.rate, client, mid.on, mid.source)
    return sent, taken.converted(mid.rate, into) - sent, (rate,)


def reserve_payout(
    uow: UnitOfWork, shop: Shop, seller: Seller, taken: Money, period: Period, *, held: bool = False
) -> Payout:
    """Take `taken` out of what a seller has, and have it sent unless it is `held`. Raises NoRate, StaleRate."""
    now = shop.clock.now()
    sent, markup, rates = converted(shop, taken, seller.currency)
    payout = Payout(
        id=shop.ids.new(8),
        seller=seller.id,
        channel=rail_of(shop, sent.asset),
        taken=taken,
        sent=sent,
        state=PayoutState.HELD if held else PayoutState.RESERVED,
        since=period.since,
        until=period.until,
        created_at=now,
        rates=rates,
    )
    uow.journal.post(
        entry(
            f"payout:{payout.id}",
            now,
            "payout",
            debit(accounts.available(seller.id), taken),
            *_bridge(taken, sent, markup),
            credit(accounts.transit(payout.id), sent),
        )
    )
    if held:
        return uow.payouts.add(payout)
    return uow.payouts.add(replace(payout, operation=_command(uow, shop, payout, seller)))


def _bridge(taken: Money, sent: Money, markup: Money) -> tuple[Leg, ...]:
    if taken.asset == sent.asset:
        return ()
    yielded = accounts.MARKUP if markup.minor > 0 else accounts.ROUNDING  # as at a capture
    return (
        credit(accounts.POSITION, taken),
        debit(accounts.POSITION, sent + markup),
        credit(yielded, markup),
    )


def _command(uow: UnitOfWork, shop: Shop, payout: Payout, seller: Seller) -> OperationId:
    now, identity = shop.clock.now(), OperationId(shop.ids.new(12))
    uow.operations.add(
        Operation(
            id=identity,
            kind=OperationKind.PAYOUT,
            channel=payout.channel,
            order=OrderId(""),
            amount=payout.sent,
            reference=identity,
            body={
                "amount": str(payout.sent.decimal),
                "currency": payout.sent.asset.code,
                "payout": payout.id,
                "reference": identity,
            },
            state=OperationState.RESERVED,
            created_at=now,
            target=f"{seller.account}\n{seller.holder}",
        )
    )
    carry_out(uow, now, identity)
    return identity


# How it ends


def payout_done(uow: UnitOfWork, shop: Shop, operation: Operation, evidence: str) -> Operation:
    """The channel proved that it has paid. Also what was refused before: then it was paid all the same."""
    if operation.state is OperationState.SUCCEEDED:
        return operation
    now, payout = shop.clock.now(), uow.payouts.lock(operation.body["payout"])
    late = payout.state not in _OPEN
    uow.journal.post(
        entry(
            f"payout:{payout.id}:{'late' if late else 'paid'}",
            now,
            "payout sent",
            *(_from_seller(uow, payout) if late else (debit(accounts.transit(payout.id), payout.sent),)),
            credit(accounts.clearing(payout.channel), payout.sent),
        )
    )
    ended = replace(payout.move(PayoutState.PAID), ended_at=now, evidence=evidence[:64], operation=operation.id)
    uow.payouts.save(ended)
    tell(uow, now, uow.sellers.need(payout.seller).person, "payout_sent", payout.id)
    for admin in shop.admins if late else ():
        tell(uow, now, admin, "payout_late", payout.id)
    return uow.operations.save(replace(operation.move(OperationState.SUCCEEDED), evidence=evidence[:64]))


def _from_seller(uow: UnitOfWork, payout: Payout) -> tuple[Leg, ...]:
    """It came back to the seller once, so it is taken from them again: what they have, the rest as a debt."""
    has = -uow.journal.balance(accounts.available(payout.seller), payout.sent.asset)
    there = min(has, payout.sent)
    return (
        debit(accounts.available(payout.seller), there),
        debit(accounts.seller_debt(payout.seller), payout.sent - there),
    )


def payout_failed(uow: UnitOfWork, shop: Shop, operation: Operation, reason: str) -> Operation:
    """The channel proved that it will not pay: the money is the seller's again, whole, and they are asked for another
    account."""
    if operation.state in (OperationState.SUCCEEDED, OperationState.REJECTED):
        return operation
    payout = uow.payouts.lock(operation.body["payout"])
    _give_back(uow, shop, payout, f"payout:{payout.id}:refused", accounts.transit(payout.id), reason)
    return uow.operations.save(replace(operation.move(OperationState.REJECTED), evidence=reason[:64]))


def payout_returned(uow: UnitOfWork, shop: Shop, payout_id: str, evidence: str) -> Payout:
    """A payout that went out came back, by a statement's word: whole to the seller. It proves that it went out, too."""
    payout = uow.payouts.lock(payout_id)
    key = f"payout:{payout.id}:returned"
    if uow.journal.posted(key):
        return payout
    if payout.state is not PayoutState.PAID:
        assert payout.operation is not None, "what was never sent does not come back"
        payout_done(uow, shop, uow.operations.lock(payout.operation), evidence)
        payout = uow.payouts.lock(payout_id)
    return _give_back(uow, shop, payout, key, accounts.clearing(payout.channel), evidence)


def _give_back(uow: UnitOfWork, shop: Shop, payout: Payout, key: str, lies_in: str, why: str) -> Payout:
    now = shop.clock.now()
    seller = uow.sellers.need(payout.seller)
    uow.journal.post(
        entry(
            key,
            now,
            "payout returned",
            debit(lies_in, payout.sent),
            credit(accounts.available(seller.id), payout.sent),
        )
    )
    for person in {seller.person} | shop.admins:
        tell(uow, now, person, "payout_returned", payout.id)
    return uow.payouts.save(replace(payout.move(PayoutState.RETURNED), ended_at=now, evidence=why[:64]))


# What messages say


def settle_payout_by_message(
    uow: UnitOfWork, shop: Shop, channel: str, reference: str, evidence: str, amount: Money
) -> bool:
    """A notification or statement line says that `amount` went out under this reference. False: none of our payouts."""
    operation = _payout_of(uow, channel, reference)
    if operation is None or operation.amount != amount:
        return False
    payout_done(uow, shop, operation, evidence)
    return True


def return_payout_by_message(
    uow: UnitOfWork, shop: Shop, channel: str, reference: str, evidence: str, amount: Money
) -> bool:
    """A statement line says that the transfer of this reference came back. False: none of our payouts.

    Of another amount (a bank that kept a fee of it) it is none either: somebody has to look.
    """
    operation = _payout_of(uow, channel, reference)
    if operation is None or operation.amount != amount:
        return False
    payout_returned(uow, shop, operation.body["payout"], evidence)
    return True


def _payout_of(uow: UnitOfWork, channel: str, reference: str) -> Operation | None:
    for found in uow.operations.find(channel=channel, kind=OperationKind.PAYOUT, reference=reference, limit=1):
        operation = uow.operations.lock(found.id)
        if operation.state is not OperationState.RESERVED:  # no byte of that one has left the house
            return operation
    return None


# What admins and monitoring do


def withheld(uow: UnitOfWork, operation: Operation) -> bool:
    """Whether a payout's command must not leave now: asked at the last moment, by the driver's dispatch."""
    stopped = (PayoutState.HELD, PayoutState.RETURNED)
    return operation.kind is OperationKind.PAYOUT and uow.payouts.need(operation.body["payout"]).state in stopped


def withhold(uow: UnitOfWork, shop: Shop, payout_id: str) -> Payout:
    """Stop a payout that has not left yet. Raises Gone, NotToBePaid (it is under way at the bank, or over)."""
    payout = uow.payouts.lock(payout_id)
    operation = uow.operations.lock(payout.operation) if payout.operation else None
    if payout.state is not PayoutState.RESERVED or operation is None:
        raise NotToBePaid(payout=payout.id, state=payout.state.value)
    if operation.state is OperationState.RESERVED:  # withdrawn before a byte left: that it was never sent is the proof
        uow.operations.save(operation.move(OperationState.EXPIRED))
    elif not is_by_hand(operation):
        raise NotToBePaid(payout=payout.id, state=payout.state.value)
    return uow.payouts.save(payout.move(PayoutState.HELD))


def hold(uow: UnitOfWork, shop: Shop, admin: PersonId, payout_id: str) -> Payout:
    """/hold PAYOUT. Raises NotAllowed, Gone, NotToBePaid."""
    need_admin(shop, admin)
    note_command(uow, shop, admin, "hold", payout=payout_id)
    return withhold(uow, shop, payout_id)


def let_go(uow: UnitOfWork, shop: Shop, admin: PersonId, payout_id: str) -> Payout:
    """/release PAYOUT: a held one is sent after all, to the account the seller has now.

    Raises NotAllowed, Gone, NotToBePaid.
    """
    need_admin(shop, admin)
    payout = uow.payouts.lock(payout_id)
    seller = uow.sellers.need(payout.seller)
    if payout.state is not PayoutState.HELD or not seller.holder:
        raise NotToBePaid(payout=payout.id, state=payout.state.value)
    note_command(uow, shop, admin, "release", payout=payout_id)
    former = uow.operations.lock(payout.operation) if payout.operation else None
    payout = payout.move(PayoutState.RESERVED)
    if former is not None and former.state is not OperationState.EXPIRED:
        return uow.payouts.save(payout)  # the operator has been told what to transfer, and may now
    return uow.payouts.save(replace(payout, operation=_command(uow, shop, payout, seller)))


def is_by_hand(operation: Operation) -> bool:
    """Whether the operator has been asked to make this transfer."""
    return operation.state is OperationState.PENDING and operation.evidence == BY_HAND


def paid_by_hand(uow: UnitOfWork, shop: Shop, admin: PersonId, payout_id: str, reference: str) -> Payout:
    """/paid PAYOUT REFERENCE: the operator has made the transfer. Raises NotAllowed, Gone, NotToBePaid, NoReference."""
    need_admin(shop, admin)
    payout = uow.payouts.lock(payout_id)
    if not reference.strip():
        raise NoReference
    operation = uow.operations.lock(payout.operation) if payout.operation else None
    if payout.state is not PayoutState.RESERVED or operation is None or not is_by_hand(operation):
        raise NotToBePaid(payout=payout.id, state=payout.state.value)
    note_command(uow, shop, admin, "paid", payout=payout.id, reference=reference.strip()[:64])
    payout_done(uow, shop, operation, reference.strip())
    return uow.payouts.need(payout.id)
