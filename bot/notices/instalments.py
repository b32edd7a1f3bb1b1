"""What people are told of sales in parts: codes of parts, reminders, what came, what was missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.cards import mark_of, method_of, picture, repaint, retire, slip
from bot.screens import instalments as screens
from bot.screens.phrase import with_phrase
from bot.screens.screen import Screen
from bot.words import Html
from bot.worker import Finish
from core.errors import Gone
from core.ids import OrderId, PersonId
from core.money import Money
from core.payments.instalments.books import broken_at, part_of
from core.payments.instalments.plan import RUNNING
from core.payments.instalments.plans import PlanView, plan_view
from core.payments.operations import Operation, OperationState
from core.ports import UnitOfWork

if TYPE_CHECKING:
    from bot.notices import Notice


async def _plan(notice: Notice) -> PlanView:
    house = notice.house
    return await house.store.read(plan_view, house.shop, PersonId(notice.to.id), OrderId(notice.about))


def _amount(notice: Notice, view: PlanView, name: str) -> Money:
    return Money(int(notice.extra[name]), view.price.asset)


async def part_card(notice: Notice) -> Finish | None:
    """The picture with the code of a part, or of all the rest."""
    view = await _plan(notice)
    charge = view.charge
    if charge is None or charge.id != notice.extra["charge"] or charge.state is not OperationState.ACTION:
        return None
    return await _show(notice, view, charge, None)


async def part_due(notice: Notice) -> Finish | None:
    """A part is due soon, today, or was missed: the words, with its code where there is one."""
    view = await _plan(notice)
    open_ = view.plan.open()
    if view.plan.state not in RUNNING or not open_ or open_[0][0].number != int(notice.extra["part"]):
        return None
    rules = notice.house.shop.policy.instalments
    part, word = open_[0][0], int(notice.extra["word"])
    headline = screens.due(notice.t, view.plan, part, word, broken_at(rules, part))
    if view.charge is not None and view.charge.state is OperationState.ACTION:
        return await _show(notice, view, view.charge, headline)
    await notice.say(screens.due_without_code(notice.t, view.plan, headline))
    return None


async def _show(notice: Notice, view: PlanView, charge: Operation, headline: Html | None) -> Finish:
    """Send a code's card; an older card loses its code."""
    t, plan, house = notice.t, view.plan, notice.house
    asked = part_of(plan, charge.id)
    assert asked is not None, "a plan's charge is one of its codes"
    order = replace(await notice.order(), charge=charge)
    method = method_of(house.shop, order)
    screen = screens.part_card(t, plan, asked, charge, method, headline, mark_of(house.shop, charge))
    title = t.plain("Order {order}: {what}", order=plan.id, what=screens.title(t, plan, asked))
    text = with_phrase(t, screen.text, notice.to)
    card = replace(
        screen, text=text, drawing=await picture(notice, order, title, charge.expires_at or house.shop.clock.now())
    )
    message_id = await house.speaker.say(notice.to.id, card, notice.to.id)
    if plan.card_message is not None:
        await retire(notice, order, plan.card_message, t("The payment code is further down."))
    return _remember(plan.id, message_id)


def _remember(order: OrderId, message_id: int | None) -> Finish:
    return lambda uow: uow.plans.save(replace(uow.plans.lock(order), card_message=message_id))


async def part_paid(notice: Notice) -> Finish | None:
    """A part has come: its card turns into a receipt."""
    view = await _plan(notice)
    plan, amount = view.plan, _amount(notice, view, "amount")
    parts = [int(number) for number in notice.extra["parts"].split("-")]
    shown = plan.card_message if view.charge is None else None  # a card further down may ask for the next part already
    screen = screens.paid(notice.t, plan, parts, amount)
    if shown is not None:
        await _stamp(notice, plan.codes[-1].operation, shown, screen.text, amount)
    await notice.say(screen)
    return _remember(plan.id, None) if shown is not None else None


async def _stamp(notice: Notice, operation: str, message_id: int, text: Html, amount: Money) -> None:
    t = notice.t
    charge = await notice.house.store.read(_operation, operation)
    order = replace(await notice.order(), charge=charge)
    if charge.state is not OperationState.SUCCEEDED:  # what it asked for was paid out of held money
        await retire(notice, order, message_id, text)
        return
    arrived = t.plain("Received on {moment}", moment=notice.house.shop.clock.now())
    painted = slip(notice, order, t.plain("PAID"), arrived, amount, good=True)
    await repaint(notice, message_id, Screen(text, drawing=painted))


def _operation(uow: UnitOfWork, operation: str) -> Operation:
    found = uow.operations.get(operation)  # type: ignore[arg-type]
    if found is None:
        raise Gone
    return found


async def part_short(notice: Notice) -> Finish | None:
    """Less than a part has come: the card's code asked for more than is left of it now."""
    view = await _plan(notice)
    amount, shown = _amount(notice, view, "amount"), view.plan.card_message
    screen = screens.short(notice.t, view.plan, amount)
    if shown is not None and view.charge is None:
        await _stamp(notice, view.plan.codes[-1].operation, shown, screen.text, amount)
    await notice.say(screen)
    return _remember(view.plan.id, None) if shown is not None and view.charge is None else None


async def plan_broken(notice: Notice) -> None:
    """To the shopper and the admins."""
    view = await _plan(notice)
    if view.plan.left:
        await notice.say(screens.broken(notice.t, view.plan, admin=notice.to.id != view.plan.shopper))


async def plan_reduced(notice: Notice) -> Finish | None:
    """A refund took off what was not yet paid: a code that asks for it is taken out of the chat."""
    view = await _plan(notice)
    plan = view.plan
    screen = screens.reduced(notice.t, plan, _amount(notice, view, "minor"))
    await notice.say(screen)
    if plan.card_message is None or view.charge is not None:
        return None
    await retire(notice, await notice.order(), plan.card_message, screen.text)
    return _remember(plan.id, None)


async def loss_recovered(notice: Notice) -> None:
    """To the admins: what was written off has come after all."""
    view = await _plan(notice)
    await notice.say(screens.recovered(notice.t, view.plan, _amount(notice, view, "amount")))


KINDS: dict[str, Callable[[Notice], Awaitable[Finish | None]]] = {
    "part_card": part_card,
    "part_due": part_due,
    "part_paid": part_paid,
    "part_short": part_short,
    "plan_broken": plan_broken,
    "plan_reduced": plan_reduced,
    "loss_recovered": loss_recovered,
}
