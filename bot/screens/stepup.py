"""The screens of a step-up: what is confirmed, the keypad with its dots, and the other ways to prove it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.screens.screen import Key, Rows, Screen, row, rows
from bot.words import Html, Word, Words
from core.risk.challenge import Challenge
from core.risk.factors import Factor
from core.risk.keypad import CANCEL, ERASE, OK, Pad
from core.risk.stepping import Tried

NAMES = {
    Factor.PIN: Word("payment PIN"),
    Factor.PASSKEY: Word("passkey"),
    Factor.TOTP: Word("authenticator app"),
    Factor.CODE: Word("code by SMS or mail"),
    Factor.RECOVERY: Word("recovery code"),
}

_PURPOSES = {
    "raise-limit": Word("to raise your limit"),
    "phrase": Word("to change your safety phrase"),
    "set-pin": Word("to change your payment PIN"),
    "remove-factor": Word("to remove a way to confirm"),
    "recovery-code": Word("to make a new recovery code"),
    "recover": Word("to begin a recovery"),
    "payee": Word("to change where your money goes"),
    "add-totp": Word("to add an authenticator app"),
    "add-code": Word("to add an address for codes"),
    "add-passkey": Word("to add a passkey"),
    "enrol-totp": Word("to try the new app"),
    "enrol-code": Word("to try the new address"),
}

SET, AGAIN = "set", "again"  # goals of a keypad that sets a PIN: the first entry, and the second


def subject(t: Words, challenge: Challenge) -> Html:
    """What is confirmed: how much to whom, or what is to be changed."""
    if challenge.amount is not None and challenge.order:
        return t(
            "🔐 <b>Confirm: {amount} to {payee}</b>\nOrder {order}",
            amount=challenge.amount,
            payee=challenge.payee,
            order=challenge.order,
        )
    purpose = _PURPOSES.get(challenge.purpose)
    if purpose is None:
        return t("🔐 <b>Please confirm that it is you</b>")
    return t("🔐 <b>Please confirm that it is you</b>, {purpose}.", purpose=purpose)


def asking(t: Words, factor: Factor) -> Html:
    """What the digits are."""
    match factor:
        case Factor.TOTP:
            return t("Press the six digits that your authenticator app shows.")
        case Factor.CODE:
            return t("Press the six digits of the code that was sent to you.")
        case Factor.RECOVERY:
            return t("Press the twelve digits of your recovery code.")
        case _:
            return t("Press your payment PIN.")


def proving(
    t: Words, challenge: Challenge, pad: Pad, others: Iterable[Factor], page: str = "", note: Html | None = None
) -> Screen:
    """The keypad of a challenge. `note` is what the last try came to."""
    factor = Factor(pad.goal)
    lines = [subject(t, challenge), Html(""), *([note, Html("")] if note else []), asking(t, factor), dots(pad)]
    lines += [Html(""), t("Never write a PIN or a code into a chat, not even here.")]
    again = Key(t.plain("✉️ Send another code"), ("kc", challenge.id)) if factor is Factor.CODE else None
    return Screen(
        Html("\n").join(lines), rows(*keys(t, pad), row(again), *ways(t, challenge, others, page), _cancel(t, pad))
    )


def ways(t: Words, challenge: Challenge, factors: Iterable[Factor], page: str) -> Rows:
    """The other ways to answer a challenge."""
    found = [Key(t.plain("🔓 On the secure page"), app=f"{page}?c={challenge.id}")] if page else []
    labels = {
        Factor.PIN: t.plain("🔢 By PIN"),
        Factor.TOTP: t.plain("📱 By authenticator app"),
        Factor.CODE: t.plain("✉️ By a code sent to me"),
        Factor.RECOVERY: t.plain("📄 By recovery code"),
    }
    found += [Key(labels[one], ("kf", challenge.id, one.value)) for one in factors if one in labels]
    return tuple((key,) for key in found)


def page_first(t: Words, challenge: Challenge, factors: Iterable[Factor], page: str) -> Screen:
    """The page, where the shop has one; the keypad stays for who cannot open it."""
    text = subject(t, challenge) + Html("\n\n") + t("The secure page opens inside Telegram.")
    return Screen(text, rows(*ways(t, challenge, factors, page), (_leave(t, challenge.id),)))


def stuck(t: Words, challenge: Challenge, note: Html, factors: Iterable[Factor], page: str) -> Screen:
    """One way is locked: the others."""
    text = subject(t, challenge) + Html("\n\n") + note
    return Screen(text, rows(*ways(t, challenge, factors, page), (_leave(t, challenge.id),)))


def dots(pad: Pad) -> Html:
    """As many dots as digits were pressed."""
    free = "○ " * max(0, pad.least - len(pad.digits))
    return Html(f"<code>{('● ' * len(pad.digits) + free).strip()}</code>")


def keys(t: Words, pad: Pad) -> Rows:
    """The digits in this pad's order, three in a row; erase and OK beside the last."""

    def key(name: str, label: str) -> Key:
        return Key(label, ("kp", pad.token(name), pad.about))

    found = [key(digit, digit) for digit in pad.order]
    last = (key(ERASE, "⌫"), found[9], key(OK, t.plain("OK")))
    return (*(tuple(found[at : at + 3]) for at in (0, 3, 6)), last)


