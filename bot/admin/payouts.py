"""An admin's hand in payouts: /payouts, /hold, /release, /paid. All of it is audited."""

from __future__ import annotations

from bot.screens import settlement as screens
from bot.visit import Visit
from core.errors import Refusal, sentence
from core.payments import byhand
from core.payments.operations import Operation
from core.payments.settlement import payouts as verbs
from core.payments.settlement.payout import Payout
from core.people import Seller
from core.ports import UnitOfWork

PAGE = 20


class BadPayout(Refusal):
    """Not a payout."""

    sentence = sentence("Which payout? /hold PAYOUT, /release PAYOUT or /paid PAYOUT REFERENCE; /payouts lists them.")


async def payouts(visit: Visit, *_: str) -> None:
    """/payouts: those that wait for an admin's hand, and the newest ones."""
    visit.need_admin()
    await visit.say(screens.payouts(visit.t, *await visit.survey(_newest)))


def _newest(uow: UnitOfWork) -> tuple[list[tuple[Payout, Seller]], list[Operation]]:
    newest = [(one, uow.sellers.need(one.seller)) for one in uow.payouts.find(limit=PAGE)]
    return newest, byhand.waiting(uow)[:PAGE]


async def hold(visit: Visit, *words: str) -> None:
    """/hold PAYOUT."""
    visit.need_admin()
    one = await visit.do(verbs.hold, _named(words))
    await visit.tell(visit.t("⏸ Payout {payout} of {amount} is held.", payout=one.id, amount=one.sent))


async def release(visit: Visit, *words: str) -> None:
    """/release PAYOUT."""
    visit.need_admin()
    one = await visit.do(verbs.let_go, _named(words))
    await visit.tell(visit.t("⏳ Payout {payout} of {amount} goes out.", payout=one.id, amount=one.sent))


async def paid(visit: Visit, *words: str) -> None:
    """/paid PAYOUT REFERENCE."""
    visit.need_admin()
    one = await visit.do(verbs.paid_by_hand, _named(words), " ".join(words[1:]))
    await visit.tell(
        visit.t(
            "✅ Payout {payout} of {amount} is paid. /recon keeps it until a statement of your bank shows it.",
            payout=one.id,
            amount=one.sent,
        )
    )


def _named(words: tuple[str, ...]) -> str:
    if not words:
        raise BadPayout
    return words[0].upper()
