"""The reconciliation in the chat: reports sent as files, the exceptions, who looks into them, how they end."""

from __future__ import annotations

from bot.screens import recon as screens
from bot.visit import Visit
from bot.words import Word
from core.channels.camt import BadStatement
from core.errors import Gone, Refusal, sentence
from core.ids import PersonId
from core.payments.recon import exceptions
from core.payments.recon.bankline import BankLine, LineState
from core.payments.recon.exceptions import Into
from core.ports import Altered, UnitOfWork
from core.shop import visitors
from core.shop.context import Shop

PAGE = 8
LARGEST_FILE = 5_000_000  # bytes


class BadFile(Refusal):
    """A document that is no bank statement."""

    sentence = sentence(
        "I cannot book this file: {why}. Send a camt.053 or camt.054 from your bank, or a Pix settlement report (CSV)."
    )


async def recon(visit: Visit) -> None:
    """/recon: how each channel stands, and what somebody has to look at."""
    await page(visit)


async def page(visit: Visit, number: str = "0") -> None:
    """A page of the exceptions."""
    visit.need_admin()
    first = max(0, int(number)) * PAGE
    listing = await visit.survey(_overview, visit.shop, first)
    await visit.show(screens.overview(visit.t, listing))


def _overview(uow: UnitOfWork, shop: Shop, first: int) -> screens.Listing:
    found = exceptions.open_exceptions(uow, first, PAGE + 1)
    return screens.Listing(
        exceptions.standings(uow),
        found[:PAGE],
        exceptions.owners_of(uow, found),
        first // PAGE,
        uow.banklines.count(state=LineState.OPEN),
        len(found) > PAGE,
        shop.clock.now(),
    )


async def exception(visit: Visit, line_id: str) -> None:
    """One exception with everything that is known of it."""
    visit.need_admin()
    found = await visit.look(exceptions.need_exception, line_id)
    mine = found.line.owner == visit.who
    await visit.show(screens.exception(visit.t, found, visit.shop.clock.now(), mine=mine))


async def take(visit: Visit, line_id: str) -> None:
    """I look into it."""
    await visit.do(exceptions.take_exception, line_id)
    await exception(visit, line_id)


async def ask_note(visit: Visit, line_id: str, into: str) -> None:
    """Before an exception is closed: why."""
    visit.need_admin()
    if into not in set(Into):
        raise Gone
    found = await visit.look(exceptions.need_exception, line_id)
    await visit.note(visitors.ask, "recon", line=line_id, into=into)
    await visit.say(screens.ask_note(visit.t, found.line, Into(into)))


async def hear_note(visit: Visit, text: str, line: str, into: str) -> None:
    """The explanation: the exception is closed."""
    closed = await visit.do(_close, line, text, Into(into))
    await visit.say(screens.closed(visit.t, closed))


def _close(uow: UnitOfWork, shop: Shop, who: PersonId, line: str, text: str, into: Into) -> BankLine:
    closed = exceptions.close_exception(uow, shop, who, line, text, into)
    visitors.stop_asking(uow, shop, who)
    return closed


async def statement(visit: Visit) -> None:
    """A bank statement or settlement report sent as a file."""
    visit.need_admin()
    document = visit.message.document if visit.message else None
    if document is None or (document.file_size or 0) > LARGEST_FILE:
        raise BadFile(why=Word("it is too large"))
    file = await document.get_file()
    content = bytes(await file.download_as_bytearray())
    try:
        booked = await visit.house.receive_statement(content)
    except BadStatement as fault:
        raise BadFile(why=Word(fault)) from None
    except Altered:
        raise BadFile(why=Word("an entry of it was booked before with other content")) from None
    screen = screens.booked(visit.t, booked.new, booked.matched, booked.open, booked.altered, booked.gaps)
    await visit.say(screen)
