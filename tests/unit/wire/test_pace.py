"""Paces: what a window or a bucket lets through in any stretch of time."""

from hypothesis import given
from hypothesis import strategies as some

from bot.wire.pace import Bucket, Window


def sent(pace: Bucket | Window, wishes: list[tuple[float, int]]) -> list[float]:
    """When each message goes, if everybody waits as told: (gap before the wish, how many at once)."""
    now, times = 0.0, []
    for gap, count in wishes:
        now += gap
        now += max(0.0, pace.wait(now, count))
        pace.take(now, count)
        times += [now] * count
    return times


wishes = some.lists(some.tuples(some.floats(0, 30), some.integers(1, 10)), max_size=60)


@given(wishes)
def test_no_minute_holds_more_than_the_window(wishes: list[tuple[float, int]]) -> None:
    times = sent(Window(20, 60), wishes)
    for first, last in zip(times, times[20:], strict=False):
        assert last - first >= 60 - 1e-6


@given(wishes)
def test_a_bucket_lets_a_burst_through_and_then_its_rate(wishes: list[tuple[float, int]]) -> None:
    times = sent(Bucket(1, 10), wishes)
    for index, start in enumerate(times):
        for later, end in enumerate(times[index:], 1):
            assert later <= 10 + (end - start) + 1e-6


def test_nobody_waits_before_the_limit() -> None:
    assert sent(Bucket(1, 6), [(0, 1)] * 7) == [0, 0, 0, 0, 0, 0, 1]
    assert sent(Window(3, 60), [(0, 1)] * 4) == [0, 0, 0, 60]


def test_a_rested_pace_is_as_new() -> None:
    bucket, window = Bucket(1, 3), Window(3, 60)
    for pace, rest in ((bucket, 1), (window, 60)):
        pace.take(0, 1)
        assert not pace.fresh(rest - 0.5)
        assert pace.fresh(rest)
