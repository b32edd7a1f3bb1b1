"""/limits as people see it: how much they may still pay, and what they have bounded themselves to."""

from __future__ import annotations

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.policy.published import published_by_id
from core.risk.decision import Decision
from core.risk.owning import Room, Standing


def limits_page(t: Words, standing: Standing) -> Screen:
    """Every limit of one shopper, and the buttons for their own."""
    lines = [t("📏 <b>Your limits</b>"), Html(""), t("This shop lets you pay:")]
    lines += [_line(t, room) for room in standing.shop]
    if not standing.shop:
        lines.append(t("• as much as you like"))
    if standing.own:
        lines += [Html(""), t("Your own limits:")]
        lines += [_line(t, room) for room in standing.own]
    else:
        lines += [
            Html(""),
            t("You have set no limits of your own yet. The buttons below set one; so does /limits payment 50."),
        ]
    lines += _rising(t, standing)
    lines += [
        Html(""),
        _confirming(t, standing),
        t(
            "The strictest limit counts. The way you pay has limits of its own, of its providers; you are told of one "
            "when it matters."
        ),
    ]
    return Screen(
        Html("\n").join(lines),
        rows(
            row(Key(t.plain("✏️ Per payment"), ("lo", "payment")), Key(t.plain("✏️ Per day"), ("lo", "day"))),
            row(
                Key(t.plain("Take away: payment"), ("lr", "payment")) if standing.limits.payment else None,
                Key(t.plain("Take away: day"), ("lr", "day")) if standing.limits.day else None,
            ),
        ),
    )


def _line(t: Words, room: Room) -> Html:
    if room.left is None:
        return t("• {limit} in one payment", limit=room.limit)
    told = {"limit": room.limit, "left": room.left, "renews": room.renews}
    if room.kind == "day":
        return t("• {limit} a day; {left} is left until {renews}", **told)
    return t("• {limit} a year; {left} is left until {renews}", **told)


def _confirming(t: Words, standing: Standing) -> Html:
    """From which amount on, and how much is left of what goes without."""
    small = standing.small
    if small is None:
        return t("Payments of {amount} and more you confirm, see /security.", amount=standing.step_up)
    if not small.count and not small.left.minor:
        return t("You have made many small payments since you confirmed one: you confirm the next, see /security.")
    return t(
        "You confirm your payments, see /security; those of up to {each} go without for now: {count} more of them or "
        "{left} together, whichever lasts longer.",
        each=small.each,
        count=small.count,
        left=small.left,
    )


def _rising(t: Words, standing: Standing) -> list[Html]:
    limits = standing.limits
    if limits.rises_at is None:
        return []
    lines = []
    for now, then, words in (
        (limits.payment, limits.next_payment, t("one payment")),
        (limits.day, limits.next_day, t("one day")),
    ):
        if now != then:
            none = t("no limit")
            lines.append(
                t(
                    "⏳ From {moment} on for {what}: {limit}",
                    moment=limits.rises_at,
                    what=words,
                    limit=none if then is None else t.money(then),
                )
            )
    return lines


def ask_amount(t: Words, kind: str, currency: str) -> Screen:
    """How much at most?"""
    question = (
        t("How much may one payment of yours be at most, in {currency}? Lower holds at once.", currency=currency)
        if kind == "payment"
        else t("How much may you pay in one day at most, in {currency}? Lower holds at once.", currency=currency)
    )
    return Screen(question, ask=t.plain("Amount"))


_TRIGGERS = {
    "cdd": Word("due diligence on the customer"),
    "report": Word("a report to the authority"),
    "report_if_suspicious": Word("a report, if it is suspicious"),
    "verify_remitter": Word("that the payer is verified"),
    "verify_self_hosted_wallet_ownership": Word("proof of whose wallet it is"),
    "send_originator_beneficiary": Word("names of payer and payee with the payment"),
    "originator_beneficiary_info": Word("names of payer and payee with the payment"),
    "buyer_due_diligence": Word("due diligence on the buyer"),
}


def triggers_page(t: Words, decision: Decision) -> Screen:
    """For an admin: which published rules a payment sets off, for whom, and that the shop claims nothing."""
    lines = [t("📑 Order {order}: published rules may have its provider ask for more.", order=decision.order)]
    for name, says in dict(decision.triggers).items():
        rule = published_by_id()[name]
        lines.append(
            t(
                "• {what} — {document} ({authority}). Binds: {binds}",
                what=_TRIGGERS[says],
                document=rule.document,
                authority=rule.authority,
                binds=rule.binds,
            )
        )
    lines.append(t("A hint from public sources: no legal advice, and no word that anything was complied with."))
    return Screen(Html("\n").join(lines))
