"""Where everything on a facade is: a style, storeys, bays, and from them a list of labelled rectangles.

All lengths here are fractions of the picture (x right, y down, 0..1), so that a plan is drawn at any size.
"""

from dataclasses import dataclass, field

import numpy as np

from pix2pix.labels import DRAWING_ORDER, INDEX
from pix2pix.synthetic.styles import STYLES, Style

Box = tuple[float, float, float, float]  # (left, top, right, bottom)


@dataclass(frozen=True)
class Element:
    """One rectangle: its class (a name of `labels.NAMES`), where it is, and which shape it is drawn in."""

    name: str
    box: Box
    shape: str = ""


@dataclass
class Plan:
    style: Style
    front: Box  # the facade's own part of the picture; the rest is background
    roof: str
    roof_height: float
    storey_height: float  # of an ordinary storey
    has_street: bool  # whether the facade reaches the ground inside the picture
    elements: list[Element] = field(default_factory=list)

    def add(self, name: str, box: Box, shape: str = "") -> None:
        left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
        if right > left and bottom > top:
            self.elements.append(Element(name, (left, top, right, bottom), shape))


def make_plan(rng: np.random.Generator, aspect: float) -> Plan:
    """A random facade for a picture of `aspect` = width / height."""
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    front, has_street = _front(rng)
    return _Builder(rng, style, front, has_street, aspect).build()


def rasterize(plan: Plan, height: int, width: int) -> np.ndarray:
    """The plan's label map `(height, width)` uint8, elements painted back to front."""
    labels = np.full((height, width), INDEX["background"], dtype=np.uint8)
    order = {name: rank for rank, name in enumerate(DRAWING_ORDER)}
    for element in sorted(plan.elements, key=lambda element: order[element.name]):
        left, top, right, bottom = to_pixels(element.box, height, width)
        labels[top:bottom, left:right] = INDEX[element.name]
    return labels


