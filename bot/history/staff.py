"""What people and machines do by the day and week, whoever buys: the bank, the clockwork, the admin, the sellers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from bot.history.past import Life, Past
from bot.history.people import NEW_ACCOUNT
from bot.history.stories import ADMIN
from core.ids import SellerId
from core.ledger.chain import seal_all
from core.payments.fx import treasury
from core.payments.fx.desk import Fixing
from core.payments.operations import Operation
from core.payments.receipts import Receipt
from core.payments.recon.bankline import BankLine, LineState, Why
from core.payments.recon.exceptions import close_exception, take_exception
from core.payments.refund import Refund, RefundState
from core.payments.refunds import refund_receipt
from core.payments.settlement.payee import give_account, give_holder
from core.payments.settlement.payout import Payout, PayoutState
from core.payments.settlement.payouts import is_by_hand, paid_by_hand
from core.ports import UnitOfWork

TICK, DAY = timedelta(hours=2), timedelta(days=1)
CUSHION = 800_00  # cents of BRL that payouts leave on the account, for refunds
LATELY = timedelta(days=8)  # what the admin has not come to yet


def at_hour(moment: datetime, hour: float) -> datetime:
    """The next time that it is so many hours after midnight (UTC)."""
    that = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)
    return that if that >= moment else that + DAY


async def clockwork(past: Past) -> Life:
    """The ticks that shoppers and sellers wait for."""
    while True:
        await past.tick()
        yield TICK


async def night(past: Past, newspapers: Mapping[date, list[Fixing]]) -> Life:
    """Rates, payouts whose period has ended, what no statement has told of, and the chain."""
    while True:
        past.learn_rates(newspapers)
        await past.tick_at_night()
        await past.store.write(seal_all, past.now)
        yield DAY


async def bank(past: Past, losses: Iterable[datetime]) -> Life:
    """The end of the bank's day, with its reports. After each of these moments the first ones leave a line out."""
    left = sorted(losses)
    while True:
        loses = bool(left) and past.now >= left[0]
        if past.bank.evening.end_day(lose=loses) and loses:
            left.pop(0)
        await past.hear()
        yield DAY


async def admin(past: Past) -> Life:
    """Makes transfers, looks through the exceptions, closes positions at the end of the month."""
    while True:
        await _try_again(past)
        await _pay_by_hand(past)
        await _look_through(past)
        if past.now.day == 1:
            await _hedge(past)
        yield DAY


async def _try_again(past: Past) -> None:
    """Refunds that the bank refused because there was not enough on the account."""
    for refund, receipt in await past.look(_refused):
        if not receipt.held and _has(past, refund.amount.minor):
            await past.do(refund_receipt, ADMIN, receipt.id)


def _refused(uow: UnitOfWork) -> list[tuple[Refund, Receipt]]:
    failed = uow.refunds.find(state=RefundState.FAILED, newest=False, limit=100)
    found = [(one, uow.receipts.need(one.receipt)) for one in failed]
    return [(refund, receipt) for refund, receipt in found if receipt.channel == "pix"]


def _has(past: Past, cents: int) -> bool:
    return past.bank.books.balance("merchant:BRL") >= cents


async def _pay_by_hand(past: Past) -> None:
    for payout, operation in await past.look(_to_pay, past.end - LATELY):
        reference = f"TT{past.dice.randrange(10**10):010d}"  # of the bank in China that the pocket bank is not
        if operation.channel == "pix":
            if not _has(past, payout.sent.minor + CUSHION):
                continue
            key, _, holder = operation.target.partition("\n")
            reference = past.bank.merchants.send_pix(key, holder, str(payout.sent.decimal))
        await past.do(paid_by_hand, ADMIN, payout.id, reference)


def _to_pay(uow: UnitOfWork, before: datetime) -> list[tuple[Payout, Operation]]:
    payouts = uow.payouts.find(state=PayoutState.RESERVED, before={"created_at": before}, newest=False, limit=500)
    found = [(one, uow.operations.need(one.operation)) for one in payouts if one.operation is not None]
    return [(payout, operation) for payout, operation in found if is_by_hand(operation)]


async def _look_through(past: Past) -> None:
    """Transfers that no bank of ours tells of are explained; the rest too, but for the latest."""
    for line in await past.look(_open_lines):
        if line.channel == "hand":
            await past.do(close_exception, ADMIN, line.id, "On the statement of the bank in Hangzhou.")
        elif line.opened_at < past.end - LATELY:
            await past.do(close_exception, ADMIN, line.id, "The bank confirms it; its statement left the line out.")
        elif line.why is Why.MISSING and not line.owner:
            await past.do(take_exception, ADMIN, line.id)


def _open_lines(uow: UnitOfWork) -> list[BankLine]:
    return uow.banklines.find(state=LineState.OPEN, newest=False, limit=500)


async def _hedge(past: Past) -> None:
    """Deals with a dealer elsewhere: the pocket bank deals in no currencies."""
    for number, deal in enumerate(await past.look(treasury.proposals, past.shop)):
        await past.do(treasury.hedge, ADMIN, deal.sell, deal.buy, f"DEAL-{past.now:%y%m}-{number + 1}")


async def returns(past: Past, seller: SellerId) -> Life:
    """The bank of a seller sends one payout back; the seller names another account a day later."""
    while not (sent := await past.look(_paid, seller)):
        yield DAY
    _, operation = sent[-1]
    past.bank.merchants.give_back(operation.reference, "AC04")
    await past.hear()
    yield DAY
    who = await past.look(lambda uow: uow.sellers.need(seller))
    await past.do(give_account, who.person, NEW_ACCOUNT)
    await past.do(give_holder, who.person, who.holder)


def _paid(uow: UnitOfWork, seller: SellerId) -> list[tuple[Payout, Operation]]:
    payouts = uow.payouts.find(state=PayoutState.PAID, seller=seller, channel="sepa", limit=5)
    return [(one, uow.operations.need(one.operation)) for one in payouts if one.operation is not None]
