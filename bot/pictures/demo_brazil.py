"""Drawings of what the demo shop sells from Brazil. Flat, calm, lit from the upper left."""

from __future__ import annotations

import math

from bot.pictures.easel import CREAM, Easel, bend, blob, box, leaf, oval, tint, turned
from bot.pictures.fonts import Colour


def cup() -> Easel:
    """An espresso in stoneware on its saucer, steaming."""
    easel = Easel((238, 226, 210), (214, 192, 166), 62)
    stone: Colour = (74, 104, 118)
    easel.shadow(oval(53, 80, 36, 7))
    easel.fill(oval(50, 77, 35, 8), tint(stone, -0.16))
    easel.fill(oval(50, 75.6, 35, 8), tint(stone, 0.22))
    easel.fill(oval(50, 76, 26, 5.4), tint(stone, 0.05))
    easel.shadow(oval(52, 77, 17, 3.2), soft=1.0, strength=0.55)
    easel.stroke(oval(72, 56, 8, 8, -95, 110), tint(stone, -0.12), 4)
    body = [*bend((28, 45), (29.5, 58), (35, 70), (41, 76)), *bend((59, 76), (65, 70), (70.5, 58), (72, 45))]
    easel.fill(body, stone)
    with easel.inside(body):
        easel.fill([*bend((60, 40), (60, 60), (54, 80)), (80, 80), (80, 40)], tint(stone, -0.18))
        easel.fill(bend((32, 50), (33.6, 60), (38, 70), (36.4, 60), (35, 50)), tint(stone, 0.3))
        easel.fill([(20, 66), (80, 66), (80, 80), (20, 80)], (206, 186, 160))
        easel.fill([(58, 66), (80, 66), (80, 80), (55, 80)], (182, 160, 134))
    easel.fill(oval(50, 45, 22, 6), tint(stone, 0.32))
    easel.fill(oval(50, 45.3, 20, 5), (66, 36, 22))
    easel.fill(oval(49, 46, 17, 3.7), (168, 108, 58))
    easel.fill(blob((38, 46), (46, 44), (56, 45.4), (60, 47), (50, 48.4), (42, 48)), (196, 138, 82))
    for x in (42, 51, 60):
        steam = bend((x, 36), (x - 3, 30), (x + 2, 24), (x - 1, 17))
        easel.stroke(steam, (247, 239, 228), 1.3)
    return easel


def oil() -> Easel:
    """A bottle of olive oil with a kraft label, and an olive branch."""
    easel = Easel((240, 236, 214), (222, 210, 172), 74)
    glass: Colour = (78, 100, 42)
    easel.shadow(oval(58, 88, 22, 4.4))
    body = [
        *bend((44, 24), (44, 34), (37, 44), (36, 54)),
        *oval(50, 85, 14, 3.4, 180, 0),
        *bend((64, 54), (63, 44), (56, 34), (56, 24)),
    ]
    easel.fill(body, glass)
    with easel.inside(body):
        easel.fill(box(57, 20, 70, 95), tint(glass, -0.25))
        easel.fill(bend((39, 54), (40, 46), (45.6, 37), (42.6, 46), (42, 54), (42, 86), (39, 86)), tint(glass, 0.42))
        easel.fill(box(30, 58, 70, 80), (226, 204, 160))
        easel.fill(box(57, 58, 70, 80), (204, 180, 134))
        easel.stroke([(30, 60), (70, 60)], (150, 116, 62), 0.5)
        easel.stroke([(30, 78), (70, 78)], (150, 116, 62), 0.5)
    easel.fill(turned(oval(47, 69, 3.0, 4.0), 18, (47, 69)), (96, 112, 44))
    easel.fill(turned(oval(53.4, 70, 2.8, 3.8), -16, (53.4, 70)), (120, 134, 56))
    easel.stroke(bend((46.6, 65.4), (50, 62.6), (53.6, 66.4)), (90, 84, 44), 0.6)
    easel.fill(box(43, 14, 57, 25, 1.4), (60, 48, 38))
    easel.fill(box(43, 14, 47, 25, 1.4), (96, 78, 62))
    easel.fill(box(42.4, 24, 57.6, 27, 1), (196, 160, 92))
    easel.stroke(bend((8, 90), (18, 85), (30, 88)), (120, 100, 62), 0.9)
    for x, y, turn in ((10, 89, -20), (16, 86, 20), (22, 86, -60), (26, 87, 60), (14, 88, 130), (29, 88, 100)):
        leaf(easel, x, y, 9, turn, (126, 148, 92))
    for x, y in ((18, 91), (25, 92)):
        easel.fill(oval(x, y, 3, 2.5), (86, 98, 40))
        easel.fill(oval(x - 1, y - 0.9, 0.8, 0.6), (178, 190, 120))
    return easel


