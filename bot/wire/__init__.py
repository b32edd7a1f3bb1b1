"""The wire to Telegram: requests out, updates in, in order and within its limits."""

import os

# python-telegram-bot's own switch to its coming default: durations (RetryAfter) are timedeltas, not bare ints. Without
# it every 429 is a deprecation warning too.
os.environ.setdefault("PTB_TIMEDELTA", "1")
