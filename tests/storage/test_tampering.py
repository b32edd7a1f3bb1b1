"""Whoever changes the books behind the shop's back is found, and the place is named."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.ledger import accounts, anchor, chain
from core.ledger.check import Report, check
from core.ledger.finding import Finding
from core.ledger.journal import credit, debit, entry
from core.money import Money
from core.ports import UnitOfWork
from storage.look import look, put
from storage.vault import Vault
from tests.storage.things import EUR, later

SALES = 6


def _sale(uow: UnitOfWork, number: int) -> None:
    """A sale in two entries: E1 and R1 for order O1."""
    price, order = Money(100 * number, EUR), f"O{number}"
    paid = debit(accounts.clearing("sepa"), price), credit(accounts.escrow(order), price)
    freed = debit(accounts.escrow(order), price), credit(accounts.available("S1"), price)
    uow.journal.post(entry(f"E{number}", later(number), "capture", *paid, order=order))
    uow.journal.post(entry(f"R{number}", later(number + 0.5), "release", *freed, order=order))


def _busy_shop(uow: UnitOfWork) -> None:
    """Twelve entries in three seals of four, and one more that is not sealed yet."""
    for number in range(1, SALES + 1):
        _sale(uow, number)
    while chain.seal(uow, later(60), 4):
        pass
    _sale(uow, SALES + 1)


@pytest.fixture
def books(shop_file: Path, vault: Vault) -> Path:
    put(shop_file, vault, _busy_shop)
    return shop_file


def checked(books: Path, vault: Vault, **options: Any) -> Report:
    """The ledger's own checks: these books have entries alone, and no orders that they are of."""
    options.setdefault("elsewhere", ())
    return look(books, vault, lambda uow: check(uow, later(90), source=random.Random(1), **options))


def found(books: Path, vault: Vault, **options: Any) -> dict[int, Finding]:
    return {finding.invariant: finding for finding in checked(books, vault, **options).findings}


def tamper(books: Path, *statements: str) -> None:
    with sqlite3.connect(books) as connection:  # as from the sqlite3 shell: foreign keys are not looked at
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
    connection.close()


def test_honest_books_are_found_right(books: Path, vault: Vault) -> None:
    report = checked(books, vault)
    assert report.ok, report.findings
    assert (report.entries, report.sealed, report.unsealed, report.orders) == (14, 12, 2, 0)
    assert {1, 2, 3, 14} <= set(report.asked)
    assert report.head == look(books, vault, lambda uow: uow.journal.head()[1])


def test_an_altered_amount_is_found_by_the_entry_that_does_not_balance(books: Path, vault: Vault) -> None:
    tamper(books, "UPDATE legs SET amount_minor = 999 WHERE entry = 3 AND amount_minor > 0")
    findings = found(books, vault)
    assert findings[1].key == "E2" and "+799 EUR" in findings[1].what
    assert findings[2].key == "clearing:sepa"
    assert findings[14].key == "E2" and "number 3 of the chain" in findings[14].what


def test_an_entry_altered_on_both_sides_with_its_balances_is_found_by_the_chain(books: Path, vault: Vault) -> None:
    tamper(
        books,
        "UPDATE legs SET amount_minor = amount_minor * 2 WHERE entry = 3",
        "UPDATE balances SET minor = minor + 200 WHERE account = 'clearing:sepa'",
        "INSERT INTO balances VALUES ('escrow:O2', 'EUR', -200) ON CONFLICT DO UPDATE SET minor = -200",
    )
    assert {number: finding.key for number, finding in found(books, vault).items()} == {14: "E2"}


@pytest.mark.parametrize("column", ["kind = 'refund'", "at = '2026-10-30 12:00:00.000001'", "\"order\" = 'O9'"])
def test_an_entry_that_says_something_else_is_found_by_the_chain(books: Path, vault: Vault, column: str) -> None:
    tamper(books, f"UPDATE entries SET {column} WHERE key = 'R4'")
    assert {number: finding.key for number, finding in found(books, vault).items()} == {14: "R4"}


