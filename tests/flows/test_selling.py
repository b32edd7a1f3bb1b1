"""Selling in the chat: put up, change, take down, share; and what comes of answers that are none."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.demo import ADMIN, ROSA, WEI
from tests.flows.driver import GROUP, a_photo, button, labels

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def asked(seller, answer, then):
    """Answer one question and see the next."""
    await (seller.send_photo(answer) if isinstance(answer, bytes) else seller.say(answer))
    return await seller.wait_for(then)


async def a_new_product(seller, title="Basil", price="12.50 EUR", stock="4", description="Fresh."):
    """Put a product up in chat; the card the seller is shown."""
    await asked(seller, "/sell", "photo of the product")
    await asked(seller, a_photo(), "What is it called?")
    await asked(seller, title, "What does one cost?")
    await asked(seller, price, "How many do you have?")
    await asked(seller, stock, "Describe it")
    return await asked(seller, description, "is on sale")


def number_of(card):
    """The product number in the link that the seller is told."""
    return card["text"].partition("start=p_")[2].split()[0]


async def test_a_seller_answers_five_questions_and_the_product_can_be_bought(town):
    rosa, nora = town.chatter(ROSA), await town.newcomer()
    card = await a_new_product(rosa)
    assert card["kind"] == "photo"
    assert "€12.50" in card["text"] and "Fresh." in card["text"] and "Only 4 left" in card["text"]
    await nora.start(f"p_{number_of(card)}")
    seen = await nora.wait_for("Basil")
    assert "Sold by Casa Rosa 🇧🇷" in seen["text"]
    assert any("Buy now" in label for label in labels(seen))
    with Image.open(io.BytesIO(await nora.picture(seen))) as picture:
        assert abs(picture.getpixel((5, 5))[1] - 0x9D) < 12, "it is the photo that the seller sent"


@pytest.mark.parametrize(
    ("press", "question", "answer", "shown"),
    [
        ("Name", "What is it called?", "Thai basil", "Thai basil"),
        ("Price", "What does one cost?", "99 JPY", "JP¥99"),
        ("Stock", "How many do you have?", "1", "Only 1 left"),
        ("Stock", "How many do you have?", "0", "Sold out"),
        ("Description", "Describe it", "From Chiang Mai.", "From Chiang Mai."),
    ],
)
async def test_a_seller_changes_one_thing_and_nothing_else(town, press, question, answer, shown):
    rosa = town.chatter(ROSA)
    product = number_of(await a_new_product(rosa))
    before = await town.look(lambda uow: uow.products.need(product))
    await rosa.start(f"p_{product}")
    await rosa.press(press)
    await rosa.wait_for(question)
    await rosa.say(answer)
    assert shown in (await rosa.wait_for("Sold by"))["text"]
    after = await town.look(lambda uow: uow.products.need(product))
    changed = [
        name
        for name in ("title", "price", "stock", "description", "picture", "state")
        if getattr(before, name) != getattr(after, name)
    ]
    assert changed == [{"Name": "title"}.get(press, press.lower())]


async def test_a_new_picture_is_what_shoppers_see_and_what_is_shared(town):
    rosa, nora = town.chatter(ROSA), await town.newcomer()
    product = number_of(await a_new_product(rosa, title="Repainted"))
    await rosa.start(f"p_{product}")
    await rosa.press("Picture")
    await rosa.wait_for("photo of the product")
    await rosa.send_photo(a_photo("#c0392b"))
    await rosa.wait_for("Repainted")
    await nora.start(f"p_{product}")
    seen = await nora.wait_for("Repainted")
    with Image.open(io.BytesIO(await nora.picture(seen))) as picture:
        assert picture.getpixel((5, 5))[0] > 150
    shared = await nora.choose(await nora.inline("Repainted", GROUP), 0)
    assert shared["kind"] == "photo"


async def test_a_product_taken_down_is_gone_for_shoppers_until_it_is_put_up_again(town):
    rosa, nora = town.chatter(ROSA), await town.newcomer()
    product = number_of(await a_new_product(rosa, title="Seasonal"))
    await nora.start(f"p_{product}")
    shown = await nora.wait_for("Seasonal")
    await rosa.start(f"p_{product}")
    await rosa.press("Take down")
    down = await rosa.wait_for("Not for sale at the moment")
    assert "no longer here" in (await nora.press("Buy now", shown))["text"]
    await nora.start(f"p_{product}")
    await nora.wait_for("no longer here")
    assert not (await nora.inline("Seasonal"))["results"]
    await rosa.press("Put on sale again", down)
    await rosa.wait_for(lambda message: "Take down" in "".join(labels(message)))
    await nora.start(f"b_{product}")
    await nora.wait_for("Where should it go?")


async def test_a_card_is_shared_inline_by_name_or_by_the_share_button(town):
    rosa = town.chatter(ROSA)
    product = number_of(await a_new_product(rosa, title="Shared mug", price="9.00 EUR"))
    found = await rosa.inline("shared MUG", GROUP)
    assert [(one["title"], one["description"]) for one in found["results"]] == [("Shared mug", "€9.00")]
    await rosa.start(f"p_{product}")
    card = await rosa.wait_for("Shared mug")
    pressed = await rosa.press("Share", card)
    assert pressed["kind"] == "switch_inline"
    posted = await rosa.choose(await rosa.inline(pressed["query"], GROUP), 0)
    assert posted["kind"] == "photo" and posted["via_bot"] and "€9.00" in posted["text"]
    assert button(posted, "Look closer")["value"].endswith(f"start=p_{product}")


async def test_an_inline_query_that_finds_nothing_offers_the_whole_shop(town):
    nora = await town.newcomer()
    found = await nora.inline("no such thing in the world")
    assert not found["results"] and found["button"]["text"] == "Nothing found; see everything"
    await nora.start(found["button"]["start_parameter"])
    await nora.wait_for(lambda message: bool(message["keyboard"]))


@pytest.mark.parametrize(
    ("price", "sentence"),
    [
        ("cheap", "“cheap” is not a price"),
        ("12.505 EUR", "“12.505” is not a price. Write a number such as 12.50, with at most 2 decimals."),
        ("0.5 JPY", "at most 0 decimals"),
        ("-3 EUR", "is not a price"),
        ("0 EUR", "is not a price"),
        ("12 XYZ", "“XYZ” is not a currency this shop knows"),
        ("100 ARS", "There is no exchange rate for ARS"),
        ("1" * 4000 + " EUR", "is not a price"),
        ("12,50", "is not a price"),
    ],
)
async def test_a_price_that_is_none_is_refused_and_asked_for_again(town, price, sentence):
    rosa = town.chatter(ROSA)
    await asked(rosa, "/sell", "photo of the product")
    await asked(rosa, a_photo(), "What is it called?")
    await asked(rosa, "Mispriced", "What does one cost?")
    await asked(rosa, price, sentence)
    await asked(rosa, "12,50 eur", "How many do you have?")
    await asked(rosa, "many", "“many” is not a stock")
    await asked(rosa, "1", "Describe it")
    assert "€12.50" in (await asked(rosa, "-", "is on sale"))["text"]


@pytest.mark.parametrize(
    ("name", "mime", "kind", "content"),
    [
        ("empty.jpg", "image/jpeg", "document", b"\0"),
        ("notes.jpg", "image/jpeg", "document", b"These are notes, not a photo.\n" * 40),
        ("notes.txt", "text/plain", "document", b"These are notes."),
        ("cut.jpg", "image/jpeg", "document", a_photo()[:700]),
        ("bomb.png", "image/png", "document", a_photo(size=(12000, 12000), form="PNG")),
    ],
)
async def test_a_file_that_is_no_photo_is_refused_and_the_question_stands(town, name, mime, kind, content):
    rosa = town.chatter(ROSA)
    await asked(rosa, "/sell", "photo of the product")
    await rosa.send(content, name, mime, kind=kind)
    await rosa.wait_for("Please send a picture (JPEG, PNG or WebP, up to 10 MB)")
    await asked(rosa, "here it is", "Please send a picture")
    await asked(rosa, a_photo(form="PNG"), "What is it called?")
    await asked(rosa, a_photo(), "Please answer in words")
    await asked(rosa, "/cancel", "All right, left.")
    await asked(rosa, "Basil", "Welcome")


async def test_names_and_descriptions_are_measured_and_shown_as_they_were_typed(town):
    rosa = town.chatter(ROSA)
    await asked(rosa, "/sell", "photo of the product")
    await asked(rosa, a_photo(), "What is it called?")
    await asked(rosa, "x" * 61, "at most 60 characters")
    await asked(rosa, "<b>Cup</b> & saucer", "What does one cost?")
    await asked(rosa, "3 EUR", "How many do you have?")
    await asked(rosa, "100000", "is not a stock")
    await asked(rosa, "2", "Describe it")
    await asked(rosa, "y" * 601, "at most 600 characters")
    card = await asked(rosa, "1 < 2 & 3", "is on sale")
    assert "<b>Cup</b> & saucer" in card["text"] and "1 < 2 & 3" in card["text"]


async def test_a_seller_sees_their_own_products_and_sales_and_no_others(town):
    rosa = town.chatter(ROSA)
    await rosa.say("/products")
    listed = await rosa.wait_for("Your products")
    assert "Longjing" not in listed["text"]
    while "Cupuaçu soap" not in listed["text"]:
        await rosa.press("›", listed)
        listed = await rosa.wait_for("Your products")
        assert "Longjing" not in listed["text"]
    await rosa.say("/sales")
    await rosa.wait_for(lambda message: "No orders here yet" in message["text"] or "Your sales" in message["text"])


async def test_only_the_seller_of_a_product_can_change_it(town):
    """Wei presses a button that would be his if the product were: it is refused like a thing that never was."""
    rosa, wei = town.chatter(ROSA), town.chatter(WEI)
    product = number_of(await a_new_product(rosa, title="Rosa’s own"))
    await wei.start()
    message = await wei.wait_for(lambda one: True)
    packed = town.demo.shop.house.buttons.pack("pd", product, 0, owner=WEI)
    assert "不" in (await wei.press_data(message, packed))["text"]
    assert (await town.look(lambda uow: uow.products.need(product))).state == "on_sale"


@pytest.mark.parametrize("command", ["/sell", "/products", "/sales"])
async def test_who_is_no_seller_is_told_so(town, command):
    for person in (await town.newcomer(), town.chatter(ADMIN)):
        await person.say(command)
        await person.wait_for("This command is not for you")


@pytest.mark.parametrize("tracking", ["<b>", "？？？", "", "x" * 41])
async def test_a_tracking_number_is_something_a_carrier_prints(town, tracking):
    nora, rosa = await town.newcomer(), town.chatter(ROSA)
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Parcel", "4.00 EUR"), "SEPA")
    rosa.mark = await town.seq()
    await nora.pay(await nora.scan(card))
    await rosa.press("Mark as shipped", await rosa.wait_for("Sold! Order"))
    await rosa.wait_for("tracking number?")
    if tracking:
        await asked(rosa, tracking, "is not a tracking number")
    else:
        await asked(rosa, a_photo(), lambda message: True)
    nora.mark = await town.seq()
    await asked(rosa, "1Z 999-AA1", "marked as shipped")
    await nora.wait_for("1Z 999-AA1")
