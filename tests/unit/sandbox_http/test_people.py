"""What people do reaches the bot as Telegram would tell it, and what the bot does is seen by them."""

from __future__ import annotations

import pytest

GROUP = -1001000000001

BUY = {
    "inline_keyboard": [[{"text": "Buy", "callback_data": "buy:1"}, {"text": "Code", "copy_text": {"text": "PIX1"}}]]
}


async def test_a_deep_link_arrives_as_start_with_its_payload(api):
    said = await api.does("maya", "start", payload="p_12-x")
    assert said["html"] == '<a class="command" data-command="/start">/start</a> p_12-x'
    (update,) = await api.updates()
    message = update["message"]
    assert (message["text"], message["chat"]["id"], message["from"]["language_code"]) == ("/start p_12-x", 5001, "en")
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    refused = await api.post("/people/maya/start", payload="no blanks")
    assert (refused.status, refused.body["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://t.me/sampan_bot?start=p1", "start"),
        ("tg://resolve?domain=Sampan_Bot&start=p1", "start"),
        ("t.me/sampan_bot", "chat"),
        ("https://t.me/share/url?url=https://a.com&text=hey", "share"),
        ("https://example.com/?start=p1", "url"),
        ("https://t.me/other_bot?start=p1", "url"),
    ],
)
async def test_a_link_does_what_telegram_does_with_it(api, url, kind):
    assert (await api.does("lin", "open-link", url=url))["kind"] == kind


async def test_a_press_waits_for_the_toast_of_the_bot(api):
    sent = (await api.call("sendMessage", chat_id=5001, text="card", reply_markup=BUY)).result

    async def answer(update):
        query = update["callback_query"]
        assert (query["data"], query["from"]["id"]) == ("buy:1", 5001)
        assert query["message"]["message_id"] == sent["message_id"]
        return await api.call("answerCallbackQuery", callback_query_id=query["id"], text="In the cart", show_alert=True)

    press = api.does("maya", "press", message_id=sent["message_id"], label="Buy")
    update, _, pressed = await api.answering(press, answer)
    assert pressed == {"kind": "callback", "answered": True, "text": "In the cart", "alert": True, "url": None}
    again = await api.call("answerCallbackQuery", callback_query_id=update["callback_query"]["id"], text="again")
    assert again.result is True


async def test_a_press_without_an_answer_says_so(api):
    sent = (await api.call("sendMessage", chat_id=5001, text="card", reply_markup=BUY)).result
    pressed = await api.does("maya", "press", message_id=sent["message_id"], data="buy:1", timeout=0)
    assert pressed == {"kind": "callback", "answered": False}


async def test_only_buttons_that_are_there_can_be_pressed_unless_forged(api):
    sent = (await api.call("sendMessage", chat_id=5001, text="card", reply_markup=BUY)).result
    where = {"message_id": sent["message_id"], "timeout": 0}
    assert (await api.does("maya", "press", **where, row=0, column=1)) == {"kind": "copy", "text": "PIX1"}
    refused = await api.post("/people/maya/press", **where, data="buy:2")
    assert (refused.status, refused.body["code"]) == (404, "unknown_button")
    await api.does("maya", "press", **where, data="buy:2", forge=True)
    assert (await api.updates())[-1]["callback_query"]["data"] == "buy:2"
    stranger = await api.post("/people/lin/press", **where, chat_id=5001, label="Buy")
    assert (stranger.status, stranger.body["code"]) == (404, "unknown_chat")
    await api.call("deleteMessage", chat_id=5001, message_id=sent["message_id"])
    gone = await api.post("/people/maya/press", **where, label="Buy")
    assert (gone.status, gone.body["code"]) == (404, "unknown_message")


async def test_a_late_answer_to_a_press_is_too_old(make):
    now = [1_800_000_000.0]
    _, api = await make(clock=lambda: now[0])
    sent = (await api.call("sendMessage", chat_id=5001, text="card", reply_markup=BUY)).result
    await api.does("maya", "press", message_id=sent["message_id"], label="Buy", timeout=0)
    (update,) = await api.updates()
    now[0] += 151
    answer = await api.call("answerCallbackQuery", callback_query_id=update["callback_query"]["id"])
    assert answer.complaint.startswith("400 Bad Request: query is too old")


