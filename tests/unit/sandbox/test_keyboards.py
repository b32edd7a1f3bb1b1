"""Keyboards are refused where Telegram would refuse them, so that a bot learns of it before going live."""

from __future__ import annotations

import pytest

from bot.sandbox.errors import ApiError
from bot.sandbox.keyboards import parse_markup


def inline(*buttons, private=True, invoice=False):
    return parse_markup({"inline_keyboard": [list(buttons)]}, private=private, invoice=invoice)


def refusal(*buttons, **kwargs):
    with pytest.raises(ApiError) as refused:
        inline(*buttons, **kwargs)
    assert refused.value.code == 400
    return refused.value.description.removeprefix("Bad Request: ")


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "x"}, "text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "callback_data": "a" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "copy_text": {"text": "a" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "url": "localhost"}, "inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL"),
        ({"text": "x", "web_app": {"url": "http://shop.example.com"}},
         "inline keyboard button Web App URL 'http://shop.example.com' is invalid: Only HTTPS links are allowed"),
        ({"text": "x", "web_app": {"url": "http://localhost.evil.test/"}},
         "inline keyboard button Web App URL 'http://localhost.evil.test/' is invalid: Only HTTPS links are allowed"),
        ({"text": "x", "pay": True}, "BUTTON_TYPE_INVALID"),
        ({"callback_data": "a"}, "can't parse inline keyboard button: Can't find field \"text\""),
    ],
)  # fmt: skip
def test_a_button_that_cannot_be_is_refused(button, words):
    assert refusal(button) == words


def test_callback_data_may_have_64_bytes():
    assert inline({"text": "x", "callback_data": "é" * 32})["inline_keyboard"][0][0]["callback_data"] == "é" * 32


def test_of_several_actions_the_first_in_telegrams_order_is_taken():
    both = {"text": "x", "callback_data": "a", "url": "https://a.com/", "copy_text": {"text": "c"}}
    assert inline(both)["inline_keyboard"] == [[{"text": "x", "url": "https://a.com/"}]]


def test_a_mini_app_button_belongs_into_a_private_chat():
    app = {"text": "x", "web_app": {"url": "https://a.com/app"}}
    assert inline(app)["inline_keyboard"][0][0]["web_app"] == {"url": "https://a.com/app"}
    assert refusal(app, private=False) == "BUTTON_TYPE_INVALID"


def test_an_invoice_starts_with_its_pay_button():
    pay, other = {"text": "Pay", "pay": True}, {"text": "x", "callback_data": "a"}
    assert inline(pay, other, invoice=True) is not None
    assert refusal(other, pay, invoice=True) == "REPLY_MARKUP_BUY_EMPTY"


def test_too_many_buttons_are_refused_and_empty_rows_are_dropped():
    rows = [[{"text": "x", "callback_data": "a"}]] * 101
    with pytest.raises(ApiError, match="reply markup is too long"):
        parse_markup({"inline_keyboard": rows}, private=True)
    assert parse_markup({"inline_keyboard": [[], []]}, private=True) is None


def test_reply_keyboards_take_plain_texts_and_need_something_to_press():
    assert parse_markup({"keyboard": [["a"], []]}, private=True) == {"keyboard": [[{"text": "a"}]]}
    with pytest.raises(ApiError, match="reply keyboard must be non-empty"):
        parse_markup({"keyboard": []}, private=True)
    with pytest.raises(ApiError, match="object expected as reply markup"):
        parse_markup([], private=True)
