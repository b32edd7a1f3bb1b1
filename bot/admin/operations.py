"""Running the shop: commands to channels that are in doubt."""

from __future__ import annotations

from bot.screens import operations as screens
from bot.visit import Visit
from core.ids import OperationId
from core.payments.doubt import NoEvidence
from core.payments.outcomes import resolve as end_doubt

_VERDICTS = {"succeeded": True, "rejected": False}


async def resolve(visit: Visit, *words: str) -> None:
    """/resolve OPERATION succeeded|rejected EVIDENCE…: end a doubt by what proves it."""
    visit.need_admin()
    if len(words) < 3 or words[1].lower() not in _VERDICTS:
        raise NoEvidence
    succeeded, evidence = _VERDICTS[words[1].lower()], " ".join(words[2:])
    operation = await visit.do(end_doubt, OperationId(words[0].upper()), succeeded=succeeded, evidence=evidence)
    await visit.say(screens.resolved(visit.t, operation))
