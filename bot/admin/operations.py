"""Running the shop: commands to channels that are in doubt."""

from __future__ import annotations

import re

from bot.screens import operations as screens
from bot.visit import Visit
from core.errors import Gone
from core.ids import OperationId, PersonId
from core.money import Money, UnknownAsset, asset, parse_amount, parse_price
from core.payments.doubt import NoEvidence
from core.payments.operations import Operation
from core.payments.outcomes import resolve as end_doubt
from core.ports import UnitOfWork
from core.shop.context import Shop

_VERDICTS = {"succeeded": True, "rejected": False}
# What a part came to, before the evidence. Without a currency it needs its decimals: whole numbers are the bank's own.
_PRICED = re.compile(
    r"(?P<price>(?P<number>[0-9][0-9.,]*)(?P<space> ?)(?P<code>[A-Za-z]{3})|(?P<first>[A-Za-z]{3}) [0-9][0-9.,]*)"
    r"(?: (?P<evidence>.*))?"
)
_PLAIN = re.compile(r"(?P<number>[0-9]+[.,][0-9]+)(?: (?P<evidence>.*))?")


async def resolve(visit: Visit, *words: str) -> None:
    """/resolve OPERATION succeeded [AMOUNT]|rejected EVIDENCE…: end a doubt by what proves it."""
    visit.need_admin()
    if len(words) < 3 or words[1].lower() not in _VERDICTS:
        raise NoEvidence
    identity, succeeded = OperationId(words[0].upper()), _VERDICTS[words[1].lower()]
    operation = await visit.do(_resolve, identity, succeeded, " ".join(words[2:]))
    await visit.say(screens.resolved(visit.t, operation))


def _resolve(
    uow: UnitOfWork, shop: Shop, who: PersonId, identity: OperationId, succeeded: bool, text: str
) -> Operation:
    amount, evidence = _part(uow, identity, text) if succeeded else (None, text)
    return end_doubt(uow, shop, who, identity, succeeded=succeeded, evidence=evidence, amount=amount)


def _part(uow: UnitOfWork, identity: OperationId, text: str) -> tuple[Money | None, str]:
    """The amount that a text begins with, if it does, and the evidence. Raises Gone, BadAmount, UnknownAsset."""
    if (priced := _PRICED.fullmatch(text)) and _is_meant(priced):
        return parse_price(priced["price"]), priced["evidence"] or ""
    if plain := _PLAIN.fullmatch(text):
        if (operation := uow.operations.get(identity)) is None:
            raise Gone
        return parse_amount(plain["number"], operation.amount.asset), plain["evidence"] or ""
    return None, text


def _is_meant(priced: re.Match[str]) -> bool:
    """Whether three letters beside a number are a currency: what looks like one after it may be, and is refused."""
    try:
        asset((priced["code"] or priced["first"]).upper())
    except UnknownAsset:
        return bool(priced["space"]) and priced["code"].isupper()
    return True
