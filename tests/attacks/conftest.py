"""The town that is attacked: the one the flow tests walk through, and people with everything a thief may want."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.attacks.ears import nothing_slips_into_the_log
from tests.attacks.scene import Scene, set_the_scene
from tests.flows.conftest import OpenDemo, own_town, town

__all__ = ["nothing_slips_into_the_log", "own_town", "scene", "town"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(town: OpenDemo) -> AsyncIterator[Any]:
    """Honest people and what is theirs; made once for a module, which must leave it as it is."""
    found: Scene = await set_the_scene(town)
    yield found
