"""The catalogues are complete, and the check that says so sees what it should."""

import pytest
from babel.messages import Catalog

from locales.__main__ import check
from locales.checks import faults


def test_every_sentence_is_in_every_catalogue() -> None:
    assert check() == []


def found(
    source: str | tuple[str, str], translation: str | tuple[str, ...], language: str = "zh_Hans", *flags: str
) -> str:
    """The faults of a catalogue with this one translation, as one text."""
    template, translated = Catalog(), Catalog(locale=language, fuzzy=False)
    template.add(source)
    translated.add(source, translation, flags=flags)
    return "\n".join(faults(template, translated, language))


@pytest.mark.parametrize(
    ("source", "translation", "fault"),
    [
        ("Pay {amount}", "", "not translated"),
        ("Pay {amount}", "付款", "parameters differ"),
        ("Pay {amount}", "付款 {amounts}", "parameters differ"),
        ("Pay {amount}", "付款 {amount} {amount}", "parameters differ"),
        ("Pay {amount}", "付款 {amount!r}", "only {name}"),
        ("Pay {amount:>3}", "付款", "only {name}"),
        ("<b>Pay</b>", "付款", "tags differ"),
        ("<b>Pay</b>", "<b>付款<b>", "tags differ"),
        ("<b>Pay", "<b>付款", "not closed"),
        ("<b><i>Pay</b></i>", "<b><i>付款</b></i>", "closes nothing"),
        ("<div>Pay</div>", "<div>付款</div>", "does not know <div>"),
        ('<b onclick="x">Pay</b>', '<b onclick="x">付款</b>', "does not know"),
        ("Fish & chips", "鱼", "bare"),
        ("1 < 2", "一", "bare"),
        (("{n} item", "{n} items"), ("件",), "parameters differ"),
        (("{n} item of {who}", "{n} items"), ("{n} 件",), "two forms"),
    ],
)
def test_a_wrong_translation_is_found(
    source: str | tuple[str, str], translation: str | tuple[str, ...], fault: str
) -> None:
    assert fault in found(source, translation)


def test_a_right_translation_is_accepted() -> None:
    assert found("<b>{a}</b> pays {b}", "{b} 由 <b>{a}</b> 支付") == ""
    assert found('<a href="https://x.example">x</a>', '<a href="https://x.example">某</a>') == ""
    assert found(("One item", "{n} items"), ("{n} 件",)) == ""
    assert found(("One item", "{n} items"), ("One thing", "{n} things"), "en") == ""
    assert found("Pay", "", "en") == ""


def test_fuzzy_missing_and_obsolete_are_found() -> None:
    assert "fuzzy" in found("Pay", "付款", "zh_Hans", "fuzzy")
    template, translated = Catalog(), Catalog(locale="zh_Hans", fuzzy=False)
    template.add("New")
    translated.add("Old", "旧")
    told = "\n".join(faults(template, translated, "zh_Hans"))
    assert "'New': missing" in told
    assert "'Old': obsolete" in told


def test_a_wrong_plural_rule_is_found() -> None:
    assert "Plural-Forms" in "\n".join(faults(Catalog(), Catalog(locale="en"), "zh_Hans"))
