"""Payment-QR payload standards: build and parse, pure. Pixels live in bot/pictures, decisions in core/risk."""

from core.qr.code import PaymentCode, Problem, Scheme
from core.qr.errors import BadPayload
from core.qr.read import classify, read

__all__ = ["BadPayload", "PaymentCode", "Problem", "Scheme", "classify", "read"]
