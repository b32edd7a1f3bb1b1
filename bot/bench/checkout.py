"""`sampan bench checkout`: committed checkouts a second beside bare sqlite3, on this disk and on a slower one."""

from storage.bench import run

__all__ = ["run"]
