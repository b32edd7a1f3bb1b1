"""The forger's bench: pictures of payment codes as somebody would make them who has seen a genuine card.

It knows the standards and nothing of the shop: what it alters it alters in the picture and in the payload. The codes it
makes are well formed, and pay the forger's own account at the pocket bank.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import qrcode
import zxingcpp
from PIL import Image, ImageDraw

from bot.sandbox.bank.checks import crc16
from bot.sandbox.bank.codes import decode_bytes
from bot.sandbox.bank.desk import MerchantAccounts
from bot.sandbox.world import World

LINK = "https://sampan-demo-shop.example/pay?order=K7QX0V2M4T"
_SHOWING = ("sendphoto", "editmessagemedia")
_CHECKSUM = 8  # characters at the end of an EMV code: tag, length and CRC
_SIDE = 544  # pixels of a code where there is no genuine card to put it on

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A genuine card as the bot sent it, and whether it is still one."""

    payload: str
    read: Callable[[], bytes]
    current: bool

    @property
    def picture(self) -> bytes:
        """The picture's bytes, from the sandbox's files."""
        return self.read()


@dataclass(frozen=True, slots=True)
class Own:
    """Where the forger wants the money: an IBAN and a Pix key."""

    iban: str
    pix_key: str


def cards(world: World) -> list[Card]:
    """The payment cards that the bot has sent, the oldest first, as far as the sandbox remembers its calls.

    To be asked on the event loop, which adds calls; what is made of them belongs off it.
    """
    found = []
    for call in world.events.calls:
        payload = _copied(call.params.get("reply_markup")) if call.method.lower() in _SHOWING and call.ok else ""
        if payload.startswith(("BCD\n", "0002")) and call.result:
            stored = world.files.by_id.get(call.result["photo"][-1]["file_id"])
            post = world.chats[call.result["chat"]["id"]].posts.get(call.result["message_id"])
            current = post is not None and not post.deleted and _copied(post.wire.get("reply_markup")) == payload
            if stored is not None:
                found.append(Card(payload, partial(world.files.read, stored), current))
    return found


def _copied(markup: Json | str | None) -> str:
    """What the copy button of a keyboard copies."""
    markup = json.loads(markup) if isinstance(markup, str) else markup or {}
    keys = (key for line in markup.get("inline_keyboard", []) for key in line)
    return next((str(key["copy_text"]["text"]) for key in keys if "copy_text" in key), "")


def forge(seen: list[Card], kind: str, own: Own) -> bytes:
    """A picture of this kind, as JPEG, made from the newest card. Raises KeyError for a kind nobody offers."""
    return KINDS[kind](seen or [_invented()], own)


def _payee(seen: list[Card], own: Own) -> bytes:
    """The same card, name and reference; the account is the forger's."""
    return _repainted(_newest(seen), _paying(own, _newest(seen).payload))


def _amount(seen: list[Card], own: Own) -> bytes:
    """The shop's own account, and another amount."""
    return _repainted(_newest(seen), _dearer(_newest(seen).payload))


def _two(seen: list[Card], own: Own) -> bytes:
    """The genuine card, and the forger's beside it."""
    left, right = (Image.open(io.BytesIO(one)) for one in (_newest(seen).picture, _payee(seen, own)))
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), "white")
    both.paste(left.convert("RGB"), (0, 0))
    both.paste(right.convert("RGB"), (left.width, 0))
    return _jpeg(both)


def _link(seen: list[Card], own: Own) -> bytes:
    """A page of the forger's instead of a payment."""
    return _repainted(_newest(seen), LINK)


def _old(seen: list[Card], own: Own) -> bytes:
    """A genuine one, of an order that is over; the oldest where none is."""
    return next((card for card in reversed(seen) if not card.current), seen[0]).picture


KINDS: dict[str, Callable[[list[Card], Own], bytes]] = {
    "payee": _payee,
    "amount": _amount,
    "two": _two,
    "link": _link,
    "old": _old,
}


def _newest(seen: list[Card]) -> Card:
    return next((card for card in reversed(seen) if card.current), seen[-1])


def _invented() -> Card:
    """Where the bot has shown no card yet: one out of what anybody knows of the shop."""
    shop = MerchantAccounts()
    payload = f"BCD\n002\n1\nSCT\n{shop.bic}\n{shop.name}\n{shop.iban}\nEUR19.90\n\nRF18539007547034"
    sheet = Image.new("RGB", (_SIDE + 160, _SIDE + 240), "white")
    ImageDraw.Draw(sheet).text((80, 60), shop.name, fill="black", font_size=40)
    sheet.paste(_code(payload, _SIDE), (80, 160))
    return Card(payload, partial(_jpeg, sheet), current=True)


def _paying(own: Own, payload: str) -> str:
    """The payload with the forger's account in the place of the payee's."""
    if payload.startswith("BCD"):
        lines = payload.split("\n")
        lines[4], lines[6] = "", own.iban
        return "\n".join(lines)
    return _with_checksum(
        (tag, _written((name, own.pix_key if name == "01" else text) for name, text in _fields(value)))
        if 26 <= int(tag) <= 51
        else (tag, value)
        for tag, value in _fields(payload[:-_CHECKSUM])
    )


def _dearer(payload: str) -> str:
    """The payload with ten times the amount."""
    if payload.startswith("BCD"):
        lines = payload.split("\n")
        lines[7] = f"EUR{Decimal(lines[7][3:]) * 10}"
        return "\n".join(lines)
    return _with_checksum(
        (tag, str(Decimal(value) * 10) if tag == "54" else value) for tag, value in _fields(payload[:-_CHECKSUM])
    )


def _with_checksum(fields: Iterable[tuple[str, str]]) -> str:
    body = _written(fields) + "6304"
    return f"{body}{crc16(body.encode()):04X}"


def _fields(text: str) -> list[tuple[str, str]]:
    found = []
    while text:
        end = 4 + int(text[2:4])
        found.append((text[:2], text[4:end]))
        text = text[end:]
    return found


def _written(fields: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{tag}{len(value):02d}{value}" for tag, value in fields)


def _repainted(card: Card, payload: str) -> bytes:
    """The card's picture with another code where its own was."""
    picture = Image.open(io.BytesIO(card.picture)).convert("RGB")
    found = [code for code in zxingcpp.read_barcodes(picture) if decode_bytes(bytes(code.bytes)) == card.payload]
    if not found:  # nothing to paint over
        return _jpeg(_code(payload, _SIDE))
    place = found[0].position
    xs = [point.x for point in (place.top_left, place.top_right, place.bottom_left, place.bottom_right)]
    ys = [point.y for point in (place.top_left, place.top_right, place.bottom_left, place.bottom_right)]
    side = max(max(xs) - min(xs), max(ys) - min(ys)) + 1
    edge = side // 12  # what was there may have been a little larger
    ImageDraw.Draw(picture).rectangle((min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge), fill="white")
    picture.paste(_code(payload, side), (min(xs), min(ys)))
    return _jpeg(picture)


def _code(payload: str, side: int) -> Image.Image:
    """A code without its quiet zone, `side` pixels wide."""
    maker = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    maker.add_data(payload)
    maker.make(fit=True)
    drawn: Image.Image = maker.make_image().get_image()
    return drawn.convert("RGB").resize((side, side), Image.Resampling.NEAREST)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()
