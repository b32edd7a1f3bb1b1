"""The limiter: Telegram's limits are kept, one chat's trouble is its own, and an answer never waits."""

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any

import pytest
from telegram.error import BadRequest, RetryAfter, TimedOut

from bot.wire.limiter import ChatLimiter, Limits

ALICE, BOB, GROUP = 1, 2, -100


class Time:
    """A clock that jumps to the next alarm when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._alarms, (self.now + seconds, self._count, alarm))
        await alarm

    async def run(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        together = asyncio.gather(*work, return_exceptions=True)
        while not together.done():
            for _ in range(50):  # let everybody come to rest
                await asyncio.sleep(0)
            if self._alarms and not together.done():
                self.now, _, alarm = heapq.heappop(self._alarms)
                if not alarm.done():
                    alarm.set_result(None)
        return await together


class Telegram:
    """Notes when each call arrives; answers with what was planned for a chat."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.calls: list[tuple[float, str, object]] = []
        self.plan: dict[object, list[Exception]] = {}

    async def post(self, endpoint: str, data: dict[str, Any]) -> bool:
        chat = data.get("chat_id")
        self.calls.append((round(self.time.now, 3), endpoint, chat))
        if self.plan.get(chat):
            raise self.plan[chat].pop(0)
        return True

    def times(self, chat: object) -> list[float]:
        return [at for at, _endpoint, to in self.calls if to == chat]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def telegram(time: Time) -> Telegram:
    return Telegram(time)


@pytest.fixture
def limiter(time: Time) -> ChatLimiter:
    return ChatLimiter(clock=time.clock, sleep=time.sleep)


def call(limiter: ChatLimiter, telegram: Telegram, endpoint: str, **data: Any) -> Coroutine[Any, Any, Any]:
    return limiter.process_request(telegram.post, (endpoint, data), {}, endpoint, data, None)


def message(limiter: ChatLimiter, telegram: Telegram, chat: int) -> Coroutine[Any, Any, Any]:
    return call(limiter, telegram, "sendMessage", chat_id=chat)


async def test_a_chat_gets_a_burst_and_then_a_message_a_second(
    limiter: ChatLimiter, telegram: Telegram, time: Time
) -> None:
    await time.run(*(message(limiter, telegram, ALICE) for _ in range(9)))
    assert telegram.times(ALICE) == [0, 0, 0, 0, 0, 0, 1, 2, 3]


