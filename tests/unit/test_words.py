"""The words: escaped, translated, and exact about money."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as some

from bot.words import Catalogue, Html, Word, Words, escape, negotiate
from core.errors import Gone
from core.iso4217 import EXPONENTS
from core.money import Asset, BadPrice, Money, asset, register_token

EN = Words.of("en")
ZH = Words.of("zh-hans")


def euros(minor: int) -> Money:
    return Money(minor, asset("EUR"))


@pytest.mark.parametrize(
    ("code", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("en", "en"),
        ("pt-br", "en"),
        ("xx-what-ever", "en"),
        ("zh", "zh_Hans"),
        ("zh-hans", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh_TW", "zh_Hans"),
        ("zh-hant", "zh_Hans"),
        ("-", "en"),
        ("a" * 10_000, "en"),
    ],
)
def test_a_reader_gets_the_nearest_language(code: str | None, language: str) -> None:
    assert Words.of(code).language == language
    assert negotiate("zh") == "zh_Hans"


def test_what_people_typed_is_escaped_and_what_we_wrote_is_not() -> None:
    told = EN("<b>{title}</b> costs {price}.", title="<Fish & 'chips'>", price=euros(1250))
    assert told == "<b>&lt;Fish &amp; &#x27;chips&#x27;&gt;</b> costs €12.50."
    assert isinstance(told, Html)
    assert EN("{inner}!", inner=told) == told + "!"


def test_a_right_to_left_trick_cannot_reorder_an_amount() -> None:
    assert EN.plain("{name} pays 5", name="eve\u202e\u2066\u200f") == "eve pays 5"
    assert EN.plain("{name}: 5", name="שלום") == "\u2068שלום\u2069: 5"
    assert EN.plain("{name}", name="王小明 👨‍👩‍👧") == "王小明 👨‍👩‍👧"


def test_a_lone_surrogate_or_a_control_character_never_reaches_telegram() -> None:
    assert EN.plain("{name}", name="a\ud800b\x00c\x1bd\ne") == "abcd\ne"


def test_buttons_and_toasts_refuse_markup() -> None:
    with pytest.raises(ValueError, match="markup"):
        EN.plain("<b>Pay</b>")
    with pytest.raises(ValueError, match="markup"):
        EN.plain("Fish &amp; chips")
    with pytest.raises(ValueError, match="HTML"):
        EN.plain("Pay {what}", what=Html("<b>x</b>"))
    assert EN.plain("Pay {what} < 5", what="<b>") == "Pay <b> < 5"


def test_only_plain_names_may_stand_in_a_sentence() -> None:
    for bad in ("{0}", "{a.b}", "{a!r}", "{a:>10}", "{}"):
        with pytest.raises(ValueError, match="name"):
            EN(bad, a=1)
    with pytest.raises(KeyError):
        EN("{missing}")
    assert EN("{{x}} {a}", a=1) == "{x} 1"


def test_a_value_nobody_decided_how_to_show_is_a_defect() -> None:
    for value in (True, None, 1.5, object(), {"a": 1}):
        with pytest.raises(TypeError, match="nobody decided"):
            EN("{x}", x=value)


def test_a_refusal_is_told_in_the_readers_language() -> None:
    assert EN.refusal(Gone()) == "That is no longer here, or it is not yours."
    assert ZH.refusal(Gone()) == "它已不存在，或不属于您。"
    assert ZH.refusal(BadPrice(text="<5>")) == "“&lt;5&gt;”不是有效的价格。请输入金额和货币，例如 12.50 EUR。"
    assert "“<5>”" in ZH.plain_refusal(BadPrice(text="<5>"))


def a_catalogue(text: str, folder: Path) -> Catalogue:
    path = folder / "some.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n' + text,
        "utf-8",
    )
    return Catalogue.read(path)


def test_words_that_arrive_as_values_are_translated_where_they_are_shown(tmp_path: Path) -> None:
    t = Words("en", a_catalogue('msgid "Gold"\nmsgstr "Or & argent"\n', tmp_path))
    assert t("Tier {tier}", tier=Word("Gold")) == "Tier Or &amp; argent"
    assert t("Tier {tier}", tier="Gold") == "Tier Gold"
    assert t.plain("{tiers}", tiers=[Word("Gold"), "Tin"]) == "Or & argent and Tin"


def test_plurals_follow_the_catalogues_own_rule(tmp_path: Path) -> None:
    po = 'msgid "{n} item"\nmsgid_plural "{n} items"\nmsgstr[0] "{n} article"\nmsgstr[1] "{n} articles"\n'
    french = Words("en", a_catalogue(po, tmp_path))
    assert [french.plural("{n} item", "{n} items", n) for n in (0, 1, 2)] == ["0 article", "1 article", "2 articles"]
    assert [EN.plain_plural("{n} item", "{n} items", n) for n in (0, 1, 2)] == ["0 items", "1 item", "2 items"]


def test_a_fuzzy_or_empty_translation_is_not_shown(tmp_path: Path) -> None:
    t = Words("en", a_catalogue('#, fuzzy\nmsgid "Yes"\nmsgstr "Maybe"\n\nmsgid "No"\nmsgstr ""\n', tmp_path))
    assert (t("Yes"), t("No")) == ("Yes", "No")


def test_an_amount_shows_the_assets_own_decimals() -> None:
    told = {code: EN.money(Money(123456, asset(code))) for code in ("EUR", "JPY", "KWD", "LBP", "CHF", "USD", "CNY")}
    assert told == {
        "EUR": "€1,234.56",
        "JPY": "JP¥123,456",
        "KWD": "KWD\u00a0123.456",
        "LBP": "LBP\u00a01,234.56",
        "CHF": "CHF\u00a01,234.56",
        "USD": "US$1,234.56",
        "CNY": "CN¥1,234.56",
    }
    assert ZH.money(Money(-5, asset("CNY"))) == "-¥0.05"
    register_token("USDC", 6)
    assert EN.money(Money(1, asset("USDC"))) == "USDC\u00a00.000001"


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_no_two_currencies_look_alike(t: Words) -> None:
    told = {t.money(Money(0, Asset(code, 0))) for code in EXPONENTS}
    assert len(told) == len(EXPONENTS)
    assert not {"$0", "kr0", "£0"} & (told - {"£0"})


@given(some.sampled_from(sorted(EXPONENTS)), some.integers(-(10**15), 10**15), some.sampled_from([EN, ZH]))
def test_amounts_agree_with_babel_when_it_is_held_to_iso_digits(code: str, minor: int, t: Words) -> None:
    money = Money(minor, asset(code))
    digits = "." + "0" * money.asset.exponent if money.asset.exponent else ""
    told = format_currency(money.decimal, code, f"¤#,##0{digits}", t.locale, currency_digits=False)
    assert t.money(money).replace("\u00a0", "") == told.replace("\u00a0", "")


def test_rates_have_six_significant_digits() -> None:
    told = {
        "7.8": "7.80",
        "7.80421299": "7.80421",
        "0.00612345678": "0.00612346",
        "18354.5678": "18,354.57",
        "1234567.891": "1,234,567.89",
        "0.999999999": "1.00",
        "1": "1.00",
    }
    assert {given: EN.rate(Decimal(given)) for given in told} == told
    assert EN.rate(Fraction(1, 3)) == "0.333333"


@given(some.fractions(min_value=Fraction(1, 10**7), max_value=10**7))
def test_a_rate_shown_is_within_half_a_unit_of_its_sixth_digit(rate: Fraction) -> None:
    shown = Fraction(EN.rate(rate).replace(",", ""))
    assert abs(shown - rate) <= rate * Fraction(1, 2 * 10**5)


def test_percent_comes_from_basis_points() -> None:
    told = {250: "2.5%", 10_000: "100%", 0: "0%", 1: "0.01%", -125: "-1.25%", 100_000: "1,000%"}
    assert {points: EN.percent(points) for points in told} == told


def test_moments_name_their_zone() -> None:
    moment = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
    assert EN.moment(moment) == "22 Nov 2026, 19:05\u00a0UTC"
    assert ZH.moment(moment) == "2026年11月22日 19:05\u00a0UTC"
    assert EN.moment(moment, ZoneInfo("Asia/Shanghai")) == "23 Nov 2026, 03:05\u00a0CST"
    shanghai = Words.of("zh", ZoneInfo("Asia/Shanghai"))
    assert (shanghai.date(moment), shanghai.time(moment)) == ("2026年11月23日", "03:05")
    assert EN.plain("{d} {t}", d=date(2026, 1, 2), t=time(9, 30)) == "2 Jan 2026 09:30"
    with pytest.raises(ValueError, match="zone"):
        EN.moment(datetime(2026, 11, 22))  # noqa: DTZ001


def test_spans_round_down_to_two_units() -> None:
    told = {
        -5: "0 sec",
        45: "45 sec",
        14 * 60 + 59: "14 min",
        3600: "1 hr",
        5400: "1 hr, 30 min".replace(",", ""),
        90_000: "1 day 1 hr",
        8 * 86_400 + 3600: "8 days",
    }
    assert {seconds: EN.span(timedelta(seconds=seconds)) for seconds in told} == told
    assert ZH.span(timedelta(minutes=90)) == "1小时30分钟"
    assert EN.span(timedelta(seconds=899.9)) == "15 min"


def test_html_stays_html_when_joined() -> None:
    assert Html("\n").join([Html("<b>a</b>"), "a<b"]) == "<b>a</b>\na&lt;b"
    assert isinstance("x<" + Html("<i>y</i>"), Html)
    assert "x<" + Html("<i>y</i>") == "x&lt;<i>y</i>"
    assert escape(Html("<i>")) == "<i>"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sam\u200bpan\ufeff", "Sampan"),
        ("Sam\u200dpan", "Sampan"),
        ("Sam\u00adpan\u3164", "Sampan"),
        ("Sam\U000e0041pan", "Sampan"),
        ("two\u2028lines", "twolines"),
        ("Z\u0301\u0301\u0301\u0301\u0301algo", "Z\u0301\u0301algo"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("क्\u200dष", "क्\u200dष"),
        ("می\u200cخواهم", "\u2068می\u200cخواهم\u2069"),
        ("Việt", "Việt"),
    ],
)
def test_a_name_hides_nothing_and_loses_nothing_that_is_read(name, shown):
    assert EN.plain("{name}", name=name) == shown
