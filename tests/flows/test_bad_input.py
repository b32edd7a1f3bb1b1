"""What people send that they should not, or too late, or twice: a clear refusal, and nothing lost or told of others."""

from __future__ import annotations

import asyncio

import pytest

from bot.commands import COMMANDS
from bot.demo import ADMIN, ROSA
from tests.flows.driver import ADDRESS, GROUP, button, labels, order_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_HERE = "That is no longer here, or it is not yours."


async def at_the_review(town, product):
    """A shopper who is about to confirm: (shopper, review)."""
    nora = await town.newcomer()
    await nora.give_address()
    await nora.start(f"b_{product}")
    return nora, await nora.wait_for("Please check your order")


async def orders_of(town, person):
    """The states of all orders of a person."""
    return [order.state for order in await town.look(lambda uow: uow.orders.find(shopper=person.who))]


# Buttons


@pytest.mark.parametrize(
    "data",
    ["x", "ok", "1AAAAAAAA5001.sh.0", "1" + "A" * 63, "🛒", "1AAAAAAAA0.ca.X", "\0\0\0", "null", "{}"],
)
async def test_a_button_that_nobody_made_does_nothing_and_says_so(town, data):
    nora = await town.newcomer()
    await nora.start()
    message = await nora.wait_for("Welcome")
    answer = await nora.press_data(message, data)
    assert answer["answered"] and answer["text"].startswith("This button no longer works.")


async def test_a_button_with_one_letter_changed_is_forged(town):
    nora, review = await at_the_review(town, await town.on_sale("Untouched", "5.00 EUR"))
    data = button(review, "Confirm")["value"]
    forged = data[:-1] + ("X" if data[-1] != "X" else "Y")
    assert "no longer works" in (await nora.press_data(review, forged))["text"]
    assert await orders_of(town, nora) == ["draft"]


async def test_somebody_elses_button_tells_nothing_and_does_nothing(town):
    nora, review = await at_the_review(town, await town.on_sale("Private", "5.00 EUR"))
    sly = await town.newcomer("Sly", "zh-hans")
    await sly.start()
    theirs = await sly.wait_for(lambda message: True)
    answer = await sly.press_data(theirs, button(review, "Confirm")["value"])
    assert answer["text"] == "这不是您的按钮。发送 /start 获取自己的按钮。"
    assert await orders_of(town, nora) == ["draft"] and await orders_of(town, sly) == []


@pytest.mark.parametrize("action", ["ov", "oc", "ox", "or", "rv", "co", "dx", "me", "sp", "hr"])
async def test_an_order_of_somebody_else_sounds_like_none_at_all_behind_every_button(town, action):
    """Even with buttons of their own making, a person reaches only what is theirs."""
    nora, review = await at_the_review(town, await town.on_sale("Hidden", "5.00 EUR"))
    await nora.press("Confirm", review)
    order = order_of(await nora.card())
    sly = await town.newcomer("Sly")
    await sly.start()
    theirs = await sly.wait_for("Welcome")
    before = await town.ledger()
    heard = []
    for name in (order, "0000000000"):
        await sly.press_data(theirs, town.demo.shop.house.buttons.pack(action, name, owner=sly.who))
        calls = await town.until(lambda: answers(town, sly), "an answer")
        heard.append([call["params"].get("text") for call in calls])
    assert heard[0] == heard[1], "a stranger can tell an order that is there from one that is not"
    assert await orders_of(town, nora) == ["placed"] and await town.ledger() == before


async def answers(town, person):
    """What the bot said or showed to this person since their last act."""
    told = await town.calls(person.mark)
    return [one for one in told if one["method"] in ("answerCallbackQuery", "sendMessage") and one["ok"]]


async def test_a_confirmation_pressed_again_and_again_makes_one_order(town):
    product = await town.on_sale("Once", "5.00 EUR", stock=9)
    nora, review = await at_the_review(town, product)
    data = button(review, "Confirm")["value"]
    await asyncio.gather(*(nora.press_data(review, data) for _ in range(5)))
    await nora.wait_for(lambda message: message["kind"] == "photo")
    answer = await nora.press_data(review, data)
    assert "has moved on" in answer["text"]
    assert await orders_of(town, nora) == ["placed"]
    assert await town.stock(product) == 8
    cards = [one for one in await nora.messages() if one["kind"] == "photo" and "📋" in "".join(labels(one))]
    assert len(cards) == 1


