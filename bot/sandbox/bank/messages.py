"""What the bank tells the merchant: signed messages, kept until delivered, tried again with a growing delay."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import aiohttp

from bot.sandbox.bank.books import Books

PATHS = {
    "pix": ("/bank/pix", "application/json"),
    "case": ("/bank/case", "application/json"),
    "camt054": ("/bank/camt054", "application/xml"),
    "camt053": ("/bank/statement", "application/xml"),
    "pix_report": ("/bank/statement", "text/csv"),
}
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0  # seconds by the bank's clock
ANSWER_WITHIN = 10.0  # real seconds
AT_ONCE = 8


def signature(secret: str, at: float, body: bytes) -> str:
    """The X-Bank-Signature header: `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + body)>`."""
    moment = str(int(at))
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Messages:
    """The queue of messages. `held` stops deliveries (the line is down); nothing is lost meanwhile."""

    def __init__(self, books: Books, secret: str, merchant_url: str | None, clock: Callable[[], float]) -> None:
        self.books, self.secret, self.merchant_url, self.clock = books, secret, merchant_url, clock
        self.held = False
        self._wake = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN))
        self._worker = asyncio.create_task(self._deliver_for_ever())

    async def stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        if self._http is not None:
            await self._http.close()
        self._worker = self._http = None

    def wake(self) -> None:
        """Look again now: a message, the merchant's address or the clock has changed."""
        self._wake.set()

    def add(self, kind: str, body: str) -> int:
        """Queues one message; the caller's transaction decides whether it is kept."""
        cursor = self.books.db.execute(
            "INSERT INTO message (kind, body, created, next_at) VALUES (?, ?, ?, ?)",
            (kind, body, self.clock(), self.clock()),
        )
        self.wake()
        return int(cursor.lastrowid or 0)

    def waiting(self) -> list[dict[str, Any]]:
        """What is to be delivered now, the oldest few."""
        return self._due()

    def delivered(self, message_id: int) -> None:
        """Somebody else has carried it to the merchant, who took it."""
        self._note(message_id, self.clock(), "carried", 200, None)

    def newest(self) -> list[dict[str, Any]]:
        """Newest first, each with its attempts."""
        return [self._view(row) for row in self.books.db.execute("SELECT * FROM message ORDER BY id DESC LIMIT 200")]

    def get(self, message_id: int) -> dict[str, Any] | None:
        row = self.books.db.execute("SELECT * FROM message WHERE id = ?", (message_id,)).fetchone()
        return self._view(row) if row else None

    def _view(self, row: Any) -> dict[str, Any]:
        attempts = self.books.db.execute(
            "SELECT at, kind, status, fault FROM attempt WHERE message = ? ORDER BY rowid", (row["id"],)
        )
        view = {key: row[key] for key in ("id", "kind", "body", "created", "next_at", "delivered_at")}
        return {**view, "path": PATHS[row["kind"]][0], "attempts": [dict(attempt) for attempt in attempts]}

    async def send(self, message: dict[str, Any], how: str = "sent") -> dict[str, Any]:
        """One attempt now, noted and answered: {at, kind, status, fault}. `how`: sent, again, forged (wrong secret)."""
        path, content_type = PATHS[message["kind"]]
        body, at = message["body"].encode(), self.clock()
        secret = self.secret if how != "forged" else "not " + self.secret
        headers = {"Content-Type": content_type, "X-Bank-Signature": signature(secret, at, body)}
        status, fault = None, None
        try:
            assert self._http is not None, "the bank is not started"
            url = f"{(self.merchant_url or '').rstrip('/')}{path}"
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            fault = type(error).__name__
        self._note(message["id"], at, how, status, fault)
        return {"at": at, "kind": how, "status": status, "fault": fault}

    def _note(self, message_id: int, at: float, how: str, status: int | None, fault: str | None) -> None:
        db = self.books.db
        with db:
            db.execute("INSERT INTO attempt VALUES (?, ?, ?, ?, ?)", (message_id, at, how, status, fault))
            if how == "forged":
                return
            if status is not None and 200 <= status < 300:
                db.execute(
                    "UPDATE message SET next_at = NULL, delivered_at = COALESCE(delivered_at, ?) WHERE id = ?",
                    (at, message_id),
                )
            elif how == "sent":
                (tries,) = db.execute("SELECT tries FROM message WHERE id = ?", (message_id,)).fetchone()
                delay = min(LONGEST_DELAY, FIRST_DELAY * 2**tries)
                db.execute("UPDATE message SET next_at = ?, tries = tries + 1 WHERE id = ?", (at + delay, message_id))

    async def _deliver_for_ever(self) -> None:
        while True:
            self._wake.clear()
            due = self._due() if self.merchant_url and not self.held else []
            if due:
                await asyncio.gather(*(self.send(message) for message in due))
                continue
            waiting = self.books.db.execute("SELECT 1 FROM message WHERE next_at IS NOT NULL LIMIT 1").fetchone()
            # The clock may be a demo's and jump, so what waits for a time is looked at often.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 0.2 if waiting else None)

    def _due(self) -> list[dict[str, Any]]:
        rows = self.books.db.execute(
            "SELECT * FROM message WHERE next_at <= ? ORDER BY id LIMIT ?", (self.clock(), AT_ONCE)
        ).fetchall()
        return [self._view(row) for row in rows]
