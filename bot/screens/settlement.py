"""Screens of settlement: a seller's account, payouts as they go out or come back, an admin's list of them."""

from __future__ import annotations

from bot.screens.cart import rate_line
from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.money import Asset
from core.payments.operations import Operation, OperationKind
from core.payments.settlement.payee import masked, wanted
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.statement import Sum
from core.people import Conversion, Seller

STATES = {
    PayoutState.RESERVED: Word("under way"),
    PayoutState.HELD: Word("held"),
    PayoutState.PAID: Word("paid"),
    PayoutState.RETURNED: Word("returned"),
}
_SYMBOLS = {PayoutState.RESERVED: "⏳", PayoutState.HELD: "⏸", PayoutState.PAID: "✅", PayoutState.RETURNED: "↩️"}
SCHEDULES = {
    "daily": Word("every day"),
    "weekly": Word("every Monday"),
    "monthly": Word("on the first of each month"),
}


def account(t: Words, seller: Seller, schedule: str) -> Screen:
    """Where a seller's payouts go, and in which currency their sales are kept until then."""
    lines = [t("<b>Your payouts</b>"), Html("")]
    if seller.account and seller.holder:
        lines.append(t("To: <code>{account}</code>, {holder}", account=masked(seller.account), holder=seller.holder))
    else:
        lines.append(t("No account yet: nothing can be paid out."))
    lines.append(t("In {currency}, {when}", currency=seller.currency, when=SCHEDULES[schedule]))
    if seller.converts is Conversion.AT_PAYOUT:
        lines.append(t("A sale paid in another currency is kept in it, and exchanged when it is paid out."))
    else:
        lines.append(t("A sale paid in another currency is exchanged at once, at the rate of the sale."))
    other = (
        Key(t.plain("💱 Exchange at each sale"), ("cv", Conversion.AT_CAPTURE.value))
        if seller.converts is Conversion.AT_PAYOUT
        else Key(t.plain("💱 Exchange at the payout"), ("cv", Conversion.AT_PAYOUT.value))
    )
    given = t.plain("🏦 Another account") if seller.account else t.plain("🏦 Give an account")
    return Screen(
        Html("\n").join(lines),
        rows(row(Key(given, ("pa",))), row(other), row(Key(t.plain("🧾 Statement"), ("sd",)))),
    )


def ask_account(t: Words, of: Asset) -> Screen:
    """The first question."""
    return Screen(
        t("🏦 Where shall your {currency} go? Please send {what}.", currency=of, what=Word(wanted(of))),
        rows(row(Key(t.plain("✖️ Leave it"), ("st",)))),
    )


def ask_holder(t: Words, seller: Seller) -> Screen:
    """The second question."""
    return Screen(
        t(
            "<code>{account}</code> — and the name of its holder, as the bank has it?",
            account=masked(seller.account),
        ),
        rows(row(Key(t.plain("✖️ Leave it"), ("st",)))),
    )


def account_changed(t: Words, seller: Seller, *, own: bool) -> Html:
    """An account that somebody else has changed is how payouts are stolen: it is said aloud."""
    if own:
        return t(
            "🏦 Your payouts go to <code>{account}</code> ({holder}) from now on. "
            "If that was not you, tell the shop at once.",
            account=masked(seller.account),
            holder=seller.holder,
        )
    return t(
        "🏦 The payouts of {seller} go to another account from now on: <code>{account}</code>, {holder}.",
        seller=seller.name,
        account=masked(seller.account),
        holder=seller.holder,
    )


def account_wanted(t: Words) -> Screen:
    """There is money and nowhere to send it."""
    return Screen(
        t("💸 There is money for you, and no account to send it to. It stays safe here until you give one."),
        rows(row(Key(t.plain("🏦 Give an account"), ("pa",)))),
    )


def payout(t: Words, one: Payout, sums: Sum, seller: Seller) -> Screen:
    """A payout goes out: what it is made of, to the minor unit."""
    lines = [
        t("💸 <b>Payout {payout}: {amount}</b>", payout=one.id, amount=one.sent),
        t("For {since} to {until}", since=one.since, until=one.until),
        Html(""),
    ]
    signed = (
        (sums.carried, t("Carried over: {amount}", amount=sums.carried)),
        (sums.sales, t("Released from sales: {amount}", amount=sums.sales)),
        (sums.fees, t("Fees: −{amount}", amount=sums.fees)),
        (sums.reserved, t("Kept in reserve: −{amount}", amount=sums.reserved)),
        (sums.freed, t("Set free from the reserve: {amount}", amount=sums.freed)),
        (sums.refunds, t("Refunds and other movements: {amount}", amount=sums.refunds)),
        (sums.netted, t("Debts netted: −{amount}", amount=sums.netted)),
        (sums.left, t("Stays with us: −{amount}", amount=sums.left)),
    )
    lines += [words for amount, words in signed if amount]
    if one.taken.asset != one.sent.asset:
        lines.append(t("Paid out: <b>{taken}</b>, exchanged to <b>{sent}</b>", taken=one.taken, sent=one.sent))
        lines += [rate_line(t, rate) for rate in one.rates]
    else:
        lines.append(t("Paid out: <b>{taken}</b>", taken=one.taken))
    if one.state is PayoutState.HELD:
        lines.append(t("The shop is looking at it first; you will hear."))
    else:
        lines.append(t("To: <code>{account}</code>, {holder}", account=masked(seller.account), holder=seller.holder))
    return Screen(Html("\n").join(lines), rows(row(Key(t.plain("🧾 Statement"), ("sd", one.id)))))


