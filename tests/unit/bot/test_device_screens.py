"""What a shopper reads of the devices that they confirmed on: plain words of what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.screens.devices import devices, factor_set
from bot.screens.stepup import NAMES
from bot.words import Words
from core.risk.device import Device, device_id
from core.risk.factors import Factor
from tests.builders import MAYA, NOON

SEEN = Device(device_id(MAYA, "d"), MAYA, "d", first_seen=NOON, last_seen=NOON, browser="Chrome", system="Android")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_who_set_a_factor_on_a_page_reads_on_which_device_and_can_lock_it(language: str) -> None:
    words = Words.of(language)
    screen = factor_set(words, NAMES[Factor.PIN], SEEN)
    assert "Chrome" in screen.text and "Android" in screen.text and "/security" in screen.text
    assert [key.press for row in screen.keys for key in row] == [("dn", "d")]
    bare = factor_set(words, NAMES[Factor.PIN], None)
    assert "/security" in bare.text and not bare.keys


@pytest.mark.parametrize(("language", "kept"), [("en", "only a fingerprint of each"), ("zh-hans", "一个指纹")])
def test_it_is_said_plainly_what_is_kept_of_a_device(language: str, kept: str) -> None:
    text = devices(Words.of(language), [SEEN], NOON, timedelta(hours=24)).text
    assert kept in text and "digest" not in text and "摘要" not in text
