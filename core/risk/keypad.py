"""Keypads: digits pressed on shuffled buttons, whose payloads are random words that each work once and say nothing."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from core.errors import Stale, sentence
from core.ids import PersonId

ERASE, CANCEL, OK = "erase", "cancel", "ok"
LIFE = timedelta(minutes=10)
_TOKEN = 12  # bytes: 96 bits, 16 characters


class KeyUsed(Stale):
    """A key of a keypad as it stood before the last press, or of one that is closed."""

    sentence = sentence("That key was used already: each key works once. Please press again.")


@dataclass(slots=True)
class Pad:
    """One keypad of one person. What was pressed so far lives here, in memory, and nowhere else.

    `goal` and `about` say what the digits are for; `least` and `most` how many there may be.
    """

    person: PersonId
    goal: str
    about: str
    least: int
    most: int
    opened_at: datetime
    order: tuple[str, ...]  # the digits as they lie on the pad, shuffled once
    first: str = field(default="", repr=False)  # what was entered the first time, of a PIN that is entered twice
    then: dict[str, str] = field(default_factory=dict)  # what the bot goes on with afterwards
    digits: str = field(default="", repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)  # token → key, of this position only

    @property
    def is_full(self) -> bool:
        """Whether no further digit fits."""
        return len(self.digits) == self.most

    @property
    def is_enough(self) -> bool:
        """Whether so many were pressed that OK may be."""
        return len(self.digits) >= self.least

    def token(self, key: str) -> str:
        """What the button of a key carries now."""
        return next(token for token, one in self.tokens.items() if one == key)


class Keypads:
    """The keypads that are open: one a person, in this process. Whoever finds none is asked anew."""

    def __init__(
        self, random: Random | None = None, token: Callable[[], str] | None = None, most_open: int = 10_000
    ) -> None:
        self._random = random or secrets.SystemRandom()
        self._token = token or (lambda: secrets.token_urlsafe(_TOKEN))
        self._most_open = most_open
        self._open: OrderedDict[PersonId, Pad] = OrderedDict()

    def open(
        self,
        who: PersonId,
        now: datetime,
        goal: str,
        about: str,
        *,
        least: int,
        most: int,
        first: str = "",
        then: dict[str, str] | None = None,
    ) -> Pad:
        """A fresh keypad, in place of any that this person had."""
        order = list("0123456789")
        self._random.shuffle(order)
        pad = Pad(who, goal, about, least, most, now, tuple(order), first, then or {})
        self._deal(pad)
        self._open.pop(who, None)
        self._open[who] = pad
        while len(self._open) > self._most_open:
            self._open.popitem(last=False)
        return pad

    def of(self, who: PersonId, now: datetime) -> Pad | None:
        """The keypad that this person has open, if any."""
        pad = self._open.get(who)
        if pad is not None and now >= pad.opened_at + LIFE:
            self.close(who)
            return None
        return pad

    def press(self, who: PersonId, now: datetime, token: str) -> tuple[Pad, str]:
        """The keypad after a press, and the key: a digit, ERASE, CANCEL or OK. Raises KeyUsed."""
        pad = self.of(who, now)
        key = pad.tokens.get(token) if pad else None
        if pad is None or key is None:
            raise KeyUsed
        if key == ERASE:
            pad.digits = pad.digits[:-1]
        elif key.isdigit():
            pad.digits = (pad.digits + key)[: pad.most]
        self._deal(pad)
        return pad, key

    def close(self, who: PersonId) -> None:
        """It has done its work: no key of it works any more."""
        self._open.pop(who, None)

    def _deal(self, pad: Pad) -> None:
        """New tokens for every key: those of the position before are worth nothing."""
        pad.tokens = {self._token(): key for key in (*pad.order, ERASE, CANCEL, OK)}
