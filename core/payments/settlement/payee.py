"""Where a seller's payouts go: reading an account as it is typed, showing it masked, and the verbs that set it."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

from stdnum import iban
from stdnum.br import cnpj, cpf

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.money import Asset
from core.people import Conversion, Seller
from core.ports import UnitOfWork
from core.shop.context import Shop
from core.shop.notices import tell
from core.shop.visitors import need_seller, note_command

LONGEST_HOLDER = 70  # ISO 20022 names in SEPA
LONGEST_ACCOUNT = 90

_MAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{3,63}")
_PHONE = re.compile(r"\+55[0-9]{10,11}")


class BadAccount(Refusal):
    """Not an account that money in this currency can be sent to. Parameters: currency, what."""

    sentence = sentence("That is not an account for {currency}. Please send {what}.")


class BadHolder(Refusal):
    """No name a bank could print."""

    sentence = sentence("Please send the name of the account’s holder: one line, at most {most} characters.")


WANTED = {
    "EUR": sentence("an IBAN"),
    "BRL": sentence("a Pix key (CPF, CNPJ, e-mail, telephone with +55, or random key)"),
}
WANTED_ELSE = sentence("the bank and the account number on one line")


def wanted(of: Asset) -> str:
    """What an account in this currency is, as an end of a sentence of the catalogue."""
    return WANTED.get(of.code, WANTED_ELSE)


def read_account(text: str, of: Asset) -> str:
    """The account in its compact form. Raises BadAccount."""
    typed = " ".join(text.split())
    if of.code == "EUR":
        compact = typed.replace(" ", "").upper()
        found = compact if iban.is_valid(compact) else ""
    elif of.code == "BRL":
        found = _pix_key(typed.replace(" ", ""))
    else:
        fits = 4 <= len(typed) <= LONGEST_ACCOUNT and typed.isprintable() and any(one.isdigit() for one in typed)
        found = typed if fits else ""
    if not found:
        raise BadAccount(currency=of, what=wanted(of))
    return found


def _pix_key(typed: str) -> str:
    """A key of Brazil's directory (DICT): CPF, CNPJ, e-mail, telephone or UUID; "" for anything else."""
    if cpf.is_valid(typed):
        return str(cpf.compact(typed))
    if cnpj.is_valid(typed):
        return str(cnpj.compact(typed))
    if _MAIL.fullmatch(typed) and len(typed) <= 77:
        return typed.lower()
    if _PHONE.fullmatch(typed):
        return typed
    try:
        return str(UUID(typed)) if len(typed) == 36 else ""
    except ValueError:
        return ""


def masked(account: str) -> str:
    """Enough of an account for its owner to know it, and no more."""
    if len(account) < 10:
        return f"…{account[-2:]}"
    return f"{account[:2]}…{account[-4:]}"


def give_account(uow: UnitOfWork, shop: Shop, who: PersonId, text: str) -> Seller:
    """Keep where a seller is paid; nothing is sent there before `give_holder`. Raises NotAllowed, BadAccount."""
    seller = uow.sellers.lock(need_seller(uow, who).id)
    return uow.sellers.save(replace(seller, account=read_account(text, seller.currency), holder=""))


def give_holder(uow: UnitOfWork, shop: Shop, who: PersonId, text: str) -> Seller:
    """Keep the holder's name: from now on payouts go to this account. The seller and the admins are told, as an
    account that somebody else has changed is how payouts are stolen. Raises NotAllowed, BadHolder."""
    holder = " ".join(text.split())
    if not any(letter.isalnum() for letter in holder) or len(holder) > LONGEST_HOLDER or not holder.isprintable():
        raise BadHolder(most=LONGEST_HOLDER)
    seller = uow.sellers.save(replace(uow.sellers.lock(need_seller(uow, who).id), holder=holder))
    note_command(uow, shop, who, "payout account", seller=seller.id, account=masked(seller.account))
    for person in {seller.person} | shop.admins:
        tell(uow, shop.clock.now(), person, "account_changed", seller.id, change=str(seller.version))
    return seller


def choose_conversion(uow: UnitOfWork, shop: Shop, who: PersonId, converts: Conversion) -> Seller:
    """When this seller's money becomes their currency, from the next sale on. Raises NotAllowed."""
    seller = uow.sellers.lock(need_seller(uow, who).id)
    note_command(uow, shop, who, "conversion", seller=seller.id, converts=converts.value)
    return uow.sellers.save(replace(seller, converts=converts))
