"""Floods and nonsense: too much, too fast, of any shape. The next in line is served, and nothing falls over."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import time
from typing import Any

import pytest

from tests.attacks.ears import Ears
from tests.attacks.scene import at_rest
from tests.flows.driver import Chatter, button

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEED = 20261123


async def is_served(town: Any, within: float = 10.0) -> None:
    """Somebody else gets an answer, and soon."""
    nora, begun = await town.newcomer(), time.monotonic()
    await nora.say("/help")
    await nora.wait_for("What you can do here")
    assert time.monotonic() - begun < within


def sender(person: Chatter) -> dict[str, Any]:
    return {"id": person.who, "is_bot": False, "first_name": "Sly", "language_code": "en"}


def private(person: Chatter) -> dict[str, Any]:
    return {"id": person.who, "type": "private", "first_name": "Sly"}


async def poured(town: Any, updates: list[dict[str, Any]]) -> int:
    """Push updates as fast as it goes; the number of the last thing that happened before."""
    before = int(await town.seq())
    for start in range(0, len(updates), 100):
        await asyncio.gather(*(town.post("/sandbox/updates", **one) for one in updates[start : start + 100]))
    return before


async def test_a_callback_flood(town):
    """Four hundred presses at once by one person: they are slowed and told a few times; others do not notice."""
    sly = await town.newcomer("Sly")
    await sly.start()
    page = await sly.wait_for("Welcome")
    message = {"message_id": page["message_id"], "date": 1795000000, "chat": private(sly)}
    data = button(page, "Cart")["value"]
    before = await poured(town, [
        {"callback_query": {"id": str(10_000 + n), "chat_instance": "1", "data": data, "from": sender(sly),
                            "message": message}}
        for n in range(400)
    ])  # fmt: skip
    await is_served(town)
    await at_rest(town)
    told = [one for one in await town.calls(before, "answerCallbackQuery") if "a bit fast" in str(one["params"])]
    assert len(told) < 20


async def test_an_inline_query_flood(town):
    """Every letter typed is a query; three hundred of them, and some that are all there is."""
    sly = await town.newcomer("Sly")
    words = ["", "x" * 256, "\u202e", "'; DROP TABLE products; --", "%" * 200, "p_" * 100, "\\", "*", "🛍" * 60]
    await poured(town, [
        {"inline_query": {"id": str(n), "from": sender(sly), "query": words[n % len(words)],
                          "offset": ["", "20", "-1", "9" * 60, "x", "٣", "1e9"][n % 7]}}
        for n in range(300)
    ])  # fmt: skip
    await is_served(town)
    await at_rest(town)


async def test_a_message_flood(town, nothing_slips_into_the_log: Ears):
    sly = await town.newcomer("Sly")
    await poured(town, [
        {"message": {"message_id": n, "date": 1795000000, "chat": private(sly), "from": sender(sly),
                     "text": "x" * 4096}}
        for n in range(1, 300)
    ])  # fmt: skip
    await is_served(town)
    await at_rest(town)
    lines = [line for line in nothing_slips_into_the_log.lines if "xxxxx" in line]
    assert not lines, "what people write is not in the log"


async def test_a_deep_link_payload_fuzz(town, nothing_slips_into_the_log: Ears):
    """Links are public and unsigned: any payload is answered kindly, and does nothing."""
    dice, sly = random.Random(SEED), await town.newcomer("Sly")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    goods = (await town.look(lambda uow: uow.products.find(limit=1)))[0].id
    kinds = ["p", "b", "p_p", "ok", "ov", "oc", "hr", "rt", "start", "shop", "admin", "", "_", "__", "-"]
    payloads = [
        f"{kind}_{tail}" for kind in kinds for tail in (goods, goods.lower(), "0000000000", "-1", "", "_", goods + "_1")
    ]
    payloads += ["".join(dice.choices(letters, k=dice.randint(1, 64))) for _ in range(60)]
    payloads += ["p_" + "A" * 62, "b_" + "9" * 61, "p_%00", "p_\u0660", "p_é", "../../etc", "p_<b>", "p_ x y z"]
    before = len(nothing_slips_into_the_log.lines)
    for n, payload in enumerate(payloads):
        text = f"/start {payload}"
        entity = {"type": "bot_command", "offset": 0, "length": 6}
        message = {"message_id": 500 + n, "date": 1795000000, "chat": private(sly), "from": sender(sly), "text": text,
                   "entities": [entity]}  # fmt: skip
        await town.post("/sandbox/updates", message=message)
        if n % 16 == 15:
            await at_rest(town)
    await at_rest(town)
    broken = [line for line in nothing_slips_into_the_log.lines[before:] if line.startswith("ERROR")]
    assert not broken, broken[:3]
    orders = await town.look(lambda uow: uow.orders.find(shopper=sly.who, limit=500))
    assert {order.state for order in orders} <= {"draft"}


async def test_a_callback_data_fuzz(town, nothing_slips_into_the_log: Ears):
    """Any bytes that fit into a button, and parts of true ones: refused in words, never with an error of ours."""
    dice, sly = random.Random(SEED), await town.newcomer("Sly")
    await sly.start()
    page = await sly.wait_for("Welcome")
    true = [key["value"] for line in page["keyboard"] for key in line if key["kind"] == "callback"]
    pieces = [
        "",
        "1",
        "2",
        ".",
        "..",
        "0",
        "\0",
        "\u202e",
        "-" * 64,
        "é",
        "🛒",
        "null",
        "ok.",
        "1" + "A" * 8,
        " ",
        "\n",
    ]
    forged = [
        *pieces, *(one[:-1] for one in true), *(one + "0" for one in true), *(one[::-1] for one in true),
        *(one.replace(".", "..") for one in true), *(one.upper() for one in true), *(" " + one for one in true),
        *("".join(map(chr, dice.choices([*range(32, 127), 0x660, 0x202E], k=dice.randint(1, 32)))) for _ in range(60)),
    ]  # fmt: skip
    before = len(nothing_slips_into_the_log.lines)
    for data in forged:
        if not data or len(data.encode()) > 64 or data in true:
            continue
        answer = await sly.press_data(page, data)
        assert answer["answered"] and answer["text"].startswith("This button"), (data, answer)
    assert not [line for line in nothing_slips_into_the_log.lines[before:] if line.startswith("ERROR")]


SEEDS: list[dict[str, Any]] = [
    {"message": {"message_id": 1, "date": 1795000000, "text": "/start p_X", "entities": [
        {"type": "bot_command", "offset": 0, "length": 6}], "reply_to_message": {"message_id": 2, "date": 1,
         "text": "hi", "photo": []}}},
    {"message": {"message_id": 1, "date": 1795000000, "caption": "x", "photo": [
        {"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "file_size": 1}]}},
    {"message": {"message_id": 1, "date": 1795000000, "document": {
        "file_id": "a", "file_unique_id": "b", "file_name": "x.xml", "mime_type": "image/png", "file_size": 7}}},
    {"callback_query": {"id": "1", "chat_instance": "1", "data": "x", "message": {
        "message_id": 1, "date": 1795000000, "text": "x"}}},
    {"inline_query": {"id": "1", "query": "tea", "offset": ""}},
    {"my_chat_member": {"date": 1795000000, "old_chat_member": {"status": "member"},
                        "new_chat_member": {"status": "kicked", "until_date": 0}}},
    {"edited_message": {"message_id": 1, "date": 1795000000, "edit_date": 1795000001, "text": "x"}},
]  # fmt: skip
MARK = "somebody's own words"
STRANGE: list[Any] = [
    None, True, -1, 0, 2**63, 2**70, 1.5, "", MARK, "\u202e\0", "9" * 400, [], [[]], {}, {"id": []}, [None],
    {"a": {"b": {"c": MARK}}},
]  # fmt: skip


def mutated(dice: random.Random, update: Any) -> Any:
    """The same with one thing in it, however deep, gone or of another shape."""
    copied = copy.deepcopy(update)
    spots: list[tuple[Any, Any]] = []

    def walk(thing: Any) -> None:
        for key in list(thing) if isinstance(thing, dict) else range(len(thing)):
            spots.append((thing, key))
            if isinstance(thing[key], dict | list):
                walk(thing[key])

    walk(next(iter(copied.values())))
    holder, key = dice.choice(spots)
    if isinstance(holder, dict) and dice.random() < 0.2:
        del holder[key]
    else:
        holder[key] = dice.choice(STRANGE)
    return copied


async def test_malformed_updates(town, nothing_slips_into_the_log: Ears):
    """Six hundred updates, each with something in it that the Bot API never sends: none stops the bot or its lanes."""
    dice, sly = random.Random(SEED), await town.newcomer("Sly")
    await sly.start()
    await sly.wait_for("Welcome")
    bot = {"id": 1000000001, "is_bot": True, "first_name": "Sampan"}
    updates = []
    for _ in range(600):
        update = copy.deepcopy(dice.choice(SEEDS))
        body = next(iter(update.values()))
        body["from"], body["chat"] = sender(sly), private(sly)
        if "old_chat_member" in body:
            body["old_chat_member"]["user"] = body["new_chat_member"]["user"] = bot
        if "callback_query" in update:
            body["message"]["chat"] = private(sly)
            del body["chat"]
        if "inline_query" in update:
            del body["chat"]
        updates.append(mutated(dice, update))
    before, heard = len(nothing_slips_into_the_log.lines), await town.seq()
    for start in range(0, len(updates), 20):
        await asyncio.gather(*(pushed(town, one) for one in updates[start : start + 20]))
        await at_rest(town)
    await is_served(town)
    assert heard
    # What cannot be handled is an error in the log, by its type and its place in the code: never with what was in it.
    logged = "\n".join(nothing_slips_into_the_log.lines[before:])
    assert "CRITICAL" not in logged and MARK not in logged and "9" * 40 not in logged
    people = await town.look(lambda uow: [one.id for one in uow.people.walk()])
    assert all(type(one) is int and 5000 < one < 6000 for one in people), "nobody is kept under a number of no person"


async def pushed(town: Any, update: dict[str, Any]) -> None:
    """An update as it is; the sandbox refuses a few shapes itself, which then reach nobody."""
    await town.ask("POST", "/sandbox/updates", data=json.dumps(update), headers={"Content-Type": "application/json"})


async def test_oversized_words(town):
    """Texts far beyond what Telegram lets anybody write, at every question the shop asks a stranger."""
    sly = await town.newcomer("Sly")
    await sly.start()
    await sly.wait_for("Welcome")
    for command in ("/address", "/phrase", "/limits", "/order", "/currency", "/qr", "/start"):
        await sly.say(command)
        await sly.wait_for(lambda message: True)
        for text in ("y" * 100_000, "\n" * 50_000, "<b>" * 20_000, f"{command} " + "z" * 50_000):
            message = {"message_id": 1, "date": 1795000000, "chat": private(sly), "from": sender(sly), "text": text}
            if text.startswith("/"):
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]
            sly.mark = await town.seq()
            await town.post("/sandbox/updates", message=message)
            said = await sly.wait_for(lambda message: True)
            assert "on our side" not in said["text"], (command, said["text"])
        await sly.say("/cancel")
        await at_rest(town)
    await is_served(town)
