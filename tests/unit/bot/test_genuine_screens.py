"""What a shopper reads of a code: never that it is safe, never a stranger's link to press, in every language."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from bot.screens import genuine as screens
from bot.screens.fit import MESSAGE, length
from bot.words import Words
from core.ids import OrderId, PersonId
from core.qr.code import PaymentCode, Problem, Scheme
from core.risk.genuine import Kind, Standing, Verdict
from core.risk.issued import Lookalike
from locales import LANGUAGES
from tests.builders import NOON

NAME = "Pay at evil.example @evil <b>"
CODE = PaymentCode(Scheme.PIX, NAME, "k@evil.example", Decimal("0.00012345"), "BRL", "R", tuple(Problem))


def every(standing: Standing | None = None) -> list[Verdict]:
    return [
        Verdict(
            kind,
            "K7Q-4TD",
            CODE,
            standing or Standing.UNPAID,
            OrderId("AB12CD34EF"),
            differs=("amount", "currency", "payee", "editable", "extra", "several"),
            likeness=("name", "reference", "amount"),
            host="evil.example",
        )
        for kind in Kind
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_answer_calls_a_code_safe_or_leaves_a_link_of_a_stranger_s(language: str) -> None:
    t = Words.of(language)
    for verdict in every():
        text = screens.verdicts(t, [verdict]).text
        assert not re.search(r"\bsafe\b|\bsecure\b|安全", text), verdict.kind
        outside = re.sub(r"<code>.*?</code>", "", text, flags=re.DOTALL)
        assert "evil" not in outside, verdict.kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_standing_is_told_in_words_of_its_own(language: str) -> None:
    t = Words.of(language)
    texts = {screens.verdicts(t, every(standing)[:1]).text for standing in Standing}
    assert len(texts) == len(Standing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_full_of_codes_fits_into_one_message(language: str) -> None:
    screen = screens.verdicts(Words.of(language), every()[:8])
    assert length(screen.text) <= MESSAGE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_alarm_names_what_it_bears_and_quotes_the_rest(language: str) -> None:
    seen = Lookalike("0" * 64, NOON, PersonId(1), "pix", "name amount", "", NAME, "k@evil.example")
    text = screens.alarm(Words.of(language), seen, "Maya")
    assert "<b>" not in text.replace("<b>", "", 1), "a stranger's name is no markup"
    assert "evil" not in re.sub(r"<code>.*?</code>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(("language", "another"), [("en", "shows another one"), ("zh-hans", "是另一个")])
def test_the_check_mark_of_a_code_that_is_not_ours_is_told_not_to_be_the_right_one(language: str, another: str) -> None:
    for verdict in every():
        text = screens.verdicts(Words.of(language), [verdict]).text
        assert (another in text) == (verdict.kind not in (Kind.OURS, Kind.TEXT)), verdict.kind
        assert (verdict.mark in text) == (verdict.kind is not Kind.TEXT)


def test_an_amount_is_shown_to_its_last_digit() -> None:
    assert "0.00012345 BRL" in screens.verdicts(Words.of("en"), every()[:1]).text
