"""ethereum: links (ERC-681): ether to an address, or an ERC-20 token by a call of its contract's transfer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.qr.code import PaymentCode, Problem, Scheme, left_open, scaled
from core.qr.errors import BadPayload
from core.qr.keccak import checksummed
from core.qr.text import parameters

_LINK = re.compile(
    r"(?i:ethereum):(?:pay-)?(0x[0-9A-Fa-f]{40}|[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)"
    r"(?:@([0-9]{1,18}))?(?:/([A-Za-z_][A-Za-z0-9_]{0,63}))?(?:\?(.*))?"
)
_NUMBER = re.compile(r"\+?([0-9]{0,78})(?:\.([0-9]{1,78}))?(?:[eE]([0-9]{1,2}))?")
_WEI = 18
_ETHER_CHAINS = frozenset({1, 10, 42161, 8453, 11155111, 17000})
"""Chains whose own coin is ether: main, Optimism, Arbitrum, Base, and the test networks Sepolia and Holesky."""
_TEST_CHAINS = frozenset({3, 4, 5, 42, 17000, 11155111, 80002, 421614, 84532})
_ALLOWANCES = frozenset({"approve", "increaseallowance", "permit", "setapprovalforall", "transferfrom"})
_NUMBERS = ("value", "gas", "gasLimit", "gasPrice", "uint256")
_MISPRINTED = "0xfb6916095ca1df60bb79Ce92ce3ea74c37c5d359"
"""The address in the standard's own first example: one of its capitals is right and four are missing."""


@dataclass(frozen=True)
class _Link:
    target: str
    chain: int | None
    function: str
    given: dict[str, str]
    numbers: dict[str, int]


def read(payload: str, now: datetime | None = None) -> PaymentCode:
    """Read a link. Raises BadPayload for an address whose capitals are wrong (EIP-55), fractions of the smallest unit,
    a parameter twice, ether sent to a token's contract.
    """
    link = _parse(payload)
    problems = _problems(link)
    named = f"eip155:{link.chain}" if link.chain is not None else "eip155"
    spoken = _spoken(link)
    if link.function == "transfer":
        problems = (Problem.RAW_AMOUNT, *problems)
        atoms = link.numbers.get("uint256")
        amount = None if atoms is None else Decimal(atoms)
        currency, account = f"{named}/erc20:{link.target}", link.given["address"]
    else:
        wei = link.numbers.get("value")
        amount = None if wei is None else scaled(wei, _WEI)
        currency = "ETH" if link.chain is None or link.chain in _ETHER_CHAINS else named
        account = link.target
    return PaymentCode(
        scheme=Scheme.EIP681,
        payee="",
        account=account,
        amount=amount,
        currency=currency,
        reference="",
        problems=left_open(amount, "the address") + problems,
        fields=spoken,
    )


def _parse(payload: str) -> _Link:
    found = _LINK.fullmatch(payload)
    if found is None:
        raise BadPayload("payload", "not a link by ERC-681")
    target, chain, function, query = found[1], found[2], found[3] or "", found[4]
    pairs = parameters(query) if query is not None else ()
    given = dict(pairs)
    if len({key.lower() for key in given}) != len(pairs) or {"gas", "gasLimit"} <= given.keys():
        raise BadPayload("parameters", "given twice")
    _check_address(target, "address")
    if function == "transfer":
        _check_address(given.get("address", ""), "to")
        if "value" in given:
            raise BadPayload("value", "sends ether to the contract of a token")
    if not function and {"address", "uint256"} & given.keys():
        raise BadPayload("parameters", "names what a call would take, and no call")
    numbers = {key: _number(given[key], key) for key in _NUMBERS if key in given}
    if not numbers.get("value", 1) or (function == "transfer" and not numbers.get("uint256", 1)):
        raise BadPayload("value", "an amount of nothing")
    return _Link(target, int(chain) if chain else None, function, given, numbers)


def _check_address(text: str, where: str) -> None:
    if re.fullmatch(r"0x[0-9A-Fa-f]{40}", text) is None:
        if where == "address":  # a name (ENS), whose letters have no checksum
            return
        raise BadPayload(where, "not an address")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text not in (checksummed(text), _MISPRINTED):
        raise BadPayload(where, "the checksum in its capitals is wrong")


def _number(text: str, where: str) -> int:
    """A whole number in plain or scientific notation. Only what comes out whole, and fits 256 bits, is one."""
    found = _NUMBER.fullmatch(text)
    whole, part, exponent = (found[1], found[2] or "", int(found[3] or 0)) if found else ("", "", 0)
    if not whole + part or len(part) > exponent:
        raise BadPayload(where, "not a whole number of smallest units")
    number: int = int(whole + part) * 10 ** (exponent - len(part))
    if number >= 2**256:
        raise BadPayload(where, "does not fit 256 bits")
    return number


def _problems(link: _Link) -> tuple[Problem, ...]:
    found = {
        Problem.NO_CHAIN: link.chain is None,
        Problem.TEST_NETWORK: link.chain in _TEST_CHAINS,
        Problem.REMOTE: not link.target.startswith("0x"),
        Problem.COLLECT: link.function.lower() in _ALLOWANCES,
        Problem.CONTRACT_CALL: link.function != "transfer" and bool(link.function),
        Problem.ADDRESS_CHECKSUM: link.target == _MISPRINTED,
    }
    return tuple(problem for problem, there in found.items() if there)


def _spoken(link: _Link) -> dict[str, Any]:
    """The parts by the names that wallets show, numbers written out in full."""
    spoken: dict[str, Any] = {} if link.chain is None else {"chain_id": link.chain}
    if link.function == "transfer":
        spoken |= {"token": link.target, "to": link.given["address"]}
    elif link.function:
        spoken |= {"contract": link.target, "function": link.function}
    else:
        spoken |= {"to": link.target}
    names = {"value": "value_wei", "uint256": "amount_atomic"}
    given = {key: value for key, value in link.given.items() if key != "address" or link.function != "transfer"}
    return spoken | {names.get(key, key): str(link.numbers.get(key, value)) for key, value in given.items()}
