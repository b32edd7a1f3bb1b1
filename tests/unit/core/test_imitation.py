"""Who passes for the shop or a seller is known by their name, whatever alphabet it is written in."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from confusable_homoglyphs.confusables import confusables_data

from core.ids import PersonId
from core.risk.imitation import Known, accounts_in, eye, name_of, stranger_account, username_of

ADA, WEI, ROSA, EVE = PersonId(5), PersonId(3), PersonId(4), PersonId(9)
OURS = Known(
    names=(
        ("Sampan Demo Shop", None),
        ("West Lake Studio · 西湖小铺", WEI),
        ("Casa Rosa", ROSA),
        ("Olio", PersonId(6)),
    ),
    usernames=("sampan_demo_bot",),
    accounts=frozenset({"DE02120300000000202051"}),
    trusted=frozenset({ADA}),
)


@pytest.mark.parametrize(
    "name",
    [
        "Sampan Demo Shop",
        "sampan demo shop",
        "Sаmpаn Dеmо Shор",
        "Ѕampan Demo Ѕhop",
        "ＳＡＭＰＡＮ ＤＥＭＯ ＳＨＯＰ",
        "𝐒𝐚𝐦𝐩𝐚𝐧 𝐃𝐞𝐦𝐨 𝐒𝐡𝐨𝐩",
        "Sampan\u200b Demo\u2060 Shop",
        "S a m p a n Demo Shop",
        "Sámpan Démo Shöp",
        "Sarnpan Demo Shop",
        "Sampan Dem0 Sh0p",
        "Sampan_Demo_Shop",
        "Sampan Demo Shop Support",
        "✅ Official Sampan Demo Shop",
        "Sampan Demo Shpo",
        "Sampan Demo Shopp",
        "ꜱᴀᴍᴘᴀɴ ᴅᴇᴍᴏ ꜱʜᴏᴘ",
    ],
)
def test_who_passes_for_the_shop_is_known(name):
    assert name_of(name, EVE, OURS) == "Sampan Demo Shop"


@pytest.mark.parametrize("name", ["Casa Rosa", "Саѕа Rоѕа", "casa  rosa 🌹", "Casa Rosa (support)"])
def test_who_passes_for_a_seller_is_known_but_not_the_seller(name):
    assert name_of(name, EVE, OURS) == "Casa Rosa"
    assert name_of(name, ROSA, OURS) == ""
    assert name_of(name, ADA, OURS) == "", "an admin speaks for the shop"


@pytest.mark.parametrize("name", ["西湖小鋪", "西湖小舖 客服"])
def test_a_name_in_traditional_characters_passes_for_the_one_in_simplified_ones(name):
    assert name_of(name, EVE, OURS) == "West Lake Studio · 西湖小铺"


def test_a_name_in_simplified_characters_passes_for_the_one_in_traditional_ones():
    ours = replace(OURS, names=(("臺灣茶葉館", None),))
    assert name_of("台湾茶叶馆", EVE, ours) == "臺灣茶葉館"


def test_traditional_characters_alone_make_no_imitation():
    assert name_of("東湖大飯店", EVE, OURS) == ""


@pytest.mark.parametrize("name", ["西湖小铺", "西湖小铺客服", "West Lake Studio", "Wеst Lakе Studiо"])
def test_each_part_of_a_name_is_a_name(name):
    assert name_of(name, EVE, OURS).startswith("West Lake")


@pytest.mark.parametrize(
    "name",
    ["Maya Rossi", "Rosa", "Casa", "Sampan", "Demo", "Studio 54", "Olio di Oliva", "李伟", "Ῥόζα", "", "👍", "S"],
)
def test_other_people_are_left_alone(name):
    assert name_of(name, EVE, OURS) == ""


def test_a_short_name_is_imitated_only_by_itself():
    assert name_of("0lio", EVE, OURS) == "Olio"


@pytest.mark.parametrize(
    "text",
    [
        "write to @sampan_dem0_bot",
        "https://t.me/sampan_demo_help_bot",
        "t.me/SampanDemoBot?start=x",
        "telegram.me/sampan_demo_b0t",
        "@sampam_demo_bot",
        "@sarnpan_demo_bot",
        "@sampan_demo_support",
    ],
)
def test_a_user_name_like_the_bots_is_known(text):
    assert username_of(text, OURS)


@pytest.mark.parametrize(
    "text", ["@sampan_demo_bot", "https://t.me/Sampan_Demo_Bot?start=p_1", "@rosa_souza", "me@example.com", "@maya"]
)
def test_the_bots_own_and_others_are_left_alone(text):
    assert not username_of(text, OURS)


def test_an_account_that_is_not_the_shops_is_known():
    text = "new account: DE89 3704 0044 0532 0130 00 thanks"
    assert list(accounts_in(text)) == ["DE89370400440532013000"]
    assert stranger_account(text, OURS) == "DE89370400440532013000"
    assert not stranger_account("DE02 1203 0000 0000 2020 51", OURS)
    assert not stranger_account("DE89 3704 0044 0532 0130 01", OURS), "no account at all"


# Listed by Unicode, and read by nobody as that letter within a name.
RARE = ("NOTATION", "BLACKLETTER", "WITH STROKE", "WITH PALATAL HOOK", "WITHOUT HANDLE", "DOUBLE R", "VOLAPUK", "LEG")
RARE += ("LEFT HOOK", "SIDEWAYS", "TURNED DELTA", "DENTAL CLICK", "CROSSED", "LOOP", "LETTER CHI", "LATIN CAPITAL")
RARE += (
    "GAMMA",
    "LETTER SAN",
    "LETTER YR",
    "TONE FIVE",
    "TONE SIX",
    "SOFT SIGN",
    "LONG S WITH",
    "CYRILLIC SMALL LETTER BE",
)
RARE += ("LUNATE", "DIGAMMA", "LETTER YOT", "KOMI", "IOTA", "WITH HOOK", "LENIS")


def listed():
    """(letter, the Latin letter it passes for) of Greek, Cyrillic and Latin, as Unicode's table has them."""
    for char, alike in confusables_data.items():
        name = unicodedata.name(char, "") if len(char) == 1 else ""
        if not name.startswith(("CYRILLIC", "GREEK", "LATIN")) or any(word in name for word in RARE):
            continue
        for one in (one["c"] for one in alike):
            if len(one) == 1 and one.isascii() and one.isalpha():
                yield char, one, name


def test_letters_that_unicode_lists_as_alike_are_alike():
    found = list(listed())
    assert len(found) > 70
    assert [one for one in found if eye(one[0]) != eye(one[1])] == []
