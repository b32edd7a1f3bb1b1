"""Drawings of what the demo shop sells from Hangzhou. Flat, calm, lit from the upper left."""

from __future__ import annotations

import math

from bot.pictures.easel import CREAM, WOOD, Easel, bend, blob, box, leaf, oval, tint, turned
from bot.pictures.fonts import Colour


def tea() -> Easel:
    """A tin of green tea with a paper label, and a few leaves before it."""
    easel = Easel((226, 233, 220), (205, 214, 194))
    tin: Colour = (44, 98, 74)
    easel.shadow(oval(56, 82, 27, 5))
    body = [*box(30, 34, 70, 80)[:2], *oval(50, 80, 20, 4, 0, 180)]
    easel.fill(body, tin)
    with easel.inside(body):
        easel.fill(box(30, 30, 36, 90), tint(tin, 0.18))
        easel.fill(box(58, 30, 70, 90), tint(tin, -0.22))
    label = [(30, 48), *oval(50, 48, 20, 4, 180, 0), *oval(50, 70, 20, 4, 0, 180)]
    easel.fill(label, CREAM)
    with easel.inside(label):
        easel.fill(box(58, 40, 70, 90), tint(CREAM, -0.1))
        easel.stroke(oval(50, 50, 20, 4, 180, 0), (190, 160, 96), 0.8)
        easel.stroke(oval(50, 68.6, 20, 4, 180, 0), (190, 160, 96), 0.8)
    for turn in (-34, 0, 34):
        leaf(easel, 48, 68, 13, turn, (84, 140, 88))
    easel.fill([*oval(50, 27, 21, 4, 180, 360), *oval(50, 36, 21, 4, 0, 180)], tint(tin, -0.12))
    easel.fill(oval(50, 27, 21, 4), tint(tin, 0.12))
    easel.fill(oval(50, 27, 17.5, 3), tint(tin, 0.02))
    for x, y, turn in ((22, 86, 70), (30, 89, 100), (74, 88, -75)):
        leaf(easel, x, y, 9, turn, (96, 148, 84))
    return easel


def scarf() -> Easel:
    """A silk scarf hanging from a bar in soft folds, a border along its hem."""
    easel = Easel((244, 226, 220), (232, 206, 198), 84)
    silk: Colour = (178, 62, 74)
    easel.shadow(oval(52, 88, 30, 3), strength=0.3)
    cloth = [
        (24, 20),
        (76, 20),
        *bend((77, 40), (75, 60), (79, 80)),
        *_hem(79, 22, 80),
        *bend((24, 60), (22, 40), (24, 20)),
    ]
    easel.fill(cloth, silk)
    with easel.inside(cloth):
        for x, wide, by in ((29, 4.5, 0.14), (40, 5, -0.16), (49, 4, 0.18), (59, 6, -0.18), (69, 4, 0.12)):
            fold = [
                *bend((x, 18), (x + 1, 45), (x - 1, 70), (x + 1, 90)),
                *bend((x + wide + 2, 90), (x + wide, 60), (x + wide, 18)),
            ]
            easel.fill(fold, tint(silk, by))
        _blossoms(easel)
        for level in (71.5, 75.5):
            easel.stroke(bend(*((20 + 6 * n, level + (n % 2) * 0.9) for n in range(11))), (236, 196, 124), 0.7)
    easel.shadow(box(24, 20, 76, 23.6), soft=1.0, strength=0.35)
    easel.stroke([(14, 19), (86, 19)], WOOD, 3.4)
    easel.stroke([(14, 18.3), (86, 18.3)], tint(WOOD, 0.3), 0.8)
    for x in (14, 86):
        easel.fill(oval(x, 19, 2.6, 2.6), tint(WOOD, -0.2))
    return easel


def _hem(right: float, left: float, level: float) -> list[tuple[float, float]]:
    """The lower edge of hanging cloth, in waves from right to left."""
    steps = [right + (left - right) * n / 8 for n in range(9)]
    return bend(*((x, level + (2.2 if n % 2 else -0.4)) for n, x in enumerate(steps)))


