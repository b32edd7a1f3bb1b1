"""Judging a payment: may it go on, must the shopper prove first that it is they, or not at all; it takes the holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from core.errors import Refusal, sentence
from core.ids import OrderId
from core.ledger.finding import Finding
from core.money import Money
from core.payments.fx.quote import Quote
from core.policy.rule import Line
from core.ports import Duplicate, UnitOfWork
from core.risk import limits, windows
from core.risk.challenge import Challenge
from core.risk.deciding import Outcome, decide, is_now, is_of
from core.risk.decision import Decision, Facts, Verdict
from core.risk.devices import cooling
from core.risk.holds import Purse
from core.risk.knowing import facts_about, known_of, proof_of, sums_of
from core.risk.refusals import refusal_of
from core.risk.rulebook import COOL, Book, Rulebook, book_at, digest_of, own_lines, read_book
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.orders import Order


class StepUpNeeded(Refusal):
    """The payment must be confirmed by its shopper first; nothing was taken. Parameters: order, factors, amount.

    `decision` is what was decided and from what; `because` in it is the line that asks.
    """

    sentence = sentence("Before you pay {amount} for order {order}, please prove that it is you.")

    def __init__(self, *, order: OrderId, factors: int, amount: Money, decision: Decision | None = None) -> None:
        super().__init__(order=order, factors=factors, amount=amount)
        self.order, self.factors, self.amount, self.decision = order, factors, amount, decision


def judge(uow: UnitOfWork, shop: Shop, order: Order, quote: Quote, now: datetime, *, prepaid: bool = False) -> Decision:
    """Decide on a payment, take its amount from every limit it falls under, and keep what was decided and why.

    `prepaid`: the money is with the shop already, so that nothing is authorised anew. Raises StepUpNeeded, the refusal
    of a limit (limits.LimitRefusal), or NoRate, StaleRate, RatesPart; the transaction must then come to nothing.
    """
    book = book_at(shop.policy, now)
    person, seller = uow.people.need(order.shopper), uow.sellers.need(order.seller)
    proof, passed, strong = proof_of(uow, shop, order, quote, now)
    known = {**known_of(shop, order, person, seller, minds_rail=book.minds_rail), **proof}
    if prepaid:
        known["prepaid"] = "yes"
    facts = facts_about(order, quote, now, known, uow.own_limits.get(order.shopper))
    lines = _lines(book, facts)
    facts = replace(facts, sums=sums_of(shop, order, quote.pay, now, lines))
    where = limits.places(facts, lines, strong)
    held = {name: limits.without_ended(uow, purse) for name, purse in limits.purses(uow, where).items()}
    looked_at = {place.window: place for place in where}  # lines of one window count the same payments
    seen = {name: windows.used(held[at.purse].used, name, at.tag, now) for name, at in looked_at.items()}
    outcome = decide(facts, lines, seen)
    decision = _decision(shop.ids.new(), outcome, facts, book.id, seen)
    if outcome.verdict is Verdict.REFUSE:
        renews = _renewal(uow, shop, outcome, facts, held)
        refusal = refusal_of(outcome, facts, renews, shop.policy.risk.raise_after)
        refusal.decision = decision
        raise refusal
    if outcome.verdict is Verdict.STEP_UP:
        raise StepUpNeeded(order=order.id, factors=outcome.factors, amount=quote.pay, decision=decision)
    limits.take(uow, facts, where, held)
    _use_up(uow, passed, now)
    _keep_book(uow, book, now)
    if decision.triggers:
        for admin in sorted(shop.admins):
            tell(uow, now, admin, "rule_triggers", order.id)
    return uow.decisions.add(decision)


def _lines(book: Book, facts: Facts) -> tuple[Line, ...]:
    """The lines that concern a payment, the shopper's own among them."""
    return tuple(
        line for line in (*_of(book, tuple(facts.known.items())), *own_lines(facts.own)) if is_now(line, facts)
    )


@lru_cache(maxsize=1024)
def _of(book: Book, known: tuple[tuple[str, str], ...]) -> tuple[Line, ...]:
    """Payments of which the same is known have the same lines; most are like one before."""
    facts = dict(known)
    return tuple(line for line in book.lines if is_of(line, facts))


def _decision(id: str, outcome: Outcome, facts: Facts, book: str, seen: dict[str, int]) -> Decision:
    return Decision(
        id=id,
        order=facts.order,
        person=facts.shopper,
        verdict=outcome.verdict,
        because=outcome.line.id if outcome.line else "",
        factors=outcome.factors,
        facts=facts,
        book=book,
        at=facts.at,
        seen=seen,
        notes=outcome.notes,
    )


def _renewal(uow: UnitOfWork, shop: Shop, outcome: Outcome, facts: Facts, held: dict[str, Purse]) -> datetime | None:
    """When some of what stood in the way is there again."""
    line = outcome.line
    assert line is not None
    if line.rule == COOL:
        return cooling(uow, facts.shopper, facts.at, shop.policy)
    if line.metric not in windows.SUMMED:
        return None
    entries = held[limits.purse_id(line.whose, facts)].used
    first = windows.renewal(entries, windows.window_of(line, facts.seller), facts.at)
    return first or windows.ends(line.metric, line.zone, line.days, line.hours, facts.at)


def _use_up(uow: UnitOfWork, passed: list[Challenge], now: datetime) -> None:
    """A proof confirms one payment."""
    for challenge in passed:
        uow.challenges.save(replace(challenge, used_at=now))


def _keep_book(uow: UnitOfWork, book: Book, now: datetime) -> None:
    if not uow.rulebooks.count(id=book.id):
        with suppress(Duplicate):
            uow.rulebooks.add(Rulebook(book.id, book.text, now))


def keep(uow: UnitOfWork, shop: Shop, refused: LimitOrStepUp) -> None:
    """Keep the decision behind a refusal, in a transaction of its own: the one that it was made in came to nothing."""
    decision = refused.decision
    if decision is not None:
        _keep_book(uow, book_at(shop.policy, decision.at), decision.at)
        with suppress(Duplicate):
            uow.decisions.add(decision)


LimitOrStepUp = limits.LimitRefusal | StepUpNeeded


@lru_cache(maxsize=64)
def _read(id: str, text: str) -> tuple[Line, ...] | None:
    return read_book(text) if digest_of(text) == id else None


def replay(uow: UnitOfWork, decision: Decision) -> Outcome | None:
    """Decide again from what was kept. None when the rules that were in force are not there, or others by now."""
    book = uow.rulebooks.get(decision.book)
    lines = _read(book.id, book.text) if book else None
    if lines is None:
        return None
    return decide(decision.facts, (*lines, *own_lines(decision.facts.own)), decision.seen)


def check(uow: UnitOfWork) -> Iterator[Finding]:
    """Invariant 16: every decision comes out the same from what was kept with it."""
    for decision in uow.decisions.walk():
        outcome = replay(uow, decision)
        if outcome is None:
            yield Finding(16, decision.id, "the rules that it was made by are not kept")
            continue
        again = _decision(decision.id, outcome, decision.facts, decision.book, decision.seen)
        if replace(again, version=decision.version) != decision:
            said = f"{decision.verdict} {decision.because}".strip()
            yield Finding(
                16, decision.id, f"it says {said}; decided again it is {again.verdict} {again.because}".strip()
            )
