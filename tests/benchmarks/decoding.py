"""How well codes are read in bad pictures, and what it costs: `python -m tests.benchmarks.decoding [pictures each]`.

24 ways to spoil a picture, each with its own seed, so that two runs judge the same pixels. All of it is drawn: no real
camera was there. Prints the share that was read, how many were read wrong (there must be none) and CPU in milliseconds.
"""

from __future__ import annotations

import io
import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from bot.pictures import demo, qrfast
from bot.pictures.decode import read_codes

Spoil = Callable[[Image.Image, random.Random, float], Image.Image]
"""A picture, chance, and pixels a module, to the spoilt picture."""

SIZES = (60, 150, 300)  # bytes of payload: versions 4, 8 and 13 at level M
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-/*@"


@dataclass(frozen=True)
class Condition:
    """A way to spoil a picture; `scale` is pixels a module before it, `quiet` the margin in modules."""

    name: str
    spoil: Spoil
    scale: int = 8
    quiet: int = 4


def code(payload: str, scale: int, quiet: int) -> Image.Image:
    """The code in black on white."""
    width, rows = qrfast.raster(qrfast.matrix(payload), scale, quiet)
    packed = b"".join(row for row in rows for _ in range(scale))
    return Image.frombytes("1", (width, len(packed) // -(-width // 8)), packed).convert("L")


def padded(picture: Image.Image, share: float = 0.25) -> Image.Image:
    return ImageOps.expand(picture, border=round(max(picture.size) * share), fill="white")


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    return padded(picture).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)


def _tilted(picture: Image.Image, chance: random.Random, share: float) -> Image.Image:
    """Each corner moved inwards by up to a share of the side."""
    picture = padded(picture, 0.1)
    width, height = picture.size

    def off() -> float:
        return chance.uniform(0.3, 1) * share

    corners = [(off(), off()), (1 - off(), off()), (1 - off(), 1 - off()), (off(), 1 - off())]
    aims = [(x * width, y * height) for x, y in corners]
    return picture.transform(
        picture.size,
        Image.Transform.PERSPECTIVE,
        _coefficients(aims, [(0, 0), (width, 0), (width, height), (0, height)]),
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )


def _coefficients(aims: list[tuple[float, float]], sources: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take the aims to the sources: a linear system, solved by elimination."""
    rows = []
    for (x, y), (u, v) in zip(aims, sources, strict=True):
        rows.append([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u])
        rows.append([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v])
    for place in range(8):
        best = max(range(place, 8), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for row in range(8):
            if row != place:
                factor = rows[row][place]
                rows[row] = [value - factor * lead for value, lead in zip(rows[row], rows[place], strict=True)]
    return [row[8] for row in rows]


def _blurred(picture: Image.Image, modules: float, scale: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(modules * scale))


def _smeared(picture: Image.Image, chance: random.Random, pixels: float) -> Image.Image:
    """Moved while the shutter was open: the mean of the picture along a line."""
    angle, steps = chance.uniform(0, math.pi), max(2, round(pixels))
    total = picture
    for number in range(1, steps):
        way = number * pixels / steps
        moved = ImageChops.offset(picture, round(way * math.cos(angle)), round(way * math.sin(angle)))
        total = Image.blend(total, moved, 1 / (number + 1))
    return total


def _as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("L")


def _smaller(picture: Image.Image, factor: float) -> Image.Image:
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.BILINEAR)


@cache
def _noise_tables(sigma: int) -> tuple[list[int], list[int]]:
    """Even bytes to what a normal error adds, and to what it takes away."""
    values = [NormalDist(0, sigma).inv_cdf((byte + 0.5) / 256) for byte in range(256)]
    return [min(255, max(0, round(value))) for value in values], [min(255, max(0, round(-value))) for value in values]


def noisy(picture: Image.Image, chance: random.Random, sigma: int) -> Image.Image:
    grain = Image.frombytes("L", picture.size, chance.randbytes(picture.width * picture.height))
    more, less = _noise_tables(sigma)
    return ImageChops.subtract(ImageChops.add(picture, grain.point(more)), grain.point(less))


def uneven(picture: Image.Image, chance: random.Random, darkest: float) -> Image.Image:
    """Light from one side."""
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270)) + chance.uniform(-20, 20), fillcolor=128)
    shade = shade.resize(picture.size).point(
        [round(255 * (darkest + (1 - darkest) * byte / 255)) for byte in range(256)]
    )
    return ImageChops.multiply(picture, shade)


def _faint(picture: Image.Image, black: int = 110, white: int = 150) -> Image.Image:
    return picture.point([black + (white - black) * byte // 255 for byte in range(256)])


def _marked(picture: Image.Image, share: float, scale: float) -> Image.Image:
    """A logo in the middle, over a share of the code's area."""
    side = (picture.width - 8 * scale) * math.sqrt(share) / 2
    middle = picture.width / 2
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((middle - side, middle - side, middle + side, middle + side), side / 4, fill=255)
    pen.ellipse((middle - side * 0.8, middle - side * 0.8, middle + side * 0.8, middle + side * 0.8), fill=90)
    return picture


def _moire(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A photo of a screen: its grid beside the camera's."""
    period = chance.uniform(2.3, 3.7)
    row = bytes(round(215 + 40 * math.sin(2 * math.pi * x / period)) for x in range(picture.width))
    grid = Image.frombytes("L", (picture.width, 1), row).resize(picture.size)
    slant = ImageChops.multiply(grid, grid.rotate(90).resize(picture.size)).rotate(chance.uniform(-8, 8), fillcolor=215)
    return ImageChops.multiply(_turned(picture, chance.uniform(-5, 5)), slant.resize(padded(picture).size))


def _photographed(picture: Image.Image, chance: random.Random, scale: float, *, hard: bool) -> Image.Image:
    """Print on a table, taken by hand: tilted, turned, unsharp, in poor light, with grain, as JPEG."""
    seen = _tilted(picture, chance, 0.12 if hard else 0.07)
    seen = seen.rotate(chance.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True, fillcolor=200)
    seen = _blurred(seen, 0.30 if hard else 0.25, scale)
    if hard:
        seen = _smeared(seen, chance, 0.4 * scale)
    scene = Image.new("L", (1280, 960), 140)
    factor = chance.uniform(0.6, 0.9) * 960 / max(seen.size)
    seen = _smaller(seen, factor)
    scene.paste(seen, (chance.randint(0, 1280 - seen.width), chance.randint(0, 960 - seen.height)))
    scene = uneven(scene, chance, 0.35 if hard else 0.55)
    scene = _faint(scene, 40 if hard else 20, 190 if hard else 230)
    return _as_jpeg(noisy(scene, chance, 22 if hard else 10), 45 if hard else 70)


CONDITIONS: tuple[Condition, ...] = (
    Condition("rotate 1-44 degrees", lambda p, c, s: _turned(p, c.uniform(1, 44))),
    Condition("rotate 45 degrees", lambda p, c, s: _turned(p, 45)),
    Condition("perspective 10 %", lambda p, c, s: _tilted(p, c, 0.10)),
    Condition("perspective 20 %", lambda p, c, s: _tilted(p, c, 0.20)),
    Condition("blur 0.4 module", lambda p, c, s: _blurred(p, 0.4, s)),
    Condition("blur 0.5 module", lambda p, c, s: _blurred(p, 0.5, s)),
    Condition("blur 0.6 module", lambda p, c, s: _blurred(p, 0.6, s)),
    Condition("motion blur 1.2 module", lambda p, c, s: _smeared(p, c, 1.2 * s)),
    Condition("JPEG q30, 8 pixels a module", lambda p, c, s: _as_jpeg(p, 30)),
    Condition("JPEG q10, 4 pixels a module", lambda p, c, s: _as_jpeg(p, 10), scale=4),
    Condition("3 pixels a module", lambda p, c, s: _smaller(p, 3 / s)),
    Condition("2 pixels a module", lambda p, c, s: _smaller(p, 2 / s)),
    Condition("1.5 pixels a module", lambda p, c, s: _smaller(p, 1.5 / s)),
    Condition("noise, sigma 40", lambda p, c, s: noisy(p, c, 40)),
    Condition("noise, sigma 90", lambda p, c, s: noisy(p, c, 90)),
    Condition("uneven light", lambda p, c, s: uneven(padded(p), c, 0.03)),
    Condition("low contrast", lambda p, c, s: _faint(p)),
    Condition("inverted", lambda p, c, s: ImageOps.invert(p)),
    Condition("no quiet zone, dark ground", lambda p, c, s: ImageOps.expand(p, border=int(3 * s), fill=40), quiet=0),
    Condition("logo on 4 % of the area", lambda p, c, s: _marked(p, 0.04, s)),
    Condition("logo on 9 % of the area", lambda p, c, s: _marked(p, 0.09, s)),
    Condition("moiré of a screen", lambda p, c, s: _moire(p, c)),
    Condition("phone photo", lambda p, c, s: _photographed(p, c, s, hard=False)),
    Condition("hard phone photo", lambda p, c, s: _photographed(p, c, s, hard=True)),
)


def payload_of(chance: random.Random, number: int) -> str:
    """A content of 60, 150 or 300 characters in turn."""
    return "".join(chance.choices(_LETTERS, k=SIZES[number % len(SIZES)]))


def spoilt(condition: Condition, number: int) -> tuple[bytes, bytes]:
    """The content of one code and a PNG of the picture that is left of it: the same ones for the same number."""
    chance = random.Random(f"{condition.name} {number}")
    payload = payload_of(chance, number)
    picture = condition.spoil(code(payload, condition.scale, condition.quiet), chance, condition.scale)
    return payload.encode(), png(picture)


def png(picture: Image.Image) -> bytes:
    """The picture's file."""
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def without_a_code(number: int) -> bytes:
    """A photo of 1280 x 960 with goods and grain, and no code: what the whole ladder is climbed for in vain."""
    chance = random.Random(f"scene {number}")
    drawing = Image.open(io.BytesIO(demo.draw_demo(chance.choice(("scarf", "bowl", "tea")))))
    scene = ImageEnhance.Contrast(drawing.convert("RGB").resize((1280, 960))).enhance(1.3)
    grain = Image.frombytes("RGB", scene.size, chance.randbytes(1280 * 960 * 3))
    out = io.BytesIO()
    Image.blend(scene, grain, 0.08).save(out, "JPEG", quality=85)
    return out.getvalue()


@dataclass
class Score:
    """How it went: pictures read right, read wrong, and CPU milliseconds each took. `plain`: by zxing-cpp alone."""

    right: int
    wrong: int
    plain: int
    spans: list[float]


def try_out(pictures: list[tuple[bytes, bytes]]) -> Score:
    """Read pictures of known contents (empty: nothing is to be found)."""
    score = Score(0, 0, 0, [])
    for payload, picture in pictures:
        started = time.thread_time()
        found = read_codes(picture)
        score.spans.append((time.thread_time() - started) * 1000)
        score.right += found == ([payload] if payload else [])
        score.wrong += any(one != payload for one in found)
        alone = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
        score.plain += [bytes(one.bytes) for one in alone] == ([payload] if payload else [])
    return score


def main() -> None:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 45
    rights = wrongs = plain = 0
    print(f"{'condition':<30} {'read':>7} {'wrong':>6} {'zxing alone':>12} {'median ms':>10} {'worst ms':>9}")
    for condition in CONDITIONS:
        score = try_out([spoilt(condition, number) for number in range(each)])
        rights, wrongs, plain = rights + score.right, wrongs + score.wrong, plain + score.plain
        _tell(condition.name, score, each)
    total = each * len(CONDITIONS)
    print(f"{'all 24':<30} {rights / total:>7.1%} {wrongs:>6} {plain / total:>12.1%}")
    _tell("no code at all, 1280 x 960", try_out([(b"", without_a_code(number)) for number in range(each)]), each)


def _tell(name: str, score: Score, each: int) -> None:
    median, worst, alone = statistics.median(score.spans), max(score.spans), score.plain / each
    print(
        f"{name:<30} {score.right / each:>7.0%} {score.wrong:>6} {alone:>12.0%} {median:>10.1f} {worst:>9.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
