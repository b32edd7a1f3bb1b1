"""CPU of the pictures, beside plain qrcode and Pillow in the same run: `python -m tests.benchmarks.pictures`.

The plain card is what one writes first: qrcode's defaults, fonts and photo loaded for every card, saved as PNG. Ours
draws a different order every time; its template, letters of recurring lines and thumbnail are kept, as in the shop.
"""

from __future__ import annotations

import io
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import qrcode
from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.pictures import card, chart, demo, fonts, product, qrfast
from core.qr import epc, reference

ROUNDS = 60
PHOTO = demo.draw_demo("scarf")
CARD = card.PaymentCard(
    payload="",
    shop="Lampion & Silk 灯火小铺",
    method="SEPA transfer",
    title="",
    amount="",
    items="2 × Silk scarf, 1 × Celadon bowl 青瓷碗",
    hint="Scan with your bank's app",
    rows=(),
    photo=PHOTO,
)


def order(number: int) -> card.PaymentCard:
    """The card of one more order: other code, amount, title and rows."""
    mark = reference.creditor_reference(f"S{number}K7QXT5Y8Z2")
    amount = Decimal(number * 37 % 90_000 + 100) / 100
    code = epc.build(name="Lampion GmbH", iban="DE71110220330123456789", amount=amount, reference=mark)
    rows = (card.Row("Payee", "Lampion GmbH"), card.Row("Reference", mark), card.Row("Pay by", f"20:{number % 60:02d}"))
    return replace(CARD, payload=code, title=f"To pay for order S-{number}", amount=f"€{amount}", rows=rows)


def plain_code(payload: str) -> bytes:
    """A QR code as qrcode's README makes it."""
    out = io.BytesIO()
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(payload)
    code.make_image().save(out)
    return out.getvalue()


def plain_card(wanted: card.PaymentCard) -> bytes:
    """The same things on the same canvas, nothing kept from one card to the next."""
    picture = Image.new("RGB", (card.WIDTH, card.HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    lines = [(wanted.shop, 34), (wanted.title, 22), (wanted.amount, 68), (wanted.items, 21), (wanted.hint, 22)]
    lines += [(f"{row.label}: {row.value}", 24) for row in wanted.rows]
    for number, (text, size) in enumerate(lines):
        path, face = fonts.FILES[fonts.CJK]
        pen.text((48, 20 + 40 * number), text, "black", ImageFont.truetype(path, size, index=face))
    photo = ImageOps.fit(Image.open(io.BytesIO(PHOTO)), (152, 152))
    picture.paste(photo, (600, 134))
    picture.paste(Image.open(io.BytesIO(plain_code(wanted.payload))).resize((540, 540)), (130, 400))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def measure(jobs: dict[str, Callable[[int], object]]) -> dict[str, tuple[float, float]]:
    """Median and least CPU milliseconds of each job, rounds interleaved in random order."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    rnd = random.Random(1)
    for number in range(ROUNDS):
        for name in rnd.sample(list(jobs), len(jobs)):
            started = time.thread_time()
            jobs[name](number)
            taken[name].append((time.thread_time() - started) * 1000)
    return {name: (statistics.median(times), min(times)) for name, times in taken.items()}


def main() -> None:
    """Print the table."""
    qrfast.warm()
    card.payment_card(order(0))
    cards = [order(1000 + number) for number in range(ROUNDS)]
    slip = card.Receipt("Shop", "SEPA", "Receipt", "", "items", "PAID", "", (), PHOTO)
    sales = chart.Sales("EUR", "€1", "€1", tuple(Decimal(day) for day in range(14)))
    stats = chart.StatsChart("Sales", "14 days", ("1 Nov",) * 14, (sales,), "Orders", (chart.Slice("Paid", 3),), "-")
    results = measure(
        {
            "QR PNG, plain qrcode": lambda n: plain_code(cards[n].payload),
            "QR PNG, ours": lambda n: qrfast.png(qrfast.matrix(cards[n].payload)),
            "payment card, plain": lambda n: plain_card(cards[n]),
            "payment card, ours": lambda n: card.payment_card(cards[n]),
            "receipt": lambda n: card.receipt(replace(slip, amount=f"€{n}.00", note=f"20:{n:02d}")),
            "chart of /stats": lambda n: chart.stats_chart(replace(stats, subtitle=str(n))),
            "upload made clean (800 x 800)": lambda n: product.normalise(PHOTO + bytes(n)),
        }
    )
    print(f"{'CPU ms, thread time':32}{'median':>9}{'least':>9}")
    for name, (median, least) in results.items():
        print(f"{name:32}{median:9.2f}{least:9.2f}")
    for what in ("QR PNG", "payment card"):
        plain = results[next(name for name in results if name.startswith(f"{what}, plain"))][0]
        print(f"{what}: {plain / results[f'{what}, ours'][0]:.0f} times less CPU than plain")


if __name__ == "__main__":
    main()
