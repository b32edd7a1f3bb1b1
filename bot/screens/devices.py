"""Screens of devices: a new one, where something was confirmed, and what "that was not me" did."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Word, Words
from core.risk.device import Device


def name_of(t: Words, device: Device) -> str:
    """A device as its owner knows it: Chrome on Android."""
    browser = device.browser or t.plain("a browser")
    return t.plain("{browser} on {system}", browser=browser, system=device.system) if device.system else browser


def new_device(t: Words, device: Device, hours: int) -> Screen:
    """In every session of the chat account: somebody confirms on a device that was never seen."""
    text = t(
        "📱 <b>A new device was used</b> to confirm something for you: {device}, on {moment}. For the next {hours} "
        "hours your limits are lower.\n\nIf that was you, there is nothing to do. If it was not:",
        device=name_of(t, device),
        moment=device.first_seen,
        hours=hours,
    )
    return Screen(text, rows(row(_not_me(t, device))))


def confirmed_on(t: Words, device: Device) -> Screen:
    """After a step-up on the page: where that was."""
    text = t("🔐 Confirmed on {device}, known since {day}.", device=name_of(t, device), day=device.first_seen.date())
    return Screen(text, rows(row(_not_me(t, device))))


def factor_set(t: Words, factor: Word, device: Device | None) -> Screen:
    """In every session of the chat account: a factor was set or changed, and on which device if a page told."""
    if device is None:
        return Screen(
            t("🔐 Your {name} was set or changed. If that was not you: /security, and tell the shop.", name=factor)
        )
    text = t(
        "🔐 Your {name} was set or changed on {device}. If that was not you: lock the device by the button below, "
        "then /security, and tell the shop.",
        name=factor,
        device=name_of(t, device),
    )
    return Screen(text, rows(row(_not_me(t, device))))


def disowned(t: Words, device: Device) -> Screen:
    """It is locked, and what waited for a confirmation is void."""
    text = t(
        "🔒 <b>{device} is locked.</b> It confirms nothing any more, and whatever waited for a confirmation is "
        "void.\n\nDoes somebody else hold your Telegram account? In Telegram: Settings → Devices → Terminate all other "
        "sessions. If they may know your payment PIN: /security changes it. /orders shows what was ordered.",
        device=name_of(t, device),
    )
    return Screen(text)


def passkey_copied(t: Words, label: str) -> Screen:
    """A signature counter went back: two of one passkey are about."""
    text = t(
        "🚨 Your passkey “{label}” was refused: it looks as if somebody had a copy of it. /security removes it.",
        label=label,
    )
    return Screen(text)


def devices(t: Words, found: list[Device], now: datetime, cool: timedelta) -> Screen:
    """/devices: where this person has confirmed things on the page, and a way to lock each."""
    if not found:
        return Screen(t("📱 You have confirmed nothing on the secure page yet, so no device of yours is known."))
    lines = [t("📱 <b>Devices on which you confirmed something</b>"), Html("")]
    lines += [_line(t, one, now, cool) for one in found]
    lines += [
        Html(""),
        t(
            "Besides what stands here we keep only a fingerprint of each, from which nothing can be read back. "
            "One that you lock confirms nothing any more."
        ),
    ]
    open_ = [one for one in found if one.locked_at is None]
    keys = [row(Key(t.plain("🚫 Not mine: {device}", device=name_of(t, one)), ("dn", one.digest))) for one in open_]
    return Screen(Html("\n").join(lines), rows(*keys))


def _line(t: Words, one: Device, now: datetime, cool: timedelta) -> Html:
    name, since, last = name_of(t, one), one.first_seen.date(), one.last_seen.date()
    if one.locked_at is not None:
        return t("🔒 {device}, locked on {day}", device=name, day=one.locked_at.date())
    if one.trusted_at is None and now < one.first_seen + cool:
        return t("🆕 {device}, new: lower limits until {moment}", device=name, moment=one.first_seen + cool)
    return t("✅ {device}, since {day}, last on {last}", device=name, day=since, last=last)


def _not_me(t: Words, device: Device) -> Key:
    return Key(t.plain("🚫 That was not me"), ("dn", device.digest))
