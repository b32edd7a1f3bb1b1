"""WebAuthn for the step-up page: the options a browser gets, and whether what it answers is a signature of ours.

The library is Yubico's `fido2` (its server part). What is signed is made from our challenge's id and from the digest of
what is confirmed, under a key of the shop's: a signature counts for that one challenge and for nothing else.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.risk.challenge import Challenge
from core.risk.credentials import Credential
from core.risk.passkeys import name_of

# It would tell of every passkey's id.
logging.getLogger("fido2").setLevel(logging.WARNING)

_REQUIRED = UserVerificationRequirement.REQUIRED


class BadPasskey(Refusal):
    """Not signed by a passkey of theirs, or not this."""

    sentence = sentence("That passkey did not confirm this. Please try again, or use another way.")


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made: its id, what later signatures are checked with, its counter."""

    name: str
    secret: str
    count: int


class Passkeys:
    """The relying party of one address. `site` is where the page stands; passkeys belong to its domain."""

    def __init__(self, site: str, shop_name: str, key: bytes) -> None:
        parts = urlsplit(site)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._key = key
        rp = PublicKeyCredentialRpEntity(name=shop_name, id=parts.hostname or "")
        self._server = Fido2Server(rp, verify_origin=lambda origin: origin == self.origin)

    @staticmethod
    def possible(site: str) -> bool:
        """Whether passkeys can belong to an address: it has a domain, and not only a number."""
        host = urlsplit(site).hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return bool(host)
        return False

    def to_sign(self, challenge: Challenge) -> bytes:
        """The 32 bytes that are signed for a challenge: nobody can know them before it is opened."""
        return hmac.digest(self._key, f"{challenge.id}|{challenge.purpose}|{challenge.bound}".encode(), "sha256")

    def creation(self, challenge: Challenge, who: PersonId, name: str, known: list[Credential]) -> dict[str, Any]:
        """Options for a new passkey of `who`, whom it calls `name`."""
        handle = hmac.digest(self._key, f"user|{who}".encode(), "sha256")  # names nobody to whoever finds the passkey
        options, _ = self._server.register_begin(
            PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
            credentials=list(map(_descriptor, known)),
            resident_key_requirement=ResidentKeyRequirement.PREFERRED,
            user_verification=_REQUIRED,
            challenge=self.to_sign(challenge),
        )
        return dict(options.public_key)

    def created(self, challenge: Challenge, response: Mapping[str, Any]) -> NewPasskey:
        """What was made. Raises BadPasskey."""
        try:
            data = self._server.register_complete(self._state(challenge), response)
            assert data.credential_data is not None
        except Exception:  # whatever the library's parsers meet in foreign bytes
            raise BadPasskey from None
        made = data.credential_data
        return NewPasskey(websafe_encode(made.credential_id), websafe_encode(bytes(made)), data.counter)

    def request(self, challenge: Challenge, known: list[Credential]) -> dict[str, Any]:
        """Options for a signature by one of the known passkeys."""
        options, _ = self._server.authenticate_begin(
            list(map(_descriptor, known)), user_verification=_REQUIRED, challenge=self.to_sign(challenge)
        )
        return dict(options.public_key)

    def signed(self, challenge: Challenge, known: list[Credential], response: Mapping[str, Any]) -> tuple[str, int]:
        """Which of the known passkeys has signed this challenge, and its counter. Raises BadPasskey."""
        try:
            data = [AttestedCredentialData(websafe_decode(one.secret)) for one in known]
            found = self._server.authenticate_complete(self._state(challenge), data, response)
            count = AuthenticationResponse.from_dict(response).response.authenticator_data.counter
        except Exception:
            raise BadPasskey from None
        return websafe_encode(found.credential_id), count

    def _state(self, challenge: Challenge) -> dict[str, Any]:
        return {"challenge": websafe_encode(self.to_sign(challenge)), "user_verification": _REQUIRED}


def _descriptor(known: Credential) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=websafe_decode(name_of(known)))
