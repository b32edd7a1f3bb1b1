"""Drawing off the event loop: one door for every picture, with those just drawn kept at hand."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.pictures import card, chart, fxchart, product, qrfast
from bot.pictures.process import Aside
from bot.pictures.sheet import Sheet


@dataclass(frozen=True)
class BareCode:
    """Only the QR code, as a crisp PNG to send as a document."""

    payload: str


@dataclass(frozen=True)
class Upload:
    """A photo somebody sent, to be made a clean JPEG."""

    photo: bytes


@dataclass(frozen=True)
class Thumbnail:
    """A clean product photo, to be made as small as a card shows it."""

    photo: bytes


Request = card.PaymentCard | card.Receipt | chart.StatsChart | fxchart.FxChart | BareCode | Upload | Thumbnail | Sheet


def _print(sheet: Sheet) -> bytes:
    from bot.pictures.statement_pdf import statement_pdf  # 20 MB of libraries that only the drawing process needs

    return statement_pdf(sheet)


_PAINTERS: dict[type, Callable[[Any], bytes]] = {
    card.PaymentCard: card.payment_card,
    card.Receipt: card.receipt,
    chart.StatsChart: chart.stats_chart,
    fxchart.FxChart: fxchart.fx_chart,
    BareCode: lambda code: qrfast.png(qrfast.matrix(code.payload)),
    Upload: lambda upload: product.normalise(upload.photo),
    Thumbnail: lambda thumbnail: card.small_photo(thumbnail.photo),
    Sheet: _print,
}


def paint(request: Request) -> bytes:
    """The picture asked for, drawn here and now. Raises what its painter raises (BadPhoto, TooLong)."""
    return _PAINTERS[type(request)](request)


class Studio:
    """Draws pictures aside from the event loop, so that nobody's message waits for somebody's picture."""

    def __init__(self, aside: Aside, keep: int = 64) -> None:
        """``keep`` is how many finished pictures to remember (about 0.1 MB each)."""
        self._aside = aside
        self.cpu_seconds = 0.0
        """CPU that drawing has taken so far, for /metrics."""
        self._keep = keep
        self._done: OrderedDict[Request, bytes] = OrderedDict()
        self._under_way: dict[Request, asyncio.Future[tuple[bytes, float]]] = {}

    async def draw(self, request: Request) -> bytes:
        """The picture's file. Equal requests are drawn once, even when they come together. Raises as ``paint``."""
        if isinstance(request, card.PaymentCard | card.Receipt) and request.photo:
            # A photo of 0.2 MB would go to the drawing process with every card of its product.
            request = replace(request, photo=await self.draw(Thumbnail(request.photo)))
        if (done := self._done.get(request)) is not None:
            self._done.move_to_end(request)
            return done
        drawing = self._under_way.get(request)
        if drawing is None:
            drawing = self._aside(_timed, request)
            self._under_way[request] = drawing
            drawing.add_done_callback(partial(self._finish, request))
        picture, _ = await asyncio.shield(drawing)  # one who gives up waiting takes the picture from nobody else
        return picture

    async def warm(self) -> None:
        """Have it done before the first shopper comes."""
        await self._aside(rehearse)

    def _finish(self, request: Request, drawing: asyncio.Future[tuple[bytes, float]]) -> None:
        del self._under_way[request]
        if drawing.cancelled() or drawing.exception() is not None:
            return
        self._done[request], seconds = drawing.result()
        self.cpu_seconds += seconds
        while len(self._done) > self._keep:
            self._done.popitem(last=False)


def _timed(request: Request) -> tuple[bytes, float]:
    """The picture, and the CPU seconds it took."""
    started = time.thread_time()
    return paint(request), time.thread_time() - started


def rehearse() -> None:
    """Draw a card for nobody: whoever draws the next one has fonts and tables at hand."""
    qrfast.warm()
    rows = (card.Row("Payee 收款人", "0123456789 abcdefghijklmnopqrstuvwxyz"),)
    paint(card.PaymentCard("warm", "Sampan", "Method", "Title", "0123456789.,", "items", "hint", rows))
