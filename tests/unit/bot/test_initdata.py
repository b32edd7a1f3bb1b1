"""initData is believed when the bot's token signed it minutes ago, and never otherwise; other people's code agrees."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from aiogram.utils.web_app import check_webapp_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.webapps import sign
from bot.web.initdata import AHEAD, MOST_AGE, NotFromTelegram, OpenedLongAgo, read_init_data

TOKEN = "1000000001:demo-token-of-no-value"
OPENED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MAYA = {"id": 5001, "first_name": "Maya & Co = ünï", "language_code": "zh-hans", "allows_write_to_pm": True}


def fields(**changed: str) -> dict[str, str]:
    return {
        "user": json.dumps(MAYA, ensure_ascii=False),
        "auth_date": str(int(OPENED.timestamp())),
        "signature": "third-party_ed25519",
        "query_id": "AAH",
    } | changed


def test_whoever_opened_the_page_is_known() -> None:
    opened = read_init_data(sign(TOKEN, fields()), TOKEN, OPENED + timedelta(minutes=3))
    assert (opened.person, opened.language, opened.at) == (5001, "zh-hans", OPENED)


def test_both_judges_agree_that_the_field_signature_is_signed_too() -> None:
    with_it = sign(TOKEN, fields())
    assert check_webapp_signature(TOKEN, with_it)
    unsigned = dict(parse_qsl(with_it))
    del unsigned["signature"]
    without = urlencode(unsigned, quote_via=quote)
    assert not check_webapp_signature(TOKEN, without)
    with pytest.raises(NotFromTelegram):
        read_init_data(without, TOKEN, OPENED)


@settings(max_examples=60)
@given(st.data())
def test_a_changed_character_is_refused_wherever_it_stands(data: st.DataObject) -> None:
    good = sign(TOKEN, fields())
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.sampled_from("aZ09%&=+_-"))
    changed = good[:place] + other + good[place + 1 :]
    if parse_qsl(changed, keep_blank_values=True) == parse_qsl(good, keep_blank_values=True):
        return  # %c3 and %C3 are one byte
    with pytest.raises(NotFromTelegram):
        read_init_data(changed, TOKEN, OPENED)


TEXT = st.characters(codec="utf-8", exclude_characters="\n")


@settings(max_examples=60)
@given(st.dictionaries(st.text(TEXT, min_size=1, max_size=8), st.text(TEXT, min_size=1, max_size=20), max_size=6))
def test_any_honest_fields_are_accepted_by_us_and_by_aiogram(more: dict[str, str]) -> None:
    honest = sign(TOKEN, {name: value for name, value in more.items() if name != "hash"} | fields())
    assert check_webapp_signature(TOKEN, honest)
    assert read_init_data(honest, TOKEN, OPENED).person == 5001


@pytest.mark.parametrize("token", ["1000000001:demo-token-of-no-valuf", "", "WebAppData"])
def test_forged_with_another_token_is_refused(token: str) -> None:
    with pytest.raises(NotFromTelegram):
        read_init_data(sign(token, fields()), TOKEN, OPENED)


def test_init_data_of_yesterday_is_refused_and_of_minutes_ago_is_not() -> None:
    text = sign(TOKEN, fields())
    read_init_data(text, TOKEN, OPENED + MOST_AGE)
    for age in (MOST_AGE + timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)):
        with pytest.raises(OpenedLongAgo):
            read_init_data(text, TOKEN, OPENED + age)
    assert timedelta(hours=1) > MOST_AGE


def test_init_data_of_tomorrow_is_refused() -> None:
    text = sign(TOKEN, fields())
    read_init_data(text, TOKEN, OPENED - AHEAD)
    with pytest.raises(NotFromTelegram):
        read_init_data(text, TOKEN, OPENED - AHEAD - timedelta(seconds=1))


@pytest.mark.parametrize(
    "twice",
    ["&user=%7B%22id%22%3A5002%7D", "&auth_date=1800000000", "&hash=" + "0" * 64, "&user="],
)
def test_a_field_that_stands_twice_is_refused(twice: str) -> None:
    good = sign(TOKEN, fields())
    for text in (good + twice, twice[1:] + "&" + good):
        with pytest.raises(NotFromTelegram):
            read_init_data(text, TOKEN, OPENED)


def test_a_field_cannot_pass_for_two() -> None:
    """Signed is only the text `a=1 newline b=2`: a field a of value "1 newline b=2" gives the same text."""
    honest = sign(TOKEN, fields(start_param="x"))
    spread = dict(parse_qsl(honest))
    spread["signature"] += "\nstart_param=" + spread.pop("start_param")
    # Sorted, the two stand beside each other, so the hash of the merged fields is the honest one.
    merged = urlencode(spread, quote_via=quote)
    secret = hmac.digest(b"WebAppData", TOKEN.encode(), "sha256")
    rest = {name: value for name, value in spread.items() if name != "hash"}
    lines = "\n".join(f"{name}={value}" for name, value in sorted(rest.items()))
    assert hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest() == spread["hash"]
    with pytest.raises(NotFromTelegram):
        read_init_data(merged, TOKEN, OPENED)


@pytest.mark.parametrize(
    "user",
    ["", "null", "[]", "{}", '{"id":"5001"}', '{"id":true}', '{"id":0}', '{"id":-5}', '{"id":5.0}', "[" * 3000,
     '{"id":99999999999999999999}', '{"id":7,"is_bot":true}', "{"],
)  # fmt: skip
def test_what_is_signed_but_names_no_person_is_refused(user: str) -> None:
    with pytest.raises(NotFromTelegram):
        read_init_data(sign(TOKEN, fields(user=user)), TOKEN, OPENED)


@pytest.mark.parametrize("auth_date", ["", "x", "-1", "1e9", "999999999999", "１７６３"])
def test_what_is_signed_but_has_no_date_is_refused(auth_date: str) -> None:
    with pytest.raises(NotFromTelegram):
        read_init_data(sign(TOKEN, fields(auth_date=auth_date)), TOKEN, OPENED)


@pytest.mark.parametrize("text", ["", "hash=", "user", "&&&", "a=%ff", "a=" + "b" * 5000, "hash=" + "0" * 64])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(NotFromTelegram):
        read_init_data(text, TOKEN, OPENED)


def test_a_refusal_carries_nothing_of_what_was_sent() -> None:
    with pytest.raises(NotFromTelegram) as caught:
        read_init_data(sign("9:other", fields()), TOKEN, OPENED)
    assert "5001" not in str(caught.value)
    assert not caught.value.params
