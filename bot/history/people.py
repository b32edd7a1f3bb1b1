"""Made-up people of a demo's past, and the one seller among them who is paid by bank transfer.

They have an account at the pocket bank and a place in the shop's books, and no chat: the sandbox does not know them,
so what the shop has to tell them later ends as it does with anybody who never wrote to the bot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.ids import PersonId


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody who buys. `address` as they would type it."""

    id: PersonId
    name: str
    language: str
    address: str


def _all(*rows: tuple[str, str, str, str]) -> tuple[Shopper, ...]:
    return tuple(
        Shopper(PersonId(6100 + number), name, language, f"{name}\n{lines}\n{country}")
        for number, (name, language, lines, country) in enumerate(rows)
    )


# Two of the page's own people have bought here before, too.
MAYA = Shopper(PersonId(5001), "Maya", "en", "Maya Rossi\nVia Roma 1\n20121 Milano\nItaly")
LIN = Shopper(PersonId(5002), "Lin", "zh-hans", "Lin Chen\n12 Rua do Catete\n22220-000 Rio de Janeiro\nBrazil")

# Whose bank account is closed after a payment: a refund finds no way back.
MOVED = Shopper(PersonId(6190), "Petra Neu", "en", "Petra Neu\nHauptstrasse 4\n8001 Zürich\nSwitzerland")

# Who pays the first part of a plan, and no other.
FORGETFUL = Shopper(PersonId(6191), "Tomas Reis", "pt", "Tomas Reis\nRua do Ouro 3\n1100-060 Lisboa\nPortugal")

SHOPPERS = _all(
    ("Ana Ribeiro", "pt-br", "Rua das Flores 88\n01310-100 São Paulo", "Brazil"),
    ("Bruno Costa", "pt-br", "Av. Atlântica 900\n22021-001 Rio de Janeiro", "Brazil"),
    ("Carla Dias", "pt-br", "Rua da Bahia 1200\n30160-011 Belo Horizonte", "Brazil"),
    ("Daan Visser", "en", "Prinsengracht 263\n1016 GV Amsterdam", "Netherlands"),
    ("Elif Kaya", "en", "Kreuzbergstrasse 5\n10965 Berlin", "Germany"),
    ("Fatima Benali", "fr", "Rue Oberkampf 14\n75011 Paris", "France"),
    ("Giulia Conti", "it", "Corso Garibaldi 30\n80142 Napoli", "Italy"),
    ("Hugo Martins", "pt", "Rua Augusta 21\n1100-048 Lisboa", "Portugal"),
    ("Ines Duarte", "pt-br", "Rua XV de Novembro 77\n80020-310 Curitiba", "Brazil"),
    ("Jonas Weber", "de", "Lindenallee 9\n50968 Köln", "Germany"),
    ("Kaisa Virtanen", "en", "Mannerheimintie 3\n00100 Helsinki", "Finland"),
    ("Luca Ferri", "it", "Via Emilia 52\n40121 Bologna", "Italy"),
    ("Mei Zhang", "zh-hans", "Calle de Alcalá 40\n28014 Madrid", "Spain"),
    ("Nuno Prado", "pt-br", "Rua Sete de Abril 5\n40020-000 Salvador", "Brazil"),
    ("Olga Novak", "en", "Dunajska 12\n811 08 Bratislava", "Slovakia"),
    ("Paulo Sena", "pt-br", "Av. Boa Viagem 410\n51011-000 Recife", "Brazil"),
    ("Rita Lopes", "pt-br", "Rua 24 de Outubro 15\n90510-000 Porto Alegre", "Brazil"),
    ("Sven Lind", "en", "Storgatan 8\n411 24 Göteborg", "Sweden"),
    ("Teresa Gil", "es", "Carrer de Mallorca 100\n08029 Barcelona", "Spain"),
    ("Yuki Tanaka", "en", "Rue de la Loi 16\n1000 Bruxelles", "Belgium"),
)

LUCIA = PersonId(6001)
SELLER: dict[str, Any] = {"person": LUCIA, "name": "Bottega Lucia", "country": "IT", "currency": "EUR"}
ACCOUNT, HOLDER = "IT60X0542811101000000123456", "Lucia Bianchi"
NEW_ACCOUNT = "DE89370400440532013000"  # after the first one has sent a payout back


@dataclass(frozen=True, slots=True)
class Goods:
    """A product of hers. `like`: whose picture it borrows, by its title."""

    title: str
    price: str
    stock: int
    description: str
    like: str


GOODS = (
    Goods("Lemon oil", "17.50 EUR", 24, "From Amalfi, 250 ml.", "Olive oil"),
    Goods("Almond soap", "6.80 EUR", 40, "Three bars.", "soap"),
    Goods("Cappuccino cup", "16.00 EUR", 18, "Faenza, 180 ml.", "Espresso cup"),
)
