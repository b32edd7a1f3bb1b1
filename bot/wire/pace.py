"""How fast is too fast: a bucket for "so many a second, with bursts", a window for "so many in any minute"."""

from __future__ import annotations

from collections import deque


class Bucket:
    """`rate` tokens a second flow in, at most `burst` lie there; each message takes one."""

    __slots__ = ("_burst", "_level", "_rate", "_seen")

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._seen = float(burst), 0.0

    def wait(self, now: float, count: int) -> float:
        """Seconds until `count` may go; 0 or less when they may go now. More than a burst may overdraw it."""
        return (min(count, self._burst) - self._at(now)) / self._rate

    def take(self, now: float, count: int) -> None:
        """`count` went."""
        self._level, self._seen = self._at(now) - count, now

    def fresh(self, now: float) -> bool:
        """Whether it is full, as a new one would be."""
        return self._at(now) >= self._burst

    def _at(self, now: float) -> float:
        return min(self._burst, self._level + (now - self._seen) * self._rate)


class Window:
    """At most `most` in any `seconds` that one might look at."""

    __slots__ = ("_most", "_seconds", "_times")

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: deque[float] = deque(maxlen=most)

    def wait(self, now: float, count: int) -> float:
        """Seconds until `count` may go; 0 or less when they may go now. More than the window waits for an empty one."""
        crowding = len(self._times) + min(count, self._most) - self._most
        return self._times[crowding - 1] + self._seconds - now if crowding > 0 else 0.0

    def take(self, now: float, count: int) -> None:
        """`count` went."""
        self._times.extend([now] * count)

    def fresh(self, now: float) -> bool:
        """Whether nothing is in it, as in a new one."""
        return not self._times or self._times[-1] + self._seconds <= now
