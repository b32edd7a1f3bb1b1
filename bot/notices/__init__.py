"""What people are told when something happened: one short recipe a kind of notice, carried out by the outbox worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from telegram.error import BadRequest, Forbidden

from bot.cards import mark_of, method_of, picture, repaint, retire, slip
from bot.notices import devices as notices_devices
from bot.notices import disputes as notices_disputes
from bot.notices import fx as notices_fx
from bot.notices import genuine as notices_genuine
from bot.notices import imitation as notices_imitation
from bot.notices import instalments as notices_instalments
from bot.notices import limits as notices_limits
from bot.notices import money as notices_money
from bot.notices import operations as notices_operations
from bot.notices import recon as notices_recon
from bot.notices import settlement as notices_settlement
from bot.notices import stepup as notices_stepup
from bot.screens import catalogue, settlement, staff
from bot.screens import orders as screens
from bot.screens.fit import CAPTION, length
from bot.screens.screen import Screen
from bot.visit import House
from bot.words import Html, Words
from bot.worker import Finish
from core.errors import Gone
from core.ids import OperationId, OrderId, PersonId, ProductId
from core.ledger import accounts
from core.money import Money, zero
from core.payments.escrow import in_escrow
from core.payments.operations import Operation, OperationKind, OperationState
from core.payments.pockets import asked, release_key
from core.payments.receipts import Receipt
from core.people import Person
from core.ports import UnitOfWork
from core.shop import browse
from core.shop.browse import OrderView
from core.shop.orders import OrderState


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to one person: `about` names the thing, `extra` what else the fact carried."""

    house: House
    t: Words
    to: Person
    about: str
    extra: dict[str, str]

    async def order(self) -> OrderView:
        """The order it is about."""
        who = PersonId(self.to.id)
        admin = who in self.house.shop.admins
        return await self.house.store.read(browse.order_view, OrderId(self.about), who, admin=admin)

    async def receipt(self) -> Receipt:
        """The incoming payment it is about."""
        return await self.house.store.read(lambda uow: uow.receipts.need(self.about))

    async def say(self, screen: Screen) -> int:
        """Send it; the message's id."""
        return await self.house.speaker.say(self.to.id, screen, self.to.id)


async def payment_card(notice: Notice) -> Finish | None:
    """The picture with the QR code, as the order's card."""
    view = await notice.order()
    order, charge = view.order, view.charge
    if order.state is not OrderState.PLACED or charge is None or charge.state is not OperationState.ACTION:
        return None
    house, t = notice.house, notice.t
    method = method_of(house.shop, view)
    screen = screens.payment_card(t, view, method, house.shop.clock.now(), mark_of(house.shop, charge))
    assert order.deadline is not None
    title = t.plain("To pay for order {order}", order=order.id)
    card = replace(screen, drawing=await picture(notice, view, title, order.deadline))
    message_id = await _put_up(notice, view, card)
    if message_id == order.card_message:
        return None
    return lambda uow: uow.orders.save(replace(uow.orders.lock(order.id), card_message=message_id))


async def _put_up(notice: Notice, view: OrderView, card: Screen) -> int:
    """Over the review that was confirmed: painted there twice, after a crash, it is still one card. Its message's id.

    Asked for again, or with another code, it comes further down, and what was there is no card any more.
    """
    shown = view.order.card_message
    if shown is None:
        return await notice.say(card)
    if "again" in notice.extra:
        message_id = await notice.say(card)
        await retire(notice, view, shown, notice.t("The payment code is further down."))
        return message_id
    message_id = await repaint(notice, shown, card)
    if message_id != shown:
        with suppress(BadRequest):  # mostly it is gone; else nothing should be left there to press
            await notice.house.speaker.strip(notice.to.id, shown)
    return message_id


async def countdown(notice: Notice) -> None:
    """The remaining time under the payment card, told again."""
    view = await notice.order()
    order, charge, shop = view.order, view.charge, notice.house.shop
    if charge is None or charge.state is not OperationState.ACTION:
        return
    if order.state is not OrderState.PLACED or order.card_message is None:
        return
    screen = screens.payment_card(notice.t, view, method_of(shop, view), shop.clock.now(), mark_of(shop, charge))
    try:
        await notice.house.speaker.caption(notice.to.id, order.card_message, screen.text, screen.keys, notice.to.id)
    except BadRequest:
        return  # nothing to update any more


async def paid(notice: Notice) -> None:
    """The payment card turns into a receipt."""
    view = await notice.order()
    order, charge, t = view.order, view.charge, notice.t
    assert charge is not None and order.paid_at is not None
    method = method_of(notice.house.shop, view)
    arrived = t.plain("Received on {moment}", moment=order.paid_at)
    # What was paid is the whole price, or the first part of it, by however many codes.
    amount = asked(order, view.quote) if view.quote else charge.amount
    drawing = slip(notice, view, t.plain("PAID"), arrived, amount, good=True)
    screen = Screen(screens.receipt(t, view, method.title, amount), drawing=drawing)
    if order.card_message is None:
        await notice.say(screen)
    else:
        await repaint(notice, order.card_message, screen)
    await notice.say(
        Screen(t("✅ <b>Your payment has arrived.</b> Order {order} is paid; the receipt is above.", order=order.id))
    )


