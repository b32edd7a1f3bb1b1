"""Requests to the Bot API over aiohttp: a fifth of the CPU of python-telegram-bot's default, no token in any error."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any, cast
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram._utils.types import JSONDict, ODVInput
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from core.channels.reading import whole

_Timeouts = tuple[ODVInput[float], ODVInput[float], ODVInput[float], ODVInput[float]]

_Own = tuple[float | None, float | None, float | None, float | None]

_JSON = {"Content-Type": "application/json"}

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Bytes: the Bot API serves no larger file."""


class NotSent(NetworkError):
    """No connection came about: the request was certainly not carried out, and may be repeated."""


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's transport over one aiohttp session.

    Times are in seconds. `upload_timeout` is added when a request carries files. `proxy` is a proxy's URL (see
    `proxy_for`). The URL of a request holds the bot's token: no error or log line of this class repeats it, and no
    exception keeps the one that does as its cause.
    """

    __slots__ = ("_connections", "_pool_timeout", "_proxy", "_session", "_timeouts", "_upload_timeout")

    def __init__(
        self,
        *,
        connections: int = 64,
        connect_timeout: float = 5,
        read_timeout: float = 15,
        write_timeout: float = 10,
        pool_timeout: float = 10,
        upload_timeout: float = 40,
        proxy: str | None = None,
    ) -> None:
        self._connections = connections
        self._timeouts: _Own = (read_timeout, write_timeout, connect_timeout, pool_timeout)
        self._upload_timeout = upload_timeout
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds between two bytes of an answer."""
        return self._timeouts[0]

    async def initialize(self) -> None:
        """Open the session, in the loop that runs now."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                skip_auto_headers=(
                    "Accept",
                    "Accept-Encoding",
                ),  # answers are short: packing them costs more than it saves
                proxy=self._proxy,
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. Raises TimedOut (it may have been carried out), NotSent (it was not) or NetworkError."""
        if self._session is None or self._session.closed:
            raise RuntimeError("this request is not initialized, or was shut down")
        given = read_timeout, write_timeout, connect_timeout, pool_timeout
        upload = self._upload_timeout if request_data is not None and request_data.contains_files else 0
        timeout = _timeout(given, self._timeouts, upload, is_download=method == "GET")
        fault: TelegramError | None = None
        try:
            async with self._session.request(
                method, URL(url, encoded=True), timeout=timeout, allow_redirects=False, **_body(request_data)
            ) as answer:
                if (answer.content_length or 0) > DOWNLOAD_LIMIT:
                    raise NetworkError("The file is larger than the Bot API serves.")
                status, payload = answer.status, await whole(answer, DOWNLOAD_LIMIT)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            fault = _told(error)
        if fault is not None:
            # Outside the except block on purpose: __context__ would hold aiohttp's error, and with it the token.
            raise fault
        if status >= 300 and not payload.startswith(b"{"):
            # A proxy's page: python-telegram-bot would quote the whole of it in its error.
            raise NetworkError(f"The Bot API answered {status} without saying why.")
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        """The answer as a dict. Unlike the base class this never logs it: it may be somebody's message."""
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("The Bot API's answer is not JSON.")
        return answer


def proxy_for(base_url: str) -> str | None:
    """The proxy that the environment (HTTPS_PROXY, NO_PROXY …) names for this address, read once; None without one."""
    url = URL(base_url)
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)


def _body(data: RequestData | None) -> dict[str, Any]:
    """JSON without files, multipart with them."""
    if data is None:
        return {}
    if not data.contains_files:
        # Not as `json=`: aiohttp wraps it in a payload of its own, a tenth of the CPU of a call.
        return {"data": json.dumps(data.parameters).encode(), "headers": _JSON} if data.parameters else {}
    body, boundary = multipart(data.json_parameters, data.multipart_data)
    # As a stream: aiohttp writes bytes in one go, and warns where they are many.
    return {"data": io.BytesIO(body), "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def multipart(fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes | IO[bytes], str]]) -> tuple[bytes, str]:
    """Fields and files (file name, content, media type) as a body of multipart/form-data (RFC 7578), and its boundary.

    In one piece: aiohttp's own writer sends a dozen small ones, each by itself, at twice the CPU of the whole call.
    """
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in fields.items():
        parts += _part(boundary, f'name="{_quoted(name)}"'), value.encode(), b"\r\n"
    for name, (filename, content, mime) in files.items():
        about = f'name="{_quoted(name)}"; filename="{_quoted(filename)}"\r\nContent-Type: {mime}'
        parts += _part(boundary, about), content if isinstance(content, bytes) else content.read(), b"\r\n"
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), boundary


def _part(boundary: str, about: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode()


def _quoted(name: str) -> str:
    """A name as a quoted string (RFC 9110), which cannot end the line that it stands in."""
    return " ".join(name.splitlines()).replace("\\", "\\\\").replace('"', '\\"')


@lru_cache(maxsize=64)
def _timeout(given: _Timeouts, own: _Own, upload: float, *, is_download: bool) -> aiohttp.ClientTimeout:
    """aiohttp's times for what was given with the request, or is the transport's own; `upload` comes on top."""
    read, write, connect, pool = map(_seconds, given, own)
    wait = None if connect is None or pool is None else connect + pool
    total = None if wait is None or write is None or read is None else wait + write + read + upload
    # A download may take as long as its bytes keep coming. aiohttp starts the clock of an answer before the last byte
    # of an upload is written.
    return aiohttp.ClientTimeout(
        total=None if is_download else total,
        connect=wait,
        sock_connect=connect,
        sock_read=None if read is None else read + upload,
    )


def _seconds(given: ODVInput[float], own: float | None) -> float | None:
    return own if given is BaseRequest.DEFAULT_NONE else cast("float | None", given)


def _told(error: Exception) -> TelegramError:
    """The same in python-telegram-bot's words, without the URL."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return NotSent("No connection to the Bot API in time; nothing was sent.")
    if isinstance(error, TimeoutError):
        return TimedOut("No answer from the Bot API in time; it may have been done all the same.")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.InvalidURL):
        return NotSent(f"The Bot API cannot be reached ({type(error).__name__}); nothing was sent.")
    return NetworkError(f"The connection to the Bot API broke ({type(error).__name__}).")
