"""Somebody else’s numbers behind every command and every button: a stranger gets, changes and learns nothing.

The tables below must name every command and every press of the bot: a new one makes this file fail until it is said
here what numbers it takes.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import pytest_asyncio

from bot.commands import COMMANDS, PRESSES, PUBLIC_PRESSES
from tests.attacks import scene as things
from tests.attacks.scene import PRIVATE, Scene, a_seller, at_rest, everything, harm, heard
from tests.flows.driver import Chatter

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_HERE = "That is no longer here, or it is not yours."
NOT_FOR_YOU = "This command is not for you"
FORGED = "This button no longer works"

# Which of the scene's things a word in capitals below stands for.
KINDS = {
    "ORDER": ("draft", "placed", "paid", "shipped", "plan", "paid_twice"),
    "QUOTE": ("quote",),
    "PRODUCT": ("hidden",),
    "CASE": ("case",),
    "RECEIPT": ("held",),
    "REFUND": ("refund",),
    "LINE": ("line",),
    "PAYOUT": ("payout",),
    "SELLER": ("seller",),
    "OPERATION": ("operation",),
    "GOODS": ("product",),
    "CHALLENGE": ("challenge",),
    "DEVICE": ("device",),
    "RECOVERY": ("recovery",),
    "PERSON": ("person",),
}
NOBODYS = "0000000000"

PRESS_WORDS: dict[str, tuple[str, ...]] = {
    "sh": ("0",), "pr": ("PRODUCT",), "lg": (), "ls": ("en",), "cu": (), "cs": ("EUR",), "ct": (),
    "ca": ("PRODUCT",), "cq": ("PRODUCT", "1", "0"), "ce": ("0",), "bn": ("PRODUCT",), "co": ("SELLER",),
    "rv": ("ORDER",), "rq": ("ORDER", "2", "QUOTE"), "me": ("ORDER",), "mc": ("ORDER", "pix"), "ad": ("ORDER",),
    "ok": ("ORDER", "QUOTE"), "dx": ("ORDER",), "os": ("0",), "ov": ("ORDER",), "oc": ("ORDER",), "ox": ("ORDER",),
    "or": ("ORDER",), "dw": ("ORDER",), "dr": ("ORDER", "0"), "de": ("CASE",), "df": ("CASE",), "dg": ("CASE",),
    "hr": ("RECEIPT",), "ht": ("ORDER",), "hu": ("RECEIPT",), "ho": ("RECEIPT", "ORDER"), "hx": ("REFUND",),
    "pw": ("ORDER",), "po": ("ORDER", "pix"), "ic": ("ORDER", "3"), "in": ("ORDER",), "ia": ("ORDER",),
    "oa": ("0",), "rl": ("0",), "rx": ("LINE",), "rt": ("LINE",), "rc": ("LINE", "fee"),
    "mp": ("0",), "ms": ("0",), "pe": ("PRODUCT", "price"), "pd": ("PRODUCT", "0"), "pu": ("PRODUCT", "0"),
    "sp": ("ORDER",), "pa": (), "cv": ("sale",), "sd": ("PAYOUT",), "st": (),
    "ph": ("new",), "qp": ("GOODS", "ORDER", "500", "sepa"), "qm": ("last",), "lo": ("day",), "lr": ("day",),
    "kp": ("AAAAAAAAAAAAAAAA", "CHALLENGE"), "kf": ("CHALLENGE", "pin"), "kc": ("CHALLENGE",), "kx": ("CHALLENGE",),
    "sn": (), "sa": (), "se": (), "sr": ("pin",), "sw": (), "sk": (), "sf": (), "sq": (), "sx": ("RECOVERY",),
    "dn": ("DEVICE",),
}  # fmt: skip
"""What each press carries."""

COMMAND_WORDS: dict[str, tuple[str, ...]] = {
    "order": ("ORDER",), "orders": ("paid",), "currency": ("XXX",), "statement": ("SELLER", "2026-11"),
    "refund": ("ORDER", "1.00"), "assign": ("RECEIPT", "ORDER"), "reroute": ("REFUND", "IT60X0542811101000000123456"),
    "writeoff": ("ORDER",), "resolve": ("OPERATION", "succeeded", "E1"), "dispute": ("CASE", "lost"),
    "freeze": ("ORDER", "because"), "thaw": ("ORDER",), "hold": ("PAYOUT",), "release": ("PAYOUT",),
    "paid": ("PAYOUT", "E2E-1"), "rate": ("USD", "9.99"), "hedge": ("10 EUR", "11 USD", "R1"),
    "sellers": ("add", "4242", "DE", "EUR", "Evil"), "start": ("p_PRODUCT",),
    "limits": ("payment", "50"), "recover": ("PERSON", "passport seen by video, and the last order"),
}  # fmt: skip
"""What is written behind each command that takes words."""

# What a person answers to the question that a press left open; a question that is not here has no answer, and fails.
ANSWERS = {
    "": "", "address": "Sly\nOther Street 1\n10000 Elsewhere\nItaly", "ship": "RR111", "edit": "1.00 EUR",
    "evidence": "I want this too", "reroute": "IT60X0542811101000000123456", "recon": "it is mine",
    "payee": "IT60X0542811101000000123456", "sell": "hm", "own_limit": "50", "phrase": "green apple",
    "code_address": "sly@example.org",
}  # fmt: skip


async def test_every_press_and_every_command_with_words_is_attacked() -> None:
    assert set(PRESS_WORDS) == set(PRESSES)
    assert set(COMMAND_WORDS) == {name for name, command in COMMANDS.items() if command.words}


def filled(words: tuple[str, ...], scene: Scene) -> list[tuple[str, ...]]:
    """The words with every thing that they can stand for."""
    kinds = [next((kind for kind in KINDS if kind in word), "") for word in words]
    choices = [KINDS.get(kind, ("",)) for kind in kinds]
    return [
        tuple(
            word.replace(kind, scene.things[name]) if kind else word
            for word, kind, name in zip(words, kinds, names, strict=True)
        )
        for names in itertools.product(*choices)
    ]


def empty(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with a number that nobody has."""
    for kind in KINDS:
        words = tuple(word.replace(kind, NOBODYS) for word in words)
    return words


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def thieves(town: Any) -> list[Chatter]:
    """A shopper, and a seller of other things."""
    sly = await town.newcomer("Sly")
    await sly.start()
    await sly.wait_for("Welcome")
    return [sly, await a_seller(town, "Sid")]


