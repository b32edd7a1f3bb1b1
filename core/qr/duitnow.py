"""DuitNow QR (PayNet, Malaysia): merchant ids that acquirers hand out, so these codes are read and never made here."""

from __future__ import annotations

import re
from datetime import datetime

from core.qr import emv, tlv
from core.qr.code import PaymentCode, Problem, Scheme, left_open
from core.qr.errors import BadPayload

IDENTIFIER = "A0000006150001"

_HASH = r"[0-9a-fA-F]{32}|[0-9a-fA-F]{64}"


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a code. Raises BadPayload for anything a bank could read in two ways.

    The account is "acquirer/merchant". The operator's own samples begin with format 02. A hash in tag 82 is checked by
    PayNet alone.
    """
    fields = emv.profile(
        payload,
        must={"00": "01|02", "26": ".+", "52": emv.CATEGORY, "53": "458", "58": "MY", "59": emv.NAME, "60": emv.CITY},
        may={"54": emv.CENTS, "61": r".{1,10}", "82": _HASH},
    )
    tag, inside = emv.account_of(fields, (IDENTIFIER,))
    acquirer, merchant = inside.get("01", ""), inside.get("02", "")
    if not re.fullmatch(r"[0-9]{6}", acquirer):
        raise BadPayload(f"{tag}.01", "not the number of an acquirer")
    if not re.fullmatch(r"[!-~]{1,28}", merchant):
        raise BadPayload(f"{tag}.02", "not the number of a merchant")
    extra = tlv.template(fields["62"], "62") if "62" in fields else {}
    amount = emv.amount_of(fields["54"]) if "54" in fields else None
    reference = next((extra[sub] for sub in ("05", "01", "90") if extra.get(sub, "***") != "***"), "")
    unchecked = (Problem.UNCHECKED_SIGNATURE,) if "82" in fields else ()
    return PaymentCode(
        scheme=Scheme.DUITNOW,
        payee=fields["59"],
        account=f"{acquirer}/{merchant}",
        amount=amount,
        currency="MYR",
        reference=reference,
        problems=left_open(amount, reference) + unchecked + emv.besides(fields),
        fields=emv.spoken(payload, fields),
    )
