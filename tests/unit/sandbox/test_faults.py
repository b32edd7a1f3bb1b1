"""Faults strike where they were ordered, and flood control counts as Telegram does."""

from __future__ import annotations

import pytest

from bot.sandbox.errors import ApiError, ControlError
from bot.sandbox.faults import Faults, FloodControl
from bot.sandbox.params import Params


def test_a_fault_strikes_as_often_as_ordered_after_letting_some_through():
    faults = Faults()
    faults.add({"method": "sendMessage", "code": 500, "times": 2, "after": 1})
    struck = [faults.strike("sendMessage", Params()) is not None for _ in range(5)]
    assert struck == [False, True, True, False, False]


def test_a_fault_picks_its_method_chat_and_text():
    faults = Faults()
    faults.add({"method": "sendmessage", "code": 500, "chat_id": 5001, "contains": "paid", "times": 0})
    assert faults.strike("sendPhoto", Params({"chat_id": 5001, "caption": "paid"})) is None
    assert faults.strike("sendMessage", Params({"chat_id": "5002", "text": "paid"})) is None
    assert faults.strike("sendMessage", Params({"chat_id": "5001", "text": "owed"})) is None
    assert faults.strike("sendMessage", Params({"chat_id": 5001, "text": "paid"})) is not None


def test_too_many_requests_says_how_long_to_wait():
    fault = Faults().add({"method": "*", "retry_after": 7})
    error = fault.error()
    assert (error.code, error.description, error.retry_after) == (429, "Too Many Requests: retry after 7", 7)


@pytest.mark.parametrize("body", [{"method": "sendMessage"}, {"drop": "sideways"}])
def test_a_fault_that_does_nothing_is_refused(body):
    with pytest.raises(ControlError):
        Faults().add(body)


def test_a_chat_takes_a_burst_and_then_one_message_a_second():
    now = [0.0]
    flood = FloodControl(lambda: now[0])
    flood.update({"enabled": True, "chat_burst": 3})
    for _ in range(3):
        flood.check("sendMessage", "5001")
    with pytest.raises(ApiError) as refused:
        flood.check("sendMessage", "5001")
    assert (refused.value.code, refused.value.retry_after) == (429, 1)
    flood.check("answerCallbackQuery", "")
    flood.check("sendMessage", "5002")
    now[0] += 1
    flood.check("sendMessage", "5001")


def test_a_group_takes_twenty_messages_a_minute():
    now = [0.0]
    flood = FloodControl(lambda: now[0])
    flood.update({"enabled": True})
    for _ in range(20):
        flood.check("sendMessage", "-1001")
        now[0] += 0.01
    with pytest.raises(ApiError) as refused:
        flood.check("sendMessage", "-1001")
    assert refused.value.retry_after == 3


def test_flood_control_is_off_until_switched_on():
    flood = FloodControl(lambda: 0.0)
    for _ in range(1000):
        flood.check("sendMessage", "5001")
