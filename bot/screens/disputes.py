"""Screens of disputes: what is wrong, what both sides say, how it stands and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.ids import OrderId, PersonId
from core.payments.disputes.complaints import Complaint
from core.payments.disputes.dispute import Dispute, DisputeState, Evidence

MOST_KEYS = 8

REASONS = {
    Complaint.NOT_RECEIVED: Word("It has not come"),
    Complaint.NOT_AS_DESCRIBED: Word("It is not what was described"),
    Complaint.DOUBLE_CHARGED: Word("I was charged twice"),
    Complaint.UNKNOWN_PAYMENT: Word("I did not make this payment"),
}
STATES = {
    DisputeState.WARNED: Word("a warning"),
    DisputeState.OPEN: Word("open"),
    DisputeState.EVIDENCE: Word("the bank decides"),
    DisputeState.WON: Word("decided for the seller"),
    DisputeState.LOST: Word("decided for the shopper"),
    DisputeState.CLOSED: Word("closed"),
}
_ORDER = tuple(Complaint)  # a button carries the place in this list


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case with what its screens say of it. `shopper`, `seller`: who they are; None of a payment without an order."""

    case: Dispute
    now: datetime
    shopper: PersonId | None = None
    seller: PersonId | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def age(self) -> timedelta:
        """How long it has been going on."""
        return self.now - self.case.opened_at


def reason_of(number: str) -> str:
    """The reason behind a button; "" for none."""
    return _ORDER[int(number)].value if number.isdigit() and int(number) < len(_ORDER) else ""


def what_is_wrong(t: Words, order: OrderId) -> Screen:
    """The question that a complaint begins with."""
    keys = [row(Key(t.word(REASONS[one]), ("dr", order, place))) for place, one in enumerate(_ORDER)]
    return Screen(
        t(
            "🛟 <b>What is wrong with order {order}?</b>\nThe seller’s money for it is held until it is decided, and "
            "both of you will be asked.",
            order=order,
        ),
        rows(*keys, row(Key(t.plain("Nothing, leave it"), ("st",)))),
    )


def ask_evidence(t: Words, case: Dispute) -> Screen:
    """What happened, in words and pictures."""
    text = t("✍️ Please tell me what happened, and send pictures if you have any: as many messages as you need.")
    if case.respond_by:
        text += Html("\n") + t("Until {moment}.", moment=case.respond_by)
    return Screen(text, rows(row(Key(t.plain("That is all"), ("st",)))), ask=t.plain("What happened?"))


def noted(t: Words, case: Dispute) -> Screen:
    """One piece of evidence is kept."""
    return Screen(
        t("📎 Kept for case {dispute}. Send more, or press “That is all”.", dispute=case.id),
        rows(row(Key(t.plain("That is all"), ("st",)))),
    )


def confirm_refund(t: Words, case: Dispute) -> Screen:
    """Before the seller gives the money back at a warning."""
    return Screen(
        t("Give {amount} of order {order} back? That ends the case.", amount=case.amount, order=case.order or ""),
        rows(row(Key(t.plain("↩️ Give it back"), ("dg", case.id)), Key(t.plain("Leave it"), ("st",)))),
    )


def _reason(t: Words, case: Dispute) -> str:
    return t.word(REASONS[Complaint(case.reason)]) if case.is_complaint else (case.reason or t.plain("not said"))


def _asks(t: Words, case: Dispute) -> list[Html]:
    if not case.respond_by:
        return []
    return [t("Please say what happened by {moment}.", moment=case.respond_by)]


def _say_key(t: Words, case: Dispute) -> Key:
    return Key(t.plain("✍️ Say what happened"), ("de", case.id))


