"""What Alembic asks before it runs: which connection, which tables. storage.migrate hands both in."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import UTCDateTime

from storage.tables import METADATA


def _render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Scripts name the database's own types: they must still run when ours have changed."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a column: Alembic moves the table
    render_item=_render,
    compare_type=True,
    on_version_apply=attributes.get("on_version_apply"),
)
with context.begin_transaction():
    context.run_migrations()
