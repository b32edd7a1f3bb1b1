"""What the step-up page shows, as plain values in its reader's language: a challenge, the factors, the words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.screens.devices import name_of
from bot.words import Words
from core.errors import sentence
from core.people import Person
from core.risk.challenge import Challenge
from core.risk.credentials import Credential
from core.risk.device import Device
from core.risk.factors import Factor
from core.risk.pin import MOST

Json = dict[str, Any]

_VOUCH = sentence("First confirm with what you have set up already")

_TITLES = {
    "pay": sentence("Confirm this payment"),
    "set-pin": sentence("First confirm with your present PIN"),
    "raise-limit": sentence("Confirm your new limits"),
    "phrase": sentence("Confirm that your safety phrase is to be another"),
    "add-passkey": _VOUCH,
    "add-totp": _VOUCH,
    "add-code": _VOUCH,
    "recover": sentence("Confirm that you want to set a new PIN"),
    "recovery-code": sentence("Confirm that you want a new recovery code"),
    "remove-factor": sentence("Confirm that this is to be taken away"),
    "enrol-totp": sentence("Type the code that the app shows now"),
    "enrol-code": sentence("Type the code that was sent to you"),
}

_WAYS = {  # in the order in which they are offered
    Factor.PASSKEY: sentence("Passkey or biometrics"),
    Factor.PIN: sentence("Payment PIN"),
    Factor.TOTP: sentence("Authenticator app"),
    Factor.CODE: sentence("Code by message"),
    Factor.RECOVERY: sentence("Recovery code"),
}


def words(t: Words) -> dict[str, str]:
    """The page's own words."""
    return {
        "pin": t.plain("Your payment PIN"),
        "new_pin": t.plain("Choose a payment PIN"),
        "new_pin_note": t.plain("It is asked for at larger payments. Nobody of the shop will ever ask you for it."),
        "pin_again": t.plain("The same PIN once more"),
        "pin_differs": t.plain("That was another PIN. Please choose one again."),
        "ok": t.plain("OK"),
        "back": t.plain("Delete the last digit"),
        "confirm": t.plain("Confirm"),
        "cancel": t.plain("Cancel"),
        "close": t.plain("Close"),
        "again": t.plain("Try again"),
        "use_passkey": t.plain("Confirm with passkey or biometrics"),
        "passkey_failed": t.plain("The passkey was not used. Try again, or choose another way."),
        "passkey_outside": t.plain("Open this page in your browser to use a passkey"),
        "totp_code": t.plain("Six digits from your authenticator app"),
        "sent_code": t.plain("The code that was sent to {masked}", masked="%"),
        "send_code": t.plain("Send me a code"),
        "recovery": t.plain("Your recovery code, twelve digits"),
        "done": t.plain("Confirmed. Everything else is in the chat."),
        "cancelled": t.plain("Nothing was confirmed."),
        "offline": t.plain("The shop cannot be reached right now. Please try again in a moment."),
        "security": t.plain("How you confirm payments"),
        "set": t.plain("Set"),
        "change": t.plain("Change"),
        "add": t.plain("Add"),
        "remove": t.plain("Remove"),
        "none": t.plain("not set up"),
        "app_scan": t.plain("Scan this with your authenticator app, or type the key into it."),
        "app_open": t.plain("Open in the app on this device"),
        "app_qr": t.plain("QR code for the authenticator app"),
        "next": t.plain("Next"),
        "pin_is_set": t.plain("Your payment PIN is set."),
        "paper": t.plain(
            "Your recovery code. Write it on paper: it is shown only now, and it is the way back when you forget "
            "your PIN."
        ),
        "saved": t.plain("Saved."),
        "devices": t.plain("Devices on which you confirmed something"),
        "not_mine": t.plain("Not mine"),
        "phrase": t.plain("Your safety phrase"),
    }


def challenge(
    t: Words, asked: Challenge, person: Person, shop: str, held: list[Credential], passkey: Json | None
) -> Json:
    """One challenge: what is confirmed, to whom it goes, and the ways to do so that are left.

    Each way of another kind than those done; `passkey` holds the browser's options where the page can use one.
    """
    kinds = {factor.kind for factor in asked.done}
    ways = [
        one
        for one in _WAYS
        if one in asked.asked and one not in asked.done and (asked.needed < 2 or one.kind not in kinds)
    ]
    lines = []
    if asked.payee:
        lines.append([t.plain("To"), t.show(asked.payee)])
    if asked.order:
        lines.append([t.plain("Order"), str(asked.order)])
    sent_to = next((one.label for one in held if one.factor is Factor.CODE), "")
    return {
        "id": asked.id,
        "title": t.word(_TITLES.get(asked.purpose, sentence("Confirm that it is you"))),
        "shop": shop,
        "amount": t.money(asked.amount) if asked.amount is not None else "",
        "lines": lines,
        "phrase": person.phrase,
        "ways": [
            {"factor": str(one), "label": t.word(_WAYS[one])} for one in ways if one is not Factor.PASSKEY or passkey
        ],
        "passkey": passkey,
        "sent": asked.sends > 0,
        "sent_to": sent_to,
        "note": t.plain("Two different confirmations are needed for this.") if asked.needed > 1 else "",
    }


def security(t: Words, held: list[Credential], *, passkeys: bool) -> Json:
    """The factors of somebody, and what can be done with them here."""
    items: list[Json] = []
    for factor in (Factor.PIN, Factor.PASSKEY, Factor.TOTP):
        mine = [one for one in held if one.factor is factor]
        # Another app is another secret: the old one is taken away first. Of passkeys somebody may have several.
        if (factor is Factor.PASSKEY and passkeys) or factor is Factor.PIN or (factor is Factor.TOTP and not mine):
            items.append(
                {
                    "factor": str(factor),
                    "label": t.word(_WAYS[factor]),
                    "state": _since(t, mine[0]) if mine and factor is not Factor.PASSKEY else "",
                    "set": bool(mine),
                }
            )
        if factor is not Factor.PIN:
            items.extend(_removable(t, one) for one in mine)
    return {"items": items}


def device(t: Words, one: Device, *, here: bool) -> Json:
    """A device of theirs; `here` is the one they look at."""
    state = t.plain("locked") if one.locked_at else t.plain("since {day}", day=t.date(one.first_seen))
    if here:
        state = t.plain("this device, {state}", state=state)
    return {"device": one.digest, "label": name_of(t, one), "state": state, "open": one.locked_at is None and not here}


def _removable(t: Words, one: Credential) -> Json:
    name = t.show(one.label) if one.label else t.word(_WAYS[one.factor])
    return {"remove": one.id, "label": name, "state": _since(t, one)}


def _since(t: Words, one: Credential) -> str:
    return t.plain("since {day}", day=t.date(one.created_at))


def wrong(t: Words, left: int, until: datetime | None) -> str:
    """A guess was wrong: how many are left, or until when there are none."""
    if until is not None:
        return t.plain("That is not right. You can try again after {until}.", until=until)
    return t.plain_plural(
        "That is not right. {n} more try before a pause.", "That is not right. {n} more tries before a pause.", left
    )


def pin_bounds(least: int) -> Json:
    """How many digits a PIN has."""
    return {"least": least, "most": MOST}
