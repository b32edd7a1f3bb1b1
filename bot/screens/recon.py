"""Screens of the reconciliation: how each channel stands, what somebody has to look at, and how it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.payments.recon.bankline import BankLine, LineKind, Why
from core.payments.recon.exceptions import Exceptional, Into, Standing, is_by_hand

KINDS = {
    LineKind.PAYMENT: Word("payment"),
    LineKind.REFUND: Word("refund"),
    LineKind.PAYOUT: Word("payout"),
    LineKind.RETURN: Word("returned transfer"),
    LineKind.FEE: Word("fee"),
    LineKind.CHARGEBACK: Word("payment taken back"),
    LineKind.SETTLEMENT: Word("settlement of a batch"),
    LineKind.BALANCE: Word("balance of a statement"),
    LineKind.OTHER: Word("other movement"),
}
WHYS = {
    Why.NONE: Word("to be looked at"),
    Why.MISSING: Word("no statement or report has it"),
    Why.SEVERAL: Word("more than one payment fits it"),
    Why.DIFFERS: Word("its amount is not what was told before"),
    Why.TWICE: Word("what it is about was settled by another line"),
    Why.UNKNOWN: Word("nothing we know of fits it"),
    Why.RETURNED: Word("a transfer came back that nobody has taken up"),
    Why.CLAWBACK: Word("a payment was taken back"),
    Why.EARLY: Word("a settlement that came before its report"),
    Why.BATCH: Word("it is not the sum of its batch"),
    Why.BALANCE: Word("the statement’s entries do not explain its balances"),
    Why.GAP: Word("no statement we have ends where this one begins"),
}
CLOSINGS = {
    Into.NOTHING: Word("✅ Explained"),
    Into.SUSPENSE: Word("📥 Into suspense"),
    Into.COSTS: Word("💸 A cost of ours"),
    Into.BANK: Word("🏦 The bank’s statement shows it"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """How every channel stands, and a page of the exceptions."""

    standings: list[Standing]
    page: list[BankLine]
    owners: dict[int, str]  # names by person
    number: int  # of the page, from 0
    total: int  # exceptions on all pages
    more: bool
    now: datetime


def overview(t: Words, what: Listing) -> Screen:
    """How clearing stands, and what somebody has to look at: since when, and who does."""
    number = what.number
    before = [t("<b>Reconciliation</b>"), *(line for one in what.standings for line in _standing(t, one)), Html("")]
    if not what.standings:
        before.append(t("No payment has come in yet."))
    elif not what.total:
        before.append(t("✅ No exceptions: what lies in clearing is under way."))
    else:
        before.append(
            t.plural("<b>{n} exception</b>, the oldest first:", "<b>{n} exceptions</b>, oldest first:", what.total)
        )
    listed = [_listed(t, one, what) for one in what.page]
    keys = [row(Key(f"{t.money(one.gross)} · {t.word(WHYS[one.why])}"[:60], ("rx", one.id))) for one in what.page]
    turn = row(Key("‹", ("rl", number - 1)) if number else None, Key("›", ("rl", number + 1)) if what.more else None)
    return Screen(fitted(t, before, listed, [], MESSAGE), rows(*keys, turn))


def _listed(t: Words, one: BankLine, what: Listing) -> Html:
    owner = what.owners.get(one.owner or 0, "")
    return t(
        "{amount} · {kind} · {channel}: {why} ({age}, {owner})",
        amount=one.gross,
        kind=KINDS[one.kind],
        channel=one.channel,
        why=WHYS[one.why],
        age=max(what.now - one.booked_at, timedelta()),
        owner=owner or t.plain("nobody’s yet"),
    )


def _standing(t: Words, one: Standing) -> list[Html]:
    lines = [
        Html(""),
        t("<b>{channel}</b>: {amount} in clearing", channel=one.channel, amount=one.clearing),
        t("under way {waiting}, exceptions {listed}", waiting=one.waiting, listed=one.listed),
    ]
    if one.explained:
        lines.append(t("explained and still there: {amount}", amount=one.explained))
    if one.last:
        cleared = t.plural("{n} line settled", "{n} lines settled", one.cleared)
        lines.append(t("{cleared}, the last of {moment}", cleared=cleared, moment=one.last))
    return lines


def exception(t: Words, found: Exceptional, now: datetime, *, mine: bool) -> Screen:
    """One exception whole; `mine`: the reader looks into it."""
    line, owner = found.line, found.owner
    lines = [
        t("<b>{amount}</b> · {kind} · {channel}", amount=line.gross, kind=KINDS[line.kind], channel=line.channel),
        t("⚠️ {why}", why=WHYS[line.why]),
        Html(""),
        t("Of {moment}, {age} ago", moment=line.booked_at, age=now - line.booked_at),
    ]
    facts = (
        (Word("Fee"), t.money(line.fee) if line.fee else ""),
        (Word("Report"), line.document),
        (Word("The bank’s number"), found.fact),
        (Word("Reference"), line.reference),
        (Word("Payment"), found.receipt),
        (Word("Order"), found.order),
    )
    lines += [t("{what}: <code>{fact}</code>", what=what, fact=fact) for what, fact in facts if fact]
    lines.append(t("Looked into by {owner}", owner=owner) if owner else t("Nobody looks into it yet."))
    if line.note:
        lines.append(t("Note: {note}", note=line.note))
    take = row(Key(t.plain("✋ I look into it"), ("rt", line.id))) if not mine else ()
    close = [
        row(Key(t.word(word), ("rc", line.id, into.value)))
        for into, word in CLOSINGS.items()
        if into is not Into.BANK or is_by_hand(line)
    ]
    return Screen(Html("\n").join(lines), rows(take, *close, row(Key(t.plain("‹ Reconciliation"), ("rl", 0)))))


def ask_note(t: Words, line: BankLine, into: Into) -> Screen:
    """Before it is closed: why."""
    says = {
        Into.NOTHING: t("What is the explanation? It is closed without an entry: the line will come, or another fits."),
        Into.SUSPENSE: t("What is the explanation? What it leaves in clearing is moved to suspense."),
        Into.COSTS: t("What is the explanation? What it leaves in clearing is booked as a cost of payments."),
        Into.BANK: t("On which statement, and of which day? It counts as settled there."),
    }
    text = Html("\n").join([t("<b>{amount}</b>: {why}", amount=line.gross, why=WHYS[line.why]), says[into]])
    return Screen(text, rows(row(Key(t.plain("✖️ Leave it"), ("st",)))))


def closed(t: Words, line: BankLine) -> Screen:
    """It is off the list."""
    return Screen(
        t("✅ {amount} is off the list: {note}", amount=line.gross, note=line.note),
        rows(row(Key(t.plain("‹ Reconciliation"), ("rl", 0)))),
    )


def booked(t: Words, new: int, matched: int, open_: int, altered: int, gaps: int) -> Screen:
    """What became of a file an admin has sent."""
    lines = [t.plural("Booked: {n} new entry.", "Booked: {n} new entries.", new)]
    if matched or open_:
        lines.append(t("Matched: {matched}, left open: {open}.", matched=matched, open=open_))
    if altered:
        lines.append(
            t.plural(
                "🚨 {n} entry was booked before with other content: it was left as it was.",
                "🚨 {n} entries were booked before with other content: they were left as they were.",
                altered,
            )
        )
    if gaps:
        lines.append(t("🚨 Its balances do not fit: an entry is missing in it, or a statement before it."))
    look = row(Key(t.plain("🔎 Reconciliation"), ("rl", 0))) if open_ or gaps else ()
    return Screen(Html("\n").join(lines), rows(look))
