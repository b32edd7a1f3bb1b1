"""Devices: where a person has confirmed things. What a page says of itself is kept as a keyed digest and two words."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime

from core.ids import PersonId

_LONGEST = 400  # characters of one fact; browsers' own are shorter

# The first that fits names it: every browser also calls itself what it descends from.
_BROWSERS = (
    ("Telegram-Android", "Telegram"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("YaBrowser", "Yandex Browser"),
    ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("; wv)", "Telegram"),  # Android's view inside of an app
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("AppleWebKit", "Telegram"),  # Apple's view inside of an app names no browser
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """One browser on one machine, as far as it can be told, of one person."""

    id: str  # person|digest
    person: PersonId
    digest: str
    first_seen: datetime
    last_seen: datetime
    trusted_at: datetime | None = None  # it was there first, with the first factor: it is not cooled down
    locked_at: datetime | None = None  # its owner said that it is not theirs; nothing is confirmed on it any more
    browser: str = field(default="", metadata={"personal": True})  # "Chrome"; "" for one we do not know
    system: str = field(default="", metadata={"personal": True})  # "Android"
    version: int = 0


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says of the browser it runs in. It goes no further than `digest_of` and `names_of`."""

    agent: str
    platform: str
    screen: str
    zone: str
    language: str
    mark: str  # random, kept in the browser since its first visit

    def __post_init__(self) -> None:
        for fact in (self.agent, self.platform, self.screen, self.zone, self.language, self.mark):
            if len(fact) > _LONGEST:
                raise ValueError("a fact of a page is longer than any browser's")

    def __repr__(self) -> str:
        return "PageFacts(…)"


def names_of(agent: str) -> tuple[str, str]:
    """Browser and system in one word each, from a user agent; "" where it names none that we know."""
    browser = next((name for word, name in _BROWSERS if word in agent), "")
    system = next((name for word, name in _SYSTEMS if word in agent), "")
    return browser, system


def digest_of(key: bytes, person: PersonId, facts: PageFacts) -> str:
    """The device's name within the shop: 32 hexadecimal digits, of no use without the key, or for another person.

    Version numbers are left out, as a browser changes its own every few weeks.
    """
    agent = re.sub(r"[0-9][0-9._]*", "", facts.agent)
    parts = (str(person), agent, facts.platform, facts.screen, facts.zone, facts.language, facts.mark)
    return hmac.new(key, "\0".join(parts).encode(errors="replace"), hashlib.sha256).hexdigest()[:32]


def device_id(person: PersonId, digest: str) -> str:
    """The key of a person's device."""
    return f"{person}|{digest}"
