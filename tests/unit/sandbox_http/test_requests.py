"""The Bot API takes what every client sends and complains in the official words."""

from __future__ import annotations

import io

import aiohttp
import pytest

TOKEN_PATH = "/bot424242:sandbox-test"


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT"])
async def test_parameters_come_in_the_query_as_form_as_json_and_as_multipart(api, verb):
    form = aiohttp.FormData()
    form.add_field("chat_id", "5001")
    form.add_field("text", "hi", content_type="text/plain")
    form.add_field("x", b"1", filename="x.bin")
    for sent in (
        {"params": {"chat_id": "5001", "text": "hi"}},
        {"data": {"chat_id": "5001", "text": "hi"}},
        {"json": {"chat_id": 5001, "text": "hi"}},
        {"data": form},
        {"params": {"chat_id": "5001"}, "json": {"text": "hi"}},
    ):
        answer = await api.request(verb, f"{TOKEN_PATH}/sendMessage", **sent)
        assert answer.result["text"] == "hi"


async def test_method_names_do_not_care_about_case(api):
    assert (await api.call("SENDmessage", chat_id=5001, text="hi")).result["text"] == "hi"
    assert (await api.request("GET", f"{TOKEN_PATH}/test/getme")).result["is_bot"] is True


async def test_booleans_and_numbers_are_read_leniently(api):
    sent = await api.request(
        "POST", f"{TOKEN_PATH}/sendMessage", data={"chat_id": "5001", "text": "x", "protect_content": " TRUE "}
    )
    assert sent.result["has_protected_content"] is True
    assert (await api.request("GET", f"{TOKEN_PATH}/getUpdates?limit=9999999999999&offset=abc")).result == []


@pytest.mark.parametrize("token", ["0:abc", "nocolon", "1:" + "a" * 90])
async def test_a_token_that_cannot_be_is_unauthorized(api, token):
    answer = await api.request("GET", f"/bot{token}/getMe")
    assert (answer.status, answer.complaint) == (401, "401 Unauthorized: invalid token specified")


async def test_a_pinned_token_is_the_only_one(make):
    _, api = await make(token="1:right")
    api.token = "1:wrong"
    assert (await api.call("getMe")).status == 401
    api.token = "1:right"
    assert (await api.call("getMe")).result["id"] == 1


async def test_what_is_not_there_and_what_is_not_played_are_told_apart(api):
    assert (await api.call("sendTelepathy")).complaint == "404 Not Found: method not found"
    answer = await api.call("sendGame", chat_id=5001)
    assert answer.status == 501
    assert answer.complaint == "501 Not Implemented: the sandbox does not play sendGame"


async def test_unknown_parameters_are_ignored_and_written_down(api):
    await api.call("sendMessage", chat_id=5001, text="x", colour="red")
    (call,) = (await api.get("/calls?method=sendmessage"))["calls"]
    assert call["unknown"] == ["colour"]
    assert call["params"] == {"chat_id": 5001, "text": "x", "colour": "red"}


