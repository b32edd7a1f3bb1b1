"""bitcoin: links (BIP-21, replaced by BIP-321): address, amount, labels, and invoices that ride along."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.qr import bech32, bolt11
from core.qr.code import PaymentCode, Problem, Scheme, left_open
from core.qr.errors import BadPayload
from core.qr.text import parameters

_AMOUNT = re.compile(r"(?=\.?[0-9])[0-9]{0,8}(\.[0-9]{0,8})?")
_ONCE = frozenset({"amount", "label", "message", "pop", "req-pop"})
_OFFERS = frozenset({"lno", "sp", "pay"})
"""Ways to pay (BOLT 12, BIP-352, BIP-351) that are handed on unjudged."""
_MOST_BITCOIN = 21_000_000
_EXAMPLE = "175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W"
"""The address in the examples of BIP-21 and BIP-321. Its checksum is wrong, so that nobody loses money to it."""


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a link. Raises BadPayload for what BIP-321 has wallets refuse: an unknown req-, a label or amount twice,
    a wrong address, nothing to pay to, a grouped amount, an invoice over another amount.
    """
    target, _, query = payload[len("bitcoin:") :].partition("?")
    pairs = [(key.lower(), value) for key, value in parameters(query)] if query else []
    _check_keys([key for key, _ in pairs])
    given = dict(pairs)
    amount = _amount(given["amount"]) if "amount" in given else None
    addresses = [target] if target else []
    addresses += [_of_network(key, value) for key, value in pairs if key in bech32.NETWORKS]
    networks = {bech32.address(one) if one != _EXAMPLE else "main" for one in addresses}
    invoice = bolt11.read(given["lightning"], now) if "lightning" in given else None
    offers = [given[key] for key in sorted(_OFFERS & given.keys())]
    if invoice is not None:
        networks.add("main" if invoice.fields["network"] == "bc" else "test")
        if amount is not None and invoice.amount not in (None, amount):
            raise BadPayload("amount", "the link and its invoice say two amounts")
    ways = addresses + [one.account for one in (invoice,) if one] + offers
    if not ways or len(networks) > 1:
        raise BadPayload("address", "nothing to pay to" if not ways else "on two networks at once")
    asked = amount if amount is not None or invoice is None else invoice.amount
    return PaymentCode(
        scheme=Scheme.BIP21,
        payee=given.get("label", ""),
        account=ways[0],
        amount=asked,
        currency="BTC",
        reference=invoice.reference if invoice else "",
        problems=_problems(asked, invoice, networks, len(ways), _EXAMPLE in ways),
        expires_at=invoice.expires_at if invoice else None,
        fields=_fields(target, given),
    )


def _check_keys(keys: list[str]) -> None:
    twice = {key for key in keys if keys.count(key) > 1}
    if twice & (_ONCE | _OFFERS | {"lightning"}) or {"pop", "req-pop"} <= set(keys):
        raise BadPayload("parameters", "given twice")
    if any(key.startswith("req-") and key != "req-pop" for key in keys):
        raise BadPayload("parameters", "demands something unknown here")


def _of_network(prefix: str, address: str) -> str:
    if not address.lower().startswith(f"{prefix}1"):
        raise BadPayload(prefix, "an address of another network")
    return address


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise BadPayload("amount", "not a decimal number of bitcoin")
    amount = Decimal(text)
    if not 0 < amount <= _MOST_BITCOIN:
        raise BadPayload("amount", "nothing, or more than there is")
    return amount


def _problems(
    amount: Decimal | None, invoice: PaymentCode | None, networks: set[str], ways: int, example: bool
) -> tuple[Problem, ...]:
    # A fresh address is its order's reference: that none is written besides is no fault.
    problems = left_open(amount, "the address")
    problems += (Problem.TEST_NETWORK,) if networks - {"main"} else ()
    problems += (Problem.SEVERAL_PAYEES,) if ways > 1 else ()
    problems += (Problem.ADDRESS_CHECKSUM,) if example else ()
    return problems + ((Problem.EXPIRED,) if invoice and Problem.EXPIRED in invoice.problems else ())


def _fields(target: str, given: dict[str, str]) -> dict[str, Any]:
    return ({"address": target} if target else {}) | given
