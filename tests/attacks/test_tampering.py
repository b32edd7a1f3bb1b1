"""Tampering between the shop and those it talks to: what protects what.

TLS protects the line: settings take plain http to this machine or a private network alone, and a certificate that
nobody vouches for ends the talk before a byte of ours is sent (tested here over real TLS). Where somebody sits behind
the TLS all the same, checks of ours limit what a lie can do: a second rate source, the bank’s statement against the
books, codes of our own making, pictures judged before they are decoded. Redirects are followed nowhere, answers are
read to a bound.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from telegram.error import NetworkError, TelegramError

from bot import config
from bot.demo import ADMIN, ROSA, Demo
from bot.wire.request import DOWNLOAD_LIMIT, AiohttpRequest
from core.channels.pix import Pix
from core.channels.rates import FeedFault, fetch
from core.channels.sepa import Sepa
from core.money import asset
from core.payments.fx.desk import RateDesk, RatesPart
from core.payments.recon.bankline import LineKind, Why
from core.ports import Rejected, Succeeded, Unknown
from tests.attacks.mallory import Mallory, between, listening
from tests.builders import HandClock, an_operation
from tests.flows.conftest import UNHURRIED, OpenDemo
from tests.flows.driver import Chatter

KEY = "the-bank-key-of-the-shop"
TOKEN = "1000000001:a-token-of-value"


def a_bank(session: aiohttp.ClientSession, url: str) -> Sepa:
    iban = "DE02120300000000202051"
    return Sepa(session, HandClock(), iban=iban, holder="Shop", bic="", bank_url=url, key=KEY, patience=5)


def rates_of(brl: str) -> bytes:
    return json.dumps({"base": "EUR", "date": "2026-10-30", "rates": {"BRL": brl, "USD": "1.1"}}).encode()


# The line: TLS


@pytest.mark.parametrize("name", ["BOT_API", "SEPA_BANK_URL", "PIX_API_URL", "PUBLIC_URL", "RATES"])
def test_plain_http_across_the_world_is_refused_by_the_settings(name: str, tmp_path: Path) -> None:
    with pytest.raises(config.BadConfig) as refused:
        url = "http://api.peer.example/x"
        told = {"SAMPAN_DATA": str(tmp_path), f"SAMPAN_{name}": f"json:{url}" if name == "RATES" else url}
        config.read({"SAMPAN_BOT_TOKEN": TOKEN, **told})
    assert any(fault.name == f"SAMPAN_{name}" for fault in refused.value.faults)


@pytest.fixture
def nobodys_certificate(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for this address that nobody but Mallory has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


async def test_a_forged_certificate_ends_every_talk(nobodys_certificate: ssl.SSLContext) -> None:
    """Bot API, bank, Pix API and rate source: no request, so no token, no key and no account, reaches Mallory."""
    heard: list[str] = []

    async def listen(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response(body=rates_of("1"))

    async with (
        listening(listen, ssl_context=nobodys_certificate) as url,
        aiohttp.ClientSession() as session,
    ):
        assert isinstance(await a_bank(session, url).refund(an_operation()), Unknown)
        pix = Pix(session, api_url=url, api_key=KEY)
        assert isinstance(await pix.refund(an_operation()), Unknown)
        assert isinstance(await pix.query(an_operation()), Unknown)
        with pytest.raises(FeedFault):
            await fetch(session, f"json:{url}")
        request = AiohttpRequest()
        await request.initialize()
        with pytest.raises(NetworkError) as fault:
            await request.post(f"{url}/bot{TOKEN}/getMe")
        assert TOKEN not in repr(fault.value)
        await request.shutdown()
    assert heard == []


# Elsewhere: redirects and endless answers


async def test_nobody_is_followed_elsewhere() -> None:
    """A peer that says “ask over there”: what is over there, inside our network or outside, hears nothing."""
    lured: list[Any] = []

    async def over_there(request: web.Request) -> web.Response:
        lured.append((request.path, dict(request.headers), await request.read()))
        return web.Response(body=rates_of("1"))

    async with listening(over_there) as target, aiohttp.ClientSession() as session:
        for status in (301, 302, 303, 307, 308):

            async def away(_: web.Request, status: int = status) -> web.Response:
                return web.Response(status=status, headers={"Location": f"{target}/admin"})

            async with listening(away) as url:
                assert isinstance(await a_bank(session, url).refund(an_operation()), Unknown)
                assert isinstance(await Pix(session, api_url=url, api_key=KEY).refund(an_operation()), Unknown)
                assert isinstance(await Pix(session, api_url=url, api_key=KEY).query(an_operation()), Unknown)
                with pytest.raises(FeedFault):
                    await fetch(session, f"json:{url}")
                request = AiohttpRequest()
                await request.initialize()
                with pytest.raises(TelegramError):
                    await request.post(f"{url}/bot{TOKEN}/getMe")
                await request.shutdown()
    assert lured == []


async def test_an_endless_answer_is_read_to_a_bound() -> None:
    """Ever more bytes, without a length: memory is not the peer’s to fill."""
    told = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal told
        told, answer = 0, web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        try:
            while told < 200_000_000:
                await answer.write(b" " * 100_000)
                told += 100_000
        except (ConnectionError, aiohttp.ClientConnectionResetError):
            pass
        return answer

    async with listening(endless) as url, aiohttp.ClientSession() as session:
        assert isinstance(await a_bank(session, url).refund(an_operation()), Unknown)
        assert told < 20_000_000
        assert isinstance(await Pix(session, api_url=url, api_key=KEY).refund(an_operation()), Unknown)
        assert told < 20_000_000
        with pytest.raises(FeedFault):
            await fetch(session, f"json:{url}")
        assert told < 20_000_000
        request = AiohttpRequest()
        await request.initialize()
        with pytest.raises(NetworkError):
            await request.retrieve(f"{url}/file/bot{TOKEN}/photos/1.jpg")
        assert told < DOWNLOAD_LIMIT + 40_000_000
        await request.shutdown()


# Lies behind the line


async def test_a_rate_source_that_lies_is_contradicted_by_the_other() -> None:
    """Mallory makes the real a hundred times cheaper: nothing is sold in it until the two sources agree again."""

    async def honest(_: web.Request) -> web.Response:
        return web.Response(body=rates_of("6.10"))

    async with listening(honest) as truth, between(truth) as mallory, aiohttp.ClientSession() as session:
        sources = (f"json:{mallory.url}/latest", f"json:{truth}/latest")
        desk, day = RateDesk(9, compared=tuple(one.split("/")[2] for one in sources)), date(2026, 10, 30)
        for source in sources:
            desk.learn(await fetch(session, source))
        assert desk.mid(asset("EUR"), asset("BRL"), day).rate == Fraction("6.10")
        mallory.alter = lambda path, body: body.replace(b"6.10", b"610.0")
        desk.learn(await fetch(session, sources[0]))
        with pytest.raises(RatesPart):
            desk.mid(asset("EUR"), asset("BRL"), day)
        mallory.alter = lambda path, body: body.replace(b"6.10", b"1e9999999")
        with pytest.raises(FeedFault):
            await fetch(session, sources[0])


@pytest.mark.parametrize(
    "lie", [b"", b"[]", b"{}", b'{"status": 7}', b'{"status": ["DEVOLVIDO"]}', b"<html>", b"[" * 100_000, b"\xff"]
)
async def test_a_pix_answer_that_is_none_proves_nothing(lie: bytes) -> None:
    async def lying(_: web.Request) -> web.Response:
        return web.Response(body=lie, content_type="application/json")

    async with listening(lying) as url, aiohttp.ClientSession() as session:
        outcome = await Pix(session, api_url=url, api_key=KEY).refund(an_operation())
        assert not isinstance(outcome, Succeeded | Rejected)


class Crossed(Demo):
    """A demo whose bank and Telegram are reached through Mallory."""

    bank_line: Mallory
    telegram_line: Mallory

    def _environment(self, base: str) -> dict[str, str]:
        self.bank_line.target = self.telegram_line.target = base
        crossed = {
            "SAMPAN_SEPA_BANK_URL": f"{self.bank_line.url}/bank",
            "SAMPAN_PIX_API_URL": f"{self.bank_line.url}/bank/pix",
            "SAMPAN_BOT_API": self.telegram_line.url,
        }
        return {**super()._environment(base), **crossed}


@pytest_asyncio.fixture
async def crossed(tmp_path: Path) -> AsyncIterator[OpenDemo]:
    demo = Crossed(tmp_path, limits=UNHURRIED)
    async with between() as demo.bank_line, between() as demo.telegram_line:
        try:
            await demo.start()
            async with aiohttp.ClientSession() as http:
                yield OpenDemo(demo, http)
        finally:
            await demo.stop()


async def test_a_bank_answer_that_lies_about_a_refund_comes_out_at_the_end_of_the_day(crossed: Any) -> None:
    """“It is sent back”, says somebody who kept it from the bank: the report of the day knows of no such transfer."""
    town: OpenDemo = crossed
    nora = await town.newcomer()
    await nora.give_address()
    reading = await nora.scan(await nora.buy(await town.on_sale("Refunded", "20.00 BRL"), "PIX"))
    await nora.pay(reading, "wrong_amount", amount="19.00")
    held = await nora.wait_for("19.00 is held")

    def lie(path: str) -> web.Response | None:
        return web.json_response({"status": "DEVOLVIDO", "rtrId": "D1"}) if "devolucao" in path else None

    before = await nora.balance("BRL")
    town.demo.bank_line.instead = lie
    await nora.press("Send it back", held)
    await nora.wait_for("19.00 has been sent back")
    assert await nora.balance("BRL") == before, "it has not"
    for _ in range(8):
        await town.skip(86_400)
        await town.post("/bank/day-end")

    async def missed() -> bool:
        found = await town.look(lambda uow: uow.banklines.find(why=Why.MISSING, limit=9))
        return any(one.kind is LineKind.REFUND for one in found)

    assert await town.until(missed, "the reconciliation misses the transfer")
    ada = town.chatter(ADMIN)
    await ada.say("/recon")
    assert "19.00" in (await ada.wait_for("Reconciliation"))["text"]


async def test_a_telegram_that_lies_about_files_gets_no_file_of_ours(crossed: Any) -> None:
    """getFile answers with a path on our own disk, or an address elsewhere: what comes is no photo, and is not kept."""
    town: OpenDemo = crossed
    secret = town.demo.data / "secret.key"
    rosa: Chatter = town.chatter(ROSA)
    for path in (str(secret), "/etc/passwd", "../../../etc/passwd", "http://127.0.0.1:9/x", "x\r\nHost: y"):

        def lie(where: str, body: bytes, path: str = path) -> bytes | None:
            if not where.endswith("/getFile"):
                return None
            told = json.loads(body)
            told["result"]["file_path"] = path
            return json.dumps(told).encode()

        town.demo.telegram_line.alter = lie
        await rosa.say("/sell")
        await rosa.wait_for("photo of the product")
        await rosa.send_photo()
        answer = await rosa.wait_for(lambda message: True)
        assert "called?" not in answer["text"], path
        await rosa.say("/cancel")
        await rosa.wait_for("left")
