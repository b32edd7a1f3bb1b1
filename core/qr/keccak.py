"""Keccak-256 with its original padding, as Ethereum uses it (the standard's SHA3-256 pads otherwise), and EIP-55."""

from __future__ import annotations

_RATE = 136  # bytes: 1600 bits less twice the 256 of the result
_LANES = 25
_MASK = 2**64 - 1


def _round_constants() -> tuple[int, ...]:
    """The 24 constants of step ι, from the linear feedback register that FIPS 202 (3.2.5) defines them by."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for place in range(7):
            if register & 1:
                constant |= 1 << (1 << place) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _walk() -> tuple[tuple[int, int], ...]:
    """Steps ρ and π: for each lane in turn, where it goes and how far it turns (FIPS 202, 3.2.2 and 3.2.3)."""
    x, y, steps = 1, 0, []
    for turn in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        steps.append((x + 5 * y, (turn + 1) * (turn + 2) // 2 % 64))
    return tuple(steps)


_CONSTANTS = _round_constants()
_STEPS = _walk()


def keccak256(data: bytes) -> bytes:
    """The 32-byte hash."""
    padded = bytearray(data + b"\x01" + b"\x00" * (-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [0] * _LANES
    for at in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            state[lane] ^= int.from_bytes(padded[at + 8 * lane : at + 8 * lane + 8], "little")
        _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def checksummed(address: str) -> str:
    """An address of 0x and 40 hex digits with the capitals that EIP-55 gives it."""
    digits = address[2:].lower()
    weights = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(weight, 16) >= 8 else digit for digit, weight in zip(digits, weights, strict=False)
    )


def _turn(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK


def _permute(state: list[int]) -> None:
    for constant in _CONSTANTS:
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        for x in range(5):
            change = columns[x - 1] ^ _turn(columns[(x + 1) % 5], 1)
            for y in range(0, _LANES, 5):
                state[x + y] ^= change
        held = state[1]
        for place, by in _STEPS:
            state[place], held = _turn(held, by), state[place]
        for y in range(0, _LANES, 5):
            row = state[y : y + 5]
            for x in range(5):
                state[y + x] = row[x] ^ (~row[(x + 1) % 5] & _MASK & row[(x + 2) % 5])
        state[0] ^= constant
