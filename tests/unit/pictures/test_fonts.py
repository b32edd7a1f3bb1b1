"""Text on pictures stays in its room, reads in order, and never loses a character without a trace."""

import random
import string

import pytest
from PIL import Image

from bot.pictures import fonts
from bot.pictures.fonts import Style

NAMES = [
    "Lampion & Silk — the very long name of a shop that somebody typed without looking",
    "灯火阑珊处丝绸与青瓷以及各种手工艺品专卖旗舰店西湖分店",
    "Mixed 灯火 name with 丝绸 and Ελληνικά и кириллица everywhere 手工艺品",
    "W" * 200,
    "灯" * 200,
    "Donaudampfschifffahrtsgesellschaftskapitän " * 3,
]


def _ink_box(text: str, style: Style) -> tuple[int, int, int, int] | None:
    picture = Image.new("RGB", (3000, 200))
    fonts.draw(picture, (500, 120), text, style, (255, 255, 255))
    return picture.getbbox()


def test_the_scripts_of_our_languages_are_all_there():
    text = (
        string.printable
        + "€¥£₹₩₫₽₺R$ “”‘’–—…·×•№ äöüßéñçãõ ΑΩω ЖЯё ăđ "
        + "丝绸围巾青瓷碗，。！？：；（）《》「」【】、￥ 繁體 日本語かな 한국어"
    )
    assert fonts.missing(text) == set()


def test_a_glyph_nobody_has_is_named_and_drawn_as_a_square():
    assert fonts.missing("Tea 🍵 and ชา") == {"🍵", "ช", "า"}
    assert _ink_box("🍵", Style(40)) == _ink_box("\N{WHITE SQUARE}", Style(40))


def test_invisible_characters_are_stripped():
    for char in "\u202e\u202d\u2066\u2069\u200f\u061c\u200b\ufeff\ufe0f\u00ad\x00\x1b\ue000":
        assert fonts.clean(f"invoice{char}gpj") == "invoicegpj"
    assert fonts.clean(" a\n\tb\u2028c\u00a0 d ") == "a b c d"
    assert fonts.clean("e\u0301") == "é"


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("room", [40, 180, 400])
def test_a_long_name_stays_in_its_room(text, room):
    for style in (Style(21), Style(34, 700)):
        line, used = fonts.fit(text, style, room, 16)
        assert fonts.width(line, used) <= room
        assert 16 <= used.size <= style.size
        left, _, right, _ = _ink_box(line, used) or (500, 0, 500, 0)
        assert left >= 500 - 4
        assert right <= 500 + room + 4
        lines = fonts.wrap(text, style, room, 3)
        assert len(lines) <= 3
        assert all(fonts.width(line, style) <= room for line in lines)


def test_a_text_that_fits_is_left_alone():
    assert fonts.fit("灯火 Lampion", Style(34), 400, 16) == ("灯火 Lampion", Style(34))
    assert fonts.wrap("short", Style(21), 400, 2) == ["short"]
    assert fonts.wrap("", Style(21), 400, 2) == []


def test_wrapping_loses_nothing_while_there_are_lines():
    rnd = random.Random(3)
    for _ in range(30):
        words = ["".join(rnd.choices("abcdefgh 灯火丝绸，。", k=rnd.randint(1, 9))) for _ in range(rnd.randint(1, 12))]
        text = fonts.clean(" ".join(words))
        joined = "".join(fonts.wrap(text, Style(20), 120, 99))
        assert joined.replace(" ", "") == text.replace(" ", "")


def test_lines_break_between_words_and_before_no_chinese_punctuation():
    assert fonts.wrap("one two three four", Style(20), 90, 9) == ["one two", "three", "four"]
    for line in fonts.wrap("丝绸，青瓷，红茶，灯笼，折扇，筷子。", Style(20), 70, 20)[1:]:
        assert line[0] not in "，。"


def test_anchors_place_a_line_by_its_left_middle_or_right():
    boxes = []
    for anchor in "lmr":
        picture = Image.new("RGB", (1200, 100))
        taken = fonts.draw(picture, (600, 60), "Amount", Style(30), (255, 255, 255), anchor)
        boxes.append(picture.getbbox())
    left, middle, right = (box[0] for box in boxes)
    assert (left - middle, left - right) == (taken // 2, taken)
