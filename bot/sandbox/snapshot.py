"""Keeps the world over restarts: one JSON file, written shortly after a change and when the server stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from bot.sandbox.files import StoredFile
from bot.sandbox.people import Chat, Person, Post
from bot.sandbox.updates import Pending
from bot.sandbox.world import World

Json = dict[str, Any]

_PAUSE = 0.2  # seconds; a kill -9 may lose what was said within the last of them
_VERSION = 1


def _flat(thing: Any) -> Json:
    return {field.name: getattr(thing, field.name) for field in fields(thing)}


def dump(world: World) -> Json:
    """Everything that outlives the process. Open questions, faults and the log of calls do not."""
    profile, updates = world.profile, world.updates
    return {
        "version": _VERSION,
        "token": world.token,
        "bot": _flat(world.bot),
        "people": [_flat(person) for person in world.people.values()],
        "chats": [
            {**_flat(chat), "posts": [_flat(post) for post in chat.posts.values()]} for chat in world.chats.values()
        ],
        "last_group": world.last_group,
        "files": [_flat(stored) for stored in world.files.by_id.values()],
        "inline": world.inline,
        "invoices": world.invoices,
        "payments": world.payments,
        "commands": [[list(key), value] for key, value in profile.commands.items()],
        "texts": [[list(key), value] for key, value in profile.texts.items()],
        "menu_buttons": list(profile.menu_buttons.items()),
        "rights": list(profile.rights.items()),
        "last_update": updates.last_id,
        "asked_for": updates.asked_for,
        "pending": [_flat(update) for update in updates.pending.values()],
        "seq": world.events.seq,
    }


def restore(world: World, saved: Json) -> None:
    """Put a dump in the place of what is there. Raises KeyError or TypeError for a dump of another shape."""
    if saved["version"] != _VERSION:
        raise KeyError(f"version {saved['version']}")
    world.token = saved["token"]
    world.bot = Person(**saved["bot"])
    world.people = {one["id"]: Person(**one) for one in saved["people"]}
    world.chats = {}
    for one in saved["chats"]:
        posts = {post["message_id"]: _post(post) for post in one["posts"]}
        world.chats[one["id"]] = Chat(**{**one, "posts": posts})
    world.last_group = saved["last_group"]
    for one in saved["files"]:
        world.files.index(StoredFile(**one))
    world.inline = {key: (place[0], place[1]) for key, place in saved["inline"].items()}
    world.invoices, world.payments = saved["invoices"], saved["payments"]
    profile, updates = world.profile, world.updates
    profile.commands = {tuple(key): value for key, value in saved["commands"]}
    profile.texts = {tuple(key): value for key, value in saved["texts"]}
    profile.menu_buttons = dict(saved["menu_buttons"])
    profile.rights = dict(saved["rights"])
    updates.last_id = max(updates.last_id, saved["last_update"])
    updates.subscribe(saved["asked_for"])
    updates.pending = {one["update_id"]: Pending(**one) for one in saved["pending"]}
    # A page that was open before the restart is told to read everything again.
    world.events.events.clear()
    world.events.seq = saved["seq"]
    world.events.add("reset")


def _post(saved: Json) -> Post:
    return Post(**{**saved, "reactions": tuple((user, emoji) for user, emoji in saved["reactions"])})


class Keeper:
    """Writes the file of one World while it runs."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.path = folder / "telegram.json"
        self._written: tuple[int, int, int] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def load(self) -> None:
        """Raises RuntimeError for a file that is not ours to read."""
        if not self.path.exists():
            return
        try:
            restore(self.world, json.loads(self.path.read_text("utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise RuntimeError(f"{self.path} is not a sandbox's memory ({error}): move it away") from None

    def start(self) -> None:
        self._stopping = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write a last time. Waits for a write that is under way, so that the newer one stays."""
        if self._task is not None:
            self._stopping.set()
            await self._task
            self._task = None
        self._write(json.dumps(dump(self.world), ensure_ascii=False))

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE)
            now = (self.world.events.seq, self.world.updates.last_id, len(self.world.updates.pending))
            if now != self._written:
                self._written = now
                text = json.dumps(dump(self.world), ensure_ascii=False)
                await asyncio.to_thread(self._write, text)

    def _write(self, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, "utf-8")
        fresh.replace(self.path)
