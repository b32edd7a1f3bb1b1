"""Where a payment provider's page sends the buyer back to: it says that the payment is checked, and decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.words import Html, Words
from core.ids import OperationId

ROUTE = "/return/{operation:[0-9A-Z]{1,40}}"

_PAGE = Html(
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
    "<title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;"
    "padding:0 1.5rem;text-align:center;color-scheme:light dark}}</style></head>"
    "<body><h1>{title}</h1><p>{text}</p></body></html>"
)


class ReturnPage:
    """One page for whoever comes, known operation or not, paid or not: it is no messenger of money."""

    def __init__(self, ask_soon: Callable[[OperationId], Awaitable[None]]) -> None:
        self._ask_soon = ask_soon

    async def show(self, request: web.Request) -> web.Response:
        """Have the channel asked soon, and say so in the browser's language."""
        await self._ask_soon(OperationId(request.match_info["operation"]))
        t = Words.of(request.headers.get("Accept-Language", "").partition(",")[0].partition(";")[0].strip())
        page = _PAGE.format(
            language=t.language,
            title=t("Your payment is being checked"),
            text=t("You can close this page. The answer comes in the chat where you ordered; please do not pay again."),
        )
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }
        return web.Response(text=page, content_type="text/html", headers=headers)
