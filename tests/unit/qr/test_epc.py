"""SEPA codes: what we build is read back whole, and a transfer a bank could misread is refused."""

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from core.qr import BadPayload, Scheme, epc, read, reference

IBAN = "DE71110220330123456789"
ASKED = {"name": "Lampion GmbH", "iban": IBAN, "amount": Decimal("12.30")}


def _german_iban(number: int) -> str:
    bban = f"{number:018d}"
    return f"DE{mod_97_10.calc_check_digits(bban + 'DE')}{bban}"


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=70)
amounts = st.integers(1, 10**11 - 1).map(lambda cents: Decimal(cents) / 100)
marks = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=21).map(reference.creditor_reference)


@given(name=names, number=st.integers(0, 10**18 - 1), amount=amounts, mark=st.just("") | marks)
def test_what_is_built_is_read_back(name, number, amount, mark):
    iban = _german_iban(number)
    if len(name.encode()) > 200:
        name = name[:40]
    payload = epc.build(name=name, iban=iban, amount=amount, reference=mark)
    code = epc.parse(payload)
    assert (code.name, code.iban, code.amount, code.reference) == (name, iban, amount, mark)
    assert len(payload.encode()) <= 331


@given(st.data())
def test_a_single_changed_character_of_the_account_or_reference_is_refused(data):
    """Not even mod 97 guards the rest: EPC codes have no checksum, which is why the bot judges what comes back."""
    mark = reference.creditor_reference("S1042X")
    payload = epc.build(**ASKED, reference=mark)
    guarded = [payload.index(part) + at for part in (IBAN, mark) for at in range(len(part))]
    at = data.draw(st.sampled_from(guarded))
    # Of its own kind, as a slip of the hand is: a digit for a letter is two digits for one, which mod 97 can miss.
    kind = string.digits if payload[at].isdigit() else string.ascii_uppercase
    other = data.draw(st.sampled_from(kind.replace(payload[at], "") + "-."))
    damaged = payload[:at] + other + payload[at + 1 :]
    if damaged[payload.index(mark) :][:2] != "RF":  # then it claims to be some other structured reference
        assert epc.parse(damaged).reference != mark
        return
    with pytest.raises(BadPayload):
        epc.parse(damaged)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("amount", {"amount": Decimal(0)}),
        ("amount", {"amount": Decimal("-1")}),
        ("amount", {"amount": Decimal("0.001")}),
        ("amount", {"amount": Decimal("1E9")}),
        ("amount", {"amount": Decimal("1E40")}),
        ("amount", {"amount": Decimal("NaN")}),
        ("iban", {"iban": "DE71110220330123456788"}),
        ("iban", {"iban": "DE71 1102 2033 0123 4567 89"}),
        ("iban", {"iban": "DE71110220330123456789".lower()}),
        ("iban", {"iban": ""}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 71}),
        ("payload", {"name": "Lampion\nDE00"}),
        ("payload", {"name": "\N{RIGHT-TO-LEFT OVERRIDE}noipmaL"}),
        ("payload", {"name": "灯" * 70, "text": "灯" * 40}),
        ("reference", {"reference": "RF19539007547034"}),
        ("reference", {"reference": "12345"}),
        ("reference", {"reference": "RF18539007547034", "text": "both"}),
        ("text", {"text": "x" * 141}),
        ("bic", {"bic": "NOTABIC"}),
    ],
)
def test_a_transfer_that_cannot_be_asked_for_is_refused_by_name(field, change):
    with pytest.raises(BadPayload) as refusal:
        epc.build(**{**ASKED, **change})
    assert refusal.value.field == field


def _lines(**change: str) -> str:
    lines = {
        "tag": "BCD",
        "version": "002",
        "charset": "1",
        "kind": "SCT",
        "bic": "",
        "name": "A",
        "iban": IBAN,
        "amount": "EUR1",
    }
    return "\n".join((lines | change).values())


@pytest.mark.parametrize(
    "change",
    [
        {"version": "003"},
        {"charset": "9"},
        {"kind": "INST"},
        {"version": "001"},
        {"amount": "USD1"},
        {"amount": "EUR1,00"},
        {"amount": "EUR1.001"},
        {"amount": "EUR0.00"},
        {"amount": "EUR1234567890"},
        {"charset": "2", "name": "灯"},
        {"purpose": "TOOLONG"},
        {"purpose": "", "reference": "", "text": "", "info": "", "more": "x"},
    ],
)
def test_a_code_off_the_guidelines_is_refused(change):
    assert epc.parse(_lines()).amount == 1
    with pytest.raises(BadPayload):
        epc.parse(_lines(**change))


def test_windows_line_ends_and_empty_last_lines_are_fine():
    payload = epc.build(**ASKED, text="Order S-1042")
    assert epc.parse(payload.replace("\n", "\r\n") + "\r\n\r\n") == epc.parse(payload)


def test_a_code_is_decoded_in_the_character_set_it_names():
    latin = _lines(charset="2", name="Müller").encode("iso-8859-1")
    assert read(latin).payee == "Müller"
    with pytest.raises(BadPayload, match="charset"):
        read(latin.replace(b"\n2\n", b"\n1\n"))


def test_the_reading_of_a_transfer_says_what_it_leaves_open():
    code = read(epc.build(**ASKED, reference="RF18539007547034"))
    assert (code.scheme, code.payee, code.account, code.amount) == (Scheme.EPC, "Lampion GmbH", IBAN, Decimal("12.3"))
    assert (code.currency, code.reference, code.problems) == ("EUR", "RF18539007547034", ())
    assert read(_lines(amount="")).problems == ("open-amount", "no-reference")
