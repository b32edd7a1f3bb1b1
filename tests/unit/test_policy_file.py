"""A policy file that does not fit the shop is found before the shop opens, in one sentence."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path

import pytest

from bot import cli
from bot.doctor import examine

SHIPPED = files("core").joinpath("policy.toml").read_bytes()
SEPA = {"SAMPAN_SEPA_IBAN": "DE89370400440532013000", "SAMPAN_SEPA_NAME": "Olio GmbH", "SAMPAN_RATES": "history"}
BAD = {
    "methods.sepa": SHIPPED.replace(b"[methods.sepa]", b"[methods.sepia]").replace(b'name = "sepa"', b'name = "sepia"'),
    "methods.boleto": SHIPPED + b"\n[methods.boleto]\npay_within_minutes = 5\n",
    "UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("named", BAD)
def test_a_policy_that_does_not_fit_ends_run_with_one_line_and_the_doctor_finds_it(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_bytes(BAD[named])
    env = SEPA | {
        "SAMPAN_POLICY": str(policy), "SAMPAN_DATA": str(tmp_path), "SAMPAN_BOT_TOKEN": "1:AA",
        "SAMPAN_BOT_API": "http://127.0.0.1:9",
    }  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["run"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert named in lines[0]
    findings = asyncio.run(examine(env))
    assert any(named in finding.what and not finding.good for finding in findings)
