"""Notices of the reconciliation and the books: to the admins, when something needs a look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.screens.screen import Key, Screen, row, rows
from core.payments.recon.bankline import LineState, Why

if TYPE_CHECKING:
    from bot.notices import Notice


async def exceptions(notice: Notice) -> None:
    """Payments whose settlement is overdue."""
    t = notice.t
    text = t.plural(
        "🔎 {n} movement should have been on a statement or report by now, and is on none.",
        "🔎 {n} movements should have been on a statement or report by now, and are on none.",
        int(notice.extra["n"]),
    )
    await notice.say(Screen(text, rows(row(Key(t.plain("🔎 Reconciliation"), ("rl", 0))))))


async def statement_gap(notice: Notice) -> None:
    """A statement that does not add up."""
    line = await notice.house.store.read(lambda uow: uow.banklines.need(notice.about))
    t = notice.t
    if line.state is not LineState.OPEN:
        return  # what was missing has come
    if line.why is Why.GAP:
        text = t(
            "🚨 The statement {document} begins {amount} away from where the last one ended: one is missing between "
            "them. What it tells was booked. Please send the one that is missing.",
            document=line.document,
            amount=line.gross,
        )
        await notice.say(Screen(text, rows(row(Key(t.plain("🔎 Look at it"), ("rx", line.id))))))
        return
    text = t(
        "🚨 The statement {document} does not add up: its balance moved {amount} further than its entries explain. "
        "An entry is missing in it, or the file was cut off. What it does tell was booked.",
        document=line.document,
        amount=line.gross,
    )
    await notice.say(Screen(text, rows(row(Key(t.plain("🔎 Look at it"), ("rx", line.id))))))


async def chain_broken(notice: Notice) -> None:
    """The books are not what was sealed."""
    t = notice.t
    text = t(
        "🚨 The books were changed after they were sealed: an entry of the past, or a seal, is not what it was. "
        "Sales go on, but nothing new is sealed until this is mended. On the shop’s computer, please run "
        "<code>sampan ledger check</code>: it names what does not fit."
    )
    await notice.say(Screen(text))


KINDS: dict[str, Callable[[Notice], Awaitable[None]]] = {
    "chain_broken": chain_broken,
    "exceptions": exceptions,
    "statement_gap": statement_gap,
}
