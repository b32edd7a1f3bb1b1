"""The gettext catalogues: one folder a language, read as they are (`sampan.po`); tooling in `python -m locales`."""

from pathlib import Path

LANGUAGES = ("en", "zh_Hans")

FOLDER = Path(__file__).parent


def catalogue(language: str) -> Path:
    """Where the .po file of `language` lies."""
    return FOLDER / language / "LC_MESSAGES" / "sampan.po"