def to_pixels(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """Fractions -> whole pixels (left, top, right, bottom), at least one pixel wide and high."""
    left, top = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    return left, top, max(round(box[2] * width), left + 1), max(round(box[3] * height), top + 1)


def _front(rng: np.random.Generator) -> tuple[Box, bool]:
    """The facade's box: most pictures are close crops, some show much sky, neighbours and street."""
    background = 0.005 + 0.5 * rng.random() ** 2.3
    left, top, right, bottom = rng.random(4) * (0.6, 1.2, 0.6, 0.35) * (rng.random(4) < (0.6, 0.75, 0.6, 0.7))
    scale = background / max(left + top + right + bottom, 1e-9)
    left, top, right, bottom = (min(edge * scale, 0.3) for edge in (left, top, right, bottom))
    return (left, top, 1 - right, 1 - bottom), bool(bottom > 0 or rng.random() < 0.55)


class _Builder:
    """Lays out one building; every choice that rhythm needs is made once per storey or mirrored pair of bays."""

    def __init__(self, rng: np.random.Generator, style: Style, front: Box, has_street: bool, aspect: float):
        self.rng, self.style = rng, style
        left, top, right, bottom = front
        self.left, self.right, self.top, self.bottom = left, right, top, bottom
        storeys = int(rng.integers(style.storeys[0], style.storeys[1] + 1))
        entablature = (bottom - top) * self.between(0.04, 0.1) if self.chance(0.85) else 0.0
        ground = self.between(1.0, 1.4) if has_street else 0.0
        tall = np.ones(storeys)
        tall[0] *= self.between(0.8, 1.0)
        tall[-1] *= self.between(1.0, 1.2)
        unit = (bottom - top - entablature) / (tall.sum() + ground)
        self.lines = top + entablature + unit * np.concatenate(([0.0], np.cumsum(tall)))  # storey boundaries
        self.ground_top = self.lines[-1]
        self.bays = self.bay_edges(unit, aspect)
        self.plan = Plan(style, front, self.pick(style.roofs), self.between(0.5, 0.9) * unit, unit, has_street)
        self.entablature = entablature

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self.rng.random())

    def pick(self, options: tuple) -> object:
        return options[int(self.rng.integers(len(options)))]

    def bay_edges(self, storey: float, aspect: float) -> np.ndarray:
        """Bay boundaries, mirrored about the axis; the middle and the outer bays may be wider."""
        wanted = storey * self.between(*self.style.bay) / aspect
        count = int(np.clip(round((self.right - self.left) / wanted), 2, 24))
        widths = np.ones(count)
        if self.chance(0.4):
            middle = self.between(1.1, 1.5)
            widths[(count - 1) // 2] = widths[count // 2] = middle
        if self.chance(0.35):
            widths[0] = widths[-1] = self.between(1.1, 1.35)
        margin = self.between(0.0, 0.35)
        edges = np.concatenate(([margin], margin + np.cumsum(widths)))
        return self.left + (self.right - self.left) * edges / (edges[-1] + margin)

    def build(self) -> Plan:
        plan, style = self.plan, self.style
        plan.add("facade", (self.left, self.top, self.right, self.bottom))
        self.add_roof()
        self.add_entablature()
        self.window_size = self.between(*style.window_width), self.between(*style.window_height)
        self.has_shutters = self.chance(style.shutters)
        self.has_rollers = self.chance(style.rollers)
        self.head_shape, self.railing = self.pick(style.heads), self.pick(style.railings)
        self.paired = self.mirrored([self.chance(style.paired) for _ in range(len(self.bays))])
        self.has_balconies = self.chance(style.balcony)
        self.has_deco = self.chance(style.deco)
        pillars = self.chance(style.pillar)
        storeys = len(self.lines) - 1
        for storey in range(storeys):
            self.add_storey(storey, self.lines[storey], self.lines[storey + 1])
        if pillars:
            first, last = sorted(self.rng.integers(0, storeys, 2))
            self.add_pillars(self.lines[first], self.lines[last + 1])
        if plan.has_street:
            self.add_ground_floor()
        return plan

    def mirrored(self, values: list) -> list:
        """One value per bay, the right half repeating the left."""
        count = len(self.bays) - 1
        return [values[min(bay, count - 1 - bay)] for bay in range(count)]

    def add_roof(self) -> None:
        """A steep roof above the front: with dormers it is part of the facade, otherwise background."""
        plan = self.plan
        plan.roof_height = min(plan.roof_height, self.top * 0.9)
        if plan.roof == "flat" or plan.roof_height < 0.06 or not self.chance(0.5):
            return
        top = self.top - plan.roof_height
        plan.add("facade", (self.left, top, self.right, self.top), "roof")
        for bay, wanted in enumerate(self.mirrored([self.chance(0.6) for _ in range(len(self.bays))])):
            if wanted:
                left, right = self.bays[bay], self.bays[bay + 1]
                middle, half = (left + right) / 2, 0.2 * (right - left)
                plan.add("window", (middle - half, top + 0.3 * plan.roof_height,
                                    middle + half, top + 0.85 * plan.roof_height), "dormer")  # fmt: skip

    def add_entablature(self) -> None:
        if not self.entablature:
            return
        self.plan.add("molding", (self.left, self.top, self.right, self.top + self.entablature), "entablature")
        if self.chance(self.style.deco * 0.5):
            height = 0.35 * self.entablature
            top = self.top + 0.45 * self.entablature
            for left, right in zip(self.bays[:-1], self.bays[1:], strict=True):
                quarter = (right - left) / 4
                self.plan.add("deco", (left + quarter, top, right - quarter, top + height), "panel")

    def add_storey(self, storey: int, top: float, bottom: float) -> None:
        style, height = self.style, bottom - top
        band = height * self.between(0.05, 0.16) if self.chance(style.molding) else 0.0
        if band:
            self.plan.add("molding", (self.left, bottom - band, self.right, bottom), "course")
        arched = self.chance(style.arched)
        heads, sills = self.chance(style.head), self.chance(style.sill)
        storey_balcony = self.has_balconies and self.chance(0.6)
        long_balcony = storey_balcony and self.chance(style.long_balcony)
        balconies = self.mirrored([storey_balcony and self.chance(0.45) for _ in range(len(self.bays))])
        deco = self.has_deco and self.chance(0.5)
        tall = height * self.window_size[1] * self.between(0.92, 1.08)
        window_bottom = bottom - max(band, 0.08 * height) - height * self.between(0.06, 0.14)
        window_top = max(window_bottom - tall, top + 0.08 * height)
        rail_top = bottom - 0.3 * height
        if long_balcony:
            self.plan.add("balcony", (self.left, rail_top, self.right, bottom - 0.02 * height), self.railing)
        for bay in range(len(self.bays) - 1):
            left, right = self.bays[bay], self.bays[bay + 1]
            width = right - left
            half = width * self.window_size[0] / 2
            middle = (left + right) / 2
            box = (middle - half, window_top, middle + half, window_bottom)
            if long_balcony or balconies[bay]:
                box = (box[0], box[1], box[2], rail_top)
                if not long_balcony:
                    reach = min(half * 1.55, 0.5 * width)
                    self.plan.add("balcony", (middle - reach, rail_top, middle + reach, bottom - 0.02 * height),
                                  self.railing)  # fmt: skip
            elif sills:
                reach, drop = min(half * 1.25, 0.48 * width), height * 0.07
                self.plan.add("sill", (middle - reach, box[3], middle + reach, box[3] + drop))
            if heads:
                reach, rise = min(half * 1.3, 0.48 * width), min(height * 0.16, box[1] - top)
                self.plan.add("cornice", (middle - reach, box[1] - rise, middle + reach, box[1]), self.head_shape)
            elif deco:
                self.plan.add("deco", (middle - half * 0.6, top + 0.04 * height,
                                       middle + half * 0.6, box[1] - 0.02 * height), "panel")  # fmt: skip
            self.add_window(box, self.paired[bay], arched)

    def add_window(self, box: Box, paired: bool, arched: bool) -> None:
        left, top, right, bottom = box
        width = right - left
        shape = "arched" if arched else ""
        if self.has_shutters:
            leaf = 0.42 * width
            self.plan.add("blind", (left - leaf, top, left, bottom), "shutter")
            self.plan.add("blind", (right, top, right + leaf, bottom), "shutter")
        elif self.has_rollers and self.chance(0.6):
            drawn = top + (bottom - top) * self.between(0.2, 0.7)
            self.plan.add("blind", (left, top, right, drawn), "roller")
            top, shape = drawn, ""
        if paired:
            gap = 0.06 * width
            self.plan.add("window", (left, top, (left + right) / 2 - gap, bottom), shape)
            self.plan.add("window", ((left + right) / 2 + gap, top, right, bottom), shape)
        else:
            self.plan.add("window", (left, top, right, bottom), shape)

    def add_pillars(self, top: float, bottom: float) -> None:
        half = 0.06 * float(np.mean(np.diff(self.bays)))
        for x in self.bays:
            self.plan.add("pillar", (max(x - half, self.left), top, min(x + half, self.right), bottom))

    def add_ground_floor(self) -> None:
        plan, top, bottom = self.plan, self.ground_top, self.bottom
        height = bottom - top
        band = height * self.between(0.08, 0.2)
        if self.chance(0.7):
            plan.add("molding", (self.left, top, self.right, top + band), "course")
        count = len(self.bays) - 1
        door_bay = count // 2 if self.chance(0.6) else int(self.rng.integers(count))
        has_shops, has_door = self.chance(self.style.shop), self.chance(0.75)
        for bay in range(count):
            left, right = self.bays[bay], self.bays[bay + 1]
            middle, width = (left + right) / 2, right - left
            if bay == door_bay and has_door:
                half = width * self.between(0.26, 0.34)
                plan.add("door", (middle - half, top + 0.28 * height, middle + half, bottom), "arched")
            elif has_shops:
                half = width * 0.42
                plan.add("shop", (middle - half, top + band + 0.08 * height, middle + half, bottom - 0.06 * height))
            else:
                half = width * self.window_size[0] / 2
                plan.add("window", (middle - half, top + 0.3 * height, middle + half, bottom - 0.28 * height))
