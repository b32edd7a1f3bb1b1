"""What a shopper reads of the devices that they confirmed on: plain words of what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.screens.devices import devices
from bot.words import Words
from core.risk.device import Device, device_id
from tests.builders import MAYA, NOON


@pytest.mark.parametrize(("language", "kept"), [("en", "only a fingerprint of each"), ("zh-hans", "一个指纹")])
def test_it_is_said_plainly_what_is_kept_of_a_device(language: str, kept: str) -> None:
    seen = Device(device_id(MAYA, "d"), MAYA, "d", first_seen=NOON, last_seen=NOON, browser="Chrome", system="Android")
    text = devices(Words.of(language), [seen], NOON, timedelta(hours=24)).text
    assert kept in text and "digest" not in text and "摘要" not in text