async def test_a_group_gets_twenty_a_minute(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    await time.run(*(message(limiter, telegram, GROUP) for _ in range(45)))
    times = telegram.times(GROUP)
    assert all(last - first >= 60 for first, last in zip(times, times[20:], strict=False))


async def test_thirty_a_second_leave_the_house(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    await time.run(*(message(limiter, telegram, chat) for chat in range(1, 101)))
    times = sorted(at for at, *_ in telegram.calls)
    assert all(last - first >= 1 for first, last in zip(times, times[30:], strict=False))
    assert times[-1] <= 3


async def test_an_album_counts_each_of_its_pictures(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    await time.run(
        call(limiter, telegram, "sendMediaGroup", chat_id=ALICE, media=[{}] * 6), message(limiter, telegram, ALICE)
    )
    assert telegram.times(ALICE) == [0, 1]


async def test_edits_and_typing_spend_nothing(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    quiet = ("editMessageText", "sendChatAction", "deleteMessage", "editMessageReplyMarkup")
    await time.run(*(call(limiter, telegram, name, chat_id=ALICE) for name in quiet * 20))
    await time.run(*(message(limiter, telegram, ALICE) for _ in range(6)))
    assert time.now == 0


async def test_answers_overtake_everything(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    crowd = [message(limiter, telegram, chat) for chat in range(1, 200)]
    telegram.plan[ALICE] = [RetryAfter(30)]
    await time.run(
        *crowd, call(limiter, telegram, "answerPreCheckoutQuery"), call(limiter, telegram, "answerCallbackQuery")
    )
    assert [at for at, endpoint, _ in telegram.calls if endpoint.startswith("answer")] == [0, 0]


async def test_a_flood_in_one_chat_leaves_the_others_alone(
    limiter: ChatLimiter, telegram: Telegram, time: Time
) -> None:
    telegram.plan[GROUP] = [RetryAfter(7)]
    await time.run(
        message(limiter, telegram, GROUP),
        message(limiter, telegram, GROUP),
        message(limiter, telegram, BOB),
        call(limiter, telegram, "answerPreCheckoutQuery"),
    )
    assert telegram.times(GROUP) == [0, 7, 7]
    assert telegram.times(BOB) == [0]
    assert telegram.times(None) == [0]


async def test_an_edit_waits_while_its_chat_is_to_be_left_in_peace(
    limiter: ChatLimiter, telegram: Telegram, time: Time
) -> None:
    telegram.plan[ALICE] = [RetryAfter(5)]
    await time.run(message(limiter, telegram, ALICE), call(limiter, telegram, "editMessageText", chat_id=ALICE))
    assert telegram.times(ALICE) == [0, 5, 5]


async def test_patience_ends(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    telegram.plan[ALICE] = [RetryAfter(1)] * 9
    assert isinstance((await time.run(message(limiter, telegram, ALICE)))[0], RetryAfter)
    assert len(telegram.calls) == 1 + Limits().retries


async def test_an_hour_is_not_waited_for_by_anybody(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    telegram.plan[ALICE] = [RetryAfter(3600)]
    told = await time.run(
        message(limiter, telegram, ALICE),
        message(limiter, telegram, ALICE),
        message(limiter, telegram, BOB),
    )
    assert [type(one) for one in told] == [RetryAfter, RetryAfter, bool]
    assert (telegram.times(ALICE), time.now) == ([0], 0)


async def test_a_late_answer_is_not_retried_past_its_use(limiter: ChatLimiter, telegram: Telegram, time: Time) -> None:
    telegram.plan[None] = [RetryAfter(9)]
    assert isinstance((await time.run(call(limiter, telegram, "answerPreCheckoutQuery")))[0], RetryAfter)
    telegram.plan[None] = [RetryAfter(2)]
    assert await time.run(call(limiter, telegram, "answerPreCheckoutQuery")) == [True]


@pytest.mark.parametrize("fault", [TimedOut(), BadRequest("message is not modified")])
async def test_no_other_fault_is_ever_retried(
    fault: Exception, limiter: ChatLimiter, telegram: Telegram, time: Time
) -> None:
    telegram.plan[ALICE] = [fault]
    assert await time.run(message(limiter, telegram, ALICE)) == [fault]
    assert len(telegram.calls) == 1


async def test_messages_into_one_chat_stay_in_order_through_a_flood(limiter: ChatLimiter, time: Time) -> None:
    arrived: list[int] = []
    plan: list[Exception] = [RetryAfter(3)]

    async def post(number: int) -> bool:
        if plan:
            raise plan.pop()
        await time.sleep(0.5 - number / 10)  # a later message would overtake on the way
        arrived.append(number)
        return True

    data = {"chat_id": ALICE}
    await time.run(*(limiter.process_request(post, (number,), {}, "sendMessage", data, None) for number in range(5)))
    assert arrived == [0, 1, 2, 3, 4]


async def test_an_answer_that_names_a_chat_does_not_wait_for_it(
    limiter: ChatLimiter, telegram: Telegram, time: Time
) -> None:
    telegram.plan[ALICE] = [RetryAfter(9)]
    await time.run(message(limiter, telegram, ALICE), call(limiter, telegram, "answerSomethingNew", chat_id=ALICE))
    assert telegram.times(ALICE) == [0, 0, 9]


async def test_chats_at_rest_are_forgotten(telegram: Telegram, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = ChatLimiter(Limits(overall_second=10**6), clock=time.clock, sleep=time.sleep)
    for chat in range(1, 10_000):
        await message(limiter, telegram, chat)
        time.now += 0.001
    assert len(limiter._chats) < 6000
