"""The one refusal of this room: a payment code that breaks its standard."""

from __future__ import annotations


class BadPayload(ValueError):
    """A payment code, or a part to build one from, breaks its standard.

    ``field`` names the part (a tag such as "26.01", or a word such as "iban"); ``why`` is plain English for logs
    and developers. Neither ever quotes the value: it may be a person's account.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why
