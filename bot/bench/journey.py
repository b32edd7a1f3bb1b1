"""`sampan bench journey`: shoppers going from a card to the payment QR, against the bot over HTTP.

Two processes on loopback: this one, which is the sandbox Telegram with the shoppers in it, and the bot, which draws in
processes of its own. The bot's CPU is what its own /metrics say. An answer's time runs from a tap's arrival at Telegram
to the message that answers it: the shopper's telephone is not measured. Each shopper taps as soon as the answer is
there: the machine at its limit, shared with the load itself, which is why shoppers reach Telegram without HTTP (5 ms
of CPU a journey). The last row is paced, a second between two taps: a journey has three messages, so 50 such shoppers
already ask for all of the 30 messages a second that Telegram lets a bot send.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from telegram import Bot, Update
from telegram.ext import ApplicationBuilder, CallbackQueryHandler

from bot.bench.shop import FIRST_SHOPPER
from bot.sandbox.__main__ import collect_seldom, compose
from bot.sandbox.acts import Actor
from bot.sandbox.people import Person, Post
from bot.sandbox.server import Sandbox

# Name, shoppers at once, seconds in which they come, seconds between two taps. In `at_once` all come in one instant and
# stay in step for a while, so that a card waits for everybody else's: a stampede. `coming` is a busy shop.
LOADS = (
    ("at_once_1", 1, 0.0, 0.0),
    ("at_once_20", 20, 0.0, 0.0),
    ("at_once_50", 50, 0.0, 0.0),
    ("at_once_50_coming", 50, 1.0, 0.0),
    ("at_once_50_paced", 50, 0.0, 1.0),
)
YARDSTICKS = "ptb_parse_and_dispatch_ms", "ptb_by_itself_ms"
STEPS = ("card", "buy_now", "methods", "method", "payment_qr")
TOKEN = "1000000001:bench"  # noqa: S105  # the sandbox takes any
Say = Callable[[str], None]


def run(journeys: int, say: Say) -> dict[str, Any]:
    """Measure `journeys` at each load. Returns the figures; CPU in milliseconds, times in milliseconds."""
    import uvloop

    collect_seldom()
    return uvloop.run(_run(journeys, say))


async def _run(journeys: int, say: Say) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    total = journeys * len(LOADS)
    with tempfile.TemporaryDirectory(prefix="sampan-bench-") as folder:
        sandbox = compose()
        base = await sandbox.start()
        shop = await _spawn("-m", "bot.bench.shop", str(total + 20), env=_environment(base, folder))
        _, product, web = (await _line(shop)).split()
        try:
            async with aiohttp.ClientSession() as session:
                crowd = _Crowd(sandbox, product)
                listening = asyncio.create_task(crowd.listen())
                await crowd.go(crowd.come(20), 20)  # warm caches and connections
                yardstick = _Yardstick()
                for name, load, crowd.coming, crowd.pause in LOADS:
                    count = journeys // 4 if load == 1 else journeys
                    say(f"{count} journeys, {name} …")
                    sampling = asyncio.create_task(yardstick.sample())
                    row = await _measure(crowd, session, web, count, load)
                    sampling.cancel()
                    figures[name] = yardstick.read() | row
                listening.cancel()
        finally:
            shop.send_signal(signal.SIGTERM)
            await shop.wait()
            await sandbox.stop()
    return figures


def _environment(base: str, folder: str) -> dict[str, str]:
    return {
        "SAMPAN_BOT_TOKEN": TOKEN,
        "SAMPAN_BOT_API": base,
        "SAMPAN_DATA": folder,
        "SAMPAN_ADMINS": "5005",
        "SAMPAN_LISTEN": "127.0.0.1:0",
        "SAMPAN_SEPA_IBAN": "DE89370400440532013000",
        "SAMPAN_SEPA_NAME": "Bench",
        "SAMPAN_PIX_KEY": "7f6844d0-de89-47e5-9ef7-e0a35a681615",
        "SAMPAN_PIX_NAME": "Bench",
        "SAMPAN_PIX_CITY": "Recife",
        "SAMPAN_BANK_SECRET": "bench-secret-of-no-value-at-all",
        "SAMPAN_RATES": "history",
    }


async def _spawn(*words: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMPAN_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, env=clean | (env or {})
    )


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    if not line:
        raise SystemExit("A process of the benchmark did not start; its words are above.")
    return line


class _Crowd:
    """Shoppers who know what they want."""

    def __init__(self, sandbox: Sandbox, product: str) -> None:
        self.coming = self.pause = 0.0
        self._dice = random.Random(1)  # noqa: S311  how long people look, not a secret
        self._sandbox, self._product = sandbox, product
        self._next = FIRST_SHOPPER
        self._news: dict[int, asyncio.Queue[Post]] = defaultdict(asyncio.Queue)
        self.times: dict[str, list[float]] = {step: [] for step in STEPS}
        self.done = 0

    async def listen(self) -> None:
        """Hand each chat's new and edited messages to the shopper who waits for them."""
        events = self._sandbox.world.events
        seq = events.seq
        while True:
            await events.wait(seq, 10)
            for event in events.after(seq):
                if event.type in ("message", "edited") and event.about.wire.get("from", {}).get("is_bot"):
                    self._news[event.about.chat_id].put_nowait(event.about)
            seq = events.seq

    def come(self, count: int) -> list[int]:
        """`count` new people, who do nothing yet."""
        people = list(range(self._next, self._next + count))
        self._next += count
        for who in people:
            self._sandbox.world.add_person(Person(who, f"Shopper {who - FIRST_SHOPPER}"), join=False)
        return people

    async def go(self, people: list[int], at_once: int) -> None:
        """The journeys of these people, `at_once` at a time."""
        waiting = iter(people)

        async def one_after_another() -> None:
            await asyncio.sleep(self._dice.uniform(0, self.coming))
            for who in waiting:
                await self._journey(who)

        await asyncio.gather(*(one_after_another() for _ in range(at_once)))

    async def _journey(self, who: int) -> None:
        shopper = self._sandbox.person(who)

        async def start() -> None:
            shopper.start(f"p_{self._product}")

        card = await self._step("card", who, start, "Buy now")
        review = await self._press("buy_now", shopper, card, "Buy now", "Confirm")
        methods = await self._press("methods", shopper, review, "Pay another way", "PIX · ")
        review = await self._press("method", shopper, methods, "PIX · ", "Confirm")
        await self._press("payment_qr", shopper, review, "Confirm", "Copy")
        self.done += 1

    async def _press(self, step: str, shopper: Actor, on: Post, label: str, until: str) -> Post:
        data = next(key["callback_data"] for key in _keys(on) if label in key["text"])

        async def press() -> None:
            await shopper.press(on.message_id, data=data, wait=0)

        return await self._step(step, shopper.person.id, press, until)

    async def _step(self, step: str, who: int, act: Callable[[], Awaitable[None]], until: str) -> Post:
        """Look a while, do one thing, and wait for the message that answers it: the one with a button `until`."""
        await asyncio.sleep(self._dice.uniform(0, 2 * self.pause))
        started = time.perf_counter()
        await act()
        while True:
            post = await asyncio.wait_for(self._news[who].get(), 30)
            if any(until in key["text"] for key in _keys(post)):
                self.times[step].append(time.perf_counter() - started)
                return post


