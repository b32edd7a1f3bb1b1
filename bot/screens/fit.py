"""How much Telegram takes in one message, and texts cut to it."""

from __future__ import annotations

import html
import re

from bot.words import Html, Words

# Bot API, sendMessage and sendPhoto: characters after the entities are parsed. Counted as UTF-16 units, like entities.
MESSAGE, CAPTION = 4096, 1024

_TAG = re.compile(r"<[^>]*>")


def length(text: Html) -> int:
    """The UTF-16 units that are left when the markup is taken out."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def fitted(t: Words, before: list[Html], listed: list[Html], after: list[Html], most: int) -> Html:
    """These lines; of `listed` only the first ones that fit in `most` units, and how many more there are."""
    text = Html("\n").join([*before, *listed, *after])
    for shown in reversed(range(len(listed))):
        if length(text) <= most:
            break
        more = t.plural("… and {n} more", "… and {n} more", len(listed) - shown)
        text = Html("\n").join([*before, *listed[:shown], more, *after])
    return text
