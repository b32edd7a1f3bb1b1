"""An admin and broken plans: /writeoff."""

from __future__ import annotations

from bot.visit import Visit
from core.errors import Refusal, sentence
from core.ids import OrderId
from core.payments.instalments import plans as instalments


class BadWriteOff(Refusal):
    """Not an order."""

    sentence = sentence("To take an unpaid plan as the shop’s loss: /writeoff ORDER.")


async def write_off(visit: Visit, *words: str) -> None:
    """/writeoff ORDER: what a shopper in default owes becomes the shop's loss. It is audited."""
    visit.need_admin()
    if len(words) != 1:
        raise BadWriteOff
    order = OrderId(words[0].upper())
    loss = await visit.do(instalments.write_off, order)
    text = visit.t("✅ {amount} of order {order} is the shop’s loss now. It is still owed.", amount=loss, order=order)
    await visit.tell(text)
