"""The log: no secret of ours in it, whoever writes the line."""

import io
import logging
import sys

from bot.wire.redact import Redact

TOKEN = "12345:AAsecret"


def test_a_secret_is_blotted_out_of_messages_and_tracebacks() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Redact([TOKEN, ""]))
    try:
        raise ValueError(f"https://host/bot{TOKEN}/getMe")
    except ValueError:
        fault = sys.exc_info()
    for message, args, error in (("GET /bot%s/x", (TOKEN,), None), (f"{TOKEN} %", (), None), ("it broke", (), fault)):
        handler.handle(logging.LogRecord("x", logging.INFO, "f", 1, message, args, error))
    told = out.getvalue()
    assert TOKEN not in told
    assert told.count("(secret)") >= 3
    assert "ValueError" in told
