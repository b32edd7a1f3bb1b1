"""What core needs of the world: shelves to keep things on, a journal, an inbox, an outbox, channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Protocol, TypeVar, runtime_checkable

from core.ids import IntentId, OperationId, OrderId, PersonId, ProductId, QuoteId, SellerId
from core.ledger.anchor import Anchor
from core.ledger.chain import Posting, Record, Seal
from core.ledger.journal import Entry, Leg
from core.money import Asset, Money
from core.payments.applied import Application
from core.payments.disputes.dispute import Dispute, Evidence
from core.payments.fx.hedge import Hedge
from core.payments.fx.quote import Quote
from core.payments.instalments.plan import Plan
from core.payments.operations import Intent, Operation
from core.payments.receipts import Receipt
from core.payments.recon.bankline import BankLine
from core.payments.refund import Refund
from core.payments.settlement.payout import Payout
from core.people import AuditLine, Dialog, Person, Seller
from core.risk.challenge import Challenge
from core.risk.credentials import Credential
from core.risk.decision import Decision
from core.risk.device import Device
from core.risk.holds import Counter, Hold, Purse
from core.risk.issued import Issued, Lookalike
from core.risk.own import OwnLimits
from core.risk.recovery import Recovery
from core.risk.rulebook import Rulebook
from core.shop.cart import Cart
from core.shop.catalogue import Product
from core.shop.orders import Order

K = TypeVar("K", contravariant=True)
T = TypeVar("T")
R = TypeVar("R")


class Shelf(Protocol[K, T]):
    """Where things of one noun are kept: frozen dataclasses with a `version`; a save must name the version read."""

    def get(self, key: K) -> T | None:
        """The thing, or None."""
        ...

    def need(self, key: K) -> T:
        """The thing. Raises core.errors.Gone."""
        ...

    def lock(self, key: K) -> T:
        """As `need`, and nobody else can change it until this transaction ends (row lock; a no-op with one writer)."""
        ...

    def add(self, thing: T) -> T:
        """Put a new thing. Raises Duplicate when its key, or a unique fact in it, is there already.

        The transaction goes on after Duplicate: a verb may catch it where "there already" is fine.
        """
        ...

    def save(self, thing: T) -> T:
        """Replace the thing read at `thing.version`; returns it with the next version.

        A lost race is settled by storage: the whole transaction is run again on what is true now.
        """
        ...

    def shift(self, key: K, field: str, by: int, *, least: int = 0, most: int | None = None) -> bool:
        """Add `by` to a whole-number field in one guarded step. False, and nothing done, if it would leave least..most.

        Does not bump the version: a shopper taking stock must not void the seller's open edit page.
        """
        ...

    def find(
        self,
        *,
        before: Mapping[str, datetime] | None = None,
        since: Mapping[str, datetime] | None = None,
        newest: bool = True,
        limit: int = 50,
        offset: int = 0,
        **equals: Any,
    ) -> list[T]:
        """Things whose fields equal the given values (a tuple means any of them); `before` means <=, `since` >=.

        Ordered by the noun's own time field, newest first unless told otherwise, then by key.
        """
        ...

    def count(
        self,
        *,
        before: Mapping[str, datetime] | None = None,
        since: Mapping[str, datetime] | None = None,
        **equals: Any,
    ) -> int:
        """How many `find` would give without its limit."""
        ...

    def walk(self) -> Iterator[T]:
        """Every thing there is, by key. In pages: for audits, within one `Store.survey`."""
        ...


class Journal(Protocol):
    """The books."""

    def post(self, entry: Entry) -> None:
        """Write it. Raises Duplicate when its key was posted before."""
        ...

    def posted(self, key: str) -> bool:
        """Whether an entry of this key stands."""
        ...

    def entry(self, key: str) -> Entry:
        """The entry of this key. Raises core.errors.Gone."""
        ...

    def balance(self, account: str, of: Asset, at: datetime | None = None) -> Money:
        """Debits minus credits of one account in one asset: now, or by the entries of a moment and before."""
        ...

    def legs_of(self, order: OrderId) -> list[Leg]:
        """Every leg of every entry of an order, in posting order."""
        ...

    def entries_of(self, account: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The entries with a leg on an account, from `since` on and before `until`, in their order of arrival."""
        ...

    def totals(self, prefix: str, at: datetime | None = None) -> dict[tuple[str, str], int]:
        """(account, asset code) → debits minus credits in minor units, of the accounts that start with `prefix`.

        Now, or by the entries of a moment and before; accounts that had none by then are left out.
        """
        ...

    def count(self) -> tuple[int, int]:
        """How many entries there are, and how many of them are sealed."""
        ...

    def history(self, order: OrderId) -> list[Record]:
        """The entries of an order, in their order of arrival."""
        ...

    def walk(self) -> Iterator[Record]:
        """Every entry there is: the sealed ones in the order of the chain, then the others in their order of arrival.

        In pages, for audits: within one `Store.survey`, and nothing else may use the journal of that unit meanwhile
        but to read it.
        """
        ...

    def balances(self) -> Iterator[Posting]:
        """Every stored balance (account, minor units, asset code), by account and asset. In pages, for audits."""
        ...

    def head(self) -> tuple[int, str]:
        """Number and link of the last sealed entry; 0 and core.ledger.chain.ROOT before the first."""
        ...

    def unsealed(self, limit: int) -> list[Record]:
        """The entries that are not sealed, first come first."""
        ...

    def chain(self, links: Iterable[tuple[int, int, str]]) -> None:
        """Seal entries: `seq`, number and link of each. For core.ledger.chain.seal alone."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """An outside event as it came in: `key` is its natural key within `source`, `body` its raw text."""

    source: str
    key: str
    body: str
    received_at: datetime
    digest: str


class Inbox(Protocol):
    """Every outside event once. A row is OPEN until it is settled."""

    def put(self, message: Message) -> bool:
        """Keep it; False when the same key with the same digest is known. Raises Altered when the content differs."""
        ...

    def is_open(self, source: str, key: str) -> bool:
        """Whether it is kept and not yet settled."""
        ...

    def settle(self, source: str, keys: Iterable[str]) -> None:
        """Mark as done."""
        ...

    def open(self, source: str, limit: int = 1000) -> list[Message]:
        """What is not settled, oldest first."""
        ...

    def forget(self, source: str, before: datetime) -> int:
        """Drop settled rows received before a moment; returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class Effect:
    """Something still to do, written in the transaction of the fact it follows from.

    `topic` names the worker's handler, `lane` keeps order among effects that share it, `key` (unique) makes it once.
    """

    key: str
    topic: str
    lane: str
    data: dict[str, str]
    due_at: datetime
    attempts: int = 0