async def ended(notice: Notice) -> None:
    """Expired or cancelled: the card loses its code and says so."""
    view = await notice.order()
    text = screens.ended(notice.t, view.order)
    if view.order.card_message is not None:
        await retire(notice, view, view.order.card_message, text)
    if view.order.state is OrderState.EXPIRED or view.order.card_message is None:
        await notice.say(Screen(text))


async def shipped(notice: Notice) -> None:
    """On its way."""
    await notice.say(screens.shipped(notice.t, await notice.order()))


async def sold(notice: Notice) -> None:
    """To the seller: paid, please ship."""
    await notice.say(screens.sold(notice.t, await notice.order()))


async def settled(notice: Notice) -> None:
    """To the seller: what a release brought."""
    view, part = await notice.order(), notice.extra["part"]
    release = await notice.house.store.read(_release, view, part)
    fee_bp = notice.house.shop.policy.escrow[view.seller.tier].fee_bp
    await notice.say(screens.settled(notice.t, view, part, release, fee_bp))


def _release(uow: UnitOfWork, view: OrderView, part: str) -> screens.Release:
    """What one release brought, from the books themselves."""
    assert view.quote is not None
    of, nets = view.quote.owed.asset, Counter[str]()
    for leg in uow.journal.entry(release_key(view.order, part)).legs:
        nets[accounts.kind_of(leg.account).name] -= leg.amount.minor
    left = in_escrow(uow, view.order) if part == "first" else zero(of)
    gross, fee, kept, owed, net = (
        Money(nets[name], of) for name in ("escrow", accounts.FEES, "reserve", "seller_debt", "avail")
    )
    return screens.Release(-gross, fee, kept, owed, net, left)


async def by_hand(notice: Notice) -> None:
    """To the admins: no bank is connected that could send the money back; what to transfer, and where."""
    operation = await notice.house.store.read(_operation, OperationId(notice.about))
    if operation.kind is OperationKind.PAYOUT:
        await notice.say(Screen(settlement.by_hand(notice.t, operation)))
        return
    account, _, holder = operation.target.partition("\n")
    await notice.say(
        Screen(
            notice.t(
                "🏦 Please transfer this yourself, as no bank is connected for refunds:\n"
                "{amount} to {holder}\n<code>{account}</code>\n"
                "Payment: <code>{fact}</code>\nEnd-to-end reference: <code>{reference}</code>\n"
                "It counts as sent back once the bank’s own message shows it.",
                amount=operation.amount,
                holder=holder,
                account=account,
                fact=operation.body["fact"],
                reference=operation.reference,
            )
        )
    )


def _operation(uow: UnitOfWork, operation: OperationId) -> Operation:
    return uow.operations.need(operation)


async def altered(notice: Notice) -> None:
    """To the admins: a known message of a bank came back with other content."""
    await notice.say(
        Screen(
            notice.t(
                "🚨 A message of {channel} that was booked before came again with other content. It was not booked. "
                "Please ask your bank.",
                channel=notice.about.partition(":")[0],
            )
        )
    )


async def product_up(notice: Notice) -> None:
    """To the seller: the card of a new product, as shoppers see it, and how to share it."""
    house, t = notice.house, notice.t
    view = await house.store.read(browse.product_view, ProductId(notice.about), PersonId(notice.to.id))
    today = house.shop.clock.now().date()
    up = Html("\n\n") + staff.is_up(t, view.product, house.bot_name)
    screen = catalogue.product(t, view, house.shop.rates, notice.to, today, CAPTION - length(up))
    await notice.say(replace(screen, text=screen.text + up))


async def may_sell(notice: Notice) -> None:
    """To a new seller: the shop is open to them."""
    await notice.say(
        Screen(notice.t("🎉 You can sell here now. /sell puts your first product up; /help shows the rest."))
    )


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "payment_card": payment_card,
    "countdown": countdown,
    "paid": paid,
    "expired": ended,
    "cancelled": ended,
    "shipped": shipped,
    "sold": sold,
    "settled": settled,
    "by_hand": by_hand,
    "altered": altered,
    "product_up": product_up,
    "may_sell": may_sell,
    **notices_devices.KINDS,
    **notices_disputes.KINDS,
    **notices_fx.KINDS,
    **notices_genuine.KINDS,
    **notices_imitation.KINDS,
    **notices_instalments.KINDS,
    **notices_limits.KINDS,
    **notices_money.KINDS,
    **notices_recon.KINDS,
    **notices_operations.KINDS,
    **notices_settlement.KINDS,
    **notices_stepup.KINDS,
}


async def deliver(house: House, data: dict[str, str]) -> Finish | None:
    """Send one notice of the outbox; what is to be written down of it.

    Who has blocked the bot, or was never met, cannot be told: that is all.
    """
    person = await house.store.read(lambda uow: uow.people.get(PersonId(int(data["to"]))))
    if person is None:
        return None
    extra = {name: value for name, value in data.items() if name not in ("to", "kind", "about")}
    try:
        return await KINDS[data["kind"]](Notice(house, Words.of(person.language), person, data["about"], extra))
    except Forbidden:
        return None
    except BadRequest as fault:
        if "chat not found" not in fault.message.lower():  # never wrote to the bot: there is nowhere to tell them
            raise
        return None
    except Gone:
        return None  # the thing it told of is no longer this person's to see
