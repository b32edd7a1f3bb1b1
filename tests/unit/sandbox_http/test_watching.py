"""Events, the log of calls, faults, flood control and reset: how a test watches the bot and disturbs it."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

GROUP = -1001000000001


async def test_a_waiting_reader_gets_what_happens(api):
    seq = (await api.get("/state"))["seq"]
    waiting = asyncio.create_task(api.get(f"/events?after={seq}&timeout=10"))
    await api.call("sendChatAction", chat_id=5001, action="typing")
    got = await waiting
    assert (got["events"][0]["type"], got["events"][0]["action"]) == ("typing", "typing")
    await api.call("sendMessage", chat_id=5001, text="a")
    got = await api.get(f"/events?after={got['seq']}")
    shown = [event["message"]["text"] for event in got["events"] if event["type"] == "message"]
    assert shown == ["a"]


async def test_a_reader_for_whom_nothing_happens_gets_nothing(api):
    await api.call("sendMessage", chat_id=5001, text="a")
    seq = (await api.get("/state"))["seq"]
    assert await api.get(f"/events?after={seq}&timeout=0") == {"events": [], "seq": seq}


async def test_a_person_sees_only_their_own(api):
    seq = (await api.get("/state"))["seq"]
    for chat_id in (5001, 5002, GROUP):
        await api.call("sendMessage", chat_id=chat_id, text=str(chat_id))
    got = await api.get(f"/events?after={seq}&user=maya")
    assert [event["chat_id"] for event in got["events"]] == [5001, GROUP]


async def test_a_reader_of_some_types_waits_for_one_of_them(api):
    seq = (await api.get("/state"))["seq"]
    waiting = asyncio.create_task(api.get(f"/events?after={seq}&types=typing,edited&timeout=10"))
    await api.call("sendMessage", chat_id=5001, text="a")
    await api.call("sendChatAction", chat_id=5001, action="typing")
    assert [event["type"] for event in (await waiting)["events"]] == ["typing"]
    await api.post("/reset")
    got = await api.get(f"/events?after={seq}&types=edited")
    assert [event["type"] for event in got["events"]] == ["reset"]


async def test_a_browser_reads_the_stream_and_resumes(api):
    headers = {"Accept": "text/event-stream"}
    seq = (await api.get("/state"))["seq"]
    await api.call("sendMessage", chat_id=5001, text="first")
    async with api.session.get(f"{api.base}/sandbox/events?user=5001&after={seq}", headers=headers) as stream:
        event, number = await next_event(stream)
        assert (event["message"]["text"], event["seq"]) == ("first", number)
        await api.call("sendMessage", chat_id=5001, text="second")
        assert (await next_event(stream))[0]["message"]["text"] == "second"
    headers["Last-Event-ID"] = str(number)
    async with api.session.get(f"{api.base}/sandbox/events?user=5001", headers=headers) as stream:
        assert (await next_event(stream))[0]["message"]["text"] == "second"


async def next_event(stream):
    number = None
    async for raw in stream.content:
        line = raw.decode().strip()
        if line.startswith("id:"):
            number = int(line[3:])
        if line.startswith("data:"):
            return json.loads(line[5:]), number
    raise AssertionError("the stream ended")


async def test_the_event_of_an_edit_shows_the_message_as_it_was_then(api):
    seq = (await api.get("/state"))["seq"]
    sent = (await api.call("sendMessage", chat_id=5001, text="one")).result
    await api.call("editMessageText", chat_id=5001, message_id=sent["message_id"], text="two")
    await api.call("deleteMessage", chat_id=5001, message_id=sent["message_id"])
    got = (await api.get(f"/events?after={seq}&user=maya"))["events"]
    assert [(e["type"], e["message"]["text"], e["message"]["revision"]) for e in got] == [
        ("message", "one", 1), ("edited", "two", 2), ("deleted", "two", 3),
    ]  # fmt: skip


async def test_calls_are_written_down_without_the_token(api):
    await api.call("sendMessage", chat_id=5001, text="hi")
    await api.call("sendMessage", chat_id=1, text="lost")
    await api.call("getUpdates")
    calls = (await api.get("/calls"))["calls"]
    assert [(c["method"], c["ok"], c["error_code"]) for c in calls] == [
        ("sendMessage", True, None), ("sendMessage", False, 400),
    ]  # fmt: skip
    assert calls[0]["result"]["text"] == "hi"
    assert (await api.get("/calls?chat_id=5001"))["calls"] == calls[:1]
    assert api.token not in json.dumps(calls)
    await api.request("DELETE", "/sandbox/calls")
    assert (await api.get("/calls"))["calls"] == []


async def test_a_fault_answers_in_place_of_the_method(api):
    await api.post("/faults", method="sendMessage", code=429, retry_after=3, contains="paid")
    assert (await api.call("sendMessage", chat_id=5001, text="owed")).status == 200
    answer = await api.call("sendMessage", chat_id=5001, text="paid")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert answer.body == {
        "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 3",
        "parameters": {"retry_after": 3},
    }  # fmt: skip
    assert (await api.call("sendMessage", chat_id=5001, text="paid")).status == 200
    assert (await api.get("/faults")) == {"faults": []}


@pytest.mark.parametrize(("drop", "texts"), [("before", []), ("after", ["x"])])
async def test_a_cut_connection_leaves_the_bot_in_the_dark(api, drop, texts):
    await api.call("getMe")
    await api.post("/faults", method="sendMessage", drop=drop)
    with pytest.raises(aiohttp.ClientError):
        await api.call("sendMessage", chat_id=5001, text="x")
    messages = (await api.get("/chats/5001/messages"))["messages"]
    assert [message["text"] for message in messages] == texts


async def test_a_delayed_call_is_done_later(api):
    await api.post("/faults", method="sendMessage", delay=0.2)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    assert (await api.call("sendMessage", chat_id=5001, text="x")).status == 200
    assert loop.time() - begin >= 0.2


async def test_flood_control_can_be_switched_on(api):
    await api.request("PUT", "/sandbox/limits", json={"enabled": True, "chat_burst": 2})
    codes = [(await api.call("sendMessage", chat_id=5001, text="x")).status for _ in range(3)]
    assert codes == [200, 200, 429]
    assert (await api.request("PUT", "/sandbox/limits", json={"per_second": -1})).status == 400


async def test_a_reset_empties_everything_and_uses_no_number_again(api):
    await api.does("maya", "say", text="x")
    (before,) = await api.updates()
    await api.post("/people", first_name="Noor")
    await api.post("/faults", method="*", code=500)
    await api.post("/reset", people=True)
    state = await api.get("/state")
    assert [person["id"] for person in state["people"]] == [5001, 5002, 5003, 5004, 5005]
    assert state["chats"][0]["last"] is None
    said = await api.does("maya", "say", text="y")
    (after,) = await api.updates()
    assert after["update_id"] > before["update_id"]
    assert said["message_id"] > before["message"]["message_id"]


async def test_a_raw_update_goes_into_the_queue(api):
    body = {"poll_answer": {"poll_id": "1", "user": {"id": 5001}, "option_ids": []}}
    assert (await api.post("/updates", **body)).status == 201
    assert (await api.updates())[0]["poll_answer"] == body["poll_answer"]
    assert (await api.post("/updates", nonsense={})).status == 400


async def test_a_page_from_elsewhere_is_not_answered(api):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert (await api.request("GET", "/sandbox/state", headers=headers)).status == 403
    own = await api.request("GET", "/sandbox/state", headers={"Origin": api.base})
    assert own.status == 200
