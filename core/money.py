"""Money: whole minor units of an asset, and the arithmetic that never loses one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.errors import Refusal, sentence
from core.iso4217 import EXPONENTS

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,15})(?:[.,](?P<part>[0-9]{1,9}))?")

# BIGINT holds every ledger unit; past this a number is a mistake, not a price.
MAX_MINOR = 2**63 - 1

# The most that one amount typed or told may be: it can still be shown in the smallest currency (IRR: a million to one).
MOST_TYPED = 10**12


class UnknownAsset(Refusal):
    """The code is neither an ISO 4217 currency nor a registered token."""

    sentence = sentence("“{code}” is not a currency this shop knows. Use a code such as EUR, USD or CNY.")


class BadAmount(Refusal):
    """A text that is not a plain positive amount in the asset's decimals."""

    sentence = sentence("“{text}” is not a price. Write a number such as 12.50, with at most {decimals} decimals.")


class TooMuch(Refusal, OverflowError):
    """More minor units than the ledger can hold."""

    sentence = sentence("That is more money than this shop can count.")


class MixedAssets(TypeError):
    """Two assets met in one sum: a defect in our code, never something a person can cause."""


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """A currency (ISO 4217) or registered token; `exponent` is the number of decimals of its ledger unit."""

    code: str
    exponent: int

    def __str__(self) -> str:
        return self.code


_ASSETS = {code: Asset(code, exponent) for code, exponent in EXPONENTS.items()}


def asset(code: str) -> Asset:
    """The asset of `code`, upper-case. Raises UnknownAsset."""
    try:
        return _ASSETS[code]
    except KeyError:
        raise UnknownAsset(code=code[:8]) from None


def register_token(code: str, exponent: int) -> Asset:
    """Make a token known (BTC 8, USDC 6, XTR 0 …). The same code may not come back with another exponent."""
    if not _CODE.fullmatch(code) or not 0 <= exponent <= 9:
        raise ValueError("a token is 2 to 8 capitals or digits with 0 to 9 decimals")
    known = _ASSETS.setdefault(code, Asset(code, exponent))
    if known.exponent != exponent:
        raise ValueError(f"{code} is known with {known.exponent} decimals")
    return known


def _half_even(top: int, bottom: int) -> int:
    """top / bottom rounded half-even: round(Fraction(top, bottom)) without its cost, 20 times a purchase."""
    whole, rest = divmod(top, bottom)
    twice = 2 * rest
    return whole + (twice > bottom or (twice == bottom and whole % 2 == 1))


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` whole ledger units of `asset`; negative amounts are allowed (ledger legs)."""

    minor: int
    asset: Asset

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("money is counted in whole minor units")
        if abs(self.minor) > MAX_MINOR:
            raise TooMuch

    @property
    def decimal(self) -> Decimal:
        """The amount in the asset's own unit, with exactly its exponent's decimals."""
        return Decimal(self.minor).scaleb(-self.asset.exponent)

    def __str__(self) -> str:
        return f"{self.asset.code} {self.decimal}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Money) -> None:
        if self.asset is not other.asset and self.asset != other.asset:
            raise MixedAssets(f"{self.asset.code} with {other.asset.code}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.asset)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.asset)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.asset)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.asset)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        return not self <= other

    def __ge__(self, other: Money) -> bool:
        return not self < other

    def share(self, basis_points: int) -> Money:
        """`basis_points` / 10 000 of it, rounded half-even to a minor unit."""
        return Money(_half_even(self.minor * basis_points, 10_000), self.asset)

    def converted(self, rate: Fraction, into: Asset) -> Money:
        """Into another asset at `rate` (units of `into` for one unit of this one), rounded half-even."""
        places = into.exponent - self.asset.exponent
        top, bottom = self.minor * rate.numerator, rate.denominator
        return Money(_half_even(top * 10 ** max(0, places), bottom * 10 ** max(0, -places)), into)

    def split(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """In proportion to `weights` by largest remainder: the parts sum to the whole, each within one minor unit."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative, with a positive sum")
        floors = [self.minor * weight // total for weight in weights]
        remainders = [self.minor * weight % total for weight in weights]
        owed = self.minor - sum(floors)
        for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:owed]:
            floors[index] += 1
        return tuple(Money(minor, self.asset) for minor in floors)


def zero(of: Asset) -> Money:
    """Nothing, in `of`."""
    return Money(0, of)


def parse_amount(text: str, of: Asset) -> Money:
    """A positive amount a person typed: digits, one '.' or ',' before the decimals. Raises BadAmount."""
    match = _AMOUNT.fullmatch(text.strip())
    part = (match["part"] or "") if match else ""
    if not match or len(part) > of.exponent:
        raise BadAmount(text=text.strip()[:24], decimals=of.exponent)
    minor = int(match["whole"] + part.ljust(of.exponent, "0"))
    if not 0 < minor <= MOST_TYPED:
        raise BadAmount(text=text.strip()[:24], decimals=of.exponent)
    return Money(minor, of)


_PRICE = re.compile(
    r"(?P<amount>[0-9][0-9.,]*)\s*(?P<code>[A-Za-z]{3})|(?P<code2>[A-Za-z]{3})\s*(?P<amount2>[0-9][0-9.,]*)"
)


class BadPrice(Refusal):
    """A text that is not an amount with a currency."""

    sentence = sentence("“{text}” is not a price. Write an amount and a currency, such as 12.50 EUR.")


def parse_price(text: str) -> Money:
    """ "12.50 EUR" or "EUR 12.50" as a person types it. Raises BadPrice, BadAmount or UnknownAsset."""
    match = _PRICE.fullmatch(text.strip())
    if not match:
        raise BadPrice(text=text.strip()[:24])
    code = (match["code"] or match["code2"]).upper()
    return parse_amount(match["amount"] or match["amount2"], asset(code))
