"""Anchors: the chain's head as one line, to be published where nobody can take it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.ledger.chain import seal_all

if TYPE_CHECKING:
    from core.ports import UnitOfWork

_LINE = re.compile(r"sampan-ledger:v1:([1-9][0-9]{0,17}):([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


class BadAnchor(ValueError):
    """A line that is not an anchor."""


class NothingToAnchor(Exception):
    """There is no entry yet."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published head: with the seal of that number the chain had `count` entries, and its last link was `head`.

    `chain` is the id of the blockchain that its transaction was made for.
    """

    line: str
    seal: int
    count: int
    head: str
    at: datetime
    chain: int
    version: int = 0


def parse(line: str) -> tuple[int, int, str]:
    """Number of the seal, number of entries and head (hex) of an anchor's line. Raises BadAnchor."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise BadAnchor("it looks like sampan-ledger:v1:12:345:6789abcd… with 64 digits of hex at the end")
    return int(found[1]), int(found[2]), found[3]


def drop(uow: UnitOfWork, now: datetime, chain: int) -> Anchor:
    """Seal what stands and keep the anchor of it; the one there is when nothing was added. Raises NothingToAnchor."""
    seal_all(uow, now)
    last, head = uow.journal.head()
    if not last:
        raise NothingToAnchor
    seal = uow.seals.find(last=last, limit=1)[0]
    line = f"sampan-ledger:v1:{seal.number}:{last}:{head}"
    return uow.anchors.get(line) or uow.anchors.add(Anchor(line, seal.number, last, head, now, chain))
