"""Parameters of one call, from wherever they came: query, urlencoded, JSON or multipart, on any HTTP method."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.multipart import media_type, read_multipart

_TRUE = {"true", "yes", "1"}


def whole(value: Any, default: int = 0) -> int:
    """A whole number however it was sent; the default for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a JSON object; none for what is no object."""
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent in a multipart body."""

    name: str
    data: bytes
    mime: str


@dataclass(slots=True)
class Params:
    """Reads values the way the official server does: lenient about form, clamping instead of refusing."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        return json.dumps(value) if isinstance(value, (dict, list, bool)) else str(value)

    def integer(self, name: str, default: int = 0, low: int = -(2**63), high: int = 2**63 - 1) -> int:
        """A whole number; text that is none counts as 0, and what is out of range is clamped (official behaviour)."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        return min(max(whole(value), low), high)

    def number(self, name: str, default: float = 0.0) -> float:
        try:
            return float(self.values.get(name, default))
        except (TypeError, ValueError):
            return default

    def boolean(self, name: str) -> bool:
        value = self.values.get(name)
        if isinstance(value, str):
            return value.strip().lower() in _TRUE
        return bool(value)

    def json(self, name: str) -> Any:
        """A JSON value, given as JSON text or already decoded; None when left out."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"Can't parse {name.replace('_', ' ')} JSON object") from None

    def shown(self) -> dict[str, Any]:
        """For the call log: values as sent, files by name and size only."""
        files = {name: {"file": up.name, "size": len(up.data)} for name, up in self.files.items()}
        return {**self.values, **files}


async def read_params(request: web.Request) -> Params:
    """Collect the parameters of a Bot API request. Raises ApiError 413 for too much, 400 for a body that is none."""
    params = Params(dict(request.query) if request.query_string else {})
    kind = media_type(request)
    try:
        if kind == "multipart/form-data":
            await _read_multipart(request, params)
        elif request.can_read_body:
            _read_flat(await request.read(), kind, params)
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, "Request Entity Too Large") from None
    return params


def _read_flat(body: bytes, content_type: str, params: Params) -> None:
    if content_type == "application/json":
        try:
            decoded = json.loads(body) if body.strip() else {}
        except ValueError:
            raise bad("Can't parse JSON object") from None
        if not isinstance(decoded, dict):
            raise bad("Can't parse JSON object")
        params.values.update(decoded)
    else:
        params.values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


async def _read_multipart(request: web.Request, params: Params) -> None:
    try:
        found = await read_multipart(request)
    except ValueError as error:
        raise bad(f"Can't parse the body: {error}") from None
    for part in found:
        if part.filename is None:
            params.values[part.name] = part.text
        else:
            params.files[part.name] = Upload(part.filename, part.data, part.mime)