def wallet() -> Easel:
    """A folded leather wallet with saddle stitching, cards showing."""
    easel = Easel((222, 228, 232), (200, 208, 214), 101)
    leather: Colour = (150, 88, 50)
    easel.shadow(turned(box(22, 33, 86, 80, 4), -7, (50, 55)), soft=2.2, strength=0.5)
    for rise, colour in ((0, (58, 96, 122)), (4.4, (216, 168, 84))):
        easel.fill(turned(box(26, 23 + rise, 74, 50, 2.4), -7, (50, 55)), colour)
        easel.fill(turned(box(26, 26 + rise, 74, 28 + rise), -7, (50, 55)), tint(colour, -0.18))
    outside = turned(box(17, 32, 83, 78, 4), -7, (50, 55))
    easel.fill(outside, leather)
    with easel.inside(outside):
        easel.fill(turned(box(10, 28, 90, 37), -7, (50, 55)), tint(leather, 0.12))
        easel.fill(turned([(58, 30), (90, 30), (90, 82), (70, 82)], -7, (50, 55)), tint(leather, -0.09))
    _stitches(easel, leather)
    tab = turned(box(64, 48, 88, 60, 5.9), -7, (50, 55))
    easel.shadow([(x + 0.6, y + 1.2) for x, y in tab], soft=0.9, strength=0.5)
    easel.fill(tab, tint(leather, -0.24))
    [(x, y)] = turned([(70.6, 54)], -7, (50, 55))
    easel.fill(oval(x, y, 2.5, 2.5), (206, 170, 96))
    easel.fill(oval(x - 0.5, y - 0.5, 1.4, 1.4), (240, 214, 152))
    return easel


def _stitches(easel: Easel, leather: Colour) -> None:
    thread = tint(leather, 0.5)
    for n in range(17):
        start = 20.5 + n * 3.55
        for seam in (35.2, 74.8):
            easel.stroke(turned([(start, seam), (start + 1.9, seam)], -7, (50, 55)), thread, 0.55)
    for n in range(11):
        down = 37 + n * 3.5
        for side in (20, 80) if not 46.4 < down < 59.4 else (20,):  # the tab covers the right seam
            easel.stroke(turned([(side, down), (side, down + 1.9)], -7, (50, 55)), thread, 0.55)


def soap() -> Easel:
    """Two bars of soap, the upper in its paper band, with bubbles."""
    easel = Easel((226, 236, 238), (202, 220, 222), 66)
    bar: Colour = (240, 222, 178)
    easel.shadow(oval(54, 83, 34, 5), strength=0.4)
    for top, left, colour in ((60, 19, (214, 178, 140)), (40, 23, bar)):
        easel.fill(box(left, top + 4, left + 60, top + 22, 6), tint(colour, -0.18))
        easel.fill(box(left, top, left + 60, top + 15, 6), colour)
        easel.fill(box(left + 4, top + 1.6, left + 56, top + 5, 1.7), tint(colour, 0.35))
    band = box(41, 39.6, 65, 62.4, 1)
    easel.fill(band, (92, 134, 106))
    with easel.inside(band):
        easel.fill(box(41, 55, 65, 63), (74, 112, 88))
        easel.stroke([(41, 42), (65, 42)], (206, 222, 190), 0.5)
        easel.stroke([(41, 60), (65, 60)], (206, 222, 190), 0.5)
    for turn in (-40, 0, 40):
        leaf(easel, 53, 57, 10, turn, (214, 228, 190))
    for x, y, size in (
        (28, 30, 4.4),
        (37, 22, 2.6),
        (74, 26, 5.2),
        (83, 36, 2.8),
        (66, 17, 2.2),
        (20, 44, 2),
        (88, 52, 3),
    ):
        easel.fill(oval(x, y, size, size), (240, 248, 250))
        easel.fill(oval(x + size * 0.06, y + size * 0.06, size * 0.84, size * 0.84), (216, 232, 238))
        easel.fill(oval(x - size * 0.35, y - size * 0.35, size * 0.24, size * 0.2), (255, 255, 255))
    return easel


