"""Multipart bodies as the clients of this world send them, read as their senders meant them."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.multipart import Part, media_type, parts

KIND = "multipart/form-data; boundary=cut"


def read(*lines, kind=KIND):
    return list(parts(b"\r\n".join(lines), kind))


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="chat_id"', "chat_id", None),
        ("form-data; name=chat_id", "chat_id", None),  # .NET does not quote
        ('Form-Data;Name="chat_id"', "chat_id", None),
        ('form-data; name="f"; filename="a; b.png"', "f", "a; b.png"),
        (r'form-data; name="f"; filename="a \"b\".png"', "f", 'a "b".png'),
        ('form-data; name="f"; filename="茶.png"', "f", "茶.png"),
        ('form-data; name="f"; filename="?.png"; filename*=utf-8\'\'%E8%8C%B6.png', "f", "茶.png"),
        ("form-data; name=\"f\"; filename*=nonsense''x.png", "f", "x.png"),
        ('form-data; name="f"; filename=""', "f", ""),
    ],
)
def test_names_are_read_however_a_client_writes_them(disposition, name, filename):
    head = f"content-disposition: {disposition}".encode()
    (part,) = read(b"--cut", head, b"Content-Type: image/png; x=y", b"", b"data", b"--cut--", b"")
    assert part == Part(name, filename, "image/png", b"data")


def test_what_stands_around_the_parts_and_parts_without_a_name_are_passed_over():
    named = b'Content-Disposition: form-data; name="a"'
    lines = [b"preamble", b"--cut  ", named, b"", b"", b"--cut", b"", b"nameless", b"--cut--", b"epilogue", b"--cut"]
    assert read(*lines) == [Part("a", None, "application/octet-stream", b"")]


@pytest.mark.parametrize("kind", ['multipart/form-data; boundary="cut"', "multipart/form-data;BOUNDARY=cut; x=y"])
def test_a_boundary_is_found_quoted_or_not(kind):
    assert read(b"--cut--", kind=kind) == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", KIND + "x" * 70])
def test_without_a_boundary_there_are_no_parts(kind):
    with pytest.raises(ValueError, match="boundary"):
        read(b"--cut--", kind=kind)


@pytest.mark.parametrize(
    "lines",
    [
        [b"", b"no boundary"],
        [b"--cut", b'Content-Disposition: form-data; name="a"', b"", b"cut off"],
        [b"--cut", b'Content-Disposition: form-data; name="a"', b"--cut--"],
        [b"--cutter", b'Content-Disposition: form-data; name="a"', b"", b"x", b"--cut--"],
        [b"--cut", b"a header that is none", b"", b"x", b"--cut--"],
    ],
)
def test_a_body_that_is_broken_or_cut_off_is_refused(lines):
    with pytest.raises(ValueError, match=r"multipart|header"):
        read(*lines)


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.binary()), min_size=1))
async def test_whatever_bytes_a_client_sends_arrive_as_they_are(sent):
    form = aiohttp.FormData()
    for name, data in sent:
        form.add_field(name, data, filename="f.bin")
    payload = form()
    body = await payload.as_bytes()
    assert [(part.name, part.data) for part in parts(body, payload.content_type)] == sent


def test_the_media_type_is_read_without_its_parameters():
    request = make_mocked_request("POST", "/", headers={"Content-Type": "Multipart/Form-Data; boundary=x"})
    assert media_type(request) == "multipart/form-data"
    assert media_type(make_mocked_request("POST", "/")) == ""
