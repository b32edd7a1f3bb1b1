"""A seller's money: where payouts go, when currencies are exchanged, and the statement as PDF and CSV."""

from __future__ import annotations

from datetime import datetime

from bot.screens import settlement as screens
from bot.screens import statement as papers
from bot.visit import Visit
from core.errors import Gone
from core.ids import PersonId, SellerId
from core.payments.settlement import payee
from core.payments.settlement.payout import Payout
from core.payments.settlement.periods import Period, last_period, period_of, read_period
from core.payments.settlement.statement import Statement, statement
from core.people import Conversion, Seller
from core.ports import UnitOfWork
from core.risk.proofs import enrolled
from core.risk.stepping import need
from core.shop import visitors
from core.shop.context import Shop


async def payout(visit: Visit, *_: str) -> None:
    """/payout: my account."""
    await _account(visit, await visit.need_seller())


async def _account(visit: Visit, seller: Seller) -> None:
    await visit.show(screens.account(visit.t, seller, visit.shop.policy.settlement.schedule))


async def ask_account(visit: Visit, *_: str) -> None:
    """Where shall payouts go? Raises ProofNeeded: who steals a seller's chat account is after this first of all."""
    seller = await visit.need_seller()
    await visit.note(_ask)
    await visit.say(screens.ask_account(visit.t, seller.currency))


def _ask(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    if enrolled(uow, who):
        need(uow, shop, who, "payee")
    visitors.ask(uow, shop, who, "payee.account")


async def hear(visit: Visit, text: str, step: str) -> None:
    """The account, then its holder's name. Neither is kept in the dialog: an account is personal."""
    await visit.need_seller()
    seller = await visit.do(_give, step, text)
    if step == "account":
        await visit.say(screens.ask_holder(visit.t, seller))
    else:
        await _account(visit, seller)


def _give(uow: UnitOfWork, shop: Shop, who: PersonId, step: str, text: str) -> Seller:
    if step == "account":
        seller = payee.give_account(uow, shop, who, text)
        visitors.ask(uow, shop, who, "payee.holder")
        return seller
    seller = payee.give_holder(uow, shop, who, text)
    visitors.stop_asking(uow, shop, who)
    return seller


async def convert(visit: Visit, when: str) -> None:
    """Exchange at each sale, or at the payout."""
    await _account(visit, await visit.do(payee.choose_conversion, Conversion(when)))


async def show_statement(visit: Visit, *words: str) -> None:
    """/statement [PERIOD]: mine; for an admin /statement SELLER [PERIOD]."""
    if visit.is_admin and words:
        seller = await visit.look(lambda uow: uow.sellers.get(SellerId(words[0].upper())))
        if seller is not None:
            await _send(visit, seller, _period(visit, seller, *words[1:]))
            return
    seller = await visit.need_seller()
    await _send(visit, seller, _period(visit, seller, *words))


def _period(visit: Visit, seller: Seller, *words: str) -> Period:
    """The period typed; else the last one that has ended, and the running one for somebody who is new."""
    if words:
        return read_period(words[0])
    schedule, now = visit.shop.policy.settlement.schedule, visit.shop.clock.now()
    ended = last_period(schedule, now)
    return ended if seller.joined_at < ended.until else period_of(schedule, now)


async def statement_of(visit: Visit, payout_id: str = "") -> None:
    """The button under a payout: the statement that it is the end of. Without one, the last period's."""
    if not payout_id:
        await show_statement(visit)
        return
    found, seller = await visit.look(_own_payout, visit.who, visit.is_admin, payout_id)
    await _send(visit, seller, Period(found.since, found.until))


def _own_payout(uow: UnitOfWork, who: PersonId, admin: bool, payout_id: str) -> tuple[Payout, Seller]:
    found = uow.payouts.need(payout_id)
    seller = uow.sellers.need(found.seller)
    if seller.person != who and not admin:
        raise Gone
    return found, seller


async def _send(visit: Visit, seller: Seller, period: Period) -> None:
    told: Statement = await visit.survey(statement, seller.id, period.since, period.until)
    t, shop = visit.t, visit.shop
    if not told.has_anything:
        facts = {"since": period.since, "until": period.until}
        await visit.tell(t("There was nothing in this time: {since} to {until}.", **facts))
        return
    name = f"statement-{seller.id}-{_day(period.since)}-{_day(period.until)}"
    caption = t("🧾 {seller}, {since} to {until}", seller=seller.name, since=period.since, until=period.until)
    sheet = papers.sheet(t, told, shop.name, min(period.until, shop.clock.now()))
    await visit.send_file(f"{name}.pdf", sheet, caption)
    await visit.send_file(f"{name}.csv", papers.spreadsheet(told), t("The same for your spreadsheet."))


def _day(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"
