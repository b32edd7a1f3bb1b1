"""What a check of the books found: one sentence about the first thing that breaks a rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant. Its number is the one of core.ledger.check; `key` names the entry, account or noun.

    `what` is one plain sentence for an operator, without personal data.
    """

    invariant: int
    key: str
    what: str
