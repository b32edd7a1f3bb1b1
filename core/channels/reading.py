"""Reading what a peer answers, and not a byte more than such an answer has."""

from __future__ import annotations

import aiohttp

LARGEST = 1_000_000  # bytes; the answers of banks and rate sources have a few thousand


class TooLong(ValueError):
    """An answer far beyond what such a peer has to say: a fault, or somebody in between who fills our memory."""


async def whole(answer: aiohttp.ClientResponse, most: int = LARGEST) -> bytes:
    """The body, unpacked. Raises TooLong, aiohttp.ClientError, TimeoutError."""
    parts: list[bytes] = []
    room = most
    while part := await answer.content.readany():  # of a short answer, all
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise TooLong("far too long")
    return b"".join(parts)
