"""What must not be kept does not get past the door; everything else comes in as it was."""

from __future__ import annotations

import json

import pytest

from bot.wire.scrub import scrub
from core.risk.secrets import Leak, blot

CARD = "4111 1111 1111 1111"


def said(kind: str = "message", chat: str = "private", **words):
    """An update with a message of somebody's."""
    return {
        "update_id": 7,
        kind: {"message_id": 1, "date": 0, "from": {"id": 42}, "chat": {"id": 42, "type": chat}, **words},
    }


def nobody_asked(_who):
    """No question is open."""
    return ""


@pytest.mark.parametrize("kind", ["message", "edited_message"])
@pytest.mark.parametrize("where", ["text", "caption"])
@pytest.mark.parametrize("chat", ["private", "supergroup"])
def test_a_card_number_does_not_get_past_the_door(kind, where, chat):
    update = said(kind, chat, **{where: f"my card {CARD}", "entities": [{"type": "phone_number"}]})
    clean = scrub(update, nobody_asked)
    assert clean[kind][where] == blot(Leak.CARD)
    assert "entities" not in clean[kind], "they were places in the old text"
    assert "1111" not in json.dumps(clean)
    assert "1111" in json.dumps(update), "what came in is not changed from afar"


def test_what_a_message_quotes_is_cleaned_too():
    quoted = said(text=f"my card {CARD}")["message"]
    clean = scrub(said(text="this one", reply_to_message=quoted, quote={"text": CARD}), nobody_asked)
    assert clean["message"]["text"] == "this one" and "1111" not in json.dumps(clean)


def test_the_answers_of_a_poll_are_cleaned_too():
    poll = {"question": "which?", "options": [{"text": CARD, "voter_count": 0}, {"text": "tea", "voter_count": 0}]}
    options = scrub(said(poll=poll), nobody_asked)["message"]["poll"]["options"]
    assert [one["text"] for one in options] == [blot(Leak.CARD), "tea"]


def test_a_card_number_is_not_searched_for():
    clean = scrub({"update_id": 7, "inline_query": {"id": "1", "from": {"id": 42}, "query": CARD}}, nobody_asked)
    assert clean["inline_query"]["query"] == blot(Leak.CARD)


@pytest.mark.parametrize(
    "update",
    [
        said(text="hello"),
        said(text="/start p_1", entities=[{"type": "bot_command", "offset": 0, "length": 6}]),
        said(chat="supergroup", text="2026"),
        {"update_id": 7, "inline_query": {"id": "1", "from": {"id": 42}, "query": "2026"}},
        {"update_id": 7, "callback_query": {"id": "1", "data": "1abc"}},
        {"update_id": 7, "message": None},
        {"update_id": 7},
        {"update_id": 7, "message": {"text": "hello", "from": 3, "chat": "x"}},
    ],
)
def test_everything_else_comes_in_as_it_was(update):
    assert scrub(update, nobody_asked) == update


def test_the_answer_to_an_open_question_comes_in():
    update = said(text="4711")
    assert scrub(update, lambda who: "edit.stock" if who == 42 else "") == update
    assert scrub(update, nobody_asked)["message"]["text"] == blot(Leak.PASSWORD)
