"""Check digits and checksums the bank verifies by itself: IBAN, ISO 11649 reference, CPF, CNPJ, CRC-16."""

import re

# Country -> length of its IBANs (SWIFT registry), for the countries the SEPA scheme reaches and a few neighbours.
IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}  # fmt: skip


def mod97(text: str) -> int:
    """ISO 7064 MOD 97-10 of letters (A=10 … Z=35) and digits, the first four characters moved to the end."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97


def iban_is_valid(iban: str) -> bool:
    """Electronic form only: capitals, no spaces, the length of its country, and the remainder 1."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return False
    return IBAN_LENGTHS.get(iban[:2], len(iban)) == len(iban) and mod97(iban) == 1


def make_iban(country: str, rest: str) -> str:
    """The IBAN of a national account number, with its two check digits."""
    return f"{country}{98 - mod97(country + '00' + rest):02d}{rest}"


def creditor_reference_is_valid(reference: str) -> bool:
    """ISO 11649: RF, two check digits, 1 to 21 letters and digits, remainder 1."""
    return bool(re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", reference)) and mod97(reference) == 1


def _check_digit(numbers: list[int], weights: list[int]) -> int:
    rest = sum(number * weight for number, weight in zip(numbers, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def make_cpf(nine: str) -> str:
    """A Brazilian person's number: nine digits and their two check digits."""
    numbers = [int(digit) for digit in nine]
    numbers.append(_check_digit(numbers, list(range(10, 1, -1))))
    numbers.append(_check_digit(numbers, list(range(11, 1, -1))))
    return "".join(map(str, numbers))


def cpf_is_valid(cpf: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{11}", cpf)) and make_cpf(cpf[:9]) == cpf


def cnpj_is_valid(cnpj: str) -> bool:
    """A Brazilian company's number; letters count as their code minus that of "0" (the alphanumeric form of 2026)."""
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", cnpj):
        return False
    numbers = [ord(character) - ord("0") for character in cnpj[:12]]
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    numbers.append(_check_digit(numbers, weights))
    numbers.append(_check_digit(numbers, [6, *weights]))
    return cnpj[12:] == f"{numbers[12]}{numbers[13]}"


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE (polynomial 1021, start FFFF): "123456789" gives 29B1."""
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ 0x1021 if register & 0x8000 else register << 1
        register &= 0xFFFF
    return register
