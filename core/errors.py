"""What core says when it will not: a refusal is a type that names its sentence in the catalogue.

Exception
└── Refusal        a rule of the shop said no; told to the person in their language, nothing has changed
    ├── (each room's own, beside the rule that raises it)
    ├── Gone       the thing asked for does not exist, or is not this person's: both sound the same on purpose
    └── Stale      somebody else changed the thing first; what is true now is shown again
"""

from __future__ import annotations

from typing import Any, ClassVar


def sentence(text: str) -> str:
    """Mark `text` for the catalogues. The text itself is the key; placeholders are {named}."""
    return text


class Refusal(Exception):
    """A refusal. Parameters are typed values (Money, datetime, int, str); the speaker formats them for the reader."""

    sentence: ClassVar[str]

    def __init__(self, **params: Any) -> None:
        super().__init__(type(self).__name__)
        self.params = params


class Gone(Refusal):
    """Unknown, or not yours: one answer for both, so that nobody learns whose it was."""

    sentence = sentence("That is no longer here, or it is not yours.")


class Stale(Refusal):
    """The button or page is older than the thing it speaks of."""

    sentence = sentence("This has changed since. Here is how it stands now.")


class NotAllowed(Refusal):
    """The command belongs to another role."""

    sentence = sentence("This command is not for you. /help shows what you can do.")
