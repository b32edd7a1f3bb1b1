"""A person's devices: known by a digest, cooled down while new, locked by their owner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import Gone
from core.policy import shipped_policy
from core.risk.device import PageFacts, digest_of, names_of
from core.risk.devices import MOST_NEW, LockedDevice, TooManyDevices, cooling, disown, see
from storage.memory import MemoryStore
from tests.builders import LIN, MAYA, HandClock, a_shop

KEY = b"k" * 32
POLICY = shipped_policy()
PHONE = PageFacts(
    "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 Chrome/131.0.6778.39 Mobile Safari",
    "Linux armv81", "412x915", "Europe/Rome", "it-IT", "q8s0fXo9vQ2T",
)  # fmt: skip
LAPTOP = PageFacts(
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1",
    "MacIntel", "1512x982", "Europe/Rome", "it-IT", "Zp1n4wq7RkYb",
)  # fmt: skip


class Desk:
    """Maya's devices in a shop in memory."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), HandClock()
        self.shop = a_shop(clock=self.clock)

    async def disown(self, digest: str, who: Any = MAYA) -> Any:
        return await self.store.write(disown, self.shop, who, digest)

    async def see(self, facts: PageFacts, who: Any = MAYA) -> Any:
        return await self.store.write(see, self.shop, KEY, who, facts)

    async def cooling(self, who: Any = MAYA) -> Any:
        return await self.store.read(cooling, who, self.clock.now(), POLICY)


async def test_the_first_device_is_trusted_and_the_next_one_is_cooled_for_a_day() -> None:
    desk = Desk()
    device, is_new = await desk.see(PHONE)
    assert (device.browser, device.system, is_new) == ("Chrome", "Android", False)
    assert await desk.cooling() is None
    desk.clock.let_pass(days=3)
    device, is_new = await desk.see(LAPTOP)
    assert (device.browser, device.system, is_new) == ("Safari", "Mac", True)
    assert await desk.cooling() == desk.clock.now() + POLICY.risk.cool
    desk.clock.let_pass(hours=23)
    # Coming back on the old one does not end it: that may be the owner, and the other a thief.
    assert (await desk.see(PHONE))[1] is False
    assert await desk.cooling() is not None
    desk.clock.let_pass(hours=1)
    assert await desk.cooling() is None


async def test_a_device_is_known_again_when_its_browser_was_updated() -> None:
    desk = Desk()
    first, _ = await desk.see(PHONE)
    newer = replace(PHONE, agent=PHONE.agent.replace("131.0.6778.39", "132.0.1"))
    again, is_new = await desk.see(newer)
    assert (again.id, is_new) == (first.id, False)


@pytest.mark.parametrize("fact", ["agent", "platform", "screen", "zone", "language", "mark"])
async def test_any_other_fact_is_another_device(fact: str) -> None:
    desk = Desk()
    await desk.see(PHONE)
    assert (await desk.see(replace(PHONE, **{fact: getattr(PHONE, fact) + "x"})))[1]


async def test_what_is_locked_confirms_nothing_and_the_others_do() -> None:
    desk = Desk()
    await desk.see(PHONE)
    device, _ = await desk.see(LAPTOP)
    await desk.disown(device.digest)
    with pytest.raises(LockedDevice):
        await desk.see(LAPTOP)
    await desk.see(PHONE)
    await desk.disown(device.digest)  # pressed twice


async def test_nobody_makes_up_devices_without_end() -> None:
    desk = Desk()
    for number in range(MOST_NEW):
        await desk.see(replace(PHONE, mark=str(number)))
    with pytest.raises(TooManyDevices):
        await desk.see(LAPTOP)
    await desk.see(replace(PHONE, mark="0"))
    desk.clock.let_pass(hours=25)
    await desk.see(LAPTOP)


async def test_nobody_locks_or_shares_the_device_of_another() -> None:
    desk = Desk()
    device, _ = await desk.see(PHONE)
    with pytest.raises(Gone):
        await desk.disown(device.digest, LIN)
    assert digest_of(KEY, LIN, PHONE) != device.digest  # two people on one phone are not linked
    assert digest_of(b"x" * 32, MAYA, PHONE) != device.digest


async def test_nothing_that_a_page_said_is_kept_or_shown() -> None:
    desk = Desk()
    device, _ = await desk.see(PHONE)
    shown = repr(device) + repr(PHONE)
    for secret in (PHONE.mark, PHONE.zone, PHONE.agent, "SM-A546B"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) … Chrome/131.0 Safari/537.36 Edg/131.0", ("Edge", "Windows")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) … CriOS/123 Mobile Safari/604.1",
            ("Chrome", "iPhone"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) AppleWebKit/605 Mobile/15E148",
            ("Telegram", "iPhone"),
        ),
        ("Mozilla/5.0 (Linux; Android 14; wv) … Version/4.0 Chrome/131.0; wv) Mobile Safari", ("Telegram", "Android")),
        ("… Telegram-Android/11.3.3 (Samsung SM-A546B; Android 14; SDK 34; AVERAGE)", ("Telegram", "Android")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", ("Firefox", "Linux")),
        ("curl/8", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_device_has_a_name_that_its_owner_understands(agent: str, names: tuple[str, str]) -> None:
    assert names_of(agent) == names


def test_a_fact_that_no_browser_sends_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        replace(PHONE, mark="x" * 401)
