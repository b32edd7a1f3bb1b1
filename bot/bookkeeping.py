"""Bank messages on their way into the books: kept by their natural keys first, then booked, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from core.channels import camt, pix, sepa
from core.payments.outcomes import is_new, what_must_not_differ
from core.payments.receiving import Fact, take_in
from core.payments.refunds import reject_refund_by_message, settle_refund_by_message
from core.ports import Altered, Store, UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell


class Books:
    """Receives what banks say. Each fact is booked once, whichever messages tell of it and however often."""

    def __init__(self, store: Store, shop: Shop, poke: Callable[[], None]) -> None:
        self._store, self._shop, self._poke = store, shop, poke

    async def pix_webhook(self, body: bytes) -> int:
        """A Pix webhook. Raises BadWebhook, Altered. How many facts were new."""
        return await self._book(pix.NAME, list(pix.read_webhook(body)))

    async def camt054(self, document: bytes) -> int:
        """A camt.054. Raises BadStatement, Altered. How many facts were new."""
        method = self._shop.methods.get(sepa.NAME)
        account = method.account if method else ""
        return await self._book(sepa.NAME, list(camt.read_camt(document, account, self._shop.clock.now(), sepa.NAME)))

    async def _book(self, channel: str, told: list[Fact | pix.Returned | camt.Debited]) -> int:
        try:
            booked = await self._store.write(_book_all, self._shop, channel, told)
        except Altered as fault:
            await self._store.write(_alarm, self._shop, channel, str(fault))
            self._poke()
            raise
        self._poke()
        return booked


def _book_all(uow: UnitOfWork, shop: Shop, channel: str, told: list[Fact | pix.Returned | camt.Debited]) -> int:
    return sum(_book_one(uow, shop, channel, one) for one in told)


def _book_one(uow: UnitOfWork, shop: Shop, channel: str, one: Fact | pix.Returned | camt.Debited) -> bool:
    key, content = _identity(one)
    if not is_new(uow, shop.clock.now(), channel, key, content):
        return False
    if isinstance(one, Fact):
        take_in(uow, shop, one)
    elif isinstance(one, camt.Debited):
        settle_refund_by_message(uow, shop, channel, one.reference, one.evidence, one.amount)
    elif one.status == "DEVOLVIDO":
        settle_refund_by_message(uow, shop, channel, one.id, one.evidence or one.id, one.amount, one.fact)
    elif one.status == "NAO_REALIZADO":
        reject_refund_by_message(uow, shop, channel, one.id, one.status)
    return True


def _identity(one: Fact | pix.Returned | camt.Debited) -> tuple[str, str]:
    """The natural key of a fact, and what of it must never differ when it is told again."""
    if isinstance(one, Fact):
        return one.id, what_must_not_differ(one)
    if isinstance(one, camt.Debited):
        return f"debit:{one.evidence}", f"{one.amount}|{one.reference}"
    return f"return:{one.fact}:{one.id}:{one.status}", f"{one.amount}"


def _alarm(uow: UnitOfWork, shop: Shop, channel: str, key: str) -> None:
    for admin in shop.admins:
        tell(uow, shop.clock.now(), admin, "altered", f"{channel}:{key[:40]}")
