"""What people look at: read-only views over the shelves, ready for a screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import Gone
from core.ids import OrderId, PersonId, ProductId, SellerId
from core.money import Money
from core.payments.fx.quote import Quote
from core.payments.instalments.plan import Plan
from core.payments.operations import Intent, Operation, OperationKind
from core.payments.receipts import Receipt
from core.payments.refund import Refund
from core.people import Person, Seller
from core.ports import UnitOfWork
from core.shop.cart import Cart
from core.shop.catalogue import Product, ProductState
from core.shop.orders import Order

PAGE = 6


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its seller, for a reader whose cart holds `in_cart` pieces of anything."""

    product: Product
    seller: Seller
    in_cart: int = 0


def product_view(uow: UnitOfWork, product_id: ProductId, reader: PersonId) -> ProductView:
    """A product as `reader` sees it. One taken down is Gone, but for its seller. Raises Gone."""
    product = uow.products.need(product_id)
    seller = uow.sellers.need(product.seller)
    if product.state is not ProductState.ON_SALE and seller.person != reader:
        raise Gone
    cart = uow.carts.get(reader) or Cart(reader)
    return ProductView(product, seller, cart.pieces)


@dataclass(frozen=True, slots=True)
class ShelfView:
    """One page of what is for sale. `page` counts from 0."""

    products: list[Product]
    page: int
    pages: int
    in_cart: int


def shelf_view(uow: UnitOfWork, reader: PersonId, page: int) -> ShelfView:
    """A page of the products on sale, newest first; a page too far is the last one."""
    total = uow.products.count(state=ProductState.ON_SALE)
    pages = max(1, -(-total // PAGE))
    page = min(max(0, page), pages - 1)
    products = uow.products.find(state=ProductState.ON_SALE, limit=PAGE, offset=page * PAGE)
    cart = uow.carts.get(reader) or Cart(reader)
    return ShelfView(products, page, pages, cart.pieces)


def search(uow: UnitOfWork, words: str, limit: int = 20) -> list[ProductView]:
    """Products on sale whose name or description holds every word, whatever its case; all of them for no words."""
    wanted = words.casefold().split()
    # A small merchant's catalogue fits in a page of memory; a search index would be one more thing to keep true.
    products = uow.products.find(state=ProductState.ON_SALE, limit=500)
    sellers: dict[SellerId, Seller] = {}
    found = []
    for product in products:
        text = f"{product.title} {product.description} {product.id}".casefold()
        if all(word in text for word in wanted):
            seller = sellers.setdefault(product.seller, uow.sellers.need(product.seller))
            found.append(ProductView(product, seller))
        if len(found) == limit:
            break
    return found


@dataclass(frozen=True, slots=True)
class CartGroup:
    """The lines of one seller: what one order would be."""

    seller: Seller
    lines: tuple[tuple[Product, int], ...]

    @property
    def totals(self) -> tuple[Money, ...]:
        """What the lines cost, one sum per currency."""
        return sums(product.price * quantity for product, quantity in self.lines)


@dataclass(frozen=True, slots=True)
class CartView:
    """The cart as its owner sees it. `gone` names lines that were taken down since."""

    cart: Cart
    groups: tuple[CartGroup, ...]
    gone: tuple[str, ...]


def sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Amounts added up by currency, in the order in which the currencies first appear."""
    totals: dict[str, Money] = {}
    for amount in amounts:
        code = amount.asset.code
        totals[code] = totals[code] + amount if code in totals else amount
    return tuple(totals.values())


def cart_view(uow: UnitOfWork, who: PersonId) -> CartView:
    """The cart by seller, in the order things were put in."""
    cart = uow.carts.get(who) or Cart(who)
    groups: dict[SellerId, list[tuple[Product, int]]] = {}
    gone = []
    for line in cart.lines:
        product = uow.products.get(line.product)
        if product is None or product.state is not ProductState.ON_SALE:
            gone.append(product.title if product else line.product)
            continue
        groups.setdefault(product.seller, []).append((product, line.quantity))
    return CartView(
        cart,
        tuple(CartGroup(uow.sellers.need(seller), tuple(lines)) for seller, lines in groups.items()),
        tuple(gone),
    )


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with everything a screen may want to say about it."""

    order: Order
    seller: Seller
    shopper: Person
    quote: Quote | None
    intent: Intent | None
    charge: Operation | None
    receipts: tuple[Receipt, ...]
    refunds: tuple[Refund, ...] = ()
    plan: Plan | None = None
    counts: tuple[int, ...] = ()  # the numbers of parts that a draft may be paid in

    def is_for(self, reader: PersonId, *, admin: bool = False) -> bool:
        """Whether `reader` has a part in it."""
        return admin or reader in (self.order.shopper, self.seller.person)


def order_view(uow: UnitOfWork, order_id: OrderId, reader: PersonId, *, admin: bool = False) -> OrderView:
    """An order for its shopper, its seller or an admin. Raises Gone for anyone else, as for one that never was."""
    order = uow.orders.need(order_id)
    charges = uow.operations.find(order=order_id, kind=OperationKind.CHARGE, limit=1)
    view = OrderView(
        order=order,
        seller=uow.sellers.need(order.seller),
        shopper=uow.people.need(order.shopper),
        quote=uow.quotes.get(order.quote) if order.quote else None,
        intent=uow.intents.get(order.intent) if order.intent else None,
        charge=charges[0] if charges else None,
        receipts=tuple(uow.receipts.find(order=order_id, newest=False)),
        refunds=tuple(uow.refunds.find(order=order_id, newest=False)),
        plan=uow.plans.get(order_id) if order.parts > 1 else None,
    )
    if not view.is_for(reader, admin=admin):
        raise Gone
    return view
