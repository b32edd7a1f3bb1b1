"""The pocket bank keeps its books, and tells the merchant by signed messages that are not lost."""

import asyncio
import hashlib
import hmac
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
import segno
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from sepaxml import SepaTransfer

from bot.sandbox.bank import Bank, MerchantAccounts
from bot.sandbox.bank.checks import crc16, iban_is_valid

SECRET, KEY = "a secret of the bank", "a key of the merchant"
MERCHANT = MerchantAccounts()
EPC = f"BCD\n002\n1\nSCT\n\nSampan Demo Shop\n{MERCHANT.iban}\nEUR110.00\n\nRF18539007547034"
BODY = (
    f"00020126580014br.gov.bcb.pix0136{MERCHANT.pix_key}5204000053039865406110.005802BR5916Sampan Demo Shop"
    "6009Sao Paulo62120508SAMPAN426304"
)
PIX = BODY + f"{crc16(BODY.encode()):04X}"
NS = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"}


@dataclass
class Merchant:
    """A listener that notes what the bank posts and answers the statuses it is told to, then 200."""

    posts: list[tuple[str, bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def door(self, request: web.Request) -> web.Response:
        self.posts.append((request.path, await request.read(), request.headers["X-Bank-Signature"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@dataclass
class Town:
    """A bank with a client for its doors, the merchant beside it, and a clock to turn."""

    bank: Bank
    http: TestClient[Any, Any]
    merchant: Merchant
    now: list[float]

    async def get(self, path: str, status: int = 200) -> Any:
        return await self._ask("GET", path, None, status)

    async def post(self, path: str, body: Any, status: int = 201) -> Any:
        return await self._ask("POST", path, body, status)

    async def put(self, path: str, body: Any, status: int = 201) -> Any:
        return await self._ask("PUT", path, body, status)

    async def _ask(self, method: str, path: str, body: Any, status: int) -> Any:
        async with self.http.request(
            method, "/bank/" + path, json=body, headers={"Authorization": f"Bearer {KEY}"}
        ) as r:
            assert r.status == status, await r.text()
            return await r.json(content_type=None)

    async def pay(self, payload: str, status: int = 201, **more: Any) -> Any:
        return await self.post(
            "pay", {"person": 5001, "name": "Maya", "payload": payload, "mode": "right", **more}, status
        )

    async def transfer(self, xml: bytes | str, status: int = 200) -> str:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/xml"}
        async with self.http.post("/bank/sepa/pain001", data=xml, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def told(self, number: int) -> list[tuple[str, bytes, str]]:
        await until(lambda: len(self.merchant.posts) >= number)
        return self.merchant.posts

    async def cents(self, account: str) -> int:
        books = await self.get("books")
        assert set(books["totals"].values()) == {0}
        assert all(sum(booking["postings"].values()) == 0 for booking in books["bookings"])
        return next(row["cents"] for row in books["accounts"] if row["id"] == account)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # another task's progress, seen only by looking
            await asyncio.sleep(0.005)


async def open_town(db_path: Path | None, merchant: Merchant, now: list[float], url: str | None, **more: Any) -> Town:
    bank = Bank(
        merchant_url=url, secret=SECRET, api_key=KEY, merchant=MERCHANT, clock=lambda: now[0], db_path=db_path, **more
    )
    root = web.Application()
    root.add_subapp("/bank/", bank.app)
    http = TestClient(TestServer(root))
    await http.start_server()
    return Town(bank, http, merchant, now)


@pytest.fixture
async def listening() -> AsyncIterator[tuple[Merchant, str]]:
    merchant = Merchant()
    app = web.Application()
    app.router.add_post("/{any:.*}", merchant.door)
    async with TestServer(app) as server:
        yield merchant, str(server.make_url("/"))


@pytest.fixture
async def town(listening: tuple[Merchant, str]) -> AsyncIterator[Town]:
    town = await open_town(None, listening[0], [1_790_000_000.0], listening[1])
    yield town
    await town.http.close()


def signed_by(secret: str, body: bytes, header: str) -> bool:
    """The receiver's side of the signature, written from its description and not with the bank's code."""
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", header)
    assert found
    return hmac.new(secret.encode(), f"{found[1]}.".encode() + body, hashlib.sha256).hexdigest() == found[2]


# ---- paying ----


async def test_a_person_gets_two_accounts_with_pocket_money_at_the_first_look(town: Town) -> None:
    euro, real = (await town.get("accounts/5001?name=Maya"))["accounts"]
    assert (euro["currency"], euro["balance"], euro["name"]) == ("EUR", "5000.00", "Maya")
    assert (real["currency"], real["balance"]) == ("BRL", "25000.00")
    assert iban_is_valid(euro["iban"])
    assert real["pix_key"]
    again = (await town.get("accounts/5001"))["accounts"]
    assert [account["balance"] for account in again] == ["5000.00", "25000.00"]
    assert (await town.get("accounts/5002"))["accounts"][0]["iban"] != euro["iban"]


async def test_reading_tells_the_payee_and_who_really_holds_the_account(town: Town) -> None:
    reading = await town.post("read", {"text": PIX}, 200)
    assert (reading["payee"], reading["holder"]) == ("Sampan Demo Shop", "Sampan Demo Shop")
    assert (reading["amount"], reading["currency"], reading["reference"]) == ("110.00", "BRL", "SAMPAN42")
    assert (reading["problems"], reading["warnings"], reading["payable"]) == ([], [], True)
    swapped = await town.post("read", {"text": EPC.replace("Demo Shop", "Gold Shop")}, 200)
    assert [warning["code"] for warning in swapped["warnings"]] == ["name_differs"]
    stranger = await town.post("read", {"text": EPC.replace(MERCHANT.iban, "DE89370400440532013000")}, 200)
    assert [warning["code"] for warning in stranger["warnings"]] == ["unknown_payee"]


async def test_a_pix_moves_the_money_and_tells_the_merchant_by_a_signed_webhook(town: Town) -> None:
    answer = await town.pay(PIX)
    ((path, body, header),) = await town.told(1)
    (pix,) = json.loads(body)["pix"]
    assert path == "/bank/pix"
    assert signed_by(SECRET, body, header)
    assert not signed_by("another", body, header)
    assert re.fullmatch(r"E\d{8}\d{12}[A-Za-z0-9]{11}", pix["endToEndId"])
    assert pix["endToEndId"] == answer["payments"][0]["id"]
    assert (pix["valor"], pix["txid"], pix["chave"]) == ("110.00", "SAMPAN42", MERCHANT.pix_key)
    assert pix["horario"] == "2026-09-21T14:13:20.000Z"
    assert pix["pagador"]["nome"] == "Maya"
    assert await town.cents("5001:BRL") == 24_890_00
    assert await town.cents("merchant:BRL") == 110_00


async def test_a_sepa_payment_is_told_as_a_camt054_with_its_reference(town: Town) -> None:
    answer = await town.pay(EPC)
    ((path, body, header),) = await town.told(1)
    entry = ElementTree.fromstring(body).find(".//c:Ntry", NS)
    assert entry is not None
    assert path == "/bank/camt054"
    assert signed_by(SECRET, body, header)
    assert entry.findtext("c:Amt", namespaces=NS) == "110.00"
    assert entry.find("c:Amt", NS).attrib == {"Ccy": "EUR"}  # type: ignore[union-attr]
    assert entry.findtext("c:CdtDbtInd", namespaces=NS) == "CRDT"
    assert entry.findtext(".//c:CdtrRefInf/c:Ref", namespaces=NS) == "RF18539007547034"
    assert entry.findtext(".//c:Dbtr/c:Pty/c:Nm", namespaces=NS) == "Maya"
    assert entry.findtext(".//c:Refs/c:TxId", namespaces=NS) == answer["payments"][0]["id"]
    assert await town.cents("merchant:EUR") == 110_00
    (message,) = (await town.get("messages"))["messages"]
    async with town.http.get(f"/bank/camt054/{message['id']}.xml") as file:
        assert (file.status, await file.read()) == (200, body)


async def test_a_payer_may_pay_wrongly_twice_or_without_the_reference(town: Town) -> None:
    await town.pay(PIX, mode="wrong_amount", amount="109.99")
    await town.pay(PIX, mode="twice")
    await town.pay(PIX, mode="no_reference")
    posts = [json.loads(body)["pix"][0] for _, body, _ in await town.told(4)]
    assert sorted(pix["valor"] for pix in posts) == ["109.99", "110.00", "110.00", "110.00"]
    assert len({pix["endToEndId"] for pix in posts}) == 4
    assert [pix.get("txid") for pix in posts].count(None) == 1
    assert await town.cents("merchant:BRL") == 439_99


async def test_a_planned_payment_is_made_when_its_time_has_come(town: Town) -> None:
    answer = await town.pay(PIX, mode="late", delay=1800)
    assert answer == {"payments": [], "planned_for": town.now[0] + 1800}
    town.now[0] += 1799
    assert await town.cents("merchant:BRL") == 0
    town.now[0] += 1
    await town.told(1)
    assert await town.cents("merchant:BRL") == 110_00


@pytest.mark.parametrize(
    ("payload", "more", "status", "error"),
    [
        (PIX, {"mode": "wrong_amount", "amount": "25000.01"}, 409, "insufficient_funds"),
        (PIX, {"mode": "wrong_amount"}, 400, "amount_missing"),
        (PIX, {"mode": "wrong_amount", "amount": "-5"}, 400, "amount_invalid"),
        (PIX, {"mode": "wrong_amount", "amount": "NaN"}, 400, "amount_invalid"),
        (PIX, {"mode": "wrong_amount", "amount": 5}, 400, "amount_invalid"),
        (PIX, {"mode": "sideways"}, 400, "unknown_mode"),
        (PIX, {"delay": "soon"}, 400, "bad_request"),
        (PIX[:-1] + "!", {}, 422, "unpayable_code"),
        (EPC.replace("EUR110.00", ""), {}, 400, "amount_missing"),
    ],
)
async def test_what_the_bank_does_not_do_moves_no_money(
    town: Town, payload: str, more: dict[str, Any], status: int, error: str
) -> None:
    assert (await town.pay(payload, status, **more))["error"] == error
    assert await town.cents("merchant:BRL") == await town.cents("merchant:EUR") == 0
    assert (await town.get("messages"))["messages"] == []


async def test_paying_twice_is_all_or_nothing(town: Town) -> None:
    code = EPC.replace("EUR110.00", "EUR2500.01")
    assert (await town.pay(code, 409, mode="twice"))["error"] == "insufficient_funds"
    assert await town.cents("merchant:EUR") == 0


async def test_a_stuck_on_code_sends_the_money_elsewhere_and_the_merchant_hears_nothing(town: Town) -> None:
    await town.pay(EPC.replace(MERCHANT.iban, "DE89370400440532013000"))
    assert await town.cents("5001:EUR") == 4_890_00
    assert await town.cents("merchant:EUR") == 0
    assert (await town.get("messages"))["messages"] == []


# ---- messages ----


async def test_a_message_is_tried_again_with_a_growing_delay_until_it_is_taken(town: Town) -> None:
    town.merchant.answers = [503, 404, 302]
    await town.pay(PIX)
    for attempt, delay in enumerate((1, 2, 4), start=1):
        await town.told(attempt)
        message = await _noted(town, attempt)
        assert message["next_at"] == town.now[0] + delay
        town.now[0] += delay
    await town.told(4)
    message = await _noted(town, 4)
    assert [attempt["status"] for attempt in message["attempts"]] == [503, 404, 302, 200]
    assert message["next_at"] is None
    assert len({body for _, body, _ in town.merchant.posts}) == 1
    moments = [re.match(r"t=(\d+)", header)[1] for _, _, header in town.merchant.posts]  # type: ignore[index]
    assert [int(moment) - int(moments[0]) for moment in moments] == [0, 1, 3, 7]


async def _noted(town: Town, attempts: int) -> Any:
    async with asyncio.timeout(5):
        while True:
            (message,) = (await town.get("messages"))["messages"]
            if len(message["attempts"]) >= attempts:
                return message
            await asyncio.sleep(0.005)


async def test_nothing_is_lost_while_the_merchant_is_away_and_the_bank_restarts(
    listening: tuple[Merchant, str], tmp_path: Path
) -> None:
    merchant, url = listening
    now = [1_790_000_000.0]
    town = await open_town(tmp_path / "bank.sqlite", merchant, now, None)
    await town.pay(PIX)
    await town.pay(EPC, mode="late", delay=60)
    await town.http.close()
    now[0] += 100
    town = await open_town(tmp_path / "bank.sqlite", merchant, now, None)
    await town.post("config", {"merchant_url": url}, 200)
    posts = await town.told(2)
    assert sorted(path for path, _, _ in posts) == ["/bank/camt054", "/bank/pix"]
    assert await town.cents("merchant:BRL") == await town.cents("merchant:EUR") == 110_00
    await town.http.close()


async def test_a_held_line_lets_messages_wait(town: Town) -> None:
    await town.post("config", {"held": True}, 200)
    await town.pay(PIX)
    (message,) = (await town.get("messages"))["messages"]
    assert (message["attempts"], message["delivered_at"]) == ([], None)
    await town.post("config", {"held": False}, 200)
    await town.told(1)


async def test_a_message_can_be_sent_again_and_forged(town: Town) -> None:
    await town.pay(PIX)
    await town.told(1)
    (message,) = (await town.get("messages"))["messages"]
    assert (await town.post(f"messages/{message['id']}/again", {}, 200))["status"] == 200
    town.merchant.answers = [401]
    assert (await town.post(f"messages/{message['id']}/forge", {}, 200))["status"] == 401
    first, again, forged = town.merchant.posts
    assert first[1] == again[1] == forged[1]
    assert signed_by(SECRET, again[1], again[2])
    assert not signed_by(SECRET, forged[1], forged[2])
    message = (await town.get("messages"))["messages"][0]
    assert [attempt["kind"] for attempt in message["attempts"]] == ["sent", "again", "forged"]
    assert message["next_at"] is None
    await town.post("messages/999/again", {}, 404)


# ---- the merchant's Pix API ----


async def test_the_merchant_lists_what_it_received_and_needs_its_key(town: Town) -> None:
    (paid,) = (await town.pay(PIX))["payments"]
    town.now[0] += 60
    await town.pay(PIX, mode="no_reference")
    span = "inicio=2026-09-21T14:00:00Z&fim=2026-09-21T15:00:00Z"
    everything = await town.get(f"pix/v2/pix?{span}")
    assert len(everything["pix"]) == everything["parametros"]["paginacao"]["quantidadeTotalDeItens"] == 2
    (one,) = (await town.get(f"pix/v2/pix?{span}&txid=SAMPAN42"))["pix"]
    assert one == await town.get(f"pix/v2/pix/{paid['id']}")
    second = await town.get(f"pix/v2/pix?{span}&paginacao.itensPorPagina=1&paginacao.paginaAtual=1")
    assert [pix.get("txid") for pix in second["pix"]] == [None]
    assert (await town.get("pix/v2/pix?inicio=2026-09-21T14:13:21Z&fim=2026-09-21T14:13:30Z"))["pix"] == []
    assert (await town.get("pix/v2/pix?inicio=yesterday&fim=now", 400))["type"].endswith("/PixConsultaInvalida")
    assert (await town.get("pix/v2/pix/E1", 404))["type"].endswith("/PixNaoEncontrado")
    async with town.http.get(f"/bank/pix/v2/pix?{span}") as stranger:
        assert stranger.status == 401


async def test_a_pix_is_given_back_in_parts_once_each_and_never_more_than_it_was(town: Town) -> None:
    (paid,) = (await town.pay(PIX))["payments"]
    door = f"pix/v2/pix/{paid['id']}/devolucao"
    first = await town.put(f"{door}/r1", {"valor": "7.89"})
    assert (first["id"], first["valor"], first["status"]) == ("r1", "7.89", "DEVOLVIDO")
    assert re.fullmatch(r"D\d{20}[A-Za-z0-9]{11}", first["rtrId"])
    assert await town.put(f"{door}/r1", {"valor": "7.89"}) == first
    assert await town.get(f"{door}/r1") == first
    for refund, valor in (
        ("r1", "7.90"),
        ("r2", "102.12"),
        ("r3", "7.8"),
        ("r3", "0.00"),
        ("r_3", "1.00"),
        ("r3", None),
    ):
        problem = await town.put(f"{door}/{refund}", {"valor": valor}, 400)
        assert problem["type"].endswith("/PixDevolucaoInvalida")
    assert await town.cents("5001:BRL") == 24_897_89
    await town.put(f"{door}/r4", {"valor": "102.11"})
    assert await town.cents("merchant:BRL") == 0
    assert [refund["id"] for refund in (await town.get(f"pix/v2/pix/{paid['id']}"))["devolucoes"]] == ["r1", "r4"]


async def test_a_refund_may_take_its_time_and_may_fail(listening: tuple[Merchant, str]) -> None:
    town = await open_town(None, listening[0], [1_790_000_000.0], listening[1], slow_refunds=True)
    (paid,) = (await town.pay(PIX))["payments"]
    door = f"pix/v2/pix/{paid['id']}/devolucao"
    assert (await town.put(f"{door}/r1", {"valor": "10.00"}))["status"] == "EM_PROCESSAMENTO"
    assert await town.cents("merchant:BRL") == 110_00
    assert (await town.get(f"{door}/r1"))["status"] == "DEVOLVIDO"
    assert await town.cents("merchant:BRL") == 100_00
    await town.post("accounts/5001/close", {}, 200)
    await town.put(f"{door}/r2", {"valor": "10.00"})
    failed = await town.get(f"{door}/r2")
    assert (failed["status"], failed["motivo"]) == ("NAO_REALIZADO", "Conta encerrada")
    assert await town.cents("merchant:BRL") == 100_00
    await town.put(f"{door}/r3", {"valor": "100.00"})  # the failed one gives its room back
    await town.http.close()


# ---- the merchant's credit transfers ----


def pain001(*payments: tuple[str, int, str], message_id: str = "") -> bytes:
    """An order that an independent builder wrote: (IBAN, cents, end-to-end id) each."""
    order = SepaTransfer(
        {"name": MERCHANT.name, "IBAN": MERCHANT.iban, "BIC": MERCHANT.bic, "batch": True, "currency": "EUR"},
        schema="pain.001.001.03",
        clean=False,
    )
    if message_id:
        order.msg_id = message_id
    for iban, cents, identity in payments:
        order.add_payment(
            {"name": "Maya", "IBAN": iban, "BIC": "PCKTDEFFXXX", "amount": cents, "description": "Refund",
             "endtoend_id": identity, "execution_date": date(2026, 9, 21)}
        )  # fmt: skip
    return bytes(order.export(validate=True))


def statuses(pain002: str) -> list[tuple[str | None, str | None, str | None]]:
    ns = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"}
    return [
        (
            item.findtext("p:OrgnlEndToEndId", namespaces=ns),
            item.findtext("p:TxSts", namespaces=ns),
            item.findtext("p:StsRsnInf/p:Rsn/p:Cd", namespaces=ns),
        )
        for item in ElementTree.fromstring(pain002).iterfind(".//p:TxInfAndSts", ns)
    ]


async def test_a_credit_transfer_goes_back_to_the_payer_once(town: Town) -> None:
    await town.pay(EPC)
    iban = (await town.get("accounts/5001"))["accounts"][0]["iban"]
    order = pain001((iban, 40_00, "refund-1"))
    answer = await town.transfer(order)
    assert statuses(answer) == [("refund-1", "ACSC", None)]
    assert await town.transfer(order) == answer
    assert await town.cents("5001:EUR") == 4_930_00
    posts = await town.told(2)
    debit = ElementTree.fromstring(posts[1][1]).find(".//c:Ntry", NS)
    assert debit is not None
    assert debit.findtext("c:CdtDbtInd", namespaces=NS) == "DBIT"
    assert debit.findtext(".//c:EndToEndId", namespaces=NS) == "refund-1"
    assert debit.findtext("c:Amt", namespaces=NS) == "40.00"
    changed = order.replace(b"40.00", b"41.00")
    assert "AM05" in await town.transfer(changed)
    assert await town.cents("5001:EUR") == 4_930_00


async def test_a_credit_transfer_that_cannot_be_made_is_refused_with_its_reason(town: Town) -> None:
    await town.pay(EPC)
    iban = (await town.get("accounts/5001"))["accounts"][0]["iban"]
    closed = (await town.get("accounts/5002"))["accounts"][0]["iban"]
    await town.post("accounts/5002/close", {}, 200)
    nobody = "DE89999900009999999999"
    order = pain001((iban, 111_00, "short"), (closed, 1_00, "closed"), (iban, 10_00, "good"), (nobody, 1_00, "nobody"))
    broken = order.replace(iban.encode(), (iban[:-1] + str((int(iban[-1]) + 1) % 10)).encode(), 1)
    assert sorted(statuses(await town.transfer(order)), key=str) == [
        ("closed", "RJCT", "AC04"), ("good", "ACSC", None), ("nobody", "RJCT", "AC01"), ("short", "RJCT", "AM04"),
    ]  # fmt: skip
    broken = re.sub(rb"<MsgId>[^<]*", b"<MsgId>other", broken)
    assert ("short", "RJCT", "AC01") in statuses(await town.transfer(broken))
    wrong_debtor = re.sub(rb"<MsgId>[^<]*", b"<MsgId>third", order).replace(MERCHANT.iban.encode(), iban.encode())
    assert {reason for _, _, reason in statuses(await town.transfer(wrong_debtor))} == {"AC02"}
    miscounted = re.sub(rb"<NbOfTxs>4", b"<NbOfTxs>5", re.sub(rb"<MsgId>[^<]*", b"<MsgId>fourth", order))
    assert "AM18" in await town.transfer(miscounted)
    assert await town.cents("merchant:EUR") == 90_00


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Document/>",
        b'<!DOCTYPE d[<!ENTITY e "x">]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">&e;</Document>',
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn/></Document>',
    ],
)
async def test_what_is_no_order_is_told_so(town: Town, body: bytes) -> None:
    assert "not_pain001" in await town.transfer(body, 400)


# ---- the door of the page ----


async def test_a_picture_is_read_and_what_is_none_is_refused(town: Town) -> None:
    picture = io.BytesIO()
    segno.make(EPC, error="m").save(picture, kind="png", scale=4)
    form = aiohttp.FormData()
    form.add_field("file", picture.getvalue(), filename="photo.png", content_type="image/png")
    async with town.http.post("/bank/read", data=form) as answer:
        reading = await answer.json()
    assert (reading["codes"], reading["amount"], reading["account"]) == (1, "110.00", MERCHANT.iban)
    blank = io.BytesIO()
    Image.new("L", (300, 300), "white").save(blank, "PNG")
    async with town.http.post("/bank/read", data=blank.getvalue(), headers={"Content-Type": "image/png"}) as answer:
        nothing = await answer.json()
    assert (answer.status, nothing["codes"], nothing["problems"][0]["code"]) == (200, 0, "no_code")
    async with town.http.post("/bank/read", data=b"no picture", headers={"Content-Type": "image/png"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (415, "not_a_picture")
    assert (await town.post("read", {"text": ""}, 400))["error"] == "bad_request"
    assert (await town.post("read", [], 400))["error"] == "bad_json"


async def test_the_days_statement_says_why_a_transfer_came_back(town: Town) -> None:
    await town.pay(EPC)
    await town.transfer(pain001(("DE89370400440532013000", 40_00, "payout-1")))
    await town.post("transfers/payout-1/return", {"reason": "AC04"}, 201)
    await town.post("day-end", {}, 200)
    statement = next(one["body"] for one in (await town.get("messages"))["messages"] if one["kind"] == "camt053")
    entries = [one for one in ElementTree.fromstring(statement).iter() if one.tag.endswith("}Ntry")]
    texts = [{one.tag.rpartition("}")[2]: one.text for one in entry.iter()} for entry in entries]
    assert [(one.get("EndToEndId"), "RtrInf" in one) for one in texts] == [
        ("NOTPROVIDED", False),
        ("payout-1", False),
        ("payout-1", True),
    ]


async def test_a_pix_of_the_merchants_own_is_in_the_days_report_once(town: Town) -> None:
    await town.pay(PIX)
    before = await town.cents("merchant:BRL")
    wanted = {"key": "rosa@casarosa.example", "name": "Rosa", "amount": "10.00"}
    sent = (await town.post("transfers/pix", wanted, 201))["sent"]
    assert await town.cents("merchant:BRL") == before - 10_00
    for _ in range(2):
        await town.post("day-end", {}, 200)
    reports = [one["body"] for one in (await town.get("messages"))["messages"] if one["kind"] == "pix_report"]
    lines = [line for report in reports for line in report.splitlines() if sent in line]
    assert len(lines) == 1 and ",payout," in lines[0] and ",-10.00,0.00,-10.00," in lines[0]
    refused = await town.post("transfers/pix", {**wanted, "amount": "9999.00"}, 409)
    assert refused["error"] == "insufficient_funds"
