"""The tables that lead from what a person did to the handler that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.admin import commands as admin
from bot.admin import disputes as cases
from bot.admin import fx as treasury
from bot.admin import instalments as plans
from bot.admin import money, operations, payouts, recon, recover, watching
from bot.screens.screen import Screen
from bot.seller import selling, settling
from bot.shopper import (
    browsing,
    buying,
    disputing,
    genuine,
    held,
    instalments,
    limits,
    one_tap,
    orders,
    phrase,
    secrets,
    security,
    stepping,
)
from bot.shopper import devices as own_devices
from bot.visit import Visit
from bot.words import Html, Word, Words
from core.shop import visitors

Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command, who may see it in /help and the menu, what it is for, and how many words it takes at most."""

    handler: Handler
    role: str  # "everyone", "seller", "admin"
    purpose: Word
    words: int = 0  # what is written beyond them is nothing to this command


async def help_(visit: Visit, *_: str) -> None:
    """/help: what this person can do."""
    roles = ["everyone", *(["seller"] if await visit.seller() else []), *(["admin"] if visit.is_admin else [])]
    lines = [visit.t("<b>What you can do here</b>"), Html("")]
    for name, command in COMMANDS.items():
        if command.role in roles:
            lines.append(visit.t("/{command} — {purpose}", command=name, purpose=command.purpose))
    await visit.say(Screen(Html("\n").join(lines)))


async def leave_it(visit: Visit, *_: str) -> None:
    """/cancel or the button: drop the question that is open."""
    await visit.note(visitors.stop_asking)
    await visit.toast(visit.t.plain("All right, left."))


async def shelf(visit: Visit, *_: str) -> None:
    """/shop."""
    await browsing.shelf(visit)


async def ask_address(visit: Visit, *_: str) -> None:
    """/address."""
    await buying.ask_address(visit, "")


COMMANDS: dict[str, Command] = {
    "start": Command(browsing.start, "everyone", Word("the first page"), 1),
    "shop": Command(shelf, "everyone", Word("see what is for sale")),
    "cart": Command(buying.cart, "everyone", Word("your cart")),
    "orders": Command(admin.orders, "everyone", Word("your orders"), 1),
    "order": Command(admin.order, "everyone", Word("one order by its number"), 1),
    "plans": Command(instalments.plans, "everyone", Word("what you pay in parts")),
    "disputes": Command(cases.disputes_, "everyone", Word("the open disputes")),
    "held": Command(held.held, "everyone", Word("your money that paid no order")),
    "quickpay": Command(one_tap.quickpay, "everyone", Word("pay by one tap: on, off, and how")),
    "phrase": Command(phrase.phrase, "everyone", Word("the words by which you know our payment cards")),
    "limits": Command(limits.limits, "everyone", Word("how much you may pay, and your own limits"), 2),
    "devices": Command(own_devices.devices, "everyone", Word("the devices on which you confirmed something")),
    "qr": Command(genuine.qr, "everyone", Word("is this payment code genuine?")),
    "security": Command(security.security, "everyone", Word("how you confirm payments: PIN, codes, the way back")),
    "address": Command(ask_address, "everyone", Word("your address")),
    "language": Command(browsing.languages, "everyone", Word("choose the language")),
    "currency": Command(browsing.currencies, "everyone", Word("choose the currency prices are shown in"), 1),
    "cancel": Command(leave_it, "everyone", Word("drop the question I asked")),
    "help": Command(help_, "everyone", Word("this list")),
    "sell": Command(selling.sell, "seller", Word("put a product on sale")),
    "products": Command(selling.products, "seller", Word("your products")),
    "sales": Command(selling.sales, "seller", Word("what you sold")),
    "payout": Command(settling.payout, "seller", Word("where your money goes")),
    "statement": Command(settling.show_statement, "seller", Word("your statement; a month, week or day may follow"), 2),
    "stats": Command(admin.stats, "admin", Word("the shop in figures")),
    "sellers": Command(admin.sellers, "admin", Word("the sellers; add opens one"), 16),
    "refund": Command(money.refund, "admin", Word("send an order’s or a held payment’s money back"), 3),
    "assign": Command(money.assign, "admin", Word("give held money to an order"), 2),
    "reroute": Command(money.reroute, "admin", Word("send a refund to another account"), 8),
    "writeoff": Command(plans.write_off, "admin", Word("take an unpaid plan as the shop’s loss"), 1),
    "resolve": Command(operations.resolve, "admin", Word("say how a command in doubt ended, and what proves it"), 24),
    "dispute": Command(cases.dispute, "admin", Word("one dispute, or how it ends"), 4),
    "freeze": Command(watching.freeze, "admin", Word("keep an order’s money where it is; say why"), 40),
    "thaw": Command(watching.thaw, "admin", Word("let an order’s money move again"), 1),
    "recover": Command(recover.recover, "admin", Word("let somebody who forgot their PIN back in"), 60),
    "recon": Command(recon.recon, "admin", Word("bank statements and reports against the books")),
    "payouts": Command(payouts.payouts, "admin", Word("the payouts to sellers")),
    "hold": Command(payouts.hold, "admin", Word("stop a payout"), 1),
    "release": Command(payouts.release, "admin", Word("send a payout that was stopped"), 1),
    "paid": Command(payouts.paid, "admin", Word("say that you made a payout, and its reference"), 8),
    "channels": Command(admin.channels, "admin", Word("the ways to pay")),
    "rates": Command(admin.rates, "admin", Word("the exchange rates")),
    "rate": Command(admin.rate, "admin", Word("enter an exchange rate"), 3),
    "fx": Command(treasury.fx, "admin", Word("what is open in foreign currencies")),
    "hedge": Command(treasury.hedge, "admin", Word("book a currency deal made outside"), 16),
}

