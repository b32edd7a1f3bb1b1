"""Screens: whatever an order holds, Telegram takes the message that tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from bot.notices import method_of
from bot.screens import cart, catalogue, orders
from bot.screens.fit import CAPTION, MESSAGE, length
from bot.words import Html, Words
from core.ids import OrderId, ProductId, QuoteId
from core.money import Money, asset
from core.payments.fx.quote import Quote, QuotedRate, QuoteState
from core.payments.operations import OperationKind
from core.people import Address
from core.shop.browse import OrderView, ProductView
from core.shop.catalogue import Product, ProductState
from core.shop.orders import Order, OrderLine, OrderState
from tests.builders import (
    EUR,
    MAYA,
    NOON,
    PIX,
    ROSA,
    SEPA,
    TODAY,
    a_person,
    a_seller,
    a_shop,
    an_operation,
    eur,
    money,
    rate_desk,
)

LONGEST = "<&>" + "长" * 55 + "😀😀"  # 60 characters, 62 UTF-16 units
LANGUAGES = ("en", "zh-hans")


def a_long_order(state: OrderState, lines: int = 30) -> OrderView:
    address = Address("N" * 100, "\n".join(["street " * 10] * 3), "country")
    line = OrderLine(ProductId("p"), LONGEST, eur("99999.99"), 99)
    order = Order(
        OrderId("0RDER"), MAYA, a_seller(ROSA, "EUR").id, state, (line,) * lines, NOON, address, "sepa",
        paid_at=NOON, deadline=NOON + timedelta(hours=1),
    )  # fmt: skip
    charge = an_operation(kind=OperationKind.CHARGE, payload="X" * 331, reference="RF18" + "0" * 21)
    quote = Quote(
        QuoteId("q"), order.id, "sepa", line.total, line.total, Money(0, EUR), (), 0, Money(0, EUR), "v",
        NOON, NOON + timedelta(hours=1), QuoteState.OFFERED,
    )  # fmt: skip
    seller = replace(a_seller(ROSA, "EUR"), name="S" * 80)
    return OrderView(order, seller, a_person(MAYA), quote, None, charge, ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_of_thirty_long_titles_fits_a_caption_and_says_how_many_are_not_shown(language: str) -> None:
    text = orders.receipt(Words.of(language), a_long_order(OrderState.PAID), "SEPA", eur("60.00"))
    shown = text.count("😀😀")
    assert 0 < shown < 30
    assert length(text) <= CAPTION
    assert str(30 - shown) in text
    assert "S" * 80 in text, "what follows the list is still there"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", [PIX, SEPA])
def test_a_payment_card_with_the_longest_payload_fits(language: str, method) -> None:
    screen = orders.payment_card(
        Words.of(language), a_long_order(OrderState.PLACED), replace(method, payee="P" * 70), NOON, "K7Q-4TD"
    )
    assert length(screen.text) <= CAPTION
    assert "X" * 331 in screen.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_messages_of_a_long_order_fit(language: str) -> None:
    t, shop = Words.of(language), a_shop()
    view = a_long_order(OrderState.PAID, 60)
    for screen in (
        orders.order(t, view, MAYA, NOON, admin=True),
        orders.sold(t, view),
        cart.review(t, view, shop, a_person(MAYA)),
    ):
        assert MESSAGE - 200 < length(screen.text) <= MESSAGE


def test_of_two_rates_of_a_pair_the_buyer_sees_theirs_and_the_seller_theirs() -> None:
    view, t = a_long_order(OrderState.PAID, 1), Words.of("en")
    assert view.quote is not None
    bought, owed = (
        QuotedRate(EUR, asset("BRL"), Fraction(6), Fraction(client), TODAY, "ECB") for client in ("6.12", "6.01")
    )
    quote = replace(view.quote, pay=money("612.00 BRL"), owed=money("601.00 BRL"), rates=(bought, owed))
    assert ["6.12" in line for line in cart.pay_rates(t, quote)] == [True]
    text = orders.order(t, replace(view, quote=quote), ROSA, NOON, admin=False).text
    assert "6.01" in text and "6.12" not in text


def test_a_product_cards_description_gives_way() -> None:
    goods = Product(
        ProductId("p"),
        a_seller(ROSA, "EUR").id,
        LONGEST,
        "d" * 600,
        eur("1.00"),
        3,
        "digest",
        ProductState.ON_SALE,
        NOON,
    )
    view = ProductView(goods, replace(a_seller(ROSA, "EUR"), name="S" * 80), 0)
    reader = a_person(MAYA)
    t = Words.of("en")
    assert "d" * 600 in catalogue.product(t, view, rate_desk(), reader, TODAY).text
    text = catalogue.product(t, view, rate_desk(), reader, TODAY, 500).text
    assert length(text) <= 500
    assert "d…" in text
    assert "Only 3 left" in text


def test_markup_does_not_count() -> None:
    assert length(Html("<b>a&amp;b</b>\n<code>😀</code>")) == 6


def test_an_order_by_a_method_that_was_switched_off_is_told_of_by_its_charge() -> None:
    view = a_long_order(OrderState.PLACED)
    assert view.charge is not None
    charge = replace(view.charge, body={"payee": "Sampan GmbH", "account": "DE02"})
    method = method_of(a_shop(methods=[PIX]), replace(view, charge=charge))
    assert (method.title, method.payee, method.currency) == ("SEPA", "Sampan GmbH", EUR)
    assert method_of(a_shop(), view) == SEPA


def test_a_seller_is_told_the_rate_that_they_are_owed_by_and_not_the_buyers() -> None:
    """Goods in dollars, paid in euros to a seller of euros: of the pair's two rates the last one is the seller's."""
    view, usd = a_long_order(OrderState.PAID, 1), asset("USD")
    buyers, sellers = (QuotedRate(usd, EUR, Fraction(1), Fraction(rate), TODAY, "ECB") for rate in ("0.91", "0.89"))
    assert view.quote is not None
    view = replace(view, quote=replace(view.quote, rates=(buyers, sellers)))
    nothing = Money(0, EUR)
    release = orders.Release(eur("5.00"), nothing, nothing, nothing, eur("5.00"), nothing)
    text = orders.settled(Words.of("en"), view, "first", release, 0).text
    assert "0.89" in text and "0.91" not in text
