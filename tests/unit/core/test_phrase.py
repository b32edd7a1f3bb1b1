"""Every shopper and the shop share a few words; a payment card without them is not the shop's."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from core.ids import Ids
from core.risk.phrase import BadPhrase, read_phrase
from core.risk.phrases import _words, draw


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_of_a_language_are_128_different_ones(language):
    assert len(set(_words(language))) == 128


def test_every_word_is_as_likely_as_any_other():
    ids = Ids(random.Random(7))
    seen = Counter(word for _ in range(4000) for word in draw(ids, "pt-br").split())
    assert set(seen) == set(_words("en"))
    assert max(seen.values()) < 2 * min(seen.values())


def test_no_word_stands_in_a_phrase_twice():
    ids = Ids(random.Random(7))
    assert all(len(set(draw(ids, "en").split())) == 3 for _ in range(1000))


def test_who_reads_chinese_gets_chinese_words():
    assert set(draw(Ids(), "zh-hans").split()) <= set(_words("zh"))


@pytest.mark.parametrize("text", ["blue  elephant 42", "  白云 灯塔 ", "añil"])
def test_a_phrase_may_be_chosen(text):
    assert read_phrase(text) == " ".join(text.split())


@pytest.mark.parametrize("text", ["", " ", "abc", "123456", "x" * 41, "two\u202ewords", "zero\u200bwidth"])
def test_what_cannot_be_known_again_is_no_phrase(text):
    with pytest.raises(BadPhrase):
        read_phrase(text)
