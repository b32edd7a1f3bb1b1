"""ECDSA on two curves, to check signatures in codes: public numbers only, so nothing here guards against timing.

Formulas: SEC 1 v2.0 (4.1.4 verifying, 4.1.6 recovering a public key). Domain parameters: SEC 2 v2.0 (2.4.1, 2.4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b over the field of p, with the base point (gx, gy) of prime order n. Cofactor 1, p ≡ 3 mod 4."""

    p: int
    a: int
    b: int
    gx: int
    gy: int
    n: int


_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256 = Curve(
    p=_P256,
    a=_P256 - 3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    gx=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    gy=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
)
SECP256K1 = Curve(
    p=2**256 - 2**32 - 977,
    a=0,
    b=7,
    gx=0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    gy=0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
)


def contains(curve: Curve, point: Point) -> bool:
    """Whether this is a point of the curve, other than infinity."""
    if point is None:
        return False
    x, y = point
    return 0 <= x < curve.p and 0 <= y < curve.p and (y * y - (x * x * x + curve.a * x + curve.b)) % curve.p == 0


def lift(curve: Curve, x: int, *, odd: bool) -> Point:
    """The point with this x whose y is odd or even; None when the curve has no such x."""
    square = (x * x * x + curve.a * x + curve.b) % curve.p
    y = pow(square, (curve.p + 1) // 4, curve.p)
    if not 0 <= x < curve.p or y * y % curve.p != square or not y:
        return None
    return x, y if y % 2 == odd else curve.p - y


def verify(curve: Curve, key: Point, digest: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is ``key``'s signature of a message with this 32-byte digest."""
    if not contains(curve, key) or not (0 < r < curve.n and 0 < s < curve.n):
        return False
    inverse = pow(s, -1, curve.n)
    made = _sum_of_two(curve, _number(digest) * inverse % curve.n, r * inverse % curve.n, key)
    return made is not None and made[0] % curve.n == r


def recover(curve: Curve, digest: bytes, r: int, s: int, hint: int) -> Point:
    """The key that made the signature (r, s) of this digest, by the signer's ``hint`` (0 to 3); None when none did."""
    if not (0 < r < curve.n and 0 < s < curve.n and 0 <= hint <= 3):
        return None
    nonce = lift(curve, r + curve.n * (hint >> 1), odd=bool(hint & 1))
    if nonce is None:
        return None
    inverse = pow(r, -1, curve.n)
    return _sum_of_two(curve, -_number(digest) * inverse % curve.n, s * inverse % curve.n, nonce)


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:32], "big")


def _add(curve: Curve, one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if (y1 + y2) % curve.p == 0:
            return None
        slope = (3 * x1 * x1 + curve.a) * pow(2 * y1, -1, curve.p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, curve.p)
    x = (slope * slope - x1 - x2) % curve.p
    return x, (slope * (x1 - x) - y1) % curve.p


def _sum_of_two(curve: Curve, base_times: int, point_times: int, point: Point) -> Point:
    """base_times·G + point_times·point, both in one walk over the bits (Shamir's trick)."""
    base: Point = (curve.gx, curve.gy)
    steps = {(0, 1): point, (1, 0): base, (1, 1): _add(curve, base, point)}
    total: Point = None
    for place in reversed(range(max(base_times.bit_length(), point_times.bit_length()))):
        total = _add(curve, total, total)
        total = _add(curve, total, steps.get((base_times >> place & 1, point_times >> place & 1)))
    return total
