"""The past of a demo: so many orders in every state, made by core's verbs while the clock stands at past moments."""

from bot.history.making import Wanted, make

__all__ = ["Wanted", "make"]
