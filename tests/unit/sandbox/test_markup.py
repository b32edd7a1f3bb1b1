"""Formatting reaches the shopper as Telegram would show it, and bad markup is refused in Telegram's words."""

from __future__ import annotations

import pytest

from bot.sandbox.entities import formatted
from bot.sandbox.errors import ApiError
from bot.sandbox.render import to_html

STADIUM = "🏟 🏟"  # two characters outside of the basic plane: 5 UTF-16 units, 9 bytes


def told(text, mode="HTML", users=None):
    plain, entities = formatted(text, mode, None, users or {})
    return plain, [(e["type"], e["offset"], e["length"]) for e in entities]


def complaint(text, mode="HTML"):
    with pytest.raises(ApiError) as refused:
        formatted(text, mode, None, {})
    assert refused.value.code == 400
    prefix = "Bad Request: can't parse entities: "
    assert refused.value.description.startswith(prefix)
    return refused.value.description[len(prefix) :]


@pytest.mark.parametrize(
    ("markup", "plain", "spans"),
    [
        (f"{STADIUM}<i>➡️ ➡️</i>", f"{STADIUM}➡️ ➡️", [("italic", 5, 5)]),
        (f"{STADIUM}<i>🏟 &lt🏟</i>", f"{STADIUM}🏟 <🏟", [("italic", 5, 6)]),
        ("<STRONG>a</strong><em>b</><ins>c</ins><del>d</del>", "abcd",
         [("bold", 0, 1), ("italic", 1, 1), ("underline", 2, 1), ("strikethrough", 3, 1)]),
        ('<span class = "tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("&lt;&gt;&amp;&quot;&laquo;&#65;&#x42;", '<>&"&laquo;AB', []),
        ("<b></b>x", "x", []),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ('<tg-emoji emoji-id="12">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2)]),
        ("<i>a<b>b</b></i>", "ab", [("italic", 0, 2), ("bold", 1, 1)]),
        ("<a>telegram.org</a>", "telegram.org", [("text_link", 0, 12)]),
        ('<a href="nowhere">x</a>', "x", []),
    ],
)  # fmt: skip
def test_html_becomes_text_and_entities(markup, plain, spans):
    assert told(markup) == (plain, spans)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (f"{STADIUM}&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        (f"{STADIUM}&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        (f"{STADIUM}&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        (f"{STADIUM}&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        (f"{STADIUM}&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        (f'{STADIUM}&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        (f"{STADIUM}&lt;</", "Unexpected end tag at byte offset 13"),
        (f"{STADIUM}&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        (f"{STADIUM}&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        (f"{STADIUM}&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ('<span class="x">a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2 > 0", 'Unsupported start tag "" at byte offset 2'),
    ],
)  # fmt: skip
def test_bad_html_is_refused_in_telegrams_words(markup, words):
    assert complaint(markup) == words


@pytest.mark.parametrize(
    ("markup", "plain", "spans"),
    [
        (f"{STADIUM}_abac \\* asd _x", f"{STADIUM}abac * asd x", [("italic", 5, 11)]),
        (f"{STADIUM}_🏟 *🏟*_", f"{STADIUM}🏟 🏟", [("italic", 5, 5), ("bold", 8, 2)]),
        (f"{STADIUM}_🏟 __🏟___", f"{STADIUM}🏟 🏟", [("italic", 5, 5), ("underline", 8, 2)]),
        (f"{STADIUM}```🏟\n🏟```", f"{STADIUM}🏟", [("pre", 5, 2)]),
        (f"{STADIUM}```🏟 \\\\\\`🏟```", f"{STADIUM} \\`🏟", [("pre", 5, 5)]),
        (f"{STADIUM}**____``", STADIUM, []),
        ("||test||", "test", [("spoiler", 0, 4)]),
        ("[telegram\\.org](https://telegram.dog?\\\\\\()", "telegram.org", [("text_link", 0, 12)]),
        ("![👍](tg://emoji?id=25)a", "👍a", [("custom_emoji", 0, 2)]),
        (">asd\n>q||e||w||\nasdad", "asd\nqew\nasdad", [("expandable_blockquote", 0, 8), ("spoiler", 5, 1)]),
        (">asd\n>q||ew||\nasdad", "asd\nqew\nasdad", [("blockquote", 0, 8), ("spoiler", 5, 2)]),
        ("*a\n>b\n>ld \n>bo\n>ld\nasd*\ndef", "a\nb\nld \nbo\nld\nasd\ndef", [("bold", 0, 17), ("blockquote", 2, 12)]),
        (">`b\n>ld \n>bo\nld`\n>asd\ndef", "b\n>ld \n>bo\nld\nasd\ndef", [("blockquote", 0, 18), ("code", 0, 13)]),
    ],
)  # fmt: skip
def test_markdown_v2_becomes_text_and_entities(markup, plain, spans):
    assert told(markup, "MarkdownV2") == (plain, spans)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (f"{STADIUM}_abacaba", "Can't find end of Italic entity at byte offset 9"),
        (f"{STADIUM}_abac * asd ", "Can't find end of Bold entity at byte offset 15"),
        (f"{STADIUM}_abac * asd _", "Can't find end of Italic entity at byte offset 21"),
        (f"{STADIUM}```a ", "Can't find end of PreCode entity at byte offset 9"),
        (f"{STADIUM}```a", "Can't find end of Pre entity at byte offset 9"),
        (f"{STADIUM}```🏟 🏟`", "Can't find end of Code entity at byte offset 21"),
        (f"{STADIUM}__🏟 _🏟___", "Can't find end of Italic entity at byte offset 23"),
        (f"{STADIUM}||test\\|", "Can't find end of Spoiler entity at byte offset 9"),
        ("[telegram\\.org](asd\\)", "Can't find end of a URL at byte offset 16"),
        (f"{STADIUM}!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        (f"{STADIUM}![👍]", "Custom emoji entity must contain a tg://emoji URL"),
        (f"{STADIUM}![👍](tg://emoji#test)", "Custom emoji URL must have an emoji identifier"),
        (">*b\n>ld \n>bo\nld*\nasd\ndef", "Can't find end of Bold entity at byte offset 1"),
        (">\n*a*>2", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        (">asd\n>q||e||w||\n||asdad", "Can't find end of Spoiler entity at byte offset 16"),
        (">asd\n>q||e||w__\n||asdad", "Can't find end of Underline entity at byte offset 13"),
    ],
)  # fmt: skip
def test_bad_markdown_v2_is_refused_in_telegrams_words(markup, words):
    assert complaint(markup, "MarkdownV2") == words


def test_every_reserved_character_of_markdown_v2_needs_its_escape():
    for character in "]()>#+-=|{}.!":
        text = f"a{character}b"
        assert complaint(text, "MarkdownV2").startswith(f"Character '{character}' is reserved")
        assert told(f"a\\{character}b", "MarkdownV2") == (text, [])


def test_legacy_markdown_formats_without_nesting():
    assert told("*b* _i_ `c` [x](http://a.com/)", "Markdown") == (
        "b i c x",
        [("bold", 0, 1), ("italic", 2, 1), ("code", 4, 1), ("text_link", 6, 1)],
    )
    assert complaint("*unclosed", "Markdown") == "Can't find end of the entity starting at byte offset 0"


def test_an_unknown_parse_mode_is_refused():
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        formatted("x", "BBCode", None, {})


def test_a_mention_by_id_names_a_known_user_and_drops_a_stranger():
    maya = {"id": 5001, "is_bot": False, "first_name": "Maya"}
    _, entities = formatted('<a href="tg://user?id=5001">M</a>', "HTML", None, {5001: maya})
    assert entities == [{"type": "text_mention", "offset": 0, "length": 1, "user": maya}]
    assert told('<a href="tg://user?id=9">M</a>') == ("M", [])


def test_commands_links_mentions_and_hashtags_are_found_outside_of_code():
    text, spans = told("/start@sampan_bot see https://a.com/x?y=1. or t.me/b, @maya #sale a@b.de <code>/no</code>")
    found = [(kind, text[at : at + length]) for kind, at, length in spans]
    assert found == [
        ("bot_command", "/start@sampan_bot"),
        ("url", "https://a.com/x?y=1"),
        ("url", "t.me/b"),
        ("mention", "@maya"),
        ("hashtag", "#sale"),
        ("email", "a@b.de"),
        ("code", "/no"),
    ]


@pytest.mark.parametrize(
    ("kind", "alone"),
    [
        ("bot_command", "/start"), ("url", "https://a.com/x"), ("url", "tg://resolve?domain=a"), ("url", "t.me/b"),
        ("url", "a.de"), ("mention", "@maya"), ("hashtag", "#2下"), ("cashtag", "$USD"), ("email", "a@b.de"),
        ("phone_number", "+4930123456789"),
    ],
)  # fmt: skip
def test_each_is_found_where_nothing_else_is(kind: str, alone: str):
    text, spans = told(f"x {alone} y")
    assert [(found, text[at : at + length]) for found, at, length in spans] == [(kind, alone)]


def test_prices_times_and_codes_are_nothing_to_tap():
    assert told("R$72.59 $5 €3, 05:54, 1/ 2, +49, # 7, br.gov.bcb.pix")[1] == []


def test_white_space_around_a_message_goes_and_its_entities_move_along():
    assert told("  \n<b> hi </b> \n") == ("hi", [("bold", 0, 2)])


def test_given_entities_are_counted_in_utf16_and_what_telegram_finds_itself_is_not_taken():
    given = [{"type": "bold", "offset": 3, "length": 2}, {"type": "bot_command", "offset": 0, "length": 2}]
    assert formatted("🏟 🏟", "", given, {}) == ("🏟 🏟", [{"type": "bold", "offset": 3, "length": 2}])
    with pytest.raises(ApiError, match="entity URL 'x' is invalid: Wrong HTTP URL"):
        formatted("a", "", [{"type": "text_link", "offset": 0, "length": 1, "url": "x"}], {})


def test_the_page_gets_html_that_cannot_carry_anything_else():
    text, entities = formatted('<b>1 &lt;script&gt;</b> <a href="https://a.com/?q=&quot;&lt;">x</a>', "HTML", None, {})
    assert to_html(text, entities) == ('<b>1 &lt;script&gt;</b> <a href="https://a.com/?q=&quot;&lt;">x</a>')


def test_overlapping_entities_are_closed_and_opened_again():
    entities = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 2, "length": 3}]
    assert to_html("abcde", entities) == "<b>ab<i>c</i></b><i>de</i>"
