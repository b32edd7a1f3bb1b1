"""Is this payment code genuine? A ladder of questions about the payload, never about what is printed around it.

The answer is at best "we made this one": a code of somebody else's is never called safe. Nothing is fetched, and a
picture proves no payment.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.ids import OrderId, PersonId
from core.payments.capturing import clean
from core.payments.operations import Operation, OperationKind, OperationState
from core.ports import UnitOfWork
from core.qr import BadPayload, PaymentCode, classify, read
from core.qr.code import Problem
from core.qr.read import text_of
from core.qr.reference import is_ours
from core.qr.text import host_of
from core.risk.issued import Issued, Lookalike, digest, fingerprint
from core.risk.likeness import is_like
from core.shop.context import Method, Shop
from core.shop.notices import tell
from core.shop.orders import Order, OrderState


class Kind(StrEnum):
    """What a code turned out to be, the best answer first."""

    OURS = "ours"  # made by this shop, byte for byte
    CHANGED = "changed"  # names our account and a reference of ours, and is not the code we made for it
    UNTIED = "untied"  # names our account, and no payment that we wait for
    FORGED = "forged"  # names our account, and a reference that we did not make
    LOOKALIKE = "lookalike"  # pays somebody else under our name, reference or amount
    MANDATE = "mandate"  # asks for leave to take money later
    NOT_OURS = "not-ours"  # a well-formed code for somebody else
    BEHIND = "behind"  # what is paid to whom is behind an address, or a token, that only its issuer can read
    DAMAGED = "damaged"  # claims to be a payment code, and breaks its standard
    SLIP = "slip"  # tells of a transfer; proves none
    LINK = "link"
    TEXT = "text"


class Standing(StrEnum):
    """How a code of ours stands. It follows its operation and its order."""

    UNPAID = "unpaid"
    CHECKING = "checking"  # the bank is being asked
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REPLACED = "replaced"  # by another code of the same order


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one payload. `order` is named to those alone who may know of it."""

    kind: Kind
    mark: str  # fingerprint
    code: PaymentCode | None = None
    standing: Standing | None = None  # of one of ours
    order: OrderId | None = None
    differs: tuple[str, ...] = ()  # of CHANGED: amount, currency, payee, editable, extra, several; empty: its writing
    likeness: tuple[str, ...] = ()  # of LOOKALIKE: name, reference, amount
    host: str = ""  # of LINK and BEHIND


_TRAPS = frozenset({Problem.COLLECT, Problem.RECURRING, Problem.CONTRACT_CALL})
_ALARMS = 5  # a day, that one person may set off: a forger must not bury the admins
_OWN_ORDERS = 10


def judge(uow: UnitOfWork, shop: Shop, who: PersonId, payload: bytes) -> Verdict:
    """What one payload is, as far as `who` may know."""
    mark = fingerprint(shop, payload)
    made = uow.issued.get(digest(payload))
    if made is not None:
        return _ours(uow, shop, who, made, mark)
    try:
        code = read(payload, shop.clock.now())
    except BadPayload:
        return _unread(payload, mark)
    if Problem.SLIP in code.problems:
        return Verdict(Kind.SLIP, mark, code)
    method = _payee(shop, code)
    if method is None:
        return _not_ours(uow, shop, who, code, mark)
    return _to_us(uow, shop, who, code, method, mark)


def _ours(uow: UnitOfWork, shop: Shop, who: PersonId, made: Issued, mark: str) -> Verdict:
    """Step 2: byte for byte ours. Whose it is stays with them and the admins."""
    charge, order = uow.operations.need(made.operation), uow.orders.need(made.order)
    own = made.person == who or who in shop.admins
    now, code = shop.clock.now(), None
    with suppress(BadPayload):  # a channel's own token
        code = read(charge.payload, now)
    return Verdict(Kind.OURS, mark, code, standing(order, charge, now), made.order if own else None)


def standing(order: Order, charge: Operation, now: datetime) -> Standing:
    """How the code of a charge stands at a moment."""
    if charge.state is OperationState.SUCCEEDED:
        return Standing.PAID
    if order.state is OrderState.CANCELLED:
        return Standing.CANCELLED
    late = charge.expires_at is not None and charge.expires_at <= now
    if order.state is OrderState.EXPIRED or (late and order.paid_at is None):
        return Standing.EXPIRED
    if charge.state is OperationState.ACTION:
        if late:
            return Standing.EXPIRED
        return Standing.UNPAID if order.state is OrderState.PLACED or order.parts > 1 else Standing.PAID
    if charge.state in (OperationState.EXPIRED, OperationState.REJECTED):
        return Standing.EXPIRED if late else Standing.REPLACED
    return Standing.CHECKING


def _unread(payload: bytes, mark: str) -> Verdict:
    """Steps 3 and 7: what no parser takes."""
    try:
        text = text_of(payload)
    except BadPayload:
        return Verdict(Kind.DAMAGED if payload.startswith((b"BCD", b"0002")) else Kind.TEXT, mark)
    if classify(text) is not None:
        return Verdict(Kind.DAMAGED, mark)
    host = host_of(text)
    return Verdict(Kind.LINK, mark, host=host) if host else Verdict(Kind.TEXT, mark)


