"""How each part of a facade looks: every function fills one box of a surface with colour and relief (metres)."""

from dataclasses import dataclass

import numpy as np

from pix2pix.synthetic.styles import Colour, Style
from pix2pix.synthetic.surface import Pixels, Surface, noise


@dataclass(frozen=True)
class Look:
    """What one building's parts have in common."""

    style: Style
    wall: Colour
    trim: Colour
    frame: Colour  # window frames
    shutter: Colour
    door: Colour
    metal: Colour  # railings
    awning: Colour
    sash: str
    transom: float  # where the cross bar of a window sits, from its top
    ornate: bool
    rusticated: bool  # the ground floor is of rough blocks


def mix(first, second, share: float) -> np.ndarray:
    """Colour `(3,)` float32: `share` of the second in the first."""
    first, second = np.asarray(first, dtype=np.float32), np.asarray(second, dtype=np.float32)
    return first + (second - first) * np.float32(share)


def inset(box: Pixels, by: float) -> Pixels:
    return box[0] + by, box[1] + by, box[2] - by, box[3] - by


def part(box: Pixels, left: float, top: float, right: float, bottom: float) -> Pixels:
    """A part of the box, its edges as fractions of the box."""
    width, height = box[2] - box[0], box[3] - box[1]
    return box[0] + left * width, box[1] + top * height, box[0] + right * width, box[1] + bottom * height


def arch(across, down):
    """A round top on upright sides, for `Surface.cut`."""
    return (down > -0.4) | (across**2 + ((down + 0.4) / 0.6) ** 2 <= 1)


