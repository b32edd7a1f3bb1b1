"""A forgotten PIN: an admin checks who it is, and two days later a new one is set."""

from __future__ import annotations

from bot.demo import ADMIN
from tests.flows.conftest import OpenDemo
from tests.flows.keypad_help import LARGE, PIN, at_security, is_keypad, presses, to_keypad, with_pin


async def test_an_admin_begins_a_recovery_and_two_days_later_a_new_pin_is_set(own_town: OpenDemo) -> None:
    town = own_town
    maya, ada = await with_pin(town), town.chatter(ADMIN)
    await at_security(maya, "I forgot my PIN")  # there is the code on paper; say it is lost
    await maya.wait_for("twelve digits")
    await maya.press("Cancel")
    await maya.say("/recover 1 let me in please")
    await maya.wait_for("not for you")
    await ada.say(f"/recover {maya.who} ok")
    await ada.wait_for("what you checked")
    maya.mark = await town.seq()
    await ada.say(f"/recover {maya.who} called back on the known number")
    await ada.wait_for("A recovery of")
    await maya.wait_for("A recovery has begun")
    maya.mark = await town.seq()
    await town.skip(48 * 3600 + 60)
    town.demo.shop.worker.poke()
    ripe = await maya.wait_for("Your recovery is ready")
    await maya.press("Set a PIN", ripe)
    await maya.wait_for(is_keypad)
    await presses(maya, "83017")
    await maya.wait_for("once more")
    await presses(maya, "83017")
    await maya.wait_for("Your payment PIN is set")
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await presses(maya, PIN)
    await maya.wait_for("not right")
    await presses(maya, "83017")
    await maya.card()
