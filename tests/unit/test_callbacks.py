"""Buttons: only ours, only their owner's, never longer than Telegram takes."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.callbacks import BrokenButton, BrokenLink, Buttons, ForeignButton, Link, Press, parse_link

BUTTONS = Buttons(b"k" * 32)
ALICE, BOB = 42, 2**52 - 1

arguments = some.one_of(
    some.integers(0, 10**9), some.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=8)
)


@given(some.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True), some.lists(arguments, max_size=3))
def test_a_button_says_what_was_put_into_it(action: str, args: list[str | int]) -> None:
    data = BUTTONS.pack(action, *args, owner=BOB)
    assert len(data.encode()) <= 64
    assert BUTTONS.open(data, BOB) == Press(action, tuple(map(str, args)), public=False)


def test_another_persons_button_is_refused() -> None:
    with pytest.raises(ForeignButton):
        BUTTONS.open(BUTTONS.pack("pay", "ORDER12345", owner=ALICE), BOB)


def test_anybody_may_press_a_public_button() -> None:
    data = BUTTONS.pack("buy", "PRODUCT123", 3, owner=None)
    assert BUTTONS.open(data, BOB) == Press("buy", ("PRODUCT123", "3"), public=True)


@given(some.data())
def test_a_button_changed_by_one_character_is_broken(data: some.DataObject) -> None:
    whole = BUTTONS.pack("pay", "ORDER12345", 7, owner=ALICE)
    at = data.draw(some.integers(0, len(whole) - 1))
    other = data.draw(some.characters().filter(lambda char: char != whole[at]))
    with pytest.raises(BrokenButton):
        BUTTONS.open(whole[:at] + other + whole[at + 1 :], ALICE)


@given(some.text(max_size=80))
def test_anything_else_is_a_broken_button_and_never_a_crash(data: str) -> None:
    with pytest.raises(BrokenButton):
        BUTTONS.open(data, ALICE)


def test_another_shops_key_opens_nothing() -> None:
    with pytest.raises(BrokenButton):
        Buttons(b"other" * 8).open(BUTTONS.pack("pay", owner=ALICE), ALICE)


@pytest.mark.parametrize(("part", "other", "presser"), [("16.", "17.", 43), ("16.", "0.", BOB), ("pay", "buy", ALICE)])
def test_neither_owner_nor_action_can_be_exchanged(part: str, other: str, presser: int) -> None:
    data = BUTTONS.pack("pay", "A", owner=ALICE)
    assert data.count(part) == 1
    with pytest.raises(BrokenButton):
        BUTTONS.open(data.replace(part, other), presser)


@pytest.mark.parametrize(
    ("action", "args", "owner"),
    [("Pay", (), 1), ("pay.x", (), 1), ("pay", ("a.b",), 1), ("pay", ("",), 1), ("pay", ("价",), 1), ("pay", (), 0),
     ("pay", ("x" * 60,), 1)],
)  # fmt: skip
def test_a_button_that_could_not_be_read_back_is_never_made(action: str, args: tuple[str, ...], owner: int) -> None:
    with pytest.raises(ValueError, match="button"):
        BUTTONS.pack(action, *args, owner=owner)


def test_a_deep_link_names_a_thing() -> None:
    assert parse_link("p_0ABCDEF123_7") == Link("p", ("0ABCDEF123", "7"))
    assert parse_link("shop") == Link("shop", ())


@pytest.mark.parametrize("payload", ["", "_", "P_1", "p_", "p__1", "p_<b>", "p_" + "x" * 63, "产品"])
def test_a_garbled_deep_link_is_refused(payload: str) -> None:
    with pytest.raises(BrokenLink):
        parse_link(payload)
