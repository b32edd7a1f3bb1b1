"""Opening a Mini App: the address with initData signed by the bot's token, as Telegram's clients pass it."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from bot.sandbox.errors import ControlError
from bot.sandbox.people import Person
from bot.sandbox.world import World

Json = dict[str, Any]

_ANSWERABLE_FOR = 3600.0


def sign(token: str, fields: dict[str, str]) -> str:
    """initData: the fields with their hash. `signature` is signed like any other field, `hash` alone is not."""
    text = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    digest = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    return urlencode({**fields, "hash": digest}, quote_via=quote)


def launch(
    world: World, person: Person, url: str, chat_id: int, *, answerable: bool = True, start_param: str = ""
) -> Json:
    """Address and initData. `answerable`: opened in a way that `answerWebAppQuery` can answer.

    Raises ControlError 409 while no bot has called: there is no token to sign with.
    """
    if not world.token:
        raise ControlError(409, "conflict", "no bot has called yet, so there is no token to sign with")
    user = {name: value for name, value in person.wire().items() if name != "is_bot"}
    user["allows_write_to_pm"] = person.started and not person.blocked
    fields = {
        "user": json.dumps(user, ensure_ascii=False, separators=(",", ":")),
        "auth_date": str(int(world.clock())),
        "signature": secrets.token_urlsafe(64),
    }
    query_id = None
    if answerable:
        query = world.open_web_app(person, chat_id, _ANSWERABLE_FOR)
        fields["query_id"] = query_id = query.id
    if start_param:
        fields["start_param"] = start_param
    init_data = sign(world.token, fields)
    head = url if "#" in url else url + "#"
    joint = "&" if head[-1] not in "#&" else ""
    launched = urlencode(
        {"tgWebAppData": init_data, "tgWebAppVersion": "9.1", "tgWebAppPlatform": "web"}, quote_via=quote
    )
    return {"kind": "web_app", "url": head + joint + launched, "init_data": init_data, "query_id": query_id}
