"""PIX: a static BR Code with a txid, confirmed by the bank's webhook; refunds by the central bank's Pix API.

Source: Banco Central do Brasil, API Pix 2.x (PUT /v2/pix/{e2eid}/devolucao/{id}; webhook body {"pix": [...]}).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from core.money import BadAmount, asset, parse_amount
from core.payments.operations import Operation
from core.payments.receiving import Fact
from core.ports import ActionNeeded, Outcome, Pending, Rejected, Succeeded, Unknown
from core.qr import BadPayload
from core.qr.pix import build_static

NAME = "pix"
_E2E = re.compile(r"[A-Za-z0-9]{1,35}")
_TXID = re.compile(r"[A-Za-z0-9]{1,35}")


class BadWebhook(ValueError):
    """A webhook body that is not what the Pix API sends. The message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund (devolução) that the webhook tells of; `id` is our operation's."""

    id: str
    status: str
    evidence: str


class Pix:
    """The rail. `city` is printed in the code; `api_url` and `api_key` are the bank's Pix API, for refunds."""

    name = NAME
    idempotent = True  # a devolução is named by our id: the same PUT is the same refund

    def __init__(self, session: aiohttp.ClientSession, *, city: str, api_url: str, api_key: str) -> None:
        self._session, self._city = session, city
        self._api_url, self._api_key = api_url.rstrip("/"), api_key

    async def charge(self, operation: Operation) -> Outcome:
        """The code is our own offer: nothing is sent."""
        body = operation.body
        try:
            return ActionNeeded(
                build_static(
                    key=body["account"],
                    merchant_name=body["payee"],
                    merchant_city=self._city,
                    txid=body["reference"],
                    amount=operation.amount.decimal,
                )
            )
        except BadPayload as fault:
            return Rejected(str(fault)[:64])

    async def refund(self, operation: Operation) -> Outcome:
        """PUT the devolução under the operation's own id."""
        if not self._api_url:
            return Unknown("no Pix API configured")
        url = f"{self._api_url}/v2/pix/{operation.body['fact']}/devolucao/{operation.body['reference']}"
        try:
            async with self._session.put(
                url,
                json={"valor": operation.body["amount"]},
                headers={"Authorization": f"Bearer {self._api_key}"},
                timeout=aiohttp.ClientTimeout(total=20),
                allow_redirects=False,
            ) as answer:
                # 400 and 422 are the API's refusals of this very request; anything else proves nothing.
                if answer.status in (400, 422):
                    return Rejected(f"HTTP {answer.status}")
                if answer.status not in (200, 201):
                    return Unknown(f"HTTP {answer.status}")
                told = await answer.json(content_type=None)
                return _returned(str(told["status"]), str(told.get("rtrId", "")))
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as fault:
            return Unknown(type(fault).__name__)


def _returned(status: str, evidence: str) -> Outcome:
    if status == "DEVOLVIDO":
        return Succeeded(evidence)
    if status == "NAO_REALIZADO":
        return Rejected(status)
    return Pending(evidence)


def read_webhook(body: bytes) -> Iterator[Fact | Returned]:
    """What a Pix webhook tells: payments, and refunds inside them. Raises BadWebhook."""
    try:
        told = json.loads(body)
        rows = told["pix"]
        assert isinstance(rows, list)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise BadWebhook("pix") from None
    for row in rows:
        yield from _row(row)


def _row(row: Any) -> Iterator[Fact | Returned]:
    try:
        fact_id, txid = str(row["endToEndId"]), str(row.get("txid") or "")
        amount = parse_amount(str(row["valor"]), asset("BRL"))
        at = datetime.fromisoformat(str(row["horario"]))
        payer = row.get("pagador") or {}
        returns = row.get("devolucoes") or []
    except BadAmount:
        raise BadWebhook("valor") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadWebhook("pix[]") from None
    if not _E2E.fullmatch(fact_id) or not (txid == "" or _TXID.fullmatch(txid)):
        raise BadWebhook("endToEndId or txid")
    yield Fact(
        channel=NAME,
        id=fact_id,
        reference=txid,
        amount=amount,
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        debtor_account=str(payer.get("cpf") or payer.get("cnpj") or ""),
        debtor_name=str(payer.get("nome") or "")[:120],
    )
    for item in returns:
        yield Returned(str(item.get("id", "")), str(item.get("status", "")), str(item.get("rtrId", "")))