def _blossoms(easel: Easel) -> None:
    petal: Colour = (250, 226, 204)
    for x, y, size in ((33, 34, 3.6), (63, 31, 3.0), (48, 49, 4.2), (68, 55, 3.4), (31, 60, 3.0)):
        for turn in range(0, 360, 72):
            right, up = math.sin(math.radians(turn)), math.cos(math.radians(turn))
            easel.fill(oval(x + size * 0.75 * right, y - size * 0.75 * up, size * 0.5, size * 0.5), petal)
        easel.fill(oval(x, y, size * 0.36, size * 0.36), (226, 168, 70))


def bowl() -> Easel:
    """A celadon bowl, its inside seen a little from above, with a carved lotus line."""
    easel = Easel((234, 230, 222), (196, 168, 138), 66)
    jade: Colour = (142, 184, 164)
    easel.shadow(oval(54, 81, 30, 5))
    easel.fill([*oval(50, 78, 12, 2.4, 0, 180), (40, 70), (60, 70)], tint(jade, -0.3))
    body = [*bend((18, 45), (22, 60), (34, 73), (42, 77)), *bend((58, 77), (66, 73), (78, 60), (82, 45))]
    easel.fill(body, jade)
    with easel.inside(body):
        easel.fill([*bend((62, 40), (64, 60), (52, 80)), (90, 82), (90, 40)], tint(jade, -0.13))
        easel.fill(bend((23, 52), (27, 63), (36, 71), (32, 63), (28, 52)), tint(jade, 0.3))
        for n in range(9):
            x = 24 + n * 6.5
            easel.stroke(
                bend((x, 78), (x - 3 + n * 0.2, 66), (x + 2, 58), (x + 6, 66), (x + 4, 78)), tint(jade, -0.2), 0.45
            )
    easel.fill(oval(50, 45, 32, 8), tint(jade, 0.35))
    inner = oval(50, 45.6, 30, 6.9)
    easel.fill(inner, tint(jade, -0.24))
    with easel.inside(inner):
        easel.fill(oval(50, 50.5, 27, 6), tint(jade, -0.08))
        easel.fill(oval(56, 52, 16, 3.4), tint(jade, 0.1))
    return easel


def lantern() -> Easel:
    """A red paper lantern alight in the evening, with ribs and a tassel."""
    easel = Easel((38, 46, 72), (30, 36, 58), 101)
    red: Colour = (206, 60, 48)
    for x, y, size in (
        (14, 18, 0.5),
        (26, 34, 0.35),
        (82, 14, 0.5),
        (90, 40, 0.35),
        (10, 62, 0.4),
        (86, 70, 0.45),
        (20, 84, 0.35),
    ):
        easel.fill(oval(x, y, size, size), (214, 206, 180))
    easel.glow(oval(50, 46, 34, 30), (248, 150, 84), 9, 0.55)
    easel.stroke([(50, 0), (50, 16)], (214, 176, 104), 0.7)
    body = oval(50, 45, 30, 25)
    easel.fill(body, red)
    with easel.inside(body):
        easel.glow(oval(50, 48, 15, 15), (255, 206, 116), 6, 0.9)
        for wide in (27, 20, 11.5):
            easel.stroke(oval(50, 45, wide, 26, 90, 270), tint(red, -0.22), 0.5)
            easel.stroke(oval(50, 45, wide, 26, -90, 90), tint(red, -0.22), 0.5)
        easel.stroke([(50, 18), (50, 72)], tint(red, -0.22), 0.5)
    for top in (17, 67.5):
        easel.fill(box(39, top, 61, top + 5.4, 1.2), (214, 170, 92))
        easel.fill(box(39, top + 3.4, 61, top + 5.4, 1), (180, 132, 62))
    easel.stroke([(50, 73), (50, 80)], (214, 170, 92), 0.8)
    easel.fill(oval(50, 80, 2.2, 2.2), (230, 190, 112))
    for n in range(-4, 5):
        easel.stroke(
            bend((50 + n * 0.4, 81), (50 + n * 0.62, 88), (50 + n * 0.75, 95)), tint(red, -0.1 + 0.07 * (n % 2)), 0.7
        )
    return easel


