"""Updates are kept before they are handled: nothing that must not be written is among what is kept."""

from __future__ import annotations

import pytest

from bot.inbox import UpdateInbox
from core.ids import PersonId
from core.people import Dialog
from core.risk.secrets import Leak, blot
from storage.memory import MemoryStore
from tests.builders import NOON, HandClock


def update(number: int, text: str):
    """A private message of person 42."""
    return {"update_id": number, "message": {"from": {"id": 42}, "chat": {"id": 42, "type": "private"}, "text": text}}


@pytest.fixture
def store():
    return MemoryStore()


async def test_a_card_number_is_not_kept_and_not_handled(store):
    inbox = UpdateInbox(store, HandClock())
    fresh = await inbox.put([update(1, "4111 1111 1111 1111"), update(2, "hello")])
    kept = await inbox.pending(10)
    assert [one["message"]["text"] for one in fresh] == [blot(Leak.CARD), "hello"]
    assert kept == fresh


async def test_the_account_a_seller_was_asked_for_is_kept(store):
    await store.write(lambda uow: uow.dialogs.add(Dialog(PersonId(42), "payee.account", {}, NOON)))
    fresh = await UpdateInbox(store, HandClock()).put([update(1, "6212 3456 7890 1232")])
    assert fresh == [update(1, "6212 3456 7890 1232")]
