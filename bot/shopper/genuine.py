"""Is this QR genuine? A shopper shows a picture or a text, and hears what the shop knows of the codes in it."""

from __future__ import annotations

from telegram import Message
from telegram.error import BadRequest

from bot.pictures.product import BadPhoto
from bot.pictures.reading import NoPicture
from bot.screens import genuine as screens
from bot.visit import Visit
from core.ids import PersonId
from core.ports import UnitOfWork
from core.qr import classify
from core.qr.text import host_of
from core.risk import genuine
from core.risk.genuine import Kind, Verdict
from core.shop.context import Shop

LARGEST = 20 * 1024 * 1024  # what the Bot API lets a bot download

_CHATS = ("", "t.me", "telegram.me")  # a shared product is no question


def is_picture(message: Message | None) -> bool:
    """Whether this is a photo, or a file that says that it is one."""
    return message is not None and (bool(message.photo) or _is_image(message))


def is_code(text: str) -> bool:
    """Whether a message is nothing but a payment code, or a link such as a code may hold."""
    text = text.strip()
    return classify(text) is not None or (len(text.split()) == 1 and host_of(text).lower() not in _CHATS)


async def qr(visit: Visit, *_: str) -> None:
    """/qr, in answer to a picture or a code, also in a group: the verdict comes to the private chat."""
    asked = visit.message.reply_to_message if visit.message else None
    if asked is not None and is_picture(asked):
        await _judge_picture(visit, asked)
    elif asked is not None and is_code(asked.text or ""):
        await hear_text(visit, asked.text or "")
    else:
        await visit.say(screens.how_to(visit.t))


async def hear_picture(visit: Visit) -> None:
    """A picture, sent or forwarded, while no question is open."""
    assert visit.message is not None
    await _judge_picture(visit, visit.message)


async def hear_text(visit: Visit, text: str) -> None:
    """A code's text: what a clipboard holds."""
    visit.house.reader.take_turn(visit.who)
    await _tell(visit, [text.strip().replace("\r\n", "\n").encode()])


async def _judge_picture(visit: Visit, message: Message) -> None:
    visit.house.reader.take_turn(visit.who)
    data = await fetch(message)
    found = await visit.house.reader.read(data)
    if not found:
        await visit.tell(screens.nothing_found(visit.t))
        return
    await _tell(visit, found, data)


async def fetch(message: Message) -> bytes:
    """The picture's file. Raises NoPicture."""
    source = message.photo[-1] if message.photo else message.document
    if source is None or (source.file_size or 0) > LARGEST:
        raise NoPicture
    try:
        file = await source.get_file()
        return bytes(await file.download_as_bytearray())
    except BadRequest:  # Telegram does not have it any more
        raise NoPicture from None


async def _tell(visit: Visit, found: list[bytes], picture: bytes = b"") -> None:
    verdicts = await visit.look(_judge, visit.shop, visit.who, found)
    await visit.say(screens.verdicts(visit.t, verdicts))
    for payload, verdict in zip(found, verdicts, strict=True):
        if verdict.kind is Kind.LOOKALIKE:
            await visit.note(genuine.report, payload, verdict, await _keep(visit, picture))
            visit.house.poke()


async def _keep(visit: Visit, picture: bytes) -> str:
    """The digest of a picture, kept for the admins; none must not keep them from hearing."""
    try:
        return await visit.house.keep_picture(picture) if picture else ""
    except BadPhoto:
        return ""


def _judge(uow: UnitOfWork, shop: Shop, who: PersonId, found: list[bytes]) -> list[Verdict]:
    return [genuine.judge(uow, shop, who, payload) for payload in found]


def _is_image(message: Message) -> bool:
    return message.document is not None and (message.document.mime_type or "").startswith("image/")
