"""The step-up page’s door: it answers whom Telegram has signed, about their own challenges, with honest statuses."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.web.stepup_door import PATH, Pace
from core.risk import totp
from core.risk.factors import Factor
from tests.builders import LIN, MAYA, STRANGER
from tests.flows.stepup_help import FACTS, PIN, Counter, counter


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Counter]:
    async with counter() as opened:
        yield opened


async def test_the_page_shows_what_is_confirmed_and_takes_the_pin(desk: Counter) -> None:
    await desk.has_pin()
    asked = desk.to_pay()
    status, told = await desk.ask("look", challenge=asked.id)
    shown = told["challenge"]
    assert (status, shown["amount"]) == (200, "€160.00")
    assert shown["lines"] == [["To", "Casa Rosa · 西湖小铺"], ["Order", "K7QX0V2M4T"]]
    assert [way["factor"] for way in shown["ways"]] == ["pin"]
    assert await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN) == (200, {"state": "passed"})
    passed = desk.challenge(asked.id)
    assert passed.done == (Factor.PIN,)
    assert passed.device
    assert desk.pokes == 1


ELSEWHERE = {**FACTS, "mark": "1" * 32, "platform": "Win32"}


async def test_a_new_device_is_told_of_once_and_a_known_one_by_name(desk: Counter) -> None:
    await desk.has_pin()
    asked = desk.to_pay()
    await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN)
    assert (len(desk.told("new_device")), len(desk.told("confirmed_on"))) == (0, 1)
    asked = desk.to_pay()
    await desk.ask("prove", facts=ELSEWHERE, challenge=asked.id, factor="pin", guess=PIN)
    assert (len(desk.told("new_device")), len(desk.told("confirmed_on"))) == (1, 1)


async def test_a_factor_that_is_set_on_the_page_is_told_of_with_its_device_in_one_message(desk: Counter) -> None:
    assert (await desk.ask("pin", pin=PIN))[1]["state"] == "done"
    [told] = desk.told("factor_set")
    assert told["device"].startswith(f"{MAYA}|")
    _, ready = await desk.ask("totp")
    await desk.ask("prove", challenge=ready["challenge"]["id"], factor="pin", guess=PIN)
    asked = len(desk.told("confirmed_on"))
    _, ready = await desk.ask("totp")
    code = totp.code(ready["secret"].replace(" ", ""), desk.clock.now())
    _, done = await desk.ask("prove", challenge=ready["challenge"]["id"], factor="totp", guess=code)
    assert done["state"] == "passed"
    assert [one["device"] for one in desk.told("factor_set")] == [told["device"]] * 2
    assert len(desk.told("confirmed_on")) == asked


async def test_a_wrong_pin_is_counted_and_then_locked_in_the_readers_words(desk: Counter) -> None:
    await desk.has_pin(LIN)
    asked = desk.to_pay(LIN)
    for _ in range(desk.shop.policy.risk.guess_tries):
        status, told = await desk.ask("prove", LIN, challenge=asked.id, factor="pin", guess="0000")
        assert status == 422
        assert any("\u4e00" <= letter <= "\u9fff" for letter in told["says"])
    status, told = await desk.ask("prove", LIN, challenge=asked.id, factor="pin", guess=PIN)
    assert status == 429
    assert "passed" not in told.values()
    assert not desk.challenge(asked.id).done


@pytest.mark.parametrize("verb", ["look", "prove", "cancel", "send", "passkey-made"])
async def test_a_challenge_of_somebody_else_is_not_there(desk: Counter, verb: str) -> None:
    await desk.has_pin(LIN)
    theirs = desk.to_pay(LIN)
    body = {"challenge": theirs.id, "factor": "pin", "guess": PIN, "credential": {}}
    status, told = await desk.ask(verb, MAYA, **body)
    nobody = await desk.ask(verb, MAYA, **{**body, "challenge": "0" * 16})
    assert (status, told) == nobody
    assert status == 404
    assert desk.challenge(theirs.id) == theirs


async def test_forged_and_old_init_data_and_strangers_are_refused(desk: Counter) -> None:
    await desk.has_pin()
    asked = desk.to_pay()
    proof = {"challenge": asked.id, "factor": "pin", "guess": PIN}
    for init in ("", "hash=00", desk.init(token="1000000001:another"), desk.init(age=86_400), desk.init(age=-600)):
        status, told = await desk.ask("prove", init=init, **proof)
        assert status == 401
        assert told["says"]
    status, _ = await desk.ask("look", STRANGER, challenge="")
    assert status == 404
    assert not desk.challenge(asked.id).done


async def test_what_the_page_never_sends_is_refused_with_an_honest_status(desk: Counter) -> None:
    url, good = f"{desk.site}{PATH}look", {"init": desk.init(), "facts": FACTS, "challenge": ""}
    for status, sent in (
        (400, {"json": []}),
        (400, {"json": {**good, "init": 5}}),
        (400, {"json": {**good, "facts": None}}),
        (400, {"json": {**good, "facts": {**FACTS, "mark": ["x"]}}}),
        (400, {"json": {**good, "challenge": "x" * 41}}),
        (400, {"data": b"[" * 9000, "headers": {"Content-Type": "application/json"}}),
        (413, {"json": {**good, "more": "x" * 20_000}}),
        (415, {"data": good}),
        (411, {"data": _chunks(), "headers": {"Content-Type": "application/json"}}),
    ):
        async with desk.http.post(url, **sent) as answer:
            assert answer.status == status, sent
    async with desk.http.post(f"{desk.site}{PATH}nothing", json=good) as answer:
        assert answer.status == 404
    async with desk.http.get(f"{desk.site}{PATH}..%2f..%2fdoors.py") as answer:
        assert answer.status == 404


async def _chunks() -> AsyncIterator[bytes]:
    yield b"{}"


async def test_one_person_in_a_hurry_waits_and_nobody_else_does() -> None:
    now = [0.0]
    async with counter(pace=Pace(lambda: now[0], rate=0.5, burst=3)) as desk:
        statuses = [(await desk.ask("look", challenge=""))[0] for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert (await desk.ask("look", LIN, challenge=""))[0] == 200
        now[0] = 2.0
        assert (await desk.ask("look", challenge=""))[0] == 200


async def test_the_page_and_its_answers_tell_browsers_to_keep_out(desk: Counter) -> None:
    async with desk.http.get(f"{desk.site}{PATH}") as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors https://web.telegram.org" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "://" not in page
    for name in ("page.js", "dom.js", "facts.js", "passkey.js", "telegram.js", "page.css"):
        async with desk.http.get(f"{desk.site}{PATH}{name}") as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "http" not in text.replace("http://www.w3.org", ""), f"{name} names another host"
            assert "innerHTML" not in text


async def test_nothing_secret_is_logged_even_when_something_breaks(
    desk: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await desk.has_pin()
    asked = desk.to_pay()
    desk.store.unit.devices = Broken()  # type: ignore[assignment]
    status, told = await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN)
    assert status == 500
    assert "chat" not in told.get("error", "")
    shown = caplog.text
    assert "step-up page: " in shown
    for secret in (PIN, FACTS["mark"], "query_id", TOKEN_TAIL):
        assert secret not in shown


class Broken:
    """Storage that tells in its fault what it was handed."""

    def get(self, _: str) -> None:
        raise ValueError(f"cannot look up while somebody types {PIN}")


TOKEN_TAIL = "demo-token-of-no-value"


async def test_a_new_device_is_told_of_once_and_a_locked_one_confirms_nothing(desk: Counter) -> None:
    await desk.has_pin()
    first = desk.to_pay(order="A")
    await desk.ask("prove", challenge=first.id, factor="pin", guess=PIN)
    assert desk.told("new_device") == []
    laptop = {**FACTS, "mark": "1" * 32}
    for order in "BC":
        asked = desk.to_pay(order=order)
        status, _ = await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN, facts=laptop)
        assert status == 200
    [alert] = desk.told("new_device")
    assert alert["to"] == str(MAYA)


async def test_a_first_pin_is_set_with_a_code_on_paper_and_changed_only_with_the_old_one(desk: Counter) -> None:
    assert await desk.ask("pin") == (200, {"state": "ready"})
    status, told = await desk.ask("pin", pin="1234")
    assert status == 422
    assert "guessed" in told["says"]
    status, told = await desk.ask("pin", pin=PIN)
    assert (status, told["state"]) == (200, "done")
    assert len(told["paper"].replace(" ", "")) == 12
    status, told = await desk.ask("pin", pin="7294")
    assert (status, told["state"]) == (200, "ask")
    asked = told["challenge"]["id"]
    assert await desk.ask("prove", challenge=asked, factor="pin", guess=PIN) == (200, {"state": "passed"})
    status, told = await desk.ask("pin", pin="7294")
    assert (status, told) == (200, {"state": "done", "paper": ""})


async def test_an_app_is_enrolled_by_its_first_code_and_no_code_counts_twice(desk: Counter) -> None:
    _, told = await desk.ask("totp")
    secret = told["secret"].replace(" ", "")
    assert told["uri"].startswith("otpauth://totp/Sampan:Maya?secret=")
    code = totp.code(secret, desk.clock.now())
    name = told["challenge"]["id"]
    assert await desk.ask("prove", challenge=name, factor="totp", guess=code) == (200, {"state": "passed"})
    held = desk.store.read_now(lambda uow: uow.credentials.find(person=MAYA, limit=10))
    assert [one.factor for one in held if one.stands] == [Factor.TOTP]
    asked = desk.to_pay(amount="20.00")
    status, _ = await desk.ask("prove", challenge=asked.id, factor="totp", guess=code)
    assert status == 422
    desk.clock.let_pass(seconds=30)
    code = totp.code(secret, desk.clock.now())
    status, _ = await desk.ask("prove", challenge=asked.id, factor="totp", guess=code)
    assert status == 200


async def test_the_page_lists_devices_and_locks_one_from_another(desk: Counter) -> None:
    await desk.has_pin()
    for order, mark in (("A", "0"), ("B", "1")):
        asked = desk.to_pay(order=order)
        await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN, facts={**FACTS, "mark": mark * 32})
    waiting = desk.to_pay(order="C")
    _, told = await desk.ask("look", challenge="", facts={**FACTS, "mark": "0" * 32})
    shown = told["security"]["devices"]
    assert sorted(one["open"] for one in shown) == [False, True]  # nobody locks themselves out
    [other] = [one["device"] for one in shown if one["open"]]
    assert (await desk.ask("disown", LIN, device=other))[0] == 404
    assert (await desk.ask("disown", device=other))[0] == 200
    assert not desk.challenge(waiting.id).is_open(desk.clock.now())
    fresh = desk.to_pay(order="D")
    status, _ = await desk.ask("prove", challenge=fresh.id, factor="pin", guess=PIN, facts={**FACTS, "mark": "1" * 32})
    assert status == 403
    assert (await desk.ask("look", challenge="", facts={**FACTS, "mark": "1" * 32}))[0] == 403
    assert (await desk.ask("prove", challenge=fresh.id, factor="pin", guess=PIN))[0] == 200


async def test_two_confirmations_are_of_two_kinds(desk: Counter) -> None:
    secret = totp.new_secret()
    await desk.has_pin()
    desk.has(MAYA, Factor.TOTP, secret)
    desk.clock.let_pass(days=2)
    asked = desk.to_pay(needed=2)
    assert (await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN))[1]["state"] == "more"
    _, told = await desk.ask("look", challenge=asked.id)
    assert [way["factor"] for way in told["challenge"]["ways"]] == ["totp"]
    assert told["challenge"]["note"]
    status, _ = await desk.ask("prove", challenge=asked.id, factor="pin", guess=PIN)  # the same one twice is one
    assert status == 410
    code = totp.code(secret, desk.clock.now())
    assert await desk.ask("prove", challenge=asked.id, factor="totp", guess=code) == (200, {"state": "passed"})
