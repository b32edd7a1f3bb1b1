"""Trouble on order: faults scheduled for the bot's calls, and flood control as Telegram's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import ApiError, bad_request, too_many
from bot.sandbox.params import Params

Json = dict[str, Any]

_TEXTS = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user", 404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One ordered fault; README.md says what each field does."""

    id: int
    method: str
    code: int | None = None
    description: str | None = None
    retry_after: int | None = None
    times: int = 1
    contains: str | None = None
    chat_id: str | None = None
    delay: float = 0.0
    drop: str | None = None
    after: int = 0

    def view(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}

    def error(self) -> ApiError | None:
        if self.code is None:
            return None
        if self.code == 429:
            error = too_many(self.retry_after or 1)
            return ApiError(429, self.description or error.description, error.retry_after)
        return ApiError(self.code, self.description or _TEXTS.get(self.code, "Error"), self.retry_after)


class Faults:
    """Those still armed, oldest first."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self._last = 0

    def add(self, body: Json) -> Fault:
        """Raises ControlError for a fault that would do nothing."""
        known = {name: body[name] for name in Fault.__slots__ if name != "id" and body.get(name) is not None}
        if "chat_id" in known:
            known["chat_id"] = str(known["chat_id"])
        if known.get("drop") not in (None, "before", "after"):
            raise bad_request('drop is "before" or "after"')
        if "code" not in known and "retry_after" in known:
            known["code"] = 429
        if not any(name in known for name in ("code", "drop", "delay")):
            raise bad_request("a fault needs a code, a delay or a drop")
        self._last += 1
        fault = Fault(self._last, str(known.pop("method", "*")), **known)
        self.armed.append(fault)
        return fault

    def strike(self, method: str, params: Params) -> Fault | None:
        """The fault that hits this call, counted down; None mostly."""
        for fault in self.armed:
            if fault.method != "*" and fault.method.lower() != method.lower():
                continue
            if fault.chat_id is not None and params.text("chat_id") != fault.chat_id:
                continue
            if fault.contains is not None and fault.contains not in _all_text(params):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times:
                fault.times -= 1
                if fault.times == 0:
                    self.armed.remove(fault)
            return fault
        return None


def _all_text(params: Params) -> str:
    return json.dumps(params.values, ensure_ascii=False) + " ".join(str(value) for value in params.values.values())


class FloodControl:
    """About one message a second per chat with bursts, 20 a minute per group, 30 a second overall (the bot FAQ)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.settings: Json = {
            "enabled": False, "chat_per_second": 1, "chat_burst": 5, "group_per_minute": 20, "per_second": 30,
        }  # fmt: skip
        self._spent: dict[str, tuple[float, float]] = {}

    def update(self, body: Json) -> Json:
        for name, value in body.items():
            if name not in self.settings:
                continue
            if name != "enabled" and (not isinstance(value, (int, float)) or value <= 0):
                raise bad_request(f"{name} is a number above 0")
            self.settings[name] = bool(value) if name == "enabled" else value
        self._spent.clear()
        return self.settings

    def check(self, method: str, chat_id: str) -> None:
        """Count a sending call. Raises ApiError 429 when it is one too many; what is refused is not counted."""
        if not self.settings["enabled"] or not method.startswith(("send", "copy", "forward", "edit")) or not chat_id:
            return
        buckets = [("all", self.settings["per_second"], self.settings["per_second"])]
        if chat_id.startswith("-"):
            minute = self.settings["group_per_minute"]
            buckets.append((chat_id, minute / 60, minute))
        else:
            buckets.append((chat_id, self.settings["chat_per_second"], self.settings["chat_burst"]))
        now = self.clock()
        levels = [(key, *self._level(key, rate, size, now)) for key, rate, size in buckets]
        wait = max(missing for _, _, missing in levels)
        if wait > 0:
            raise too_many(math.ceil(wait))
        for key, level, _ in levels:
            self._spent[key] = (level - 1, now)

    def _level(self, key: str, rate: float, size: float, now: float) -> tuple[float, float]:
        """Tokens in this bucket now, and the seconds until there is one."""
        level, at = self._spent.get(key, (size, now))
        level = min(size, level + max(0.0, now - at) * rate)
        return level, 0.0 if level >= 1 else (1 - level) / rate
