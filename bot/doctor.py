"""`sampan doctor`: says in plain words what is missing or wrong before a shop goes live."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from bot.config import BadConfig, Settings, read
from bot.wiring import methods_of, place_of, policy_of
from core.channels import rates
from core.policy import BadPolicy
from storage import migrate

_PRIVACY = (
    "cannot warn of imitators in groups: send /setprivacy to @BotFather and choose Disable, or make it an admin there"
)
ENOUGH_DISK = 500_000_000  # bytes


@dataclass(frozen=True, slots=False)
class Finding:
    """One thing looked at: what was found, and what to do when it is not good."""

    what: str
    good: bool = True
    todo: str = ""


async def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Look at settings, data folder, database, Telegram, ways to pay, rates. Changes nothing."""
    try:
        settings = read(environ, serving=True, create=False)
    except BadConfig as faults:
        return [Finding(f"{fault.name} {fault.problem}", False, fault.remedy) for fault in faults.faults]
    findings = [
        Finding(f"{name} is not a variable of Sampan", False, "Misspelt? Remove it.") for name in settings.unknown
    ]
    findings += [_policy(settings), _disk(settings), await asyncio.to_thread(_database, settings)]
    findings += [*_ways_to_pay(settings), _codes(settings)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        findings += [await _telegram(session, settings), await _rates(session, settings)]
    return findings


def _policy(settings: Settings) -> Finding:
    try:
        policy = policy_of(settings)
    except (BadPolicy, OSError) as fault:
        return Finding(f"the policy file cannot be used: {fault}", False, "Mend SAMPAN_POLICY's file, or unset it.")
    return Finding(f"policy {policy.version}, {len(policy.limits)} limits in {policy.currency}")


def _disk(settings: Settings) -> Finding:
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        return Finding(f"only {free // 10**6} MB are free for {settings.data}", False, "Make room before going live.")
    return Finding(f"data folder {settings.data}, {free // 10**9} GB free")


def _database(settings: Settings) -> Finding:
    try:
        now, head = migrate.current(place_of(settings))
    except Exception as fault:  # whatever a driver says, the shopkeeper needs one sentence
        return Finding(f"the database cannot be opened ({type(fault).__name__})", False, "Check SAMPAN_DATABASE_URL.")
    if now is None:
        return Finding("no database yet; it is made at the first start")
    if now != head:
        return Finding(f"the database is at {now}, this version needs {head}", False, "Run: sampan migrate")
    return Finding(f"database at {now}, the newest")


def _ways_to_pay(settings: Settings) -> list[Finding]:
    methods = methods_of(settings)
    if not methods:
        return [
            Finding(
                "no way to pay is set up", False, "Set SAMPAN_SEPA_IBAN and _NAME, or SAMPAN_PIX_KEY, _NAME, _CITY."
            )
        ]
    found = [Finding(f"{method.title}: to {method.payee}, in {method.currency}") for method in methods.values()]
    if not settings.bank_secret:
        found.append(
            Finding(
                "no SAMPAN_BANK_SECRET: bank messages over HTTP are refused",
                not settings.pix,
                "Set it to the secret your bank signs with; or send camt.054 files to the bot in chat.",
            )
        )
    if not settings.admins:
        found.append(Finding("no admin", False, "Set SAMPAN_ADMINS to your Telegram user id (@userinfobot tells it)."))
    return found


def _codes(settings: Settings) -> Finding:
    """Nothing is wrong without a gateway: whoever confirms by PIN, app or passkey needs none."""
    if not settings.codes_url:
        return Finding("no SAMPAN_CODES_URL: payments are confirmed by PIN, authenticator app or passkey, not by codes")
    return Finding(f"codes by SMS or mail go out over {urlsplit(settings.codes_url).hostname}")


async def _telegram(session: aiohttp.ClientSession, settings: Settings) -> Finding:
    try:
        async with session.post(f"{settings.bot_api}/bot{settings.bot_token.reveal()}/getMe") as answer:
            told = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
        return Finding(
            f"{settings.bot_api} cannot be reached ({type(fault).__name__})",
            False,
            "Check the network, or SAMPAN_BOT_API.",
        )
    if not told.get("ok"):
        return Finding("Telegram does not know the token", False, "Ask @BotFather (/mybots) and set SAMPAN_BOT_TOKEN.")
    bot = told["result"]
    if not bot.get("supports_inline_queries"):
        return Finding(
            f"@{bot['username']} is not inline", False, "Send /setinline to @BotFather, so that cards can be shared."
        )
    sees = "warns of imitators in groups" if bot.get("can_read_all_group_messages") else _PRIVACY
    return Finding(f"Telegram knows the bot: @{bot['username']}; it {sees}")


async def _rates(session: aiohttp.ClientSession, settings: Settings) -> Finding:
    if settings.rates == "history":
        return Finding(
            "rates from the shipped history: for trying out, not for selling", False, "Set SAMPAN_RATES=ecb."
        )
    fixings = []
    try:
        for source in settings.rate_sources:
            fixings += await rates.fetch(session, source)
    except rates.FeedFault as fault:
        return Finding(
            f"no exchange rates: {fault}", False, "Check SAMPAN_RATES; or enter rates with /rate in the bot."
        )
    return Finding(f"{len(fixings)} exchange rates, of {max(fixing.on for fixing in fixings)}")