def chopsticks() -> Easel:
    """Two pairs of lacquered chopsticks, on a cloth, resting on a porcelain stand."""
    easel = Easel((232, 224, 210), (232, 224, 210), 101)
    cloth: Colour = (46, 74, 104)
    mat = turned(box(14, 16, 86, 88, 1.5), 6, (50, 52))
    easel.shadow([(x + 1, y + 1.6) for x, y in mat], soft=1.8, strength=0.4)
    easel.fill(mat, cloth)
    with easel.inside(mat):
        for row in range(9):
            for n in range(9):
                wave = oval(10 + n * 10 + (row % 2) * 5, 18 + row * 9, 4.2, 4.2, 180, 360)
                easel.stroke(turned(wave, 6, (50, 52)), tint(cloth, 0.14), 0.5)
    night: Colour = (16, 24, 36)
    rest = box(29, 60, 72, 68, 3.9)
    easel.shadow([(x + 0.8, y + 1.6) for x, y in rest], colour=night, soft=0.9, strength=0.6)
    easel.fill(rest, (228, 226, 220))
    easel.fill(box(29, 60, 72, 66.6, 3.3), (250, 249, 246))
    easel.stroke(bend((33, 64), (39, 62.4), (45, 64.6), (51, 62.6), (57, 64.6), (68, 63)), (84, 122, 170), 0.8)
    red, black = (150, 38, 36), (38, 36, 40)
    laid = ((37, red, -3.0), (44, red, -1.4), (57, black, 1.4), (64, black, 3.0))
    sticks = [turned([(x - 0.9, 8), (x + 0.9, 8), (x + 1.9, 94), (x - 1.9, 94)], lean, (x, 70)) for x, _, lean in laid]
    easel.shadow(*([(x + 1.6, y + 1.4) for x, y in stick] for stick in sticks), colour=night, soft=0.8, strength=0.6)
    for stick, (x, colour, lean) in zip(sticks, laid, strict=True):
        easel.fill(stick, colour)
        easel.stroke(turned([(x - 0.5, 9), (x - 1.0, 92)], lean, (x, 70)), tint(colour, 0.3), 0.45)
        for level in (78, 80.4, 90):
            wide = 0.4 + (level - 8) / 86
            easel.stroke(turned([(x - wide, level), (x + wide, level)], lean, (x, 70)), (220, 178, 96), 1)
    return easel


def fan() -> Easel:
    """An open folding fan: bamboo ribs, a painted paper leaf, a tassel."""
    easel = Easel((228, 234, 226), (228, 234, 226), 101)
    pivot = (50, 80)
    leaf = [*oval(*pivot, 44, 58, 205, 335), *oval(*pivot, 20, 27, 335, 205)]
    easel.shadow([(x + 1.2, y + 2) for x, y in leaf], soft=2, strength=0.4)
    for n in range(14):
        angle = math.radians(205 + n * 10)
        end = (50 + 43 * math.cos(angle), 80 + 57 * math.sin(angle))
        easel.stroke([pivot, end], tint(WOOD, -0.1 + 0.12 * (n % 2)), 1.5)
    easel.fill(leaf, CREAM)
    with easel.inside(leaf):
        _painted_hills(easel)
        easel.shadow(*(_wedge(pivot, 210 + n * 10, 5) for n in range(13)), soft=0.05, strength=0.07)
        easel.stroke(oval(*pivot, 43.4, 57.4, 205, 335), (190, 150, 84), 0.9)
    for angle in (205, 335):
        turn = math.radians(angle)
        easel.stroke([pivot, (50 + 44 * math.cos(turn), 80 + 58 * math.sin(turn))], tint(WOOD, -0.35), 2.6)
    easel.fill(oval(50, 80, 2.4, 2.4), (214, 176, 104))
    easel.stroke(bend((50, 82), (52, 87), (50, 90)), (178, 62, 60), 0.7)
    for n in range(-2, 3):
        easel.stroke(bend((50, 90), (50 + n * 0.7, 94), (50 + n * 0.9, 98)), (178, 62, 60), 0.7)
    return easel


def _wedge(pivot: tuple[float, float], start: float, turn: float) -> list[tuple[float, float]]:
    """A slice from the pivot out past the fan's edge."""
    return [pivot, *oval(*pivot, 60, 76, start, start + turn)]


