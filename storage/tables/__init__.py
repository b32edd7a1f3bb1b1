"""Every table there is.

No foreign keys between nouns: nothing is ever deleted, so a key that was read is a key that stands, and verbs stay free
to write an order and its quote in either order, on the database and in memory alike. Legs do point at their entry.
"""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from storage.tables import codes, effects, ledger, payments, people, proofs, risk, settlement, shop, unhappy

METADATA: MetaData = SQLModel.metadata

__all__ = [
    "METADATA",
    "codes",
    "effects",
    "ledger",
    "payments",
    "people",
    "proofs",
    "risk",
    "settlement",
    "shop",
    "table",
    "unhappy",
]


def table(name: str) -> Table:
    """The table of that name."""
    return METADATA.tables[name]
