"""Telegram's updates in the shop's own inbox: what bot.wire.intake asks of one."""

from __future__ import annotations

import json
from typing import Any

from bot.visit import TELEGRAM
from bot.wire.scrub import scrub
from core.clock import Clock
from core.ids import PersonId
from core.ports import Message, Store, UnitOfWork


class UpdateInbox:
    """Telegram's updates in the durable inbox: kept before they are acknowledged, settled when they are handled."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def put(self, updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep raw updates; returns those that are new."""
        return await self._store.write(self._keep, updates)

    def _keep(self, uow: UnitOfWork, updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        now = self._clock.now()
        fresh = []

        def question(who: int) -> str:
            dialog = uow.dialogs.get(PersonId(who))
            return dialog.step if dialog else ""

        for update in (scrub(update, question) for update in updates):
            # The id alone names an update; a redelivery is byte-identical, so the digest need not be kept.
            message = Message(TELEGRAM, str(update["update_id"]), json.dumps(update), now, "")
            if uow.inbox.put(message):
                fresh.append(update)
        return fresh

    async def pending(self, limit: int) -> list[dict[str, Any]]:
        """What was kept and not handled before the last stop: the oldest `limit`, oldest first."""
        messages = await self._store.survey(lambda uow: uow.inbox.open(TELEGRAM, limit))
        return [json.loads(message.body) for message in messages]

    async def done(self, update_ids: list[int]) -> None:
        """They are handled."""
        keys = [str(update_id) for update_id in update_ids]
        await self._store.write(lambda uow: uow.inbox.settle(TELEGRAM, keys))