@pytest.mark.parametrize(
    ("method", "params", "complaint"),
    [
        ("sendMessage", {"text": "x"}, "400 Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": 1, "text": "x"}, "400 Bad Request: chat not found"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, "400 Bad Request: chat not found"),
        ("sendMessage", {"chat_id": 5001, "text": " "}, "400 Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": 5001, "text": "x" * 4097}, "400 Bad Request: message is too long"),
        ("sendMessage", {"chat_id": 5001, "text": "<b>", "parse_mode": "HTML"},
         '400 Bad Request: can\'t parse entities: Can\'t find end tag corresponding to start tag "b"'),
        ("sendMessage", {"chat_id": 5001, "text": "x", "reply_parameters": {"message_id": 99}},
         "400 Bad Request: message to be replied not found"),
        ("sendMessage", {"chat_id": 5001, "text": "x", "reply_markup": "{"},
         "400 Bad Request: can't parse reply markup JSON object"),
        ("sendMessage", {"chat_id": 5001, "text": "x", "reply_markup": None},
         "400 Bad Request: object expected as reply markup"),
        ("sendPhoto", {"chat_id": 5001}, "400 Bad Request: there is no photo in the request"),
        ("sendPhoto", {"chat_id": 5001, "photo": "nonsense"},
         "400 Bad Request: wrong remote file identifier specified: Wrong string length"),
        ("sendPhoto", {"chat_id": 5001, "photo": "attach://p"}, "400 Bad Request: there is no photo in the request"),
        ("editMessageText", {"chat_id": 5001, "message_id": 99, "text": "x"},
         "400 Bad Request: message to edit not found"),
        ("editMessageText", {"inline_message_id": "no", "text": "x"}, "400 Bad Request: MESSAGE_ID_INVALID"),
        ("deleteMessage", {"chat_id": 5001, "message_id": 99}, "400 Bad Request: message to delete not found"),
        ("copyMessage", {"chat_id": 5001, "from_chat_id": 5001, "message_id": 9},
         "400 Bad Request: message to copy not found"),
        ("answerCallbackQuery", {"callback_query_id": "1"},
         "400 Bad Request: query is too old and response timeout expired or query ID is invalid"),
        ("getFile", {"file_id": "x"}, "400 Bad Request: invalid file_id"),
        ("sendChatAction", {"chat_id": 5001, "action": "dance"}, "400 Bad Request: wrong parameter action in request"),
        ("setMyCommands", {"commands": [{"command": "Big", "description": "x"}]},
         "400 Bad Request: BOT_COMMAND_INVALID"),
        ("sendInvoice", {"chat_id": 5001, "title": "t", "description": "d", "payload": "p", "currency": "XTR",
                         "prices": []}, "400 Bad Request: there must be at least one price"),
        ("sendInvoice", {"chat_id": 5001, "title": "t", "description": "d", "payload": "p", "currency": "EUR",
                         "prices": [{"label": "a", "amount": 1}]}, "400 Bad Request: PAYMENT_PROVIDER_INVALID"),
        ("sendInvoice", {"chat_id": 5001, "title": "t", "description": "d", "payload": "p" * 129, "currency": "XTR",
                         "prices": [{"label": "a", "amount": 1}]}, "400 Bad Request: INVOICE_PAYLOAD_INVALID"),
        ("sendMediaGroup", {"chat_id": 5001, "media": []}, "400 Bad Request: media group is empty"),
        ("setWebhook", {"url": "ftp://127.0.0.1/"},
         "400 Bad Request: bad webhook: An HTTPS URL must be provided for webhook"),
    ],
)  # fmt: skip
async def test_a_wrong_call_is_refused_in_the_official_words(api, method, params, complaint):
    answer = await api.call(method, **params)
    assert answer.complaint == complaint
    assert answer.status == answer.body["error_code"]


async def test_an_edit_that_changes_nothing_is_refused(api):
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]]}
    sent = (await api.call("sendMessage", chat_id=5001, text="x", reply_markup=markup)).result
    same = {"chat_id": 5001, "message_id": sent["message_id"], "text": "x", "reply_markup": markup}
    answer = await api.call("editMessageText", **same)
    assert answer.complaint.startswith("400 Bad Request: message is not modified: specified new message content and")
    assert (await api.call("editMessageText", **{**same, "text": "y"})).result["text"] == "y"
    gone = (await api.call("editMessageReplyMarkup", chat_id=5001, message_id=sent["message_id"])).result
    assert "reply_markup" not in gone


async def test_text_of_a_photo_is_its_caption(api, picture):
    form = aiohttp.FormData()
    form.add_field("chat_id", "5001")
    form.add_field("photo", picture(300, 200), filename="a.png", content_type="image/png")
    sent = (await api.request("POST", f"{TOKEN_PATH}/sendPhoto", data=form)).result
    where = {"chat_id": 5001, "message_id": sent["message_id"]}
    answer = await api.call("editMessageText", **where, text="x")
    assert answer.complaint == "400 Bad Request: there is no text in the message to edit"
    assert (await api.call("editMessageCaption", **where, caption="*c*", parse_mode="MarkdownV2")).result[
        "caption"
    ] == "c"


async def test_a_body_that_is_no_json_is_refused(api):
    answer = await api.request("POST", f"{TOKEN_PATH}/getMe", data=b"{", headers={"Content-Type": "application/json"})
    assert answer.complaint == "400 Bad Request: can't parse JSON object"


async def test_a_multipart_body_that_is_cut_off_is_refused(api):
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    answer = await api.request("POST", f"{TOKEN_PATH}/getMe", data=b"--cut\r\n", headers=headers)
    assert answer.complaint.startswith("400 Bad Request: can't parse the body: ")


async def test_a_text_of_nine_megabytes_is_too_long(api):
    body = io.BytesIO(b"chat_id=5001&text=" + b"x" * 9_000_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await api.request("POST", f"{TOKEN_PATH}/sendMessage", data=body, headers=headers)
    assert answer.complaint == "400 Bad Request: message is too long"


async def test_an_upload_over_fifty_megabytes_is_too_large(api):
    form = aiohttp.FormData()
    form.add_field("document", io.BytesIO(bytes(55_000_000)), filename="big.bin")
    answer = await api.request("POST", f"{TOKEN_PATH}/sendDocument?chat_id=5001", data=form)
    assert (answer.status, answer.complaint) == (413, "413 Request Entity Too Large")
