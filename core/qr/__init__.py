"""Payment-QR payload standards: build and parse, pure. Pixels live in bot/pictures, decisions in core/risk."""

from core.qr.errors import BadPayload
from core.qr.read import PaymentCode, Scheme, classify, read

__all__ = ["BadPayload", "PaymentCode", "Scheme", "classify", "read"]
