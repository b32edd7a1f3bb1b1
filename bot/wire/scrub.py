"""At the door: what nobody should have written is taken out of an update before anything keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.risk.secrets import Leak, blot, leak

Raw = dict[str, Any]
Question = Callable[[int], str]  # a person's id → the step of the question they were asked, "" for none

# Where Telegram puts words that a person wrote; the kinds of updates without such words stay out of it.
_WORDS = ("text", "caption", "query")
_FORMS = ("entities", "caption_entities")
_ELSEWHERE = "elsewhere"  # in a group a bare number is nobody's PIN
_SPOKEN = ("message", "edited_message", "inline_query", "chosen_inline_result")


def scrub(update: Raw, question: Question) -> Raw:
    """The update as it may be kept: a text that held a secret says only which kind it was (core.risk.secrets.blot).

    What it quotes of another message is cleaned too. An update without a secret is given back as it is.
    """
    kind = next((name for name in _SPOKEN if name in update), "")
    return update | {kind: _cleaned(update[kind], question)} if kind else update


def _cleaned(said: Any, question: Question) -> Any:
    if isinstance(said, list):  # the answers of a poll, the tasks of a list
        return [_cleaned(one, question) for one in said]
    if not isinstance(said, dict):
        return said
    changes: Raw = {name: _cleaned(value, question) for name, value in said.items() if isinstance(value, dict | list)}
    for name in _WORDS:
        text = said.get(name)
        if isinstance(text, str) and (found := _leak(text, said, question)):
            changes[name] = blot(found)
    if any(name in changes for name in _WORDS):  # the places of links and commands were places in the old text
        return {name: value for name, value in (said | changes).items() if name not in _FORMS}
    return said | changes if changes else said


def _leak(text: str, said: Raw, question: Question) -> Leak | None:
    chat, sender = said.get("chat"), said.get("from")
    alone = isinstance(chat, dict) and chat.get("type") == "private"
    found = leak(text, "" if alone else _ELSEWHERE)
    who = sender.get("id") if found and alone and isinstance(sender, dict) else None
    # Only now is it worth a look into the database: the answer to a question may look like a secret and be none.
    return leak(text, question(who)) if isinstance(who, int) else found
