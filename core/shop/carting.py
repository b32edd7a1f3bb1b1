"""Filling the cart: every change names the version of the cart its button was drawn from, so none happens twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from core.errors import Gone, Refusal, Stale, sentence
from core.ids import PersonId, ProductId
from core.ports import Duplicate, UnitOfWork
from core.shop.cart import MOST_LINES, MOST_OF_ONE, Cart, CartLine
from core.shop.catalogue import Product, ProductState
from core.shop.context import Shop


class SoldOut(Refusal):
    """Fewer are left than asked for. Parameters: title, left."""

    sentence = sentence("Only {left} of “{title}” left.")


class NoneLeft(Refusal):
    """Nothing is left. Parameter: title."""

    sentence = sentence("“{title}” is sold out.")


class CartFull(Refusal):
    """More lines than a cart holds."""

    sentence = sentence("Your cart is full: it holds {most} different products.")


class CartMoved(Stale):
    """The cart changed since this button was drawn."""

    sentence = sentence("Your cart has changed since. Here is how it stands now.")


def check_stock(product: Product, quantity: int) -> None:
    """Raises NoneLeft or SoldOut when there are not `quantity` of it, Gone when it is not for sale."""
    if product.state is not ProductState.ON_SALE:
        raise Gone
    if product.stock <= 0:
        raise NoneLeft(title=product.title)
    if product.stock < quantity:
        raise SoldOut(title=product.title, left=product.stock)


def _cart(uow: UnitOfWork, who: PersonId) -> Cart:
    with suppress(Duplicate):
        uow.carts.add(Cart(who))
    return uow.carts.lock(who)


def put_in(uow: UnitOfWork, shop: Shop, who: PersonId, product_id: ProductId) -> tuple[Cart, Product]:
    """One more of a product. Raises Gone, NoneLeft, SoldOut, CartFull."""
    product = uow.products.need(product_id)
    cart = _cart(uow, who)
    quantity = min(cart.quantity(product_id) + 1, MOST_OF_ONE)
    check_stock(product, quantity)
    return uow.carts.save(_with(cart, product_id, quantity)), product


def set_quantity(
    uow: UnitOfWork, shop: Shop, who: PersonId, product_id: ProductId, quantity: int, version: int
) -> Cart:
    """`quantity` of a product, 0 to take it out. Raises CartMoved for an old page's button, SoldOut, NoneLeft, Gone."""
    cart = _cart(uow, who)
    if cart.version != version:
        raise CartMoved
    if quantity > 0:
        quantity = min(quantity, MOST_OF_ONE)
        check_stock(uow.products.need(product_id), quantity)
    return uow.carts.save(_with(cart, product_id, max(0, quantity)))


def empty(uow: UnitOfWork, shop: Shop, who: PersonId, version: int) -> Cart:
    """Nothing in it any more. Raises CartMoved."""
    cart = _cart(uow, who)
    if cart.version != version:
        raise CartMoved
    return uow.carts.save(replace(cart, lines=()))


def take_out(uow: UnitOfWork, who: PersonId, products: set[ProductId]) -> None:
    """Lines that were ordered leave the cart."""
    cart = uow.carts.get(who)
    if cart is not None and any(line.product in products for line in cart.lines):
        cart = uow.carts.lock(who)
        uow.carts.save(replace(cart, lines=tuple(line for line in cart.lines if line.product not in products)))


def _with(cart: Cart, product: ProductId, quantity: int) -> Cart:
    known = {line.product: line.quantity for line in cart.lines}
    known[product] = quantity
    lines = tuple(CartLine(name, count) for name, count in known.items() if count)
    if len(lines) > MOST_LINES:
        raise CartFull(most=MOST_LINES)
    return replace(cart, lines=lines)
