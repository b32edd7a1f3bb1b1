"""A shopper sees what they may pay, bounds themselves, is refused with a way forward, and rises slowly."""

from __future__ import annotations

import pytest

from core.ids import PersonId
from core.risk.credentials import Credential
from core.risk.decision import Verdict
from core.risk.device import Device, device_id
from core.risk.factors import Factor
from tests.flows.conftest import OpenDemo
from tests.flows.driver import Chatter
from tests.flows.keypad_help import PIN, is_keypad, presses, shopper, to_review, with_pin

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def limits(chatter: Chatter, *words: str) -> str:
    await chatter.say(" ".join(("/limits", *words)))
    return str((await chatter.wait_for("📏"))["text"])


async def test_limits_are_shown_with_what_is_left(town: OpenDemo) -> None:
    maya = await shopper(town)
    page = await limits(maya)
    assert "€500.00 in one payment" in page
    assert "€1,000.00 a day; €1,000.00 is left until" in page
    await maya.buy(await town.on_sale("Spoon", "9 EUR"))
    assert "€991.00 is left until" in await limits(maya)


async def test_a_shopper_bounds_themselves_and_is_told_which_limit_it_was(town: OpenDemo) -> None:
    maya = await shopper(town)
    assert "• €20.00 in one payment" in await limits(maya, "payment", "20")
    await to_review(maya, await town.on_sale("Bowl", "25 EUR"))
    told = await maya.press("✅")
    assert "€20.00" in told["text"] and "€25.00" in told["text"] and "/limits" in told["text"]
    decisions = await town.look(lambda uow: uow.decisions.find(person=maya.who))
    assert (decisions[0].verdict, decisions[0].because) == (Verdict.REFUSE, "own#payment")


async def test_a_chinese_reader_is_refused_in_chinese(town: OpenDemo) -> None:
    wei = await shopper(town, "zh-hans")
    await wei.say("/limits payment 20")
    await wei.wait_for("您的限额")
    await to_review(wei, await town.on_sale("Bowl", "25 EUR"))
    assert "您给自己设定的单笔限额" in (await wei.press("✅"))["text"]


async def test_who_has_a_new_device_pays_less_and_is_told_until_when_and_what_to_do(town: OpenDemo) -> None:
    maya = await shopper(town)
    now, who = town.shop.clock.now(), PersonId(maya.who)
    new = Device(device_id(who, "d"), who, "d", first_seen=now, last_seen=now)
    pin = Credential(f"{who}|pin", who, Factor.PIN, now, confirmed_at=now)
    await town.demo.shop.store.write(lambda uow: (uow.devices.add(new), uow.credentials.add(pin)))
    await to_review(maya, await town.on_sale("Bowl", "60 EUR"))
    told = (await maya.press("✅"))["text"]
    assert "€50.00" in told and told.endswith("/devices.")


async def test_a_limit_is_set_by_a_button_and_an_answer(town: OpenDemo) -> None:
    maya = await shopper(town)
    await limits(maya)
    await maya.press("Per day")
    await maya.wait_for("in one day at most")
    await maya.say("much")
    await maya.wait_for("is not a price")
    await maya.say("30")
    page = await maya.wait_for("€30.00 a day; €30.00 is left")
    assert "Your own limits" in page["text"]


async def test_who_has_set_no_limit_is_told_how(town: OpenDemo) -> None:
    page = await limits(await shopper(town))
    assert "no limits of your own yet" in page and "/limits payment 50" in page
    assert "Payments of €150.00 and more you confirm" in page


async def test_a_limit_above_the_shops_own_is_said_to_be(town: OpenDemo) -> None:
    maya = await shopper(town)
    await maya.say("/limits payment 900")
    assert "This shop’s own limit of €500.00 is lower" in (await maya.wait_for("holds from now on"))["text"]
    lin = await shopper(town, "zh-hans")
    await lin.say("/limits day 2000")
    assert "€1,000.00" in (await lin.wait_for("现在起生效"))["text"]


async def test_a_limit_below_the_shops_own_is_said_to_hold_and_nothing_else(town: OpenDemo) -> None:
    maya = await shopper(town)
    await maya.say("/limits payment 400")
    assert (await maya.wait_for("holds from now on"))["text"] == "Your limit holds from now on."


async def test_who_confirms_payments_is_told_how_many_small_ones_go_without(town: OpenDemo) -> None:
    maya = await with_pin(town)
    page = await limits(maya)
    assert "up to €30.00 go without for now: 5 more of them or €100.00 together" in page
    await maya.buy(await town.on_sale("Spoon", "9 EUR"))
    assert "4 more of them or €91.00 together" in await limits(maya)


async def test_raising_asks_for_the_pin_and_goes_on_by_itself_and_waits_a_day(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await limits(maya, "payment", "20")
    await maya.say("/limits payment 40")
    await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    await maya.wait_for("Your limit rises on")
    page = await maya.wait_for("⏳")
    assert "€40.00" in page["text"] and "• €20.00 in one payment" in page["text"]


async def test_who_has_no_pin_is_led_to_one_before_a_limit_rises(town: OpenDemo) -> None:
    maya = await shopper(town)
    await limits(maya, "day", "20")
    await maya.press("Take away: day")
    asked = await maya.wait_for(is_keypad)
    assert "no payment PIN yet" in asked["text"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("week 20", "such as /limits payment 50"),
        ("payment", "such as /limits payment 50"),
        ("payment -3", "“-3” is not a price"),
        ("payment 1e9", "“1e9” is not a price"),
    ],
)
async def test_what_is_no_limit_is_answered_with_how_to_write_one(town: OpenDemo, words: str, answer: str) -> None:
    maya = await shopper(town)
    await maya.say(f"/limits {words}")
    await maya.wait_for(answer)
    assert await town.look(lambda uow: uow.own_limits.get(maya.who)) is None
