"""The bot of `sampan bench journey`: the real one in a process of its own, with one product and many known shoppers.

Telegram's flood limits are lifted: they are Telegram's, and what is measured here is the bot.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys

from PIL import Image

from bot import config
from bot.wire.limiter import Limits
from bot.wiring import Sampan
from core.ids import PersonId
from core.money import parse_price
from core.ports import UnitOfWork
from core.shop import selling, visitors
from core.shop.context import Shop

SELLER = PersonId(99)
FIRST_SHOPPER = 100_001
NO_LIMITS = Limits(chat_rate=1e6, chat_burst=10**6, group_minute=10**6, overall_second=10**6)


def _fill(uow: UnitOfWork, shop: Shop, shoppers: int, picture: str) -> str:
    admin = next(iter(shop.admins))
    visitors.greet(uow, shop, SELLER, "Seller", "seller", "en")
    visitors.open_seller(uow, shop, admin, person=SELLER, name="Bench", country="CN", currency="CNY")
    for number in range(shoppers):
        who = PersonId(FIRST_SHOPPER + number)
        visitors.greet(uow, shop, who, f"Shopper {number}", "", "en")
        visitors.give_address(uow, shop, who, "Shopper\nMain Street 1\n10115 Berlin\nGermany")
    product = selling.add_product(
        uow,
        shop,
        SELLER,
        title="Longjing tea",
        description="Spring-picked green tea, 100 g tin.",
        price=parse_price("88 CNY"),
        stock=selling.MOST_STOCK,
        picture=picture,
    )
    return product.id


async def main(shoppers: int) -> None:
    """Serve until told to stop; says READY, the product's id and the web address on standard output."""
    sampan = Sampan(config.read(os.environ), limits=NO_LIMITS)
    await sampan.start()
    photo = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(photo, "JPEG")
    product = await sampan.store.write(_fill, sampan.shop, shoppers, sampan.pictures.put(photo.getvalue()))
    sys.stdout.write(f"READY {product} {sampan.web_url}\n")
    sys.stdout.flush()
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    await done.wait()
    await sampan.stop()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
