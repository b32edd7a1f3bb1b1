"""The little code on a Thai bank's transfer slip, which payers send as proof. It proves nothing by itself."""

from __future__ import annotations

import re
from datetime import datetime

from core.qr import tlv
from core.qr.code import PaymentCode, Problem, Scheme
from core.qr.errors import BadPayload

CRC_TAG = "91"
BEGINS = re.compile(r"00[0-9]{2}0006000001")


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Which bank (account) says that it made which transfer (reference). Raises BadPayload.

    Whether there was one, over how much, and to whom, only the bank can say.
    """
    fields = tlv.once(tlv.unseal(payload, tag=CRC_TAG))
    if fields.keys() != {"00", "51"} or fields["51"] != "TH":
        raise BadPayload("51", "not a slip of a Thai bank")
    inside = tlv.template(fields["00"], "00")
    bank, transfer = inside.get("01", ""), inside.get("02", "")
    if inside.get("00") != "000001" or not re.fullmatch(r"[0-9]{3}", bank):
        raise BadPayload("00.01", "names no sending bank")
    if not re.fullmatch(r"[0-9A-Za-z]{1,35}", transfer):
        raise BadPayload("00.02", "names no transfer")
    named = {"sendingBank": bank, "transRef": transfer}
    return PaymentCode(Scheme.THAI_SLIP, "", bank, None, "THB", transfer, (Problem.SLIP,), fields=named)