def warned(t: Words, view: CaseView, reader: PersonId) -> Screen:
    """The payer's bank asks; nothing has been taken yet."""
    case = view.case
    lines = [
        t("⚠️ <b>The payer’s bank asks about order {order}: {amount}.</b>", order=case.order or "—", amount=case.amount)
    ]
    lines.append(t("Reason: {reason}", reason=_reason(t, case)))
    lines.append(t("No money has moved. Until this is over the money of the order stays where it is."))
    refund = None
    if reader != view.shopper:
        lines.append(t("Giving it back now avoids a chargeback and its fee."))
        refund = Key(t.plain("↩️ Give it back"), ("df", case.id))
    return Screen(Html("\n").join([*lines, *_asks(t, case)]), rows(row(refund), row(_say_key(t, case))))


def opened(t: Words, view: CaseView, reader: PersonId, *, silent: str) -> Screen:
    """A case has begun in earnest."""
    case = view.case
    if not case.is_complaint:
        lines = [
            t(
                "🏦 <b>The payer’s bank disputes {amount} of order {order}.</b>",
                amount=case.amount,
                order=case.order or "—",
            )
        ]
        lines.append(t("Reason: {reason}", reason=_reason(t, case)))
        lines.append(t("The seller’s part is held until the bank decides."))
    elif reader == view.shopper:
        lines = [t("🛟 <b>Your complaint about order {order} is open.</b>", order=case.order or "")]
        lines.append(t("{amount} is held until it is decided. The seller has been asked.", amount=case.covered))
    else:
        lines = [
            t(
                "🛟 <b>The buyer complains about order {order}: {amount}.</b>",
                order=case.order or "",
                amount=case.amount,
            )
        ]
        lines.append(t("Reason: {reason}", reason=_reason(t, case)))
        lines.append(t("Your money for it is held until an admin has decided."))
    if case.is_complaint and silent == "shopper" and case.respond_by:
        lines.append(t("If the seller says nothing by {moment}, it is decided for the buyer.", moment=case.respond_by))
    return Screen(Html("\n").join([*lines, *_asks(t, case)]), rows(row(_say_key(t, case))))


def soon(t: Words, view: CaseView) -> Screen:
    """A day is left."""
    case = view.case
    return Screen(
        t(
            "⏰ Case {dispute} about order {order}: please say what happened by {moment}.",
            dispute=case.id,
            order=case.order or "—",
            moment=case.respond_by or view.now,
        ),
        rows(row(_say_key(t, case))),
    )


def decided(t: Words, view: CaseView) -> Screen:
    """How it ended."""
    case = view.case
    order = case.order or "—"
    if case.state is DisputeState.CLOSED:
        return Screen(t("Case {dispute} about order {order} is closed.", dispute=case.id, order=order))
    if case.state is DisputeState.WON:
        text = t("⚖️ <b>Case {dispute} about order {order} is decided for the seller.</b>", dispute=case.id, order=order)
        more = t("What was held is the seller’s again.")
    else:
        text = t("⚖️ <b>Case {dispute} about order {order} is decided for the buyer.</b>", dispute=case.id, order=order)
        if not case.is_complaint:
            more = t("{amount} stays with the payer.", amount=case.amount)
        else:
            more = t("{amount} is on its way back.", amount=case.amount)
    return Screen(text + Html("\n") + more)


def excess(t: Words, case: Dispute) -> Screen:
    """To the admins: the shop stands to lose."""
    return Screen(
        t(
            "🚨 Case {dispute}: {amount} is asked back, and only {covered} of it is left of the payment. "
            "If it is lost, the rest is the shop’s loss.",
            dispute=case.id,
            amount=case.amount,
            covered=case.covered + case.held,
        )
    )


def differs(t: Words, case: Dispute, amount: str) -> Screen:
    """To the admins: an alarm."""
    return Screen(
        t(
            "🚨 Case {dispute} is about {amount}, and a message of {channel} about it says {other}. Please ask them.",
            dispute=case.id,
            amount=case.amount,
            channel=case.source,
            other=amount,
        )
    )


def answered(t: Words, case: Dispute) -> Screen:
    """To the admins: somebody has said something."""
    return Screen(t("📎 There is new evidence in case {dispute}: /dispute {dispute}", dispute=case.id))


