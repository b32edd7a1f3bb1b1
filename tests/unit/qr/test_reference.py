"""Marks on a payment: made from an order, checked when they come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.qr import BadPayload, reference

marks = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=21)


def test_the_textbook_reference_has_its_check_digits():
    assert reference.creditor_reference("5390-0754-7034") == "RF18539007547034"


@given(marks)
def test_a_made_reference_checks_and_fits(material):
    mark = reference.creditor_reference(material)
    assert reference.is_creditor_reference(mark)
    assert len(mark) <= 25
    assert mark[4:] == material


@given(marks, st.data())
def test_one_wrong_character_in_a_reference_is_noticed(material, data):
    mark = reference.creditor_reference(material)
    at = data.draw(st.integers(2, len(mark) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda char: char != mark[at]))
    if not mark[at].isdigit():
        return  # a letter stands for two digits: mod 97 catches most such slips, not by proof all
    assert not reference.is_creditor_reference(mark[:at] + other + mark[at + 1 :])


@pytest.mark.parametrize("text", ["", "RF18", "rf18539007547034", "RF18 5390 0754 7034", "RF18539007547034" + "0" * 10])
def test_a_reference_counts_only_whole_and_compact(text):
    assert not reference.is_creditor_reference(text)


@pytest.mark.parametrize("material", ["", "--", "x" * 22, "S_1042", "é"])
def test_material_a_bank_cannot_print_is_refused(material):
    with pytest.raises(BadPayload):
        reference.creditor_reference(material)


def test_a_txid_keeps_its_case_and_drops_separators():
    assert reference.pix_txid("s-1042 Ab") == "s1042Ab"
    for material in ("", "x" * 26, "é"):
        with pytest.raises(BadPayload):
            reference.pix_txid(material)


@given(st.binary(min_size=1, max_size=13), st.binary(min_size=1, max_size=13))
def test_spelled_bytes_fit_both_marks_and_stay_distinct(one, other):
    spelled = reference.spell(one)
    assert reference.is_creditor_reference(reference.creditor_reference(spelled))
    assert reference.pix_txid(spelled) == spelled
    if len(one) == len(other):
        assert (spelled == reference.spell(other)) == (one == other)
