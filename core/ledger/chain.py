"""The chain over the journal: what the bytes of an entry are, how link follows link, and who seals.

So that somebody else can verify it with nothing of ours:

- An entry's canonical bytes are UTF-8 JSON without white space, in the form of RFC 8785 (which says how strings are
  escaped): `["<key>","<time>","<kind>","<order>" or null,[["<account>","<minor units>","<asset>"],…]]`, the legs in
  posting order. All values are strings, so that no reader's numbers matter. The time is UTC with six digits of a
  second: `2026-10-30T12:00:00.000000Z`. Debits are positive, credits carry a minus.
- link 0 = SHA-256("sampan-ledger:v1"); link n = SHA-256(link n-1 ‖ canonical bytes of entry n).
- Entries are numbered 1, 2, 3 … without a gap by the sealer, after their commit, in the order of their arrival. A
  sequence of the database would leave gaps, and one that is given before the commit can become visible after a higher
  one: an entry that commits late is not skipped here, it is in the next batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from core.ids import OrderId
from core.ledger.journal import Entry

if TYPE_CHECKING:
    from core.ports import UnitOfWork

ROOT = sha256(b"sampan-ledger:v1").hexdigest()
BATCH = 64  # entries a transaction: a few milliseconds, which nobody at a button notices

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Posting = tuple[str, int, str]
"""Account, minor units (debit positive), asset code: a leg as it lies in the books."""


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it lies in the books, whatever it says: the form for those who judge it.

    `seq` is the database's order of arrival, with gaps. `number` and `link` (hex) are None until it is sealed.
    """

    seq: int
    key: str
    at: datetime
    kind: str
    order: OrderId | None
    legs: tuple[Posting, ...]
    number: int | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """A batch of entries that was sealed together: those numbered `first` to `last`.

    `head` is the link of the last one, `previous` the link before the first one, both in hex.
    """

    number: int
    first: int
    last: int
    head: str
    previous: str
    at: datetime
    version: int = 0

    @property
    def count(self) -> int:
        """How many entries it holds."""
        return self.last - self.first + 1


class BrokenChain(RuntimeError):
    """The newest sealed entry is not the end of the newest seal: somebody changed the books. Nothing more is sealed."""


def record_of(entry: Entry, seq: int, number: int | None = None, link: str | None = None) -> Record:
    """An entry as a record."""
    legs = tuple((leg.account, leg.amount.minor, leg.amount.asset.code) for leg in entry.legs)
    return Record(seq, entry.key, entry.at, entry.kind, entry.order, legs, number, link)


def canonical(record: Record) -> bytes:
    """The bytes that are sealed: see the module."""
    at = record.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    legs = [[account, str(minor), code] for account, minor, code in record.legs]
    return _JSON([record.key, at, record.kind, record.order, legs]).encode()


def next_link(link: str, record: Record) -> str:
    """The link of `record` when it follows `link`."""
    return sha256(bytes.fromhex(link) + canonical(record)).hexdigest()


def seal(uow: UnitOfWork, now: datetime, limit: int = BATCH) -> Seal | None:
    """Seal up to `limit` entries that are not sealed yet; None when there are none. Raises BrokenChain.

    Two sealers at once make a seal of the same number: one of them meets Duplicate, and its transaction is undone.
    """
    records = uow.journal.unsealed(limit)
    if not records:
        return None
    last, previous = uow.journal.head()
    before = uow.seals.find(last=last, limit=1)
    if bool(last) != bool(before):
        raise BrokenChain
    links, link = [], previous
    for number, record in enumerate(records, last + 1):
        link = next_link(link, record)
        links.append((record.seq, number, link))
    seal = Seal(before[0].number + 1 if before else 1, last + 1, last + len(records), link, previous, now)
    uow.seals.add(seal)
    uow.journal.chain(links)
    return seal


def seal_all(uow: UnitOfWork, now: datetime) -> int:
    """Seal everything that stands, in one transaction: for the command line and for the end of a day. How many."""
    sealed = 0
    while one := seal(uow, now, 1000):
        sealed += one.count
    return sealed
