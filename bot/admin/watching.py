"""An admin's hand on an order's money: /freeze, /thaw. Both are audited."""

from __future__ import annotations

from bot.screens import orders as screens
from bot.visit import Visit
from core.errors import Refusal, sentence
from core.ids import OrderId
from core.payments.disputes import monitoring


class BadThaw(Refusal):
    """Not an order."""

    sentence = sentence("To let an order’s money move again: /thaw ORDER.")


async def freeze(visit: Visit, *words: str) -> None:
    """/freeze ORDER REASON."""
    visit.need_admin()
    if len(words) < 2:
        raise monitoring.NoReason(most=monitoring.LONGEST_REASON)
    order = await visit.do(monitoring.watch, OrderId(words[0].upper()), " ".join(words[1:]))
    await visit.tell(screens.frozen(visit.t, order))


async def thaw(visit: Visit, *words: str) -> None:
    """/thaw ORDER."""
    visit.need_admin()
    if not words:
        raise BadThaw
    order = await visit.do(monitoring.let_go, OrderId(words[0].upper()))
    await visit.tell(screens.thawed(visit.t, order))