class Outbox(Protocol):
    """Effects still to do, with leases."""

    @property
    def grown(self) -> bool:
        """Whether this transaction has put any."""
        ...

    def put(self, effect: Effect) -> None:
        """Keep it; a known key is left as it is."""
        ...

    def is_due(self, now: datetime) -> bool:
        """Whether `lease` would give anything. Writes nothing."""
        ...

    def lease(self, now: datetime, until: datetime, limit: int = 64) -> list[Effect]:
        """Take effects that are due and not leased by a living worker; they are this worker's until `until`."""
        ...

    def free(self) -> None:
        """End every lease: whoever held them is dead."""
        ...

    def done(self, keys: Iterable[str], at: datetime) -> None:
        """They have been carried out."""
        ...

    def again(self, key: str, due_at: datetime, why: str) -> None:
        """Try later; counts an attempt. `why` is a short word for the operator, without personal data."""
        ...

    def waiting(self) -> int:
        """How many are still to do."""
        ...


class Duplicate(Exception):
    """The database refused a second thing of the same key."""


class Altered(Exception):
    """A known event id came back with other content: an alarm, never an update."""


@dataclass(frozen=True, slots=True)
class StoredFixing:
    """A rate the shop has learned: `rate` units of `code` for one euro, fixed `on` a day, from `source`."""

    id: str
    code: str
    rate: Fraction
    on: date
    source: str
    learned_at: datetime
    version: int = 0


