"""The settings: every fault at once, with what to do, and no secret in sight."""

import copy
import pickle
import re
from pathlib import Path

import pytest

from bot.config import VARIABLES, BadConfig, ConfigFault, Settings, read
from bot.secret import Secret

TOKEN = "123456:AAtest-token_of_thirty_five_chars00"


def settings(tmp_path: Path, **variables: str) -> Settings:
    return read({"SAMPAN_BOT_TOKEN": TOKEN, "SAMPAN_DATA": str(tmp_path / "data"), **variables})


def faults(tmp_path: Path, **variables: str) -> dict[str, ConfigFault]:
    with pytest.raises(BadConfig) as refused:
        settings(tmp_path, **variables)
    return {fault.name: fault for fault in refused.value.faults}


def test_a_token_is_enough(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.bot_token.reveal() == TOKEN
    assert (found.bot_api, found.listen) == ("https://api.telegram.org", ("127.0.0.1", 8080))
    assert (found.sepa, found.pix, found.public_url, found.policy) == (None, None, "", None)
    assert (found.rates, found.country, found.shop_name) == ("ecb", "DE", "Sampan")
    assert not found.database_url


def test_without_a_token_nothing_serves_but_the_database_can_be_migrated(tmp_path: Path) -> None:
    environ = {"SAMPAN_DATA": str(tmp_path)}
    with pytest.raises(BadConfig, match="BotFather"):
        read(environ)
    assert not read(environ, serving=False).bot_token


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        SAMPAN_BOT_TOKEN="hello",
        SAMPAN_BOT_API="http://api.example.com",
        SAMPAN_ADMINS="42,me",
        SAMPAN_LISTEN="8080",
        SAMPAN_SECRET_KEY="short",
        SAMPAN_WEBHOOK_SECRET="with space",
        SAMPAN_COUNTRY="XX",
        SAMPAN_POLICY="/nowhere/policy.toml",
        SAMPAN_SEPA_IBAN="DE89370400440532013001",
        SAMPAN_SEPA_BIC="NO",
        SAMPAN_PIX_KEY="12345678900",
        SAMPAN_RATES="guess",
        SAMPAN_RATES_MAX_AGE="-1",
        SAMPAN_DATABASE_URL="mysql://x",
        SAMPAN_PUBLIC_URL="https://shop.example:8081",
    )
    names = "BOT_TOKEN BOT_API ADMINS LISTEN SECRET_KEY WEBHOOK_SECRET COUNTRY POLICY SEPA_IBAN SEPA_NAME SEPA_BIC"
    names += " PIX_KEY PIX_NAME PIX_CITY BANK_SECRET RATES RATES_MAX_AGE DATABASE_URL"
    assert set(found) == {f"SAMPAN_{name}" for name in names.split()}
    assert all(fault.remedy for fault in found.values())


def test_telegram_reaches_only_its_own_ports(tmp_path: Path) -> None:
    assert "SAMPAN_PUBLIC_URL" in faults(tmp_path, SAMPAN_PUBLIC_URL="https://shop.example:8081")
    assert settings(tmp_path, SAMPAN_PUBLIC_URL="https://shop.example/").public_url == "https://shop.example"
    local = settings(tmp_path, SAMPAN_PUBLIC_URL="http://127.0.0.1:9000", SAMPAN_BOT_API="http://127.0.0.1:8081/")
    assert (local.public_url, local.bot_api) == ("http://127.0.0.1:9000", "http://127.0.0.1:8081")


def test_no_secret_shows_in_a_repr_a_fault_or_a_pickle(tmp_path: Path) -> None:
    shown = repr(settings(tmp_path, SAMPAN_BANK_KEY="bank-bearer", SAMPAN_DATABASE_URL="postgresql://u:pw@h/d"))
    for secret in (TOKEN, "bank-bearer", "pw@h"):
        assert secret not in shown
    bad = faults(tmp_path, SAMPAN_BOT_TOKEN="123:TOP SECRET", SAMPAN_SECRET_KEY="hunter2")
    assert "TOP" not in str(bad)
    assert "hunter2" not in str(bad)
    assert f"{Secret('x')} {Secret('x')!r}" == "Secret(…) Secret(…)"
    for escape in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not written down"):
            escape(Secret("x"))


