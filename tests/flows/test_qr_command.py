"""`sampan qr read …` at a merchant's desk: a picture, a file, a text or stdin; plain words, honest exit codes."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.cli import main
from bot.pictures import qrfast
from bot.qr_cli import PROBLEMS, SCHEMES, judge
from core.qr import Problem, Scheme, tlv

# The first of them is a check value and no code.
VECTORS = json.loads((Path(__file__).parents[1] / "unit/qr/vectors.json").read_text("utf-8"))
PIX = next(v for v in VECTORS if v["kind"] == "static, no amount, txid ***")["payload"]
PAYNOW = next(v for v in VECTORS if v["kind"].startswith("PayNow UEN+suffix"))["payload"]
WRONG = next(v for v in VECTORS if "TRAP: the CRC F4E5" in v["kind"])["payload"]
EPC = next(v for v in VECTORS if v["kind"].startswith("v2.1 example 2"))["payload"]


def drawn(*payloads: str | bytes) -> Image.Image:
    """A picture with these codes side by side."""
    codes = []
    for payload in payloads:
        data = payload if isinstance(payload, bytes) else payload.encode()
        codes.append(Image.open(io.BytesIO(qrfast.png(qrfast.matrix(data), scale=4))).convert("L"))
    paper = Image.new("L", (sum(code.width for code in codes), max(code.height for code in codes)), 255)
    at = 0
    for code in codes:
        paper.paste(code, (at, 0))
        at += code.width
    return paper


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """The exit status, and what it said in JSON."""
    status = main(["qr", "read", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("vector", VECTORS[1:], ids=lambda v: f"{v['scheme']}: {v['kind']}")
def test_every_published_code_is_told_valid_or_not(vector, capsys):
    status, told = asked(capsys, vector["payload"])
    assert told["valid"] is vector["valid"]
    assert status == (0 if vector["valid"] else 1)
    assert told.keys() >= {"scheme", "valid", "fields", "problems"}
    assert told["scheme"] in set(Scheme)
    if vector["valid"]:
        assert told["fields"].keys() >= {"payee", "account", "amount", "currency", "reference"}
        assert set(told["problems"]) <= set(Problem)
    else:
        assert (told["problems"], bool(told["why"]), told["fields"]) == (["damaged"], True, {})


def test_a_code_is_told_in_plain_words(capsys):
    assert main(["qr", "read", PAYNOW]) == 0
    words = capsys.readouterr().out
    for told in (
        "PayNow",
        "DEV MERCHANT 5",
        "201509555BNN1",
        "50.0 SGD",
        "0870-0000VL6",
        "Its time is over",
        "compare",
    ):
        assert told in words
    assert main(["qr", "read", WRONG]) == 1
    words = capsys.readouterr().out
    assert "damaged or altered" in words and "checksum" in words and "Do not pay" in words


def test_a_picture_is_read(tmp_path, capsys):
    for suffix, save in (("png", {}), ("jpg", {"quality": 60}), ("webp", {})):
        file = tmp_path / f"code.{suffix}"
        drawn(PAYNOW).save(file, **save)
        status, told = asked(capsys, str(file))
        assert (status, told["scheme"], told["fields"]["amount"]) == (0, "paynow", "50.0")
        assert "payloads" not in told


def test_two_codes_in_a_picture_are_both_told(tmp_path, capsys):
    file = tmp_path / "sticker.png"
    drawn(PIX, PIX.replace("Fulano de Tal", "Fulano do Mal")).save(file)
    status, told = asked(capsys, str(file))
    assert (status, told["valid"], told["payloads"], len(told["codes"])) == (1, False, 2, 2)
    assert "several-codes" in told["problems"]
    assert sorted(code["valid"] for code in told["codes"]) == [False, True]
    assert main(["qr", "read", str(file)]) == 1
    words = capsys.readouterr().out
    assert "2 different codes" in words and "PIX" in words and "damaged or altered" in words


def test_the_same_code_twice_in_a_picture_is_one(tmp_path, capsys):
    file = tmp_path / "twice.png"
    drawn(PIX, PIX).save(file)
    status, told = asked(capsys, str(file))
    assert (status, told["valid"], told["scheme"]) == (0, True, "pix")
    assert "codes" not in told


def test_a_code_in_another_character_set_is_read_from_its_bytes(tmp_path, capsys):
    file = tmp_path / "latin.png"
    drawn(EPC.encode("iso-8859-1")).save(file)
    status, told = asked(capsys, str(file))
    assert (status, told["fields"]["payee"]) == (0, "François D'Alsace S.A.")
    text = tmp_path / "latin.txt"
    text.write_bytes(EPC.encode("iso-8859-1") + b"\n")
    assert asked(capsys, str(text))[1]["fields"]["payee"] == "François D'Alsace S.A."
    text.write_text(EPC + "\n", "utf-8")
    assert asked(capsys, str(text))[1]["fields"]["payee"] == "François D'Alsace S.A."


def test_a_text_comes_by_stdin_too(tmp_path):
    command = [sys.executable, "-m", "bot", "qr", "read", "-", "--json"]
    ran = subprocess.run(command, input=EPC.encode() + b"\r\n", capture_output=True, timeout=60, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["scheme"], ran.stderr) == (0, "epc", b"")
    picture = io.BytesIO()
    drawn(PIX).save(picture, "PNG")
    ran = subprocess.run(command, input=picture.getvalue(), capture_output=True, timeout=60, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["scheme"]) == (0, "pix")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://t.me/login/123", "t.me"),
        ("https://qr.alipay.com@evil.example/abc", "evil.example"),
        ("tg://login?token=abc", "login"),
        ("hello", None),
    ],
)
def test_what_is_no_payment_code_is_named(text, host, capsys):
    status, told = asked(capsys, text)
    assert (status, told["scheme"], told["valid"]) == (1, None, False)
    assert told["problems"] == ["not-a-payment-code"]
    assert told["fields"].get("host") == host


def test_no_address_in_a_code_is_ever_visited(capsys):
    """Each code points at a door of ours, and nobody comes."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        place = f"127.0.0.1:{door.getsockname()[1]}"
        account, order = tlv.build([("00", "br.gov.bcb.pix"), ("25", f"{place}/x")]), tlv.build([("05", "***")])
        fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("58", "BR"), ("59", "A"), ("60", "B")]
        dynamic = tlv.seal(tlv.build([*fields, ("62", order)]))
        assert asked(capsys, dynamic)[1]["problems"] == ["remote"]
        assert asked(capsys, f"http://{place}/admin")[1]["fields"] == {"host": "127.0.0.1"}
        assert asked(capsys, f"upi://pay?pa=shop@bank&pn=A&url=http://{place}/")[1]["valid"]
        assert asked(capsys, f"bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa?r=http://{place}/&pop=http://{place}")[1][
            "valid"
        ]
        with pytest.raises(BlockingIOError):
            door.accept()


