"""The safety phrase: a few words that only this shop and one shopper know. A payment card without them is not ours.

It is no password: it proves the shop to the shopper, never the shopper to the shop.
"""

from __future__ import annotations

from dataclasses import replace

from core.errors import Refusal, sentence
from core.ids import PersonId
from core.people import Person
from core.ports import UnitOfWork
from core.risk import stepping
from core.risk.phrases import draw
from core.risk.proofs import enrolled
from core.shop.context import Shop
from core.shop.visitors import note_command

PURPOSE = "phrase"
SHORTEST, LONGEST = 4, 40


class BadPhrase(Refusal):
    """Not something to know again at a glance. Parameters: least, most."""

    sentence = sentence("A safety phrase is one line of {least} to {most} characters, with letters in it.")


def read_phrase(text: str) -> str:
    """A phrase as somebody chose it. Raises BadPhrase."""
    phrase = " ".join(text.split())
    if not SHORTEST <= len(phrase) <= LONGEST or not phrase.isprintable() or not any(map(str.isalpha, phrase)):
        raise BadPhrase(least=SHORTEST, most=LONGEST)
    return phrase


def mine(uow: UnitOfWork, shop: Shop, who: PersonId) -> str:
    """A person's phrase; who has none yet gets one."""
    person = uow.people.lock(who)
    return person.phrase or _keep(uow, person, draw(shop.ids, person.language)).phrase


def may_change(uow: UnitOfWork, shop: Shop, who: PersonId) -> None:
    """Raises ProofNeeded where they can prove that it is them and have not: a thief must not teach them a new one."""
    if enrolled(uow, who):
        stepping.need(uow, shop, who, PURPOSE, spend=False)


def change(uow: UnitOfWork, shop: Shop, who: PersonId, text: str = "") -> str:
    """Take another phrase: the words given, or some at random. Raises BadPhrase, ProofNeeded."""
    person = uow.people.lock(who)
    phrase = read_phrase(text) if text else draw(shop.ids, person.language)
    if enrolled(uow, who):
        stepping.need(uow, shop, who, PURPOSE)
    note_command(uow, shop, who, "phrase changed")
    return _keep(uow, person, phrase).phrase


def _keep(uow: UnitOfWork, person: Person, phrase: str) -> Person:
    return uow.people.save(replace(person, phrase=phrase))
