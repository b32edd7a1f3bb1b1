"""People come in, say which language and currency they like, and where their goods go."""

from __future__ import annotations

from dataclasses import replace

from core.errors import NotAllowed, Refusal, sentence
from core.ids import PersonId, SellerId
from core.money import Asset, asset
from core.people import Address, AuditLine, Dialog, Person, Seller, SellerTier
from core.ports import UnitOfWork
from core.risk.phrases import draw
from core.shop.context import Shop
from core.shop.notices import tell

LONGEST_NAME = 80
LONGEST_ADDRESS = 400


class BadAddress(Refusal):
    """Not enough of an address to send a parcel to, or far too much."""

    sentence = sentence(
        "Please send your address as text: your name on the first line, then street, postal code and city, "
        "and the country on the last line."
    )


class BadSeller(Refusal):
    """A seller cannot be opened like this."""

    sentence = sentence(
        "To open a seller: /sellers add USER_ID COUNTRY CURRENCY Name, such as /sellers add 42 IT EUR Olio."
    )


def greet(uow: UnitOfWork, shop: Shop, who: PersonId, name: str, username: str, language: str) -> Person:
    """The person, written down at the first meeting; a new name or username is taken over."""
    name, username = name[:LONGEST_NAME], username[:LONGEST_NAME]
    person = uow.people.get(who)
    if person is None:
        phrase = draw(shop.ids, language)
        return uow.people.add(Person(who, name, username, language, shop.clock.now(), phrase=phrase))
    if (person.name, person.username) != (name, username):
        return uow.people.save(replace(person, name=name, username=username))
    return person


def choose_language(uow: UnitOfWork, shop: Shop, who: PersonId, language: str) -> Person:
    """From now on the bot speaks `language` (an IETF tag) to them."""
    return uow.people.save(replace(uow.people.lock(who), language=language))


def choose_currency(uow: UnitOfWork, shop: Shop, who: PersonId, code: str) -> Person:
    """From now on prices are also shown in this currency. Raises UnknownAsset, NoRate, StaleRate."""
    currency: Asset = asset(code.strip().upper())
    shop.rates.mid(asset("EUR"), currency, shop.clock.now().date())
    return uow.people.save(replace(uow.people.lock(who), currency=currency))


def read_address(text: str) -> Address:
    """An address as typed: name first, country last, at least one line between. Raises BadAddress."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        lines = [part.strip() for part in lines[0].replace("，", ",").split(",") if part.strip()]
    if len(lines) < 3 or len(text) > LONGEST_ADDRESS or any(not line.isprintable() for line in lines):
        raise BadAddress
    return Address(name=lines[0], lines="\n".join(lines[1:-1]), country=lines[-1])


def give_address(uow: UnitOfWork, shop: Shop, who: PersonId, text: str) -> Person:
    """Keep an address for this and later orders. Raises BadAddress."""
    return uow.people.save(replace(uow.people.lock(who), address=read_address(text)))


def ask(uow: UnitOfWork, shop: Shop, who: PersonId, /, step: str, **data: str) -> None:
    """Remember the question just put to a person; the next free text answers it."""
    now = shop.clock.now()
    dialog = uow.dialogs.get(who)
    if dialog is None:
        uow.dialogs.add(Dialog(who, step, data, now))
    else:
        uow.dialogs.save(replace(dialog, step=step, data=data, asked_at=now))


def stop_asking(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    """The question is answered or dropped."""
    dialog = uow.dialogs.get(who)
    if dialog is not None and dialog.step:
        uow.dialogs.save(replace(dialog, step="", data={}))


def seller_of(uow: UnitOfWork, who: PersonId) -> Seller | None:
    """The seller this person is, if any."""
    found = uow.sellers.find(person=who, limit=1)
    return found[0] if found else None


def need_seller(uow: UnitOfWork, who: PersonId) -> Seller:
    """The seller this person is. Raises NotAllowed."""
    seller = seller_of(uow, who)
    if seller is None:
        raise NotAllowed
    return seller


def need_admin(shop: Shop, who: PersonId) -> None:
    """Raises NotAllowed unless this person is one of the shop's admins."""
    if who not in shop.admins:
        raise NotAllowed


def note_command(uow: UnitOfWork, shop: Shop, actor: PersonId, command: str, **detail: str) -> None:
    """Write a command that changes something into the audit trail."""
    uow.audit.add(AuditLine(shop.ids.new(16), shop.clock.now(), actor, command, detail))


def open_seller(
    uow: UnitOfWork,
    shop: Shop,
    admin: PersonId,
    *,
    person: PersonId,
    name: str,
    country: str,
    currency: str,
    tier: SellerTier = SellerTier.NEW,
) -> Seller:
    """Let a person sell. Raises NotAllowed, BadSeller, UnknownAsset."""
    need_admin(shop, admin)
    settled = asset(currency.upper())
    if not (len(country) == 2 and country.isascii() and country.isalpha()) or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise BadSeller
    if seller_of(uow, person) is not None:
        raise BadSeller
    seller = Seller(SellerId(shop.ids.new(8)), person, name.strip(), country.upper(), settled, tier, shop.clock.now())
    note_command(uow, shop, admin, "sellers add", seller=seller.id, person=str(person))
    tell(uow, seller.joined_at, person, "may_sell", seller.id)
    return uow.sellers.add(seller)