async def test_a_blocked_bot_cannot_write_and_is_told(api):
    await api.does("maya", "block")
    (update,) = await api.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    answer = await api.call("sendMessage", chat_id=5001, text="x")
    assert (answer.status, answer.complaint) == (403, "403 Forbidden: bot was blocked by the user")
    assert (await api.post("/people/maya/say", text="x")).status == 403
    await api.does("maya", "start")
    assert [next(k for k in u if k != "update_id") for u in await api.updates()] == ["my_chat_member", "message"]
    assert (await api.call("sendMessage", chat_id=5001, text="x")).result["text"] == "x"


async def test_a_stranger_must_write_first(api):
    await api.post("/people", first_name="Noor", username="noor", started=False)
    answer = await api.call("sendMessage", chat_id=5006, text="x")
    assert answer.complaint == "403 Forbidden: bot can't initiate conversation with a user"
    await api.does("noor", "say", text="hello")
    assert (await api.call("sendMessage", chat_id=5006, text="x")).result["text"] == "x"


async def test_people_change_their_language_and_nobody_takes_a_taken_name(api):
    changed = await api.request("PATCH", "/sandbox/people/maya", json={"language_code": "zh-hans"})
    assert changed.body["language_code"] == "zh-hans"
    await api.does("maya", "say", text="x")
    assert (await api.updates())[0]["message"]["from"]["language_code"] == "zh-hans"
    taken = await api.post("/people", first_name="M", username="Maya")
    assert (taken.status, taken.body["code"]) == (409, "conflict")
    taken = await api.request("PATCH", "/sandbox/people/maya", json={"username": "lin"})
    assert taken.status == 409
    assert (await api.post("/people", first_name="")).status == 400
    assert (await api.get("/people/nobody"))["code"] == "unknown_person"


async def test_in_a_group_the_bot_sees_what_is_meant_for_it(api):
    for text in ("hello all", "/help", "/help@other_bot", "ask @sampan_bot", "t"):
        await api.does("maya", "say", text=text, chat_id=GROUP)
    seen = [update["message"]["text"] for update in await api.updates()]
    assert seen == ["/help", "ask @sampan_bot"]
    sent = (await api.call("sendMessage", chat_id=GROUP, text="I am here")).result
    await api.does("lin", "say", text="and I", chat_id=GROUP, reply_to=sent["message_id"])
    assert [update["message"]["text"] for update in await api.updates()] == ["and I"]
    await api.request("PATCH", f"/sandbox/chats/{GROUP}", json={"bot_admin": True})
    await api.does("maya", "say", text="now everything", chat_id=GROUP)
    assert [next(k for k in u if k != "update_id") for u in await api.updates()] == ["my_chat_member", "message"]


async def test_who_leaves_a_group_no_longer_sees_it(api):
    await api.request("DELETE", f"/sandbox/chats/{GROUP}/members/lin")
    assert GROUP not in [chat["id"] for chat in (await api.get("/people/lin/chats"))["chats"]]
    assert (await api.post("/people/lin/say", text="x", chat_id=GROUP)).status == 404
    assert (await api.call("getChatMember", chat_id=GROUP, user_id=5002)).result["status"] == "left"
    await api.post(f"/chats/{GROUP}/members", who="lin")
    assert (await api.call("getChatMember", chat_id=GROUP, user_id=5002)).result["status"] == "member"
    assert (await api.call("getChatMemberCount", chat_id=GROUP)).result == 6


