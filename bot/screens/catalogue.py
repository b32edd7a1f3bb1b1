"""Screens of the shop window: home, shelf, product card, inline cards."""

from __future__ import annotations

from datetime import date

from bot.screens.fit import CAPTION, length
from bot.screens.one_tap import pay_key
from bot.screens.screen import Key, Rows, Screen, row, rows
from bot.words import Html, Words
from core.errors import Refusal
from core.money import Asset, Money
from core.payments.fx.desk import RateDesk
from core.people import Person, Seller
from core.shop.browse import ProductView, ShelfView
from core.shop.catalogue import Product, ProductState
from core.shop.one_tap import Offer

FEW = 5


def flag(country: str) -> str:
    """The flag of an ISO 3166-1 country as two regional indicators."""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country.upper() if "A" <= letter <= "Z")


def home(t: Words, shop: str, person: Person, seller: Seller | None) -> Screen:
    """The first thing a person sees."""
    text = t(
        "<b>Welcome to {shop}, {name}!</b>\n\n"
        "Choose, fill your cart, pay by scanning a QR code: all of it here in the chat.",
        shop=shop,
        name=person.name,
    )
    return Screen(
        text,
        rows(
            row(Key(t.plain("🛍 See what is for sale"), ("sh", 0))),
            row(Key(t.plain("🛒 Cart"), ("ct",)), Key(t.plain("📦 My orders"), ("os", 0))),
            row(Key(t.plain("🏷 My products"), ("mp", 0)), Key(t.plain("💰 My sales"), ("ms", 0))) if seller else (),
            row(Key(t.plain("🌐 Language"), ("lg",)), Key(t.plain("💱 Currency"), ("cu",))),
        ),
    )


def shelf(t: Words, view: ShelfView) -> Screen:
    """A page of products, one button each."""
    if not view.products:
        return Screen(t("There is nothing for sale at the moment. Come back soon!"))
    lines = [t("<b>For sale</b>")]
    keys = []
    for product in view.products:
        left = Html("") if product.stock else t(" · <i>sold out</i>")
        lines.append(t("<b>{title}</b> — {price}", title=product.title, price=product.price) + left)
        keys.append(row(Key(f"{product.title} · {t.money(product.price)}", ("pr", product.id))))
    turn = row(
        Key("‹", ("sh", view.page - 1)) if view.page else None,
        Key(f"{view.page + 1} / {view.pages}", ("sh", view.page)) if view.pages > 1 else None,
        Key("›", ("sh", view.page + 1)) if view.page + 1 < view.pages else None,
    )
    cart = row(Key(t.plain("🛒 Cart ({n})", n=view.in_cart), ("ct",)) if view.in_cart else None)
    return Screen(Html("\n").join(lines), rows(*keys, turn, cart))


def also(t: Words, rates: RateDesk, price: Money, currency: Asset | None, today: date) -> Html:
    """The price in the reader's own currency with the rate and its date; nothing when it is the same or unknown."""
    if currency is None or currency == price.asset:
        return Html("")
    try:
        amount, mid = rates.approximately(price, currency, today)
    except Refusal:
        return Html("")
    return t(
        "≈ {amount} (1 {base} = {rate} {quote}, {source}, {on})",
        amount=amount,
        base=price.asset,
        quote=currency,
        rate=Html(t.rate(mid.rate)),
        source=mid.source,
        on=mid.on,
    )


def product_text(
    t: Words, view: ProductView, rates: RateDesk, currency: Asset | None, today: date, most: int = CAPTION
) -> Html:
    """The caption of a product card, in at most `most` UTF-16 units: the description gives way."""
    product = view.product
    text = _product_text(t, view, rates, currency, today, product.description)
    if (over := length(text) - most) > 0:
        kept = product.description[: max(0, len(product.description) - over - 1)]
        text = _product_text(t, view, rates, currency, today, kept + "…" if kept else "")
    return text


