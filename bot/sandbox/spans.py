"""A stretch of formatted text while it is being parsed: counted in Python characters, not yet in UTF-16."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(slots=True)
class Span:
    """`kind` is the Bot API's name of the entity; `extra` its further fields (url, language, user, …)."""

    kind: str
    start: int
    end: int
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Marked:
    """Plain text and its spans: what a markup parser returns."""

    text: str
    spans: list[Span]


_HOST = re.compile(r"^(?:[^\s/:@?#]+\.)+[^\s/:@?#.]{2,}$")
_ADDRESS = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")
_APP_SCHEMES = {"tg", "ton", "tonsite"}


def checked_url(url: str) -> str | None:
    """The URL as Telegram keeps it (scheme added, root path added), or None where it would not make a link."""
    url = url.strip()
    if not url or re.search(r"\s", url):
        return None
    scheme = url.split(":", 1)[0].lower() if ":" in url else ""
    if scheme in _APP_SCHEMES:
        return url
    if "://" not in url:
        url = "http://" + url
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not (_HOST.match(host) or _ADDRESS.match(host)):
        return None
    if not parts.path:
        root = f"{parts.scheme}://{parts.netloc}"
        return root + "/" + url[len(root) :]
    return url


def link_span(start: int, end: int, url: str, users: Mapping[int, dict[str, Any]] | None = None) -> Span | None:
    """A link in markup: a mention of a known user for `tg://user?id=`, else a text link, else nothing."""
    parts = urlsplit(url) if url.startswith("tg:") else None
    if parts is not None and (parts.netloc or parts.path).strip("/") == "user":
        wanted = parse_qs(parts.query).get("id", [""])[0]
        known = (users or {}).get(int(wanted)) if wanted.isdigit() else None
        return Span("text_mention", start, end, {"user": known}) if known else None
    good = checked_url(url)
    return Span("text_link", start, end, {"url": good}) if good else None
