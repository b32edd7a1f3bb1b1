"""What becomes of a person's devices: seen, cooled down while they are new, locked by their owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.policy import Policy
from core.ports import UnitOfWork
from core.risk.device import Device, PageFacts, device_id, digest_of, names_of
from core.risk.factors import Factor
from core.shop.context import Shop
from core.shop.visitors import note_command

MOST_SHOWN = 10  # the newest of somebody's devices
MOST_NEW = 5  # within the time that a new one is cooled down


class LockedDevice(Refusal):
    """The owner of the account said that this device is not theirs."""

    sentence = sentence("This device was locked by the owner of this account. It confirms nothing any more.")


class TooManyDevices(Refusal):
    """Whoever makes up a new device at every try is stopped at some point."""

    sentence = sentence("Too many new devices were used lately. Please use one that you have used before, or the chat.")


def cooling(uow: UnitOfWork, person: PersonId, now: datetime, policy: Policy) -> datetime | None:
    """Until when the person's limits are lower because a device of theirs is new; None: they are not.

    A thief's first act is to come with a device of their own. The keypad in the chat tells of no device, so it neither
    begins nor ends this.
    """
    fresh = uow.devices.find(person=person, since={"first_seen": now - policy.risk.cool}, limit=20)
    ends = [one.first_seen + policy.risk.cool for one in fresh if one.trusted_at is None]
    return max((end for end in ends if end > now), default=None)


def see(uow: UnitOfWork, shop: Shop, key: bytes, person: PersonId, facts: PageFacts) -> tuple[Device, bool]:
    """The device that somebody confirms on, and whether it is new. Raises LockedDevice, TooManyDevices.

    The first device of somebody is trusted: there is none that it could be told apart from.
    """
    digest, now = digest_of(key, person, facts), shop.clock.now()
    known = uow.devices.get(device_id(person, digest))
    if known is not None:
        if known.locked_at is not None:
            raise LockedDevice
        return uow.devices.save(replace(known, last_seen=now)), False
    if uow.devices.count(person=person, since={"first_seen": now - shop.policy.risk.cool}) >= MOST_NEW:
        raise TooManyDevices
    is_first = not uow.devices.count(person=person)
    browser, system = names_of(facts.agent)
    device = Device(
        device_id(person, digest),
        person,
        digest,
        first_seen=now,
        last_seen=now,
        trusted_at=now if is_first else None,
        browser=browser,
        system=system,
    )
    return uow.devices.add(device), not is_first


def refuse_locked(uow: UnitOfWork, key: bytes, person: PersonId, facts: PageFacts) -> None:
    """Raises LockedDevice. Writes nothing: somebody has only opened a page."""
    known = uow.devices.get(device_id(person, digest_of(key, person, facts)))
    if known is not None and known.locked_at is not None:
        raise LockedDevice


def disown(uow: UnitOfWork, shop: Shop, who: PersonId, digest: str) -> Device:
    """Its owner does not know it: it confirms nothing any more, and what waits for a confirmation is void.

    What was enrolled since it came rests for as long as a recovery takes; it is not taken away, as a thief of the chat
    account can press this button too. Raises Gone. A second call changes nothing.
    """
    now = shop.clock.now()
    device = uow.devices.lock(device_id(who, digest))
    if device.locked_at is not None:
        return device
    for one in uow.challenges.find(person=who, since={"created_at": now - shop.policy.risk.proof * 2}, limit=100):
        if one.is_open(now) or one.proves(now):
            uow.challenges.save(replace(one, cancelled_at=now, expires_at=now))
    if device.trusted_at is None:
        for held in uow.credentials.find(person=who, since={"created_at": device.first_seen}, limit=100):
            if held.stands and held.factor is not Factor.RECOVERY:
                uow.credentials.save(replace(held, locked_until=now + shop.policy.risk.recover))
    note_command(uow, shop, who, "device locked", device=digest)
    return uow.devices.save(replace(device, locked_at=now))
