"""The step-up page's door: it hands out the page, believes what Telegram signed, and says what became of it."""

from __future__ import annotations

import html
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.secret import Secret
from bot.web.initdata import NotFromTelegram, OpenedLongAgo, read_init_data
from bot.web.stepup_desk import Caller, Desk, Malformed, text
from bot.words import Words
from core.clock import Clock
from core.errors import Gone, Refusal, sentence
from core.ids import PersonId
from core.ports import Store
from core.risk.device import PageFacts
from core.risk.devices import LockedDevice, TooManyDevices
from core.risk.stepping import Blocked, ChallengeOver, Locked

log = logging.getLogger(__name__)

PATH = "/app/step-up/"
LARGEST_BODY = 16_384  # bytes; a new passkey with its attestation has about 2,000
FOLDER = Path(__file__).with_name("stepup")
# Telegram's own web clients, which show a Mini App in a frame. The apps open it by themselves.
TELEGRAM_WEB = ("https://web.telegram.org", "https://webk.telegram.org", "https://weba.telegram.org")

_TYPES = {".js": "text/javascript", ".css": "text/css"}
_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotFromTelegram, 401),
    (OpenedLongAgo, 401),
    (LockedDevice, 403),
    (TooManyDevices, 403),
    (Blocked, 403),
    (Gone, 404),
    (ChallengeOver, 410),
    (Locked, 429),
)


class TooFast(Refusal):
    """More than a person's fingers do."""

    sentence = sentence("That was a bit fast for me. Please wait a moment and try again.")


class Pace:
    """How often one person may ask: `burst` at once, then `rate` a second. In memory: a restart forgives everybody."""

    def __init__(self, clock: Callable[[], float], *, rate: float = 0.5, burst: float = 30.0) -> None:
        self._clock, self._rate, self._burst = clock, rate, burst
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, who: int) -> None:
        """One more. Raises TooFast."""
        now = self._clock()
        left, at = self._left.get(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if left < 1:
            self._left[who] = (left, now)
            raise TooFast
        if len(self._left) > 10_000:  # those who have been away long enough are as good as new
            full = self._burst / self._rate
            self._left = {one: kept for one, kept in self._left.items() if now - kept[1] < full}
        self._left[who] = (left - 1, now)


def address(site: str, challenge: str = "") -> str:
    """Where the page is opened for a challenge, or for all that is enrolled; "" where the shop has no address."""
    return f"{site}{PATH}{f'?c={challenge}' if challenge else ''}" if site else ""


class StepUpDoor:
    """Routes below PATH. `frames` are origins that may show the page in a frame beside Telegram's own."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        token: Secret,
        desk: Desk,
        *,
        frames: tuple[str, ...] = (),
        pace: Pace | None = None,
    ) -> None:
        self._store, self._clock, self._token, self._desk = store, clock, token, desk
        self._pace = pace or Pace(lambda: clock.now().timestamp())
        self._page = (FOLDER / "index.html").read_text("utf-8")
        self._files = {one.name: one.read_bytes() for one in FOLDER.iterdir() if one.suffix in _TYPES}
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
            f"frame-ancestors {' '.join((*TELEGRAM_WEB, *frames))}",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def add_routes(self, app: web.Application) -> None:
        """Open it."""
        app.router.add_get(PATH, self._show)
        app.router.add_get(PATH + "{file:[a-z]+[.](?:js|css)}", self._file)
        app.router.add_post(PATH + "{verb:[a-z-]{1,20}}", self._ask)

    async def _show(self, request: web.Request) -> web.Response:
        t = _browsers_words(request)
        page = self._page.format(
            language=html.escape(t.language.replace("_", "-")),
            title=html.escape(t.plain("Confirmation")),
            offline=html.escape(t.plain("The shop cannot be reached right now. Please try again in a moment.")),
            outside=html.escape(t.plain_refusal(NotFromTelegram())),
        )
        return web.Response(text=page, content_type="text/html", headers=self._headers)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"]
        if name not in self._files:
            raise web.HTTPNotFound
        kind = _TYPES[Path(name).suffix]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=self._headers)

    async def _ask(self, request: web.Request) -> web.Response:
        """One question of the page. Whoever it is answered to is named by Telegram's signature alone."""
        t = _browsers_words(request)
        try:
            verb = self._desk.verbs.get(request.match_info["verb"])
            if verb is None:
                raise web.HTTPNotFound
            body = await _read(request)
            opened = read_init_data(text(body, "init", 4096, least=0), self._token.reveal(), self._clock.now())
            t = Words.of(opened.language)
            self._pace.take(opened.person)
            caller = await self._caller(opened.person, request, body)
            t = caller.t
            answer = await verb(caller, body)
        except Refusal as refusal:
            return self._refused(t, refusal)
        except Malformed as fault:
            return self._answer(400, {"error": f"malformed: {fault}"})
        except web.HTTPException:
            raise
        except Exception as fault:
            # Its message could hold what somebody typed; so could what it was raised from.
            log.error(
                "step-up page: %s",
                type(fault).__name__,
                exc_info=(RuntimeError, RuntimeError("…"), fault.__traceback__),
            )
            says = t.plain("Something went wrong on our side. Nothing is lost; please try again in a moment.")
            return self._answer(500, {"says": says})
        return self._answer(422 if answer.get("state") == "wrong" else 200, answer)

    async def _caller(self, who: PersonId, request: web.Request, body: dict[str, Any]) -> Caller:
        facts = body.get("facts")
        if not isinstance(facts, dict):
            raise Malformed("facts")
        agent = request.headers.get("User-Agent", "")[:400]
        names = ("platform", "screen", "zone", "language", "mark")
        told = PageFacts(agent, *(text(facts, name, 100, least=0) for name in names))
        person = await self._store.read(lambda uow: uow.people.get(who))
        if person is None:
            raise Gone
        return Caller(person, Words.of(person.language), told)

    def _refused(self, t: Words, refusal: Refusal) -> web.Response:
        status = next((code for kind, code in _STATUS if isinstance(refusal, kind)), 422)
        response = self._answer(429 if isinstance(refusal, TooFast) else status, {"says": t.plain_refusal(refusal)})
        if isinstance(refusal, Locked):
            wait = (refusal.params["until"] - self._clock.now()).total_seconds()
            response.headers["Retry-After"] = str(max(1, round(wait)))
        elif isinstance(refusal, TooFast):
            response.headers["Retry-After"] = "2"
        return response

    def _answer(self, status: int, body: dict[str, Any]) -> web.Response:
        return web.json_response(body, status=status, headers=self._headers)


def _browsers_words(request: web.Request) -> Words:
    return Words.of(request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip())


async def _read(request: web.Request) -> dict[str, Any]:
    """The body: a small JSON object, its length told beforehand. Raises Malformed and aiohttp's own answers."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    if request.content_length is None:
        raise web.HTTPLengthRequired
    if request.content_length > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(max_size=LARGEST_BODY, actual_size=request.content_length)
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Malformed("body") from None
    if not isinstance(body, dict):
        raise Malformed("body")
    return body


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
