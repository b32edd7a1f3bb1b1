"""Being somebody else: forged and old initData, guessed PINs, codes used twice, others’ challenges, borrowed proofs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from bot.sandbox.webapps import sign
from bot.web.stepup_door import PATH, Pace
from core.risk import stepping, totp
from core.risk.credentials import Credential, credential_id
from core.risk.factors import Factor
from core.risk.proofs import bound_to, usable
from core.risk.stepping import ChallengeOver, ProofNeeded, need, open_, use
from tests.attacks.scene import everything
from tests.builders import LIN, MAYA, HandClock, a_person, a_shop, eur
from tests.flows.stepup_help import FACTS, PIN, TOKEN, Counter, counter
from tests.storage.conftest import (
    migrated_database,
    migrated_file,
    server,
    shop_database,
    shop_file,
    store,
    vault,
)

__all__ = ["migrated_database", "migrated_file", "server", "shop_database", "shop_file", "store", "vault"]


@pytest.fixture
async def desk() -> AsyncIterator[Counter]:
    """A step-up page over real HTTP; Maya has a PIN, and a payment to confirm. Nobody is slowed down."""
    async with counter(pace=Pace(lambda: 0.0, burst=10_000)) as here:
        await here.has_pin()
        yield here


async def raw(desk: Counter, verb: str, init: str, **body: Any) -> tuple[int, dict[str, Any]]:
    async with desk.http.post(f"{desk.site}{PATH}{verb}", json={"init": init, "facts": FACTS, **body}) as answer:
        return answer.status, await answer.json()


def rows(desk: Counter) -> dict[str, set[str]]:
    found: dict[str, set[str]] = desk.store.read_now(everything)
    return found


# initData


def forgeries(good: str, desk: Counter) -> dict[str, str]:
    """What somebody can make of initData who has seen a good one of somebody else, and not the bot’s token."""
    fields = dict(parse_qsl(good))
    user = {"id": int(LIN), "first_name": "M", "language_code": "en"}
    mine = {**fields, "user": json.dumps(user)}
    unsigned = {name: value for name, value in fields.items() if name != "hash"}
    now = str(int(desk.clock.now().timestamp()))

    def told(parts: dict[str, str]) -> str:
        return urlencode(parts, quote_via=quote)

    return {
        "nothing": "",
        "no hash": told(unsigned),
        "an empty hash": told({**unsigned, "hash": ""}),
        "a hash of zeros": told({**unsigned, "hash": "0" * 64}),
        "the hash in capitals": told({**unsigned, "hash": fields["hash"].upper()}),
        "somebody else with this hash": told(mine),
        "another bot's token": sign("1000000002:other-token", {"user": json.dumps(user), "auth_date": now}),
        "the sandbox's token without its secret": sign("1000000001:", {"user": json.dumps(user), "auth_date": now}),
        "an empty token": sign("", {"user": json.dumps(user), "auth_date": now}),
        "a second user behind the first": f"{good}&user={quote(json.dumps(user))}",
        "a second user before the first": f"user={quote(json.dumps(user))}&{good}",
        "a user hidden in another field": told(
            {**unsigned, "query_id": f"q\nuser={json.dumps(user)}", "hash": "0" * 64}
        ),
        "one letter of the hash": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "another day": told({**fields, "auth_date": now + "0"}),
        "a field more": f"{good}&admin=1",
        "signed, but by nobody": sign(TOKEN, {"auth_date": now}),
        "signed for a bot": sign(TOKEN, {"auth_date": now, "user": json.dumps({**user, "is_bot": True})}),
        "signed for no number": sign(TOKEN, {"auth_date": now, "user": '{"id": true}'}),
        "signed for less than nobody": sign(TOKEN, {"auth_date": now, "user": '{"id": -5}'}),
        "no query at all": "hash",
        "far too long": good + "&x=" + "y" * 5000,
        "bytes that are no text": good + "&x=%ff%fe",
    }


async def test_forged_init_data(desk: Counter) -> None:
    """The page believes Telegram’s signature over all of it, and nothing else."""
    before = rows(desk)
    for name, init in forgeries(desk.init(MAYA), desk).items():
        for verb in ("look", "pin", "prove"):
            status, answer = await raw(desk, verb, init, pin="7391", challenge="x", factor="pin", guess=PIN)
            assert status in (400, 401), (name, status, answer)
            assert "words" not in answer and "security" not in answer
    assert rows(desk) == before


async def test_init_data_of_yesterday(desk: Counter) -> None:
    """Signed by Telegram, and found in a log, a screenshot or a browser’s history."""
    before = rows(desk)
    for age in (86_400, 21 * 60, 400 * 86_400, -3600):
        status, answer = await raw(desk, "look", desk.init(MAYA, age=age))
        assert status == 401, (age, answer)
    assert rows(desk) == before
    assert (await raw(desk, "look", desk.init(MAYA, age=19 * 60)))[0] == 200


# Guessing


async def test_pin_guessing_over_many_sessions(desk: Counter) -> None:
    """A thief of the chat account with forty windows, fresh challenges, new devices and all the patience of a week."""
    rules, guesses, locked = desk.shop.policy.risk, 0, 0
    for day in range(60):
        waiting = [desk.to_pay(order=f"ORDER{day:02}{n:03}").id for n in range(12)]
        tries = [
            desk.ask("prove", challenge=one, factor="pin", guess=f"{(day * 12 + n) % 8000:04}",
                     facts={**FACTS, "mark": f"{day * 12 + n:032}"})
            for n, one in enumerate(waiting)
        ]  # fmt: skip
        statuses = [status for status, _ in await asyncio.gather(*tries)]
        assert set(statuses) <= {422, 429, 403}, statuses
        guesses += statuses.count(422)
        locked += statuses.count(429)
        if 403 in statuses and 422 not in statuses and 429 not in statuses:
            break
        desk.clock.let_pass(hours=25)
    assert 0 < guesses <= rules.guess_most and locked
    last = desk.to_pay(order="ORDERLAST0")
    desk.clock.let_pass(minutes=1)
    status, _ = await desk.ask("prove", challenge=last.id, factor="pin", guess=PIN)
    assert status == 403, "even the right one, now: only a recovery helps"
    assert desk.challenge(last.id).passed_at is None
    assert len(desk.told("factor_locked")) >= 1, "and the owner has heard of it"


async def test_a_thief_locks_nobody_but_the_account_they_hold(desk: Counter) -> None:
    """Guesses need a challenge of one’s own: with Lin’s account nobody shuts Maya out of hers."""
    challenge = desk.to_pay()
    for n in range(20):
        status, _ = await desk.ask("prove", LIN, challenge=challenge.id, factor="pin", guess=f"{n:04}")
        assert status == 404
    assert (await desk.ask("prove", challenge=challenge.id, factor="pin", guess=PIN))[0] == 200


# One-time codes


async def test_totp_twice(store: Any) -> None:
    """One code, read over a shoulder, in five windows at once and again after that: it passes one challenge."""
    clock = HandClock()
    shop, secret = a_shop(clock=clock), totp.new_secret()

    def begin(uow: Any) -> list[str]:
        uow.people.add(a_person(MAYA))
        name, since = credential_id(MAYA, Factor.TOTP), clock.now() - timedelta(days=9)
        uow.credentials.add(Credential(name, MAYA, Factor.TOTP, since, secret=secret, confirmed_at=since))
        pay = [(f"ORDER{n}", bound_to("pay", f"ORDER{n}")) for n in range(7)]
        return [open_(uow, shop, MAYA, "pay", bound, order=order, amount=eur("9.00")).id for order, bound in pay]

    challenges = await store.write(begin)

    async def try_it(challenge: str) -> bool:
        try:
            tried = await store.write(totp.guess, shop, MAYA, challenge, totp.code(secret, clock.now()))
        except (stepping.Locked, stepping.Blocked):
            return False
        return bool(tried.right)

    first = await asyncio.gather(*map(try_it, challenges[:5]))
    assert sum(first) == 1
    clock.let_pass(seconds=29)
    assert not await try_it(challenges[5])
    passed = [one for one in await store.read(lambda uow: list(uow.challenges.walk())) if one.passed_at]
    assert len(passed) == 1


# Others’ things, behind the page’s verbs

NAMED: dict[str, dict[str, Any]] = {
    "look": {"challenge": "CHALLENGE"},
    "prove": {"challenge": "CHALLENGE", "factor": "pin", "guess": PIN},
    "send": {"challenge": "CHALLENGE"},
    "cancel": {"challenge": "CHALLENGE"},
    "pin": {"pin": "7391", "challenge": "CHALLENGE"},
    "totp": {"challenge": "CHALLENGE"},
    "passkey": {"challenge": "CHALLENGE"},
    "passkey-made": {"challenge": "CHALLENGE", "credential": {"id": "x"}},
    "remove": {"name": "CREDENTIAL"},
    "disown": {"device": "DEVICE"},
}
"""What each verb of the page can name. A new verb fails the test below until it is said here."""

OWN = {"pin", "totp", "passkey"}  # these do something for whoever asks, and name nobody’s things


async def test_idor_behind_every_verb_of_the_page(desk: Counter) -> None:
    from bot.web.stepup_desk import Desk

    verbs = Desk(desk.store, desk.shop, passkeys=None, device_key=b"", poke=lambda: None).verbs
    assert set(NAMED) == set(verbs)
    challenge = desk.to_pay()
    assert (await desk.ask("prove", challenge=challenge.id, factor="pin", guess="0001"))[0] == 422
    (device,) = desk.store.read_now(lambda uow: list(uow.devices.walk()))
    theirs = {"CHALLENGE": challenge.id, "CREDENTIAL": credential_id(MAYA, Factor.PIN), "DEVICE": device.digest}
    before = rows(desk)
    for verb, body in NAMED.items():
        heard = []
        for names in (theirs, {name: "0" * len(value) for name, value in theirs.items()}):
            told = {key: names.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
            heard.append(await desk.ask(verb, LIN, **told))
        if verb not in OWN:
            assert heard[0] == heard[1] and heard[0][0] in (400, 404, 422), (verb, heard)
        assert "Casa Rosa" not in str(heard) and "160" not in str(heard)
        maya = {shelf: {row for row in found if f"person={int(MAYA)}," in row} for shelf, found in rows(desk).items()}
        assert maya == {
            shelf: {row for row in found if f"person={int(MAYA)}," in row} for shelf, found in before.items()
        }, verb


# Dynamic linking


@pytest.mark.parametrize(
    "other",
    [("pay", "K7", "S12", "sepa", "16001", "EUR"), ("pay", "K7", "S13", "sepa", "16000", "EUR"),
     ("pay", "K8", "S12", "sepa", "16000", "EUR"), ("pay", "K7", "S12", "pix", "16000", "EUR"),
     ("pay", "K7", "S12", "sepa", "16000", "USD"), ("set-pin", "K7", "S12", "sepa", "16000", "EUR"),
     ("pay", "K7S12", "", "sepa", "16000", "EUR"), ("pay", "K7", "S12", "sepa1", "6000", "EUR")],
    ids=["amount", "payee", "order", "method", "currency", "purpose", "moved letters", "moved digits"],
)  # fmt: skip
async def test_a_proof_of_one_payment_spent_on_another(desk: Counter, other: tuple[str, ...]) -> None:
    """What was confirmed is payee, amount and order: a change of any is another question."""
    bound = bound_to("pay", "K7", "S12", "sepa", "16000", "EUR")
    asked = desk.store.write_now(open_, desk.shop, MAYA, "pay", bound, order="K7", amount=eur("160.00"), payee="Rosa")
    assert (await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN))[0] == 200
    look = lambda what: desk.store.read_now(usable, desk.clock.now(), MAYA, what)  # noqa: E731
    assert look(bound) and not look(bound_to(*other))
    assert not desk.store.read_now(usable, desk.clock.now(), LIN, bound), "nor is it anybody else’s"


async def test_a_proof_spent_twice(desk: Counter) -> None:
    asked = desk.to_pay()
    assert (await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN))[0] == 200
    desk.store.write_now(use, desk.shop, MAYA, asked.id)
    with pytest.raises(ChallengeOver):
        desk.store.write_now(use, desk.shop, MAYA, asked.id)
    assert (await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN))[0] == 410


async def test_a_proof_kept_for_later(desk: Counter) -> None:
    asked = desk.to_pay()
    assert (await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN))[0] == 200
    desk.clock.let_pass(minutes=11)
    with pytest.raises(ChallengeOver):
        desk.store.write_now(use, desk.shop, MAYA, asked.id)


async def test_a_thief_of_the_chat_account_changes_nothing_they_could_pay_with(desk: Counter) -> None:
    """Without the PIN: no other PIN, no app, no passkey, nothing taken away, no code on paper, no recovery."""
    before = {row for row in rows(desk)["credentials"] if "pin" in row}
    for verb, body in (
        ("pin", {"pin": "7391"}), ("pin", {}), ("totp", {}), ("passkey", {}),
        ("remove", {"name": credential_id(MAYA, Factor.PIN)}),
    ):  # fmt: skip
        status, answer = await desk.ask(verb, **body)
        assert status == 200 and answer["state"] == "ask", (verb, answer)
        assert "secret" not in answer and "options" not in answer
    for purpose in ("recover", "recovery-code", "raise-limit", "set-pin"):
        with pytest.raises(ProofNeeded):
            desk.store.write_now(need, desk.shop, MAYA, purpose)
    assert {row for row in rows(desk)["credentials"] if "pin" in row} == before
