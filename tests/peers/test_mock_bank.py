"""Judge: mock-bank, a bank that other people wrote, takes our transfers, and we read what it tells of them."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from core.channels.camt import read_camt
from core.channels.sepa import Sepa
from core.payments.operations import Operation
from core.payments.recon.bankline import LineKind
from core.payments.recon.reported import Reported, Statement
from core.ports import Outcome, Pending, Rejected
from tests.builders import PAYER_IBAN, HandClock, an_operation, money

if importlib.util.find_spec("mockbank") is None:
    pytest.skip("mock-bank is not installed: pip install mock-bank", allow_module_level=True)

MORNING = datetime(2026, 10, 30, 9, 0, tzinfo=UTC)
OURS = "NL41MOCK0000000001"  # ACME, seeded: accepts everything
OPEN, CLOSED = "NL14MOCK0000000002", "NL84MOCK0000000003"
REFERENCE = "RF391D22DT37MYAJE9SP7J"


@pytest.fixture(scope="module")
def bank() -> Iterator[str]:
    """A bank of its own process on a port that the system chose; its clock begins in the morning."""
    command = [sys.executable, "-u", "-m", "mockbank", "--port", "0", "--clock", f"{MORNING:%Y-%m-%dT%H:%M}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address, "the bank says where it listens"
            yield address[0]
        finally:
            process.terminate()


@pytest.fixture
async def session(bank: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(bank) as session:
        async with session.post("/_mock/reset") as answer:
            assert answer.status == 200
        yield session


async def mail(session: aiohttp.ClientSession, kind: str) -> list[bytes]:
    """The messages of a type that the bank has sent and nobody collected."""
    async with session.get("/_mock/mailbox", params={"type": kind}) as answer:
        return [message["body"].encode() for message in await answer.json()]


def lines(document: bytes) -> list[Reported]:
    return [line for one in read_camt(document, OURS, MORNING, "sepa") for line in one.lines]


def rail(session: aiohttp.ClientSession, url: str = "") -> Sepa:
    clock = HandClock(MORNING)
    return Sepa(session, clock, iban=OURS, holder="ACME Corporation", bic="MOCKNL2A", bank_url=url, key="")


def a_refund(to: str, **more: Any) -> Operation:
    return an_operation(dispatched_at=MORNING, target=f"{to}\nMaya Rossi", **more)


async def send(session: aiohttp.ClientSession, *refunds: Operation) -> list[Outcome]:
    """Through a gateway as a bank's own: it takes the file, and answers with the status report of it."""

    async def gateway(request: web.Request) -> web.Response:
        await session.post("/payments", data=await request.read())
        (report,) = await mail(session, "pain.002")
        return web.Response(body=report, content_type="application/xml")

    application = web.Application()
    application.router.add_post("/sepa/pain001", gateway)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as ours:
            sepa = rail(ours, f"http://127.0.0.1:{runner.addresses[0][1]}")
            return [await sepa.refund(refund) for refund in refunds]
    finally:
        await runner.cleanup()


async def test_the_bank_finds_nothing_wrong_with_our_transfer(session: aiohttp.ClientSession) -> None:
    for bic in ("MOCKNL2A", ""):
        sepa = Sepa(session, HandClock(MORNING), iban=OURS, holder="ACME", bic=bic, bank_url="", key="")
        document = sepa.pain001(a_refund(OPEN), OPEN, "Ünal & Söhne")
        async with session.post("/_mock/validate", data=document) as answer:
            assert (answer.status, "0 findings" in await answer.text()) == (200, True), await answer.text()


async def test_a_refund_is_taken_and_its_debit_told_under_our_name(session: aiohttp.ClientSession) -> None:
    assert await send(session, a_refund(OPEN)) == [Pending("ACCP")]
    (notice,) = await mail(session, "camt.054")
    (debited,) = lines(notice)
    assert (debited.kind, debited.name, debited.gross) == (LineKind.REFUND, "0P", money("-10.00 EUR"))


