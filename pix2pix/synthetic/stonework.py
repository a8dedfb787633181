"""Masonry and ornament: each function fills one box of a surface with colour and relief (metres)."""

import numpy as np

from pix2pix.synthetic.look import Look, inset, mix, part
from pix2pix.synthetic.surface import Pixels, Surface, noise


def masonry(
    surface: Surface,
    box: Pixels,
    rng: np.random.Generator,
    block: tuple[float, float],
    joint: float,
    vary: float,
    depth: float = 0.012,
) -> None:
    """Draw courses of blocks (width, height in metres), each lighter or darker by up to `vary`, joints `depth` deep.

    `joint`: the joints' lightness against the wall's; above 1 for white mortar.
    """
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


def draw_sill(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "") -> None:
    """Draw a slab; a tall one has a panelled apron below."""
    slab_height = min(box[3] - box[1], max(2.0, 0.13 * surface.metre))
    apron = (box[0], box[1] + slab_height, box[2], box[3])
    if apron[3] - apron[1] > 3:
        surface.fill(apron, mix(look.wall, look.trim, 0.6), 0.03)
        if apron[3] - apron[1] > 8:
            surface.fill(inset(apron, 0.09 * surface.metre), mix(look.wall, look.trim, 0.3), 0.01)
        for x in (0.04, 0.88):
            surface.fill(part(apron, x, 0, x + 0.08, 0.8), look.trim, 0.1)
    surface.fill((*box[:3], box[1] + slab_height), mix(look.trim, (255, 255, 255), 0.08), 0.16)


def draw_head(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "flat") -> None:
    """Draw what crowns a window: a flat hood, a pediment, a segment arch or a stone lintel."""
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


def draw_balcony(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "iron") -> None:
    """Draw a slab on brackets, and in front a railing of iron, balusters or solid masonry."""
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


def draw_deco(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "panel") -> None:
    """Draw carving: a frame, and inside it a mirrored random relief."""
    surface.fill(box, mix(look.wall, look.trim, 0.8), 0.03)
    field = inset(box, max(1.0, 0.06 * surface.metre))
    height, width = surface.shape(field)
    if height < 3 or width < 3:
        return
    leaf = 0.16 * surface.metre
    half = noise(rng, height, (width + 1) // 2, (height / leaf, width / 2 / leaf))
    leaves = np.clip(np.concatenate([half, half[:, ::-1][:, width % 2 :]], axis=1) * 4, -0.6, 1)
    rows, columns = surface.window(field)
    surface.relief[rows, columns] = np.float32(0.05) + leaves * np.float32(0.05)
    surface.scale(field, 1 + leaves * np.float32(0.07))
    if field[2] - field[0] > 5 * leaf:
        boss = part(field, 0.38, 0.08, 0.62, 0.92)
        with surface.cut(boss, lambda across, down: across**2 + down**2 <= 1):
            surface.fill(boss, mix(look.trim, (255, 255, 255), 0.06), 0.14)
        with surface.cut(inset(boss, 0.4 * leaf), lambda across, down: across**2 + down**2 <= 1):
            surface.fill(boss, mix(look.wall, look.trim, 0.5), 0.09)


def draw_molding(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "course") -> None:
    """Draw a string course, or an entablature: cornice on consoles, frieze, architrave."""
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


def draw_pillar(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator, shape: str = "") -> None:
    """Draw a half-column: a rounded shaft between base and capital."""
    _, width = surface.shape(box)
    surface.fill(box, mix(look.trim, look.wall, 0.15), 0.1)
    across = (np.arange(width, dtype=np.float32) * 2 + 1) / max(width, 1) - 1
    rows, columns = surface.window(box)
    surface.relief[rows, columns] = np.float32(0.06) + np.float32(0.12) * (1 - across**2)
    block = min(0.45 * surface.metre, 0.12 * (box[3] - box[1]))
    surface.fill((box[0], box[1], box[2], box[1] + block), look.trim, 0.2)
    surface.fill((box[0], box[1] + block, box[2], box[1] + 1.4 * block), mix(look.trim, (0, 0, 0), 0.1), 0.14)
    surface.fill((box[0], box[3] - block, box[2], box[3]), look.trim, 0.2)
