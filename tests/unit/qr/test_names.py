"""Names in codes: nothing hidden in them passes, and what is made to be mistaken is named."""

import json
from pathlib import Path

import pytest

from core.qr import BadPayload, Problem, read, tlv

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
BILL = next(v for v in VECTORS if v["kind"].startswith("QR-IBAN"))["payload"]


def _codes(name: str) -> list[str]:
    """One code of each family that carries a name."""
    escaped = "".join(f"%{byte:02X}" for byte in name.encode())
    merchant = [("00", "01"), ("29", tlv.build([("00", "a@bank")])), ("52", "5999"), ("53", "116"), ("58", "KH")]
    return [
        tlv.seal(tlv.build([*merchant, ("59", name), ("60", "Phnom Penh")])),
        f"upi://pay?pa=shop@bank&pn={escaped}&am=1.00",
        f"bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa?label={escaped}",
        f"BCD\n002\n1\nSCT\n\n{name}\nDE71110220330123456789\nEUR1",
        BILL.replace("Robert Schneider AG", name),
    ]


def test_a_name_that_shows_is_read_in_every_scheme():
    assert [read(payload).payee for payload in _codes("Lampion 灯火 é")] == ["Lampion 灯火 é"] * 5


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\x00", "\n", "\u00ad", "\u3164", "\ufeff"])
def test_a_name_with_a_hidden_character_is_refused_in_every_scheme(hidden):
    for payload in _codes(f"Lam{hidden}pion"):
        with pytest.raises(BadPayload):
            read(payload)


def test_a_name_of_two_alphabets_that_look_alike_is_named():
    for name, mixed in (
        ("L\u0430mpion", True),
        ("Lampion", False),
        ("Лампа", False),
        ("灯火 Lampion", False),
        ("Ωmega", True),
    ):
        assert (Problem.MIXED_SCRIPTS in read(f"upi://pay?pa=shop@bank&pn={name}&am=1.00").problems) is mixed
