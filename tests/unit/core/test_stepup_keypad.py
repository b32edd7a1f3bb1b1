"""The keypad: shuffled, its payloads random words that work once, its digits in memory alone."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from core.risk.keypad import CANCEL, ERASE, LIFE, OK, Keypads, KeyUsed, Pad
from tests.builders import LIN, MAYA, NOON


def opened(keypads: Keypads, least: int = 4, most: int = 8) -> Pad:
    return keypads.open(MAYA, NOON, "pin", "C1", least=least, most=most)


def press(keypads: Keypads, pad: Pad, *keys: str) -> Pad:
    for key in keys:
        pad, pressed = keypads.press(MAYA, NOON, pad.token(key))
        assert pressed == key
    return pad


def test_digits_gather_and_are_erased() -> None:
    keypads = Keypads()
    pad = press(keypads, opened(keypads), "4", "0", "4", ERASE, "7")
    assert pad.digits == "407"
    assert not pad.is_enough
    pad = press(keypads, pad, "1", OK)
    assert pad.digits == "4071"
    assert pad.is_enough
    assert press(keypads, pad, "1", "2", "3", "4", "5").digits == "40711234", "no ninth digit fits"


def test_a_key_works_once_and_for_its_owner_alone() -> None:
    keypads = Keypads()
    pad = opened(keypads)
    token = pad.token("4")
    with pytest.raises(KeyUsed):
        keypads.press(LIN, NOON, token)
    keypads.press(MAYA, NOON, token)
    with pytest.raises(KeyUsed):
        keypads.press(MAYA, NOON, token)
    assert pad.digits == "4"


def test_every_key_of_an_older_position_is_dead() -> None:
    keypads = Keypads()
    pad = opened(keypads)
    old = dict(pad.tokens)
    press(keypads, pad, "4")
    assert not old.keys() & pad.tokens.keys()
    for token in old:
        with pytest.raises(KeyUsed):
            keypads.press(MAYA, NOON, token)


def test_a_second_keypad_and_a_closed_one_void_the_first() -> None:
    keypads = Keypads()
    first = opened(keypads)
    token = first.token("1")
    second = opened(keypads)
    with pytest.raises(KeyUsed):
        keypads.press(MAYA, NOON, token)
    keypads.close(MAYA)
    with pytest.raises(KeyUsed):
        keypads.press(MAYA, NOON, second.token("1"))


def test_a_keypad_left_lying_closes_itself() -> None:
    keypads = Keypads()
    pad = opened(keypads)
    with pytest.raises(KeyUsed):
        keypads.press(MAYA, NOON + LIFE, pad.token("1"))
    assert keypads.of(MAYA, NOON + LIFE - timedelta(seconds=1)) is None


def test_the_order_is_shuffled_and_each_digit_is_there_once() -> None:
    orders = {opened(Keypads(random.Random(seed))).order for seed in range(50)}
    assert len(orders) == 50
    assert all(sorted(order) == list("0123456789") for order in orders)


def test_tokens_are_random_words_of_96_bits() -> None:
    keypads = Keypads()
    seen = [token for _ in range(100) for token in opened(keypads).tokens]
    assert len(set(seen)) == 1300
    assert {len(token) for token in seen} == {16}


def test_neither_digits_nor_tokens_show_in_a_repr() -> None:
    keypads = Keypads()
    pad = press(keypads, opened(keypads), "4", "0", "7", "1")
    assert "4071" not in repr(pad)
    assert pad.token(CANCEL) not in repr(pad)


def test_so_many_are_open_at_once_and_no_more() -> None:
    keypads = Keypads(most_open=2)
    for who in (1, 2, 3):
        keypads.open(who, NOON, "pin", "C", least=4, most=8)  # type: ignore[arg-type]
    assert [keypads.of(who, NOON) is not None for who in (1, 2, 3)] == [False, True, True]  # type: ignore[arg-type]
