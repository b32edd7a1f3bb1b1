"""The balances of statements: each explained by its entries, and each statement beginning where another one ended.

Nothing is posted for what does not fit: no line of it is known. It is listed until a statement comes that explains it,
or an admin does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.ids import Ids
from core.money import Money, zero
from core.payments.recon.bankline import BankLine, LineKind, LineState, Why
from core.payments.recon.reported import Statement
from core.ports import Duplicate, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell

_MOST = 1000


def take_balances(uow: UnitOfWork, shop: Shop, statement: Statement) -> int:
    """Take in what a statement says of its balances: how many exceptions of it are new."""
    told = [take_gap(uow, shop, statement)]
    if statement.ends is not None:
        told.append(take_ends(uow, shop, statement, *statement.ends))
    return sum(told)


def take_gap(uow: UnitOfWork, shop: Shop, statement: Statement) -> bool:
    """List a statement that does not add up; False when it does, or is listed already."""
    if statement.gap is None:
        return False
    return _list(uow, shop, _line(shop.ids, shop.clock.now(), statement, "balance", statement.gap, Why.BALANCE))


def take_ends(uow: UnitOfWork, shop: Shop, statement: Statement, opening: Money, closing: Money) -> bool:
    """Keep where a statement ends; list one that begins where none we know has ended. False when nothing is new.

    They may come in any order: one that comes late explains the one that was listed for it.
    """
    now, channel = shop.clock.now(), statement.channel
    end = _line(shop.ids, now, statement, "closing", closing, Why.NONE)
    if uow.banklines.count(channel=channel, kind=LineKind.BALANCE, fact=end.fact):
        return False
    known = [one.gross for one in uow.banklines.find(channel=channel, kind=LineKind.BALANCE, limit=_MOST)]
    known = [one for one in known if one.asset == opening.asset]
    uow.banklines.add(end)
    for listed in uow.banklines.find(channel=channel, why=Why.GAP, state=LineState.OPEN, limit=_MOST):
        if listed.reference == str(closing):
            uow.banklines.save(replace(uow.banklines.lock(listed.id), state=LineState.MATCHED, why=Why.NONE))
    if not known or opening in known:
        return False
    gap = _line(shop.ids, now, statement, "opening", opening - known[0], Why.GAP)
    return _list(uow, shop, replace(gap, reference=str(opening)))


def _line(ids: Ids, now: datetime, statement: Statement, what: str, amount: Money, why: Why) -> BankLine:
    return BankLine(
        id=ids.new(10),
        channel=statement.channel,
        document=statement.document,
        fact=f"{what}:{statement.document}"[:64],
        kind=LineKind.OTHER if why else LineKind.BALANCE,
        gross=amount,
        fee=zero(amount.asset),
        booked_at=now,
        state=LineState.OPEN if why else LineState.MATCHED,
        opened_at=now,
        why=why,
    )


def _list(uow: UnitOfWork, shop: Shop, line: BankLine) -> bool:
    try:
        uow.banklines.add(line)
    except Duplicate:
        return False
    for admin in shop.admins:
        tell(uow, shop.clock.now(), admin, "statement_gap", line.id)
    return True
