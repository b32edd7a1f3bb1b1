"""Words to somebody who wrote in the chat what belongs into no chat."""

from __future__ import annotations

from bot.words import Html, Words
from core.risk.secrets import Leak


def never_here(t: Words, kind: Leak, *, gone: bool) -> Html:
    """What was wrong with it, what became of it, and how paying works instead. `gone`: the bot could delete it."""
    wrong = {
        Leak.CARD: t("🛑 <b>Please never write a card number here.</b>"),
        Leak.PASSWORD: t("🛑 <b>Please never write a PIN, a password or a one-time code here.</b>"),
        Leak.SEED: t("🛑 <b>Please never write the words of a wallet here.</b> Whoever has them has the money."),
    }[kind]
    became = (
        t("I have deleted your message and kept nothing of it.")
        if gone
        else t("I have kept nothing of it, but I may not delete it: please delete the message yourself.")
    )
    way = t("You pay in your bank’s own app. Neither I nor any seller will ever ask you for this; who does is a fraud.")
    return Html("\n").join([wrong, became, way])