async def test_an_edit_and_a_reaction_of_a_person_are_told(api):
    await api.call("getUpdates", allowed_updates=["edited_message", "message_reaction"])
    said = await api.does("maya", "say", text="one")
    await api.does("maya", "edit", message_id=said["message_id"], text="two")
    await api.does("maya", "react", message_id=said["message_id"], emoji="👍")
    edited, reacted = await api.updates()
    assert (edited["edited_message"]["text"], edited["edited_message"]["message_id"]) == ("two", said["message_id"])
    assert reacted["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "👍"}]


async def test_the_page_reads_messages_as_the_contract_says(api):
    first = await api.does("maya", "say", text="hi")
    await api.call("sendMessage", chat_id=5001, text="<b>card</b>", parse_mode="HTML", reply_markup=BUY,
                   reply_parameters={"message_id": first["message_id"]})  # fmt: skip
    shown = await api.last()
    assert (shown["out"], shown["kind"], shown["html"], shown["reply_to"]) == (True, "text", "<b>card</b>", 1)
    assert shown["from"]["is_bot"] is True
    assert shown["keyboard"] == [
        [
            {"label": "Buy", "kind": "callback", "value": "buy:1", "style": None},
            {"label": "Code", "kind": "copy", "value": "PIX1", "style": None},
        ]
    ]
    await api.call("deleteMessage", chat_id=5001, message_id=shown["message_id"])
    assert len((await api.get("/chats/5001/messages"))["messages"]) == 1
    kept = (await api.get("/chats/5001/messages?deleted=1"))["messages"]
    assert [message["deleted"] for message in kept] == [False, True]


async def test_the_menu_is_resolved_by_scope_and_language(api):
    def commands(name):
        return [{"command": name, "description": name}]

    await api.call("setMyCommands", commands=commands("plain"))
    await api.call("setMyCommands", commands=commands("chinese"), language_code="zh")
    await api.call("setMyCommands", commands=commands("group"), scope={"type": "all_group_chats"})
    await api.call("setMyCommands", commands=commands("mine"), scope={"type": "chat", "chat_id": 5005})
    await api.call(
        "setMyCommands", commands=commands("one"), scope={"type": "chat_member", "chat_id": GROUP, "user_id": 5002}
    )

    async def sees(who, query=""):
        return [c["command"] for c in (await api.get(f"/people/{who}/commands{query}"))["commands"]]

    assert await sees("maya") == ["plain"]
    assert await sees("lin") == ["chinese"]
    assert await sees("ada") == ["mine"]
    assert await sees("maya", f"?chat_id={GROUP}") == ["group"]
    assert await sees("lin", f"?chat_id={GROUP}") == ["one"]
    await api.call("deleteMyCommands", scope={"type": "chat", "chat_id": 5005})
    assert await sees("ada") == ["plain"]


async def test_inline_results_are_chosen_into_a_group_and_edited_by_their_id(api):
    results = [
        {
            "type": "article",
            "id": "card-1",
            "title": "Silk scarf",
            "description": "EUR 40",
            "input_message_content": {"message_text": "<b>Silk</b>", "parse_mode": "HTML"},
            "reply_markup": BUY,
        }
    ]

    async def answer(update):
        query = update["inline_query"]
        assert (query["query"], query["chat_type"]) == ("silk", "supergroup")
        return await api.call("answerInlineQuery", inline_query_id=query["id"], results=results, next_offset="10")

    _, answered, found = await api.answering(api.does("maya", "inline", query="silk", chat_id=GROUP), answer)
    assert answered.result is True
    assert (found["answered"], found["next_offset"], found["results"][0]["html"]) == (True, "10", "<b>Silk</b>")
    card = await api.does("maya", "inline/choose", query_id=found["query_id"], result_id="card-1", chat_id=GROUP)
    assert (card["via_bot"], card["out"], card["text"]) == (True, False, "Silk")
    message, chosen = await api.updates()
    assert message["message"]["via_bot"]["username"] == "sampan_bot"
    assert chosen["chosen_inline_result"]["inline_message_id"] == card["inline_message_id"]
    assert chosen["chosen_inline_result"]["query"] == "silk"
    await api.does("lin", "press", message_id=card["message_id"], chat_id=GROUP, label="Buy", timeout=0)
    (pressed,) = await api.updates()
    assert pressed["callback_query"]["inline_message_id"] == card["inline_message_id"]
    assert "message" not in pressed["callback_query"]
    edit = await api.call("editMessageText", inline_message_id=card["inline_message_id"], text="sold")
    assert edit.result is True
    assert (await api.last(GROUP))["text"] == "sold"


async def test_two_inline_results_of_one_id_are_refused(api):
    await api.does("maya", "inline", query="x", timeout=0)
    (update,) = await api.updates()
    result = {"type": "article", "id": "a", "title": "t", "input_message_content": {"message_text": "x"}}
    answer = await api.call("answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=[result] * 2)
    assert answer.complaint == "400 Bad Request: RESULT_ID_DUPLICATE"
    many = [{**result, "id": str(number)} for number in range(51)]
    answer = await api.call("answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=many)
    assert answer.complaint == "400 Bad Request: RESULTS_TOO_MUCH"


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"type": "article", "id": "a"}, "ARTICLE_TITLE_EMPTY"),
        ({"type": "article", "id": "x" * 65, "title": "t"}, "RESULT_ID_INVALID"),
        ({"type": "article", "id": "a", "title": "t"}, "message content is not specified"),
        ({"type": "photo", "id": "a", "photo_file_id": "none"}, "DOCUMENT_INVALID"),
    ],
)
async def test_a_bad_inline_result_is_refused(api, result, words):
    await api.does("maya", "inline", query="x", timeout=0)
    (update,) = await api.updates()
    answer = await api.call("answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=[result])
    assert answer.complaint == f"400 Bad Request: {words}"
