"""Rates: the desk tells the last known fixing and its age, crosses through the euro, and never looks ahead."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import asset
from core.payments.fx.desk import Fixing, NoRate, RateDesk, RatesPart, StaleRate, business_days
from core.payments.fx.pricing import six_digits
from tests.builders import BRL, CNY, EUR, TODAY, USD, eur, fixings, money, rate_desk

SATURDAY, MONDAY, WEDNESDAY, THURSDAY = (date(2026, 10, 31), date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 5))


def test_a_pair_is_crossed_through_the_euro_and_exact() -> None:
    desk = rate_desk()
    assert desk.mid(EUR, CNY, TODAY).rate == Fraction("7.9")
    assert desk.mid(CNY, EUR, TODAY).rate == 1 / Fraction("7.9")
    assert desk.mid(BRL, CNY, TODAY).rate == Fraction("7.9") / Fraction("6.25")
    assert desk.mid(EUR, EUR, TODAY).rate == 1
    assert desk.approximately(eur("10.00"), USD, TODAY)[0] == money("12.50 USD")


@given(*[st.fractions(Fraction(1, 1000), 1000)] * 2)
def test_there_and_back_at_mid_is_where_one_began(one: Fraction, other: Fraction) -> None:
    desk = RateDesk()
    desk.learn([*fixings(USD=str(one)), *fixings(CNY=str(other))])
    assert desk.mid(USD, CNY, TODAY).rate * desk.mid(CNY, USD, TODAY).rate == 1


def test_the_older_of_two_fixings_dates_the_pair() -> None:
    desk = rate_desk()
    desk.learn(fixings(on=MONDAY, source="other", USD="1.3"))
    mid = desk.mid(USD, CNY, MONDAY)
    assert (mid.on, mid.source) == (TODAY, "ECB")
    assert desk.mid(EUR, USD, MONDAY).on == MONDAY


@pytest.mark.parametrize(
    ("on", "good"), [(TODAY, True), (SATURDAY, True), (MONDAY, True), (WEDNESDAY, True), (THURSDAY, False)]
)
def test_a_rate_may_be_three_business_days_old_and_weekends_do_not_count(on: date, good: bool) -> None:
    desk = rate_desk()
    if good:
        assert desk.mid(EUR, USD, on).on == TODAY
        return
    with pytest.raises(StaleRate) as refusal:
        desk.mid(EUR, USD, on)
    assert refusal.value.params == {"code": "USD", "on": TODAY}


def test_the_demos_desk_sells_by_a_rate_of_any_age_and_tells_it() -> None:
    assert rate_desk(max_age=None).mid(EUR, USD, date(2030, 1, 1)).on == TODAY
    assert rate_desk(max_age=None).mid(EUR, USD, date(2020, 1, 1)).on == TODAY


def test_an_old_rate_does_not_stand_in_the_way_of_a_pair_without_it() -> None:
    desk = rate_desk()
    desk.learn(fixings(on=THURSDAY, USD="1.3"))
    assert desk.mid(EUR, USD, THURSDAY).rate == Fraction("1.3")
    assert desk.mid(CNY, CNY, THURSDAY).rate == 1


def test_a_currency_without_a_fixing_has_no_rate() -> None:
    with pytest.raises(NoRate) as refusal:
        rate_desk().mid(asset("ZAR"), EUR, TODAY)
    assert refusal.value.params == {"code": "ZAR"}


def test_an_older_fixing_that_comes_late_does_not_replace_a_newer_one() -> None:
    desk = rate_desk()
    desk.learn(fixings(on=date(2026, 10, 29), USD="9"))
    assert desk.mid(EUR, USD, TODAY).rate == Fraction("1.25")


def test_what_an_admin_enters_on_the_same_day_counts_from_then_on() -> None:
    desk = rate_desk()
    desk.learn(fixings(source="ada", USD="1.5", ZAR="20"))
    assert (desk.mid(EUR, USD, TODAY).rate, desk.mid(EUR, USD, TODAY).source) == (Fraction("1.5"), "ada")
    assert desk.mid(EUR, asset("ZAR"), TODAY).rate == 20


def test_a_fixing_of_a_day_to_come_is_not_used_before_that_day_and_spoils_nothing() -> None:
    desk = rate_desk()
    desk.learn(fixings(on=date(2062, 10, 30), USD="9", ZAR="20"))
    assert desk.mid(EUR, USD, TODAY).rate == Fraction("1.25")
    with pytest.raises(NoRate):
        desk.mid(EUR, asset("ZAR"), TODAY)
    desk.learn(fixings(on=MONDAY, USD="1.3"))
    assert desk.mid(EUR, USD, MONDAY).rate == Fraction("1.3")
    with pytest.raises(StaleRate):
        desk.mid(EUR, USD, date(2062, 10, 29))


def test_a_rate_of_nothing_is_not_learned() -> None:
    desk = rate_desk()
    desk.learn(fixings(USD="0", CNY="-1"))
    assert desk.mid(EUR, USD, TODAY).rate == Fraction("1.25")
    assert [fixing.code for fixing in desk.known()] == ["BRL", "CNY", "JPY", "USD"]


@pytest.mark.parametrize(("since", "until", "days"), [
    (TODAY, TODAY, 0), (TODAY, SATURDAY, 0), (TODAY, MONDAY, 1), (SATURDAY, MONDAY, 1), (MONDAY, TODAY, 0),
])  # fmt: skip
def test_business_days_are_counted_from_the_day_after(since: date, until: date, days: int) -> None:
    assert business_days(since, until) == days


@pytest.mark.parametrize(("rate", "shown"), [
    ("0.7990506329", "0.799051"), ("7.8999995", "7.9"), ("123456.7", "123457"), ("1234567.8", "1234570"),
    ("0.000012345678", "0.0000123457"), ("999999.5", "1000000"), ("0.9999995", "1"), ("1", "1"),
])  # fmt: skip
def test_a_rate_is_used_with_the_six_digits_that_are_shown(rate: str, shown: str) -> None:
    assert six_digits(Fraction(rate)) == Fraction(shown)


@given(st.fractions(Fraction(1, 10**9), 10**9))
def test_six_digits_are_never_off_by_more_than_half_of_the_last(rate: Fraction) -> None:
    assert abs(six_digits(rate) / rate - 1) <= Fraction(5, 10**6)


def test_a_rate_entered_by_hand_stands_against_the_feed_of_its_day() -> None:
    desk, day = RateDesk(3), date(2026, 10, 30)
    desk.learn([Fixing("USD", Fraction(11, 10), day, "ECB"), Fixing("USD", Fraction(12, 10), day, "admin")])
    desk.learn([Fixing("USD", Fraction(11, 10), day, "ECB")])
    assert desk.known() == [Fixing("USD", Fraction(12, 10), day, "admin")]
    desk.learn([Fixing("USD", Fraction(13, 10), day, "admin")])
    assert desk.known() == [Fixing("USD", Fraction(13, 10), day, "admin")]
    later = Fixing("USD", Fraction(11, 10), date(2026, 11, 2), "ECB")
    desk.learn([later])
    assert desk.known() == [later]


def two_sources(one: str, other: str, on: date = TODAY, other_on: date = TODAY) -> RateDesk:
    desk = RateDesk(3, compared=("ECB", "rates.example"), gap_bp=200)
    desk.learn([*fixings(on=other_on, source="rates.example", USD=other, CNY="7.9")])
    desk.learn([*fixings(on=on, USD=one, CNY="7.9")])
    return desk


def test_of_two_sources_that_agree_the_first_one_is_sold_by() -> None:
    desk = two_sources("1.25", "1.2749")  # 1.99 % apart
    assert desk.mid(EUR, USD, TODAY).rate == Fraction("1.25")
    assert desk.mid(EUR, USD, TODAY).source == "ECB"
    assert desk.parted(TODAY) == []


@pytest.mark.parametrize(("one", "other"), [("1.25", "1.2751"), ("1.2751", "1.25"), ("1.25", "125")])
def test_two_sources_that_part_too_far_close_their_currency_and_no_other(one: str, other: str) -> None:
    desk = two_sources(one, other)
    with pytest.raises(RatesPart) as refusal:
        desk.mid(EUR, USD, TODAY)
    assert refusal.value.params == {"code": "USD"}
    with pytest.raises(RatesPart):
        desk.mid(USD, CNY, TODAY)
    assert desk.mid(EUR, CNY, TODAY).rate == Fraction("7.9")
    assert [(gap.code, gap.low.rate < gap.high.rate) for gap in desk.parted(TODAY)] == [("USD", True)]
    assert desk.worth(eur("1.00"), USD, TODAY), "what is held already is valued all the same"


def test_an_admins_rate_settles_what_two_sources_disagree_on() -> None:
    desk = two_sources("1.25", "1.40")
    desk.learn(fixings(source="admin", USD="1.26"))
    assert desk.mid(EUR, USD, TODAY).rate == Fraction("1.26")


def test_a_silent_source_is_not_asked_and_a_stale_one_does_not_contradict() -> None:
    desk = two_sources("1.25", "9", on=THURSDAY)
    assert desk.mid(EUR, USD, THURSDAY).rate == Fraction("1.25"), "four business days old: out of the comparison"
    with pytest.raises(RatesPart):
        two_sources("1.25", "9").mid(EUR, USD, MONDAY)
