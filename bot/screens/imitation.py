"""The warning in a group, in every language of the shop; and what its admins hear."""

from __future__ import annotations

from enum import StrEnum

import locales
from bot.words import Html, Words


class Sign(StrEnum):
    """By what a message passes for one of the shop."""

    NAME = "name"
    USERNAME = "username"
    CODE = "code"
    ACCOUNT = "account"


def warning(sign: Sign, about: str, bot: str, *, is_last: bool = False) -> Html:
    """To everybody in the group, whatever they read. `is_last`: this sender is not warned of again for a while."""
    return Html("\n\n").join(_warning(Words.of(language), sign, about, bot, is_last) for language in locales.LANGUAGES)


def _warning(t: Words, sign: Sign, about: str, bot: str, is_last: bool) -> Html:
    said = {
        Sign.NAME: t("🚨 <b>Careful: this is not {name}.</b> Only the name looks like it.", name=about),
        Sign.USERNAME: t("🚨 <b>Careful: @{name} is not this shop.</b>", name=about),
        Sign.CODE: t("🚨 <b>Careful: do not pay this code.</b> It is not one of this shop’s that waits for a payment."),
        Sign.ACCOUNT: t("🚨 <b>Careful: nobody pays this shop to this account.</b>"),
    }[sign]
    lines = [
        said,
        t("Pay only by the card in your private chat with @{bot}: it shows your own safety phrase.", bot=bot),
    ]
    if is_last:
        lines.append(t("I have warned of this sender several times and say no more for now: trust nothing of theirs."))
    return Html("\n").join(lines)


def report(t: Words, sign: Sign, like: str, link: str) -> Html:
    """To an admin: what stands where."""
    said = {
        Sign.NAME: t("🚨 Somebody in a group passes for {name}.", name=like),
        Sign.USERNAME: t("🚨 Somebody in a group leads to @{name}, which is not the shop.", name=like),
        Sign.CODE: t("🚨 Somebody in a group shows a payment code that nobody should pay."),
        Sign.ACCOUNT: t("🚨 Somebody in a group names an account that is not the shop’s."),
    }[sign]
    return Html("\n").join([said, t("I have warned the group. The message: {link}", link=link)])
