"""Statements on paper and in spreadsheets: what is printed can be found again, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pictures.studio import paint
from bot.screens.statement import COLUMNS, safe, sheet, spreadsheet
from bot.words import Words
from core.ids import OrderId
from core.money import Money, zero
from core.payments.settlement.statement import Holdings, Line, LineKind, Part, Statement
from tests.builders import CNY, NOON, WEI, a_seller, eur, money


def a_statement(lines: int = 1, name: str = "West Lake Studio · 西湖小铺") -> Statement:
    made = [_sale(number) for number in range(lines)]
    paid = money("-99.99 CNY")
    gone = Holdings(paid, zero(CNY), zero(CNY))
    made.append(Line("payout:P", NOON, LineKind.PAYOUT, paid, zero(CNY), gone, payout="PAYOUT77"))
    opening = Holdings(money("1000.00 CNY"), money("0.05 CNY"), zero(CNY))
    closing = opening
    for line in made:
        closing = closing + line.change
    seller = replace(a_seller(WEI, "CNY"), name=name)
    return Statement(seller, NOON, NOON + timedelta(days=7), (Part(CNY, opening, tuple(made), closing),))


def _sale(number: int) -> Line:
    gross = Money(23_400 + number, CNY)
    fee, kept = gross.share(300), gross.share(500)
    change = Holdings(gross - fee - kept, kept, zero(CNY))
    order = OrderId(f"0RDER{number:05}")
    return Line(f"release:{number}", NOON, LineKind.FIRST, gross, fee, change, order, eur("30.00"), Fraction(39, 5))


def words_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("en", ["Statement", "Closing balance", "buyer paid €30.00 · rate"]),
        ("zh-hans", ["对账单", "期末余额", "买家支付"]),
    ],
)
def test_every_word_and_amount_of_the_paper_can_be_searched(language: str, found: list[str]) -> None:
    told = a_statement()
    text = words_of(paint(sheet(Words.of(language), told, "Sampan", NOON)))
    closing = told.parts[0].closing
    for word in (*found, "西湖小铺", "0RDER00000", "PAYOUT77", "234.00", "7.02", f"{closing.available.decimal:,}"):
        assert word in text.replace("\r\n", " ").replace("\n", " "), word


def test_a_long_statement_goes_on_over_numbered_a4_pages_with_its_headings() -> None:
    pdf = paint(sheet(Words.of("en"), a_statement(120), "Sampan", NOON))
    pages = pypdfium2.PdfDocument(pdf)
    assert len(pages) > 3
    assert {tuple(round(side) for side in page.get_size()) for page in pages} == {(595, 842)}
    for number, page in enumerate(pages, 1):
        text = page.get_textpage().get_text_range()
        assert "Available" in text
        assert f"Page {number} of {len(pages)}" in text
    assert len(pdf) < 100_000


def test_the_same_statement_is_the_same_file_at_any_time() -> None:
    asked = sheet(Words.of("en"), a_statement(), "Sampan", NOON)
    first, second = paint(asked), int(time.time())
    while int(time.time()) == second:  # fonts like to note the second they were made in
        time.sleep(0.05)
    assert paint(asked) == first


def test_names_in_any_script_and_with_control_characters_are_printed() -> None:
    text = words_of(
        paint(sheet(Words.of("en"), a_statement(name="Ćafé Łódź Ελλάδα Москва\u202e\x07 店"), "Sampan", NOON))
    )
    assert "Ćafé Łódź Ελλάδα Москва 店" in text


def test_the_spreadsheet_tells_every_line_and_both_balances() -> None:
    told = a_statement(3)
    file = spreadsheet(told)
    assert file.startswith(b"\xef\xbb\xbf")
    assert file.count(b"\r\n") == 1 + 2 + 4
    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["what"] for row in rows] == ["opening balance", *["first"] * 3, "payout", "closing balance"]
    assert (rows[1]["buyer_paid"], rows[1]["buyer_currency"], rows[1]["rate"]) == ("30.00", "EUR", "7.8")
    cents = [round(float(row["available"]) * 100) for row in rows]
    assert sum(cents[:-1]) == cents[-1]


@given(st.text(max_size=20))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = safe(text)
    assert cell.lstrip("'") == text.lstrip("'")
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        assert float(cell) <= 0, "a negative number is no formula"


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "\r=1", "-1+2", "--1"])
def test_what_could_be_a_formula_is_written_as_text(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-12.50", "0.00", "plain", ""])
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert safe(text) == text
