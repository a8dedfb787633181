"""Windows, blinds, doors and shops: each function fills one box of a surface with colour and relief (metres)."""

import numpy as np

from pix2pix.synthetic.look import Look, arch, inset, mix, part
from pix2pix.synthetic.surface import Pixels, Surface


def glass(surface: Surface, box: Pixels, rng: np.random.Generator, relief: float, interior: str) -> None:
    """Draw a pane: the sky mirrored above, the dark street below, and what hangs behind it."""
    height, width = surface.shape(box)
    if not height or not width:
        return
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, width, dtype=np.float32)
    bright = np.float32(0.30 + 0.35 * rng.random()) * (1 - down) + np.float32(0.10)
    edge = np.float32(rng.random() * 1.6 - 0.3)
    bright = bright + np.float32(0.10) * (across + down * np.float32(0.6) > edge)
    sky, dark = (178, 196, 214), (26, 31, 36)
    pane = mix(dark, sky, 0)[:, None, None] + (mix(sky, (0, 0, 0), 0) - mix(dark, sky, 0))[:, None, None] * bright
    if interior != "empty":
        fold = np.float32(0.84) + np.float32(0.16) * ((across * 7) % 1 > 0.45)
        linen = mix((222, 216, 204), (176, 160, 140), rng.random() * 0.5)[:, None, None] * fold
        behind = {"sheer": across >= 0, "sides": np.abs(across - 0.5) > 0.24, "half": down < 0.45}[interior]
        pane = np.where(behind, pane * np.float32(0.35) + linen * np.float32(0.6), pane)
    rows, columns = surface.window(box)
    surface.color[:, rows, columns] = pane
    surface.relief[rows, columns] = relief
    surface.gloss[rows, columns] = True


def draw_window(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "") -> None:
    """Draw a recessed window: reveal, frame, panes and bars."""
    metre = surface.metre
    if shape == "arched":
        with surface.cut(box, arch):
            draw_window(surface, box, look, rng)
        return
    surface.fill(box, mix(look.wall, (0, 0, 0), 0.15), -0.14)
    bar = max(1.0, 0.055 * metre)
    frame = inset(box, max(1.0, 0.02 * metre))
    surface.fill(frame, look.frame, -0.12)
    draw = rng.random()
    interior = "sheer" if draw < 0.22 else "sides" if draw < 0.36 else "half" if draw < 0.46 else "empty"
    pane = inset(frame, bar)
    if pane[2] - pane[0] < 2 or pane[3] - pane[1] < 2:  # too small to show a frame
        glass(surface, box, rng, -0.15, interior)
        return
    glass(surface, pane, rng, -0.15, interior)
    left, top, right, bottom = pane
    middle, width = (left + right) / 2, right - left
    bars = []
    if look.sash in ("casement", "cross") or (look.sash == "plain" and width > 1.2 * metre):
        bars.append((middle - bar * 0.8, top, middle + bar * 0.8, bottom))
    if look.sash in ("cross", "sash"):
        y = top + (bottom - top) * (0.5 if look.sash == "sash" else look.transom)
        bars.append((left, y - bar * 0.6, right, y + bar * 0.6))
    if look.sash == "grid":
        bars += [(x - bar / 3, top, x + bar / 3, bottom) for x in (left + width / 3, right - width / 3)]
        rows = max(2, round((bottom - top) / (width / 3) * 0.6))
        edges = [top + (bottom - top) * row / rows for row in range(1, rows)]
        bars += [(left, y - bar / 3, right, y + bar / 3) for y in edges]
    for rod in bars:
        surface.fill(rod, look.frame, -0.11)


def draw_surround(surface: Surface, box: Pixels, look: Look, shape: str) -> None:
    """Draw the raised band around an opening."""
    band = inset(box, -max(1.0, 0.13 * surface.metre))
    if shape == "arched":
        with surface.cut(band, arch):
            surface.fill(band, look.trim, 0.035)
    else:
        surface.fill(band, look.trim, 0.035)


def draw_blind(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "roller") -> None:
    """Draw louvred leaves beside a window, or slats let down in it."""
    slat = max(2.0, 0.07 * surface.metre)
    height, _ = surface.shape(box)
    lines = (np.arange(height, dtype=np.float32) % np.float32(slat) < 1)[:, None]
    if shape == "shutter":
        surface.fill(box, look.shutter, 0.06)
        panel = inset(box, max(1.0, 0.06 * surface.metre))
        surface.scale(panel, np.float32(0.9))
        rows, _ = surface.shape(panel)
        surface.scale(panel, 1 - np.float32(0.28) * lines[:rows])
        surface.fill(part(box, 0, 0.47, 1, 0.52), look.shutter, 0.07)
    else:
        surface.fill(box, mix(look.frame, look.shutter, 0.12), -0.1)
        surface.scale(box, (1 - np.float32(0.14) * lines) * np.float32(0.9 + 0.1 * rng.random()))
        surface.fill((box[0], box[3] - 2, box[2], box[3]), mix(look.frame, (0, 0, 0), 0.3), -0.08)


