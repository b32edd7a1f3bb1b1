"""The judges of a story that has ended: the ledger's own check, and the channels' books, which know nothing of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.channels.simulated import Movement
from core.ledger import accounts
from core.ledger.check import check
from core.payments.disputes.dispute import UNDECIDED
from core.payments.instalments.plan import PlanState
from core.payments.operations import OperationKind, OperationState
from core.payments.receipts import ReceiptState
from core.payments.recon.bankline import BankLine, LineKind, LineState
from core.payments.refund import RefundState
from core.payments.settlement.payout import PayoutState
from core.ports import UnitOfWork
from core.shop.orders import OrderState

if TYPE_CHECKING:
    from tests.simulation.rails import Rail
    from tests.simulation.world import World

EVER = 100_000
_OVER = (OperationState.SUCCEEDED, OperationState.REJECTED, OperationState.EXPIRED)


def under_way(uow: UnitOfWork) -> list[str]:
    """What has no end yet."""
    left = [
        f"order {one.id} is {one.state}"
        for one in uow.orders.find(state=(OrderState.PLACED, OrderState.PAID, OrderState.SHIPPED), limit=10)
    ]
    open_ = tuple(state for state in OperationState if state not in _OVER)
    left += [
        f"{one.kind} {one.id} by {one.channel} is {one.state}" for one in uow.operations.find(state=open_, limit=10)
    ]
    states = (RefundState.REQUESTED, RefundState.SCREENED, RefundState.FUNDED, RefundState.FAILED)
    left += [f"refund {one.id} is {one.state}" for one in uow.refunds.find(state=states, limit=10)]
    held = (PayoutState.RESERVED, PayoutState.HELD)
    left += [f"payout {one.id} is {one.state}" for one in uow.payouts.find(state=held, limit=10)]
    left += [f"receipt {one.id} is held" for one in uow.receipts.find(state=ReceiptState.HELD, limit=10)]
    left += [f"exception {one.id} is open" for one in uow.banklines.find(state=LineState.OPEN, limit=10)]
    left += [f"case {one.id} is {one.state}" for one in uow.disputes.find(state=UNDECIDED, limit=10)]
    left += [f"plan {one.id} is {one.state}" for one in uow.plans.find(state=PlanState.ACTIVE, limit=10)]
    left += [
        f"plan {one.id} is broken"
        for one in uow.plans.find(state=PlanState.DEFAULTED, limit=50)
        if not one.written_off_at
    ]
    left += [f"order {one.id} is frozen" for one in uow.orders.walk() if one.frozen]
    if uow.outbox.waiting():
        left.append("effects wait")
    for prefix in ("reserve:", "transit:", "escrow:", "hold:", "dispute_recv", "buyer_instalment:"):
        left += [f"{name} has {minor} {code}" for (name, code), minor in uow.journal.totals(prefix).items() if minor]
    return left or _unstated(uow)


def _unstated(uow: UnitOfWork) -> list[str]:
    """Receipts and sent money that no line has told of yet."""
    return [f"{name} has {minor} {code}" for name, code, minor in _unexplained(uow)]


def _unexplained(uow: UnitOfWork) -> Iterator[tuple[str, str, int]]:
    """What lies in clearing beyond what closed exceptions say."""
    sums: Counter[tuple[str, str]] = Counter()
    for line in uow.banklines.find(state=LineState.CLOSED, limit=EVER):
        if not uow.journal.posted(f"recon:{line.id}"):
            amount = -line.gross if line.document else line.gross
            sums[accounts.clearing(line.channel), amount.asset.code] += amount.minor
    totals = uow.journal.totals("clearing:")
    for name, code in sorted(totals.keys() | sums.keys()):
        if name != accounts.clearing("hand") and totals.get((name, code), 0) != sums[name, code]:
            yield name, code, totals.get((name, code), 0) - sums[name, code]


async def judge(world: World) -> int:
    """Every failure goes to the world's defects; how many entries there are."""
    report = await world.look(lambda uow: check(uow, world.clock.now()))
    found = [f"invariant {one.invariant}: {one.key}: {one.what}" for one in report.findings]
    for rail in world.rails.values():
        found += await world.look(lambda uow, rail=rail: list(_books(uow, rail, world)))
    found += await world.look(lambda uow: list(_bank(uow, world)))
    found += await world.look(lambda uow: list(_owners(uow)))
    found += await world.look(lambda uow: list(_twice(uow, world)))
    world.defects += found
    for one in found:
        world.note("FOUND", one)
    world.note("entries", report.entries, report.head)
    return report.entries