def test_a_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    first = settings(tmp_path).secret_key
    path = tmp_path / "data" / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert settings(tmp_path).secret_key == first
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]
    path.chmod(0o644)
    assert "chmod 600" in faults(tmp_path)["SAMPAN_SECRET_KEY"].remedy
    path.chmod(0o600)
    path.write_text("")
    assert "damaged" in faults(tmp_path)["SAMPAN_SECRET_KEY"].problem


def test_the_doctor_looks_without_touching(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert read({"SAMPAN_DATA": str(data)}, serving=False, create=False).secret_key
    assert not data.exists()


def test_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    found = settings(tmp_path, SAMPAN_SECRET_KEY="s" * 32)
    assert len({found.key("buttons"), found.key("vault"), b"s" * 32}) == 3
    assert len(found.key("buttons")) == 32
    assert found.webhook_secret.reveal().isalnum()


def test_the_rails_come_whole_or_not_at_all(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        SAMPAN_SEPA_IBAN="it60 X054 2811 1010 0000 0123 456",
        SAMPAN_SEPA_NAME="Olio Srl",
        SAMPAN_PIX_KEY="39053344705",
        SAMPAN_PIX_NAME="João",
        SAMPAN_PIX_CITY="São Paulo",
        SAMPAN_BANK_SECRET="s",
    )
    assert found.sepa is not None
    assert found.pix is not None
    assert (found.sepa.iban, found.country, found.pix.city) == ("IT60X0542811101000000123456", "IT", "São Paulo")
    assert set(faults(tmp_path, SAMPAN_SEPA_NAME="Olio", SAMPAN_PIX_CITY="Recife")) == {
        "SAMPAN_SEPA_IBAN", "SAMPAN_PIX_KEY",
    }  # fmt: skip


def test_a_misspelt_variable_is_noticed(tmp_path: Path) -> None:
    assert settings(tmp_path, SAMPAN_ADMIN="42", SAMPAN_ADMINS=" 42, 7 ,").unknown == ("SAMPAN_ADMIN",)
    assert settings(tmp_path, SAMPAN_ADMINS=" 42, 7 ,").admins == {42, 7}


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert settings(tmp_path, SAMPAN_RATES=" ", SAMPAN_LISTEN="").rates == "ecb"


def test_the_readme_names_every_variable_once() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(SAMPAN_\w+)` \|", readme, re.MULTILINE)) == sorted(VARIABLES)


def test_two_rate_sources_may_be_compared(tmp_path: Path) -> None:
    both = settings(tmp_path, SAMPAN_RATES="ecb, json:https://rates.example/latest")
    assert both.rate_sources == ("ecb", "json:https://rates.example/latest")
    assert settings(tmp_path, SAMPAN_RATES="history").rate_sources == ()


@pytest.mark.parametrize("text", [
    "ecb,ecb", "ecb,history", "ecb,json:https://a.example,json:https://b.example", "json:", "ecb,",
    "json:https://a.example/x,ecb:https://a.example/y", "json:http://[::1",
])  # fmt: skip
def test_sources_that_cannot_be_compared_are_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig, match="SAMPAN_RATES"):
        settings(tmp_path, SAMPAN_RATES=text)


def test_a_gateway_for_codes_has_an_address_and_a_key(tmp_path: Path) -> None:
    both = {"SAMPAN_CODES_URL": "https://gateway.example/send", "SAMPAN_CODES_KEY": "k"}
    found = settings(tmp_path, **both)
    assert (found.codes_url, found.codes_key.reveal()) == ("https://gateway.example/send", "k")
    assert "SAMPAN_CODES_KEY" in faults(tmp_path, SAMPAN_CODES_URL=both["SAMPAN_CODES_URL"])
    assert "SAMPAN_CODES_URL" in faults(tmp_path, SAMPAN_CODES_KEY="k")
    assert "SAMPAN_CODES_URL" in faults(tmp_path, **{**both, "SAMPAN_CODES_URL": "http://gateway.example/send"})