async def test_an_old_page_of_the_cart_cannot_change_the_cart_of_today(town):
    nora = await town.newcomer()
    product = await town.on_sale("Versioned", "5.00 EUR", stock=9)
    await nora.start(f"p_{product}")
    await nora.press("Add to cart", await nora.wait_for("Versioned"))
    await nora.say("/cart")
    page = await nora.wait_for("Your cart")
    plus = button(page, "＋")["value"]
    await nora.press_data(page, plus)
    await nora.wait_for("2 × Versioned")
    answer = await nora.press_data(page, plus)
    assert answer["text"].startswith("Your cart has changed since.")
    await nora.say("/cart")
    assert "2 × Versioned" in (await nora.wait_for("Your cart"))["text"]


# Things that are gone, and things that two people want


async def test_a_cart_with_a_product_taken_down_says_which_and_sells_the_rest(town):
    nora, rosa = await town.newcomer(), town.chatter(ROSA)
    await nora.give_address()
    kept, gone = await town.on_sale("Stays", "5.00 EUR"), await town.on_sale("Goes", "6.00 EUR")
    for product, title in ((kept, "Stays"), (gone, "Goes")):
        await nora.start(f"p_{product}")
        await nora.press("Add to cart", await nora.wait_for(title))
    await rosa.start(f"p_{gone}")
    await rosa.press("Take down", await rosa.wait_for("Goes"))
    await rosa.wait_for("Not for sale")
    await nora.say("/cart")
    cart = await nora.wait_for("Your cart")
    assert "No longer for sale: Goes" in cart["text"] and "1 × Stays" in cart["text"]
    await nora.press("Check out", cart)
    review = await nora.wait_for("Please check your order")
    assert "Goes" not in review["text"] and "€5.00" in review["text"]


async def test_a_product_taken_down_between_review_and_confirmation_is_not_sold(town):
    product, rosa = await town.on_sale("Snatched", "5.00 EUR"), town.chatter(ROSA)
    nora, review = await at_the_review(town, product)
    await rosa.start(f"p_{product}")
    await rosa.press("Take down", await rosa.wait_for("Snatched"))
    await rosa.wait_for("Not for sale")
    assert (await nora.press("Confirm", review))["text"] == NOT_HERE
    assert await orders_of(town, nora) == ["draft"]


async def test_a_price_that_changed_after_the_review_is_not_charged_unseen(town):
    product, rosa = await town.on_sale("Dearer", "5.00 EUR"), town.chatter(ROSA)
    nora, review = await at_the_review(town, product)
    await rosa.start(f"p_{product}")
    await rosa.press("Price", await rosa.wait_for("Dearer"))
    await rosa.wait_for("What does one cost?")
    await rosa.say("50 EUR")
    await rosa.wait_for("€50.00")
    assert "“Dearer” has changed since you looked" in (await nora.press("Confirm", review))["text"]
    assert await orders_of(town, nora) == ["draft"]


async def test_the_last_one_wanted_by_two_goes_to_one_of_them(town):
    product = await town.on_sale("The last one", "5.00 EUR", stock=1)
    people = [await at_the_review(town, product) for _ in range(2)]
    toasts = [one["text"] for one in await asyncio.gather(*(who.press("Confirm", page) for who, page in people))]
    assert sorted("is placed" in text for text in toasts) == [False, True]
    assert "“The last one” is sold out." in toasts
    assert await town.stock(product) == 0
    assert sorted([await orders_of(town, who) for who, _ in people]) == [["draft"], ["placed"]]


async def test_a_quote_past_its_deadline_is_not_taken_and_todays_is_shown(town):
    nora, review = await at_the_review(town, await town.on_sale("Slow", "88.00 CNY"))
    await town.skip(16 * 60)
    assert (await nora.press("Confirm", review))["text"].startswith("That price has expired.")
    fresh = await nora.wait_for("Please check your order")
    await nora.press("Confirm", fresh)
    await nora.card()
    assert await orders_of(town, nora) == ["placed"]


async def test_a_limit_says_which_one_what_is_left_and_when_it_renews(town):
    nora, review = await at_the_review(town, await town.on_sale("Yacht", "600.00 EUR"))
    toast = (await nora.press("Confirm", review))["text"]
    assert "€500.00" in toast
    assert await orders_of(town, nora) == ["draft"]
    dinghy = await town.on_sale("Dinghy", "140.00 EUR", stock=8)
    nora, review = await at_the_review(town, dinghy)
    for _ in range(7):
        await nora.press("Confirm", review)
        await nora.card()
        await nora.start(f"b_{dinghy}")
        review = await nora.wait_for("Please check your order")
    toast = (await nora.press("Confirm", review))["text"]
    assert "€1,000.00" in toast and "€20.00" in toast, toast


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_words_that_a_command_has_no_use_for_do_no_harm(town, command):
    everybody = await town.newcomer(), town.chatter(ROSA), town.chatter(ADMIN)
    for person in everybody:
        await person.say(f"/{command} these words are too many for it")
        answer = await person.wait_for(lambda message: True)
        assert "on our side" not in answer["text"]
        await person.say("/cancel")
        await person.wait_for("left")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("/currency XYZ", "“XYZ” is not a currency this shop knows"),
        ("/currency ARS", "There is no exchange rate for ARS"),
        ("/currency €", "is not a currency"),
        ("/currency " + "E" * 4000, "“EEEEEEEE” is not a currency"),
        ("/currency eur usd", lambda message: True),
    ],
)
async def test_a_currency_without_a_rate_is_refused_by_name(town, asked, sentence):
    nora = await town.newcomer()
    await nora.say(asked)
    await nora.wait_for(sentence)