async def test_a_refund_sent_twice_is_paid_once_and_its_repeat_is_no_refusal(session: aiohttp.ClientSession) -> None:
    first, again = await send(session, a_refund(OPEN), a_refund(OPEN))
    assert (first, again) == (Pending("ACCP"), Pending("RJCT"))
    assert len(await mail(session, "camt.054")) == 1


async def test_a_refund_to_a_closed_account_is_refused_with_the_banks_reason(session: aiohttp.ClientSession) -> None:
    assert await send(session, a_refund(CLOSED)) == [Rejected("AC04")]
    assert await mail(session, "camt.054") == []


@pytest.mark.parametrize(("how", "reference"), [
    ({"reference": REFERENCE}, REFERENCE),
    ({"note": f"tea {REFERENCE} thank you"}, REFERENCE),
    ({"note": "RF39 1D22 DT37 MYAJ E9SP 7J"}, REFERENCE),
    ({"note": f"for the very good tea from the shop {REFERENCE} thank you", "wrap": 35}, REFERENCE),
    ({"note": "for tea"}, "FOR TEA"),
    ({}, ""),
])  # fmt: skip
async def test_a_payment_is_told_with_the_reference_however_the_payer_gave_it(
    session: aiohttp.ClientSession, how: dict[str, Any], reference: str
) -> None:
    credit = {"account": "ACME", "amount": 118_50, "debtor": {"name": "Maya Rossi", "iban": PAYER_IBAN}, **how}
    async with session.post("/_mock/credits", json=credit) as answer:
        assert answer.status == 201, await answer.text()
    (notice,) = await mail(session, "camt.054")
    (told,) = lines(notice)
    assert (told.kind, told.channel, told.reference, told.at) == (LineKind.PAYMENT, "sepa", reference, MORNING)
    assert (told.gross, told.debtor_account, told.debtor_name) == (money("118.50 EUR"), PAYER_IBAN, "Maya Rossi")
    await session.post("/_mock/advance", params={"days": "1"})
    (statement,) = [one for one in await mail(session, "camt.053") if OURS.encode() in one]
    (day,) = read_camt(statement, OURS, MORNING, "sepa")
    assert day.final
    assert day.gap is None, "its balances are explained by its entries"
    assert [one.fact for one in day.lines] == [told.fact], "the day's statement names the payment as the notice did"


async def behave(session: aiohttp.ClientSession, how: str, **parameters: Any) -> None:
    changed = {"behaviour": how, **({"parameters": parameters} if parameters else {})}
    async with session.patch("/_mock/accounts/ACME", json=changed) as answer:
        assert answer.status == 200, await answer.text()


async def days(session: aiohttp.ClientSession, n: int) -> list[Statement]:
    """The statements of our account that the next days bring."""
    async with session.post("/_mock/advance", params={"days": str(n)}) as answer:
        assert answer.status == 200, await answer.text()
    now = MORNING + timedelta(days=30)
    return [
        one
        for body in await mail(session, "camt.053")
        if OURS.encode() in body
        for one in read_camt(body, OURS, now, "sepa")
    ]


async def test_a_refund_that_comes_back_days_later_is_told_under_its_own_name(session: aiohttp.ClientSession) -> None:
    await behave(session, "return-later", days=2, reason="AC04")
    assert await send(session, a_refund(OPEN)) == [Pending("ACCP")]
    statements = await days(session, 6)
    assert [one.gap for one in statements] == [None] * len(statements)
    told = [line for one in statements for line in one.lines]
    assert [(one.kind, one.name, str(one.gross)) for one in told] == [
        (LineKind.REFUND, "0P", "EUR -10.00"),
        (LineKind.RETURN, "0P", "EUR 10.00"),
    ]
    assert told[1].reason == "AC04"


async def test_a_statement_that_leaves_an_entry_off_does_not_add_up(session: aiohttp.ClientSession) -> None:
    await behave(session, "statement-gap")
    assert await send(session, a_refund(OPEN)) == [Pending("ACCP")]
    statements = await days(session, 1)
    assert [str(one.gap) for one in statements if one.gap] == ["EUR -10.00"]
