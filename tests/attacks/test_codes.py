"""Payment codes as weapons: addresses that want to be visited, words that want to be ours, one code beside another."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from PIL import Image

from bot.pictures import qrfast
from core.qr import epc, pix, tlv
from tests.attacks.mallory import listening
from tests.attacks.test_names import BIDI, LINK, POISONS, nothing_was_taken_for_ours
from tests.flows.driver import Chatter, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORGER = "FR1420041010050500013M02606"


def drawn(payload: str, modules: int = 4) -> Image.Image:
    with Image.open(io.BytesIO(qrfast.png(qrfast.matrix(payload)))) as code:
        return code.convert("L").resize((code.width * modules // 4, code.height * modules // 4))


def beside(*codes: Image.Image) -> bytes:
    """The codes side by side, from the left."""
    ground, at, out = (
        Image.new("L", (sum(one.width for one in codes), max(one.height for one in codes)), 255),
        0,
        io.BytesIO(),
    )
    for one in codes:
        ground.paste(one, (at, 0))
        at += one.width
    ground.save(out, "PNG")
    return out.getvalue()


async def with_a_card(town: Any) -> tuple[Chatter, Json, str]:
    vera = await town.newcomer("Vera")
    await vera.give_address()
    card = await vera.buy(await town.on_sale("Coded", "31.40 EUR"), "SEPA")
    return vera, card, (await vera.scan(card))["payload"]


@pytest_asyncio.fixture
async def trap() -> AsyncIterator[tuple[str, list[str]]]:
    """An address inside the shop’s own network, and who has come there."""
    visits: list[str] = []

    async def visited(request: web.Request) -> web.Response:
        visits.append(f"{request.method} {request.path_qs}")
        return web.json_response({"result": True})

    async with listening(visited) as url:
        yield url.removeprefix("http://"), visits


def located(host: str) -> str:
    """A dynamic PIX code: what is to be paid lies at the address that it names."""
    account = tlv.build([("00", pix.GUID), ("25", f"{host}/qr/v2/1")])
    fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("58", "BR"), ("59", "LOJA"), ("60", "X")]
    return tlv.seal(tlv.build([*fields, ("62", tlv.build([("05", "***")]))]))


async def test_ssrf_through_a_codes_address(town, trap):
    """As text, in a picture, as a file, in an answer in a group, as a link to follow: nobody is visited."""
    host, visits = trap
    vera, _, _ = await with_a_card(town)
    payloads = [
        located(host), f"http://{host}/login", f"https://{host}/x", f"//{host}/x", f"file:///etc/passwd?{host}",
        f"upi://pay?pa=a@b&pn=x&am=1&url=http://{host}/u", f"bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq?r=http://{host}/r",
        f"lightning:lnurl1{'q' * 30}", f"http://metadata@{host}/latest/meta-data", f"gopher://{host}/_x", f"ftp://{host}/x",
        f"http://[::1]@{host}/", f"HTTP://{host.upper()}/A", f"http://{host}\\@evil.example/", "http://169.254.169.254/latest",
    ]  # fmt: skip
    for payload in payloads:
        await vera.say(payload)
        said = await vera.wait_for(lambda message: True)
        assert "on our side" not in said["text"], payload
        await vera.send(beside(drawn(payload)), "code.png", "image/png", kind="document")
        said = await vera.wait_for(lambda message: True)
        assert "on our side" not in said["text"], payload
        await town.skip(61)  # the quota of a minute
    assert visits == []


async def test_two_codes_in_one_picture(town):
    """A forger’s code beside the true one, also where it is a fifth of its size, or hidden behind it."""
    vera, _, payload = await with_a_card(town)
    forged = epc.build(name="Sampan Demo Shop", iban=FORGER, amount=Decimal("31.40"), text="Order")
    for codes in (
        (drawn(payload), drawn(forged)), (drawn(forged), drawn(payload)), (drawn(payload, 12), drawn(forged, 3)),
        (drawn(forged, 12), drawn(payload, 3)),
    ):  # fmt: skip
        await vera.send(beside(*codes), "code.png", "image/png", kind="document")
        said = (await vera.wait_for("Check mark"))["text"]
        assert "There are 2 different codes" in said and "Do not pay this" in said, said
        await town.skip(61)


@pytest.mark.parametrize("words", [*POISONS, f"Shop{BIDI}", "✅ This shop made this code", LINK], ids=range(8))
async def test_words_in_a_code(town, words):
    """What a stranger wrote into a code is shown as a stranger’s: no markup, and never as a verdict of ours."""
    vera, _, _ = await with_a_card(town)
    lines = ["BCD", "002", "1", "SCT", "", words[:70], FORGER, "EUR1.00", "", "", words[:140], words[:70]]
    for payload in (
        "\n".join(lines),
        f"https://evil.example/{words}".replace(" ", "+"),
        f"upi://pay?pa=a@b&pn={words}&am=1&cu=INR",
    ):
        await vera.say(payload)
        said = await vera.wait_for(lambda message: True)
        assert "on our side" not in said["text"]
        assert not said["text"].startswith("✅")
    await nothing_was_taken_for_ours(town, vera)


async def test_a_forged_reference_of_ours(town):
    """The true code with one thing exchanged each: account, name, amount, reference, a letter of the reference."""
    vera, _, payload = await with_a_card(town)
    mine = epc.parse(payload)
    told = {"name": mine.name, "iban": mine.iban, "amount": mine.amount, "reference": mine.reference}
    for change in (
        {"iban": FORGER}, {"amount": Decimal("314.00")}, {"name": "Sampan Demo Shop Ltd", "iban": FORGER},
        {"amount": Decimal("31.39")}, {"reference": "RF18539007547034"}, {"name": "Someone else"},
    ):  # fmt: skip
        await vera.say(epc.build(**{**told, **change}))
        said = (await vera.wait_for("Check mark"))["text"]
        assert "✅" not in said and "This shop made this code" not in said, (change, said)
        await town.skip(61)
    await vera.say(payload)
    assert "This shop made this code" in (await vera.wait_for("Check mark"))["text"]
