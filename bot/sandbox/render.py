"""Formatted text as HTML that is safe for the page's innerHTML."""

from __future__ import annotations

from html import escape
from typing import Any

from bot.sandbox.entities import utf16_index

Json = dict[str, Any]

_PLAIN = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "blockquote": "blockquote",
}  # fmt: skip


def _tags(entity: Json, covered: str) -> tuple[str, str]:
    kind = entity["type"]
    if kind in _PLAIN:
        return f"<{_PLAIN[kind]}>", f"</{_PLAIN[kind]}>"
    if kind == "pre":
        language = entity.get("language")
        if language:
            return f'<pre><code class="language-{escape(language)}">', "</code></pre>"
        return "<pre>", "</pre>"
    if kind == "expandable_blockquote":
        return '<blockquote class="expandable">', "</blockquote>"
    if kind in ("spoiler", "custom_emoji"):
        return f'<span class="{kind.replace("_", "-")}">', "</span>"
    attributes = _link(entity, covered)
    return (f"<a {attributes}>", "</a>") if attributes else ("", "")


def _link(entity: Json, covered: str) -> str:
    kind = entity["type"]
    if kind == "text_link":
        return f'href="{escape(entity["url"])}"'
    if kind == "url":
        return f'href="{escape(covered if "://" in covered else "http://" + covered)}"'
    if kind == "email":
        return f'href="mailto:{escape(covered)}"'
    if kind == "mention":
        return f'class="mention" data-username="{escape(covered[1:])}"'
    if kind == "text_mention":
        return f'class="mention" data-username="{escape(entity["user"].get("username") or "")}"'
    if kind == "bot_command":
        return f'class="command" data-command="{escape(covered)}"'
    return {"hashtag": 'class="hashtag"', "cashtag": 'class="hashtag"', "phone_number": 'class="phone"'}.get(kind, "")


def to_html(text: str, entities: list[Json]) -> str:
    """`text` with its entities as HTML. Entities that overlap without nesting are closed and opened again."""
    if not entities:
        return escape(text)
    index = utf16_index(text)
    opens: dict[int, list[tuple[int, str, str]]] = {}
    cuts = {len(text)}
    for entity in entities:
        start, end = index[entity["offset"]], index[entity["offset"] + entity["length"]]
        opens.setdefault(start, []).append((end, *_tags(entity, text[start:end])))
        cuts.update((start, end))
    out: list[str] = []
    stack: list[tuple[int, str, str]] = []
    before = 0
    for at in sorted(cuts):
        out.append(escape(text[before:at]))
        before = at
        again = []
        while any(end <= at for end, _, _ in stack):
            entry = stack.pop()
            out.append(entry[2])
            if entry[0] > at:
                again.append(entry)
        for entry in [*reversed(again), *sorted(opens.get(at, []), key=lambda item: -item[0])]:
            out.append(entry[1])
            stack.append(entry)
    return "".join(out)