def _keys(post: Post) -> list[dict[str, Any]]:
    return [key for line in post.wire.get("reply_markup", {}).get("inline_keyboard", ()) for key in line]


async def _metrics(session: aiohttp.ClientSession, web: str) -> dict[str, float]:
    async with session.get(f"{web}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines)}


async def _measure(crowd: _Crowd, session: aiohttp.ClientSession, web: str, count: int, at_once: int) -> dict[str, Any]:
    for times in crowd.times.values():
        times.clear()
    people = crowd.come(count)
    done, before, started = crowd.done, await _metrics(session, web), time.perf_counter()
    await crowd.go(people, at_once)
    seconds, after = time.perf_counter() - started, await _metrics(session, web)
    cpu = after["sampan_process_cpu_seconds_total"] - before["sampan_process_cpu_seconds_total"]
    drawing = after["sampan_drawing_cpu_seconds_total"] - before["sampan_drawing_cpu_seconds_total"]
    every = sorted(value for times in crowd.times.values() for value in times)
    return {
        "journeys_done": crowd.done - done,
        "journeys_asked": count,
        "journeys_a_second": round(count / seconds, 1),
        "bot_cpu_ms_a_journey": round(cpu / count * 1000, 2),  # the drawing is another process's
        "drawing_cpu_ms_a_journey": round(drawing / count * 1000, 2),
        "answer_p50_ms": round(_percentile(every, 50), 1),
        "answer_p95_ms": round(_percentile(every, 95), 1),
        "answers": {
            step: {
                "p50_ms": round(_percentile(sorted(times), 50), 1),
                "p95_ms": round(_percentile(sorted(times), 95), 1),
            }
            for step, times in crowd.times.items()
        },
    }


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000 if ordered else 0.0


class _Yardstick:
    """CPU milliseconds in which python-telegram-bot alone parses and dispatches one such update, on this machine, now.

    Taken while the load runs, a few updates each half second: machines change their pace within a minute, and a core is
    slower while its neighbour works. A tight loop before and after tells of another machine. `ptb_by_itself` is the
    first of them, to which the core comes cold, as a bot does to every tap of a lone shopper: twice the others.
    """

    def __init__(self) -> None:
        async def nothing(update: Update, context: Any) -> None:
            return None

        self._app = ApplicationBuilder().bot(Bot(TOKEN)).updater(None).job_queue(None).build()
        self._app.add_handler(CallbackQueryHandler(nothing))
        self._app._initialized = True  # no network here: getMe is not asked
        self._samples: list[tuple[float, float]] = []

    async def sample(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            first = await self._take(1)
            await self._take(4)  # its own code comes back into the caches
            self._samples.append((await self._take(30), first))

    def read(self) -> dict[str, float]:
        """The medians of what was taken since the last time; nothing where it was over too soon."""
        samples, self._samples = self._samples, []
        return {
            name: round(sorted(taken)[len(taken) // 2], 3)
            for name, taken in zip(YARDSTICKS, zip(*samples, strict=True), strict=False)
        }

    async def _take(self, rounds: int) -> float:
        started = time.thread_time()
        for _ in range(rounds):
            await self._app.process_update(Update.de_json(_PRESSED, self._app.bot))
        return (time.thread_time() - started) / rounds * 1000


def _pressed() -> dict[str, Any]:
    person = {"id": 1, "is_bot": False, "first_name": "A", "language_code": "en"}
    keyboard = [[{"text": f"Button {n}", "callback_data": "x" * 32}] for n in range(4)]
    message = {
        "message_id": 1, "date": 1_700_000_000, "chat": {"id": 1, "type": "private", "first_name": "A"},
        "text": "Please check your order", "reply_markup": {"inline_keyboard": keyboard},
    }  # fmt: skip
    return {
        "update_id": 1,
        "callback_query": {"id": "1", "from": person, "chat_instance": "1", "message": message, "data": "x"},
    }


_PRESSED = _pressed()
