"""Alembic's scripts: how an older database becomes one of this shop. Run by storage.migrate, without an ini file."""
