"""What a code turned out to be, in plain words with a way forward. No answer here says that a code is safe."""

from __future__ import annotations

from collections.abc import Sequence

from bot.screens.fit import MESSAGE, fitted
from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words, tame
from core.qr.code import PaymentCode, Problem, Scheme
from core.risk.genuine import Kind, Standing, Verdict
from core.risk.issued import Lookalike

_LONGEST = 60  # characters shown of what a stranger wrote into a code

SCHEMES = {
    Scheme.PIX: "PIX",
    Scheme.PROMPTPAY: "PromptPay",
    Scheme.PAYNOW: "PayNow",
    Scheme.SGQR: "SGQR",
    Scheme.VIETQR: "VietQR",
    Scheme.KHQR: "KHQR",
    Scheme.DUITNOW: "DuitNow",
    Scheme.EMV: "EMV",
    Scheme.UPI: "UPI",
    Scheme.EPC: "SEPA",
    Scheme.SWISS: "Swiss QR",
    Scheme.BIP21: "Bitcoin",
    Scheme.EIP681: "Ethereum",
    Scheme.BOLT11: "Lightning",
    Scheme.WECHAT: "WeChat Pay",
    Scheme.ALIPAY: "Alipay",
}

_STANDINGS = {
    Standing.UNPAID: Word("It waits for its payment: you can pay it."),
    Standing.CHECKING: Word("The bank is being asked whether it was paid. Please do not pay it again."),
    Standing.PAID: Word("It is paid already. Please do not pay it again."),
    Standing.EXPIRED: Word("Its time is over. Please do not pay it: ask for a new code in the order."),
    Standing.CANCELLED: Word("Its order is cancelled. Please do not pay it."),
    Standing.REPLACED: Word("A newer code has taken its place. Please pay the newer one only."),
}

_DIFFERENCES = {
    "amount": Word("the amount is another one"),
    "currency": Word("the currency is another one"),
    "payee": Word("the name of the payee is another one"),
    "editable": Word("its amount can be changed"),
    "extra": Word("a tip or a fee comes on top"),
    "several": Word("it names a second account"),
}

LIKENESS = {
    "name": Word("our name"),
    "reference": Word("a reference of ours"),
    "amount": Word("the amount of an open order"),
}

_PROBLEMS = {
    Problem.EXPIRED: Word("its time is over"),
    Problem.OPEN_AMOUNT: Word("whoever pays has to type the amount"),
    Problem.EDITABLE_AMOUNT: Word("its amount can be changed"),
    Problem.EXTRA_CHARGE: Word("a tip or a fee comes on top"),
    Problem.SEVERAL_PAYEES: Word("it names a second account"),
    Problem.RECURRING: Word("it asks for a standing order, too"),
    Problem.COLLECT: Word("it asks for leave to take money from you later"),
    Problem.CONTRACT_CALL: Word("it makes your wallet do something other than pay"),
    Problem.MIXED_SCRIPTS: Word("its name mixes letters of alphabets that look alike"),
    Problem.UNCHECKED_SIGNATURE: Word("it carries a signature that I cannot check"),
    Problem.UNSIGNED: Word("it could be signed, and is not"),
    Problem.NO_CHAIN: Word("it does not say in which network"),
    Problem.TEST_NETWORK: Word("it is for a test network, where money is worth nothing"),
}

# What is said of these kinds whatever the code holds.
_ALWAYS = {
    Kind.UNTIED: Word(
        "⚠️ <b>It names our account, but belongs to no order.</b> We could not tell whose payment it is. "
        "Please pay from the card of your order in this chat."
    ),
    Kind.FORGED: Word(
        "⛔ <b>It names our account with a reference that we never made.</b> Please don’t pay it. "
        "Please pay from the card of your order in this chat."
    ),
    Kind.MANDATE: Word(
        "⛔ <b>This code does more than pay.</b> It would let somebody take money from you, now or later. "
        "This shop never asks for that. Please don’t scan it with your bank’s app."
    ),
    Kind.DAMAGED: Word(
        "❌ <b>Damaged, or altered.</b> It begins like a payment code, but its check digits or its form are wrong. "
        "Please don’t pay it; the code of your order is on its card in this chat."
    ),
    Kind.SLIP: Word(
        "🧾 <b>This tells of a transfer and is no payment code.</b> A slip proves nothing: I count a payment when the "
        "bank tells me of it, and I say so here at once."
    ),
    Kind.TEXT: Word(
        "❌ <b>Not a payment code.</b> It holds other text. Your order’s code is on its card in this chat."
    ),
}


def mark_line(t: Words, mark: str) -> Html:
    """What stands beside a code's text: its mark, and what it is for."""
    return t("🔎 Check mark <code>{mark}</code>. Unsure what you pasted? Send it to me before you pay.", mark=mark)


def how_to(t: Words) -> Screen:
    """What to send."""
    return Screen(
        t(
            "🔎 <b>Is this payment code genuine?</b>\n"
            "Send me a picture of it, or forward one, or paste its text: I tell you whether this shop made it. "
            "In a group, answer the picture with /qr."
        )
    )


def nothing_found(t: Words) -> Html:
    """No legible code."""
    return t(
        "I can’t read a code in this picture. Please take it from closer and straight on, or send it as a file. "
        "A picture is never proof of a payment: your bank’s message to us is."
    )


def verdicts(t: Words, found: Sequence[Verdict]) -> Screen:
    """Each code of a picture, judged."""
    head = [_several(t, len(found))] if len(found) > 1 else []
    judged = [Html("\n") + _verdict(t, verdict) if head else _verdict(t, verdict) for verdict in found]
    orders = list(dict.fromkeys(verdict.order for verdict in found if verdict.order))
    keys = [row(Key(t.plain("📦 Order {order}", order=order), ("ov", order))) for order in orders[:4]]
    if not orders:
        keys = [row(Key(t.plain("📦 Your orders"), ("os", 0)))]
    return Screen(fitted(t, head, judged, [], MESSAGE), rows(*keys))


