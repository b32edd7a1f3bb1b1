"""The cart: each button works once, on the cart it was drawn from."""

from collections.abc import Callable

import pytest

from core.errors import Gone
from core.ids import ProductId
from core.money import Money
from core.shop import carting
from core.shop.browse import cart_view, search, shelf_view
from core.shop.cart import MOST_LINES, MOST_OF_ONE, Cart
from core.shop.carting import CartFull, CartMoved, NoneLeft, SoldOut, put_in, set_quantity
from core.shop.catalogue import ProductState
from core.shop.selling import edit_product
from tests.builders import LIN, MAYA, ROSA, WEI, money
from tests.world import World


def cart(world: World) -> Cart:
    found: Cart = world.look(lambda uow: uow.carts.need(MAYA))
    return found


def test_things_are_put_in_one_by_one() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR")
    for count in (1, 2, 3):
        assert world.do(put_in, MAYA, oil)[0].quantity(oil) == count
    assert world.stock(oil) == 5, "a cart reserves nothing"


@pytest.mark.parametrize("press", [
    lambda world, oil, version: world.do(set_quantity, MAYA, oil, 3, version),
    lambda world, oil, version: world.do(set_quantity, MAYA, oil, 0, version),
    lambda world, oil, version: world.do(carting.empty, MAYA, version),
])  # fmt: skip
def test_a_button_works_once_on_the_cart_it_was_drawn_from(press: Callable[[World, ProductId, int], Cart]) -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR")
    drawn, _ = world.do(put_in, MAYA, oil)
    after = press(world, oil, drawn.version)
    assert after.version > drawn.version
    for version in (drawn.version, drawn.version - 1, 10**9):
        with pytest.raises(CartMoved):
            press(world, oil, version)
    assert cart(world) == after


def test_a_cart_never_touched_can_still_be_asked_to_change() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR")
    assert world.do(set_quantity, MAYA, oil, 2, 0).quantity(oil) == 2
    with pytest.raises(CartMoved):
        world.do(set_quantity, LIN, oil, 2, 7)


def test_a_quantity_of_nothing_takes_the_line_out() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR")
    drawn, _ = world.do(put_in, MAYA, oil)
    assert world.do(set_quantity, MAYA, oil, -5, drawn.version).lines == ()


def test_more_than_there_are_is_refused_and_the_cart_stays() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR", stock=2, title="Oil")
    drawn, _ = world.do(put_in, MAYA, oil)
    with pytest.raises(SoldOut) as refusal:
        world.do(set_quantity, MAYA, oil, 3, drawn.version)
    assert refusal.value.params == {"title": "Oil", "left": 2}
    none = world.sells(ROSA, "1.00 EUR", stock=0, title="Air")
    with pytest.raises(NoneLeft):
        world.do(put_in, MAYA, none)
    assert cart(world) == drawn


def test_no_line_grows_past_what_one_may_order() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR", stock=1000)
    drawn, _ = world.do(put_in, MAYA, oil)
    full = world.do(set_quantity, MAYA, oil, 10**9, drawn.version)
    assert full.quantity(oil) == MOST_OF_ONE
    assert world.do(put_in, MAYA, oil)[0].quantity(oil) == MOST_OF_ONE


def test_a_cart_holds_so_many_different_things() -> None:
    world = World()
    for _ in range(MOST_LINES):
        world.do(put_in, MAYA, world.sells(ROSA, "1.00 EUR"))
    with pytest.raises(CartFull) as refusal:
        world.do(put_in, MAYA, world.sells(ROSA, "1.00 EUR"))
    assert refusal.value.params == {"most": MOST_LINES}


def test_a_product_taken_down_is_named_as_gone_and_can_be_taken_out() -> None:
    world = World()
    oil, tea = world.sells(ROSA, "1.00 EUR", title="Oil"), world.sells(WEI, "8.00 CNY", title="Tea")
    for product in (oil, tea, tea):
        world.do(put_in, MAYA, product)
    world.do(edit_product, ROSA, oil, state=ProductState.TAKEN_DOWN)
    view = world.look(cart_view, MAYA)
    assert view.gone == ("Oil",)
    assert [(group.seller.person, group.totals) for group in view.groups] == [(WEI, (money("16.00 CNY"),))]
    with pytest.raises(Gone):
        world.do(set_quantity, MAYA, oil, 2, view.cart.version)
    with pytest.raises(Gone):
        world.do(put_in, MAYA, oil)
    assert world.do(set_quantity, MAYA, oil, 0, view.cart.version).quantity(oil) == 0


def test_the_cart_is_summed_by_seller_and_currency() -> None:
    world = World()
    for price in ("1.00 EUR", "2.00 USD", "3.00 EUR"):
        world.do(put_in, MAYA, world.sells(ROSA, price))
    world.do(put_in, MAYA, world.sells(WEI, "8.00 CNY"))
    totals: list[tuple[Money, ...]] = [group.totals for group in world.look(cart_view, MAYA).groups]
    assert totals == [(money("4.00 EUR"), money("2.00 USD")), (money("8.00 CNY"),)]


def test_the_shelf_is_paged_and_a_page_too_far_is_the_last_one() -> None:
    world = World()
    for count in range(8):
        world.sells(ROSA, "1.00 EUR", title=f"Oil {count}")
    first, last = world.look(shelf_view, MAYA, -1), world.look(shelf_view, MAYA, 99)
    assert (first.page, first.pages, len(first.products), last.page, len(last.products)) == (0, 2, 6, 1, 2)
    assert {product.id for product in first.products}.isdisjoint(product.id for product in last.products)


def test_things_are_found_by_every_word_in_any_case_and_only_while_on_sale() -> None:
    world = World()
    oil = world.sells(ROSA, "1.00 EUR", title="Olive OIL Extra")
    world.sells(ROSA, "1.00 EUR", title="Olive wood")
    gone = world.sells(ROSA, "1.00 EUR", title="Olive oil, old")
    world.do(edit_product, ROSA, gone, state=ProductState.TAKEN_DOWN)
    assert [found.product.id for found in world.look(search, "oil OLIVE")] == [oil]
    assert len(world.look(search, "")) == 2
    assert world.look(search, "oil zebra") == []
