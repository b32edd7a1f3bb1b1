"""Codes by SMS or mail over a gateway's HTTP: one JSON POST, a key as bearer, and a 2xx for "taken"."""

from __future__ import annotations

import logging

import aiohttp

from core.risk.codes import Letter

log = logging.getLogger(__name__)

NAME = "codes"
_PATIENCE = aiohttp.ClientTimeout(total=10)


class HttpCodes:
    """core.risk.codes.CodeSender over a gateway at `url`.

    It POSTs {"id", "channel": "sms" | "email", "to", "text"}; `id` (also the header Idempotency-Key) is the same when
    one message is sent again.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session, self._url, self._key = session, url, key

    async def send(self, letter: Letter) -> bool:
        """Whether the gateway took it. What went wrong is logged by its kind or status alone."""
        body = {
            "id": letter.id,
            "channel": "email" if letter.by_mail else "sms",
            "to": letter.to,
            "text": letter.text,
        }
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": letter.id}
        try:
            async with self._session.post(
                self._url, json=body, headers=headers, timeout=_PATIENCE, allow_redirects=False
            ) as answer:
                if answer.status // 100 == 2:
                    return True
                log.warning("the code gateway answered %s", answer.status)
        except (aiohttp.ClientError, TimeoutError) as fault:
            log.warning("the code gateway cannot be reached: %s", type(fault).__name__)
        return False
