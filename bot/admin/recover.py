"""/recover: an admin lets somebody's recovery begin, and says what they checked."""

from __future__ import annotations

from bot.visit import Visit
from core.ids import PersonId
from core.risk.recovering import BadRecovery, allow


async def recover(visit: Visit, *words: str) -> None:
    """/recover USER_ID WHAT_WAS_CHECKED. It hurries nothing: it takes as long as any, and is told like any."""
    visit.need_admin()
    if len(words) < 2 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 17):
        raise BadRecovery
    recovery = await visit.do(allow, PersonId(int(words[0])), " ".join(words[1:]))
    await visit.tell(
        visit.t(
            "A recovery of {who} has begun. They are told of it and can stop it; on {moment} they can set a new PIN.",
            who=words[0],
            moment=recovery.ripe_at,
        )
    )
