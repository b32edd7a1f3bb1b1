"""The environment, read once into frozen Settings; every fault is named with what to do about it."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from babel import Locale
from stdnum import bic as bic_number
from stdnum import iban as iban_number

from bot import keys
from bot.secret import LEAST_KEY, Secret, key_file
from core.qr import BadPayload
from core.qr.pix import key_kind
from core.qr.pix import plain as pix_text

PREFIX = "SAMPAN_"
TELEGRAM = "https://api.telegram.org"
KEY_FILE = "secret.key"
_MOST_ID = 2**52  # Telegram: user ids have at most 52 significant bits

_NAMES = (
    "BOT_TOKEN BOT_API DATA DATABASE_URL ADMINS PUBLIC_URL WEBHOOK_SECRET LISTEN SECRET_KEY SHOP_NAME COUNTRY POLICY "
    "SEPA_IBAN SEPA_NAME SEPA_BIC SEPA_BANK_URL PIX_KEY PIX_NAME PIX_CITY PIX_API_URL BANK_KEY BANK_SECRET CODES_URL "
    "CODES_KEY RATES RATES_MAX_AGE VAULT_KEYS"
)
VARIABLES = frozenset(PREFIX + name for name in _NAMES.split())
"""All there are; the table in README says what each means."""


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing wrong with the environment: which variable, what, and what to do. Never holds the value of a secret."""

    name: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name} {self.problem}. {self.remedy}"