def payout_sent(t: Words, one: Payout) -> Screen:
    """The bank has said so."""
    return Screen(t("✅ Payout {payout}: {amount} has been sent to your account.", payout=one.id, amount=one.sent))


def payout_returned(t: Words, one: Payout, seller: Seller, *, own: bool) -> Screen:
    """It came back, whole."""
    if own:
        return Screen(
            t(
                "↩️ <b>Payout {payout} of {amount} came back</b> from your bank. All of it is yours again. "
                "Please give another account, or check this one: <code>{account}</code>.",
                payout=one.id,
                amount=one.sent,
                account=masked(seller.account),
            ),
            rows(row(Key(t.plain("🏦 Another account"), ("pa",)))),
        )
    return Screen(
        t(
            "↩️ Payout {payout} of {amount} to {seller} came back: {why}.",
            payout=one.id,
            amount=one.sent,
            seller=seller.name,
            why=one.evidence,
        )
    )


def payout_late(t: Words, one: Payout, seller: Seller) -> Screen:
    """Refused, given back, and then it went out all the same."""
    return Screen(
        t(
            "⚠️ Payout {payout} of {amount} to {seller} was refused, and was paid all the same. It has been taken from "
            "their balance again; what that did not hold is their debt.",
            payout=one.id,
            amount=one.sent,
            seller=seller.name,
        )
    )


def by_hand(t: Words, operation: Operation) -> Html:
    """What an admin has to transfer themselves."""
    account, _, holder = operation.target.partition("\n")
    return t(
        "🏦 Please make this payout yourself, as no bank is connected for it:\n"
        "{amount} to {holder}\n<code>{account}</code>\nEnd-to-end reference: <code>{reference}</code>\n"
        "Then: /paid {payout} REFERENCE, with your bank’s reference of it.",
        amount=operation.amount,
        holder=holder,
        account=account,
        reference=operation.reference,
        payout=operation.body["payout"],
    )


def waiting(t: Words, asked: list[Operation]) -> Screen:
    """What an admin has still to transfer. The accounts stand in the message that asked for each."""
    lines = [t("⏳ <b>These transfers wait for you.</b> Somebody expects their money:"), Html("")]
    return Screen(Html("\n").join([*lines, *(_waits(t, one) for one in asked)]))


def _waits(t: Words, one: Operation) -> Html:
    _, _, holder = one.target.partition("\n")
    facts = {"amount": one.amount, "holder": holder or t.plain("the payer"), "day": one.created_at.date()}
    if one.kind is OperationKind.PAYOUT:
        return t(
            "⏳ {amount} to {holder}, since {day}. Once made: <code>/paid {payout}</code> and your bank’s reference",
            payout=one.body["payout"],
            **facts,
        )
    return t("⏳ {amount} back to {holder}, since {day}. The bank’s own message will prove it", **facts)


def payouts(t: Words, found: list[tuple[Payout, Seller]], asked: list[Operation]) -> Screen:
    """The newest payouts with their states; before them what waits for an admin's hand."""
    if not found and not asked:
        return Screen(t("No payouts yet."))
    lines = [t("<b>Payouts</b>"), Html("")]
    lines += [*(_waits(t, one) for one in asked), Html("")] if asked else []
    listed = [
        t(
            "{symbol} <code>{payout}</code> {amount} to {seller}, {state} ({channel}, {day})",
            symbol=_SYMBOLS[one.state],
            payout=one.id,
            amount=one.sent,
            seller=seller.name,
            state=STATES[one.state],
            channel=one.channel,
            day=one.created_at.date(),
        )
        for one, seller in found
    ]
    more = t("/hold PAYOUT stops one, /release PAYOUT sends it, /paid PAYOUT REFERENCE says it was made.")
    return Screen(fitted(t, lines, listed, [Html(""), more], MESSAGE))
