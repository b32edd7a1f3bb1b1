"""Builds the wheel, installs it into a fresh environment, and serves the demo from an empty directory."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSIDE = (
    "locales/zh_Hans/LC_MESSAGES/sampan.po",
    "storage/migrations/env.py",
    "bot/sandbox/page/index.html",
    "core/policy.toml",
)
PATIENCE = 60  # seconds the demo has to open


def main() -> int:
    """0 when the demo answered, in two languages and with a stocked shop."""
    with tempfile.TemporaryDirectory(prefix="sampan-wheel-") as folder:
        place = Path(folder)
        run = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--disable-pip-version-check",
            "--no-deps",
            "-w",
            str(place),
            str(ROOT),
        ]
        subprocess.run(run, check=True)
        wheel = next(place.glob("sampan-*.whl"))
        names = zipfile.ZipFile(wheel).namelist()
        if missing := [name for name in INSIDE if name not in names]:
            sys.exit(f"missing in the wheel: {missing}")
        subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
        pip = [str(place / "venv/bin/pip"), "install", "-q", "--disable-pip-version-check", str(wheel)]
        subprocess.run(pip, check=True)
        empty = place / "empty"
        empty.mkdir()
        return _serve(str(place / "venv/bin/sampan"), empty)


def _serve(sampan: str, empty: Path) -> int:
    demo = subprocess.Popen(
        [sampan, "demo", "--no-browser", "--port", "0"], cwd=empty, stdout=subprocess.PIPE, text=True
    )
    try:
        page = _page(demo)
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert b"<html" in answer.read().lower()
        with urllib.request.urlopen(f"{page}sandbox/state", timeout=10) as answer:
            state = json.load(answer)
        assert state["delivery"] == "polling", state["delivery"]
        print(f"the wheel serves {page}: {len(state['people'])} people, {len(state['chats'])} chats")
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
    return demo.returncode


def _page(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    deadline = time.monotonic() + PATIENCE
    for line in demo.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
            return found.group()
        if time.monotonic() > deadline:
            break
    sys.exit("the demo did not open")


if __name__ == "__main__":
    sys.exit(main())
