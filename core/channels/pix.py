"""PIX: a static BR Code with a txid, confirmed by the bank's webhook; refunds by the central bank's Pix API.

Source: Banco Central do Brasil, API Pix 2.x (PUT /v2/pix/{e2eid}/devolucao/{id}; webhook body {"pix": [...]}).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from core.channels.reading import whole
from core.money import BadAmount, Money, asset, parse_amount
from core.payments.operations import Operation, OperationKind
from core.payments.receiving import Fact
from core.ports import Answer, NotFound, Outcome, Pending, Rejected, Succeeded, Unknown
from core.qr.pix import build_static

NAME = "pix"
_NAME = re.compile(r"[A-Za-z0-9_]+")


class BadWebhook(ValueError):
    """A webhook body that is not what the Pix API sends. The message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund (devolução) that the webhook tells of, of the payment `fact` (its endToEndId).

    `id` is our operation's, or the bank's own when the operator sent it back by hand: unique with `fact` only.
    """

    id: str
    status: str
    evidence: str
    fact: str
    amount: Money
    nature: str = ""  # MED_FRAUDE, …: not our refund, but the central bank's Mecanismo Especial de Devolução

    @property
    def is_clawback(self) -> bool:
        """Whether the payer's bank takes the money back (natureza MED_…), for fraud or a fault of its own."""
        return self.nature.startswith("MED_")


def payment_code(charge: Operation, *, city: str) -> str:
    """The static BR Code of a charge: our own offer, nothing is sent. `city` is printed in it. Raises BadPayload."""
    body = charge.body
    return build_static(
        key=body["account"],
        merchant_name=body["payee"],
        merchant_city=city,
        txid=body["reference"],
        amount=charge.amount.decimal,
    )


class Pix:
    """The rail, for refunds. `api_url` and `api_key` are the bank's Pix API."""

    name = NAME
    idempotent = True  # a devolução is named by our id: the same PUT is the same refund
    key_life: timedelta | None = None
    visibility = timedelta(minutes=5)

    def __init__(self, session: aiohttp.ClientSession, *, api_url: str, api_key: str, patience: float = 20) -> None:
        self._session = session
        self._api_url, self._api_key = api_url.rstrip("/"), api_key
        self._patience = aiohttp.ClientTimeout(total=patience)  # seconds

    async def refund(self, operation: Operation) -> Outcome:
        """PUT the devolução under the operation's own id. One to another account names no payment: made by hand."""
        if not self._api_url or not operation.body["fact"]:
            return Pending(by_hand=True)
        try:
            async with self._session.put(
                self._devolution(operation),
                json={"valor": operation.body["amount"]},
                headers={"Authorization": f"Bearer {self._api_key}"},
                timeout=self._patience,
                allow_redirects=False,
            ) as answer:
                # 400 and 422 are the API's refusals of this very request; anything else proves nothing.
                if answer.status in (400, 422):
                    return Rejected(f"HTTP {answer.status}")
                if answer.status not in (200, 201):
                    return Unknown(f"HTTP {answer.status}")
                told = json.loads(await whole(answer))
                return _returned(str(told["status"]), str(told.get("rtrId", "")))
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as fault:
            return Unknown(type(fault).__name__)

    async def payout(self, operation: Operation) -> Outcome:
        """The Pix API has no transfers: the operator makes it at their bank."""
        return Pending(by_hand=True)

    async def query(self, operation: Operation) -> Answer:
        """GET the devolução. Payouts are not the API's, and our codes are never asked for."""
        if not self._api_url or operation.kind is not OperationKind.REFUND or not operation.body["fact"]:
            return Unknown("cannot be asked")
        try:
            async with self._session.get(
                self._devolution(operation),
                headers={"Authorization": f"Bearer {self._api_key}"},
                timeout=self._patience,
                allow_redirects=False,
            ) as answer:
                if answer.status == 404:
                    return NotFound()
                if answer.status != 200:
                    return Unknown(f"HTTP {answer.status}")
                told = json.loads(await whole(answer))
                return _returned(str(told["status"]), str(told.get("rtrId", "")))
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as fault:
            return Unknown(type(fault).__name__)

    def _devolution(self, operation: Operation) -> str:
        return f"{self._api_url}/v2/pix/{operation.body['fact']}/devolucao/{operation.body['reference']}"


def _returned(status: str, evidence: str) -> Outcome:
    if status == "DEVOLVIDO":
        return Succeeded(evidence)
    if status == "NAO_REALIZADO":
        return Rejected(status)
    return Pending(evidence)


def read_webhook(body: bytes) -> list[Fact | Returned]:
    """What a Pix webhook tells: payments, and refunds inside them. Raises BadWebhook: all of it or nothing."""
    try:
        rows = json.loads(body)["pix"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadWebhook("pix") from None
    return [told for row in _list(rows, "pix") for told in _row(_object(row, "pix[]"))]


def _row(row: dict[str, Any]) -> Iterator[Fact | Returned]:
    payer = _object(row.get("pagador") or {}, "pagador")
    try:
        at = datetime.fromisoformat(_text(row, "horario"))
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadWebhook("horario") from None
    payment = _name(row, "endToEndId")
    yield Fact(
        channel=NAME,
        id=payment,
        reference=_name(row, "txid", least=0),
        amount=_amount(row),
        at=at,
        debtor_account=_printable(payer.get("cpf") or payer.get("cnpj"))[:20],
        debtor_name=_printable(payer.get("nome"))[:120],
    )
    for item in _list(row.get("devolucoes") or [], "devolucoes"):
        told = _object(item, "devolucoes[]")
        nature = _name(told, "natureza", least=0)
        evidence = _name(told, "rtrId", least=0)
        yield Returned(_name(told, "id"), _name(told, "status"), evidence, payment, _amount(told), nature)


def _amount(row: dict[str, Any]) -> Money:
    try:
        return parse_amount(_text(row, "valor"), asset("BRL"))
    except BadAmount:
        raise BadWebhook("valor") from None


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadWebhook(where)
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadWebhook(where)
    return value


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise BadWebhook(field)
    return value


def _name(row: dict[str, Any], field: str, *, least: int = 1) -> str:
    """A name of the Pix API: ASCII letters, digits and "_"."""
    value = _text(row, field) if least or row.get(field) is not None else ""
    if not least <= len(value) <= 35 or (value and not _NAME.fullmatch(value)):
        raise BadWebhook(field)
    return value


def _printable(value: Any) -> str:
    """Free text of the payer's bank, without what no database keeps: NUL and halves of characters."""
    return "".join(character for character in str(value or "") if character.isprintable())
