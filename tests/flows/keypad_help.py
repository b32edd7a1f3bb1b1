"""People before a keypad in the chat: how they set a PIN, come to be asked for it, and press it."""

from __future__ import annotations

from tests.flows.conftest import OpenDemo
from tests.flows.driver import Chatter, Json, labels

PIN = "4071"
LARGE = "200 EUR"


def is_keypad(message: Json) -> bool:
    return "⌫" in labels(message)


async def presses(chatter: Chatter, digits: str, *, ok: bool = True) -> None:
    """Each on the keypad as it stands; the keypad is edited after each."""
    for digit in digits:
        dots = (await keypad(chatter))["text"].count("●")
        await chatter.press(digit)
        await chatter.town.until(lambda dots=dots: _moved(chatter, dots), f"a dot for {digit}")
    if ok:
        await chatter.press("OK")


async def _moved(chatter: Chatter, dots: int) -> bool:
    found = [one for one in await chatter.messages() if is_keypad(one)]
    return not found or found[-1]["text"].count("●") != dots


async def keypad(chatter: Chatter) -> Json:
    async def look() -> Json | None:
        return next((one for one in reversed(await chatter.messages()) if is_keypad(one)), None)

    return dict(await chatter.town.until(look, "a keypad"))


async def sets_pin(chatter: Chatter, pin: str = PIN) -> None:
    """Where a keypad asks for a new one."""
    await presses(chatter, pin)
    await chatter.wait_for("once more")
    await presses(chatter, pin)
    await chatter.wait_for("recovery code")
    await chatter.press("written it down")


async def to_review(chatter: Chatter, product: str) -> Json:
    await chatter.start(f"p_{product}")
    await chatter.wait_for(lambda message: message["kind"] == "photo")
    await chatter.press("⚡")
    return await chatter.wait_for(lambda message: any(one.startswith("✅") for one in labels(message)))


async def to_keypad(chatter: Chatter, product: str) -> Json:
    """Before the keypad that confirms the purchase."""
    await to_review(chatter, product)
    await chatter.press("✅")
    return await chatter.wait_for(is_keypad)


async def shopper(town: OpenDemo, language: str = "en") -> Chatter:
    maya = await town.newcomer("Maya", language)
    await maya.give_address()
    return maya


async def at_security(chatter: Chatter, key: str) -> None:
    """/security, and one of its keys."""
    await chatter.say("/security")
    await chatter.wait_for("How you confirm")
    await chatter.press(key)


async def has_pin(chatter: Chatter, pin: str = PIN) -> None:
    """Set now, by /security."""
    await at_security(chatter, "Set a PIN")
    await chatter.wait_for(is_keypad)
    await sets_pin(chatter, pin)


async def with_pin(town: OpenDemo) -> Chatter:
    maya = await shopper(town)
    await has_pin(maya)
    return maya