def _painted_hills(easel: Easel) -> None:
    easel.fill(oval(68, 37, 5, 5), (222, 108, 78))
    easel.fill(
        [*bend((0, 58), (16, 46), (30, 52), (44, 40), (60, 50), (76, 42), (100, 56)), (100, 90), (0, 90)],
        (176, 200, 196),
    )
    easel.fill([*bend((0, 64), (20, 56), (36, 60), (52, 50), (70, 58), (100, 52)), (100, 90), (0, 90)], (118, 158, 156))
    for x, y in ((30, 36), (36, 33), (44, 31)):
        easel.stroke(bend((x - 1.6, y - 0.8), (x - 0.6, y - 1.2), (x, y)), (70, 80, 84), 0.4)
        easel.stroke(bend((x, y), (x + 0.6, y - 1.2), (x + 1.6, y - 0.8)), (70, 80, 84), 0.4)


def teapot() -> Easel:
    """A teapot of purple clay and two cups on a bamboo tray."""
    easel = Easel((232, 230, 218), (212, 204, 182), 66)
    clay: Colour = (126, 66, 50)
    easel.shadow(oval(52, 89, 42, 4.4))
    tray = box(8, 78, 92, 87, 2.4)
    easel.fill(tray, (186, 146, 90))
    with easel.inside(tray):
        easel.fill(box(8, 83, 92, 88), (156, 116, 68))
        for x in range(14, 92, 6):
            easel.stroke([(x, 78.6), (x, 82.4)], (164, 124, 74), 0.5)
    easel.shadow(oval(50, 79, 24, 2.2), soft=0.9, strength=0.5)
    handle = [
        *bend((32, 46.6), (24, 44), (15.4, 41.6), (9.4, 48), (10.4, 57), (17.6, 66), (32, 70)),
        *bend((32, 65.4), (20.4, 61.6), (14.6, 55), (13.8, 49.4), (17, 46.2), (24, 48.4), (32, 51)),
    ]
    easel.fill(handle, tint(clay, -0.1))
    spout = [*bend((60, 66), (74, 61), (79, 46), (86, 40)), (90, 42.4), *bend((84, 54), (79, 68), (60, 73))]
    easel.fill(spout, tint(clay, -0.14))
    body = blob((48, 43), (66, 48), (71, 60), (64, 74), (48, 79), (32, 74), (25, 60), (30, 48))
    easel.fill(body, clay)
    with easel.inside(body):
        easel.fill(blob((60, 42), (76, 50), (76, 76), (54, 82), (64, 70), (66, 56)), tint(clay, -0.2))
        easel.fill(blob((33, 52), (39, 49), (36, 58), (33, 66), (30, 60)), tint(clay, 0.26))
        easel.stroke(bend((24, 56), (36, 59.4), (48, 60.4), (60, 59.4), (72, 56)), tint(clay, -0.3), 0.7)
    lid = [*oval(48, 45, 15, 8, 180, 360), *oval(48, 45, 15, 3, 0, 180)]
    easel.fill(lid, tint(clay, 0.1))
    easel.stroke(oval(48, 45, 15, 3, 0, 180), tint(clay, -0.28), 0.7)
    easel.fill(oval(44, 40.6, 5, 1.4), tint(clay, 0.32))
    easel.fill(oval(48, 35, 3.6, 3.2), tint(clay, -0.08))
    easel.fill(oval(47, 34, 1.3, 1.0), tint(clay, 0.36))
    for x in (20, 79):
        _cup(easel, x, clay)
    for x in (84, 87):
        easel.stroke(bend((x, 36), (x - 2.4, 29), (x + 1.6, 22), (x - 1, 14)), (248, 244, 232), 1.2)
    return easel


def _cup(easel: Easel, x: float, clay: Colour) -> None:
    """A small cup of tea on the tray."""
    easel.shadow(oval(x + 0.6, 81.4, 7.4, 1.5), soft=0.7, strength=0.5)
    side = [*bend((x - 8, 71), (x - 7, 77), (x - 4, 81)), *bend((x + 4, 81), (x + 7, 77), (x + 8, 71))]
    easel.fill(side, tint(clay, 0.06))
    with easel.inside(side):
        easel.fill(box(x + 2.6, 68, x + 10, 84), tint(clay, -0.18))
    easel.fill(oval(x, 71, 8, 2.4), tint(clay, 0.24))
    easel.fill(oval(x, 71.3, 6.8, 1.8), (186, 142, 62))
