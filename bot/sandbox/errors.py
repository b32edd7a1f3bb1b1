"""What the sandbox refuses: answers of the Bot API to the bot, answers of the control API to the page."""

from __future__ import annotations


class ApiError(Exception):
    """An unsuccessful answer of the Bot API: HTTP status, description, and for 429 the seconds to wait."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


class ControlError(Exception):
    """A fault of whoever calls `/sandbox/`: HTTP status, short code, one sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence


def bad(text: str) -> ApiError:
    """A 400 as the official server words it: the first letter is lowered unless the text is an ALL_CAPS name."""
    if len(text) > 1 and not (text[1] == "_" or text[1].isupper()):
        text = text[0].lower() + text[1:]
    return ApiError(400, "Bad Request: " + text)


def forbidden(text: str) -> ApiError:
    return ApiError(403, "Forbidden: " + text)


def too_many(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", seconds)


def bad_request(sentence: str) -> ControlError:
    return ControlError(400, "bad_request", sentence)


def unknown(what: str, sentence: str) -> ControlError:
    return ControlError(404, f"unknown_{what}", sentence)