class BadConfig(Exception):
    """The environment cannot be used; `faults` says all that is wrong with it at once."""

    def __init__(self, faults: list[ConfigFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class SepaSettings:
    """The shop's account for SEPA; `iban` compact, `bic` and `bank_url` possibly empty."""

    iban: str
    name: str
    bic: str
    bank_url: str


@dataclass(frozen=True, slots=True)
class PixSettings:
    """The shop's PIX key; `api_url` possibly empty."""

    key: str
    name: str
    city: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment says. Folders are absolute; URLs have no slash at the end."""

    bot_token: Secret
    bot_api: str
    data: Path
    database_url: Secret
    """Empty for SQLite in `data`. It may hold a password."""
    admins: frozenset[int]
    public_url: str
    """Empty for long polling."""
    webhook_secret: Secret
    listen: tuple[str, int]
    secret_key: Secret
    vault_keys: tuple[Secret, ...]
    """Empty where they lie in `data`: see bot.keys."""
    shop_name: str
    country: str
    policy: Path | None
    """None for the policy that is shipped."""
    sepa: SepaSettings | None
    pix: PixSettings | None
    bank_key: Secret
    bank_secret: Secret
    codes_url: str
    """Empty where no codes are sent."""
    codes_key: Secret
    rates: str
    """ "ecb", "ecb:URL", "json:URL", two of them by comma, or "history"."""
    rates_max_age: int | None
    """Business days; None for the policy's."""
    unknown: tuple[str, ...]
    """SAMPAN_ variables that nothing reads: most likely misspelt."""

    @property
    def rate_sources(self) -> tuple[str, ...]:
        """The live sources: none, one, or two that are compared."""
        return () if self.rates == "history" else tuple(self.rates.split(","))

    @property
    def place(self) -> str:
        """Where the database is: a PostgreSQL URL, or a file in the data folder."""
        return self.database_url.reveal() or str(self.data / "sampan.sqlite3")

    def key(self, purpose: str) -> bytes:
        """32 bytes for one purpose ("buttons", "vault" …), from the secret key: no two uses share a key."""
        return hmac.digest(self.secret_key.reveal().encode(), f"sampan {purpose}".encode(), "sha256")


def of_folder(environ: Mapping[str, str], data: Path) -> dict[str, str]:
    """The environment for the shop in one folder: its own database, and its own keys where it has any."""
    own = {PREFIX + "DATABASE_URL"}
    if (data / KEY_FILE).exists():
        own |= {PREFIX + "SECRET_KEY", PREFIX + "VAULT_KEYS"}
    return {name: value for name, value in environ.items() if name not in own} | {PREFIX + "DATA": str(data)}


def read(environ: Mapping[str, str], *, serving: bool = True, create: bool = True) -> Settings:
    """Settings from the environment. Raises BadConfig with every fault.

    `serving`: a bot token is needed (not so for `sampan migrate`). `create`: the data folder and its key file are made
    when missing; without it (`sampan doctor`) a throw-away key stands in.
    """
    return _Reader(environ).settings(serving, create)


class _Reader:
    """Takes one variable after the other and collects the faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._values = {name: value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
        self._faults: list[ConfigFault] = []

    def settings(self, serving: bool, create: bool) -> Settings:
        data = Path(self._get("DATA", "./sampan-data")).expanduser().resolve()
        key = self._secret_key(data, create)
        sepa, pix = self._sepa(), self._pix()
        settings = Settings(
            bot_token=self._token(serving),
            bot_api=self._url("BOT_API", TELEGRAM, path=True),
            data=data,
            database_url=self._database(),
            admins=self._admins(),
            public_url=self._public_url(),
            webhook_secret=self._webhook_secret(key),
            listen=self._listen(),
            secret_key=key,
            vault_keys=self._vault_keys(data),
            shop_name=self._text("SHOP_NAME", 64, "Sampan"),
            country=self._country(sepa.iban[:2] if sepa else "BR" if pix else "DE"),
            policy=self._policy(),
            sepa=sepa,
            pix=pix,
            bank_key=Secret(self._get("BANK_KEY")),
            bank_secret=self._bank_secret(pix),
            codes_url=self._url("CODES_URL"),
            codes_key=self._codes_key(),
            rates=self._rates(),
            rates_max_age=self._max_age(),
            unknown=tuple(sorted(self._values.keys() - VARIABLES)),
        )
        if self._faults:
            raise BadConfig(self._faults)
        return settings

    def _get(self, name: str, default: str = "") -> str:
        return self._values.get(PREFIX + name) or default

    def _fault(self, name: str, problem: str, remedy: str) -> None:
        self._faults.append(ConfigFault(PREFIX + name, problem, remedy))

    def _token(self, serving: bool) -> Secret:
        token = self._get("BOT_TOKEN")
        if not token and serving:
            self._fault("BOT_TOKEN", "is not set", "Ask @BotFather for a bot (/newbot) and give its token here.")
        elif token and not re.fullmatch(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]{1,64}", token):
            self._fault("BOT_TOKEN", "is not a bot token", "It looks like 123456:AA… ; copy it whole from @BotFather.")
        return Secret(token)

    def _url(self, name: str, default: str = "", *, path: bool = True, secure: bool = True) -> str:
        """A http(s) URL; plain http is for this machine only when `secure`."""
        text = self._get(name, default).rstrip("/")
        if not text:
            return ""
        try:
            url = urlsplit(text)
            host, _port = url.hostname, url.port
        except ValueError:
            host = None
            url = urlsplit("")
        if url.scheme not in {"http", "https"} or not host or url.query or url.fragment or url.username:
            self._fault(name, "is not a web address", "Write it as https://host or https://host/path.")
        elif secure and url.scheme == "http" and not _is_local(host):
            self._fault(
                name, "is not encrypted", "Use https:// (plain http only to this machine or a private network)."
            )
        elif not path and url.path:
            self._fault(name, "has a path", f"Write only {url.scheme}://{url.netloc}.")
        return text

    def _database(self) -> Secret:
        url = self._get("DATABASE_URL")
        if url and not re.match(r"postgres(ql)?(\+psycopg)?://", url):
            self._fault(
                "DATABASE_URL", "is not a PostgreSQL address", "Write postgresql://user:password@host/database."
            )
        return Secret(url)

    def _admins(self) -> frozenset[int]:
        parts = [part.strip() for part in self._get("ADMINS").split(",") if part.strip()]
        ids = [int(part) for part in parts if part.isascii() and part.isdigit() and 0 < int(part[:17]) < _MOST_ID]
        if len(ids) != len(parts):
            self._fault("ADMINS", "is not a list of user ids", "Numbers by comma; /start tells you yours.")
        return frozenset(ids)

    def _public_url(self) -> str:
        url = self._url("PUBLIC_URL")
        if url and self._get("BOT_API", TELEGRAM).rstrip("/") == TELEGRAM and not self._faulty("PUBLIC_URL"):
            parts = urlsplit(url)
            if parts.scheme != "https" or (parts.port or 443) not in {443, 80, 88, 8443}:
                self._fault("PUBLIC_URL", "cannot be reached by Telegram", "https on port 443, 80, 88 or 8443.")
        return url

    def _webhook_secret(self, key: Secret) -> Secret:
        secret = self._get("WEBHOOK_SECRET") or hmac.digest(key.reveal().encode(), b"sampan webhook", "sha256").hex()
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            self._fault(
                "WEBHOOK_SECRET", "has characters Telegram refuses", "1 to 256 of A-Z a-z 0-9 _ -, or leave it out."
            )
        return Secret(secret)

    def _listen(self) -> tuple[str, int]:
        host, _, port = self._get("LISTEN", "127.0.0.1:8080").rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isascii() or not port.isdigit() or int(port[:6]) > 65535:
            self._fault("LISTEN", "is not an address", "Write host:port, such as 127.0.0.1:8080.")
            return "127.0.0.1", 8080
        return host, int(port)

    def _secret_key(self, data: Path, create: bool) -> Secret:
        text = self._get("SECRET_KEY")
        if text:
            if len(text) < LEAST_KEY:
                self._fault("SECRET_KEY", f"is shorter than {LEAST_KEY} characters",
                            "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'")  # fmt: skip
            return Secret(text)
        path = data / KEY_FILE
        try:
            return key_file(path, create)
        except PermissionError as error:
            self._fault("SECRET_KEY", f"is not set and {path} is not safe to use: {error.strerror}",
                        f"Give the file to this user alone: chmod 600 {path}")  # fmt: skip
        except (OSError, ValueError) as error:
            self._fault("SECRET_KEY", f"is not set and {path} cannot be used: {getattr(error, 'strerror', error)}",
                        "Make the data folder (SAMPAN_DATA) writable, or restore the key file.")  # fmt: skip
        return Secret(secrets.token_hex(32))

    def _vault_keys(self, data: Path) -> tuple[Secret, ...]:
        try:
            ring = keys.parse(self._get("VAULT_KEYS"))
        except ValueError as error:
            self._fault("VAULT_KEYS", f"cannot be used: {error}", "Give whole keys by comma, the oldest first.")
            return ()
        try:
            _ = ring or keys.in_folder(data)
        except (OSError, ValueError) as error:
            path, why = data / keys.VAULT_FILE, getattr(error, "strerror", error)
            self._fault("VAULT_KEYS", f"is not set and {path} cannot be used: {why}",
                        f"Restore it, and give it to this user alone: chmod 600 {path}")  # fmt: skip
        return ring

    def _text(self, name: str, most: int, default: str = "") -> str:
        text = self._get(name, default)
        if len(text) > most or not text.isprintable():
            self._fault(name, "is too long or not one line", f"At most {most} characters.")
        return text

    def _country(self, default: str) -> str:
        country = self._get("COUNTRY", default).upper()
        if not re.fullmatch("[A-Z]{2}", country) or country not in Locale("en").territories:
            self._fault("COUNTRY", "is not a country", "Two letters of ISO 3166, such as DE, BR or CN.")
        return country

    def _policy(self) -> Path | None:
        text = self._get("POLICY")
        path = Path(text).expanduser().resolve() if text else None
        if path and not path.is_file():
            self._fault("POLICY", f"names no file: {path}", "Correct the path, or leave it out for the shipped policy.")
        return path

    def _sepa(self) -> SepaSettings | None:
        iban, name = iban_number.compact(self._get("SEPA_IBAN")), self._text("SEPA_NAME", 70)
        bic, url = bic_number.compact(self._get("SEPA_BIC")), self._url("SEPA_BANK_URL")
        if not iban:
            if name or bic or url:
                self._fault("SEPA_IBAN", "is not set, but other SEPA settings are", "Give the account's IBAN.")
            return None
        if not iban_number.is_valid(iban):
            self._fault("SEPA_IBAN", "is not an IBAN", "Check it against the bank's paper; its check digits are wrong.")
        if not name:
            self._fault("SEPA_NAME", "is not set", "Give the account holder's name as the bank knows it.")
        if bic and not bic_number.is_valid(bic):
            self._fault("SEPA_BIC", "is not a BIC", "8 or 11 letters and digits, or leave it out.")
        return SepaSettings(iban, name, bic, url)

    def _pix(self) -> PixSettings | None:
        key, url = self._get("PIX_KEY"), self._url("PIX_API_URL")
        name, city = self._get("PIX_NAME"), self._get("PIX_CITY")
        if not key:
            if name or city or url:
                self._fault("PIX_KEY", "is not set, but other PIX settings are", "Give the PIX key of the account.")
            return None
        try:
            key_kind(key)
        except BadPayload:
            self._fault("PIX_KEY", "is not a PIX key",
                        "CPF or CNPJ (digits only), +55 phone, e-mail in lower case, or random key.")  # fmt: skip
        for part, text in (("PIX_NAME", name), ("PIX_CITY", city)):
            if not pix_text(text, 25):
                self._fault(part, "is not set, or has no Latin letter", "PIX codes carry it; write it without accents.")
        return PixSettings(key, name, city, url)

    def _bank_secret(self, pix: PixSettings | None) -> Secret:
        secret = self._get("BANK_SECRET")
        if pix and not secret:
            self._fault("BANK_SECRET", "is not set", "PIX is confirmed by the bank's signed webhook: give its secret.")
        return Secret(secret)

    def _codes_key(self) -> Secret:
        url, key = self._get("CODES_URL"), self._get("CODES_KEY")
        if url and not key:
            self._fault("CODES_KEY", "is not set", "Give the key that the gateway at SAMPAN_CODES_URL gave you.")
        if key and not url:
            self._fault("CODES_URL", "is not set, but its key is", "Give the gateway's address, or leave both out.")
        return Secret(key)

    def _rates(self) -> str:
        sources = [source.strip() for source in self._get("RATES", "ecb").split(",")]
        if sources == ["history"]:
            return "history"
        if not all(source == "ecb" or _is_feed(source) for source in sources):
            self._fault("RATES", "is not a rate source", "One or two of: ecb, ecb:URL, json:URL; or history alone.")
        elif len(sources) > 2 or len({_host(source) for source in sources}) < len(sources):
            self._fault("RATES", "names more than two sources, or one twice", "Two sources of different hosts at most.")
        return ",".join(sources)

    def _max_age(self) -> int | None:
        text = self._get("RATES_MAX_AGE")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 30):
            self._fault("RATES_MAX_AGE", "is not a number of business days", "A whole number from 1 to 30.")
            return None
        return int(text)

    def _faulty(self, name: str) -> bool:
        return any(fault.name == PREFIX + name for fault in self._faults)


def _host(source: str) -> str:
    return urlsplit(source.partition(":")[2]).netloc


def _is_feed(source: str) -> bool:
    """Whether it is one. Plain http is for this machine or a private network: elsewhere anybody could tell a rate."""
    kind, _, address = source.partition(":")
    try:
        url = urlsplit(address)
        host = url.hostname
    except ValueError:
        return False
    return kind in {"ecb", "json"} and bool(
        host and (url.scheme == "https" or (url.scheme == "http" and _is_local(host)))
    )


def _is_local(host: str) -> bool:
    """This machine, a private network, or a name without a dot (a container beside us)."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host
