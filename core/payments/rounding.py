"""The proof of invariant 11: what rounding leaves is under a minor unit a split, and never grows unseen.

`pnl:rounding` takes the units that a split leaves, and what the policy lets pass of a price that was paid short
(`holding.short_ok_minor`). So an order may have brought it that shortfall, or what stays of it after refunds, and one
unit in each currency with each entry; a payout that was converted one unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from core.ids import OrderId
from core.ledger import accounts
from core.ledger.chain import Record
from core.ledger.finding import Finding
from core.ledger.judge import Judge
from core.payments.pockets import captured
from core.ports import UnitOfWork

INVARIANT = 11


class Rounding(Judge):
    """Keeps the orders whose entries have touched the account: few of them all."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._sums: dict[OrderId, Counter[str]] = {}
        self._entries: Counter[tuple[OrderId, str]] = Counter()

    def see(self, record: Record) -> Iterator[Finding]:
        """Judge.see."""
        moved: Counter[str] = Counter()
        for account, minor, code in record.legs:
            if account == accounts.ROUNDING:
                moved[code] += minor
        if not moved:
            return
        if record.order is None:
            for code, minor in moved.items():
                if abs(minor) > 1:
                    yield Finding(INVARIANT, record.key, f"{minor:+} {code} minor units are left of one split")
            return
        self._sums.setdefault(record.order, Counter()).update(moved)
        self._entries.update((record.order, code) for code in moved)

    def end(self) -> Iterator[Finding]:
        """Judge.end."""
        for order, sums in self._sums.items():
            for code, minor in sums.items():
                may = self._entries[order, code] + self._let_pass(order, code)
                if abs(minor) > may:
                    what = f"its splits have left {minor:+} {code} minor units, and {may} at most would be rounding"
                    yield Finding(INVARIANT, order, what)

    def _let_pass(self, order_id: OrderId, code: str) -> int:
        """What is missing of the order's price by the policy's leave, in minor units."""
        order = self._uow.orders.get(order_id)
        quote = self._uow.quotes.get(order.quote) if order is not None and order.quote else None
        if order is None or quote is None or quote.pay.asset.code != code:
            return 0
        return max(0, quote.pay.minor - captured(self._uow, order).minor)
