"""Refunds on the wire: proof of success, proof of refusal, and all else is not known."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from defusedxml.ElementTree import fromstring
from sepaxml.validation import try_valid_xml

from core.channels.pix import Pix
from core.channels.sepa import Sepa
from core.payments.operations import Operation, OperationState
from core.ports import Outcome, Pending, Rejected, Succeeded, Unknown
from tests.builders import NOON, PAYER_IBAN, SHOP_IBAN, HandClock, an_operation, money

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def bank(answer: Answer | web.Response) -> AsyncIterator[tuple[str, list[tuple[web.Request, bytes]]]]:
    """A bank on loopback; what it was asked is kept."""
    asked: list[tuple[web.Request, bytes]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append((request, await request.read()))
        return answer if isinstance(answer, web.Response) else await answer(request)

    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def pix_rail(session: aiohttp.ClientSession, url: str, patience: float = 20) -> Pix:
    return Pix(session, api_url=url, api_key="secret-key", patience=patience)


def sepa_rail(
    session: aiohttp.ClientSession, url: str, clock: HandClock | None = None, *, patience: float = 20
) -> Sepa:
    clock, own = clock or HandClock(), {"iban": SHOP_IBAN, "holder": "Sampan GmbH", "bic": ""}
    return Sepa(session, clock, **own, bank_url=url, key="secret-key", patience=patience)


def a_pix_refund() -> Operation:
    body = {"amount": "10.00", "currency": "BRL", "fact": "E123", "reference": "0P"}
    return an_operation(channel="pix", amount=money("10.00 BRL"), body=body, target="12345678909\nMaya")


async def ask_pix(answer: Answer | web.Response) -> Outcome:
    async with bank(answer) as (url, _), aiohttp.ClientSession() as session:
        return await pix_rail(session, url).refund(a_pix_refund())


async def ask_sepa(answer: Answer | web.Response) -> Outcome:
    async with bank(answer) as (url, _), aiohttp.ClientSession() as session:
        return await sepa_rail(session, url).refund(an_operation())


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


async def cut_off(request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Length": "1000"})
    await stream.prepare(request)
    await stream.write(b'{"status"')
    assert request.transport
    request.transport.abort()
    return stream


async def fail(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_pix_refund_names_the_payment_the_refund_and_the_amount_and_shows_its_key() -> None:
    done = web.json_response({"status": "DEVOLVIDO", "rtrId": "D1"}, status=201)
    async with bank(done) as (url, asked), aiohttp.ClientSession() as session:
        assert await pix_rail(session, url + "/").refund(a_pix_refund()) == Succeeded("D1")
    ((request, body),) = asked
    assert (request.method, request.path, body) == ("PUT", "/v2/pix/E123/devolucao/0P", b'{"valor": "10.00"}')
    assert request.headers["Authorization"] == "Bearer secret-key"


@pytest.mark.parametrize(("answer", "outcome"), [
    (web.json_response({"status": "DEVOLVIDO", "rtrId": "D1"}), Succeeded("D1")),
    (web.json_response({"status": "EM_PROCESSAMENTO", "rtrId": "D1"}), Pending("D1")),
    (web.json_response({"status": "EM_PROCESSAMENTO"}), Pending("")),
    (web.json_response({"status": "NAO_REALIZADO"}), Rejected("NAO_REALIZADO")),
    (web.json_response({"title": "no"}, status=400), Rejected("HTTP 400")),
    (web.json_response({"title": "no"}, status=422), Rejected("HTTP 422")),
    # Who may not ask, asks too often or asks the wrong door learns nothing of the money.
    (web.Response(status=401), Unknown("HTTP 401")), (web.Response(status=403), Unknown("HTTP 403")),
    (web.Response(status=404), Unknown("HTTP 404")), (web.Response(status=409), Unknown("HTTP 409")),
    (web.Response(status=429), Unknown("HTTP 429")), (web.Response(status=500), Unknown("HTTP 500")),
    (web.Response(status=502, text="<html>"), Unknown("HTTP 502")), (web.Response(status=202), Unknown("HTTP 202")),
    (web.Response(status=302, headers={"Location": "/elsewhere"}), Unknown("HTTP 302")),
])  # fmt: skip
async def test_what_a_pix_bank_answers_is_proof_or_no_proof(answer: web.Response, outcome: Outcome) -> None:
    assert await ask_pix(answer) == outcome


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"DEVOLVIDO"', "{}", '{"rtrId": "D1"}', "[" * 100_000])
async def test_a_pix_answer_that_cannot_be_read_proves_nothing(text: str) -> None:
    assert isinstance(await ask_pix(web.Response(text=text)), Unknown)


@pytest.mark.parametrize("ask", [ask_pix, ask_sepa])
@pytest.mark.parametrize("trouble", [hang_up, cut_off])
async def test_a_broken_line_proves_nothing(ask: Callable[[Answer], Awaitable[Outcome]], trouble: Answer) -> None:
    assert isinstance(await ask(trouble), Unknown)


async def test_a_bank_that_does_not_answer_in_time_proves_nothing() -> None:
    async with bank(never) as (url, _), aiohttp.ClientSession() as session:
        by_pix = await pix_rail(session, url, patience=0.05).refund(a_pix_refund())
        by_sepa = await sepa_rail(session, url, patience=0.05).refund(an_operation())
    for outcome in (by_pix, by_sepa):
        assert isinstance(outcome, Unknown) and "Timeout" in outcome.reason


async def test_a_bank_that_is_not_there_proves_nothing() -> None:
    async with bank(web.Response()) as (url, _):
        pass
    async with aiohttp.ClientSession() as session:
        assert isinstance(await pix_rail(session, url).refund(a_pix_refund()), Unknown)
        assert isinstance(await sepa_rail(session, url).refund(an_operation()), Unknown)


async def test_without_a_pix_api_nothing_is_sent_and_the_operator_sends_it_back_by_hand() -> None:
    async with aiohttp.ClientSession() as session:
        assert await pix_rail(session, "").refund(a_pix_refund()) == Pending(by_hand=True)


def pain002(status: str, reason: str = "", where: str = "TxSts") -> web.Response:
    told = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return web.Response(
        text=f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><OrgnlGrpInfAndSts>'
        f"<{where}>{status}</{where}>{told}</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
    )


@pytest.mark.parametrize(("answer", "outcome"), [
    (pain002("ACSC"), Pending("ACSC")), (pain002("ACCP"), Pending("ACCP")), (pain002("PDNG"), Pending("PDNG")),
    (pain002("RJCT", "AC04"), Rejected("AC04")), (pain002("RJCT"), Rejected("RJCT")),
    (pain002("RJCT", "AC01", where="GrpSts"), Rejected("AC01")),
    # The bank has the first one: to call that a refusal would pay the same refund twice.
    (pain002("RJCT", "AM05"), Pending("RJCT")), (pain002("RJCT", "DU01", where="GrpSts"), Pending("RJCT")),
    (pain002("RJCT", "DU04"), Pending("RJCT")), (pain002("RJCT", "DUPL"), Pending("RJCT")),
    (web.Response(text="<a/>"), Unknown("pain.002 without a status")),
    (web.Response(text=""), Unknown("unreadable pain.002")),
    (web.Response(text='<?xml version="1.0" encoding="KOI-99"?><a/>'), Unknown("unreadable pain.002")),
    (web.Response(text='<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'), Unknown("unreadable pain.002")),
    (web.Response(status=400), Unknown("HTTP 400")), (web.Response(status=401), Unknown("HTTP 401")),
    (web.Response(status=500), Unknown("HTTP 500")), (web.Response(status=302), Unknown("HTTP 302")),
])  # fmt: skip
async def test_what_a_sepa_bank_answers_is_proof_or_no_proof(answer: web.Response, outcome: Outcome) -> None:
    assert await ask_sepa(answer) == outcome


_ORIGINAL = "<OrgnlTxRef><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf></OrgnlTxRef>"
_WHO = "<Orgtr><Id><OrgId><Othr><SchmeNm><Cd>BANK</Cd></SchmeNm></Othr></OrgId></Id></Orgtr>"


@pytest.mark.parametrize(("rows", "outcome"), [
    ("<StsRsnInf>{who}<Rsn><Cd>AM05</Cd></Rsn></StsRsnInf>{original}", Pending("RJCT")),
    ("<StsRsnInf>{who}<Rsn><Prtry>DU01</Prtry></Rsn></StsRsnInf>{original}", Pending("RJCT")),
    ("<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf><StsRsnInf><Rsn><Cd>MS03</Cd></Rsn></StsRsnInf>", Pending("RJCT")),
    ("<StsRsnInf>{who}<Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>{original}", Rejected("AC04")),
    ("<StsRsnInf>{who}</StsRsnInf>{original}", Rejected("RJCT")),
])  # fmt: skip
async def test_a_refusals_reason_is_its_own_and_no_code_of_the_original_beside_it(rows: str, outcome: Outcome) -> None:
    told = rows.format(who=_WHO, original=_ORIGINAL)
    text = f"<Document><CstmrPmtStsRpt><TxInfAndSts><TxSts>RJCT</TxSts>{told}</TxInfAndSts></CstmrPmtStsRpt></Document>"
    assert await ask_sepa(web.Response(text=text)) == outcome


@pytest.mark.parametrize("target", ["", "\n", "IT60X0542811101000000123457\nMaya", "12345678909\nMaya"])
async def test_money_whose_payer_has_no_account_is_not_sent(target: str) -> None:
    async with bank(web.Response()) as (url, asked), aiohttp.ClientSession() as session:
        assert isinstance(await sepa_rail(session, url).refund(an_operation(target=target)), Rejected)
    assert asked == []


async def test_sepa_sends_euros_only() -> None:
    async with bank(web.Response()) as (url, asked), aiohttp.ClientSession() as session:
        assert isinstance(await sepa_rail(session, url).refund(an_operation(amount=money("10.00 USD"))), Rejected)
    assert asked == []


async def test_without_a_bank_to_send_to_the_file_is_carried_by_hand() -> None:
    async with aiohttp.ClientSession() as session:
        assert await sepa_rail(session, "").refund(an_operation()) == Pending(by_hand=True)


@pytest.mark.parametrize("holder", ["Maya Rossi", "", "支付宝", "Ünal & Söhne <GmbH>", "x" * 200, "😀", "\x07bell"])
async def test_the_credit_transfer_is_valid_and_says_what_the_refund_says(holder: str) -> None:
    async with aiohttp.ClientSession() as session:
        refund = an_operation(state=OperationState.DISPATCHED, dispatched_at=NOON)
        document = sepa_rail(session, "").pain001(refund, PAYER_IBAN, holder)
    try_valid_xml(document, "pain.001.001.03")
    assert b"<BIC>NOTPROVIDED" not in document
    texts = {element.tag.rpartition("}")[2]: element.text for element in fromstring(document).iter()}
    assert (texts["MsgId"], texts["EndToEndId"], texts["InstdAmt"]) == (refund.key, refund.reference, "10.00")
    assert (texts["IBAN"], texts["NbOfTxs"], texts["CtrlSum"]) == (PAYER_IBAN, "1", "10.00")
    assert (texts["CreDtTm"], texts["ReqdExctnDt"]) == ("2026-10-30T12:00:00", "2026-10-30")


async def test_a_credit_transfer_sent_again_is_the_same_to_the_byte() -> None:
    clock, refund = HandClock(), an_operation(state=OperationState.DISPATCHED, dispatched_at=NOON)
    async with bank(fail) as (url, asked), aiohttp.ClientSession() as session:
        for _ in range(2):
            await sepa_rail(session, url, clock).refund(refund)
            clock.let_pass(days=1)
    (first, sent), (_, again) = asked
    assert sent == again
    assert (first.method, first.path, first.content_type) == ("POST", "/sepa/pain001", "application/xml")
    assert first.headers["Authorization"] == "Bearer secret-key"


def test_a_key_is_the_same_for_every_retry_and_another_for_every_command() -> None:
    refund = an_operation()
    assert refund.key == an_operation(state=OperationState.UNKNOWN, dispatched_at=NOON + timedelta(days=1)).key
    assert len({refund.key, an_operation(id="0Q").key, an_operation(channel="pix").key}) == 3
    assert len(refund.key) <= 35, "a MsgId has at most 35 characters"
