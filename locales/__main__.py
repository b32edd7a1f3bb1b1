"""`python -m locales update` brings every catalogue up to the code; `python -m locales check` says what is wrong."""

# ruff: noqa: T201  (a command line prints)

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import locales
from locales.checks import faults

ROOT = locales.FOLDER.parent
ROOMS = ("bot", "core")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "t": None,
    "plain": None,
    "plural": (1, 2),
    "plain_plural": (1, 2),
    "sentence": None,
    "Word": None,
}

# One constant date: a header that changed with the day would put every update of a word into every diff.
_DATE = datetime(2026, 11, 22, tzinfo=UTC)


def _empty(language: str | None) -> Catalog:
    who = "the Sampan authors"
    return Catalog(
        locale=language,
        header_comment="# Sampan's words. Written by `python -m locales update`; see README.md beside it.",
        project="Sampan",
        copyright_holder=who,
        last_translator=who,
        language_team=who,
        msgid_bugs_address=who,
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
    )


def extracted(root: Path = ROOT) -> Catalog:
    """Every sentence in the code under `root`, in the order of the files; `# Words:` comments go along."""
    template = _empty(None)
    for room in ROOMS:
        found = extract_from_dir(
            root / room, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=["Words:"]
        )
        for file, _line, message, comments, context in found:
            template.add(
                message, None, [(f"{room}/{Path(file).as_posix()}", 0)], auto_comments=comments, context=context
            )
    return template


def read(language: str) -> Catalog:
    """The catalogue of `language` as it lies on disk; an empty one if there is none yet."""
    path = locales.catalogue(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def merged(template: Catalog, language: str) -> Catalog:
    """The template's messages with the translations `language` already has; what the code no longer says is dropped."""
    fresh = _empty(language)
    known = read(language)
    for message in template:
        if message.id:
            old = known.get(message.id)
            forms = old.string if old and type(old.id) is type(message.id) else None
            flags = old.flags if old else ()
            fresh.add(message.id, forms, message.locations, flags, message.auto_comments)
    return fresh


def text(catalogue: Catalog) -> str:
    """The .po text: file names without line numbers, so that moving code does not touch the catalogues."""
    out = io.BytesIO()
    write_po(out, catalogue, width=120, ignore_obsolete=True, include_lineno=False)
    return out.getvalue().decode("utf-8")


def wanted() -> Iterator[tuple[Path, str]]:
    """Each catalogue file and the text it should have now."""
    template = extracted()
    yield locales.FOLDER / "sampan.pot", text(template)
    for language in locales.LANGUAGES:
        yield locales.catalogue(language), text(merged(template, language))


def update() -> None:
    """Write every catalogue that differs from what it should be."""
    for path, content in wanted():
        if not _same(path, content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


def _same(path: Path, content: str) -> bool:
    """Whether the file says that already; which Babel wrote it does not matter."""
    told = path.read_text("utf-8") if path.exists() else ""
    old, new = (re.sub(r'"Generated-By:.*"\n', "", said) for said in (told, content))
    return old == new


def check() -> list[str]:
    """What is wrong with the catalogues, one line each; nothing when they are complete and true to the code."""
    template = extracted()
    found = [fault for language in locales.LANGUAGES for fault in faults(template, read(language), language)]
    if not _same(locales.FOLDER / "sampan.pot", text(template)):
        found.append("sampan.pot: not what the code says; run python -m locales update")
    return found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m locales", description=__doc__)
    parser.add_argument("command", choices=["update", "check"])
    if parser.parse_args().command == "update":
        update()
        return 0
    found = check()
    print("\n".join(found) or "all catalogues are complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
