"""`sampan ledger …` beside a running shop and on a closed one: what it prints, and the exit status it ends with."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.demo import WEI, Demo
from core.ledger.journal import credit, debit, entry
from core.money import Money, asset
from storage.look import put
from storage.migrate import upgrade
from storage.vault import Vault
from tests.builders import NOON
from tests.flows.driver import order_of

EUR = asset("EUR")


async def sampan(*words: str) -> tuple[int, str, str]:
    """Exit status, what it said, and what it said on stderr; no traceback is ever among it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMPAN_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "ledger", *words, env=clean,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert b"Traceback" not in out + err, (out + err).decode()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_books_of_a_running_shop_are_proved_told_and_anchored(own_town: Any) -> None:
    nora = await own_town.newcomer("Nora")
    await nora.give_address()
    card = await nora.buy(await own_town.on_sale("Tea", "88.37 CNY", seller=WEI), "SEPA")
    order = order_of(card)
    await nora.pay(await nora.scan(card))
    await nora.wait_for("Your payment has arrived")
    data = str(own_town.demo.data)

    status, out, _ = await sampan("check", "--data", data, "--json")
    told = json.loads(out)
    assert (status, told["ok"], told["findings"]) == (0, True, []), told
    assert told["entries"] >= 1 and told["orders"] >= 1
    assert told["entries"] == told["sealed"] + told["unsealed"]
    assert {1, 2, 3, 14} <= set(told["invariants"])

    status, out, _ = await sampan("show", f"#{order.lower()}", "--data", data)
    assert status == 0
    assert out.startswith(f"Order {order} · paid")
    assert "The payment paid the order" in out and "Now: " in out
    assert "Nora" not in out and str(nora.who) not in out

    status, line, _ = await sampan("anchor", "--data", data, "--json", "--chain-id", "8453", "--nonce", "7")
    anchored = json.loads(line)
    assert status == 0
    assert anchored["line"] == f"sampan-ledger:v1:{anchored['seal']}:{anchored['entries']}:{anchored['head']}"
    assert anchored["transaction"]["data"] == f"0x{anchored['head']}"
    assert (anchored["transaction"]["chainId"], anchored["transaction"]["nonce"]) == ("0x2105", "0x7")
    assert anchored["payload"].startswith("0x02") and anchored["head"] in anchored["payload"]
    status, out, _ = await sampan("check", "--data", data, "--anchor", anchored["line"])
    assert (status, out.splitlines()[-1]) == (0, "The books are right."), out


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a closed shop with two entries."""
    place = tmp_path / "sampan.sqlite3"
    upgrade(place)
    vault = Vault({"1": b"1" * 32}, "1")
    for key in ("E1", "E2"):
        own = debit("bank", Money(500, EUR)), credit("equity", Money(500, EUR))
        put(place, vault, lambda uow, key=key, own=own: uow.journal.post(entry(key, NOON, "own funds", *own)))
    return tmp_path


def tamper(shop: Path, statement: str) -> None:
    with sqlite3.connect(shop / "sampan.sqlite3") as connection:
        connection.execute(statement)
    connection.close()


def test_wrong_books_end_with_a_status_that_a_script_can_tell(shop: Path, capsys: Any) -> None:
    assert main(["ledger", "check", "--data", str(shop)]) == 0
    assert "2 entries of 0 orders" in capsys.readouterr().out
    tamper(shop, "UPDATE balances SET minor = 1 WHERE account = 'bank'")
    assert main(["ledger", "check", "--data", str(shop)]) == 1
    out = capsys.readouterr().out
    assert "✗  2  every balance is the fold" in out
    assert "bank: its balance says +1 EUR minor units, its legs sum to +1000" in out
    assert "The books are wrong: 1 of the rules is broken." in out
    assert main(["ledger", "check", "--data", str(shop), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"]
    assert [(one["invariant"], one["key"], one["count"]) for one in told["findings"]] == [(2, "bank", 1)]
    assert set(told) == {
        "ok", "entries", "orders", "sealed", "unsealed", "invariants", "not_asked", "findings", "head", "seconds",
    }  # fmt: skip


def test_a_line_that_was_published_finds_a_rewritten_history(shop: Path, capsys: Any) -> None:
    assert main(["ledger", "anchor", "--data", str(shop)]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("sampan-ledger:v1:1:2:")
    forged = line[:-1] + ("0" if line[-1] != "0" else "1")
    assert main(["ledger", "check", "--data", str(shop), "--anchor", line]) == 0
    assert main(["ledger", "check", "--data", str(shop), "--anchor", forged]) == 1
    assert "are not those that were anchored" in capsys.readouterr().out
    assert main(["ledger", "check", "--data", str(shop), "--anchor", "nonsense"]) == 2
    assert "not an anchor" in capsys.readouterr().err


def test_a_broken_chain_is_not_anchored(shop: Path, capsys: Any) -> None:
    assert main(["ledger", "anchor", "--data", str(shop)]) == 0
    tamper(shop, "DELETE FROM seals")
    tamper(shop, "UPDATE entries SET number = NULL, link = NULL WHERE number = 2")
    assert main(["ledger", "anchor", "--data", str(shop)]) == 2
    assert "`sampan ledger check` says where" in capsys.readouterr().err


def test_where_there_is_nothing_it_says_so(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "none"
    assert main(["ledger", "check", "--data", str(folder)]) == 2
    assert f"There is no shop in {folder}. Name its folder: --data DIR." in capsys.readouterr().err
    assert not folder.exists()
    (tmp_path / "sampan.sqlite3").write_bytes(b"this is no database, and was never one" * 100)
    assert main(["ledger", "check", "--data", str(tmp_path)]) == 2
    assert "The database cannot be used" in capsys.readouterr().err


def test_an_order_that_is_not_there_and_books_without_an_entry(tmp_path: Path, shop: Path, capsys: Any) -> None:
    assert main(["ledger", "show", "NONE", "--data", str(shop)]) == 1
    assert "There is no order NONE." in capsys.readouterr().err
    tamper(shop, "DELETE FROM legs")
    tamper(shop, "DELETE FROM entries")
    assert main(["ledger", "anchor", "--data", str(shop)]) == 2
    assert "nothing to anchor" in capsys.readouterr().err


@pytest.mark.parametrize("words", [
    ["--to", "0x12"], ["--max-fee", "much"], ["--max-fee", "0.0000000001"], ["--nonce", "-1"], ["--chain-id", "x"],
])  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused_in_words(words: list[str], shop: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["ledger", "anchor", "--data", str(shop), *words])
    assert refused.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_fees_are_told_in_gwei_and_the_tip_is_part_of_them(shop: Path, capsys: Any) -> None:
    anchor = ["ledger", "anchor", "--data", str(shop), "--json"]
    to = "0x52908400098527886E0F7030069857D2E4169EE7"
    assert main([*anchor, "--max-fee", "1.5", "--priority-fee", "0.25", "--to", to]) == 0
    fields = json.loads(capsys.readouterr().out)["transaction"]
    assert (fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]) == (hex(1_500_000_000), hex(250_000_000))
    assert fields["to"] == to, "its case is its checksum"
    assert main([*anchor, "--max-fee", "1", "--priority-fee", "2"]) == 2


async def test_a_shop_that_closes_leaves_nothing_unsealed(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    await demo.start()
    own = debit("bank", Money(500, EUR)), credit("equity", Money(500, EUR))
    await demo.shop.store.write(lambda uow: uow.journal.post(entry("E1", NOON, "own funds", *own)))
    await demo.stop()
    status, out, _ = await sampan("check", "--data", str(tmp_path), "--json")
    told = json.loads(out)
    assert (status, told["ok"], told["entries"], told["unsealed"]) == (0, True, 1, 0), told
