"""Which methods and parameters the Bot API has: read once from python-telegram-bot's signatures."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import telegram

# Arguments of python-telegram-bot's methods that never travel to Telegram.
_LOCAL = {"self", "read_timeout", "write_timeout", "connect_timeout", "pool_timeout", "api_kwargs"}
_NOT_API = {"initialize", "shutdown", "do_api_request"}


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Bot API: its official name and the names of its parameters."""

    name: str
    parameters: frozenset[str]


def _methods() -> dict[str, Method]:
    found: dict[str, Method] = {}
    for name in dir(telegram.Bot):
        function = getattr(telegram.Bot, name)
        # The official spelling is the camelCase alias; `close` is the one method of a single word.
        official = name == "close" or any(letter.isupper() for letter in name)
        if name.startswith("_") or name in _NOT_API or not official or not inspect.iscoroutinefunction(function):
            continue
        found[name.lower()] = Method(name, frozenset(inspect.signature(function).parameters) - _LOCAL)
    return found


METHODS = _methods()
"""Lower-case method name → Method. Method names are case-insensitive on the official server."""

UPDATE_TYPES = tuple(telegram.Update.ALL_TYPES)
"""Every kind of update there is."""

DEFAULT_UPDATES = frozenset(UPDATE_TYPES) - {"chat_member", "message_reaction", "message_reaction_count"}
"""Those a bot gets that has not asked for any."""
