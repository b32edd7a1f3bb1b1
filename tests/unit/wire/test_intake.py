"""Updates in: nothing acknowledged is lost, nothing is handled twice, each person in order."""

import asyncio
import logging

import pytest
from telegram import Update

from bot.wire.intake import ALLOWED_UPDATES, PHOTO, Intake, Raw, kind_of, lane_of

from .fakes import ALICE, BOB, BOT, MemoryInbox, Shop, an_intake, message, paid, pre_checkout, press


async def test_an_update_is_stored_before_it_is_accepted(inbox: MemoryInbox, shop: Shop, intake: Intake) -> None:
    shop.held[1] = asyncio.Event()
    await intake.accept([message(1)])
    assert [raw["update_id"] for raw in await inbox.pending(9)] == [1]
    shop.held[1].set()
    assert await intake.drain()
    assert await inbox.pending(9) == []


async def test_an_update_told_twice_is_handled_once(shop: Shop, intake: Intake) -> None:
    await intake.accept([message(1), press(2)])
    await intake.accept([message(1), press(2), press(3)])
    assert await intake.drain()
    assert shop.seen == [1, 2, 3]


async def test_what_cannot_be_stored_is_not_handled(inbox: MemoryInbox, shop: Shop, intake: Intake) -> None:
    inbox.broken = True
    with pytest.raises(OSError, match="disk full"):
        await intake.accept([message(1)])
    assert await intake.drain()
    assert shop.seen == []


async def test_a_message_and_a_press_of_one_person_share_a_lane(shop: Shop, intake: Intake) -> None:
    shop.held[1] = asyncio.Event()
    await intake.accept([message(1), press(2), message(3, BOB)])
    await shop.has_seen(1)
    assert shop.seen == [3]
    shop.held[1].set()
    await intake.drain()
    assert shop.seen == [3, 1, 2]


async def test_a_payment_question_overtakes_its_own_persons_lane(shop: Shop, intake: Intake) -> None:
    shop.held[1] = asyncio.Event()
    shop.held[3] = asyncio.Event()
    await intake.accept([message(1), press(2), pre_checkout(3), pre_checkout(4)])
    await shop.has_seen(1)
    assert shop.seen == [4]
    shop.held[1].set()
    shop.held[3].set()
    await intake.drain()
    assert sorted(shop.seen) == [1, 2, 3, 4]


async def test_after_a_crash_the_rest_is_taken_up_before_anything_new(inbox: MemoryInbox, shop: Shop) -> None:
    first = an_intake(inbox, shop)
    shop.held[1] = asyncio.Event()
    await first.accept([message(1), message(2), message(3, BOB)])
    assert not await first.drain(0.01), "the handler of 1 is cut off"
    assert shop.seen == [3]
    shop.held.clear()
    second = an_intake(inbox, shop)
    assert await second.replay() == 2
    await second.accept([message(1), message(4)])
    assert await second.drain()
    assert shop.seen == [3, 1, 2, 4]
    assert await inbox.pending(9) == []


async def test_all_that_was_left_is_taken_up_however_much_and_of_however_few_people(
    inbox: MemoryInbox, shop: Shop
) -> None:
    await inbox.put([message(number) for number in range(1, 2502)])
    shop.held[1] = asyncio.Event()
    intake = an_intake(inbox, shop, depth=3)
    assert await intake.replay() == 2501
    shop.held[1].set()
    assert await intake.drain()
    assert shop.seen == list(range(1, 2502))
    assert await inbox.pending(9) == []


async def test_an_error_is_told_once_and_not_repeated_at_the_next_start(
    inbox: MemoryInbox, shop: Shop, intake: Intake
) -> None:
    shop.faults[1] = RuntimeError("boom")
    await intake.accept([message(1), message(2)])
    assert await intake.drain()
    assert (shop.told, shop.seen) == ([(1, "RuntimeError")], [2])
    assert await inbox.pending(9) == []


