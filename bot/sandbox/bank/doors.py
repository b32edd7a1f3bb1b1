"""The bank's HTTP routes, below /bank/: for the page, for tests, and the API the merchant uses. Parses, asks, shows."""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from bot.sandbox.bank.codes import read_code
from bot.sandbox.bank.desk import Refused
from bot.sandbox.bank.evening import PIX_FEE_BP
from bot.sandbox.bank.notices import decimal, iso
from bot.sandbox.bank.pain import NotPain001, read_pain001
from bot.sandbox.bank.picture import MAX_BYTES, NotAPicture, codes_in

if TYPE_CHECKING:
    from bot.sandbox.bank.bank import Bank

PIX_ERROR = "https://pix.bcb.gov.br/api/v2/error/"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def speak_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A Refused becomes {"error", "says"}; on the Pix API an RFC 7807 problem, as Bacen's specification has it."""
    try:
        return await handler(request)
    except Refused as refusal:
        if "/pix/v2/" in request.path:
            problem = {"type": PIX_ERROR + refusal.code, "title": refusal.says, "status": refusal.status}
            return web.json_response(problem, status=refusal.status, content_type="application/problem+json")
        return web.json_response({"error": refusal.code, "says": refusal.says}, status=refusal.status)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("bad_json", "The body must be a JSON object.", 400)
    return body


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
        raise Refused("bad_request", f"{key} is missing.", 400)
    return str(value)


