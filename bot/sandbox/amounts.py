"""Amounts of an invoice in words: whole minor units with the currency's digits."""

from __future__ import annotations

from babel.numbers import get_currency_precision


def exponent(currency: str) -> int:
    """Digits after the point of an amount in this currency; Telegram Stars have none."""
    return 0 if currency == "XTR" else get_currency_precision(currency)


def amount_text(amount: int, currency: str) -> str:
    digits = exponent(currency)
    if not digits:
        return f"{amount} {currency}"
    return f"{amount // 10**digits}.{amount % 10**digits:0{digits}d} {currency}"