def test_a_picture_that_cannot_be_read_says_what_to_do(tmp_path, capsys):
    blank, bomb, torn, page = (tmp_path / name for name in ("blank.png", "bomb.png", "torn.png", "page.pdf"))
    Image.new("L", (300, 300), 255).save(blank)
    Image.new("1", (12_000, 12_000), 1).save(bomb)
    drawn(PIX).save(torn)
    torn.write_bytes(torn.read_bytes()[:200])
    page.write_bytes(b"%PDF-1.7 ...")
    for file, problem, hint in (
        (blank, "no-code", "closer"),
        (bomb, "too-large", "smaller"),
        (torn, "damaged", "again"),
        (page, "not-a-photo", "JPEG"),
    ):
        status, told = asked(capsys, str(file))
        assert (status, told["valid"], told["problems"]) == (1, False, [problem])
        assert hint in told["why"]


def test_nothing_to_judge_is_a_fault_of_the_command(tmp_path, capsys):
    empty = tmp_path / "empty.txt"
    empty.touch()
    missing = str(tmp_path / "missing.png")
    for word, hint in ((missing, "no file"), (str(tmp_path), "directory"), (str(empty), "nothing"), ("", "nothing")):
        assert main(["qr", "read", word]) == 2
        told = capsys.readouterr()
        assert told.out == "" and hint in told.err.lower() and re.search("[Nn]ame ", told.err)
    with pytest.raises(SystemExit) as exit_:
        main(["qr", "read"])
    assert exit_.value.code == 2


@pytest.mark.parametrize("text", ["x" * 300, "0" * 100_000, "00020101\x00", "a\udcffb", "\x1b[31mred"])
def test_odd_texts_are_judged_and_nothing_of_them_reaches_the_terminal(text, capsys):
    assert main(["qr", "read", text]) == 1
    told = capsys.readouterr()
    assert "\x1b" not in told.out and len(told.out) < 300 and not told.err


def test_every_scheme_and_problem_has_its_words():
    assert SCHEMES.keys() == set(Scheme)
    assert PROBLEMS.keys() == set(Problem)
    told = judge(PIX, datetime.now(UTC))
    assert told.as_json()["problems"] == ["open-amount", "no-reference"]