def hammock() -> Easel:
    """A striped cotton hammock between two palms, by the sea."""
    easel = Easel((196, 226, 232), (244, 226, 184), 74)
    easel.fill(oval(74, 24, 8, 8), (252, 226, 150))
    easel.fill(box(0, 58, 100, 74), (104, 176, 188))
    easel.fill(box(0, 58, 100, 60), (146, 204, 210))
    easel.fill(bend((-2, 78), (20, 73), (50, 75.5), (80, 72.5), (102, 77), (102, 101), (-2, 101)), (244, 226, 184))
    for x, lean in ((12, 1), (88, -1)):
        trunk = [
            *bend((x - 3, 92), (x - 1 - lean, 60), (x - 1.4 + lean, 20)),
            *bend((x + 1.4 + lean, 20), (x + 1 - lean, 60), (x + 3, 92)),
        ]
        easel.fill(trunk, (150, 108, 76))
        for level in range(26, 90, 6):
            easel.stroke([(x - 1.6, level), (x + 1.8, level - 0.8)], (122, 84, 58), 0.6)
        for turn in (-100, -62, -28, 24, 58, 98):
            _frond(easel, x + lean * 1.2, 20, turn)
    easel.shadow(oval(50, 88, 28, 3), soft=2, strength=0.35)
    cloth = [
        *bend((24, 54), (34, 62), (50, 66), (66, 62), (76, 54)),
        *bend((76, 54), (68, 74), (50, 81), (32, 74), (24, 54)),
    ]
    for end, knot in (((24, 54), (13, 42)), ((76, 54), (87, 42))):
        for spread in (-1.5, 0, 1.5):
            easel.stroke([knot, (end[0], end[1] + spread)], (236, 226, 206), 0.5)
    easel.fill(cloth, (232, 92, 70))
    with easel.inside(cloth):
        for n, colour in enumerate(((244, 188, 84), CREAM, (52, 132, 140), (244, 188, 84), CREAM)):
            down = 5.6 + n * 3.9
            band = bend((22, 49 + down * 0.5), (34, 58 + down), (50, 62 + down), (66, 58 + down), (78, 49 + down * 0.5))
            easel.stroke(band, colour, 1.5)
    for n in range(15):
        along = 30 + n * 2.9
        edge = 80.4 - ((along - 50) / 20) ** 2 * 6.4
        easel.stroke([(along, edge), (along, edge + 3.2)], (250, 236, 210), 0.5)
    return easel


def _frond(easel: Easel, x: float, y: float, turn: float) -> None:
    """A palm leaf that springs from (x, y) and hangs over."""
    side = 1 if turn > 0 else -1
    reach = 12 + abs(turn) * 0.05
    tip = (x + reach * math.sin(math.radians(turn)), y - reach * 0.75 * math.cos(math.radians(turn)) + 5)
    middle = ((x + tip[0]) / 2 + side, (y + tip[1]) / 2 - 4.5)
    easel.fill([*bend((x, y), middle, tip), *bend(tip, (middle[0], middle[1] + 4.4), (x, y + 1.4))], (72, 140, 98))
    easel.stroke(bend((x, y + 0.4), (middle[0], middle[1] + 1.6), tip), (112, 176, 126), 0.5)


def coffee() -> Easel:
    """A kraft bag of coffee with a band, and beans."""
    easel = Easel((236, 222, 204), (206, 178, 146), 74)
    kraft: Colour = (190, 146, 98)
    easel.shadow(oval(56, 87, 28, 5))
    body = [
        (31, 22),
        (69, 22),
        *bend((69, 22), (70.5, 40), (71, 64), (73, 86)),
        *bend((73, 86), (50, 88), (27, 86)),
        *bend((27, 86), (29, 64), (29.5, 40), (31, 22)),
    ]
    easel.fill(body, kraft)
    with easel.inside(body):
        easel.fill([(60, 20), (76, 20), (76, 90), (62, 90)], tint(kraft, -0.15))
        easel.fill([(26, 20), (36, 20), (33, 90), (24, 90)], tint(kraft, 0.14))
        easel.fill(box(20, 46, 80, 74), (52, 72, 62))
        easel.fill([(61, 46), (80, 46), (80, 74), (62, 74)], (40, 58, 50))
    easel.fill(oval(49, 60, 9.6, 9.6), CREAM)
    easel.fill(turned(oval(49, 60, 4.2, 6.4), 28, (49, 60)), (112, 68, 42))
    easel.stroke(turned(bend((49, 54), (47.8, 58), (50.2, 62), (49, 66)), 28, (49, 60)), CREAM, 0.8)
    easel.fill(box(30, 15, 70, 24, 1), tint(kraft, -0.08))
    for level in (18, 21):
        easel.stroke([(31.5, level), (68.5, level)], tint(kraft, -0.25), 0.4)
    easel.fill(box(27, 21.4, 73, 25, 1.4), (64, 54, 48))
    beans = ((16, 89, 30), (23, 93, -40), (80, 91, 60), (87, 88, -20), (31, 92, 80))
    easel.shadow(*(oval(x + 0.7, y + 1.4, 3.8, 2.2) for x, y, _ in beans), soft=0.6, strength=0.4)
    for x, y, turn in beans:
        easel.fill(turned(oval(x, y, 3.8, 2.7), turn, (x, y)), (104, 62, 40))
        crease = bend((x - 3, y), (x - 1, y + 0.7), (x + 1, y - 0.7), (x + 3, y))
        easel.stroke(turned(crease, turn, (x, y)), (64, 36, 24), 0.6)
    return easel
