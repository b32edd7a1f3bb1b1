"""The pictures of the demo shop's goods, drawn by code, so that the wheel carries no photos."""

from __future__ import annotations

from collections.abc import Callable

from bot.pictures import demo_brazil, demo_china, paint
from bot.pictures.easel import Easel

DEMO_PICTURES: dict[str, Callable[[], Easel]] = {
    "bowl": demo_china.bowl,
    "chopsticks": demo_china.chopsticks,
    "coffee": demo_brazil.coffee,
    "cup": demo_brazil.cup,
    "fan": demo_china.fan,
    "hammock": demo_brazil.hammock,
    "lantern": demo_china.lantern,
    "oil": demo_brazil.oil,
    "scarf": demo_china.scarf,
    "soap": demo_brazil.soap,
    "tea": demo_china.tea,
    "teapot": demo_china.teapot,
    "wallet": demo_brazil.wallet,
}


def draw_demo(name: str) -> bytes:
    """The picture of this name as a JPEG of 800 x 800, in about 0.1 s. Raises KeyError for a name not listed here."""
    return paint.jpeg(DEMO_PICTURES[name]().finished())
