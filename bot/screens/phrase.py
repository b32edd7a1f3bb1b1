"""The safety phrase as people see it: on each payment card, at each confirmation, and on its own page."""

from __future__ import annotations

from dataclasses import replace

from bot.screens.screen import Key, Screen, row, rows
from bot.words import Html, Words
from core.people import Person
from core.risk.phrase import LONGEST


def phrase_line(t: Words, person: Person) -> Html:
    """The line that a payment card and a confirmation carry; nothing for who has no phrase yet."""
    if not person.phrase:
        return Html("")
    return t("🔐 Your phrase: <b>{phrase}</b>. No phrase, not from us.", phrase=person.phrase)


def with_phrase(t: Words, text: Html, person: Person) -> Html:
    """Text with the line below it."""
    line = phrase_line(t, person)
    return Html("\n").join([text, line]) if line else text


def signed(t: Words, screen: Screen, person: Person) -> Screen:
    """A screen that asks to confirm, with the line below its words."""
    return replace(screen, text=with_phrase(t, screen.text, person))


def phrase_page(t: Words, phrase: str) -> Screen:
    """/phrase: what it is, what it is for, and how to have another."""
    text = t(
        "🔐 <b>Your safety phrase</b>\n\n<b>{phrase}</b>\n\n"
        "It stands on every payment card of this shop and on every page that asks you to confirm. A card without it, "
        "or with other words, is not from us: do not pay it. Keep it to yourself, and never type it for anybody "
        "who asks.",
        phrase=phrase,
    )
    return Screen(
        text,
        rows(
            row(Key(t.plain("🎲 Other words"), ("ph", "new")), Key(t.plain("✍️ My own words"), ("ph", "own"))),
            row(Key(t.plain("🛍 See what is for sale"), ("sh", 0))),
        ),
    )


def ask_phrase(t: Words) -> Screen:
    """Which words?"""
    return Screen(
        t(
            "Which words shall your payment cards show? One line of at most {most} characters. "
            "No password of yours, please: everybody who looks over your shoulder will see it.",
            most=LONGEST,
        ),
        ask=t.plain("Your words"),
    )
