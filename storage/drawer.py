"""What the stores in memory keep things in: dictionaries that remember how to undo a transaction."""

from __future__ import annotations

from typing import Any

from storage.faults import StorageFault


class Drawer:
    """Dictionaries by name, and how to undo what was done to them since the transaction began."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.writable = True
        self.grown = False  # the outbox, in this transaction
        self.seen: dict[tuple[str, Any], Any] = {}
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []

    def table(self, name: str) -> dict[Any, Any]:
        """The dictionary of that name."""
        return self.tables.setdefault(name, {})

    def put(self, name: str, key: Any, value: Any) -> None:
        """Set one entry; None takes it out."""
        if not self.writable:
            raise StorageFault("READONLY")
        table = self.table(name)
        self._undo.append((table, key, table.get(key)))
        self._set(table, key, value)

    def begin(self, *, writable: bool) -> None:
        """A new transaction."""
        self._undo.clear()
        self.seen.clear()
        self.grown = False
        self.writable = writable

    def roll_back(self) -> None:
        """As it was when the transaction began."""
        for table, key, value in reversed(self._undo):
            self._set(table, key, value)
        self._undo.clear()

    @staticmethod
    def _set(table: dict[Any, Any], key: Any, value: Any) -> None:
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
