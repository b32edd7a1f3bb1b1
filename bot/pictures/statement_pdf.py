"""A statement on paper: A4, its text searchable, its fonts within. Knows words and rows, nothing of money."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from bot.pictures.embed import font_for
from bot.pictures.fonts import clean
from bot.pictures.sheet import Row, Sheet, Table

_INK, _SOFT, _RULE, _BAND = (33, 37, 41), (108, 117, 125), (206, 212, 218), (241, 243, 245)
_SMALL, _TEXT, _TITLE = 7.5, 9.0, 18.0  # points
_MARGIN = 15  # mm


def statement_pdf(sheet: Sheet) -> bytes:
    """The PDF file."""
    text = _text(sheet)
    with tempfile.TemporaryDirectory() as folder:
        pages = _Pages(sheet)
        for style, weight in (("", 400), ("B", 700)):
            file = Path(folder) / f"{weight}.ttf"
            file.write_bytes(font_for(text, weight))
            pages.add_font("sheet", style, file)
        pages.add_page()
        _head(pages, sheet)
        for table in sheet.tables:
            _table(pages, table)
        return bytes(pages.output())


def _text(sheet: Sheet) -> str:
    """Every character that may be printed."""
    words = [sheet.title, sheet.foot, sheet.page, "0123456789"]
    words += [word for fact in sheet.facts for word in fact]
    for table in sheet.tables:
        words += [table.title, *table.headings, *(cell for row in table.rows for cell in row.cells)]
    return "".join(words)


class _Pages(FPDF):
    def __init__(self, sheet: Sheet) -> None:
        super().__init__(format="A4")
        self._sheet = sheet
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=20)
        self.set_title(clean(sheet.title))
        self.set_creation_date(sheet.made)
        self.alias_nb_pages("{of}")

    def footer(self) -> None:
        """FPDF.footer."""
        self.set_y(-14)
        self.set_font("sheet", size=_SMALL)
        self.set_text_color(*_SOFT)
        self.cell(140, 4, clean(self._sheet.foot))
        page = self._sheet.page.replace("{n}", str(self.page_no()))
        self.cell(0, 4, clean(page), align="R")


def _head(pages: _Pages, sheet: Sheet) -> None:
    pages.set_text_color(*_INK)
    pages.set_font("sheet", "B", _TITLE)
    pages.multi_cell(0, 9, clean(sheet.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pages.ln(2)
    for name, value in sheet.facts:
        pages.set_font("sheet", size=_TEXT)
        pages.set_text_color(*_SOFT)
        pages.cell(40, 5, clean(name))
        pages.set_text_color(*_INK)
        pages.multi_cell(0, 5, clean(value), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(pages: _Pages, table: Table) -> None:
    pages.ln(6)
    pages.set_font("sheet", "B", 11)
    pages.cell(0, 7, clean(table.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pages.set_font("sheet", size=_SMALL)
    pages.set_draw_color(*_RULE)
    words = ("LEFT", "LEFT")
    with pages.table(
        col_widths=table.widths,
        text_align=(*words, *("RIGHT" for _ in table.headings[len(words) :])),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=_INK, fill_color=_BAND),
        line_height=4,
        padding=(1, 1),
    ) as drawn:
        for row in (Row(table.headings), *table.rows):
            strong = FontFace(emphasis="BOLD", fill_color=_BAND) if row.strong else None
            line = drawn.row(style=strong) if strong else drawn.row()
            for cell in row.cells:
                line.cell(clean(cell))
