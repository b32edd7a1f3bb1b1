"""A judge of the live check: sees every entry once, in the one walk that all of them share, and speaks at its end."""

from __future__ import annotations

from collections.abc import Iterator

from core.ledger.chain import Record
from core.ledger.finding import Finding
from core.ports import UnitOfWork


class Judge:
    """Sees every entry once."""

    def see(self, record: Record) -> Iterator[Finding]:
        """What is wrong with this entry."""
        yield from ()

    def end(self) -> Iterator[Finding]:
        """What is wrong with them all."""
        yield from ()


def walk(uow: UnitOfWork, judge: Judge) -> Iterator[Finding]:
    """What one judge alone finds."""
    for record in uow.journal.walk():
        yield from judge.see(record)
    yield from judge.end()
