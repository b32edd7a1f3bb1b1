"""Whatever breaks, the person is answered, and the log keeps nothing of what they wrote."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from bot import dispatch
from bot.words import Words
from core.errors import Gone
from core.shop.orders import OrderMoved
from tests.builders import HandClock

SECRET = "Maya, 1 Harbour Street"


class App:
    """Takes handlers, as the Application does."""

    def __init__(self) -> None:
        self.handlers: list[Any] = []
        self.on_error: Any = None

    def add_handler(self, handler: Any) -> None:
        self.handlers.append(handler)

    def add_error_handler(self, handler: Any) -> None:
        self.on_error = handler


class Message:
    """A message that can be answered."""

    def __init__(self) -> None:
        self.answers: list[str] = []

    async def reply_text(self, words: str) -> None:
        self.answers.append(words)


async def broken(*_args: Any) -> Any:
    raise OSError(SECRET) from ValueError(SECRET)


def an_update(language: str) -> Any:
    return SimpleNamespace(
        update_id=7,
        effective_user=SimpleNamespace(id=1, is_bot=False, language_code=language),
        effective_message=Message(),
        effective_chat=SimpleNamespace(type="private"),
        callback_query=None,
    )


def a_house(read: Any = None) -> Any:
    return SimpleNamespace(store=SimpleNamespace(read=read), shop=SimpleNamespace(clock=HandClock()))


async def test_who_cannot_even_be_looked_up_is_answered_in_their_telegrams_language(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, house, update = App(), a_house(broken), an_update("zh-hans")
    dispatch.connect(app, house)
    await app.handlers[0].callback(update, None)
    assert update.effective_message.answers == [dispatch._sorry(Words.of("zh-hans"))]
    assert "OSError" in caplog.text
    assert SECRET not in caplog.text


async def test_what_breaks_elsewhere_is_logged_by_its_type_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(Exception):
        def __init__(self, one: str, two: str) -> None:
            super().__init__(one, two)

    app = App()
    dispatch.connect(app, a_house())
    with caplog.at_level(logging.ERROR):
        await app.on_error(None, SimpleNamespace(error=Odd(SECRET, SECRET)))
    assert "Odd" in caplog.text
    assert SECRET not in caplog.text


async def test_a_refusal_while_showing_how_things_stand_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    t = Words.of("en")

    async def tell(text: str, alert: bool = False) -> None:
        told.append(text)

    async def gone(*_args: Any) -> None:
        raise Gone

    monkeypatch.setattr(dispatch, "_as_it_stands", gone)
    visit = SimpleNamespace(t=t, query=None, toast=tell, tell=tell)
    await dispatch.speak(visit, OrderMoved(order="0R", state="paid"))  # type: ignore[arg-type]
    assert told[1:] == [t.refusal(Gone())]