PRESSES: dict[str, Handler] = {
    "sh": browsing.shelf,
    "pr": browsing.product,
    "lg": browsing.languages,
    "ls": browsing.speak,
    "cu": browsing.currencies,
    "cs": browsing.price_in,
    "ct": buying.cart,
    "ca": buying.add,
    "cq": buying.change,
    "ce": buying.empty,
    "bn": buying.buy_now,
    "co": buying.check_out,
    "rv": buying.review,
    "rq": buying.quantity,
    "me": buying.methods,
    "mc": buying.choose_method,
    "ad": buying.ask_address,
    "ok": buying.confirm,
    "dx": buying.drop,
    "os": orders.own_orders,
    "ov": orders.order,
    "oc": orders.code_again,
    "ox": orders.cancel,
    "or": orders.received,
    "dw": disputing.wrong,
    "dr": disputing.complain,
    "de": disputing.ask_evidence,
    "df": disputing.ask_refund,
    "dg": disputing.refund,
    "hr": held.send_back,
    "ht": held.top_up,
    "hu": held.take_up,
    "ho": held.use_for,
    "hx": held.ask_account,
    "pw": orders.other_ways,
    "po": orders.pay_otherwise,
    "ic": instalments.choose,
    "in": instalments.pay_next,
    "ia": instalments.pay_rest,
    "oa": admin.all_orders,
    "rl": recon.page,
    "rx": recon.exception,
    "rt": recon.take,
    "rc": recon.ask_note,
    "mp": selling.products,
    "ms": selling.sales,
    "pe": selling.edit,
    "pd": selling.take_down,
    "pu": selling.put_back,
    "sp": selling.ask_tracking,
    "pa": settling.ask_account,
    "cv": settling.convert,
    "sd": settling.statement_of,
    "ph": phrase.change,
    "qp": one_tap.pay,
    "qm": one_tap.choose,
    "kp": stepping.press,
    "kf": stepping.choose,
    "kc": stepping.send_again,
    "kx": stepping.leave,
    "sn": security.set_pin,
    "sa": security.add_app,
    "se": security.ask_code_address,
    "sr": security.remove,
    "sw": security.new_recovery_code,
    "sk": security.written_down,
    "sf": security.forgot,
    "sq": security.ask_shop,
    "sx": security.stop_recovery,
    "lo": limits.ask,
    "lr": limits.take_away,
    "dn": own_devices.not_me,
    "st": leave_it,
}

# A card in a group may be pressed by anyone, but only for this.
PUBLIC_PRESSES = frozenset({"ca"})


async def hear(visit: Visit) -> None:
    """Free text, a photo or a file: the answer to the question that is open, if there is one."""
    if leak := secrets.told(visit):
        await secrets.warn(visit, leak)
        return
    dialog = await visit.dialog()
    step, data = (dialog.step, dict(dialog.data)) if dialog else ("", {})
    kind, _, field = step.partition(".")
    text = (visit.message.text or "") if visit.message else ""
    match kind:
        case _ if await stepping.caught(visit, text):
            return
        case "code_address":
            await security.hear_code_address(visit, text)
        case "address":
            await buying.hear_address(visit, text, **data)
        case "own_limit":
            await limits.hear(visit, text, **data)
        case "phrase":
            await phrase.hear(visit, text)
        case "sell":
            await selling.hear_answer(visit, field, **data)
        case "edit":
            await selling.hear_edit(visit, field, **data)
        case "reroute":
            await held.hear_account(visit, text, **data)
        case "evidence":
            await disputing.hear_evidence(visit, text, **data)
        case "recon":
            await recon.hear_note(visit, text, **data)
        case "payee":
            await settling.hear(visit, text, field)
        case "ship":
            await selling.hear_tracking(visit, text, **data)
        case _ if genuine.is_picture(visit.message):
            await genuine.hear_picture(visit)
        case _ if genuine.is_code(text):
            await genuine.hear_text(visit, text)
        case _ if visit.is_admin and visit.message and visit.message.document:
            await recon.statement(visit)
        case _:
            await browsing.home(visit)


def menu(t: Words, *roles: str) -> list[tuple[str, str]]:
    """(command, purpose) of these roles, for Telegram's command menu."""
    return [(name, t.word(one.purpose)) for name, one in COMMANDS.items() if one.role in roles and name != "order"]
