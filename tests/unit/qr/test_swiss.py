"""Swiss QR-bills: which lines, accounts and references belong together."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.qr import BadPayload, Problem, read

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VECTORS = [v for name in ("vectors.json",) for v in json.loads((HERE / name).read_text("utf-8"))]


def _bill(**change: str) -> str:
    lines = next(v for v in VECTORS if v["kind"].startswith("QR-IBAN"))["payload"].split("\n")
    for name, value in change.items():
        lines[int(name.removeprefix("line")) - 1] = value
    return "\n".join(lines)


def test_a_bill_may_end_its_lines_as_windows_does():
    assert replace(read(_bill().replace("\n", "\r\n"))) == read(_bill())
    assert read(_bill() + "\n").reference == "210000000003139471430009017"


@pytest.mark.parametrize(
    "change",
    [
        {"line2": "0100"},
        {"line4": "CH4431999123000889013"},
        {"line4": "DE71110220330123456789"},
        {"line5": "K"},
        {"line6": ""},
        {"line6": "x" * 71},
        {"line11": "ch"},
        {"line12": "S"},
        {"line19": "0.00"},
        {"line19": "1949.7"},
        {"line19": "1'949.75"},
        {"line20": "USD"},
        {"line21": "K"},
        {"line28": "NON"},
        {"line28": "SCOR"},
        {"line29": "210000000003139471430009016"},
        {"line29": ""},
        {"line29": "RF18539007547034"},
        {"line30": "x" * 141},
        {"line31": "END"},
        {"line4": "CH5800791123000889012"},  # an IBAN that is no QR-IBAN takes no QR reference
    ],
)
def test_a_bill_off_its_rules_is_refused(change):
    with pytest.raises(BadPayload):
        read(_bill(**change))


def test_a_bill_of_each_kind_of_reference_is_read():
    plain = {"line4": "CH5800791123000889012"}
    assert read(_bill(**plain, line28="SCOR", line29="RF18539007547034")).reference == "RF18539007547034"
    note = read(_bill(**plain, line28="NON", line29="", line30="Order S-1042"))
    assert (note.reference, note.problems) == ("Order S-1042", ())
    assert read(_bill(**plain, line28="NON", line29="", line30="", line19="")).problems == (
        Problem.OPEN_AMOUNT,
        Problem.NO_REFERENCE,
    )


@given(st.integers(0, 10**26 - 1), st.integers(0, 26), st.integers(1, 9))
def test_no_single_wrong_digit_of_a_qr_reference_passes(body, at, by):
    from core.qr.swiss import _check_digit

    digits = f"{body:026d}"
    whole = digits + _check_digit(digits)
    wrong = whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :]
    assert read(_bill(line29=whole)).reference == whole
    with pytest.raises(BadPayload, match="check digits"):
        read(_bill(line29=wrong))
