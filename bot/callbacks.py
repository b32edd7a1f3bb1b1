"""What a button or a deep link carries: packed once, parsed once, at most 64 bytes, and nobody else's to press."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache

from core.errors import Refusal, sentence

MOST_BYTES = 64
_VERSION = "1"
_TAG_CHARS = 8  # 48 bits: whoever guesses does so through Telegram, one try a press
_TO_ANYBODY = 0
_REST = re.compile(r"[a-z][a-z0-9_]{0,23}(?:\.[A-Za-z0-9_-]+)*")
_BUTTON = re.compile(
    rf"{_VERSION}(?P<tag>[A-Za-z0-9_-]{{{_TAG_CHARS}}})(?P<body>(?P<owner>[0-9a-z]+)\.(?P<rest>[A-Za-z0-9_.-]+))"
)
_LINK_KIND = re.compile(r"[a-z]{1,8}")
_LINK_ARGUMENT = re.compile(r"[A-Za-z0-9-]+")


class ForeignButton(Refusal):
    """A button made for somebody else, seen in a group."""

    sentence = sentence("This button is not yours. Send /start to get your own.")


class BrokenButton(Refusal):
    """Forged, garbled, or of a shape this version no longer makes."""

    sentence = sentence("This button no longer works. Send /start to see where things stand.")


class BrokenLink(Refusal):
    """A deep link that says nothing this shop understands."""

    sentence = sentence("This link no longer works. Send /start to see what is for sale.")


@dataclass(frozen=True, slots=True)
class Press:
    """A button as pressed: what to do, on what, and whether anybody may press it."""

    action: str
    args: tuple[str, ...]
    public: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A deep link as opened: `kind` says what `args` name."""

    kind: str
    args: tuple[str, ...]


class Buttons:
    """Makes and opens button payloads: version, tag, owner, action, arguments.

    The tag is a MAC over all the rest, so a payload is ours or nothing. A replay is not stopped here: put the version
    of the thing in the arguments, and core refuses the stale one.
    """

    def __init__(self, key: bytes) -> None:
        # BLAKE2 is a MAC when keyed, and many times cheaper than an HMAC by OpenSSL: a screen has many buttons.
        self._mac = hashlib.blake2b(b"sampan buttons", digest_size=_TAG_CHARS * 6 // 8, key=key[:64])

    def pack(self, action: str, *args: str | int, owner: int | None) -> str:
        """A payload only `owner` (a Telegram user id) may press; anybody when None. Over 64 bytes is a ValueError."""
        rest = ".".join([action, *map(str, args)])
        # One match for all of it; a dot inside an argument shows as one part too many.
        if not _REST.fullmatch(rest) or rest.count(".") != len(args):
            raise ValueError(f"a button carries an action and letters, digits, _ and -: {rest}")
        if owner is not None and owner <= _TO_ANYBODY:
            raise ValueError("a button belongs to a person, or to nobody (None)")
        body = f"{_base36(owner or _TO_ANYBODY)}.{rest}"
        payload = _VERSION + self._tag(body) + body
        if len(payload) > MOST_BYTES:
            raise ValueError(f"{len(payload)} bytes are too many for the button {action}")
        return payload

    def open(self, data: str, presser: int) -> Press:
        """What `presser` asked for. Raises BrokenButton or ForeignButton."""
        match = _BUTTON.fullmatch(data) if len(data) <= MOST_BYTES else None
        if match is None or not hmac.compare_digest(match["tag"], self._tag(match["body"])):
            raise BrokenButton
        owner = int(match["owner"], 36)
        if owner not in {_TO_ANYBODY, presser}:
            raise ForeignButton
        action, *args = match["rest"].split(".")
        return Press(action, tuple(args), owner == _TO_ANYBODY)

    def _tag(self, body: str) -> str:
        mac = self._mac.copy()
        mac.update(f"{_VERSION}{body}".encode())
        return base64.urlsafe_b64encode(mac.digest()).decode()


def parse_link(payload: str) -> Link:
    """What the payload of t.me/bot?start=… names: it is unsigned, so anybody may see that. Raises BrokenLink."""
    kind, *args = payload.split("_")
    if len(payload) > MOST_BYTES or not _LINK_KIND.fullmatch(kind) or not all(map(_LINK_ARGUMENT.fullmatch, args)):
        raise BrokenLink
    return Link(kind, tuple(args))


@lru_cache(maxsize=4096)
def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
