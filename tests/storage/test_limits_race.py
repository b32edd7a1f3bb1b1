"""Many payments at once under a limit, on every store: as many fit as there is room, and what fails gives it back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.errors import Refusal
from core.ids import PersonId
from core.ledger.check import check
from core.money import parse_price
from core.policy import Limit
from core.risk.refusals import OverDayLimit, OverShopLimit
from core.shop.checkout import cancel, draft_one, place, review
from core.shop.selling import add_product
from core.shop.visitors import give_address
from tests.builders import ROSA, HandClock, a_person, a_seller, a_shop, eur, policy

AT_ONCE = 12


@pytest.mark.parametrize(
    ("limit", "one_shopper", "kind"),
    [
        (Limit("d", "shopper", "new", "day", eur("50.00")), True, OverDayLimit),
        (Limit("d", "shop", "", "day", eur("50.00")), False, OverShopLimit),
    ],
    ids=["one shopper's day", "the shop's day"],
)
async def test_no_two_payments_fit_under_the_last_euro(
    store: Any, limit: Limit, one_shopper: bool, kind: type[Refusal]
) -> None:
    clock = HandClock()
    shop = a_shop(clock=clock, rules=policy(limits=(limit,)))
    crowd = [PersonId(1000 + number) for number in range(AT_ONCE)]
    buyers = [crowd[0]] * AT_ONCE if one_shopper else crowd

    def open_shop(uow: Any) -> str:
        for who in (ROSA, *crowd):
            uow.people.add(a_person(who))
        uow.sellers.add(a_seller(ROSA, "EUR"))
        for who in crowd:
            give_address(uow, shop, who, "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")
        told = {"title": "Oil", "description": "", "price": parse_price("10.00 EUR"), "stock": 99, "picture": "p"}
        return add_product(uow, shop, ROSA, **told).id

    oil = await store.write(open_shop)
    drafts = [await store.write(draft_one, shop, who, oil) for who in buyers]
    drafts = [
        await store.write(review, shop, who, view.order.id, method="sepa")
        for who, view in zip(buyers, drafts, strict=True)
    ]

    async def confirm(view: Any) -> Any:
        try:
            return await store.write(place, shop, view.order.shopper, view.order.id, view.quote.id)
        except kind as refusal:
            return refusal

    answers = await asyncio.gather(*map(confirm, drafts))
    placed = [one for one in answers if not isinstance(one, Refusal)]
    assert len(placed) == 5
    assert {str(one.params["left"]) for one in answers if isinstance(one, Refusal)} == {"EUR 0.00"}

    await asyncio.gather(*(store.write(cancel, shop, one.shopper, one.id) for one in placed[:2]))
    rest = [view for view, answer in zip(drafts, answers, strict=True) if isinstance(answer, Refusal)]
    again = await asyncio.gather(*map(confirm, rest))
    assert len([one for one in again if not isinstance(one, Refusal)]) == 2
    report = await store.survey(check, clock.now())
    assert report.ok, report.findings