class Doors:
    """Handlers of one bank."""

    def __init__(self, bank: "Bank") -> None:
        self.bank = bank

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/read", self.read),
            web.post("/pay", self.pay),
            web.get("/accounts/{person}", self.accounts),
            web.post("/accounts/{person}/close", self.close_account),
            web.get("/books", self.books),
            web.get("/messages", self.messages),
            web.post("/messages/{id:[0-9]{1,18}}/{how:again|forge}", self.send_again),
            web.get("/{kind:camt054|camt053|pix_report}/{id:[0-9]{1,18}}.{form:xml|csv}", self.file),
            web.post("/day-end", self.day_end),
            web.get("/claims", self.claims),
            web.post("/claims", self.claim),
            web.post("/claims/{case:[A-Z0-9]{1,20}}/{how:won|lost}", self.decide),
            web.post("/transfers/pix", self.send_pix),
            web.post("/transfers/{end_to_end}/return", self.give_back),
            web.post("/config", self.config),
            web.get("/pix/v2/pix", self.merchant(self.pix_list)),
            web.get("/pix/v2/pix/{e2eid}", self.merchant(self.pix_one)),
            web.put("/pix/v2/pix/{e2eid}/devolucao/{id}", self.merchant(self.refund)),
            web.get("/pix/v2/pix/{e2eid}/devolucao/{id}", self.merchant(self.refund_state)),
            web.post("/sepa/pain001", self.merchant(self.pain001)),
        ]

    # ---- people and the page ----

    async def read(self, request: web.Request) -> web.Response:
        """What a picture (multipart, any field name, or the raw bytes) or {"text": payload} asks the payer for."""
        if request.content_type == "application/json":
            payloads = [_text(await _json(request), "text")]
        else:
            data = await self._picture(request)
            try:
                payloads = await asyncio.to_thread(codes_in, data)
            except NotAPicture:
                raise Refused("not_a_picture", "This is not a picture the bank can open.", 415) from None
        if not payloads:
            nothing = {"code": "no_code", "says": "There is no code in this picture that could be read."}
            return web.json_response(
                {"codes": 0, "payable": False, "problems": [nothing], "warnings": [], "others": []}
            )
        readings = [self.bank.customers.view(read_code(payload)) for payload in payloads]
        if len(readings) > 1:
            says = f"The picture shows {len(readings)} different codes: one may have been stuck over another."
            for reading in readings:
                reading["warnings"].insert(0, {"code": "several_codes", "says": says})
        return web.json_response({**readings[0], "codes": len(readings), "others": readings[1:]})

    async def _picture(self, request: web.Request) -> bytes:
        if not request.content_type.startswith("multipart/"):
            return await request.read()
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.filename:
                data = bytes(await part.read())
                if len(data) > MAX_BYTES:
                    raise Refused("too_large", "The picture is larger than 20 MB.", 413)
                return data
        raise Refused("bad_request", "No picture was sent.", 400)

    async def pay(self, request: web.Request) -> web.Response:
        """{person, payload, mode, amount?, delay?, name?} -> {payments, planned_for}."""
        body = await _json(request)
        delay = body.get("delay") or 0
        if not isinstance(delay, int | float) or not 0 <= delay < 10**9:
            raise Refused("bad_request", "delay is a number of seconds.", 400)
        name = str(body["name"]) if body.get("name") else None
        mode = str(body.get("mode") or "right")
        person, payload = _text(body, "person"), _text(body, "payload")
        answer = self.bank.customers.pay(person, payload, mode, body.get("amount"), float(delay), name)
        return web.json_response(answer, status=201)

    async def accounts(self, request: web.Request) -> web.Response:
        """Both accounts of a person with their entries, newest first; opens them at the first look."""
        books = self.bank.books
        with books.db:
            accounts = books.person(request.match_info["person"], request.query.get("name"))
        shown = [
            {
                **account.__dict__,
                "cents": books.balance(account.id),
                "balance": decimal(books.balance(account.id)),
                "entries": books.entries(account.id),
            }
            for account in accounts
        ]
        return web.json_response({"accounts": shown})

    async def close_account(self, request: web.Request) -> web.Response:
        """Closes a person's accounts: money sent there comes back (AC04, NAO_REALIZADO)."""
        person = request.match_info["person"]
        with self.bank.books.db:
            self.bank.books.person(person)
            self.bank.books.close_accounts(person)
        return web.json_response({"closed": person})

    async def books(self, request: web.Request) -> web.Response:
        return web.json_response(self.bank.books.whole())

    # ---- messages ----

    async def messages(self, request: web.Request) -> web.Response:
        queue = self.bank.messages
        shown = {"merchant_url": queue.merchant_url, "held": queue.held, "messages": queue.newest()}
        return web.json_response(shown)

    async def send_again(self, request: web.Request) -> web.Response:
        message = self._message(request)
        how = "forged" if request.match_info["how"] == "forge" else "again"
        return web.json_response(await self.bank.messages.send(message, how))

    async def file(self, request: web.Request) -> web.Response:
        """A message as the file it is, to be sent to the merchant's people by hand."""
        message = self._message(request)
        kind = request.match_info["kind"]
        form = "csv" if kind == "pix_report" else "xml"
        if message["kind"] != kind or request.match_info["form"] != form:
            raise Refused("unknown_message", f"That message is no {kind}.{form}.", 404)
        of = "text/csv" if form == "csv" else "application/xml"
        return web.Response(text=message["body"], content_type=of, charset="utf-8")

    async def day_end(self, request: web.Request) -> web.Response:
        """{lose?: bool, fee_bp?: n} -> {messages}: the day's statement and Pix report are written and sent."""
        body = await _json(request) if request.can_read_body else {}
        fee = body.get("fee_bp", PIX_FEE_BP)
        if type(fee) is not int or not 0 <= fee <= 5_000:
            raise Refused("bad_request", "fee_bp is a whole number of basis points, at most 5000.", 400)
        return web.json_response({"messages": self.bank.evening.end_day(lose=bool(body.get("lose")), fee_bp=fee)})

    def _message(self, request: web.Request) -> dict[str, Any]:
        message = self.bank.messages.get(int(request.match_info["id"]))
        if message is None:
            raise Refused("unknown_message", "No such message.", 404)
        return message

    async def send_pix(self, request: web.Request) -> web.Response:
        """{key, name, amount}: the merchant's people send a Pix on the bank's own screen -> {sent: endToEndId}."""
        body = await _json(request)
        sent = self.bank.merchants.send_pix(_text(body, "key"), _text(body, "name"), _text(body, "amount"))
        return web.json_response({"sent": sent}, status=201)

    async def claims(self, _: web.Request) -> web.Response:
        """The disputed payments."""
        return web.json_response({"claims": self.bank.claims.all()})

    async def claim(self, request: web.Request) -> web.Response:
        """{person, booking, reason?}: a customer disputes a payment they made; it is taken back from the shop."""
        body = await _json(request)
        booking, reason = body.get("booking"), str(body.get("reason") or "AM05")
        if type(booking) is not int or not re.fullmatch("[A-Z0-9]{4}", reason):
            raise Refused("bad_request", "booking is a number, the reason four letters or digits.", 400)
        return web.json_response(self.bank.claims.open(booking, _text(body, "person"), reason), status=201)

    async def decide(self, request: web.Request) -> web.Response:
        """The bank decides a case: won or lost by the shop."""
        won = request.match_info["how"] == "won"
        return web.json_response(self.bank.claims.decide(request.match_info["case"], won=won))

    async def give_back(self, request: web.Request) -> web.Response:
        """{reason?}: the other bank returns a transfer of the merchant's, by its EndToEndId; AC04 unless said."""
        reason = str((await _json(request)).get("reason") or "AC04")
        if not re.fullmatch("[A-Z0-9]{4}", reason):
            raise Refused("bad_request", "The reason is four letters or digits of ISO 20022.", 400)
        returned = self.bank.merchants.give_back(request.match_info["end_to_end"], reason)
        return web.json_response({"returned": returned}, status=201)

    async def config(self, request: web.Request) -> web.Response:
        """{merchant_url?, secret?, api_key?, held?}: who is told, how it is signed, whether the line is down."""
        body = await _json(request)
        if body.get("merchant_url"):
            self.bank.set_merchant_url(_text(body, "merchant_url"))
        if body.get("secret"):
            self.bank.messages.secret = _text(body, "secret")
        if body.get("api_key"):
            self.bank.api_key = _text(body, "api_key")
        if "held" in body:
            self.bank.hold(bool(body["held"]))
        return web.json_response({"merchant_url": self.bank.messages.merchant_url, "held": self.bank.messages.held})

    # ---- the merchant ----

    def merchant(self, handler: Handler) -> Handler:
        """Only with `Authorization: Bearer <api key>`."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.bank.api_key}".encode()):
                raise Refused("AcessoNegado", "The key is missing or wrong.", 401)
            return await handler(request)

        return guarded

    async def pix_list(self, request: web.Request) -> web.Response:
        start, end = _moment(request, "inicio"), _moment(request, "fim")
        if end < start:
            raise Refused("PixConsultaInvalida", "fim is before inicio.", 400)
        found = self.bank.merchants.pix_between(start, end, request.query.get("txid"))
        page, size = _number(request, "paginacao.paginaAtual", 0), _number(request, "paginacao.itensPorPagina", 100)
        size = max(1, min(size, 1000))
        paging = {
            "paginaAtual": page,
            "itensPorPagina": size,
            "quantidadeDePaginas": max(1, -(-len(found) // size)),
            "quantidadeTotalDeItens": len(found),
        }
        shown = {"inicio": iso(start), "fim": iso(end), "paginacao": paging}
        return web.json_response({"parametros": shown, "pix": found[page * size : (page + 1) * size]})

    async def pix_one(self, request: web.Request) -> web.Response:
        found = self.bank.merchants.pix(request.match_info["e2eid"])
        if found is None:
            raise Refused("PixNaoEncontrado", "No such Pix was received.", 404)
        return web.json_response(found)

    async def refund(self, request: web.Request) -> web.Response:
        refund_id = request.match_info["id"]
        valor = (await _json(request)).get("valor")
        if not re.fullmatch("[a-zA-Z0-9]{1,35}", refund_id):
            raise Refused("PixDevolucaoInvalida", "The id is not 1 to 35 letters or digits.", 400)
        if not isinstance(valor, str) or not re.fullmatch(r"[0-9]{1,10}\.[0-9]{2}", valor) or not float(valor):
            raise Refused("PixDevolucaoInvalida", "valor is not an amount such as 7.89.", 400)
        answer = self.bank.merchants.refund(request.match_info["e2eid"], refund_id, valor)
        return web.json_response(answer, status=201)

    async def refund_state(self, request: web.Request) -> web.Response:
        answer = self.bank.merchants.settle_refund(request.match_info["e2eid"], request.match_info["id"])
        return web.json_response(answer)

    async def pain001(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            order = read_pain001(body)
        except NotPain001 as fault:
            raise Refused("not_pain001", str(fault), 400) from None
        return web.Response(
            text=self.bank.merchants.transfer(order, body), content_type="application/xml", charset="utf-8"
        )


def _moment(request: web.Request, name: str) -> float:
    try:
        moment = datetime.fromisoformat(request.query[name])
        if moment.tzinfo is None:
            raise ValueError
    except (KeyError, ValueError):
        raise Refused("PixConsultaInvalida", f"{name} is not a time as in RFC 3339.", 400) from None
    return moment.timestamp()


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Refused("PixConsultaInvalida", f"{name} is not a number.", 400)
    return int(text)
