"""The studio draws off the loop, draws equal requests once, and hands on what a painter refuses."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.pictures import demo, studio
from bot.pictures.card import PaymentCard
from bot.pictures.process import in_threads
from bot.pictures.product import BadPhoto
from bot.pictures.studio import BareCode, Studio, Upload


class Watched(ThreadPoolExecutor):
    """An executor that counts its jobs and lets them go only when told."""

    def __init__(self) -> None:
        super().__init__(2)
        self.jobs = 0
        self.gate = threading.Event()

    def submit(self, fn, /, *args, **kwargs):
        self.jobs += 1
        return super().submit(lambda: (self.gate.wait(20), fn(*args, **kwargs))[1])


@pytest.fixture
def executor():
    with Watched() as pool:
        yield pool
        pool.gate.set()


async def test_equal_requests_together_and_later_are_drawn_once(executor):
    drawing = Studio(in_threads(executor))
    together = [asyncio.ensure_future(drawing.draw(BareCode("one"))) for _ in range(5)]
    await asyncio.sleep(0)  # the loop turns while the drawing waits at the gate
    executor.gate.set()
    pictures = await asyncio.gather(*together)
    pictures.append(await drawing.draw(BareCode("one")))
    assert executor.jobs == 1
    assert set(pictures) == {studio.paint(BareCode("one"))}


async def test_one_who_stops_waiting_takes_the_picture_from_nobody(executor):
    drawing = Studio(in_threads(executor))
    hasty, patient = (asyncio.ensure_future(drawing.draw(BareCode("one"))) for _ in range(2))
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.sleep(0)
    executor.gate.set()
    assert await patient
    assert hasty.cancelled()
    assert executor.jobs == 1


async def test_only_the_last_pictures_are_kept(executor):
    executor.gate.set()
    drawing = Studio(in_threads(executor), keep=2)
    for payload in ("a", "b", "a", "c", "a", "b"):
        await drawing.draw(BareCode(payload))
    assert executor.jobs == 4  # a, b, c, and b again: a was used in between


async def test_a_refusal_reaches_the_one_who_asked_and_is_not_kept(executor):
    executor.gate.set()
    drawing = Studio(in_threads(executor))
    for _ in range(2):
        with pytest.raises(BadPhoto):
            await drawing.draw(Upload(b"no photo"))
    assert executor.jobs == 2


async def test_warming_draws_for_nobody(executor):
    executor.gate.set()
    await Studio(in_threads(executor)).warm()
    assert executor.jobs == 1


async def test_a_photo_is_made_small_once_and_its_cards_are_the_same(executor):
    executor.gate.set()
    drawing = Studio(in_threads(executor))
    photo = demo.draw_demo("tea")
    for amount in ("€ 1", "€ 2", "€ 3"):
        wanted = PaymentCard("payload", "Sampan", "PIX", "Order", amount, "tea", "hint", (), photo)
        assert await drawing.draw(wanted) == studio.paint(wanted)
    assert executor.jobs == 4


async def test_a_damaged_photo_is_told_to_who_asked_for_the_card(executor):
    executor.gate.set()
    with pytest.raises(BadPhoto):
        await Studio(in_threads(executor)).draw(
            PaymentCard("payload", "Sampan", "PIX", "Order", "€ 1", "tea", "hint", (), b"no")
        )
