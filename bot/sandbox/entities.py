"""Formatted text: from what the bot sent or a person typed to plain text and Bot API entities in UTF-16."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.errors import bad
from bot.sandbox.html_markup import parse_html
from bot.sandbox.markdown import parse_markdown, parse_markdown_v2
from bot.sandbox.params import fields_of, whole
from bot.sandbox.spans import Marked, Span, checked_url

Json = dict[str, Any]
Users = Mapping[int, Json]

_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
_GIVEN = {
    "bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
    "text_link", "text_mention", "custom_emoji", "date_time",
}  # fmt: skip
_ORDER = {"blockquote": 0, "expandable_blockquote": 0, "pre": 1, "code": 1}
_DOMAINS = "com|org|net|io|me|dev|app|shop|info|de|fr|it|es|pt|br|cn|hk|jp|kr|uk|eu|ch|at|nl|ru|in|us|ca|au"
_FOUND = re.compile(
    r"(?P<url>(?:https?://|tg://)[^\s<>\"]+"
    rf"|(?<![\w@.])(?:[\w-]+\.)+(?:{_DOMAINS})(?![\w.@-]*@)\b(?:[/?#][^\s<>\"]*)?)"
    r"|(?P<email>(?<![\w@])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<![\w@/])@[A-Za-z]\w{2,31}\b)"
    r"|(?P<bot_command>(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/]))"
    r"|(?P<hashtag>(?<![\w#&])#(?=\w*[^\W\d])\w{1,256})"
    r"|(?P<cashtag>(?<![\w$])\$[A-Z]{1,8}\b)"
    r"|(?P<phone_number>(?<![\w+])\+\d{10,15}\b)"
)
# In whatever _FOUND finds, and quickly not found: most texts of a shop have prices and times only.
_HINT = re.compile(rf"@|/[\w/]|#\w|\$[A-Z]|\+\d|\.(?:{_DOMAINS})\b")
_PAIR = re.compile("[\U00010000-\U0010ffff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def formatted(text: str, parse_mode: str, given: Any, users: Users) -> tuple[str, list[Json]]:
    """Plain text and entities as Telegram would store them: parsed, trimmed, with links and commands found.

    Raises ApiError 400 for bad markup, an unknown parse mode, or entities that are no entities.
    """
    if parse_mode and parse_mode.lower() not in ("none",):
        parser = _PARSERS.get(parse_mode.lower())
        if parser is None:
            raise bad("Unsupported parse_mode")
        marked = parser(text, users)
    else:
        marked = Marked(text, _given_spans(text, given, users))
    marked = _trimmed(marked)
    spans = marked.spans + _detected(marked)
    if not spans:
        return marked.text, []
    spans.sort(key=lambda span: (span.start, -span.end, _ORDER.get(span.kind, 2)))
    offset = _utf16(marked.text)
    return marked.text, [
        {"type": s.kind, "offset": offset(s.start), "length": offset(s.end) - offset(s.start), **s.extra} for s in spans
    ]


def utf16_index(text: str) -> list[int]:
    """Python index of each UTF-16 offset of the text, one past the end included."""
    index = list(range(len(text) + 1))
    for before, at in enumerate(_astral(text)):
        index.insert(before + at, at)
    return index


def _utf16(text: str) -> Callable[[int], int]:
    """A function from Python index to UTF-16 offset."""
    pairs = _astral(text)
    return lambda at: at + bisect_left(pairs, at)


def _astral(text: str) -> list[int]:
    """Where the characters stand that are two in UTF-16, in ascending order."""
    return [] if text.isascii() else [found.start() for found in _PAIR.finditer(text)]


def _given_spans(text: str, given: Any, users: Users) -> list[Span]:
    if not given:
        return []
    if not isinstance(given, list) or not all(isinstance(entity, dict) for entity in given):
        raise bad("Can't parse message entities: Expected an Array of MessageEntity")
    index = utf16_index(text)
    spans = []
    for entity in given:
        kind, offset, length = entity.get("type"), whole(entity.get("offset")), whole(entity.get("length"))
        if kind not in _GIVEN:  # what Telegram finds itself is not taken from the bot
            continue
        if offset < 0 or length <= 0 or offset + length >= len(index) + 1:
            raise bad("ENTITY_BOUNDS_INVALID")
        extra = {key: value for key, value in entity.items() if key not in ("type", "offset", "length")}
        if kind == "text_link":
            url = checked_url(str(entity.get("url", "")))
            if url is None:
                raise bad(f"Entity URL '{entity.get('url', '')}' is invalid: Wrong HTTP URL")
            extra["url"] = url
        if kind == "text_mention":
            user = users.get(whole(fields_of(entity.get("user")).get("id")))
            if user is None:
                continue
            extra["user"] = user
        spans.append(Span(kind, index[offset], index[min(offset + length, len(index) - 1)], extra))
    return spans


def _trimmed(marked: Marked) -> Marked:
    """Without white space around, spans cut to what is left, control characters blanked."""
    if "\r" in marked.text:
        marked = _without_returns(marked)
    text = _CONTROL.sub(" ", marked.text)
    right = text.rstrip()
    left = len(right) - len(right.lstrip())
    if left == 0 and len(right) == len(text):
        return Marked(text, marked.spans)
    kept = []
    for span in marked.spans:
        start, end = max(span.start - left, 0), min(span.end, len(right)) - left
        if end > start:
            kept.append(Span(span.kind, start, end, span.extra))
    return Marked(right[left:], kept)


def _without_returns(marked: Marked) -> Marked:
    """Telegram drops carriage returns; the spans move with their text."""
    kept = [0]
    for character in marked.text:
        kept.append(kept[-1] + (character != "\r"))
    spans = [Span(s.kind, kept[s.start], kept[s.end], s.extra) for s in marked.spans]
    return Marked(marked.text.replace("\r", ""), [s for s in spans if s.end > s.start])


def _detected(marked: Marked) -> list[Span]:
    """Links, mentions, commands, hashtags: found by Telegram outside of code and links."""
    if not _HINT.search(marked.text):
        return []
    closed = [(s.start, s.end) for s in marked.spans if s.kind in ("code", "pre", "text_link", "text_mention")]
    spans = []
    for found in _FOUND.finditer(marked.text):
        start, end = found.span()
        kind = found.lastgroup or ""
        if kind == "url":
            end = start + len(found.group().rstrip(".,;:!?'\")]}"))
        if not any(start < shut_end and end > shut_start for shut_start, shut_end in closed):
            spans.append(Span(kind, start, end))
    return spans
