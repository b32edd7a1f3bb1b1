"""Files: what goes up comes down again, by an id that can be used again."""

from __future__ import annotations

import io
import json

import aiohttp
from PIL import Image

PATH = "/bot424242:sandbox-test"


def form(**fields):
    made = aiohttp.FormData()
    for name, value in fields.items():
        if isinstance(value, tuple):
            made.add_field(name, io.BytesIO(value[0]), filename=value[1], content_type=value[2])
        else:
            made.add_field(name, str(value))
    return made


async def send_photo(api, data):
    body = form(chat_id=5001, photo=(data, "a.png", "image/png"))
    return await api.request("POST", f"{PATH}/sendPhoto", data=body)


async def download(api, path, token="424242:sandbox-test"):
    async with api.session.get(f"{api.base}/file/bot{token}/{path}") as response:
        return response.status, await response.read()


async def test_the_bytes_of_a_photo_come_back_and_its_small_sizes_are_drawn(api, picture):
    data = picture(900, 500)
    small, _, large = (await send_photo(api, data)).result["photo"]
    file = (await api.call("getFile", file_id=large["file_id"])).result
    assert (large["width"], large["height"], large["file_size"]) == (900, 500, len(data))
    assert await download(api, file["file_path"]) == (200, data)
    preview = (await api.call("getFile", file_id=small["file_id"])).result
    _, drawn = await download(api, preview["file_path"])
    assert Image.open(io.BytesIO(drawn)).size == (small["width"], small["height"]) == (90, 50)


async def test_a_file_id_can_be_sent_again_but_only_as_what_it_is(api, picture):
    photo = (await send_photo(api, picture(100, 100))).result["photo"][-1]
    again = (await api.call("sendPhoto", chat_id=5002, photo=photo["file_id"])).result["photo"][-1]
    assert again == photo
    answer = await api.call("sendDocument", chat_id=5002, document=photo["file_id"])
    assert answer.complaint == "400 Bad Request: can't use file of type Photo as Document"
    answer = await api.call("sendPhoto", chat_id=5002, photo=photo["file_unique_id"])
    assert answer.status == 400


async def test_a_photo_that_is_none_or_empty_or_too_thin_is_refused(api, picture):
    assert (await send_photo(api, b"not a picture")).complaint == "400 Bad Request: IMAGE_PROCESS_FAILED"
    assert (await send_photo(api, b"")).complaint == "400 Bad Request: file must be non-empty"
    assert (await send_photo(api, picture(2100, 100))).complaint == "400 Bad Request: PHOTO_INVALID_DIMENSIONS"
    big = await send_photo(api, picture(10, 10) + bytes(11_000_000))
    assert "is too big for a photo; the maximum size is 10485760 bytes" in big.complaint


async def test_a_file_is_not_given_to_a_wrong_token_or_under_a_wrong_path(make, picture):
    _, api = await make(token="424242:sandbox-test")
    photo = (await send_photo(api, picture(10, 10))).result["photo"][-1]
    path = (await api.call("getFile", file_id=photo["file_id"])).result["file_path"]
    assert (await download(api, path, token="1:other"))[0] == 401
    assert (await download(api, "photos/../../etc/passwd"))[0] == 404


async def test_an_album_is_several_messages_of_one_group(api, picture):
    media = [
        {"type": "photo", "media": "attach://one", "caption": "<b>c</b>", "parse_mode": "HTML"},
        {"type": "photo", "media": "attach://two"},
    ]
    files = {"one": (picture(10, 10), "1.png", "image/png"), "two": (picture(20, 10), "2.png", "image/png")}
    body = form(chat_id=5001, media=json.dumps(media), **files)
    sent = await api.request("POST", f"{PATH}/sendMediaGroup", data=body)
    first, second = sent.result
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], first["caption_entities"][0]["type"]) == ("c", "bold")
    assert second["photo"][-1]["width"] == 20


async def test_a_photo_can_take_the_place_of_another(api, picture):
    sent = (await send_photo(api, picture(10, 10))).result
    other = (await send_photo(api, picture(30, 30))).result["photo"][-1]["file_id"]
    media = {"type": "photo", "media": other, "caption": "paid"}
    changed = await api.call("editMessageMedia", chat_id=5001, message_id=sent["message_id"], media=media)
    assert (changed.result["photo"][-1]["width"], changed.result["caption"]) == (30, "paid")
    assert changed.result["edit_date"]
    shown = await api.get(f"/chats/5001/messages/{sent['message_id']}")
    assert (shown["media"]["width"], shown["text"], shown["revision"]) == (30, "paid", 2)


async def test_what_a_person_sends_reaches_the_bot_and_a_script_does_not_run_in_the_page(api, picture):
    upload = form(file=(picture(40, 30), "slip.png", "image/png"), caption="my slip")
    sent = await api.request("POST", "/sandbox/people/maya/send", data=upload)
    assert (sent.status, sent.body["kind"], sent.body["media"]["mime_type"]) == (201, "photo", "image/png")
    (update,) = await api.updates()
    assert (update["message"]["photo"][-1]["width"], update["message"]["caption"]) == (40, "my slip")
    page = form(file=(b"<script>1</script>", "x.html", "text/html"))
    sent = await api.request("POST", "/sandbox/people/maya/send", data=page)
    async with api.session.get(api.base + sent.body["media"]["url"]) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
