"""Ears at the log: everything that is logged while tests run is searched for what no log may hold."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from stdnum import iban

from bot.demo import TOKEN
from bot.sandbox.bank import DEMO_API_KEY, DEMO_SECRET

SECRETS = (TOKEN.partition(":")[2], DEMO_SECRET, DEMO_API_KEY)
# What the people of the tests write about themselves: addresses, names of account holders, tracking numbers, stories.
PERSONAL = ("Via Roma", "Maya Rossi", "Vicolo Segreto", "Vera Vittima", "VV 777 888", "held a brick", "rosa@casarosa")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b")
# The sandbox is the outside world: Telegram and the bank may know whom they talk of.
_OUTSIDE = ("bot.sandbox", "aiohttp.access", "tests", "faker", "hypothesis")
OURS = ("bot", "core", "storage", "locales")


class Ears(logging.Handler):
    """Keeps every line as a file would hold it, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """logging.Handler."""
        if not record.name.startswith(_OUTSIDE):
            self.lines.append(self.format(record))

    def told(self, *more: str) -> list[str]:
        """The lines that tell what they must not: a secret, an account, somebody’s life, or one of `more`."""
        words = (*SECRETS, *PERSONAL, *more)
        return [line for line in self.lines if any(word in line for word in words) or any(_accounts(line))]


def _accounts(line: str) -> Iterator[str]:
    return (found for found in _IBAN.findall(line) if iban.is_valid(found))


def listening(level: int) -> Iterator[Ears]:
    """Hear our own loggers from DEBUG on, everybody else’s from `level` on."""
    ears, root = Ears(), logging.getLogger()
    loggers = [root, *map(logging.getLogger, OURS)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level if logger is root else logging.DEBUG)
    root.addHandler(ears)
    try:
        yield ears
    finally:
        root.removeHandler(ears)
        for logger, old in zip(loggers, before, strict=True):
            logger.setLevel(old)


@pytest.fixture(scope="module", autouse=True)
def nothing_slips_into_the_log() -> Iterator[Ears]:
    """Every module that imports this fixture is listened to; a slip is an error at the module’s end."""
    for ears in listening(logging.INFO):
        yield ears
        slips = ears.told()
        assert not slips, "the log holds what no log may hold:\n" + "\n".join(line[:300] for line in slips[:5])
