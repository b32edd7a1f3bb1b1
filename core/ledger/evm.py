"""An unsigned EVM transaction that carries a head: EIP-1559 fields, and the RLP payload to be signed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

# 21,000 for any transaction and, by the floor of EIP-7623, 40 for each of the 32 bytes that it carries.
GAS = 21_000 + 40 * 32

Rlp = bytes | int | list["Rlp"]


@dataclass(frozen=True, slots=True)
class AnchorTransaction:
    """Sends nothing but 32 bytes. Fees are in wei for a unit of gas.

    `to` is 0x and 40 digits, kept as it was written: in its upper and lower case is a checksum (EIP-55) that wallets
    want to see.
    """

    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    to: str
    data: bytes
    gas: int = GAS

    def payload(self) -> bytes:
        """0x02 ‖ RLP(fields): what a wallet hashes with Keccak-256 and signs."""
        fees: list[Rlp] = [self.max_priority_fee, self.max_fee, self.gas]
        return b"\x02" + rlp([self.chain_id, self.nonce, *fees, bytes.fromhex(self.to[2:]), 0, self.data, []])

    def fields(self) -> dict[str, object]:
        """As `eth_signTransaction` takes it: quantities and bytes in hex."""
        return {
            "type": "0x2",
            "chainId": hex(self.chain_id),
            "nonce": hex(self.nonce),
            "maxPriorityFeePerGas": hex(self.max_priority_fee),
            "maxFeePerGas": hex(self.max_fee),
            "gas": hex(self.gas),
            "to": self.to,
            "value": "0x0",
            "data": f"0x{self.data.hex()}",
            "accessList": [],
        }


def rlp(item: Rlp) -> bytes:
    """Recursive Length Prefix, as in appendix B of Ethereum's yellow paper. A whole number is its shortest bytes."""
    if isinstance(item, list):
        return _prefixed(b"".join(map(rlp, item)), 0xC0)
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    return item if len(item) == 1 and item[0] < 0x80 else _prefixed(item, 0x80)


def _prefixed(body: bytes, base: int) -> bytes:
    if len(body) < 56:
        return bytes([base + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size + body
