"""parse_mode MarkdownV2 and the legacy Markdown: marks to spans, with the official server's complaints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.errors import ApiError, bad
from bot.sandbox.spans import Marked, Span, link_span

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
_KIND = {
    "Bold": "bold", "Italic": "italic", "Underline": "underline", "Strikethrough": "strikethrough",
    "Spoiler": "spoiler", "Code": "code", "Pre": "pre", "PreCode": "pre",
}  # fmt: skip
_LANGUAGE = re.compile(r"[^\s`]*")
_NEWLINE = re.compile(r"\r\n|\n\r|\n|\r|")


@dataclass(slots=True)
class _Open:
    name: str
    start: int
    at: int
    language: str = ""
    expandable: bool = False


class _Reader:
    def __init__(self, source: str, users: Mapping[int, dict[str, Any]]) -> None:
        self.source = source
        self.users = users
        self.at = 0
        self.out: list[str] = []
        self.open: list[_Open] = []
        self.spans: list[Span] = []
        self.line_start = True

    def fail(self, text: str, at: int | None = None) -> ApiError:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return bad(f"Can't parse entities: {text}{where}")

    def top(self) -> str:
        return self.open[-1].name if self.open else ""

    def in_code(self) -> bool:
        return self.top() in ("Code", "Pre", "PreCode")

    def read(self) -> Marked:
        source, size = self.source, len(self.source)
        while self.at < size:
            character = source[self.at]
            following = source[self.at + 1 : self.at + 2]
            if character == "\\" and "\0" < following <= "~":
                self.emit(following)
                self.at += 2
            elif character not in ("`" if self.in_code() else _RESERVED):
                self.plain(character)
            elif width := self.ends(character, following):
                self.close(width)
            else:
                self.begin(character, following)
        if self.top() == "Quote":
            self.close_quote()
        if self.open:
            raise self.fail(f"Can't find end of {self.open[-1].name} entity", self.open[-1].at)
        return Marked("".join(self.out), self.spans)

    def emit(self, character: str) -> None:
        self.out.append(character)
        self.line_start = False

    def plain(self, character: str) -> None:
        """Ordinary text; a line feed ends a quotation unless the next line goes on with it."""
        self.emit(character)
        self.at += 1
        if character not in "\r\n" or self.in_code():
            return
        self.line_start = True
        if character == "\n" and any(entry.name == "Quote" for entry in self.open):
            if self.source.startswith(">", self.at):
                self.at += 1
                self.line_start = False
            elif self.top() == "Quote":
                self.close_quote()
            else:
                raise self.fail(f"Can't find end of {self.open[-1].name} entity", self.open[-1].at)

    def ends(self, character: str, following: str) -> int:
        """How many characters close the innermost entity here; 0 when they do not."""
        name, doubled = self.top(), following == character
        single = {"Bold": "*", "Strikethrough": "~", "Code": "`", "Link": "]", "CustomEmoji": "]"}
        if name in single:
            return 1 if character == single[name] else 0
        if name == "Italic":
            return 1 if character == "_" and not doubled else 0
        if name in ("Underline", "Spoiler"):
            return 2 if doubled and character == {"Underline": "_", "Spoiler": "|"}[name] else 0
        if name in ("Pre", "PreCode"):
            return 3 if self.source.startswith("```", self.at) else 0
        return 0

    def begin(self, character: str, following: str) -> None:
        doubled = following == character
        if character == "_":
            self.push("Underline" if doubled else "Italic", 2 if doubled else 1)
        elif character == "*":
            self.push("Bold", 1)
        elif character == "~":
            self.push("Strikethrough", 1)
        elif character == "|" and doubled:
            self.begin_spoiler()
        elif character == "[":
            self.push("Link", 1)
        elif character == "!" and following == "[":
            self.push("CustomEmoji", 2)
        elif character == "`":
            self.begin_code()
        elif character == ">" and self.line_start and not any(entry.name == "Quote" for entry in self.open):
            self.push("Quote", 1)
        else:
            raise self.fail(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def push(self, name: str, width: int, language: str = "") -> None:
        self.open.append(_Open(name, len(self.out), self.at, language))
        self.at += width

    def begin_spoiler(self) -> None:
        """`||` as the last thing of a quotation makes it expandable; anywhere else it opens a spoiler."""
        rest = self.source[self.at + 2 :].lstrip("\r")
        ends_quote = not rest or (rest[0] == "\n" and not rest.startswith("\n>"))
        if self.top() == "Quote" and ends_quote:
            self.open[-1].expandable = True
            self.at += 2
        else:
            self.push("Spoiler", 2)

    def begin_code(self) -> None:
        if not self.source.startswith("```", self.at):
            self.push("Code", 1)
            return
        found = _LANGUAGE.match(self.source, self.at + 3)
        language = found.group() if found else ""
        end = self.at + 3 + len(language)
        named = bool(language) and end < len(self.source) and self.source[end] != "`"
        self.push("PreCode" if named else "Pre", 3 + (len(language) if named else 0), language if named else "")
        newline = _NEWLINE.match(self.source, self.at)
        self.at = newline.end() if newline else self.at

    def close_quote(self) -> None:
        entry = self.open.pop()
        if len(self.out) > entry.start:
            kind = "expandable_blockquote" if entry.expandable else "blockquote"
            self.spans.append(Span(kind, entry.start, len(self.out)))

    def close(self, width: int) -> None:
        entry = self.open.pop()
        start, end = entry.start, len(self.out)
        self.at += width
        if entry.name == "CustomEmoji":
            self.close_emoji(entry)
        elif entry.name == "Link":
            url = self.url("a URL") if self.source.startswith("(", self.at) else "".join(self.out[start:end])
            span = link_span(start, end, url, self.users) if end > start else None
            self.spans.extend([span] if span else [])
        elif end > start:
            extra = {"language": entry.language} if entry.language else {}
            self.spans.append(Span(_KIND[entry.name], start, end, extra))

    def url(self, what: str) -> str:
        begin = self.at + 1
        at, url = begin, ""
        while at < len(self.source) and self.source[at] != ")":
            if self.source[at] == "\\" and "\0" < self.source[at + 1 : at + 2] <= "~":
                at += 1
            url += self.source[at]
            at += 1
        if at >= len(self.source):
            raise self.fail(f"Can't find end of {what}", begin)
        self.at = at + 1
        return url

    def close_emoji(self, entry: _Open) -> None:
        if not self.source.startswith("(", self.at):
            raise self.fail("Custom emoji entity must contain a tg://emoji URL")
        parts = urlsplit(self.url("a custom emoji URL"))
        query = parse_qs(parts.query)
        if parts.scheme != "tg":
            raise self.fail("Custom emoji URL must have scheme tg")
        if (parts.netloc or parts.path).strip("/").lower() not in ("emoji", "time"):
            raise self.fail('Custom emoji URL must have host "emoji"')
        if "id" not in query:
            raise self.fail("Custom emoji URL must have an emoji identifier")
        if not query["id"][0].isdigit() or query["id"][0].startswith("0"):
            raise self.fail("Invalid custom emoji identifier specified")
        if len(self.out) > entry.start:
            self.spans.append(Span("custom_emoji", entry.start, len(self.out), {"custom_emoji_id": query["id"][0]}))


def parse_markdown_v2(source: str, users: Mapping[int, dict[str, Any]] | None = None) -> Marked:
    """Text and spans of MarkdownV2. Raises ApiError 400 "can't parse entities: …"."""
    return _Reader(source, users or {}).read()


def parse_markdown(source: str, users: Mapping[int, dict[str, Any]] | None = None) -> Marked:
    """Text and spans of the legacy Markdown: no nesting, and a backslash escapes only its four marks."""
    out: list[str] = []
    spans: list[Span] = []
    at = 0
    while at < len(source):
        character = source[at]
        if character == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            out.append(source[at + 1])
            at += 2
            continue
        if character not in "_*`[":
            out.append(character)
            at += 1
            continue
        block = source.startswith("```", at)
        mark = "```" if block else "]" if character == "[" else character
        begin = at + (3 if block else 1)
        end = source.find(mark, begin)
        if end < 0:
            where = len(source[:at].encode())
            raise bad(f"Can't parse entities: Can't find end of the entity starting at byte offset {where}")
        inner, start, at = source[begin:end], len(out), end + len(mark)
        extra = {}
        if block and (named := re.match(r"([^\s`]+)\s", inner)):
            extra, inner = {"language": named.group(1)}, inner[named.end() :]
        elif block:
            inner = inner[1:] if inner.startswith("\n") else inner
        out.extend(inner)
        if character == "[":
            close = source.find(")", at) if source.startswith("(", at) else -1
            url, at = (source[at + 1 : close], close + 1) if close >= 0 else (inner, at)
            span = link_span(start, len(out), url, users)
            spans.extend([span] if span and inner else [])
        elif inner:
            kind = {"_": "italic", "*": "bold"}.get(character, "pre" if block else "code")
            spans.append(Span(kind, start, len(out), extra))
    return Marked("".join(out), spans)
