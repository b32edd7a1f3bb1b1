"""The pocket bank reads payment codes strictly, by itself, and from the pixels of a picture."""

import io

import pytest
import segno
from brcode import static as starkbank
from PIL import Image
from segno.helpers import make_epc_qr

from bot.sandbox.bank.checks import cnpj_is_valid, cpf_is_valid, crc16, iban_is_valid, make_cpf, make_iban
from bot.sandbox.bank.codes import read_code
from bot.sandbox.bank.picture import NotAPicture, codes_in

EPC = "BCD\n002\n1\nSCT\n\nSampan Demo Shop\nDE59999900001000000001\nEUR12.30\n\nRF18539007547034\n\n"
# The static example of the Central Bank's Manual do BR Code.
BCB = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR"
    "5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)


def problems(payload: str) -> set[str]:
    return {problem.code for problem in read_code(payload).problems}


def sealed(body: str) -> str:
    """The body with the right checksum, so that only the planted fault is wrong."""
    return f"{body}6304{crc16((body + '6304').encode()):04X}"


def png(*payloads: str) -> bytes:
    """The codes side by side on white."""
    pictures = []
    for payload in payloads:
        file = io.BytesIO()
        segno.make(payload, error="m", micro=False).save(file, kind="png", scale=5, border=4)
        pictures.append(Image.open(file).convert("L"))
    sheet = Image.new("L", (sum(p.width for p in pictures), max(p.height for p in pictures)), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_it_reads_what_an_epc_code_asks_for() -> None:
    reading = read_code(EPC)
    assert reading.problems == []
    assert (reading.payee, reading.account) == ("Sampan Demo Shop", "DE59999900001000000001")
    assert (str(reading.amount), reading.currency, reading.reference) == ("12.30", "EUR", "RF18539007547034")


def test_it_reads_the_central_banks_own_pix_example() -> None:
    reading = read_code(BCB)
    assert reading.problems == []
    assert (reading.payee, reading.city) == ("Fulano de Tal", "BRASILIA")
    assert (reading.account, reading.amount) == ("123e4567-e12b-12d1-a456-426655440000", None)
    assert reading.reference == ""  # *** is no reference


def test_it_reads_a_pix_code_that_another_bank_built() -> None:
    built = starkbank.fromJson(
        {
            "name": "Sampan Demo Shop",
            "key": "shop@sampan.example",
            "city": "Sao Paulo",
            "amount": 11000,
            "txid": "SAMPAN42",
        }
    )
    reading = read_code(built)
    assert reading.problems == []
    assert (reading.account, str(reading.amount), reading.reference) == ("shop@sampan.example", "110.00", "SAMPAN42")


@pytest.mark.parametrize(
    ("find", "put", "problem"),
    [
        ("DE59", "DE58", "iban"),
        ("DE59999900001000000001", "DE5999990000100000000", "iban"),
        ("RF18", "RF19", "reference"),
        ("EUR12.30", "USD12.30", "amount"),
        ("EUR12.30", "EUR0.00", "amount"),
        ("EUR12.30", "EUR12.301", "amount"),
        ("EUR12.30", "EUR12,30", "amount"),
        ("EUR12.30", "EUR1000000000", "amount"),
        ("\n002\n", "\n003\n", "version"),
        ("\n002\n", "\n001\n", "bic_missing"),
        ("SCT\n\n", "SCT\nABC\n", "bic"),
        ("\nSCT", "\nSCX", "header"),
        ("Sampan Demo Shop", "", "name"),
        ("Sampan Demo Shop", "S" * 71, "name"),
        ("Sampan Demo Shop", "Sampan\x00Shop", "control"),
        ("7034\n\n", "7034\nand a text\n", "two_references"),
        ("7034\n\n", "7034\n\ninfo\nmore", "lines"),
        ("\n1\n", "\n9\n", "charset"),
    ],
)
def test_it_names_what_is_wrong_with_an_epc_code(find: str, put: str, problem: str) -> None:
    assert find in EPC
    assert problem in problems(EPC.replace(find, put))


@pytest.mark.parametrize(
    ("find", "put", "problem"),
    [
        ("5303986", "5303840", "currency"),
        ("5802BR", "5802PT", "country"),
        ("52040000", "5204ABCD", "mcc"),
        ("5913Fulano de Tal", "", "name"),
        ("6008BRASILIA", "", "city"),
        ("62070503***", "62080504A-B1", "txid"),
        ("br.gov.bcb.pix", "br.gov.bcb.pox", "pix_account"),
        ("0136123e4567-e12b-12d1-a456-426655440000", "0136123e4567-e12b-12d1-a456-42665544000X", "key"),
        ("5802BR", "54040.005802BR", "amount"),
        ("5802BR", "54041,005802BR", "amount"),
        ("5802BR", "5802BR5802BR", "twice"),
        ("000201", "000202", "format"),
        ("5913Fulano", "5993Fulano", "structure"),
    ],
)
def test_it_names_what_is_wrong_with_a_pix_code(find: str, put: str, problem: str) -> None:
    body = BCB[:-8]
    assert find in body
    assert problem in problems(sealed(body.replace(find, put)))


def test_an_altered_pix_code_fails_its_checksum() -> None:
    assert problems(BCB.replace("Fulano", "Fulana")) == {"crc"}
    assert "crc" in problems(BCB[:-4] + "1d3d")  # capitals only


def test_a_dynamic_pix_code_and_a_web_address_are_not_paid() -> None:
    location = sealed(
        "00020101021226420014br.gov.bcb.pix2520pix.example.com/qr/15204000053039865802BR5904Shop6005Recif62070503***"
    )
    assert problems(location) == {"dynamic"}
    assert problems("https://pay.example/me") == {"unknown_scheme"}


def test_check_digits_are_computed_as_the_standards_say() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert iban_is_valid("DE89370400440532013000")
    assert not iban_is_valid("DE88370400440532013000")
    assert not iban_is_valid("de89370400440532013000")
    assert make_iban("DE", "370400440532013000") == "DE89370400440532013000"
    assert cpf_is_valid("12345678909")
    assert not cpf_is_valid("12345678901")
    assert make_cpf("123456789") == "12345678909"
    assert cnpj_is_valid("11222333000181")
    assert cnpj_is_valid("12ABC34501DE35")  # the tax office's own alphanumeric example
    assert not cnpj_is_valid("11222333000182")


def test_it_reads_the_pixels_of_a_code_that_another_library_drew() -> None:
    file = io.BytesIO()
    make_epc_qr("Café Müller", "DE89370400440532013000", 9.5, text="Danke").save(file, kind="png", scale=4)
    (payload,) = codes_in(file.getvalue())
    reading = read_code(payload)
    assert reading.problems == []
    assert (reading.payee, str(reading.amount), reading.text) == ("Café Müller", "9.5", "Danke")


def test_it_sees_every_code_in_a_picture() -> None:
    assert set(codes_in(png(EPC, BCB))) == {EPC, BCB}
    assert codes_in(png(BCB, BCB)) == [BCB]


def test_it_reads_a_photo_that_is_large_turned_and_compressed() -> None:
    sheet = Image.open(io.BytesIO(png(BCB))).resize((2600, 2600)).rotate(90)
    file = io.BytesIO()
    sheet.convert("RGB").save(file, "JPEG", quality=60)
    assert codes_in(file.getvalue()) == [BCB]


def test_a_picture_without_a_code_has_none() -> None:
    file = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(file, "PNG")
    assert codes_in(file.getvalue()) == []


@pytest.mark.parametrize("side", [6_000, 10_000, 14_000])
def test_a_picture_bomb_is_not_opened(side: int) -> None:
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    with pytest.raises(NotAPicture):
        codes_in(file.getvalue())


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"\xff\xd8\xff\xe0" + b"x" * 99]
)
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        codes_in(data)
