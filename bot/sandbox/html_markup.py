"""parse_mode HTML: tags to spans, with the official server's complaints about bad markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.spans import Marked, Span, link_span

_SIMPLE = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
}  # fmt: skip
_TAGS = {*_SIMPLE, "a", "code", "pre", "blockquote", "tg-emoji", "tg-time"}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_TOKEN = re.compile(r"[A-Za-z0-9.\-]*")
_NAME = re.compile(r"[^\s>]*")
_NEXT = re.compile(r"[<&]")


def _reference(match: re.Match[str]) -> str | None:
    """The character an entity reference stands for; None when Telegram leaves it as it is."""
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED.get(name)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x10FFFF and len(match.group()) <= 11 and not 0xD800 <= code <= 0xDFFF else None


def _decode(value: str) -> str:
    return _REFERENCE.sub(lambda found: _reference(found) or found.group(), value)


class _Reader:
    """One pass over the source, innermost open tag last."""

    def __init__(self, source: str, users: Mapping[int, dict[str, Any]]) -> None:
        self.source = source
        self.users = users
        self.at = 0
        self.out: list[str] = []
        self.length = 0
        self.open: list[tuple[str, dict[str, str], int]] = []
        self.spans: list[Span] = []

    def fail(self, text: str, at: int | None = None) -> ApiError:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return bad(f"Can't parse entities: {text}{where}")

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.length += len(text)

    def read(self) -> Marked:
        source = self.source
        while (found := _NEXT.search(source, self.at)) is not None:
            self.emit(source[self.at : found.start()])
            self.at = found.start()
            if found.group() == "<":
                self.end_tag() if source.startswith("</", self.at) else self.start_tag()
                continue
            reference = _REFERENCE.match(source, self.at)
            character = _reference(reference) if reference else None
            self.emit(character or "&")
            self.at = reference.end() if reference and character else self.at + 1
        self.emit(source[self.at :])
        if self.open:
            raise self.fail(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        for span in self.spans:
            if span.kind == "code":
                span.extra.pop("language", None)
        return Marked("".join(self.out), self.spans)

    def start_tag(self) -> None:
        begin = self.at
        found = _NAME.match(self.source, begin + 1)
        self.at = found.end() if found else begin + 1
        if self.at >= len(self.source):
            raise self.fail("Unclosed start tag", begin)
        name = self.source[begin + 1 : self.at].lower()
        if name not in _TAGS:
            raise self.fail(f'Unsupported start tag "{name}"', begin)
        attributes = self.attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self.fail('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append((name, attributes, self.length))

    def attributes(self, tag: str, begin: int) -> dict[str, str]:
        source = self.source
        found: dict[str, str] = {}
        while True:
            self.skip_space()
            if self.at >= len(source):
                raise self.fail(f'Unclosed start tag "{tag}"', begin)
            if source[self.at] == ">":
                self.at += 1
                return found
            name_at = self.at
            while self.at < len(source) and not source[self.at].isspace() and source[self.at] not in "=>":
                self.at += 1
            name = source[name_at : self.at].lower()
            if not name:
                raise self.fail(f'Empty attribute name in the tag "{tag}"', begin)
            self.skip_space()
            found[name] = ""
            if self.at < len(source) and source[self.at] == "=":
                self.at += 1
                self.skip_space()
                found[name] = self.value(tag, begin)

    def value(self, tag: str, begin: int) -> str:
        source = self.source
        if self.at >= len(source):
            raise self.fail(f'Unclosed start tag "{tag}"', begin)
        quote = source[self.at]
        if quote in "'\"":
            end = source.find(quote, self.at + 1)
            if end < 0 or end + 1 >= len(source):
                raise self.fail("Unclosed start tag", begin)
            raw, self.at = source[self.at + 1 : end], end + 1
            return _decode(raw)
        token = _TOKEN.match(source, self.at)
        end = token.end() if token else self.at
        if end >= len(source) or not (source[end].isspace() or source[end] == ">"):
            raise self.fail("Unexpected end of name token", self.at)
        raw, self.at = source[self.at : end], end
        return raw.lower()

    def skip_space(self) -> None:
        while self.at < len(self.source) and self.source[self.at].isspace():
            self.at += 1

    def end_tag(self) -> None:
        begin = self.at
        if not self.open:
            raise self.fail("Unexpected end tag", begin)
        found = _NAME.match(self.source, begin + 2)
        self.at = found.end() if found else begin + 2
        name = self.source[begin + 2 : self.at].lower()
        self.skip_space()
        if self.at >= len(self.source) or self.source[self.at] != ">":
            raise self.fail("Unclosed end tag", begin)
        self.at += 1
        tag, attributes, start = self.open.pop()
        if name and name != tag:
            text = f"Unmatched end tag at byte offset {len(self.source[:begin].encode())}"
            raise self.fail(f'{text}, expected "</{tag}>", found "</{name}>"')
        if self.length > start:
            self.close(tag, attributes, start)

    def close(self, tag: str, attributes: dict[str, str], start: int) -> None:
        end = self.length
        if tag in _SIMPLE:
            self.spans.append(Span(_SIMPLE[tag], start, end))
        elif tag == "a":
            span = link_span(start, end, attributes.get("href") or "".join(self.out)[start:end], self.users)
            self.spans.extend([span] if span else [])
        elif tag == "blockquote":
            kind = "expandable_blockquote" if "expandable" in attributes else "blockquote"
            self.spans.append(Span(kind, start, end))
        elif tag == "tg-emoji":
            emoji = attributes.get("emoji-id", "")
            if not emoji.isdigit() or int(emoji) == 0:
                raise self.fail("Invalid custom emoji identifier specified")
            self.spans.append(Span("custom_emoji", start, end, {"custom_emoji_id": emoji}))
        elif tag == "tg-time":
            self.close_time(attributes, start, end)
        else:
            self.close_code(tag, attributes, start, end)

    def close_time(self, attributes: dict[str, str], start: int, end: int) -> None:
        if not attributes.get("unix", "").isdigit():
            raise self.fail("Invalid Unix time specified")
        extra: dict[str, Any] = {"unix_time": int(attributes["unix"])}
        if attributes.get("format"):
            extra["date_time_format"] = attributes["format"]
        self.spans.append(Span("date_time", start, end, extra))

    def close_code(self, tag: str, attributes: dict[str, str], start: int, end: int) -> None:
        """`<pre><code class="language-x">` of the same extent is one entity with a language, in either nesting."""
        css = attributes.get("class", "") if tag == "code" else ""
        extra = {"language": css[9:]} if css.startswith("language-") and css[9:] else {}
        last = self.spans[-1] if self.spans else None
        inner = last if last and last.kind in ("code", "pre") and (last.start, last.end) == (start, end) else None
        if tag == "pre" and inner and inner.kind == "code" and inner.extra:
            inner.kind = "pre"
        elif tag == "code" and inner and inner.kind == "pre" and extra:
            inner.extra = dict(extra)
        else:
            self.spans.append(Span(tag, start, end, dict(extra)))


def parse_html(source: str, users: Mapping[int, dict[str, Any]] | None = None) -> Marked:
    """Text and spans of HTML markup. Raises ApiError 400 "can't parse entities: …" with byte offsets."""
    return _Reader(source, users or {}).read()
