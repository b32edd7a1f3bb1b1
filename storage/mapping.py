"""Noun ↔ row, both directions derived once from the noun's type hints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Table

from core.money import Money, asset
from storage.codec import Convert, column_form, dump, is_comparable, json_form, load
from storage.nouns import Noun, plain
from storage.vault import Vault

SEALED = "personal"  # the column of the blob


class Mapping:
    """How one noun lies in its table. Raises TypeError at birth when table and noun disagree.

    A row is read in the order of `columns`: one a field (Money: its minor units), then the asset of each Money, then
    the blob of the personal fields. It is written in the order of the table's own columns.
    """

    def __init__(self, noun: Noun, table: Table, vault: Vault, *, texts: bool) -> None:
        self.noun, self.table = noun, table
        self._vault = vault
        self._fields = [name for name in noun.hints if name not in noun.personal]
        self._money = [name for name in self._fields if plain(noun.hints[name])[0] is Money]
        self.columns = [f"{name}_minor" if name in self._money else name for name in self._fields]
        self.columns += [f"{name}_asset" for name in self._money]
        if noun.personal:
            self.columns.append(SEALED)
        self._check()
        self._forms = {
            name: column_form(noun.hints[name], texts=texts) for name in self._fields if name not in self._money
        }
        self._secret = {name: json_form(noun.hints[name]) for name in noun.personal}
        self._defaults = {f.name: f.default for f in dataclasses.fields(noun.type) if f.name in noun.personal}
        self.everything = [name for name in noun.hints if name not in (noun.key, "version")]
        self._fieldwise, self._version = attrgetter(*noun.hints), list(noun.hints).index("version")
        self._plan_writing()
        self._plan_reading()
        # The same person's row is read a dozen times on the way to a payment. Only read: all who ask share it.
        self._open = lru_cache(maxsize=512)(self._unseal)

    def _check(self) -> None:
        missing = set(self.columns) - set(self.table.columns.keys())
        extra = set(self.table.columns.keys()) - set(self.columns)
        if missing or extra:
            raise TypeError(
                f"storage.tables: {self.table.name} and {self.noun.type.__name__} disagree; "
                f"columns to add: {sorted(missing) or 'none'}, to remove: {sorted(extra) or 'none'}"
            )
        for name in self._fields:
            optional = plain(self.noun.hints[name])[1]
            columns = [f"{name}_minor", f"{name}_asset"] if name in self._money else [name]
            if any(bool(self.table.c[column].nullable) != optional for column in columns):
                raise TypeError(
                    f"storage.tables: {self.table.name}.{name} must{'' if optional else ' not'} be nullable"
                )

    def _plan_writing(self) -> None:
        """Where each column's value is found on the thing, and what must be done to it."""
        sources: dict[str, tuple[str, Convert | None]] = {SEALED: (self.noun.key, None)}
        for name in self._money:
            sources[f"{name}_minor"], sources[f"{name}_asset"] = (name, _minor), (name, _code)
        for name, form in self._forms.items():
            sources[name] = (name, form.pack)
        written = [sources[column] for column in self.table.columns.keys()]  # noqa: SIM118
        self._values: Callable[[Any], tuple[Any, ...]] = attrgetter(*(name for name, _ in written))
        self._packs = [(index, pack) for index, (_, pack) in enumerate(written) if pack]
        self._seal_at = list(self.table.columns.keys()).index(SEALED) if self.noun.personal else -1

    def _plan_reading(self) -> None:
        """What must be done to which value of a row that was read."""
        width = len(self._fields)
        self._unpacks = [
            (index, unpack)
            for index, name in enumerate(self._fields)
            if name in self._forms and (unpack := self._forms[name].unpack)
        ]
        self._pairs = [(self._fields.index(name), width + i) for i, name in enumerate(self._money)]
        self._gaps = [(list(self.noun.hints).index(name), name) for name in self.noun.personal]

    def row(self, thing: Any) -> list[Any]:
        """The thing as a row, in the order of the table's columns."""
        row = list(self._values(thing))
        for index, pack in self._packs:
            row[index] = pack(row[index])
        if self._gaps:
            row[self._seal_at] = self._seal(thing)
        return row

    def thing(self, row: Sequence[Any]) -> Any:
        """The thing that lies in a row."""
        values = list(row[: len(self._fields)])
        for index, unpack in self._unpacks:
            values[index] = unpack(values[index])
        for index, code in self._pairs:
            if values[index] is not None:
                values[index] = Money(values[index], asset(row[code]))
        if self._gaps:
            opened = self._open(row[0], row[-1])
            for index, name in self._gaps:
                values.insert(index, opened[name])
        return self.noun.type(*values)

    def versioned(self, thing: Any, version: int) -> Any:
        """The thing as of another version: dataclasses.replace at a third of its time."""
        values = list(self._fieldwise(thing))
        values[self._version] = version
        return self.noun.type(*values)

    def changes(self, old: Any, new: Any) -> list[str]:
        """The fields in which two things differ, the key and the version left out."""
        return [
            name for name in self.everything if (a := getattr(old, name)) is not (b := getattr(new, name)) and a != b
        ]

    def part(self, thing: Any, names: Sequence[str]) -> tuple[tuple[str, ...], list[Any]]:
        """The columns that the named fields fill, and what belongs in them."""
        columns: list[str] = []
        values: list[Any] = []
        for name in names:
            if name in self._secret:
                continue
            value = getattr(thing, name)
            if name in self._money:
                columns += (f"{name}_minor", f"{name}_asset")
                values += (_minor(value), _code(value))
            else:
                pack = self._forms[name].pack
                columns.append(name)
                values.append(pack(value) if pack else value)
        if any(name in self._secret for name in names):
            columns.append(SEALED)
            values.append(self._seal(thing))
        return tuple(columns), values

    def pack(self, name: str, value: Any) -> Any:
        """A field's value as its column keeps it, to compare with. Raises TypeError when it cannot be sought."""
        form = self._forms.get(name)
        if form is None or not is_comparable(self.noun.hints[name]):
            raise TypeError(f"{self.noun.name} cannot be sought by {name}")
        return form.pack(value) if form.pack and value is not None else value

    def _seal(self, thing: Any) -> bytes | None:
        secrets = {
            name: form.pack(value) if form.pack else value
            for name, form in self._secret.items()
            if (value := getattr(thing, name)) != self._defaults[name]
        }
        if not secrets:
            return None
        return self._vault.encrypt(dump(secrets).encode(), sealed_for(self.noun.name, getattr(thing, self.noun.key)))

    def _unseal(self, key: Any, blob: bytes | None) -> dict[str, Any]:
        if blob is None:
            return self._defaults
        secrets = load(self._vault.decrypt(blob, sealed_for(self.noun.name, key)).decode())
        opened = dict(self._defaults)
        for name, form in self._secret.items():
            if name in secrets:
                opened[name] = form.unpack(secrets[name]) if form.unpack else secrets[name]
        return opened


def sealed_for(name: str, key: Any) -> str:
    """What the blob of a noun's row is sealed for: it opens in that row only."""
    return f"{name}.{SEALED}|{key}"


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _code(money: Money | None) -> str | None:
    return None if money is None else money.asset.code
