"""The door to the decoder: so many turns an hour for each person, a process of its own, an end to its patience."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.pictures.decode import MOST_SECONDS, read_codes_or_die
from bot.pictures.process import Aside, Died
from bot.pictures.product import BadPhoto
from core.errors import Refusal, sentence

PATIENCE = 10.0  # seconds, the wait for one's turn included


class NoPicture(Refusal):
    """What was sent is no picture that may be opened."""

    sentence = sentence(
        "I can’t open this as a picture. "
        "Please send a photo, or a JPEG, PNG or WebP file up to 20 MB and 25 megapixels."
    )


class TooHard(Refusal):
    """The decoder did not come back in time."""

    sentence = sentence(
        "I could not read this picture in time. Please crop it to the code and send it again, or paste the code’s text."
    )


class TooManyCodes(Refusal):
    """The quota. Parameters: most, renews."""

    sentence = sentence(
        "I have looked at {most} codes for you within the hour. I can look at more from {renews} on. "
        "Until then, please pay only from the card in this chat."
    )


class Reader:
    """Reads codes in pictures, for whoever has turns left. One process of several counts for itself alone."""

    def __init__(self, aside: Aside, now: Callable[[], datetime], most: int, *, seconds: float = MOST_SECONDS) -> None:
        """`aside`: in a process of its own, which a hostile picture may cost its life. `most`: turns in an hour.

        `seconds` is what one picture may take.
        """
        self._seconds = seconds
        self._alone = asyncio.Lock()
        self._aside, self._now, self._most = aside, now, most
        self._turns: Counter[int] = Counter()
        self._renews = now()

    def take_turn(self, who: int) -> None:
        """Count a look at a code. Raises TooManyCodes."""
        now = self._now()
        if now >= self._renews or self._renews - now > timedelta(hours=1):
            self._turns.clear()
            self._renews = now + timedelta(hours=1)
        if self._turns[who] >= self._most:
            raise TooManyCodes(most=self._most, renews=self._renews)
        self._turns[who] += 1

    async def read(self, data: bytes) -> list[bytes]:
        """The distinct codes in a picture. Raises NoPicture, TooHard."""
        try:
            return await asyncio.wait_for(self._decode(data), PATIENCE)
        except BadPhoto:
            raise NoPicture from None
        except (Died, TimeoutError):  # ended by its own alarm, or behind others for too long
            raise TooHard from None

    async def _decode(self, data: bytes) -> list[bytes]:
        async with self._alone:  # who brings the process down takes nobody else's picture with them
            return await self._aside(read_codes_or_die, data, self._seconds)
