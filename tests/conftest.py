"""House rules of the tests: sockets reach loopback only, and in CI a skip is a failure."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

import pytest

# The one skip that CI forgives: a peer that the registries have stopped serving. Its reason must hold these words.
FORGIVEN = "no longer served by the registries"

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {host}: tests talk to loopback only")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def _sockets_stay_here() -> Any:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()


def _unforgiven(terminal: Any) -> list[str]:
    reasons = [str(report.longrepr[2]) for report in terminal.stats.get("skipped", []) if report.longrepr]
    return [reason for reason in reasons if FORGIVEN not in reason]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in CI which skips are failures."""
    if os.environ.get("CI"):
        for reason in _unforgiven(terminalreporter):
            terminalreporter.write_line(f"SKIP COUNTS AS A FAILURE IN CI: {reason}", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a run with unforgiven skips has failed."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and terminal is not None and _unforgiven(terminal):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