async def answered(town: Any, thief: Chatter, names: tuple[str, ...]) -> list[str]:
    """What the thief was told, without the numbers they knew already; the question that is open is answered, too."""
    told = await heard(town, thief)
    dialog = await town.look(lambda uow: uow.dialogs.get(thief.who))
    step = dialog.step.partition(".")[0] if dialog else ""
    if ANSWERS[step]:
        await thief.say(ANSWERS[step])
        told += await heard(town, thief)
        await thief.say("/cancel")
        await at_rest(town)
    text = "\n".join(told)
    for secret in PRIVATE:
        assert secret not in text, f"the thief reads {secret!r} in {text!r}"
    for name in (*names, NOBODYS):
        if len(name) >= 8:
            text = text.replace(name, "#")
    return text.splitlines()


@pytest.mark.parametrize("action", sorted(PRESS_WORDS))
async def test_a_button_that_names_what_is_somebody_elses(town, scene, thieves, action):
    """Not even a button with a valid signature, which nobody can make, reaches what is not one's own."""
    words, pack = PRESS_WORDS[action], town.demo.shop.house.buttons.pack
    for thief in thieves:
        await at_rest(town)
        before = await town.demo.shop.store.survey(everything)
        heard_of = {}
        for names in [empty(words), *filled(words, scene)]:
            page = await thief.last()  # some buttons take their message away
            await thief.press_data(page, pack(action, *names, owner=thief.who))
            heard_of[names] = await answered(town, thief, names)
        after = await town.demo.shop.store.survey(everything)
        assert not list(harm(before, after, thief.who))
        if empty(words) != words:
            of_nothing = heard_of.pop(empty(words))
            for names, told in heard_of.items():
                assert told == of_nothing, f"a stranger can tell {names} from nothing"


@pytest.mark.parametrize("command", sorted(COMMAND_WORDS))
async def test_a_command_that_names_what_is_somebody_elses(town, scene, thieves, command):
    words, role = COMMAND_WORDS[command], COMMANDS[command].role
    for thief in thieves:
        await at_rest(town)
        before = await town.demo.shop.store.survey(everything)
        heard_of = {}
        for names in [empty(words), *filled(words, scene)]:
            await thief.say(" ".join((f"/{command}", *names)))
            heard_of[names] = await answered(town, thief, names)
            assert role != "admin" or NOT_FOR_YOU in heard_of[names][0]
        after = await town.demo.shop.store.survey(everything)
        assert not list(harm(before, after, thief.who))
        if empty(words) != words:
            of_nothing = heard_of.pop(empty(words))
            for names, told in heard_of.items():
                assert told == of_nothing, f"a stranger can tell {names} from nothing"


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - set(COMMAND_WORDS)))
async def test_a_command_without_words_shows_a_stranger_nothing_of_others(town, scene, thieves, command):
    for thief in thieves:
        await at_rest(town)
        before = await town.demo.shop.store.survey(everything)
        await thief.say(f"/{command} {scene.things['paid']}")
        private = tuple(name for kind, name in scene.things.items() if kind not in ("product", "seller"))
        told = await answered(town, thief, private)
        assert told and (COMMANDS[command].role != "admin" or NOT_FOR_YOU in told[0])
        assert "#" not in "".join(told).replace(f"/{command} #", ""), "a number of somebody else’s is shown"
        assert not list(harm(before, await town.demo.shop.store.survey(everything), thief.who))


async def test_a_button_of_somebody_else(town, scene, thieves):
    """Vera’s own buttons, copied to another phone: they say whose they are not, and nothing else."""
    sly, pack = thieves[0], town.demo.shop.house.buttons.pack
    page, before = await sly.last(), await town.demo.shop.store.survey(everything)
    for action, words in PRESS_WORDS.items():
        for names in filled(words, scene)[:2]:
            answer = await sly.press_data(page, pack(action, *names, owner=scene.vera.who))
            assert answer["text"].startswith("This button is not yours"), action
    await at_rest(town)
    assert not list(harm(before, await town.demo.shop.store.survey(everything), sly.who))


async def test_a_button_for_anybody_that_is_not_meant_for_anybody(town, scene, thieves):
    """Only the cards of a group may be pressed by anyone, and only for what stands in PUBLIC_PRESSES."""
    sly, pack = thieves[0], town.demo.shop.house.buttons.pack
    page = await sly.last()
    for action in set(PRESS_WORDS) - PUBLIC_PRESSES:
        names = filled(PRESS_WORDS[action], scene)[0]
        answer = await sly.press_data(page, pack(action, *names, owner=None))
        assert answer["text"].startswith(FORGED), action


async def test_the_scene_is_as_it_was(town, scene):
    """After all of it Vera’s own eyes see her order as before: the attacks above were not just a broken town."""
    await scene.vera.say(f"/order {scene.things['shipped']}")
    assert things.TRACKING in (await scene.vera.wait_for(scene.things["shipped"]))["text"]
    assert await town.ledger()