def due(t: Words, case: Dispute) -> Screen:
    """To the admins: the days to speak are over."""
    return Screen(t("⚖️ The time to speak in case {dispute} is over: /dispute {dispute}", dispute=case.id))


def case_list(t: Words, views: Iterable[CaseView]) -> Screen:
    """/disputes."""
    lines = [
        t(
            "<b>{dispute}</b> {amount}, order {order}: {state}, for {span}",
            dispute=view.case.id,
            amount=view.case.amount,
            order=view.case.order or "—",
            state=STATES[view.case.state],
            span=view.age,
        )
        + (Html(" · ") + t("by {moment}", moment=view.case.respond_by) if view.case.respond_by else Html(""))
        for view in views
    ]
    if not lines:
        return Screen(t("No case is open."))
    return Screen(fitted(t, [t("<b>Open cases</b>")], lines, [t("/dispute CASE shows one.")], MESSAGE))


def own_cases(t: Words, found: list[Dispute]) -> Screen:
    """/disputes for a side of them: how each stands, and where to say what happened."""
    if not found:
        return Screen(t("There is no case about an order of yours. An order’s page has a button for what is wrong."))
    listed = [
        t(
            "<b>{dispute}</b> {amount}, order {order}: {state}",
            dispute=one.id,
            amount=one.amount,
            order=one.order or "—",
            state=STATES[one.state],
        )
        for one in found
    ]
    says = ((one, t.plain("✍️ Say what happened: {case}", case=one.id)) for one in found if one.is_open)
    keys = [row(Key(words, ("de", one.id))) for one, words in says]
    return Screen(fitted(t, [t("<b>Your cases</b>")], listed, [], MESSAGE), rows(*keys[:MOST_KEYS]))


def case(t: Words, view: CaseView) -> Screen:
    """/dispute CASE: everything an admin decides by."""
    one = view.case
    before = [
        t("⚖️ <b>Case {dispute}: {state}</b>", dispute=one.id, state=STATES[one.state]),
        t("Brought by the buyer")
        if one.is_complaint
        else t("Brought by {channel}, case {name}", channel=one.source, name=one.case),
        t("Order {order}: {amount}", order=one.order or "—", amount=one.amount),
        t("Reason: {reason}", reason=_reason(t, one)),
        t("Held of the sale: {amount}", amount=one.covered),
    ]
    if one.fee:
        before.append(t("Fee: {amount}", amount=one.fee))
    if one.respond_by and one.is_open:
        before.append(t("Evidence by {moment}", moment=one.respond_by))
    said = [_piece(t, view, piece) for piece in view.evidence] or [t("Nobody has said anything yet.")]
    return Screen(fitted(t, before, said, _how(t, one), MESSAGE))


def who_said(t: Words, view: CaseView, by: PersonId) -> str:
    """Which side a piece of evidence is from."""
    if by == view.shopper:
        return t.plain("The buyer")
    return t.plain("The seller") if by == view.seller else t.plain("An admin")


def _piece(t: Words, view: CaseView, piece: Evidence) -> Html:
    what = piece.text or t.plain("a picture, below")
    return t("<b>{who}</b>, {moment}: {what}", who=who_said(t, view, piece.by), moment=piece.at, what=what)


def _how(t: Words, one: Dispute) -> list[Html]:
    if one.is_complaint and one.is_open:
        return [
            t("/dispute {dispute} won: the seller keeps it.", dispute=one.id),
            t("/dispute {dispute} lost [AMOUNT]: it goes back to the buyer, or a part of it.", dispute=one.id),
        ]
    if one.state is DisputeState.WARNED:
        return [t("/dispute {dispute} refund: it is given back before the bank takes it.", dispute=one.id)]
    if one.state is DisputeState.OPEN:
        return [
            t("/dispute {dispute} sent: the evidence is with the bank.", dispute=one.id),
            t("/dispute {dispute} lost: the shop gives up.", dispute=one.id),
        ]
    return [t("The bank decides.")] if one.is_open else []
