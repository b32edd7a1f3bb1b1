"""The screens of /security: what somebody confirms with, how it is changed, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.pictures.studio import BareCode
from bot.screens.screen import Key, Rows, Screen, row, rows
from bot.screens.stepup import NAMES
from bot.words import Html, Words
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.recovery import Recovery


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What somebody has: their credentials that stand, and their recovery that runs, if any."""

    credentials: Sequence[Credential]
    recovery: Recovery | None
    now: datetime

    def has(self, factor: Factor) -> bool:
        """Whether a factor is among them."""
        return any(one.factor is factor for one in self.credentials)


def overview(t: Words, held: Enrolled, *, codes: bool, page: str = "") -> Screen:
    """All of it. `codes`: the shop can send some; `page` is where passkeys are made."""
    lines = [t("<b>How you confirm payments</b>"), Html("")]
    lines += [_line(t, one, held.now) for one in sorted(held.credentials, key=lambda one: (one.factor, one.id))]
    if not held.credentials:
        lines.append(t("Nothing is set up yet. Small payments need nothing; larger ones ask for a payment PIN."))
    if held.recovery is not None:
        lines += [Html(""), running(t, held.recovery, held.now)]
    lines += [Html(""), t("/devices — where you confirmed something\n/phrase — the words by which you know our cards")]
    return Screen(Html("\n").join(lines), _keys(t, held, codes=codes, page=page))


def _line(t: Words, one: Credential, now: datetime) -> Html:
    name, detail = NAMES[one.factor], f" {one.label}" if one.label else ""
    if one.locked_until is not None and one.locked_until > now:
        return t("🔒 {name}{detail}, locked until {until}", name=name, detail=detail, until=one.locked_until)
    return t("✅ {name}{detail}, since {day}", name=name, detail=detail, day=one.created_at.date())


def _keys(t: Words, held: Enrolled, *, codes: bool, page: str) -> Rows:
    has = held.has
    ripe = held.recovery is not None and held.recovery.ripe_at <= held.now
    app, code = has(Factor.TOTP), has(Factor.CODE)
    return rows(
        row(Key(t.plain("🔢 Change PIN") if has(Factor.PIN) and not ripe else t.plain("🔢 Set a PIN"), ("sn",))),
        row(
            Key(t.plain("📱 Other authenticator app") if app else t.plain("📱 Add an authenticator app"), ("sa",)),
            Key(t.plain("✖️ Remove it"), ("sr", Factor.TOTP.value)) if app else None,
        ),
        row(
            Key(t.plain("✉️ Other address for codes") if code else t.plain("✉️ Add an address for codes"), ("se",)),
            Key(t.plain("✖️ Remove it"), ("sr", Factor.CODE.value)) if code else None,
        )
        if codes or code
        else (),
        row(Key(t.plain("🔑 Passkeys and devices"), app=page)) if page else (),
        row(Key(t.plain("📄 New recovery code"), ("sw",))) if has(Factor.PIN) else (),
        row(Key(t.plain("❓ I forgot my PIN"), ("sf",))) if has(Factor.PIN) and held.recovery is None else (),
        row(Key(t.plain("🛑 Stop the recovery"), ("sx", held.recovery.id))) if held.recovery else (),
    )


def another_kind(t: Words, *, has_pin: bool) -> Screen:
    """To somebody who is asked for two independent factors and has one."""
    text = t(
        "This has to be confirmed in two different ways, and you have one: something you know (a PIN) and something "
        "you have (an authenticator app, a passkey, your phone’s number). Please add the other, then confirm again."
    )
    add = Key(t.plain("📱 Add an authenticator app"), ("sa",)) if has_pin else Key(t.plain("🔢 Set a PIN"), ("sn",))
    return Screen(text, rows(row(add)))


def running(t: Words, recovery: Recovery, now: datetime) -> Html:
    """A recovery that is under way."""
    if recovery.ripe_at <= now:
        return t("⏳ Your recovery is ready: you can set a new PIN now.")
    return t("⏳ A recovery is under way. On {moment} a new PIN can be set.", moment=recovery.ripe_at)


def set_one(t: Words) -> Rows:
    """The button that sets a PIN."""
    return rows(row(Key(t.plain("🔢 Set a PIN"), ("sn",))))


def paper(t: Words, code: str) -> Screen:
    """The code on paper: shown once, taken away when it is written down."""
    groups = " ".join(code[at : at + 4] for at in range(0, len(code), 4))
    text = t(
        "📄 <b>Your recovery code</b>\n<code>{code}</code>\n\nWrite it on paper, not into a chat. Should you forget "
        "your PIN, it begins your way back. It is shown only now.",
        code=groups,
    )
    return Screen(text, rows(row(Key(t.plain("✅ I have written it down"), ("sk",)))))


def app(t: Words, uri: str, secret: str) -> Screen:
    """What an authenticator app scans, and the same to type."""
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    text = t(
        "📱 Scan this with your authenticator app, or type the key into it:\n<code>{secret}</code>\n\n"
        "This message goes away once the app works.",
        secret=groups,
    )
    return Screen(text, drawing=BareCode(uri))


def ask_address(t: Words) -> Screen:
    """Where codes shall go."""
    return Screen(
        t("Where shall codes go? Please send a phone number with its country code, or an e-mail address."),
        ask=t.plain("+49 151 23456789"),
    )


def pin_set(t: Words, code: str = "") -> Screen:
    """The PIN is set, and with the first one there is a recovery code to write down."""
    said = t("✅ Your payment PIN is set. Nobody of the shop will ever ask you for it.")
    if not code:
        return Screen(said)
    below = paper(t, code)
    return replace(below, text=said + Html("\n\n") + below.text)


def differs(t: Words) -> Html:
    """The second entry was another one."""
    return t("❌ These were two different PINs. Please choose one again.")


def recovery_begun(t: Words, recovery: Recovery) -> Screen:
    """It runs, and how to stop it."""
    text = t(
        "⏳ <b>A recovery has begun</b>: on {moment} a new payment PIN can be set without the old one.\n"
        "If that was not you, stop it now.",
        moment=recovery.ripe_at,
    )
    return Screen(text, rows(row(Key(t.plain("🛑 Stop the recovery"), ("sx", recovery.id)))))


def no_way_back(t: Words) -> Screen:
    """Only an admin can let it begin."""
    text = t(
        "You have nothing else set up that could show that it is you. The shop can begin the recovery after checking "
        "who you are."
    )
    return Screen(text, rows(row(Key(t.plain("🙋 Ask the shop"), ("sq",)))))


def letter(t: Words, shop: str, recovery: Recovery) -> str:
    """A recovery, told by SMS or mail too: a thief of the chat account reads the chat alone."""
    return t.plain(
        "{shop}: a recovery of your payment PIN has begun. If that was not you, stop it in the chat by /security "
        "before {moment}, or tell the shop.",
        shop=shop,
        moment=recovery.ripe_at,
    )


def wants_back(t: Words, who: int, name: str) -> Screen:
    """To the admins: somebody cannot get in any more."""
    return Screen(
        t(
            "🙋 {name} (<code>{who}</code>) has forgotten their payment PIN and asks for a recovery. Check who they "
            "are by another way than this chat, then: <code>/recover {who} what you checked</code>",
            name=name,
            who=str(who),
        )
    )
