"""A step-up for other things than a first purchase: another way to pay, two factors, a reader of Chinese."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo import ADMIN, ROSA
from core.ids import PersonId
from core.risk import stepping, totp
from core.risk.credentials import Credential
from core.risk.factors import Factor
from core.risk.proofs import bound_to
from tests.flows.conftest import OpenDemo
from tests.flows.driver import Chatter, labels, order_of
from tests.flows.keypad_help import LARGE, PIN, has_pin, is_keypad, presses, shopper, to_keypad, with_pin
from tests.flows.test_operations import _lose_sight

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = totp.new_secret()


async def has_app(town: OpenDemo, maya: Chatter) -> None:
    """An authenticator app, enrolled long ago."""
    now, who = town.demo.clock.now(), PersonId(maya.who)
    new = Credential(f"{who}|totp", who, Factor.TOTP, now, secret=SECRET, confirmed_at=now)
    await town.demo.shop.store.write(lambda uow: uow.credentials.add(new))


async def test_another_way_to_pay_is_another_payment_and_is_confirmed_again(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await to_keypad(maya, await town.on_sale("Loom", LARGE))
    await presses(maya, PIN)
    order = order_of(await maya.card())
    operation = await town.demo.shop.store.write(_lose_sight, town.shop, order)
    ada = town.chatter(ADMIN)
    await ada.say(f"/resolve {operation} rejected case 4711")
    await ada.wait_for("Written down")
    refused = await maya.wait_for("was refused, and nothing was taken")
    await maya.press("Pay another way", refused)
    ways = await maya.wait_for("How would you like to pay?")
    await maya.press("PIX ·", ways)
    asked = await maya.wait_for(is_keypad)
    assert "R$" in asked["text"], "the amount of the other way"
    await presses(maya, PIN)
    card = await maya.card()
    assert order_of(card) == order
    assert "R$" in card["text"]


def _two(uow: Any, shop: Any, who: PersonId) -> str:
    bound = bound_to("test", str(who))
    return stepping.open_(uow, shop, who, "test", bound, needed=2, data={"command": "security"}).id


async def test_two_factors_are_asked_for_one_after_the_other(town: OpenDemo) -> None:
    maya = await with_pin(town)
    await has_app(town, maya)
    challenge = await town.demo.shop.store.write(_two, town.shop, PersonId(maya.who))
    data = town.demo.shop.house.buttons.pack("kf", challenge, "pin", owner=maya.who)
    await maya.press_data(await maya.last(), data)
    await maya.wait_for(is_keypad)
    await presses(maya, PIN)
    await maya.wait_for("Another one is needed")
    await presses(maya, totp.code(SECRET, town.demo.clock.now()), ok=False)
    await maya.wait_for("How you confirm payments")


async def test_a_seller_with_a_pin_confirms_where_their_money_goes(town: OpenDemo) -> None:
    rosa = town.chatter(ROSA)
    await has_pin(rosa)
    await rosa.say("/payout")
    account = await rosa.wait_for(lambda message: bool(labels(message)))
    await rosa.press(labels(account)[0], account)
    asked = await rosa.wait_for(is_keypad)
    assert "where your money goes" in asked["text"]
    await presses(rosa, PIN)
    await rosa.wait_for("Where shall your BRL go")


async def test_in_chinese(town: OpenDemo) -> None:
    lin = await shopper(town, "zh-hans")
    await lin.say("/security")
    await lin.wait_for("付款确认方式")
    await lin.press("设置密码")
    await lin.wait_for(is_keypad)
    await presses(lin, PIN, ok=False)
    await lin.press("确定")
    await lin.wait_for("请再按一次")
    await presses(lin, PIN, ok=False)
    await lin.press("确定")
    await lin.wait_for("您的找回码")
    await lin.press("我已抄写好")
    asked = await to_keypad(lin, await town.on_sale("Loom", LARGE))
    assert "请确认：向" in asked["text"]
    await presses(lin, PIN, ok=False)
    await lin.press("确定")
    await lin.card()
