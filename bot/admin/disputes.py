"""An admin's hand in disputes: /disputes, /dispute. All of it is audited."""

from __future__ import annotations

from bot.screens import disputes as screens
from bot.screens.disputes import CaseView
from bot.visit import Visit
from core.errors import Refusal, sentence
from core.ids import PersonId
from core.money import Money, parse_amount, parse_price
from core.payments.disputes import answering, complaints
from core.payments.disputes import cases as disputes
from core.payments.disputes.dispute import UNDECIDED, Dispute
from core.ports import UnitOfWork
from core.shop.context import Shop

PAGE = 40


class BadDispute(Refusal):
    """Not a case, or not one of the words."""

    sentence = sentence("About a case: /dispute CASE, and then won, lost [AMOUNT], sent or refund.")


async def disputes_(visit: Visit, *_: str) -> None:
    """/disputes: what is open; one's own for anybody but an admin."""
    if not visit.is_admin:
        await visit.say(screens.own_cases(visit.t, await visit.look(disputes.cases_of, visit.who)))
        return
    await visit.say(screens.case_list(visit.t, await visit.survey(_open_cases, visit.shop)))


def _open_cases(uow: UnitOfWork, shop: Shop) -> list[CaseView]:
    found = uow.disputes.find(state=UNDECIDED, newest=False, limit=PAGE)
    return [CaseView(case, shop.clock.now()) for case in found]


async def dispute(visit: Visit, *words: str) -> None:
    """/dispute CASE [won | lost [AMOUNT] | sent | refund]."""
    visit.need_admin()
    if not words:
        raise BadDispute
    name = words[0].upper()
    if len(words) > 1:
        await visit.do(_act, name, words[1].lower(), " ".join(words[2:]))
    view = await visit.look(case_view, visit.shop, name)
    await visit.say(screens.case(visit.t, view))
    if len(words) > 1:
        return
    for piece in view.evidence:
        if piece.picture:
            who = screens.who_said(visit.t, view, piece.by)
            caption = visit.t("{who}, {moment}", who=who, moment=piece.at)
            await visit.send_file(f"{view.case.id}-{piece.id}.jpg", visit.house.pictures.get(piece.picture), caption)


def case_view(uow: UnitOfWork, shop: Shop, dispute_id: str) -> CaseView:
    """A case with both sides and what they said. Raises Gone."""
    case = uow.disputes.need(dispute_id)
    sides: list[PersonId | None] = [*disputes.parties(uow, case), None, None]
    return CaseView(case, shop.clock.now(), sides[0], sides[1], tuple(complaints.evidence_of(uow, case)))


def _act(uow: UnitOfWork, shop: Shop, who: PersonId, dispute_id: str, how: str, text: str) -> None:
    case = uow.disputes.need(dispute_id)
    match how:
        case "won" if case.is_complaint:
            complaints.decide(uow, shop, who, case.id, won=True)
        case "won":
            raise disputes.NotOpenCase(dispute=case.id)  # the channel says so, and gives the money back
        case "lost" if case.is_complaint:
            complaints.decide(uow, shop, who, case.id, won=False, amount=_amount(case, text))
        case "lost":
            answering.give_up(uow, shop, who, case.id)
        case "sent":
            answering.hand_in(uow, shop, who, case.id)
        case "refund":
            answering.refund_to_avoid(uow, shop, who, case.id)
        case _:
            raise BadDispute


def _amount(case: Dispute, text: str) -> Money | None:
    if not text:
        return None
    plain = text.replace(".", "").replace(",", "").isdigit()
    return parse_amount(text, case.amount.asset) if plain else parse_price(text)
