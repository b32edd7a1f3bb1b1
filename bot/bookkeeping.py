"""Bank messages on their way into the books: kept by their natural keys first, then booked, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from core.channels import camt, cases, pix, pix_report, sepa
from core.payments.disputes.cases import Stage, hear_dispute
from core.payments.outcomes import is_new, what_must_not_differ
from core.payments.receiving import Fact, take_in
from core.payments.recon.balances import take_balances
from core.payments.recon.bankline import LineKind
from core.payments.recon.booking import is_settlement, take_report, take_word
from core.payments.recon.reported import Reported, Statement, Taken
from core.payments.refunds import reject_refund_by_message, settle_refund_by_message
from core.ports import Altered, Store, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell

R = TypeVar("R")

# What an XML document begins with, by its byte order mark or without one; anything else is a CSV, or nothing of ours.
_XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of a document: lines that were new, and of those of a statement or report how they were judged."""

    new: int = 0
    matched: int = 0
    open: int = 0  # exceptions
    altered: int = 0  # known lines with other content: alarms
    gaps: int = 0  # balances of statements that their entries, or the statements before, do not explain

    def __add__(self, other: Booked) -> Booked:
        return Booked(
            self.new + other.new,
            self.matched + other.matched,
            self.open + other.open,
            self.altered + other.altered,
            self.gaps + other.gaps,
        )


_BOOKED = {
    Taken.MATCHED: Booked(new=1, matched=1),
    Taken.OPEN: Booked(new=1, open=1),
    Taken.ALTERED: Booked(altered=1),
    Taken.KNOWN: Booked(),
}


class Books:
    """Receives what banks say. Each fact is booked once, whichever messages tell of it and however often."""

    def __init__(self, store: Store, shop: Shop, poke: Callable[[], None]) -> None:
        self._store, self._shop, self._poke = store, shop, poke

    async def pix_webhook(self, body: bytes) -> int:
        """A Pix webhook. Raises BadWebhook, Altered. How many facts were new."""
        return await self._book(pix.NAME, list(pix.read_webhook(body)))

    async def case(self, body: bytes) -> int:
        """A bank's message about a disputed payment. Raises BadWebhook: also when its payment is not known yet."""
        told = cases.read_case(body)
        return await self._told(told.channel, _book_case, told)

    async def statement(self, document: bytes) -> Booked:
        """A bank statement or notification (camt.053, camt.054), or a settlement report of Pix: its content tells.

        Raises BadStatement, Altered.
        """
        methods = self._shop.methods
        channel = sepa.NAME if document.lstrip()[:3].startswith(_XML) else pix.NAME
        account = methods[channel].account if channel in methods else ""
        if channel == sepa.NAME:
            statements = camt.read_camt(document, account, self._shop.clock.now(), channel)
        else:
            statements = pix_report.read_report(document, account)
        return await self._told(channel, _book_statements, statements)

    async def at_the_door(self, document: bytes) -> int:
        """As `statement`, for a bank that sends it: how many lines were new. Raises BadStatement, Altered."""
        return (await self.statement(document)).new

    async def _book(self, channel: str, told: list[Fact | pix.Returned]) -> int:
        return await self._told(channel, _book_all, channel, told)

    async def _told(self, channel: str, work: Callable[..., R], *args: object) -> R:
        try:
            booked = await self._store.write(work, self._shop, *args)
        except Altered as fault:
            await self._store.write(_alarm, self._shop, channel, str(fault))
            self._poke()
            raise
        self._poke()
        return booked


def _book_statements(uow: UnitOfWork, shop: Shop, statements: list[Statement]) -> Booked:
    booked = Booked()
    for statement in statements:
        settles = statement.final or shop.policy.reconciliation.notified == "clears"
        if settles:
            booked += _settle(uow, shop, statement)
        else:
            booked += Booked(new=sum(_word(uow, shop, told) for told in statement.lines))
        booked += Booked(gaps=take_balances(uow, shop, statement))
    return booked


