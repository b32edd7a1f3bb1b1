"""Rate sources: what they say is read strictly, and what is no rate is a fault told to the operator."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from fractions import Fraction

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from core.channels.rates import FeedFault, fetch, read_ecb_daily, read_json, shipped_history
from core.payments.fx.desk import Fixing

ECB = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube><Cube time="2026-10-30">
    <Cube currency="USD" rate="1.1525"/><Cube currency="JPY" rate="177.9"/><Cube currency="XYZ" rate="5"/>
  </Cube></Cube>
</gesmes:Envelope>"""
DAY = date(2026, 10, 30)


def test_the_shipped_history_gives_the_last_fixing_of_each_live_currency() -> None:
    known = {fixing.code: fixing for fixing in shipped_history()}
    assert len(known) >= 25
    assert {"USD", "CNY", "BRL", "GBP", "JPY", "CHF"} <= set(known)
    assert not {"RUB", "HRK", "DEM", "CYP"} & set(known), "what is no longer fixed is history, not a rate"
    assert {fixing.on for fixing in known.values()} == {DAY}
    assert Fraction("0.9") < known["USD"].rate < Fraction("1.6")
    assert {fixing.source for fixing in known.values()} == {"ECB"}


def test_the_ecbs_daily_file_is_read() -> None:
    assert read_ecb_daily(ECB) == [
        Fixing("USD", Fraction("1.1525"), DAY, "ECB"),
        Fixing("JPY", Fraction("177.9"), DAY, "ECB"),
    ]


@pytest.mark.parametrize("document", [
    b"", b"<a/>", b"<html>502</html>", ECB[:200], ECB.replace(b"2026-10-30", b"yesterday"),
    ECB.replace(b"1.1525", b"0"), ECB.replace(b"1.1525", b"-1"), ECB.replace(b"1.1525", b"NaN"),
    ECB.replace(b"1.1525", b"1e999999999"), ECB.replace(b"1.1525", b"x"), ECB.replace(b"UTF-8", b"KOI-99"),
    b'<!DOCTYPE a [<!ENTITY e "1.1525">]>' + ECB.partition(b"?>")[2].replace(b"1.1525", b"&e;"),
])  # fmt: skip
def test_what_is_no_daily_file_is_a_fault(document: bytes) -> None:
    with pytest.raises(FeedFault):
        read_ecb_daily(document)


def test_the_json_form_may_have_any_base() -> None:
    by_euro = {"base": "EUR", "date": "2026-10-30", "rates": {"USD": 1.25, "JPY": 160, "XYZ": 3}}
    by_dollar = {"base": "USD", "date": "2026-10-30", "rates": {"EUR": 0.8, "JPY": 128}}
    for document in (by_euro, by_dollar):
        read = {fixing.code: fixing.rate for fixing in read_json(json.dumps(document).encode(), "desk")}
        assert read == {"USD": Fraction("1.25"), "JPY": Fraction(160)}


def test_a_decimal_is_read_as_it_is_written_and_not_as_a_float() -> None:
    (fixing,) = read_json(b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": 1.1525000000000000001}}', "desk")
    assert fixing == Fixing("USD", Fraction("1.1525000000000000001"), DAY, "desk")


@pytest.mark.parametrize("document", [
    b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"base": "EUR", "date": "30.10.2026", "rates": {}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": [1]}', b'{"base": "USD", "date": "2026-10-30", "rates": {}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": 0}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": NaN}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": Infinity}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": 1e999999999}}',
    b'{"base": "EUR", "date": "2026-10-30", "rates": {"USD": null}}',
    b'{"base": "GOLD", "date": "2026-10-30", "rates": {"EUR": 1}}',
    b'{"base": "EUR", "date": null, "rates": {"USD": 1}}', b"\xff\xfe",
])  # fmt: skip
def test_what_is_no_rate_document_is_a_fault(document: bytes) -> None:
    with pytest.raises(FeedFault):
        read_json(document, "desk")


@given(st.binary())
def test_any_bytes_are_rates_or_a_fault(document: bytes) -> None:
    for read in (read_ecb_daily, lambda body: read_json(body, "desk")):
        with pytest.raises(FeedFault):
            read(document)


@asynccontextmanager
async def source(answer: web.StreamResponse | None, chunks: list[bytes] | None = None) -> AsyncIterator[str]:
    """A rate source on loopback that gives `answer`, or a body in chunks."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if chunks is None:
            assert answer is not None
            return answer
        stream = web.StreamResponse()
        await stream.prepare(request)
        for chunk in chunks:
            await stream.write(chunk)
        return stream

    application = web.Application()
    application.router.add_get("/rates", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/rates"
    finally:
        await runner.cleanup()


async def test_a_source_is_asked_and_its_whole_answer_read_however_it_comes() -> None:
    body = json.dumps({"base": "EUR", "date": "2026-10-30", "rates": {"USD": 1.25}, "note": "x" * 300_000}).encode()
    chunks = [body[place : place + 50_000] for place in range(0, len(body), 50_000)]
    async with source(None, chunks) as url, aiohttp.ClientSession() as session:
        (fixing,) = await fetch(session, f"json:{url}")
    assert (fixing.code, fixing.rate, fixing.source) == ("USD", Fraction("1.25"), url.split("/")[2])
    async with source(web.Response(body=ECB)) as url, aiohttp.ClientSession() as session:
        assert len(await fetch(session, f"ecb:{url}")) == 2


async def test_a_source_that_fails_is_a_fault_with_its_status() -> None:
    async with source(web.Response(status=503)) as url, aiohttp.ClientSession() as session:
        with pytest.raises(FeedFault, match="HTTP 503"):
            await fetch(session, f"json:{url}")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(FeedFault):
            await fetch(session, f"json:{url}")  # nobody listens there any more


@pytest.mark.parametrize(
    "setting", ["", "json", "json:", "csv:http://127.0.0.1:1/x", "http://127.0.0.1:1/x", "json:nowhere"]
)
async def test_a_source_of_no_known_form_is_a_fault_and_not_a_question_to_the_ecb(setting: str) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(FeedFault):
            await fetch(session, setting)