def _several(t: Words, count: int) -> Html:
    return t(
        "⚠️ <b>There are {n} different codes in this picture.</b> Somebody may have stuck one beside the other: "
        "a bank’s app takes whichever it sees first. One by one:",
        n=count,
    )


def _verdict(t: Words, verdict: Verdict) -> Html:
    always = _ALWAYS.get(verdict.kind)
    said = t(always) if always else _WORDS[verdict.kind](t, verdict)
    return Html("\n").join([said, *_facts(t, verdict)])


def _ours(t: Words, verdict: Verdict) -> Html:
    assert verdict.standing is not None
    stands = _STANDINGS[verdict.standing]
    if verdict.order:
        return t("✅ <b>This shop made this code</b>, for order {order}. {stands}", order=verdict.order, stands=stands)
    if verdict.standing is Standing.UNPAID:
        return t(
            "✅ <b>This shop made this code</b>, but not for you. Whoever pays it pays for somebody else: "
            "if you did not mean to, please don’t."
        )
    return t("✅ <b>This shop made this code</b>, but not for you. {stands}", stands=stands)


def _changed(t: Words, verdict: Verdict) -> Html:
    named = [_DIFFERENCES[name] for name in verdict.differs] or [Word("it is written in another way")]
    return t(
        "⛔ <b>This is not the code that we made.</b> It names our account and a reference of ours, but: "
        "{differences}. Please pay only from the card in this chat.",
        differences=named,
    )


def _lookalike(t: Words, verdict: Verdict) -> Html:
    return t(
        "🚨 <b>Do not pay this.</b> It bears {likeness}, and the money would go to somebody else. The shop has it "
        "on record. The right code is on the card of your order in this chat; if you have paid already, call your bank "
        "now.",
        likeness=[LIKENESS[name] for name in verdict.likeness],
    )


def _not_ours(t: Words, verdict: Verdict) -> Html:
    assert verdict.code is not None
    return t(
        "❌ <b>Not a code of this shop.</b> It is a well-formed {scheme} code for somebody else. I can’t vouch for it; "
        "please don’t pay with it for anything you buy here.",
        scheme=SCHEMES.get(verdict.code.scheme, verdict.code.scheme.value),
    )


def _behind(t: Words, verdict: Verdict) -> Html:
    where = _quoted(verdict.host) if verdict.host else Word("its issuer")
    return t(
        "❌ <b>Not a code that this shop made.</b> Who is paid how much only {host} knows; I open no such address, "
        "so I can’t vouch for it. Please pay only from the card in this chat.",
        host=where,
    )


def _link(t: Words, verdict: Verdict) -> Html:
    return t(
        "⛔ <b>Not a payment code of this shop, but a link.</b> It leads to {host}. I don’t open it, and you needn’t "
        "either: this shop never asks you to pay or log in behind a link in a code.",
        host=_quoted(verdict.host),
    )


_WORDS = {
    Kind.OURS: _ours,
    Kind.CHANGED: _changed,
    Kind.LOOKALIKE: _lookalike,
    Kind.NOT_OURS: _not_ours,
    Kind.BEHIND: _behind,
    Kind.LINK: _link,
}


def _facts(t: Words, verdict: Verdict) -> list[Html]:
    """What the code itself says: a name in it is whatever its maker wrote."""
    code, lines = verdict.code, []
    if code is not None and verdict.kind is not Kind.SLIP:
        if code.payee:
            lines.append(t("Name in the code: {name}", name=_quoted(code.payee)))
        if code.account and verdict.kind is not Kind.BEHIND:
            lines.append(t("Account in the code: <code>{account}</code>", account=_short(code.account)))
        if code.amount is not None:
            amount = f"{code.amount:f} {code.currency}"
            lines.append(t("Amount in the code: {amount}", amount=amount))
        if verdict.kind is not Kind.OURS:
            lines += _besides(t, code)
    if verdict.kind is Kind.OURS:
        lines.append(t("Check mark: <code>{mark}</code>", mark=verdict.mark))
    elif verdict.kind is not Kind.TEXT:  # alone it would look like a seal of approval
        lines.append(t("Check mark: <code>{mark}</code>. The card of your order shows another one.", mark=verdict.mark))
    return lines


def _besides(t: Words, code: PaymentCode) -> list[Html]:
    named = [_PROBLEMS[problem] for problem in dict.fromkeys(code.problems) if problem in _PROBLEMS]
    return [t("Besides: {problems}", problems=named)] if named else []


def _quoted(text: str) -> Html:
    """A stranger's words in a type in which Telegram makes no link of them."""
    return Html("<code>") + tame(_short(text)) + Html("</code>")


def _short(text: str) -> str:
    """No more than a line of a stranger's words."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def alarm(t: Words, seen: Lookalike, reporter: str) -> Html:
    """To an admin: a code that looks like ours and pays somebody else."""
    likeness = [LIKENESS[name] for name in seen.likeness.split()]
    return Html("\n").join(
        [
            t(
                "🚨 <b>A forged payment code is about.</b> It bears {likeness} and pays somebody else.",
                likeness=likeness,
            ),
            t("Name in the code: {name}", name=_quoted(seen.payee)),
            t("Account in the code: <code>{account}</code>", account=_short(seen.account)),
            t("Shown to me by {name} on {moment}.", name=reporter, moment=seen.seen_at),
            t("Please warn your shoppers, and report the account to its bank. They were told not to pay."),
        ]
    )