def test_a_deleted_entry_is_missed(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM legs WHERE entry = 5", "DELETE FROM entries WHERE seq = 5")
    findings = found(books, vault)
    assert findings[14].key == "R3" and "number 5 is missing before it" in findings[14].what
    assert findings[2].key == "clearing:sepa"  # the first account that says more than its legs do
    assert findings[3].key == "R3"  # what was released had never come in


def test_a_deleted_entry_that_is_not_sealed_yet_is_missed_in_the_balances(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM legs WHERE entry = 14", "DELETE FROM entries WHERE seq = 14")
    assert {number: finding.key for number, finding in found(books, vault).items()} == {2: "avail:S1"}


def test_the_last_sealed_entries_deleted_with_all_their_balances_are_missed_by_the_seal(
    books: Path, vault: Vault
) -> None:
    tamper(
        books,
        "DELETE FROM legs WHERE entry > 11",
        "DELETE FROM entries WHERE seq > 11",
        "DELETE FROM balances",
        "INSERT INTO balances SELECT account, amount_asset, sum(amount_minor) FROM legs GROUP BY 1, 2",
    )
    finding = found(books, vault)[14]
    assert finding.key == "seal 3" and "ends at entry number 12, the chain at 11" in finding.what


def test_an_inserted_entry_is_found(books: Path, vault: Vault) -> None:
    tamper(
        books,
        "INSERT INTO entries (seq, key, at, kind) VALUES (99, 'X', '2026-10-30 12:00:00.000000', 'gift')",
        "INSERT INTO legs (entry, account, amount_minor, amount_asset) VALUES (99, 'bank', -500, 'EUR')",
        "INSERT INTO legs (entry, account, amount_minor, amount_asset) VALUES (99, 'avail:S1', 500, 'EUR')",
    )
    assert found(books, vault)[2].key == "avail:S1"


def test_an_entry_inserted_into_the_chain_is_found_there(books: Path, vault: Vault) -> None:
    moved = "UPDATE entries SET number = {} WHERE number = {}"
    tamper(
        books,
        *(moved.format(number + 1, number) for number in range(12, 6, -1)),
        "INSERT INTO entries (key, at, kind, number, link) SELECT 'X', at, kind, 7, link FROM entries WHERE number = 6",
        "INSERT INTO legs (entry, account, amount_minor, amount_asset) SELECT max(seq), 'bank', 0, 'EUR' FROM entries",
    )
    assert found(books, vault)[14].key == "X"


def test_entries_in_another_order_are_found(books: Path, vault: Vault) -> None:
    tamper(
        books,
        "UPDATE entries SET number = 100 WHERE number = 5",
        "UPDATE entries SET number = 5 WHERE number = 7",
        "UPDATE entries SET number = 7 WHERE number = 100",
    )
    findings = found(books, vault)
    assert findings[14].key == "E4"
    assert findings[3].key == "R3"  # what is released now before it came in


def test_legs_in_another_order_are_found(books: Path, vault: Vault) -> None:
    tamper(
        books,
        "UPDATE legs SET seq = -1 WHERE seq = 5",
        "UPDATE legs SET seq = 5 WHERE seq = 6",
        "UPDATE legs SET seq = 6 WHERE seq = -1",
    )
    assert {number: finding.key for number, finding in found(books, vault).items()} == {14: "E2"}


def test_a_changed_balance_is_found(books: Path, vault: Vault) -> None:
    tamper(books, "UPDATE balances SET minor = minor - 1 WHERE account = 'avail:S1'")
    assert found(books, vault) == {
        2: Finding(2, "avail:S1", "its balance says -2801 EUR minor units, its legs sum to -2800")
    }


def test_a_balance_that_is_gone_is_found(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM balances WHERE account = 'avail:S1'")
    assert found(books, vault)[2].key == "avail:S1"


def test_a_forged_link_and_a_forged_seal_are_found(books: Path, vault: Vault) -> None:
    tamper(books, "UPDATE entries SET link = 'no link' WHERE number = 6")
    assert found(books, vault)[14].key == "R3"
    tamper(books, "UPDATE seals SET head = previous WHERE number = 1")
    assert found(books, vault)[14] == Finding(14, "R2", "seal 1 ends here, and its head is another")


def test_seals_taken_away_are_found(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM seals WHERE number = 3")
    assert found(books, vault)[14].key == "E5"


def test_every_wrong_entry_counts_and_the_first_is_named(books: Path, vault: Vault) -> None:
    tamper(books, "UPDATE entries SET kind = 'x' WHERE number IN (4, 9)")
    report = checked(books, vault)
    assert [finding.key for finding in report.findings] == ["R2"]
    assert report.how_many == {14: 2}


def _rewrite(books: Path, vault: Vault) -> None:
    """A thorough forger: changes an entry on both sides, and makes balances, links and seals anew."""
    tamper(
        books,
        "UPDATE legs SET amount_minor = amount_minor * 2 WHERE entry IN (3, 4)",
        "DELETE FROM balances",
        "INSERT INTO balances SELECT account, amount_asset, sum(amount_minor) FROM legs GROUP BY 1, 2",
        "UPDATE entries SET number = NULL, link = NULL",
        "DELETE FROM seals",
    )
    put(books, vault, lambda uow: chain.seal_all(uow, later(60)))


def test_a_history_rewritten_throughout_is_found_by_what_was_published(books: Path, vault: Vault) -> None:
    line = put(books, vault, lambda uow: anchor.drop(uow, later(70), 1)).line
    assert checked(books, vault, anchors=[line]).ok
    tamper(books, "DELETE FROM anchors")
    _rewrite(books, vault)
    assert checked(books, vault).ok, "without the anchor nobody can tell"
    assert found(books, vault, anchors=[line])[14] == Finding(
        14, line, "the first 14 entries are not those that were anchored"
    )


def test_an_anchor_is_part_of_the_chain_however_it_grows(books: Path, vault: Vault) -> None:
    def drop(uow: UnitOfWork) -> str:
        return anchor.drop(uow, later(70), 1).line

    first = put(books, vault, drop)
    assert put(books, vault, drop) == first, "nothing was added"
    put(books, vault, lambda uow: _sale(uow, 50))
    second = put(books, vault, drop)
    assert first != second
    assert checked(books, vault, anchors=[first, second]).ok


def test_books_with_fewer_entries_than_were_anchored_are_found(books: Path, vault: Vault) -> None:
    line = f"sampan-ledger:v1:9:15:{'0' * 64}"
    assert found(books, vault, anchors=[line])[14].what == "15 entries were anchored, and only 12 are there"


@pytest.mark.parametrize("line", ["", "sampan-ledger:v1:0:1:" + "0" * 64, "sampan-ledger:v2:1:1:" + "0" * 64])
def test_what_is_no_anchor_is_refused(books: Path, vault: Vault, line: str) -> None:
    with pytest.raises(anchor.BadAnchor):
        checked(books, vault, anchors=[line])


def test_nothing_more_is_sealed_on_a_broken_chain(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM seals WHERE number = 3")
    with pytest.raises(chain.BrokenChain):
        put(books, vault, lambda uow: chain.seal(uow, later(80)))


def _post(*legs: Any) -> Callable[[UnitOfWork], None]:
    return lambda uow: uow.journal.post(entry("new", later(61), "any", *legs))


def test_an_account_that_is_in_no_chart_and_one_that_crosses_zero_are_found(books: Path, vault: Vault) -> None:
    put(books, vault, _post(debit("piggybank", Money(1, EUR)), credit("equity", Money(1, EUR))))
    assert found(books, vault) == {3: Finding(3, "new", "piggybank is not in the chart of accounts")}


def test_an_account_that_crossed_zero_for_one_entry_is_found(books: Path, vault: Vault) -> None:
    over, back = Money(2900, EUR), Money(100, EUR)
    put(books, vault, _post(debit("avail:S1", over), credit("bank", over)))
    legs = debit("bank", back), credit("avail:S1", back)
    put(books, vault, lambda uow: uow.journal.post(entry("mended", later(62), "any", *legs)))
    assert found(books, vault) == {3: Finding(3, "new", "avail:S1 crosses zero, to +100 EUR minor units")}


def test_a_check_of_another_area_that_breaks_has_found_something(books: Path, vault: Vault) -> None:
    def broken(uow: UnitOfWork) -> Any:
        yield Finding(6, "I1", "paid twice")
        raise KeyError("a secret")

    findings = found(books, vault, elsewhere=[((4, 6), broken)])
    assert findings[6] == Finding(6, "I1", "paid twice")
    assert findings[4].what == "could not be asked to the end: KeyError"


def test_an_entry_that_has_lost_its_legs_is_found(books: Path, vault: Vault) -> None:
    tamper(books, "DELETE FROM legs WHERE entry = 14")
    assert found(books, vault)[1] == Finding(1, "R7", "it has no legs")


class _ForgetfulJournal:
    """Answers for a moment of the past with what is true now."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def totals(self, prefix: str, at: Any = None) -> Any:
        return self._journal.totals(prefix)


def test_a_balance_of_the_past_that_is_not_the_fold_of_its_legs_is_found(books: Path, vault: Vault) -> None:
    def check_forgetful(uow: Any) -> Report:
        uow.journal = _ForgetfulJournal(uow.journal)
        return check(uow, later(9), source=random.Random(1), elsewhere=())

    finding = look(books, vault, check_forgetful).findings[0]
    assert (finding.invariant, "as of 2026-10-30 12:" in finding.what) == (2, True)
