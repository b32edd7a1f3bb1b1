"""Pictures made to hurt, sent wherever the shop takes pictures: judged before they are decoded, cleaned or refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.demo import ROSA
from bot.pictures.product import BadPhoto, normalise
from tests.attacks.bombs import BOMBS, SECRET, bomb
from tests.attacks.scene import Scene, at_rest
from tests.flows.driver import Chatter

SECONDS, MEGABYTES = 4.0, 200  # of one picture, and of all beyond what a small one takes, on a slow machine

SENDABLE = [name for name in BOMBS if name != "nothing"]  # Telegram takes no empty file

# A process of its own, which says how long each took, and how much memory all of them.
MEASURE = """
import json, pathlib, resource, sys, time
from bot.pictures.decode import read_codes
from bot.pictures.product import BadPhoto, normalise
work = {"clean": normalise, "read": read_codes}[sys.argv[1]]
pictures = {path.name: path.read_bytes() for path in pathlib.Path(sys.argv[2]).iterdir()}
work(pictures["a portrait with a secret"])
before, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, {}
for name, picture in pictures.items():
    started = time.process_time()
    try:
        work(picture)
    except BadPhoto:
        pass
    seconds[name] = time.process_time() - started
print(json.dumps([seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


@pytest.mark.parametrize("use", ["clean", "read"])
def test_image_bombs_cost_little(use: str, tmp_path: Path) -> None:
    """As a photo of goods or evidence, and as a picture of a code: at most so many seconds, and so much memory."""
    for name in BOMBS:
        (tmp_path / name).write_bytes(bomb(name))
    ran = subprocess.run([sys.executable, "-c", MEASURE, use, str(tmp_path)], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-500:]
    seconds, megabytes = json.loads(ran.stdout)
    assert not {name: took for name, took in seconds.items() if took > SECONDS}
    assert megabytes < MEGABYTES


def test_a_cleaned_picture_carries_nothing_else() -> None:
    """Comments, places, profiles and what hangs behind the picture stay behind; no vast picture comes out of one."""
    for name in BOMBS:
        try:
            clean = normalise(bomb(name))
        except BadPhoto:
            continue
        assert clean.startswith(b"\xff\xd8") and clean.rstrip(b"\0").endswith(b"\xff\xd9")
        assert SECRET[:20] not in clean and b"Exif" not in clean and b"script" not in clean
        assert len(clean) < 300_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eve(town: Any) -> Chatter:
    """A shopper who is asked for evidence, for as long as it takes."""
    found: Chatter = await town.newcomer("Eve")
    return found


async def sent(town: Any, person: Chatter, name: str) -> list[str]:
    """What the bot says to a picture, sent as a file so that no Telegram client makes it smaller."""
    await person.send(bomb(name), "photo.png", "image/png", kind="document")
    await at_rest(town)
    calls = [one for one in await town.calls(person.mark) if one["ok"]]
    return [str(one["params"].get("text") or one["params"].get("caption") or "") for one in calls]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_image_bomb_as_the_photo_of_a_product(town):
    rosa = town.chatter(ROSA)
    await rosa.say("/sell")
    await rosa.wait_for("photo of the product")
    for name in SENDABLE:
        said = " ".join(await sent(town, rosa, name))
        assert "That is not a photo" in said or "called?" in said, (name, said)
        if "called?" in said:
            await rosa.say("/sell")
            await rosa.wait_for("photo of the product")
    await rosa.say("/cancel")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_image_bomb_as_evidence(town, scene: Scene):
    vera, case = scene.vera, scene.things["case"]
    pack = town.demo.shop.house.buttons.pack
    for name in SENDABLE:
        await vera.press_data(scene.card, pack("de", case, owner=vera.who))
        said = " ".join(await sent(town, vera, name))
        assert any(word in said for word in ("That is not a photo", "Kept for case", "at most")), (name, said)
    await vera.say("/cancel")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_image_bomb_out_of_nowhere(town, eve):
    """A picture that nobody asked for, of somebody the shop has not met; the next in line is served meanwhile."""
    nora = await town.newcomer()
    for name in SENDABLE:
        said = " ".join(await sent(town, eve, name))
        assert said and "on our side" not in said, (name, said)
    await nora.say("/help")
    await nora.wait_for("What you can do here")
