"""How updates reach the bot: getUpdates and webhooks."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from telegram.constants import WebhookLimit

from bot.sandbox.courier import Webhook
from bot.sandbox.errors import bad, too_many
from bot.sandbox.methods.registry import Json, method
from bot.sandbox.params import Params
from bot.sandbox.world import World

_SECRET = re.compile(rf"[A-Za-z0-9_-]{{1,{WebhookLimit.MAX_SECRET_TOKEN_LENGTH}}}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@method("getUpdates")
async def get_updates(world: World, params: Params) -> list[Json]:
    hooked = world.post_office.webhook is not None
    if not hooked:
        world.updates.subscribe(params.json("allowed_updates"))
    offset, limit = params.integer("offset"), params.integer("limit", 100)
    return await world.updates.get(offset, limit, params.integer("timeout"), webhook=hooked)


@method("setWebhook")
async def set_webhook(world: World, params: Params) -> bool:
    url = params.text("url").strip()
    if not url:
        await _drop_webhook(world, params)
        return True
    secret = params.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    _check_url(url)
    now = world.clock()
    if now - world.webhook_set_at < 1:
        raise too_many(1)
    world.webhook_set_at = now
    world.updates.subscribe(params.json("allowed_updates"))
    if params.boolean("drop_pending_updates"):
        world.updates.drop()
    connections = params.integer("max_connections", 40, WebhookLimit.MIN_CONNECTIONS_LIMIT, 100)
    certificate = "certificate" in params.files
    await world.post_office.set(Webhook(url, secret, connections, certificate, params.text("ip_address")))
    return True


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise bad("Bad webhook: An HTTPS URL must be provided for webhook")
    if host not in _LOOPBACK:  # HTTPS to the world is Telegram's; this server has no business outside of this machine
        raise bad("Bad webhook: the sandbox delivers to this machine only")


@method("deleteWebhook")
async def delete_webhook(world: World, params: Params) -> bool:
    await _drop_webhook(world, params)
    return True


async def _drop_webhook(world: World, params: Params) -> None:
    if params.boolean("drop_pending_updates"):
        world.updates.drop()
    await world.post_office.set(None)


@method("getWebhookInfo")
def get_webhook_info(world: World, params: Params) -> Json:
    webhook = world.post_office.webhook
    info: Json = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": bool(webhook and webhook.certificate),
        "pending_update_count": len(list(world.updates.live())),
    }
    if webhook is not None:
        info["max_connections"] = webhook.max_connections
        if webhook.ip_address:
            info["ip_address"] = webhook.ip_address
        if webhook.last_error is not None:
            info["last_error_date"], info["last_error_message"] = webhook.last_error
    if world.updates.asked_for is not None:
        info["allowed_updates"] = world.updates.asked_for
    return info


@method("close")
@method("logOut")
def close(world: World, params: Params) -> bool:
    return True
