"""What the database says when it will not, without ever repeating what it was asked to keep."""

from __future__ import annotations

from core.errors import Stale


class StorageFault(RuntimeError):
    """The database failed: a full disk, a broken connection, a defect of ours. Names the fault, never a value."""


class CommitFailed(StorageFault):
    """The COMMIT failed: nothing of the transaction is kept."""


class CommitUnknown(StorageFault):
    """The connection broke during COMMIT: the transaction may be kept or not. Never run it again blindly."""


class Conflict(Stale):
    """A lost race. A store runs the transaction again; when that does not help either, it is the Stale that it says."""
