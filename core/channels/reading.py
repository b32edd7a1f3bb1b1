"""Reading what a peer answers, and not a byte more than such an answer has."""

from __future__ import annotations

import aiohttp

LARGEST = 1_000_000  # bytes; the answers of banks and rate sources have a few thousand


class TooLong(ValueError):
    """An answer far beyond what such a peer has to say: a fault, or somebody in between who fills our memory."""


async def whole(answer: aiohttp.ClientResponse, most: int = LARGEST) -> bytes:
    """The body, unpacked. Raises TooLong, aiohttp.ClientError, TimeoutError."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(65_536):
        body += chunk
        if len(body) > most:
            raise TooLong("far too long")
    return bytes(body)
