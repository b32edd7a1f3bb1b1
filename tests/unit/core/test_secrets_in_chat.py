"""What must not be written in a chat is known when it is; what people write all day is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from core.risk.secrets import Leak, blot, blotted, leak


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "my card: 5555-5555-5555-4444 exp 12/27",
        "3782 822463 10005",
        "here: 6212 3456 7890 1232.",
        "4111 1111 1111 1111 12/27 123",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u200b1111\u200b1111\u200b1111",
        "/pay 4111111111111111",
        "3 x 4111 1111 1111 1111",
        "CVV 123",
        "cvc: 4567",
        "the security code is 123",
    ],
)
def test_a_card_is_known_however_it_is_written(text):
    assert leak(text) is Leak.CARD


@pytest.mark.parametrize(
    "text",
    [
        "my PIN is 4711",
        "pin: 471147",
        "/pin 1234",
        "4711",
        "password: hunter",
        "my password is hunter2",
        "密码是 abc123",
        "9491 4291 4246",  # a recovery code
        "支付密码 123456",
        "验证码：482913",
        "the verification code is 482913",
        "пароль: весна",
    ],
)
def test_a_password_or_pin_is_known(text):
    assert leak(text) is Leak.PASSWORD


@pytest.mark.parametrize("language", ["english", "japanese", "spanish", "chinese_simplified"])
@pytest.mark.parametrize("strength", [128, 256])
def test_a_wallets_words_are_known(language, strength):
    assert leak(Mnemonic(language).generate(strength)) is Leak.SEED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "DE89 3704 0044 0532 0130 00",
        "IT60X0542811101000000123456",
        "please use DE89370400440532013000 Maya Rossi",
        "RF18 5390 0754 7034",
        "BCD\n002\n1\nSCT\n\nSampan\nDE02120300000000202051\nEUR10.00",
        "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly",
        "+86 138 0013 8000",
        "call me at +39 06 6982 0000 or +44 20 7946 0958",
        "/order 7K2M4Q9XYZ",
        "/rate USD 1.0842",
        "my password is not working",
        "I forgot my password, what now?",
        "can I pay by card?",
        "the box was open and the tea was wet so please send it again now",
        "2026-11-23 10:30",
        "RR 123456785 CN",
    ],
)
def test_what_people_write_all_day_is_no_secret(text):
    assert leak(text) is None


def test_the_answer_to_an_open_question_may_look_like_a_secret():
    """A Chinese bank account is a card's number, a parcel may have sixteen digits, an Indian address ends in a PIN."""
    assert leak("Bank of China 6212 3456 7890 1232", "payee.account") is None
    assert leak("4111 1111 1111 1111", "ship") is None
    assert leak("Asha Rao\n12 MG Road\nPIN 560001\nIndia", "address") is None
    assert leak("12", "edit.stock") is None and leak("1234", "edit.stock") is None
    assert leak("4111 1111 1111 1111", "address") is Leak.CARD
    assert leak("4111 1111 1111 1111", "edit.stock") is Leak.CARD


@given(st.text())
def test_any_text_is_judged_without_an_error(text):
    leak(text)


@pytest.mark.parametrize("kind", list(Leak))
def test_what_was_blotted_out_names_its_kind_and_nothing_else(kind):
    assert blotted(blot(kind)) is kind
    assert leak(blot(kind)) is None
    assert blotted("card") is None and blotted(kind.value) is None and blotted("") is None