def _books(uow: UnitOfWork, rail: Rail, world: World) -> Iterator[str]:
    """Invariant 9: what a channel took, gave back and paid out is what our books say it did, one by one."""
    moved, name = rail.sim.books.movements, rail.name
    theirs = {one.of: (one.amount.minor, one.amount.asset.code) for one in moved if one.kind == "payment"}
    ours = {one.fact: (one.amount.minor, one.amount.asset.code) for one in uow.receipts.find(channel=name, limit=EVER)}
    for fact in sorted(theirs.keys() | ours.keys()):
        if fact not in ours and _is_listed(uow, rail, fact):
            continue
        if theirs.get(fact) != ours.get(fact):
            yield f"payment {fact} of {name} is {theirs.get(fact)} there and {ours.get(fact)} here"
    for kind, what in ((OperationKind.REFUND, "refund"), (OperationKind.PAYOUT, "payout")):
        sent: Counter[str] = Counter()
        for one in moved:
            if one.kind == what:
                sent[one.reference] -= one.amount.minor
        done = {
            one.reference: one.amount.minor
            for one in uow.operations.find(channel=name, kind=kind, state=OperationState.SUCCEEDED, limit=EVER)
        }
        for reference in sorted(sent.keys() | done.keys()):
            if sent[reference] != done.get(reference, 0):
                yield f"{what} {reference} of {name}: {sent[reference]} there, {done.get(reference, 0)} here"
    back = {one.of for one in moved if one.kind == "payout_returned"}
    returned = {one.of for one in moved if one.kind == "payout" and one.of in back}
    named = {one.reference for one in moved if one.kind == "payout" and one.of in returned}
    for payout in uow.payouts.find(channel=name, limit=EVER):
        if payout.operation in named and payout.state is not PayoutState.RETURNED:
            yield f"payout {payout.id} came back to {name}, and is {payout.state} here"
    yield from _net(uow, rail)


def _net(uow: UnitOfWork, rail: Rail) -> Iterator[str]:
    """No buyer is charged more than their order's price, net, once all that was held has gone back."""
    for (party, code), minor in rail.sim.books.charged().items():
        order = uow.orders.get(party) if party else None
        if order is None or order.quote is None or minor <= 0:
            continue
        elsewhere = sum(
            one.amount.minor
            for one in uow.applications.find(limit=EVER)
            if uow.receipts.need(one.receipt).order == party and one.order != party
        )
        price = uow.quotes.need(order.quote).pay
        if order.paid_at is None and minor > elsewhere and not _lost_to(uow, rail, party):
            yield f"the buyer of {party}, which is not paid, is charged {minor} {code}"
        elif price.asset.code == code and minor - elsewhere > price.minor and not _lost_to(uow, rail, party):
            yield f"the buyer of {party} is charged {minor} {code}, and it costs {price}"


def _lost_to(uow: UnitOfWork, rail: Rail, party: str) -> bool:
    """Whether a payment of this order is one of those that only an exception tells of."""
    facts = [one.of for one in rail.sim.books.movements if one.kind == "payment" and one.party == party]
    return any(not uow.receipts.count(channel=rail.name, fact=fact) for fact in facts)


def _is_listed(uow: UnitOfWork, rail: Rail, fact: str) -> bool:
    """Whether a payment that nobody told of is in a settlement that is listed as not being the sum of its lines."""
    return any(line.kind is LineKind.SETTLEMENT and line.why for line in _lines(uow, rail.name))


def _lines(uow: UnitOfWork, channel: str) -> list[BankLine]:
    return uow.banklines.find(channel=channel, kind=LineKind.SETTLEMENT, limit=EVER)


def _bank(uow: UnitOfWork, world: World) -> Iterator[str]:
    """What our books say the bank account has is what arrived on it, less hedges."""
    theirs: Counter[str] = Counter()
    for rail in world.rails.values():
        theirs.update(rail.sim.books.bank())
    for deal in uow.hedges.find(limit=EVER):
        theirs[deal.sold.asset.code] -= deal.sold.minor
        theirs[deal.bought.asset.code] += deal.bought.minor
    ours = {code: minor for (name, code), minor in uow.journal.totals("bank").items() if name == "bank"}
    for code in sorted(theirs.keys() | ours.keys()):
        if theirs[code] != ours.get(code, 0):
            yield f"the bank has {theirs[code]} {code}, our books say {ours.get(code, 0)}"


def _twice(uow: UnitOfWork, world: World) -> Iterator[str]:
    """No channel here refuses what it then pays out: so nothing was ever sent a second time."""
    for record in uow.journal.walk():
        if record.kind == "refund paid twice" or (record.key.startswith("payout:") and record.key.endswith(":late")):
            yield f"{record.key}: money was sent twice"
    for rail in world.rails.values():
        paid: Counter[tuple[object, str]] = Counter()
        for one in rail.sim.books.movements:
            if one.kind in ("payment", "refund"):
                paid[_payer(uow, rail.name, one), one.amount.asset.code] += one.amount.minor
        for (who, code), minor in paid.items():
            if minor < 0:
                yield f"{who} got {-minor} {code} more back from {rail.name} than they ever paid there"


def _payer(uow: UnitOfWork, channel: str, one: Movement) -> object:
    """Whose a movement is: by the payment that it is or gives back, as an admin may have given it to somebody."""
    if one.kind == "payment":
        known = uow.receipts.find(channel=channel, fact=one.of, limit=1)
    else:
        sent = uow.operations.find(channel=channel, reference=one.reference, kind=OperationKind.REFUND, limit=1)
        known = [uow.receipts.need(each.receipt) for each in sent]
    return known[0].payer if known else one.party


def _owners(uow: UnitOfWork) -> Iterator[str]:
    """Nothing waits for nobody: what is left lies with a seller, with the shop, or in a listed exception."""
    for (name, code), minor in sorted(uow.journal.totals("").items()):
        kind = name.partition(":")[0]
        if minor and kind in ("unapplied", "refund_payable", "escrow", "transit", "hold", "reserve"):
            yield f"{minor} {code} are left in {name}"
