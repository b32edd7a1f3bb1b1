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


def warning(sign: Sign, about: str, bot: str) -> Html:
    """To everybody in the group, whatever they read."""
    return Html("\n\n").join(_warning(Words.of(language), sign, about, bot) for language in locales.LANGUAGES)


def _warning(t: Words, sign: Sign, about: str, bot: str) -> Html:
    said = {
        Sign.NAME: t("🚨 <b>Careful: this is not {name}.</b> Only the name looks like it.", name=about),
        Sign.USERNAME: t("🚨 <b>Careful: @{name} is not this shop.</b>", name=about),
        Sign.CODE: t("🚨 <b>Careful: do not pay this code.</b> It is not one of this shop’s that waits for a payment."),
        Sign.ACCOUNT: t("🚨 <b>Careful: nobody pays this shop to this account.</b>"),
    }[sign]
    return Html("\n").join(
        [said, t("Pay only by the card in your private chat with @{bot}: it shows your own safety phrase.", bot=bot)]
    )


def report(t: Words, sign: Sign, like: str, link: str) -> Html:
    """To an admin: what stands where."""
    said = {
        Sign.NAME: t("🚨 Somebody in a group passes for {name}.", name=like),
        Sign.USERNAME: t("🚨 Somebody in a group leads to @{name}, which is not the shop.", name=like),
        Sign.CODE: t("🚨 Somebody in a group shows a payment code that nobody should pay."),
        Sign.ACCOUNT: t("🚨 Somebody in a group names an account that is not the shop’s."),
    }[sign]
    return Html("\n").join([said, t("I have warned the group. The message: {link}", link=link)])