async def test_a_hasty_person_is_told_once_and_others_are_served(inbox: MemoryInbox, shop: Shop) -> None:
    intake = an_intake(inbox, shop, depth=3)
    shop.held[1] = asyncio.Event()
    await intake.accept([message(1)])
    await asyncio.sleep(0)
    await intake.accept([message(number) for number in range(2, 20)] + [message(30, BOB), paid(31)])
    shop.held[1].set()
    assert await intake.drain()
    assert sorted(shop.seen) == [1, 2, 3, 4, 30, 31], "money that moved is never refused"
    assert shop.refused == [5]
    assert await inbox.pending(9) == []


async def test_an_update_that_cannot_be_read_is_skipped(
    inbox: MemoryInbox, shop: Shop, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"update_id": 1, "message": {"message_id": 1, "text": "my address"}}
    odd: list[Raw] = [{"update_id": 2}, {"update_id": 3, "message": []}, {"update_id": 4, "new_thing": {"id": 1}}]
    with caplog.at_level(logging.DEBUG):
        await intake.accept([broken, *odd, message(5)])
        assert await intake.drain()
    assert 5 in shop.seen
    assert 1 not in shop.seen
    assert await inbox.pending(9) == []
    assert "cannot read" in caplog.text
    assert "address" not in caplog.text


async def test_done_is_written_in_batches(inbox: MemoryInbox, intake: Intake) -> None:
    await intake.accept([message(number, who=number) for number in range(1, 200)])
    assert await intake.drain()
    assert inbox.writes <= 3


async def test_a_done_that_fails_is_written_later(inbox: MemoryInbox, shop: Shop, intake: Intake) -> None:
    await intake.accept([message(1)])
    inbox.broken = True
    assert not await intake.drain()
    inbox.broken = False
    assert await intake.drain()
    assert await inbox.pending(9) == []


async def test_it_says_when_it_is_full(inbox: MemoryInbox, shop: Shop) -> None:
    intake = an_intake(inbox, shop, ceiling=2)
    shop.held[1] = asyncio.Event()
    await intake.accept([message(1)])
    fullness = [intake.full]
    await intake.accept([message(2)])
    fullness.append(intake.full)
    shop.held[1].set()
    await intake.drain()
    assert [*fullness, intake.full] == [False, True, False]


def test_a_lane_belongs_to_a_person_before_a_chat() -> None:
    group = {"id": -5, "type": "group"}
    assert lane_of(message(1, chat=group)) == lane_of(press(2)) == lane_of(pre_checkout(3)) == ALICE
    assert lane_of({"update_id": 4, "channel_post": {"chat": group}}) == -5
    assert lane_of({"update_id": 5}) == 0
    assert kind_of({"update_id": 5}) == ""


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({"date": 1_700_000_000, "photo": [{"file_id": "a"}], "caption": "…"}, {PHOTO: [{"file_id": "a"}]}),
        ({"date": 1_700_000_000, "text": "…"}, {PHOTO: []}),
        ({"date": 0}, {}),  # too old for Telegram to reach
    ],
)
async def test_a_pressed_button_says_where_it_stands_and_which_picture_is_there(told: Raw, known: Raw) -> None:
    updates: list[Update] = []

    async def handle(update: Update) -> None:
        updates.append(update)

    shop, inbox = Shop(), MemoryInbox()
    intake = Intake(BOT, inbox, handle, failed=shop.failed, overflow=shop.overflow)
    raw = press(1)
    raw["callback_query"]["message"] = {"message_id": 7, "chat": {"id": ALICE, "type": "private"}} | told
    await intake.accept([raw])
    assert "…" not in str(await inbox.pending(1)), "our own words are not kept"
    await intake.drain()
    query = updates[0].callback_query
    assert query is not None and query.message is not None and query.data == "d"
    assert (query.message.message_id, query.message.chat.id, query.message.api_kwargs) == (7, ALICE, known)
    assert updates[0].effective_user == query.from_user


def test_telegram_is_asked_only_for_kinds_it_knows() -> None:
    assert set(ALLOWED_UPDATES) <= set(Update.ALL_TYPES)
