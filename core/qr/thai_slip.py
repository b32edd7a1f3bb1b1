"""The little code on a Thai slip of a transfer, which payers send as proof. It proves nothing by itself."""

from __future__ import annotations

import re
from datetime import datetime

from core.qr import tlv
from core.qr.code import PaymentCode, Problem, Scheme
from core.qr.errors import BadPayload

CRC_TAG = "91"
BEGINS = re.compile(r"00[0-9]{2}00(?:06000001|020101)")
"""A bank's slip, or a wallet's (TrueMoney)."""

_BANK = {"00": r"000001", "01": r"[0-9]{3}", "02": r"[0-9A-Za-z]{1,35}"}
_WALLET = {"00": r"01", "01": r"01", "02": r"[0-9A-Za-z]{1,10}", "03": r"[0-9A-Za-z]{1,35}", "04": r"[0-9]{8}"}


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Who (account) says that which transfer was made (reference). Raises BadPayload.

    Whether there was one, over how much, and to whom, only that bank can say.
    """
    wallet = payload[8:10] == "01"
    if wallet:  # TrueMoney writes its checksum in small letters
        payload = payload[:-4] + payload[-4:].upper()
    fields = tlv.once(tlv.unseal(payload, tag=CRC_TAG))
    if fields.keys() != ({"00"} if wallet else {"00", "51"}) or fields.get("51", "TH") != "TH":
        raise BadPayload("51", "not a Thai slip")
    inside = tlv.template(fields["00"], "00")
    for tag, rule in (_WALLET if wallet else _BANK).items():
        if not re.fullmatch(rule, inside.get(tag, "")):
            raise BadPayload(f"00.{tag}", "missing, or not as slips fix it")
    if wallet:
        named = {"eventType": inside["02"], "transactionId": inside["03"], "date": inside["04"]}
    else:
        named = {"sendingBank": inside["01"], "transRef": inside["02"]}
    bank, transfer = ("TrueMoney", inside["03"]) if wallet else (inside["01"], inside["02"])
    return PaymentCode(Scheme.THAI_SLIP, "", bank, None, "THB", transfer, (Problem.SLIP,), fields=named)
