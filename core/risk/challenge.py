"""Challenges: a question "is it you, and is this what you want?", bound to one thing, and what has answered it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.ids import OrderId, PersonId
from core.money import Money
from core.risk.factors import Factor


@dataclass(frozen=True, slots=True)
class Challenge:
    """One step-up. What it proves is `bound`, and nothing else; it is good for one use, until `expires_at`.

    `data` is what the bot goes on with afterwards: it decides nothing, as every verb judges anew.
    """

    id: str
    person: PersonId
    purpose: str  # "pay", "raise-limit", "set-pin", …
    bound: str  # digest of payee, amount, asset, method, order; or of what is changed
    created_at: datetime
    expires_at: datetime
    order: OrderId | None = None
    amount: Money | None = None  # what is shown with it
    payee: str = ""  # … and to whom
    asked: tuple[Factor, ...] = ()  # those that would do
    needed: int = 1  # how many of them
    done: tuple[Factor, ...] = ()
    tries: int = 0  # guesses that were wrong, at whichever factor
    passed_at: datetime | None = None
    used_at: datetime | None = None
    cancelled_at: datetime | None = None
    device: str = ""  # core.risk.device.Device.id of the page it was answered on; "" for the keypad
    message: int | None = None  # the message in the chat that asks it
    sends: int = 0  # codes sent for it
    sent_at: datetime | None = None
    code: str = field(default="", metadata={"personal": True}, repr=False)  # keyed digest of the code sent last
    data: dict[str, str] = field(default_factory=dict)
    version: int = 0

    def is_open(self, now: datetime) -> bool:
        """Whether it still waits for an answer."""
        return self.passed_at is None and self.cancelled_at is None and now < self.expires_at

    def proves(self, now: datetime) -> bool:
        """Whether it was passed and is not used up, given up or too old."""
        return self.passed_at is not None and self.used_at is None and now < self.expires_at