def _payee(shop: Shop, code: PaymentCode) -> Method | None:
    """Step 4: the way to pay whose account this is, by our own list and nothing that the code says of itself."""
    account = _account(code.account)
    return next((one for one in shop.methods.values() if account and _account(one.account) == account), None)


def _account(text: str) -> str:
    return "".join(text.split()).casefold()


def _not_ours(uow: UnitOfWork, shop: Shop, who: PersonId, code: PaymentCode, mark: str) -> Verdict:
    """Steps 4, 6, 7 and 8: somebody else's, or nobody can say whose."""
    likeness = _likeness(uow, shop, who, code)
    if likeness:
        return Verdict(Kind.LOOKALIKE, mark, code, likeness=likeness)
    if _TRAPS.intersection(code.problems):
        return Verdict(Kind.MANDATE, mark, code)
    if Problem.REMOTE in code.problems or Problem.OPAQUE in code.problems:
        # Behind a location there may be a charge that its bank has signed. We vouch for no host, so none is asked.
        return Verdict(Kind.BEHIND, mark, code, host=host_of(f"https://{code.account}") if code.account else "")
    return Verdict(Kind.NOT_OURS, mark, code)


def _likeness(uow: UnitOfWork, shop: Shop, who: PersonId, code: PaymentCode) -> tuple[str, ...]:
    """What a code for somebody else has of ours."""
    names = [shop.name, *(method.payee for method in shop.methods.values())]
    found = {
        "name": any(is_like(code.payee, name) for name in names),
        "reference": bool(code.reference) and _is_known(uow, shop, code.reference),
        "amount": code.amount is not None and _asks(uow, who, code),
    }
    return tuple(name for name, holds in found.items() if holds)


def _is_known(uow: UnitOfWork, shop: Shop, reference: str) -> bool:
    known = uow.operations.find(kind=OperationKind.CHARGE, reference=clean(reference), limit=1)
    return bool(known) or is_ours(reference, shop.code_keys)


def _asks(uow: UnitOfWork, who: PersonId, code: PaymentCode) -> bool:
    """Whether an open order of this person's asks for just as much."""
    orders = uow.orders.find(shopper=who, state=OrderState.PLACED, limit=_OWN_ORDERS)
    charges = [
        charge
        for order in orders
        for charge in uow.operations.find(order=order.id, kind=OperationKind.CHARGE, state=OperationState.ACTION)
    ]
    return any(one.amount.decimal == code.amount and one.amount.asset.code == code.currency for one in charges)


def _to_us(uow: UnitOfWork, shop: Shop, who: PersonId, code: PaymentCode, method: Method, mark: str) -> Verdict:
    """Step 5: our account. What is it to pay?"""
    if _TRAPS.intersection(code.problems):
        return Verdict(Kind.MANDATE, mark, code)
    if not code.reference:
        return Verdict(Kind.UNTIED, mark, code)
    known = uow.operations.find(
        channel=method.name, kind=OperationKind.CHARGE, reference=clean(code.reference), limit=1
    )
    if not known:
        return Verdict(Kind.UNTIED if is_ours(code.reference, shop.code_keys) else Kind.FORGED, mark, code)
    charge, order = known[0], uow.orders.need(known[0].order)
    if who != order.shopper and who not in shop.admins:
        return Verdict(Kind.CHANGED, mark, code, differs=_differs(code, charge))
    stands = standing(order, charge, shop.clock.now())
    return Verdict(Kind.CHANGED, mark, code, stands, order.id, _differs(code, charge))


def _differs(code: PaymentCode, charge: Operation) -> tuple[str, ...]:
    """What a code says otherwise than the one that was made for the same reference."""
    unlike = {
        "amount": code.amount != charge.amount.decimal,
        "currency": code.currency != charge.amount.asset.code,
        "payee": not is_like(code.payee, charge.body.get("payee", "")),
        "editable": Problem.EDITABLE_AMOUNT in code.problems,
        "extra": Problem.EXTRA_CHARGE in code.problems,
        "several": Problem.SEVERAL_PAYEES in code.problems,
    }
    return tuple(name for name, holds in unlike.items() if holds)


def report(uow: UnitOfWork, shop: Shop, who: PersonId, payload: bytes, verdict: Verdict, picture: str = "") -> bool:
    """Tell the admins of a look-alike, each payload once, and of so many a day from one person. Whether it was new."""
    assert verdict.kind is Kind.LOOKALIKE and verdict.code is not None
    known, now, code = digest(payload), shop.clock.now(), verdict.code
    seen = uow.lookalikes.get(known)
    if seen is not None:
        if picture and not seen.picture:
            uow.lookalikes.save(replace(seen, picture=picture))
        return False
    loud = uow.lookalikes.count(reporter=who, since={"seen_at": now - timedelta(days=1)}) < _ALARMS
    likeness = " ".join(verdict.likeness)
    uow.lookalikes.add(Lookalike(known, now, who, code.scheme, likeness, picture, code.payee, code.account))
    for admin in sorted(shop.admins) if loud else ():
        tell(uow, now, admin, "lookalike", known)
    return loud