def _product_text(
    t: Words, view: ProductView, rates: RateDesk, currency: Asset | None, today: date, description: str
) -> Html:
    product = view.product
    lines = [t("<b>{title}</b>", title=product.title), t("<b>{price}</b>", price=product.price)]
    if approximate := also(t, rates, product.price, currency, today):
        lines.append(approximate)
    if description:
        lines += [Html(""), t("{description}", description=description)]
    lines += [Html(""), t("Sold by {seller} {flag}", seller=view.seller.name, flag=flag(view.seller.country))]
    if product.state is ProductState.TAKEN_DOWN:
        lines.append(t("<i>Not for sale at the moment</i>"))
    elif not product.stock:
        lines.append(t("<i>Sold out</i>"))
    elif product.stock <= FEW:
        lines.append(t.plural("Only {n} left", "Only {n} left", product.stock))
    return Html("\n").join(lines)


def product(
    t: Words,
    view: ProductView,
    rates: RateDesk,
    reader: Person,
    today: date,
    most: int = CAPTION,
    offer: Offer | None = None,
) -> Screen:
    """A product card in a private chat; `most` as in `product_text`. `offer`: the reader may pay it by one tap."""
    own = view.seller.person == reader.id
    keys = own_keys(t, view.product) if own else shopper_keys(t, view, offer)
    return Screen(product_text(t, view, rates, reader.currency, today, most), keys, product=view.product)


def shopper_keys(t: Words, view: ProductView, offer: Offer | None = None) -> Rows:
    """What a shopper can do with a product."""
    goods = view.product
    in_cart = t.plain("🛒 Cart ({n})", n=view.in_cart) if view.in_cart else None
    return rows(
        row(pay_key(t, goods, offer) if offer else None),
        row(Key(t.plain("⚡ Buy now"), ("bn", goods.id)), Key(t.plain("➕ Add to cart"), ("ca", goods.id)))
        if goods.stock
        else (),
        row(Key(in_cart, ("ct",)) if in_cart else None, Key(t.plain("↗️ Share"), share=f"p_{goods.id}")),
        row(Key(t.plain("🛍 All products"), ("sh", 0))),
    )


def own_keys(t: Words, goods: Product) -> Rows:
    """What its seller can do with a product."""
    up = goods.state is ProductState.ON_SALE
    return rows(
        row(
            Key(t.plain("✏️ Name"), ("pe", goods.id, "title")),
            Key(t.plain("✏️ Price"), ("pe", goods.id, "price")),
            Key(t.plain("✏️ Stock"), ("pe", goods.id, "stock")),
        ),
        row(
            Key(t.plain("✏️ Description"), ("pe", goods.id, "description")),
            Key(t.plain("🖼 Picture"), ("pe", goods.id, "picture")),
        ),
        row(
            Key(t.plain("⬇️ Take down"), ("pd", goods.id, goods.version))
            if up
            else Key(t.plain("⬆️ Put on sale again"), ("pu", goods.id, goods.version)),
            Key(t.plain("↗️ Share"), share=f"p_{goods.id}") if up else None,
        ),
        row(Key(t.plain("🏷 My products"), ("mp", 0))),
    )


def group_keys(t: Words, goods: Product, bot: str) -> Rows:
    """The buttons of a card in a group: Buy now opens the private chat, Add to cart works right there for anyone."""
    return rows(
        row(
            Key(t.plain("⚡ Buy now"), url=f"https://t.me/{bot}?start=b_{goods.id}"),
            Key(t.plain("➕ Add to cart"), ("ca", goods.id), public=True),
        ),
        row(Key(t.plain("🔎 Look closer"), url=f"https://t.me/{bot}?start=p_{goods.id}")),
    )


def languages(t: Words) -> Screen:
    """Choose the language."""
    return Screen(
        t("Which language shall I speak?"),
        rows(row(Key("English", ("ls", "en")), Key("简体中文", ("ls", "zh-hans")))),
    )


COMMON = ("EUR", "USD", "GBP", "CNY", "JPY", "BRL", "INR", "CHF")


def currencies(t: Words) -> Screen:
    """Choose the currency in which prices are shown too."""
    keys = [Key(code, ("cs", code)) for code in COMMON]
    return Screen(
        t("In which currency shall I show prices too? Press one, or send /currency CODE."),
        rows(tuple(keys[:4]), tuple(keys[4:])),
    )