def draw_door(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "") -> None:
    """Draw two panelled leaves below a light."""
    if shape == "arched":
        with surface.cut(box, arch):
            draw_door(surface, box, look, rng)
        return
    metre = surface.metre
    surface.fill(box, mix(look.door, (0, 0, 0), 0.2), -0.3)
    leaf_top = 0.28
    glass(surface, inset(part(box, 0, 0, 1, leaf_top), max(1.0, 0.07 * metre)), rng, -0.36, "empty")
    for left, right in ((0.03, 0.49), (0.51, 0.97)):
        leaf = part(box, left, leaf_top, right, 1)
        surface.fill(leaf, look.door, -0.3)
        for top, bottom in ((0.06, 0.5), (0.56, 0.92)):
            panel = part(leaf, 0.18, top, 0.82, bottom)
            surface.fill(panel, mix(look.door, (255, 255, 255), 0.06), -0.34)
    surface.fill(part(box, 0, 0.95, 1, 1), (120, 116, 110), -0.1)


def draw_shop(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "") -> None:
    """Draw a shop front: sign board, wide glass over a lit interior, a stall riser, often an awning."""
    if shape == "sign":
        _draw_sign(surface, box, look, rng)
        return
    wood = mix(look.door, (40, 40, 40), 0.4)
    surface.fill(box, wood, -0.05)
    front = part(box, 0.03, 0.22, 0.97, 0.86)
    glass(surface, front, rng, -0.2, "empty")
    _draw_goods(surface, part(front, 0.03, 0.3, 0.97, 1), look, rng)
    panes = max(2, round((box[2] - box[0]) / (1.3 * surface.metre)))
    for x in np.linspace(0, 0.97, panes + 1).tolist():
        surface.fill(part(box, x, 0.2, x + 0.03, 1), wood, -0.1)
    _draw_sign(surface, part(box, 0, 0, 1, 0.2), look, rng)
    if rng.random() < 0.35:
        awning = part(box, 0.01, 0.2, 0.99, 0.42)
        surface.fill(awning, look.awning, 0.8)
        surface.comb(awning, 0.5 * surface.metre, 0.25 * surface.metre, (238, 234, 224), 0.8)
        surface.scale(part(awning, 0, 0.82, 1, 1), np.float32(0.8))


def _draw_goods(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator) -> None:
    """Draw what a shop shows: lit shelves with things of many colours, dimmed by the pane."""
    for shelf in (0.45, 0.72, 1.0):
        light = mix((70, 58, 46), (150, 128, 96), rng.random())
        surface.scale(part(box, 0, shelf - 0.27, 1, shelf), np.float32(0.9))
        surface.fill(part(box, 0, shelf - 0.03, 1, shelf), light, glossy=True)
        x = 0.02
        while x < 0.94:
            thing = 0.03 + 0.09 * rng.random()
            if rng.random() < 0.7:
                colour = mix(mix(light, look.awning, 0.5 * rng.random()), (230, 220, 200), 0.5 * rng.random())
                tall = 0.05 + 0.17 * rng.random()
                surface.fill(part(box, x, shelf - 0.03 - tall, x + thing, shelf - 0.03), colour, glossy=True)
            x += thing + 0.02


def _draw_sign(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator) -> None:
    """Draw a painted board with a word of unreadable letters."""
    board = mix(look.awning, (30, 30, 30), 0.25 + 0.4 * rng.random())
    surface.fill(box, board, 0.12)
    size = 0.45 * (box[3] - box[1])
    word = part(box, 0.2, 0.28, 0.8, 0.73)
    x = word[0]
    while x + 0.6 * size < word[2] and size >= 2:
        if rng.random() < 0.85:  # otherwise a gap between words
            letter = (x, word[1], x + 0.6 * size, word[3])
            surface.fill(letter, (238, 228, 200), 0.13)
            hollow = part(letter, 0.35, 0.25 * rng.random(), 0.7 + 0.4 * rng.random(), 0.4 + 0.6 * rng.random())
            surface.fill(hollow, board)
        x += 0.85 * size