# Texts, links and updates of any shape


@pytest.mark.parametrize(
    "payload", ["p_NOSUCH00", "b_NOSUCH00", "p_", "b", "zzz", "p_-", "p_a_b_c", "A" * 64, "p_x' OR 1=1", "p_%00"]
)
async def test_a_link_that_leads_nowhere_is_answered_kindly(town, payload):
    nora = await town.newcomer()
    await town.post("/sandbox/updates", **a_message(nora, text=f"/start {payload}", command=6))
    answer = await nora.wait_for(lambda message: True)
    assert answer["text"] in (NOT_HERE, "This link no longer works. Send /start to see what is for sale.") or (
        "Welcome" in answer["text"]
    )


def a_message(person, command=0, **fields):
    """A raw update: a message of a person, as it stands."""
    chat = {"id": person.who, "type": "private", "first_name": "Nora"}
    sender = {"id": person.who, "is_bot": False, "first_name": "Nora", "language_code": "en"}
    message = {"message_id": 99999, "date": 1795000000, "chat": chat, "from": sender, **fields}
    if command:
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": command}]
    return {"message": message}


async def the_bot_goes_on(town, person):
    """It answers as if nothing had happened."""
    await person.say("/help")
    await person.wait_for("What you can do here")


PHOTO = {"file_id": "no-such-file", "file_unique_id": "x", "width": 90, "height": 90}


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": [{**PHOTO, "file_size": 9}], "caption": "x" * 9_000_000},
        {"text": "y" * 9_000_000},
        {"photo": []},
        {"photo": [{**PHOTO, "width": 0, "height": 0, "file_size": 0}]},
        {"document": {"file_id": "no-such-file", "file_unique_id": "x", "file_size": 99_000_000}},
        {"document": {"file_id": "gone", "file_unique_id": "x", "mime_type": "image/png"}},
        {"sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1,
                     "is_animated": False, "is_video": False}},
        {"text": "\u202e\u0000\ud7ff" + "\U0001f4a9" * 50},
        {"contact": {"phone_number": "+1", "first_name": "x"}},
        {"location": {"latitude": 0.0, "longitude": 0.0}},
        {"text": ""},
        {},
    ],
    ids=["caption of 9 MB", "text of 9 MB", "no photo", "empty photo", "huge file", "lost file", "sticker",
         "odd letters", "contact", "location", "no text", "nothing"],
)  # fmt: skip
@pytest.mark.parametrize("step", ["", "/sell", "/address"])
async def test_whatever_is_sent_the_bot_answers_and_goes_on(town, fields, step):
    person = town.chatter(ROSA)
    await person.start()
    await person.wait_for("Welcome")
    if step:
        await person.say(step)
        await person.wait_for(lambda message: True)
    person.mark = await town.seq()
    await town.post("/sandbox/updates", **a_message(person, **fields))
    if fields and fields != {"text": ""}:
        answer = await person.wait_for(lambda message: True)
        assert "on our side" not in answer["text"], answer["text"]
    await the_bot_goes_on(town, person)
    await person.say("/cancel")


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"date": 1, "message_id": 1}},
        {"callback_query": {"id": "1"}},
        {"callback_query": {"id": "1", "from": {"id": 5001, "is_bot": False, "first_name": "M"}, "data": 7}},
        {"inline_query": {"id": "1", "from": {"id": 5001, "is_bot": False, "first_name": "M"}, "query": "x" * 300,
                          "offset": "9" * 64}},
        {"inline_query": {"id": "1", "from": {"id": 5001, "is_bot": False, "first_name": "M"}, "query": "",
                          "offset": "-1"}},
    ],
)  # fmt: skip
async def test_an_update_of_a_strange_shape_stops_nothing(town, update):
    await town.post("/sandbox/updates", **update)
    await the_bot_goes_on(town, town.chatter(5001))


