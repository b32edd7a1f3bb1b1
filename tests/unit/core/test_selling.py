"""Sellers put things up and change them; people come in, are remembered, and say where their goods go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAllowed
from core.money import UnknownAsset
from core.payments.fx.desk import NoRate, StaleRate
from core.people import SellerTier
from core.shop.catalogue import ProductState
from core.shop.selling import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    MOST_STOCK,
    BadDescription,
    BadStock,
    BadTitle,
    edit_product,
    read_description,
    read_stock,
    read_title,
    remember_file,
)
from core.shop.visitors import (
    BadAddress,
    BadSeller,
    ask,
    choose_currency,
    choose_language,
    give_address,
    greet,
    open_seller,
    read_address,
    stop_asking,
)
from tests.builders import ADA, LIN, MAYA, ROSA, STRANGER, eur, money
from tests.world import World


def test_a_name_is_one_printable_line() -> None:
    assert read_title("  Olive   oil ") == "Olive oil"
    for wrong in ("", "  ", "two\nlines", "x" * (LONGEST_TITLE + 1), "bell\x07", "rtl\u202eoil"):
        with pytest.raises(BadTitle):
            read_title(wrong)


def test_a_description_may_be_empty_but_not_endless() -> None:
    assert read_description("  ") == ""
    with pytest.raises(BadDescription):
        read_description("x" * (LONGEST_DESCRIPTION + 1))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "100000", "٣", "many", "0x1", "1 2", "9" * 5000])
def test_a_stock_is_a_whole_number_within_reason(text: str) -> None:
    with pytest.raises(BadStock):
        read_stock(text)


def test_a_stock_of_none_and_of_many_are_read() -> None:
    assert (read_stock(" 0 "), read_stock(str(MOST_STOCK))) == (0, MOST_STOCK)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read, refusal in (
        (read_title, BadTitle),
        (read_stock, BadStock),
        (read_description, BadDescription),
        (read_address, BadAddress),
    ):
        try:
            read(text)
        except refusal:
            continue


def test_a_seller_changes_what_they_say_and_leaves_the_rest() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR", title="Oil")
    before = world.look(lambda uow: uow.products.need(oil))
    after = world.do(edit_product, ROSA, oil, price=eur("12.00"))
    assert (after.price, after.title, after.stock, after.picture) == (eur("12.00"), "Oil", 5, before.picture)
    assert world.do(edit_product, ROSA, oil, state=ProductState.TAKEN_DOWN).state is ProductState.TAKEN_DOWN
    assert world.do(edit_product, ROSA, oil, description="").description == ""


def test_a_price_that_could_not_be_settled_is_refused_when_it_is_named() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    with pytest.raises(NoRate):
        world.do(edit_product, ROSA, oil, price=money("10.00 ZAR"))
    world.clock.let_pass(days=30)
    with pytest.raises(StaleRate):
        world.do(edit_product, ROSA, oil, price=money("10.00 USD"))


def test_who_does_not_sell_cannot_put_anything_up() -> None:
    with pytest.raises(NotAllowed):
        World().sells(MAYA, "10.00 EUR")


def test_telegrams_handle_is_kept_for_the_picture_it_is_of() -> None:
    world = World()
    oil = world.sells(ROSA, "10.00 EUR")
    world.do(lambda uow, shop: remember_file(uow, oil, "p", "F1"))
    assert world.look(lambda uow: uow.products.need(oil)).file_id == "F1"
    world.do(lambda uow, shop: remember_file(uow, oil, "another", "F2"))
    assert world.look(lambda uow: uow.products.need(oil)).file_id == "F1"
    assert world.do(edit_product, ROSA, oil, picture="new").file_id == ""


def test_only_an_admin_opens_a_seller_once_a_person_and_it_is_written_down() -> None:
    world = World()
    terms = {"name": "Lin's", "country": "cn", "currency": "cny"}
    with pytest.raises(NotAllowed):
        world.do(open_seller, LIN, person=LIN, **terms)
    seller = world.do(open_seller, ADA, person=LIN, **terms)
    assert (seller.country, seller.currency.code, seller.tier) == ("CN", "CNY", SellerTier.NEW)
    assert [line.command for line in world.look(lambda uow: uow.audit.find())] == ["sellers add"]
    for wrong in ({}, {"country": "CHN"}, {"country": "中国"}, {"name": "  "}, {"name": "x" * 81}):
        with pytest.raises(BadSeller):
            world.do(open_seller, ADA, person=LIN if not wrong else STRANGER, **{**terms, **wrong})
    with pytest.raises(UnknownAsset):
        world.do(open_seller, ADA, person=STRANGER, **{**terms, "currency": "XYZ"})


def test_a_person_is_written_down_once_and_a_new_name_is_taken_over() -> None:
    world = World()
    known = world.do(greet, MAYA, "P1", "p1", "de")
    assert known.language == "en", "what was chosen here is not overruled by Telegram"
    assert world.do(greet, MAYA, "Maya", "maya", "en").name == "Maya"
    assert world.do(greet, 77, "New", "", "zh-hans").language == "zh-hans"
    assert world.do(choose_language, MAYA, "zh-hans").language == "zh-hans"


def test_a_currency_to_see_prices_in_needs_a_rate() -> None:
    world = World()
    currency = world.do(choose_currency, MAYA, " cny ").currency
    assert currency and currency.code == "CNY"
    with pytest.raises(UnknownAsset):
        world.do(choose_currency, MAYA, "DOGE")
    with pytest.raises(NoRate):
        world.do(choose_currency, MAYA, "ZAR")


@pytest.mark.parametrize("text", ["Maya\nVia Roma 1\n20121 Milano\nItaly", "Maya, Via Roma 1, 20121 Milano, Italy"])
def test_an_address_has_a_name_first_and_a_country_last(text: str) -> None:
    address = read_address(text)
    assert (address.name, address.lines, address.country) == ("Maya", "Via Roma 1\n20121 Milano", "Italy")
    assert "Maya" not in repr(address)


@pytest.mark.parametrize("text", ["", "Maya", "Maya, Italy", "x\ny\n" + "z" * 500, "a\nb\x00\nc"])
def test_what_no_parcel_could_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        World().do(give_address, MAYA, text)


def test_a_question_is_remembered_until_it_is_answered_or_replaced() -> None:
    world = World()
    world.do(stop_asking, MAYA)
    world.do(ask, MAYA, "address", order="0R")
    world.do(ask, MAYA, "tracking", order="0S")
    dialog = world.look(lambda uow: uow.dialogs.need(MAYA))
    assert (dialog.step, dialog.data) == ("tracking", {"order": "0S"})
    world.do(stop_asking, MAYA)
    dialog = world.look(lambda uow: uow.dialogs.need(MAYA))
    assert (dialog.step, dialog.data) == ("", {})
