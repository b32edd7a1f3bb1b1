"""A screen: what a message shows, as plain values. How it reaches Telegram is the speaker's business."""

from __future__ import annotations

from dataclasses import dataclass

from bot.pictures.studio import Request
from bot.words import Html
from core.shop.catalogue import Product


@dataclass(frozen=True, slots=True)
class Key:
    """A button. Exactly one of press, url, app, copy, share says what it does."""

    label: str
    press: tuple[str | int, ...] = ()  # action and its arguments
    url: str = ""
    app: str = ""  # the address of a page of ours, opened inside Telegram (private chats only)
    copy: str = ""
    share: str = ""  # an inline query to run in a chat of the person's choice
    public: bool = False  # anyone may press it (a card in a group)


Rows = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """Text in HTML, buttons in rows, and either a product's picture or a drawn one."""

    text: Html
    keys: Rows = ()
    product: Product | None = None
    drawing: Request | None = None  # a request for the studio
    ask: str = ""  # the placeholder of a question the person is to answer in writing

    @property
    def pictured(self) -> bool:
        """Whether it is a picture with a caption."""
        return self.product is not None or self.drawing is not None


def row(*keys: Key | None) -> tuple[Key, ...]:
    """A row of the keys that are there."""
    return tuple(key for key in keys if key is not None)


def rows(*lines: tuple[Key, ...]) -> Rows:
    """The rows that have keys."""
    return tuple(line for line in lines if line)