async def test_an_address_is_kept_as_it_is_and_never_taken_for_markup(town):
    nora = await town.newcomer()
    await nora.start(f"b_{await town.on_sale('To anywhere', '5.00 EUR')}")
    await nora.wait_for("Where should it go?")
    for wrong in ("x", "a\nb", "z" * 401, "one, two", "O'Neil\n1 Main St\n\u202eReversed City\nIreland"):
        await nora.say(wrong)
        await nora.wait_for("Please send your address as text")
    await nora.say("<b>O'Neil</b> & Co\n1 <i>Main</i> St\nIreland")
    review = await nora.wait_for("Please check your order")
    assert "<b>O'Neil</b> & Co, 1 <i>Main</i> St" in review["text"]


async def test_the_bot_is_quiet_in_a_group_but_for_what_is_meant_for_it(town):
    nora = await town.newcomer()
    await nora.say("Has anybody seen my cup?", GROUP)
    await nora.say("/teleport", GROUP)
    await nora.say("/shop@another_bot", GROUP)
    before = await town.seq()
    await nora.start()
    await nora.wait_for("Welcome")
    assert await town.calls(before - 20, "sendMessage", GROUP) == []
    await nora.say("/cart", GROUP)
    await nora.wait_for("Your cart is empty", nora.who)
    last = await nora.last(GROUP)
    assert not last["out"], "what is in somebody's cart is nobody else's business"


async def test_who_never_met_the_bot_is_told_how_when_they_press_in_a_group(town):
    """Telegram lets a bot write only to those who have pressed Start."""
    rosa = town.chatter(ROSA)
    await town.on_sale("Strangers’ cup", "7.00 EUR")
    shared = await rosa.choose(await rosa.inline("Strangers’ cup", GROUP), 0)
    sly = await town.newcomer("Sly")
    answer = await sly.press("Add to cart", shared)
    assert answer["text"] == "In your cart: 1 × Strangers’ cup"


async def test_a_telegram_payment_is_refused_before_any_money_moves(town):
    """No invoice is ours yet: a forged pre-checkout query must not be answered yes."""
    nora = await town.newcomer()
    sender = {"id": nora.who, "is_bot": False, "first_name": "Nora", "language_code": "en"}
    query = {"id": "77", "from": sender, "currency": "EUR", "total_amount": 100, "invoice_payload": "x"}
    before = await town.seq()
    await town.post("/sandbox/updates", pre_checkout_query=query)

    async def answered():
        return [one for one in await town.calls(before) if one["method"] == "answerPreCheckoutQuery"]

    (call,) = await town.until(answered)
    assert str(call["params"]["ok"]).lower() == "false" and "does not take this kind of payment" in str(call["params"])


async def test_a_flood_of_presses_is_slowed_told_once_and_forgotten(town):
    nora, ada = await town.newcomer(), town.chatter(ADMIN)
    await nora.start()
    welcome = await nora.wait_for("Welcome")
    data = button(welcome, "Cart")["value"]
    before = await town.seq()
    updates = [
        {"callback_query": {
            "id": str(10_000 + n), "chat_instance": "1", "data": data,
            "from": {"id": nora.who, "is_bot": False, "first_name": "Nora", "language_code": "en"},
            "message": {"message_id": welcome["message_id"], "date": 1795000000,
                        "chat": {"id": nora.who, "type": "private", "first_name": "Nora"}},
        }}
        for n in range(300)
    ]  # fmt: skip
    await town.fault("editMessageText", chat_id=nora.who, delay=0.3, times=1)
    await asyncio.gather(*(town.post("/sandbox/updates", **update) for update in updates))

    async def too_fast():
        calls = await town.calls(before, "answerCallbackQuery")
        return [one for one in calls if "a bit fast for me" in str(one["params"].get("text"))]

    told = await town.until(too_fast, "they hear that they are too fast")
    assert len(told) < 20
    await ada.say("/help")
    await ada.wait_for("What you can do here")
    await town.until(lambda: _idle(town), "the flood is worked off")
    await the_bot_goes_on(town, nora)


async def _idle(town):
    return town.demo.shop._intake._lanes.size == 0


async def test_an_address_typed_in_the_middle_of_a_sale_of_ones_own_answers_the_newest_question(town):
    """Rosa is asked for an address while she was putting a product up: the newest question wins, none is mixed up."""
    rosa = town.chatter(ROSA)
    await rosa.say("/sell")
    await rosa.wait_for("photo of the product")
    await rosa.say("/address")
    await rosa.wait_for("Where should it go?")
    await rosa.say(ADDRESS)
    await rosa.wait_for("your address is kept")
    await rosa.say("hello")
    await rosa.wait_for("Welcome")