class UnitOfWork(Protocol):
    """One transaction. Whatever a verb puts here is kept together or not at all."""

    people: Shelf[PersonId, Person]
    sellers: Shelf[SellerId, Seller]
    dialogs: Shelf[PersonId, Dialog]
    audit: Shelf[str, AuditLine]
    products: Shelf[ProductId, Product]
    carts: Shelf[PersonId, Cart]
    orders: Shelf[OrderId, Order]
    quotes: Shelf[QuoteId, Quote]
    intents: Shelf[IntentId, Intent]
    operations: Shelf[OperationId, Operation]
    receipts: Shelf[str, Receipt]
    applications: Shelf[str, Application]
    refunds: Shelf[str, Refund]
    disputes: Shelf[str, Dispute]
    evidence: Shelf[str, Evidence]
    plans: Shelf[OrderId, Plan]
    payouts: Shelf[str, Payout]
    banklines: Shelf[str, BankLine]
    hedges: Shelf[str, Hedge]
    seals: Shelf[int, Seal]
    anchors: Shelf[str, Anchor]
    counters: Shelf[str, Counter]
    purses: Shelf[str, Purse]
    holds: Shelf[str, Hold]
    own_limits: Shelf[PersonId, OwnLimits]
    rulebooks: Shelf[str, Rulebook]
    decisions: Shelf[str, Decision]
    credentials: Shelf[str, Credential]
    challenges: Shelf[str, Challenge]
    recoveries: Shelf[str, Recovery]
    devices: Shelf[str, Device]
    issued: Shelf[str, Issued]
    lookalikes: Shelf[str, Lookalike]
    fixings: Shelf[str, StoredFixing]
    journal: Journal
    inbox: Inbox
    outbox: Outbox


class Store(Protocol):
    """Runs transactions. `work` is synchronous: no network call can slip into it. No disk is waited for on the loop."""

    async def write(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """Run `work(uow, *args, **kwargs)` and commit: acknowledged when on disk. What it raises is raised here."""
        ...

    async def read(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """Run `work(uow, *args, **kwargs)` on a snapshot that cannot be written. For few rows: nobody else may wait."""
        ...

    async def survey(self, work: Callable[..., R], /, *args: Any, **kwargs: Any) -> R:
        """As `read`, for hundreds of rows and more: a search, a statistic, a list. It is in nobody's way."""
        ...


class Pictures(Protocol):
    """Product pictures, by the digest of their bytes."""

    def put(self, jpeg: bytes) -> str:
        """Keep them; returns the digest."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes. Raises Gone."""
        ...


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The channel proved that the money moved.

    Of a charge it may say more, so that it becomes the same fact as the webhook's: what came in (less than asked in a
    partial capture; nothing said is all of it), the channel's own id of the payment, and when the payer paid.
    """

    evidence: str
    amount: Money | None = None
    fact: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The channel proved that it did not and will not."""

    reason: str  # the channel's own code, such as AC04


@dataclass(frozen=True, slots=True)
class ActionNeeded:
    """The buyer must act: `payload` is what the QR says."""

    payload: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Accepted; the outcome comes as a message. `by_hand`: the operator has to do it at their bank."""

    evidence: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """No proof either way: a timeout, a broken answer. Never a failure."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The channel knows no such command. Proves something only once its `visibility` has passed since the last one."""


Outcome = Succeeded | Rejected | ActionNeeded | Pending | Unknown
Answer = Outcome | NotFound


class Channel(Protocol):
    """One payment rail: the only part of core that talks to a network. None of its calls raises: trouble is Unknown."""

    name: str
    idempotent: bool  # the same key may be sent again after an unknown outcome
    key_life: timedelta | None  # … for so long after it was sent first; None for ever
    visibility: timedelta  # how long it may deny a command that it has; longer than it waits for an answer

    async def refund(self, operation: Operation) -> Outcome:
        """Send the operation's amount back to `target`."""
        ...

    async def payout(self, operation: Operation) -> Outcome:
        """Send the operation's amount to a seller, at `target`."""
        ...

    async def query(self, operation: Operation) -> Answer:
        """What became of a command, asked by its key. Changes nothing. A rail that cannot be asked says Unknown."""
        ...


@runtime_checkable
class Charging(Channel, Protocol):
    """A rail that is asked for its charges. One whose codes are our own offer has none to ask for (Method.issue)."""

    async def charge(self, operation: Operation) -> Outcome:
        """Ask for the operation's amount."""
        ...

    async def void(self, operation: Operation) -> Outcome:
        """Make a charge unpayable. Rejected proves that nobody can pay it any more; Succeeded that somebody has."""
        ...
