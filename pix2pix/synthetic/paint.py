"""Renders a plan as a photo: scenery, wall, parts from back to front, then light, lens and film."""

import numpy as np
from PIL import Image

from pix2pix.synthetic import openings, stonework
from pix2pix.synthetic.look import Look, mix, part
from pix2pix.synthetic.plan import Box, Plan, to_pixels
from pix2pix.synthetic.surface import FAR, Light, Pixels, Surface, noise

# Back to front as they stand in front of one another; the label order has the window over the balcony.
_PARTS = {
    "molding": stonework.draw_molding,
    "deco": stonework.draw_deco,
    "sill": stonework.draw_sill,
    "window": openings.draw_window,
    "blind": openings.draw_blind,
    "cornice": stonework.draw_head,
    "door": openings.draw_door,
    "shop": openings.draw_shop,
    "balcony": stonework.draw_balcony,
    "pillar": stonework.draw_pillar,
}
_STOREY = 3.4  # metres
_FRAMES = ((238, 236, 230), (226, 222, 210), (90, 64, 44), (60, 62, 64), (120, 92, 64), (240, 240, 240), (74, 90, 76))
_SHUTTERS = ((62, 96, 70), (120, 44, 40), (232, 228, 216), (92, 70, 50), (74, 98, 124), (110, 120, 104), (146, 52, 44))
_DOORS = ((84, 54, 36), (60, 40, 30), (46, 66, 54), (110, 72, 44), (58, 58, 62), (92, 34, 32))
_METALS = ((34, 36, 38), (48, 50, 50), (70, 74, 76), (36, 52, 46))
_AWNINGS = ((170, 40, 36), (36, 86, 66), (40, 66, 120), (190, 140, 50), (110, 40, 60), (50, 50, 54))