def masonry(surface: Surface, box: Pixels, rng, block: tuple[float, float], joint: float, vary: float,
            depth: float = 0.012) -> None:  # fmt: skip
    """Courses of blocks (width, height in metres), each block a little lighter or darker, the joints sunken."""
    height, width = surface.shape(box)
    block_width = max(3.0, block[0] * surface.metre)
    block_height = max(3.0, block[1] * surface.metre)
    rows = np.arange(height, dtype=np.float32) / np.float32(block_height)
    course = rows.astype(np.int32)
    columns = np.arange(width, dtype=np.float32) / np.float32(block_width) + np.float32(0.5) * (course[:, None] % 2)
    column = columns.astype(np.int32)
    lightness = rng.integers(-100, 101, (height // 3 + 2, width // 3 + 2)).astype(np.float32) * np.float32(vary / 100)
    factor = 1 + lightness[course[:, None], column]
    in_joint = (rows - course < 1 / block_height)[:, None] | (columns - column < 1 / block_width)
    factor[in_joint] = joint
    surface.scale(box, factor)
    pixel_rows, pixel_columns = surface.window(box)
    surface.relief[pixel_rows, pixel_columns][in_joint] -= np.float32(depth)


def glass(surface: Surface, box: Pixels, rng, relief: float, interior: str) -> None:
    """A pane: the sky mirrored above, the dark street below, and what hangs behind it."""
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


def draw_window(surface: Surface, box: Pixels, look: Look, rng, shape: str = "") -> None:
    """A recessed window: reveal, frame, panes and bars."""
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
    """The raised band around an opening."""
    band = inset(box, -max(1.0, 0.13 * surface.metre))
    if shape == "arched":
        with surface.cut(band, arch):
            surface.fill(band, look.trim, 0.035)
    else:
        surface.fill(band, look.trim, 0.035)


def draw_sill(surface: Surface, box: Pixels, look: Look, rng, shape: str = "") -> None:
    """A slab; a tall one has a panelled apron below."""
    slab_height = min(box[3] - box[1], max(2.0, 0.13 * surface.metre))
    apron = (box[0], box[1] + slab_height, box[2], box[3])
    if apron[3] - apron[1] > 3:
        surface.fill(apron, mix(look.wall, look.trim, 0.6), 0.03)
        if apron[3] - apron[1] > 8:
            surface.fill(inset(apron, 0.09 * surface.metre), mix(look.wall, look.trim, 0.3), 0.01)
        for x in (0.04, 0.88):
            surface.fill(part(apron, x, 0, x + 0.08, 0.8), look.trim, 0.1)
    surface.fill((*box[:3], box[1] + slab_height), mix(look.trim, (255, 255, 255), 0.08), 0.16)


def draw_head(surface: Surface, box: Pixels, look: Look, rng, shape: str = "flat") -> None:
    """What crowns a window: a flat hood, a pediment, a segment arch or a stone lintel."""
    metre = surface.metre
    if shape == "lintel":
        surface.fill(box, look.trim, 0.03)
        surface.fill(part(box, 0.45, 0, 0.55, 1), mix(look.trim, (255, 255, 255), 0.1), 0.08)
        masonry(surface, box, rng, (0.35, 9.0), 0.82, 0.05)
        return
    edge = max(2.0, 0.11 * metre)
    if shape == "flat" or box[3] - box[1] < 3 * edge:
        surface.fill(box, mix(look.wall, look.trim, 0.75), 0.04)
        surface.fill((*box[:3], box[1] + edge), look.trim, 0.24)
        surface.fill((box[0], box[1] + edge, box[2], box[1] + 1.7 * edge), look.trim, 0.12)
        for x in (0.03, 0.89):
            surface.fill(part(box, x, 0.3, x + 0.08, 1), look.trim, 0.14)
        return
    gable = (box[0], box[1], box[2], box[3] - edge)
    inner = edge * 2.2 / max(gable[3] - gable[1], 1)

    def outer(across, down):
        return _gable(shape, across, down)

    with surface.cut(gable, outer):
        surface.fill(gable, mix(look.trim, (255, 255, 255), 0.05), 0.22)
    with surface.cut(gable, lambda across, down: _gable(shape, across, down - inner)):
        surface.fill(gable, mix(look.wall, look.trim, 0.5), 0.05)
    surface.fill((box[0], box[3] - edge, box[2], box[3]), look.trim, 0.2)


def _gable(shape: str, across, down):
    """Below the line of a pediment (a triangle) or a segment arch (a parabola)."""
    if shape == "pediment":
        return down >= np.abs(across) * 2 - 1
    return down >= across**2 * 2 - 1


def draw_balcony(surface: Surface, box: Pixels, look: Look, rng, shape: str = "iron") -> None:
    """A slab on brackets, and in front a railing of iron, balusters or solid masonry."""
    metre = surface.metre
    slab = part(box, 0, 0.84, 1, 1)
    rail = max(1.0, 0.05 * metre)
    if shape == "solid":
        face = part(box, 0, 0, 1, 0.9)
        surface.fill(face, mix(look.wall, (255, 255, 255), 0.12), 0.7)
        surface.fill(inset(face, 0.12 * metre), mix(look.wall, (255, 255, 255), 0.04), 0.68)
        surface.fill((*face[:3], face[1] + 2 * rail), look.trim, 0.74)
    elif shape == "balusters":
        surface.scale(part(box, 0, 0, 1, 0.84), np.float32(0.6))
        surface.comb(part(box, 0, 0.12, 1, 0.84), 0.2 * metre, 0.11 * metre, look.trim, 0.55)
        surface.comb(part(box, 0, 0.4, 1, 0.7), 0.2 * metre, 0.15 * metre, look.trim, 0.58)
        surface.fill(part(box, 0, 0, 1, 0.16), look.trim, 0.62)
        for x in (0, 0.94):
            surface.fill(part(box, x, 0, x + 0.06, 0.84), look.trim, 0.6)
    else:
        bars = part(box, 0, 0.04, 1, 0.84)
        surface.comb(bars, 0.11 * metre, 1, look.metal, 0.6)
        if look.ornate:
            surface.comb(part(box, 0, 0.3, 1, 0.62), 0.22 * metre, 0.1 * metre, look.metal, 0.6)
        for y in (0.0, 0.24, 0.78):
            top = box[1] + y * (box[3] - box[1])
            surface.fill((box[0], top, box[2], top + rail), look.metal, 0.62)
        for x in (box[0], box[2] - rail):
            surface.fill((x, box[1], x + rail, box[3]), look.metal, 0.62)
    surface.fill(slab, mix(look.trim, (128, 128, 128), 0.15), 0.72)


def draw_blind(surface: Surface, box: Pixels, look: Look, rng, shape: str = "roller") -> None:
    """Louvred leaves beside a window, or slats let down in it."""
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


def draw_deco(surface: Surface, box: Pixels, look: Look, rng, shape: str = "panel") -> None:
    """Carving: a frame, and inside it a mirrored random relief."""
    surface.fill(box, mix(look.wall, look.trim, 0.8), 0.03)
    field = inset(box, max(1.0, 0.06 * surface.metre))
    height, width = surface.shape(field)
    if height < 3 or width < 3:
        return
    half = noise(rng, height, (width + 1) // 2, (5, 5))
    carved = np.concatenate([half, half[:, ::-1][:, width % 2 :]], axis=1)
    rows, columns = surface.window(field)
    surface.relief[rows, columns] = np.float32(0.05) + carved * np.float32(0.06)
    surface.scale(field, 1 + carved * np.float32(0.12))


def draw_molding(surface: Surface, box: Pixels, look: Look, rng, shape: str = "course") -> None:
    """A string course, or an entablature: cornice on consoles, frieze, architrave."""
    metre = surface.metre
    surface.fill(box, mix(look.trim, look.wall, 0.2), 0.05)
    light = mix(look.trim, (255, 255, 255), 0.06)
    if shape == "course" or box[3] - box[1] < 0.35 * metre:
        surface.fill(part(box, 0, 0, 1, 0.3), light, 0.16)
        surface.fill(part(box, 0, 0.3, 1, 0.45), look.trim, 0.1)
        surface.fill(part(box, 0, 0.85, 1, 1), look.trim, 0.08)
        return
    surface.fill(part(box, 0, 0, 1, 0.12), light, 0.62)
    surface.fill(part(box, 0, 0.12, 1, 0.24), look.trim, 0.52)
    if look.ornate:
        surface.comb(part(box, 0, 0.24, 1, 0.44), 0.55 * metre, 0.2 * metre, light, 0.42)
    else:
        surface.comb(part(box, 0, 0.24, 1, 0.34), 0.26 * metre, 0.13 * metre, light, 0.2)
    surface.fill(part(box, 0, 0.82, 1, 0.9), look.trim, 0.1)
    surface.fill(part(box, 0, 0.9, 1, 1), light, 0.14)


def draw_pillar(surface: Surface, box: Pixels, look: Look, rng, shape: str = "") -> None:
    """A half-column: a rounded shaft between base and capital."""
    _, width = surface.shape(box)
    surface.fill(box, mix(look.trim, look.wall, 0.15), 0.1)
    across = (np.arange(width, dtype=np.float32) * 2 + 1) / max(width, 1) - 1
    rows, columns = surface.window(box)
    surface.relief[rows, columns] = np.float32(0.06) + np.float32(0.12) * (1 - across**2)
    block = min(0.45 * surface.metre, 0.12 * (box[3] - box[1]))
    surface.fill((box[0], box[1], box[2], box[1] + block), look.trim, 0.2)
    surface.fill((box[0], box[1] + block, box[2], box[1] + 1.4 * block), mix(look.trim, (0, 0, 0), 0.1), 0.14)
    surface.fill((box[0], box[3] - block, box[2], box[3]), look.trim, 0.2)


def draw_door(surface: Surface, box: Pixels, look: Look, rng, shape: str = "") -> None:
    """Two panelled leaves below a light."""
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


def draw_shop(surface: Surface, box: Pixels, look: Look, rng, shape: str = "") -> None:
    """A shop front: sign board, wide glass over a lit interior, a stall riser, often an awning."""
    if shape == "sign":
        _draw_sign(surface, box, look, rng)
        return
    wood = mix(look.door, (40, 40, 40), 0.4)
    surface.fill(box, wood, -0.05)
    front = part(box, 0.03, 0.22, 0.97, 0.86)
    glass(surface, front, rng, -0.2, "empty")
    goods = part(front, 0.03, 0.3, 0.97, 1)
    height, width = surface.shape(goods)
    if height > 2 and width > 2:
        display = noise(rng, height, width, (4, 10))
        glow = np.linspace(0.25, 0.6, height, dtype=np.float32)[:, None] * np.clip(display + np.float32(0.5), 0, 1)
        rows, columns = surface.window(goods)
        surface.color[:, rows, columns] += mix((255, 222, 170), look.awning, 0.3 * rng.random())[:, None, None] * glow
    panes = max(2, round((box[2] - box[0]) / (1.3 * surface.metre)))
    for x in np.linspace(0, 0.97, panes + 1).tolist():
        surface.fill(part(box, x, 0.2, x + 0.03, 1), wood, -0.1)
    _draw_sign(surface, part(box, 0, 0, 1, 0.2), look, rng)
    if rng.random() < 0.35:
        awning = part(box, 0.01, 0.2, 0.99, 0.42)
        surface.fill(awning, look.awning, 0.8)
        surface.comb(awning, 0.5 * surface.metre, 0.25 * surface.metre, (238, 234, 224), 0.8)
        surface.scale(part(awning, 0, 0.82, 1, 1), np.float32(0.8))


def _draw_sign(surface: Surface, box: Pixels, look: Look, rng) -> None:
    """A painted board with a word of unreadable letters."""
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
