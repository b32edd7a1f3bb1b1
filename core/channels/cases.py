"""A bank's own message about a disputed payment, as JSON: a case id, its stage, what is asked back and what it costs.

{"case", "rail", "payment", "stage": warned | closed | opened | won | lost, "amount", "currency", "fee", "reason",
"round", "taken", "at", "respond_by"}: amounts as decimal text, moments as in RFC 3339. `payment` is the bank's own id
of the payment, the same as in its other messages. No standard has such a message for merchants; this is Sampan's, and
what a provider sends is brought to it by an adapter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.channels.pix import BadWebhook
from core.money import BadAmount, Money, UnknownAsset, asset, parse_amount
from core.payments.disputes.cases import Stage


@dataclass(frozen=True, slots=True)
class Case:
    """What one message says. See core.payments.disputes.cases.hear_dispute."""

    channel: str
    case: str
    stage: Stage
    fact: str
    amount: Money
    fee: Money | None
    reason: str
    round: int
    taken: bool
    at: datetime
    respond_by: datetime | None


def read_case(body: bytes) -> Case:
    """The case in a message. Raises BadWebhook naming the field, never its value."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise BadWebhook("json") from None
    if not isinstance(raw, dict):
        raise BadWebhook("json")
    amount = _money(raw, "amount")
    round_ = raw.get("round", 1)
    if type(round_) is not int or not 1 <= round_ <= 9:
        raise BadWebhook("round")
    stage = _text(raw, "stage", 16).upper()
    if stage not in Stage.__members__:
        raise BadWebhook("stage")
    return Case(
        channel=_text(raw, "rail", 16),
        case=_text(raw, "case", 64),
        stage=Stage[stage],
        fact=_text(raw, "payment", 64),
        amount=amount,
        fee=_money(raw, "fee") if raw.get("fee") else None,
        reason=_text(raw, "reason", 64) if raw.get("reason") else "",
        round=round_,
        taken=raw.get("taken") is not False,
        at=_moment(raw, "at"),
        respond_by=_moment(raw, "respond_by") if raw.get("respond_by") else None,
    )


def _text(raw: dict[str, Any], field: str, most: int) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise BadWebhook(field)
    return value


def _money(raw: dict[str, Any], field: str) -> Money:
    try:
        return parse_amount(_text(raw, field, 20), asset(_text(raw, "currency", 8)))
    except (BadAmount, UnknownAsset):
        raise BadWebhook(field) from None


def _moment(raw: dict[str, Any], field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(raw, field, 40))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadWebhook(field) from None