def _cancel(t: Words, pad: Pad) -> tuple[Key, ...]:
    return (Key(t.plain("✖️ Cancel"), ("kp", pad.token(CANCEL), pad.about)),)


def _leave(t: Words, challenge: str) -> Key:
    return Key(t.plain("✖️ Cancel"), ("kx", challenge))


def setting(t: Words, pad: Pad, why: Html | None = None, note: Html | None = None) -> Screen:
    """The keypad on which a PIN is set: once, and once more."""
    head = t("🔐 <b>Set your payment PIN</b>")
    ask = (
        t("Press a PIN of {least} to {most} digits, then OK.", least=pad.least, most=pad.most)
        if pad.goal == SET
        else t("Press the same PIN once more.")
    )
    lines = [head, *([why] if why else []), Html(""), *([note, Html("")] if note else []), ask, dots(pad)]
    return Screen(Html("\n").join(lines), rows(*keys(t, pad), _cancel(t, pad)))


def why_needed(t: Words) -> Html:
    """To somebody who needs a PIN and has none."""
    return t("This has to be confirmed, and you have no payment PIN yet. Set one, then we go on.")


def wrong(t: Words, tried: Tried) -> Html:
    """A guess was not it."""
    if tried.until is not None:
        return t("❌ That was not right. Too many tries: this way is locked until {until}.", until=tried.until)
    return t.plural(
        "❌ That was not right. One more wrong try locks it.",
        "❌ That was not right. {n} more wrong tries lock it.",
        tried.left,
    )


def confirmed(t: Words, challenge: Challenge) -> Screen:
    """It is proved."""
    return Screen(subject(t, challenge) + Html("\n\n") + t("✅ Confirmed."))


def cancelled(t: Words, order: str) -> Screen:
    """They thought better of it."""
    back = Key(t.plain("‹ Back to the order"), ("rv", order)) if order else None
    return Screen(t("Cancelled. Nothing was confirmed."), rows(row(back)))


def over(t: Words) -> Screen:
    """A keypad whose question is over."""
    return Screen(t("This confirmation is over. Please begin again."))


def letter(t: Words, shop: str, challenge: Challenge, code: str, minutes: int) -> str:
    """What the SMS or mail says: what the code is for, so that nobody gives it away for something else."""
    if challenge.amount is not None:
        return t.plain(
            "{shop}: {code} confirms {amount} to {payee}, order {order}. Good for {n} minutes. "
            "Nobody of ours asks for it.",
            shop=shop,
            code=code,
            amount=challenge.amount,
            payee=challenge.payee,
            order=challenge.order or "",
            n=minutes,
        )
    purpose = _PURPOSES.get(challenge.purpose, Word("to confirm that it is you"))
    return t.plain(
        "{shop}: {code} is your code {purpose}. Good for {n} minutes. Nobody of ours asks for it.",
        shop=shop,
        code=code,
        purpose=purpose,
        n=minutes,
    )
