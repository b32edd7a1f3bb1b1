"""Is this QR genuine? People show codes to the bot: their own, somebody else's, a forger's, two at once, none."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from aiohttp import web
from PIL import Image

from bot.demo import ADMIN, ROSA
from bot.pictures import qrfast
from core.ids import OrderId, PersonId
from core.qr import epc, pix, tlv
from core.risk.issued import fingerprint
from core.shop import selling
from tests.flows.driver import GROUP, Chatter, Json, decode, order_of
from tests.flows.test_instalments import A_DAY, a_known_shopper, in_parts
from tests.unit.bot.test_decode import bomb

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORGER = "FR1420041010050500013M02606"


def drawn(*payloads: str) -> bytes:
    """A picture of these codes, side by side, and no words."""
    codes = [Image.open(io.BytesIO(qrfast.png(qrfast.matrix(payload)))).convert("L") for payload in payloads]
    ground = Image.new("L", (sum(one.width for one in codes), max(one.height for one in codes)), 255)
    at = 0
    for one in codes:
        ground.paste(one, (at, 0))
        at += one.width
    out = io.BytesIO()
    ground.save(out, "PNG")
    return out.getvalue()


async def with_a_card(town, price: str = "31.40 EUR") -> tuple[Chatter, Json, str]:
    """Somebody with an order to pay: their card, and the code on it."""
    nora = await town.newcomer()
    await nora.give_address()
    card = await nora.buy(await town.on_sale("Lantern", price), "SEPA")
    return nora, card, (await nora.scan(card))["payload"]


async def answer(who: Chatter, payload: str) -> str:
    await who.say(payload)
    return (await who.wait_for("Check mark"))["text"]


async def test_the_card_forwarded_as_a_picture_is_known_and_its_standing_told(town):
    nora, card, payload = await with_a_card(town)
    await nora.send_photo(await nora.picture(card))
    verdict = await nora.wait_for("This shop made this code")
    assert order_of(card) in verdict["text"] and "you can pay it" in verdict["text"]
    assert fingerprint(town.shop, payload) in verdict["text"]

    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    assert "It is paid already" in await answer(nora, payload)


async def test_a_picture_sent_as_a_file_is_read_too(town):
    nora, card, payload = await with_a_card(town)
    await nora.send(drawn(payload), "code.png", "image/png", kind="document")
    assert order_of(card) in (await nora.wait_for("This shop made this code"))["text"]


async def test_somebody_else_learns_that_it_is_ours_and_not_whose(town):
    _nora, card, payload = await with_a_card(town)
    lin = await town.newcomer("Lin")
    await lin.start()
    said = await answer(lin, payload)
    assert "not for you" in said
    assert order_of(card) not in said and "Nora" not in said


async def test_a_swapped_clipboard_shows(town):
    nora, card, payload = await with_a_card(town, "27.50 EUR")
    mine = epc.parse(payload)
    swapped = epc.build(name=mine.name, iban=FORGER, amount=mine.amount, reference=mine.reference)
    said = await answer(nora, swapped)
    assert "Do not pay this" in said and "our name, a reference of ours" in said
    assert fingerprint(town.shop, payload) not in said
    assert fingerprint(town.shop, payload) in card["text"]


async def test_an_altered_amount_is_named(town):
    nora, _card, payload = await with_a_card(town)
    mine = epc.parse(payload)
    said = await answer(nora, epc.build(name=mine.name, iban=mine.iban, amount=Decimal(99), reference=mine.reference))
    assert "not the code that we made" in said and "the amount is another one" in said


async def test_the_owner_hears_of_a_look_alike_once_with_its_picture(town):
    nora, _card, payload = await with_a_card(town, "64.10 EUR")
    mine = epc.parse(payload)
    forged = epc.build(name=mine.name, iban=FORGER, amount=Decimal("64.10"), text="Invoice 7")
    ada = town.chatter(ADMIN)
    before, ada.mark = len(await ada.messages()), await town.seq()
    await nora.send_photo(drawn(forged))
    await nora.wait_for("Do not pay this")
    alarm = await ada.wait_for("A forged payment code is about")
    assert FORGER in alarm["text"] and "Nora" in alarm["text"] and alarm["kind"] == "document"

    await nora.send_photo(drawn(forged))
    await nora.wait_for("Do not pay this")
    assert len([one for one in (await ada.messages())[before:] if "forged payment code" in one["text"]]) == 1


async def test_two_codes_in_one_picture_are_warned_of_and_judged_each(town):
    nora, _card, payload = await with_a_card(town)
    mine = epc.parse(payload)
    other = epc.build(name="Nobody", iban=FORGER, amount=Decimal(1))
    await nora.send_photo(drawn(payload, other))
    said = (await nora.wait_for("There are 2 different codes"))["text"]
    assert "This shop made this code" in said and "Not a code of this shop" in said
    assert mine.iban in said and FORGER in said


async def test_a_picture_without_a_code_and_a_bomb_are_answered(town):
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for(lambda message: True)
    await nora.send_photo()
    await nora.wait_for("can’t read a code")
    await nora.send(bomb(12_000), "code.png", "image/png", kind="document")
    await nora.wait_for("can’t open this as a picture")


async def test_a_link_is_shown_and_never_opened(town):
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for(lambda message: True)
    said = await answer(nora, "https://sampan-pay.example/login?order=1")
    assert "It leads to sampan-pay.example" in said


async def test_no_address_in_a_code_is_ever_visited(town):
    visits: list[str] = []

    async def visited(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", visited)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = "127.0.0.1:" + str(site._server.sockets[0].getsockname()[1])  # type: ignore[union-attr]
    account = tlv.build([("00", pix.GUID), ("25", f"{host}/qr/v2/1")])
    fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("58", "BR"), ("59", "LOJA")]
    located = tlv.seal(tlv.build([*fields, ("60", "Recife"), ("62", tlv.build([("05", "***")]))]))
    nora = await town.newcomer()
    await nora.start()
    await nora.wait_for(lambda message: True)
    try:
        assert "I can’t vouch for it" in await answer(nora, located)
        await answer(nora, f"http://{host}/pay")
        await nora.send_photo(drawn(located, f"http://{host}/login"))
        await nora.wait_for("There are 2 different codes")
        async with town.http.get(f"http://{host}/seen"):
            pass
    finally:
        await runner.cleanup()
    assert visits == ["/seen"]


async def test_an_open_question_keeps_its_meaning(town):
    nora, _card, payload = await with_a_card(town)
    await nora.say("/address")
    await nora.wait_for("address")
    await nora.send_photo(drawn(payload))
    await nora.wait_for("Please send your address as text")


async def test_in_a_group_who_answers_a_picture_hears_in_private_and_the_group_nothing(town):
    _nora, _card, payload = await with_a_card(town)
    lin = await town.newcomer("Lin")
    await lin.start()
    await lin.wait_for(lambda message: True)
    shown = await lin.send(drawn(payload), "photo.jpg", "image/png", kind="photo", chat_id=str(GROUP))
    lin.mark = await town.seq()
    await town.post(f"/sandbox/people/{lin.who}/say", text="/qr", chat_id=GROUP, reply_to=shown["message_id"])
    assert "not for you" in (await lin.wait_for("This shop made this code"))["text"]
    assert all("made this code" not in one["text"] for one in await lin.messages(GROUP))


@pytest.mark.asyncio(loop_scope="function")
async def test_a_part_s_code_is_taken_out_of_the_chat_when_its_time_is_over(own_town):
    nora = await a_known_shopper(own_town)
    card, order = await in_parts(own_town, nora)
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    await own_town.demo.shop.store.write(selling.ship, own_town.shop, PersonId(ROSA), OrderId(order), "RR 1 IT")
    await nora.wait_for("is on its way")
    await nora.say("/plans")
    await nora.press("Pay part 2", await nora.wait_for("What you pay in parts"))
    await nora.card()
    nora.mark = await own_town.seq()
    await own_town.skip(30 * A_DAY)
    await own_town.skip(15 * A_DAY)
    shown = await nora.wait_for("was due on")
    payload = (await nora.scan(shown))["payload"]
    nora.mark = await own_town.seq()
    await own_town.skip(15 * A_DAY)
    await nora.wait_for("This payment code is no longer valid")
    for message in await nora.messages():
        if message["kind"] == "photo":
            assert payload not in decode(await nora.picture(message))
    assert "Its time is over" in await answer(nora, payload)


@pytest.mark.asyncio(loop_scope="function")
async def test_the_quota_is_told_with_its_end(own_town):
    nora = await own_town.newcomer()
    await nora.start()
    await nora.wait_for(lambda message: True)
    for _ in range(own_town.shop.policy.risk.codes - 1):
        own_town.demo.shop.house.reader.take_turn(nora.who)
    await answer(nora, "https://the-last.example/")
    await nora.say("https://one-more.example/")
    await nora.wait_for("I can look at more from")
