"""Ethereum's own Python libraries read the transaction that `sampan ledger anchor` makes, and can sign it."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from core.ledger.evm import AnchorTransaction, rlp

# py_ecc, which comes along, lets Python recurse so deep that a document of 100,000 brackets ends the process.
_depth = sys.getrecursionlimit()

import rlp as judge  # noqa: E402
from eth_account import Account  # noqa: E402
from eth_account.typed_transactions import TypedTransaction  # noqa: E402
from eth_utils import keccak, to_checksum_address  # noqa: E402

sys.setrecursionlimit(_depth)

_ITEMS = st.recursive(st.binary(max_size=70) | st.integers(0, 2**256), lambda items: st.lists(items, max_size=6))
_FEES = st.integers(0, 10**15)


@given(_ITEMS)
def test_rlp_is_that_of_the_reference_library(item):
    assert rlp(item) == judge.encode(item)


@given(
    st.builds(
        AnchorTransaction,
        chain_id=st.integers(1, 2**40),
        nonce=st.integers(0, 2**32),
        max_priority_fee=_FEES,
        max_fee=_FEES,
        to=st.binary(min_size=20, max_size=20).map(to_checksum_address),
        data=st.binary(min_size=32, max_size=32),
    )
)
def test_the_payload_hashes_to_what_a_wallet_signs(transaction):
    wanted = TypedTransaction.from_dict(transaction.fields()).hash()
    assert keccak(transaction.payload()) == bytes(wanted)


def test_a_wallet_signs_it_and_the_signed_transaction_carries_the_head():
    head = bytes(range(32))
    unsigned = AnchorTransaction(1, 7, 10**9, 2 * 10**10, to_checksum_address(bytes(range(20))), head)
    wallet = Account.create()
    signed = wallet.sign_transaction(unsigned.fields())
    assert Account.recover_transaction(signed.raw_transaction) == wallet.address
    fields = judge.decode(bytes(signed.raw_transaction)[1:])
    assert fields[7] == head
    assert judge.encode(fields[:9]) == unsigned.payload()[1:]