def _settle(uow: UnitOfWork, shop: Shop, statement: Statement) -> Booked:
    booked, taken = Booked(), take_report(uow, shop, statement.document, statement.lines)
    for told, became in zip(statement.lines, taken, strict=True):
        booked += _BOOKED[became]
        if became is Taken.ALTERED:
            _alarm(uow, shop, told.channel, told.fact)
    return booked


def _word(uow: UnitOfWork, shop: Shop, told: Reported) -> bool:
    """A notification's line: a messenger of its fact, which its statement's line will settle."""
    if is_settlement(uow, shop, told):
        return False
    if told.kind is LineKind.PAYMENT:
        return _book_one(uow, shop, told.channel, told.payment)
    if told.kind in (LineKind.FEE, LineKind.OTHER):
        return False  # no transfer of ours, all of which are named
    key = f"{'debit' if told.kind is LineKind.REFUND else told.kind}:{told.fact}"
    if not is_new(uow, shop.clock.now(), told.channel, key, f"{abs(told.gross.minor)} {told.gross.asset}|{told.name}"):
        return False
    take_word(uow, shop, told)
    return True


def _book_all(uow: UnitOfWork, shop: Shop, channel: str, told: list[Fact | pix.Returned]) -> int:
    return sum(_book_one(uow, shop, channel, one) for one in told)


def _book_one(uow: UnitOfWork, shop: Shop, channel: str, one: Fact | pix.Returned) -> bool:
    key, content = _identity(one)
    if not is_new(uow, shop.clock.now(), channel, key, content):
        return False
    if isinstance(one, Fact):
        if take_in(uow, shop, one).amount != one.amount:
            raise Altered(one.id)  # a report has told of it before
    elif one.is_clawback:
        _book_clawback(uow, shop, channel, one)
    elif one.status == "DEVOLVIDO":
        settle_refund_by_message(uow, shop, channel, one.id, one.evidence or one.id, one.amount, one.fact)
    elif one.status == "NAO_REALIZADO":
        reject_refund_by_message(uow, shop, channel, one.id, one.status)
    return True


# A devolução of the MED is blocked while it is looked into, gone when it is made, and free again when it is not.
_MED = {"EM_PROCESSAMENTO": Stage.OPENED, "DEVOLVIDO": Stage.LOST, "NAO_REALIZADO": Stage.WON}


def _book_clawback(uow: UnitOfWork, shop: Shop, channel: str, one: pix.Returned) -> None:
    if stage := _MED.get(one.status):
        case = f"{one.id}:{one.fact}"  # its id is unique with the payment's only
        hear_dispute(uow, shop, channel, case, stage, fact=one.fact, amount=one.amount, reason=one.nature, taken=False)


def _book_case(uow: UnitOfWork, shop: Shop, told: cases.Case) -> int:
    content = f"{told.amount}|{told.fee}|{told.fact}|{told.taken}"
    heard = hear_dispute(
        uow,
        shop,
        told.channel,
        told.case,
        told.stage,
        fact=told.fact,
        amount=told.amount,
        fee=told.fee,
        reason=told.reason,
        round=told.round,
        taken=told.taken,
        at=told.at,
        respond_by=told.respond_by,
    )
    if heard is None:
        raise pix.BadWebhook("payment")  # not told of yet: the bank says it again
    key = f"case:{told.case}:{told.stage.name}:{told.round}"
    return int(is_new(uow, shop.clock.now(), told.channel, key, content))


def _identity(one: Fact | pix.Returned) -> tuple[str, str]:
    """The natural key of a fact, and what of it must never differ when it is told again."""
    if isinstance(one, Fact):
        return one.id, what_must_not_differ(one)
    return f"return:{one.fact}:{one.id}:{one.status}", f"{one.amount}"


def _alarm(uow: UnitOfWork, shop: Shop, channel: str, key: str) -> None:
    for admin in shop.admins:
        tell(uow, shop.clock.now(), admin, "altered", f"{channel}:{key[:40]}")
