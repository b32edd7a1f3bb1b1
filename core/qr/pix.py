"""PIX BR Code (Banco Central do Brasil, Manual de Padrões para Iniciação do Pix): build static, parse every kind."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from stdnum.br import cnpj, cpf

from core.qr import emv, tlv
from core.qr.errors import BadPayload

GUID = "br.gov.bcb.pix"
NO_TXID = "***"

_TXID = re.compile(r"[A-Za-z0-9]{1,25}")
_PHONE = re.compile(r"\+[1-9][0-9]{9,14}")
_EMAIL = re.compile(r"[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
_EVP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOCATION = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]{1,5})?/[\x21-\x7e]+")
_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")


class PixKind(StrEnum):
    """What a code points at: an account, a charge at a bank's address, a charge and a standing order, or that alone."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    COMPOSITE = "composite"
    RECURRENCE = "recurrence"


class PixKey(StrEnum):
    """The five kinds of key a receiver can register (DICT)."""

    CPF = "cpf"
    CNPJ = "cnpj"
    PHONE = "phone"
    EMAIL = "email"
    EVP = "evp"


@dataclass(frozen=True)
class PixCode:
    """A strictly read BR Code. Exactly one of ``key`` and ``url`` is set; neither, for a standing order alone."""

    kind: PixKind
    key: str | None
    key_kind: PixKey | None
    url: str | None
    """Where the bank serves the charge, without a scheme: https is implied. Never fetch a host you do not trust."""
    recurrence_url: str | None
    amount: Decimal | None
    """Reais; None when the payer types it, and for a dynamic code, whose amount is behind the URL."""
    merchant_name: str
    merchant_city: str
    txid: str | None
    description: str


def key_kind(key: str) -> PixKey:
    """Which kind of key this is, its check digits verified. Raises BadPayload for anything but a plain, whole key."""
    if key.isascii() and len(key) <= 77:
        if _EVP.fullmatch(key):
            return PixKey.EVP
        if _PHONE.fullmatch(key):
            return PixKey.PHONE
        if _EMAIL.fullmatch(key):
            return PixKey.EMAIL
        if re.fullmatch(r"[0-9]{11}", key) and cpf.is_valid(key):
            return PixKey.CPF
        if re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", key) and cnpj.is_valid(key):
            return PixKey.CNPJ
    raise BadPayload("26.01", "not a PIX key")


def plain(text: str, limit: int) -> str:
    """``text`` as BR Codes want it: ASCII, accents folded away, at most ``limit`` characters. May come out empty."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    kept = " ".join("".join(char if char.isprintable() else " " for char in folded).split())
    return kept[:limit].strip()


def build_static(
    *, key: str, merchant_name: str, merchant_city: str, txid: str, amount: Decimal | None = None, description: str = ""
) -> str:
    """The static BR Code that asks for ``amount`` reais (None: the payer types it) to ``key``, labelled ``txid``.

    Name (25), city (15) and description (what room is left) are folded to ASCII and cut; they are what payers read, not
    what banks match. Raises BadPayload for a bad key, txid or amount, and for a name or city with nothing left.
    """
    key_kind(key)
    if not _TXID.fullmatch(txid):
        raise BadPayload("62.05", "a txid is 1 to 25 ASCII letters and digits")
    name, city = plain(merchant_name, 25), plain(merchant_city, 15)
    account = tlv.build([("00", GUID), ("01", key)])
    note = plain(description, max(0, 99 - 4 - len(account)))
    if note:
        account += tlv.build([("02", note)])
    fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986")]
    if amount is not None:
        fields.append(("54", _written(amount)))
    fields += [("58", "BR"), ("59", name), ("60", city), ("62", tlv.build([("05", txid)]))]
    return tlv.seal(tlv.build(fields))


def parse(payload: str) -> PixCode:
    """Read a BR Code by the central bank's rules. Raises BadPayload for anything a bank could read in two ways."""
    if not payload.isascii():
        raise BadPayload("payload", "holds a character outside ASCII")
    fields = emv.top_level(payload)
    account = _pix_template(fields, range(26, 52))
    if account is None:
        raise BadPayload("26", "no PIX account")
    key, url = account.get("01"), account.get("25")
    recurrence = _pix_template(fields, range(80, 100))
    if (key and url) or (key is None and url is None and recurrence is None):
        raise BadPayload("26", "needs a key or an address, never both")
    _fixed_fields(fields)
    if recurrence is not None:
        _check_location(recurrence.get("25", ""), "80.25")
    if url is not None:
        _check_location(url, "26.25")
    return PixCode(
        kind=_kind(key, url, recurrence),
        key=key,
        key_kind=key_kind(key) if key is not None else None,
        url=url,
        recurrence_url=recurrence["25"] if recurrence else None,
        amount=_read_amount(fields) if key is not None else None,
        merchant_name=fields["59"],
        merchant_city=fields["60"],
        txid=_txid_of(fields, dynamic=key is None),
        description=account.get("02", ""),
    )


def _kind(key: str | None, url: str | None, recurrence: dict[str, str] | None) -> PixKind:
    if recurrence is not None:
        return PixKind.COMPOSITE if key or url else PixKind.RECURRENCE
    return PixKind.STATIC if key else PixKind.DYNAMIC


def _written(amount: Decimal) -> str:
    """An amount as tag 54 wants it: two decimals. Decimals that banks would round away are refused, not rounded."""
    if not amount.is_finite() or not 0 < amount < 10**10 or amount != amount.quantize(Decimal("0.01")):
        raise BadPayload("54", "not an amount in reais and centavos")
    return f"{amount:.2f}"


def _read_amount(fields: dict[str, str]) -> Decimal | None:
    if "54" not in fields:
        return None
    if not _AMOUNT.fullmatch(fields["54"]):
        raise BadPayload("54", "not an amount in reais and centavos")
    return emv.amount_of(fields["54"])


def _pix_template(fields: dict[str, str], tags: range) -> dict[str, str] | None:
    """The one template among ``tags`` that carries PIX's identifier (upper or lower case), or None."""
    found = None
    for tag in (f"{number:02d}" for number in tags):
        value = fields.get(tag, "")
        if GUID not in value.lower():
            continue
        inside = tlv.template(value, tag)
        if inside.get("00", "").lower() != GUID:
            continue
        if found is not None:
            raise BadPayload(tag, "a second PIX template")
        found = inside
    return found


def _fixed_fields(fields: dict[str, str]) -> None:
    """What every BR Code states: format 01, a merchant category, reais, Brazil, a name, a city."""
    rules = {
        "00": r"01",
        "52": r"[0-9]{4}",
        "53": r"986",
        "58": r"BR",
        "59": r".{1,25}",
        "60": r".{1,15}",
        "62": r".+",
    }
    for tag, rule in rules.items():
        if not re.fullmatch(rule, fields.get(tag, "")):
            raise BadPayload(tag, "missing or not as PIX fixes it")
    if fields.get("01", "11") not in ("11", "12"):
        raise BadPayload("01", "neither static nor dynamic")


def _check_location(url: str, where: str) -> None:
    """A bank's address stands without its scheme (https is implied), in at most 77 characters."""
    if len(url) > 77 or "://" in url or not _LOCATION.fullmatch(url):
        raise BadPayload(where, "not an address without its scheme")


def _txid_of(fields: dict[str, str], *, dynamic: bool) -> str | None:
    txid = tlv.template(fields["62"], "62").get("05", "")
    if txid == NO_TXID:
        return None
    if dynamic or not _TXID.fullmatch(txid):
        raise BadPayload("62.05", "not a txid")
    return txid