def paint(plan: Plan, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The photo `(height, width, 3)` uint8 of `plan`; every part fills exactly the pixels of its label."""
    oversampling = 2 if min(height, width) <= 512 else 1
    surface = Surface(height, width, oversampling, metre=plan.storey_height * height / _STOREY)
    look = _look(plan, rng)
    placed = [(element, _pixels(element.box, surface)) for element in plan.elements]
    _paint_scenery(surface, plan, look, rng)
    _paint_wall(surface, plan, look, rng)
    for element, box in placed:
        if look.ornate and element.name in ("window", "door"):
            openings.draw_surround(surface, box, look, element.shape)
    for name, draw in _PARTS.items():
        for element, (left, top, right, bottom) in placed:
            if element.name == name:
                draw(surface, (left, top, right, bottom + element.hidden * surface.height), look, rng, element.shape)
    if plan.projection:
        surface.relief[surface.window(_pixels(plan.projection, surface))] += np.float32(0.3)
    photo = Image.fromarray(surface.lit(_light(rng))).reduce(oversampling)
    return _film(np.asarray(photo), rng)


def _pixels(box: Box, surface: Surface) -> Pixels:
    """A box of the plan on the surface, its edges exactly on those of its label's pixels."""
    fine = surface.oversampling
    left, top, right, bottom = to_pixels(box, surface.height // fine, surface.width // fine)
    return left * fine, top * fine, right * fine, bottom * fine


def _look(plan: Plan, rng: np.random.Generator) -> Look:
    def pick(options):
        return options[int(rng.integers(len(options)))]

    style = plan.style
    tint = rng.integers(-4, 5, 3) + rng.integers(-14, 15)
    return Look(
        style=style,
        wall=tuple(np.clip(np.array(pick(style.walls)) + tint, 0, 255)),
        trim=tuple(np.clip(np.array(pick(style.trims)) + tint // 2, 0, 255)),
        frame=pick(_FRAMES),
        shutter=pick(_SHUTTERS),
        door=pick(_DOORS),
        metal=pick(_METALS),
        awning=pick(_AWNINGS),
        sash=pick(style.sashes),
        transom=0.25 + 0.15 * float(rng.random()),
        ornate=style.deco >= 0.4,
        rusticated=style.deco >= 0.4 and style.texture != "brick" and bool(rng.random() < 0.5),
    )


def _paint_scenery(surface: Surface, plan: Plan, look: Look, rng: np.random.Generator) -> None:
    """Paint the sky with clouds, neighbours left and right, roof, street."""
    front = _pixels(plan.front, surface)
    height, width = surface.height, surface.width
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    zenith, horizon = ((92, 136, 196), (190, 210, 228)) if rng.random() < 0.6 else ((196, 202, 208), (226, 228, 230))
    surface.color[:] = mix(zenith, zenith, 0)[:, None, None]
    surface.color += (mix(horizon, zenith, 0) - mix(zenith, zenith, 0))[:, None, None] * np.minimum(down * 2, 1)
    octaves = [
        noise(rng, height, width, (7 * 2**octave, 3 * 2**octave)) * np.float32(0.6**octave) for octave in range(4)
    ]
    surface.color += (246 - surface.color) * np.clip(sum(octaves) * np.float32(0.8) + np.float32(0.1), 0, 0.85)
    surface.relief[:] = FAR
    surface.gloss[:] = True
    for left, right in ((0, front[0]), (front[2], width)):
        if right - left > 2:
            _paint_neighbour(
                surface, (left, front[1] + height * 0.2 * (rng.random() - 0.4), right, front[3]), look, rng
            )
    if front[3] < height:
        street = (0, front[3], width, height)
        surface.fill(street, (104, 104, 106), -0.3)
        kerb = front[3] + 0.45 * (height - front[3])
        surface.fill((0, front[3], width, kerb), (164, 160, 154), 0.0)
        surface.fill((0, kerb - 2, width, kerb), (196, 194, 190), 0.05)
    if plan.roof != "flat":
        roof_top = front[1] - plan.roof_height * height
        _paint_roof(surface, plan.roof, (front[0], roof_top, front[2], front[1]), look, rng)


def _paint_neighbour(surface: Surface, box: Pixels, look: Look, rng: np.random.Generator) -> None:
    """Paint a plain house beside the front: background in the labels, so only hinted at."""
    shade = 120 + 90 * rng.random()
    surface.fill(box, mix((shade, shade * 0.95, shade * 0.86), look.wall, 0.3 * rng.random()), -0.1)
    metre = surface.metre
    top = box[1] + 0.9 * metre
    surface.fill((*box[:3], box[1] + 0.4 * metre), (188, 182, 170), 0.1)
    while top + 2 * metre < box[3]:
        left = box[0] + 0.7 * metre
        while left < box[2]:
            openings.draw_window(surface, (left, top, min(left + 1.1 * metre, box[2]), top + 1.9 * metre), look, rng)
            left += 2.4 * metre
        top += 3.3 * metre


def _paint_roof(surface: Surface, kind: str, box: Pixels, look: Look, rng: np.random.Generator) -> None:
    if box[3] - box[1] < 2:
        return
    if kind == "tiles":
        surface.fill(box, mix((150, 84, 60), (110, 78, 66), rng.random()), 0.0)
        stonework.masonry(surface, box, rng, (0.3, 0.28), 0.75, 0.12, 0.03)
    else:
        surface.fill(box, mix((112, 120, 128), (86, 90, 98), rng.random()), 0.0)
        surface.comb(box, 0.6 * surface.metre, 1, (146, 152, 158), 0.06)
        surface.fill(part(box, 0, 0, 1, 0.06), (140, 146, 150), 0.12)
    height, width = surface.shape(box)
    surface.scale(box, 1 + np.float32(0.08) * noise(rng, height, width, (5, 12)))


def _paint_wall(surface: Surface, plan: Plan, look: Look, rng: np.random.Generator) -> None:
    """Paint the front itself, its texture and weathering."""
    front = _pixels(plan.front, surface)
    surface.fill(front, look.wall, 0.0)
    height, width = surface.shape(front)
    texture = look.style.texture
    if texture == "brick":
        stonework.masonry(surface, front, rng, (0.26, 0.1), 1.12, 0.13, 0.004)
    elif texture == "ashlar":
        stonework.masonry(surface, front, rng, (0.9, 0.45), 0.86, 0.035)
    elif texture == "panel":
        stonework.masonry(surface, front, rng, (2.4, _STOREY / 2), 0.8, 0.03)
    stains = noise(rng, height, width, (6, 6)) + noise(rng, height, width, (3, 40)) * np.float32(0.6)
    rough = noise(rng, height, width, (height / 3, width / 3))
    surface.scale(front, 1 + np.float32(0.03) * stains + np.float32(0.025) * rough)
    if plan.ground_top < 1:
        if look.rusticated:
            ground = _pixels((plan.front[0], plan.ground_top, plan.front[2], plan.front[3]), surface)
            stonework.masonry(surface, ground, rng, (1.1, 0.42), 0.72, 0.03, 0.05)
        socle = (front[0], front[3] - 0.5 * surface.metre, front[2], front[3])
        surface.fill(socle, mix(look.trim, (120, 116, 112), 0.55), 0.06)


def _light(rng: np.random.Generator) -> Light:
    """Sun from the upper left or right, from hard to hazy; a flat lit wall comes out at about its own colour."""
    sunny = 0.25 + 0.4 * rng.random()
    side = 0.3 + 0.6 * rng.random()
    slope = (side if rng.random() < 0.5 else -side, 0.6 + 0.6 * rng.random())
    sun = tuple(sunny * tint for tint in (1.05, 1.0, 0.92))
    sky = tuple((1 - sunny) * tint for tint in (0.97, 1.0, 1.05))
    return Light(slope, sun, sky)


def _film(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, white balance, contrast and grain of the camera: `(H, W, 3)` uint8."""
    exposure = np.float32(0.82 + 0.3 * rng.random())
    balance = (1 + (rng.random(3) - 0.5) * 0.06).astype(np.float32)
    tone = np.arange(256, dtype=np.float32)[:, None] * exposure * balance / 255
    tone = tone + np.float32(0.25 * rng.random()) * tone * (1 - tone) * (2 * tone - 1)
    curve = np.clip(tone * 255 + np.float32(0.5), 0, 255).astype(np.uint8)
    developed = np.stack([curve[photo[..., channel], channel] for channel in range(3)], axis=-1)
    grain = rng.integers(-3, 4, photo.shape[:2], dtype=np.int16) + rng.integers(-3, 4, photo.shape[:2], dtype=np.int16)
    return np.clip(developed + grain[..., None], 0, 255).astype(np.uint8)
