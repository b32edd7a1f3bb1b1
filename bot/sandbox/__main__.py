"""`python -m bot.sandbox --port N [--data DIR]`: Bot API, control API, page and bank in one process."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from bot.sandbox.server import Sandbox


def compose(*, data: Path | None = None) -> Sandbox:
    """A Sandbox with everything mounted that is there; not started yet."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(data=data)
    try:
        from bot.sandbox import bank
    except ImportError:
        return sandbox
    mount = getattr(bank, "mount", None)
    if mount is not None:
        mount(sandbox, data=data)
    return sandbox


async def _serve(port: int, data: Path | None) -> None:
    sandbox = compose(data=data)
    base = await sandbox.start(port)
    sys.stdout.write(f"sandbox on {base}\n")
    sys.stdout.flush()
    collect_seldom()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    await done.wait()
    await sandbox.stop()


def collect_seldom() -> None:
    """Spare the garbage collector what is here to stay: the modules now, later the messages, of which it frees none.

    Otherwise every some seconds all answers wait 100 ms for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _run(work: Coroutine[None, None, None]) -> None:
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A local Telegram for the bot.")
    parser.add_argument("--port", type=int, default=8081, help="port on 127.0.0.1; 0 lets the system choose")
    parser.add_argument("--data", type=Path, default=None, help="folder that keeps chats and files over restarts")
    options = parser.parse_args()
    _run(_serve(options.port, options.data))


if __name__ == "__main__":
    main()
