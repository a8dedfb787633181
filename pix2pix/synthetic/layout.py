"""Lays out a facade: a style, storeys, bays, and what sits in each.

Rhythm comes from deciding once per building, per storey, or per mirrored pair of bays; only what people move
by hand (blinds) is decided window by window. Lengths are fractions of the picture.
"""

import numpy as np

from pix2pix.synthetic.plan import Box, Element, Plan
from pix2pix.synthetic.styles import STYLES, Style


def make_plan(rng: np.random.Generator, aspect: float) -> Plan:
    """A random facade for a picture of `aspect` = width / height."""
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[rng.choice(len(STYLES), p=weights / weights.sum())]
    return _Architect(rng, style, aspect).build()


class _Architect:
    def __init__(self, rng: np.random.Generator, style: Style, aspect: float):
        self.rng, self.style = rng, style
        self.left, self.top, self.right, self.bottom = self.front()
        self.has_ground_floor = self.bottom < 1 or self.chance(0.6)

        height = self.bottom - self.top
        self.entablature = height * self.between(0.04, 0.12) if self.chance(0.88) else 0.0
        storeys = int(rng.integers(style.storeys[0], style.storeys[1] + 1))
        heights = np.ones(storeys)
        heights[0] = self.between(0.8, 1.0)
        heights[-1] = self.between(1.0, 1.2)  # the piano nobile
        ground = self.between(1.0, 1.4) if self.has_ground_floor else 0.0
        self.storey = (height - self.entablature) / (float(heights.sum()) + ground)
        floors = np.concatenate(([0.0], np.cumsum(heights)))
        lines = self.top + self.entablature + self.storey * floors
        self.storeys = list(zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True))  # (top, bottom)
        self.bays = self.bay_edges(aspect)
        self.pairs = [(float(left), float(right)) for left, right in zip(self.bays[:-1], self.bays[1:], strict=True)]

        self.plan = Plan(style, (self.left, self.top, self.right, self.bottom), self.storey, self.storeys[-1][1],
                         self.pick(style.roofs))  # fmt: skip
        self.window_size = self.between(*style.window_width), self.between(*style.window_height)
        self.heads = self.mirrored(self.pick(style.heads), self.pick(style.heads), self.chance(0.25))
        self.railing = self.pick(style.railings)
        self.paired = self.some_bays(1.0 if self.chance(style.paired * 0.3) else style.paired * 0.7)
        self.balcony_bays = self.some_bays(0.45)
        self.has_balconies, self.has_deco = self.chance(style.balcony), self.chance(style.deco)
        self.has_shutters, self.has_rollers = self.chance(style.shutters), self.chance(style.rollers)
        self.sill_drop = self.between(0.1, 0.2) if self.chance(0.5) else self.between(0.06, 0.1)
        self.head_rise, self.head_reach = self.between(0.18, 0.36), self.between(1.25, 2.4)
        self.sill_reach = self.between(1.2, 1.9)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self.rng.random())

    def pick(self, options: tuple):
        return options[int(self.rng.integers(len(options)))]

    def some_bays(self, probability: float) -> list[bool]:
        """Mirrored pairs of bays, each drawn with `probability`."""
        count = len(self.pairs)
        drawn = [self.chance(probability) for _ in range((count + 1) // 2)]
        return [drawn[min(bay, count - 1 - bay)] for bay in range(count)]

    def mirrored(self, first, second, alternate: bool) -> list:
        """`first` in every bay, or the two in turn from the middle outwards."""
        count = len(self.pairs)
        return [second if alternate and min(bay, count - 1 - bay) % 2 else first for bay in range(count)]

    def add(self, name: str, box: Box, shape: str = "", hidden: float = 0.0) -> None:
        if box[2] > box[0] and box[3] > box[1]:
            self.plan.elements.append(Element(name, box, shape, hidden))

    def front(self) -> Box:
        """Most pictures are close crops, some show much sky, neighbours and street; some are cut out of a facade."""
        if self.chance(0.2):
            beyond = self.between(0.05, 0.3)
            return (-beyond, 0.0 if self.chance(0.5) else -beyond / 2, 1 + beyond, 1.0)
        draw = float(self.rng.random())
        background = 0.005 + 0.66 * draw * draw * (0.7 + 0.3 * draw)  # mostly little, now and then half the picture
        edges = self.rng.random(4) * (0.6, 1.2, 0.6, 0.35) * (self.rng.random(4) < (0.6, 0.75, 0.6, 0.7))
        left, top, right, bottom = np.minimum(edges * background / max(edges.sum(), 1e-9), 0.35).tolist()
        return (left, top, 1 - right, 1 - bottom)

    def bay_edges(self, aspect: float) -> np.ndarray:
        """Bay boundaries, mirrored about the axis; the middle and the outer bays may be wider."""
        wanted = self.storey * self.between(*self.style.bay) / aspect
        count = int(np.clip(round((self.right - self.left) / wanted), 2, 30))
        widths = np.ones(count)
        if self.chance(0.4):
            widths[(count - 1) // 2] = widths[count // 2] = self.between(1.1, 1.5)
        if self.chance(0.35):
            widths[0] = widths[-1] = self.between(1.1, 1.35)
        margin = self.between(0.0, 0.35)
        edges = np.concatenate(([margin], margin + np.cumsum(widths)))
        return self.left + (self.right - self.left) * edges / (edges[-1] + margin)

    def build(self) -> Plan:
        self.add("facade", self.plan.front)
        self.add_projection()
        self.add_entablature()
        self.add_roof()
        for top, bottom in self.storeys:
            self.add_storey(top, bottom)
        if self.chance(self.style.pillar):
            self.add_pillars()
        if self.has_ground_floor:
            self.add_ground_floor()
        return self.plan

    def add_projection(self) -> None:
        count = len(self.pairs)
        if count >= 5 and self.chance(0.3):
            wing = count // 2 - int(self.rng.integers(0, 2)) if count % 2 else count // 2 - 1
            self.plan.projection = (float(self.bays[wing]), self.top, float(self.bays[count - wing]), self.bottom)

    def add_roof(self) -> None:
        """Add a steep roof above the front: with dormers it is part of the facade, otherwise background."""
        plan = self.plan
        plan.roof_height = min(self.between(0.5, 0.9) * self.storey, max(self.top, 0) * 0.9)
        if plan.roof == "flat" or plan.roof_height < 0.06 or not self.chance(0.5):
            return
        top = self.top - plan.roof_height
        self.add("facade", (self.left, top, self.right, self.top), "roof")
        for (left, right), wanted in zip(self.pairs, self.some_bays(0.6), strict=True):
            if wanted:
                middle, half = (left + right) / 2, 0.2 * (right - left)
                self.add("window", (middle - half, top + 0.3 * plan.roof_height,
                                    middle + half, top + 0.85 * plan.roof_height), "dormer")  # fmt: skip

    def add_entablature(self) -> None:
        if not self.entablature:
            return
        bottom = self.top + self.entablature
        self.add("molding", (self.left, self.top, self.right, bottom), "entablature")
        if self.top > 0.5 * self.entablature and self.chance(self.style.deco * 0.5):
            top = self.top - self.between(0.4, 0.6) * self.entablature
            self.add("balcony", (self.left, top, self.right, self.top), "balusters")
            self.plan.roof = "flat"
        if self.has_deco and self.chance(0.75):
            share = self.between(0.4, 0.8)
            for left, right in self.pairs:
                reach = (right - left) * share / 2
                middle = (left + right) / 2
                self.add("deco", (middle - reach, self.top + 0.42 * self.entablature, middle + reach,
                                  bottom - 0.14 * self.entablature), "panel")  # fmt: skip

    def add_storey(self, top: float, bottom: float) -> None:
        style, height = self.style, bottom - top
        band = height * self.between(0.06, 0.2) if self.chance(style.molding) else 0.0
        if band:
            self.add("molding", (self.left, bottom - band, self.right, bottom), "course")
        shape = "arched" if self.chance(style.arched) else ""
        has_heads, has_sills = self.chance(style.head), self.chance(style.sill)
        has_balconies = self.has_balconies and self.chance(0.65)
        is_long = has_balconies and self.chance(style.long_balcony)
        has_deco, has_aedicules = self.has_deco and self.chance(0.65), has_heads and self.chance(0.6 * style.pillar)
        window_bottom = bottom - max(band, 0.08 * height) - height * (self.sill_drop if has_sills else 0.1)
        window_top = max(window_bottom - height * self.window_size[1] * self.between(0.9, 1.05), top + 0.1 * height)
        rail_top, slab_bottom = bottom - self.between(0.28, 0.42) * height, bottom - 0.02 * height
        if not has_sills and self.chance(0.45):
            self.add("molding", (self.left, window_bottom, self.right, window_bottom + 0.07 * height), "course")
        if is_long:
            self.add("balcony", (self.left, rail_top, self.right, slab_bottom), self.railing)
        for bay, (left, right) in enumerate(self.pairs):
            width, middle = right - left, (left + right) / 2
            half = width * self.window_size[0] / 2
            box = (middle - half, window_top, middle + half, window_bottom)
            hidden = 0.0
            if is_long or (has_balconies and self.balcony_bays[bay]):
                box, hidden = (*box[:3], rail_top), bottom - 0.07 * height - rail_top
                if not is_long:
                    reach = min(half * 1.9, 0.5 * width)
                    self.add("balcony", (middle - reach, rail_top, middle + reach, slab_bottom), self.railing)
            elif has_sills:
                reach = min(half * self.sill_reach, 0.5 * width)
                self.add("sill", (middle - reach, box[3], middle + reach, box[3] + height * self.sill_drop))
            if has_heads:
                reach, rise = min(half * self.head_reach, 0.5 * width), min(height * self.head_rise, box[1] - top)
                self.add("cornice", (middle - reach, box[1] - rise, middle + reach, box[1]), self.heads[bay])
            elif has_deco:
                reach = half * 1.2
                self.add("deco", (middle - reach, top + 0.02 * height, middle + reach, box[1]), "panel")
            if has_aedicules:
                thickness = min(0.16 * half, 0.5 * width - half)
                for x in (box[0] - thickness, box[2]):
                    self.add("pillar", (x, box[1], x + thickness, box[3]))
            self.add_window(box, self.paired[bay], shape, hidden, 0.46 * width - half)

    def add_window(self, box: Box, paired: bool, shape: str, hidden: float, room: float) -> None:
        """`room`: how far shutters may reach to either side."""
        left, top, right, bottom = box
        width = right - left
        if self.has_shutters:
            leaf = min(0.45 * width, room)
            self.add("blind", (left - leaf, top, left, bottom), "shutter", hidden)
            self.add("blind", (right, top, right + leaf, bottom), "shutter", hidden)
        elif self.has_rollers and self.chance(0.5):
            drawn = top + (bottom - top) * self.between(0.2, 0.75)
            self.add("blind", (left, top, right, drawn), "roller")
            top, shape = drawn, ""
        if paired:
            gap, middle = 0.06 * width, (left + right) / 2
            self.add("window", (left, top, middle - gap, bottom), shape, hidden)
            self.add("window", (middle + gap, top, right, bottom), shape, hidden)
        else:
            self.add("window", (left, top, right, bottom), shape, hidden)

    def add_pillars(self) -> None:
        """Add a giant order over some storeys, between all bays, or only where the front and its middle end."""
        first, last = sorted(self.rng.integers(0, len(self.storeys), 2).tolist())
        top, bottom = self.storeys[first][0], self.storeys[last][1]
        half = self.between(0.05, 0.09) * (self.pairs[-1][1] - self.pairs[0][0]) / len(self.pairs)
        edges = self.bays.tolist()
        if self.chance(0.3):
            edges = [edges[0], edges[-1]] + ([edges[1], edges[-2]] if len(edges) > 4 else [])
        for x in edges:
            self.add("pillar", (max(x - half, self.left), top, min(x + half, self.right), bottom))

    def door_bays(self) -> set[int]:
        """In the middle (two doors, where two bays share it), or anywhere."""
        count = len(self.pairs)
        if self.chance(0.65) and (count % 2 or self.chance(0.4)):
            return {(count - 1) // 2, count // 2}
        return {int(self.rng.integers(count))}

    def add_ground_floor(self) -> None:
        top, bottom, style = self.plan.ground_top, self.bottom, self.style
        height = bottom - top
        band = height * self.between(0.08, 0.2) if self.chance(0.75) else 0.0
        if band:
            self.add("molding", (self.left, top, self.right, top + band), "course")
        count = len(self.pairs)
        door_bays = self.door_bays() if self.chance(0.8) else set()
        shop_bays = [self.chance(0.85) for _ in range(count)] if self.chance(style.shop) else [False] * count
        shape = "arched" if self.chance(style.arched * 2) else ""
        if band and any(shop_bays) and self.chance(0.6):
            first, last = self.pairs[count // 4][0], self.pairs[count - 1 - count // 4][1]
            self.add("shop", (first, top + 0.15 * band, last, top + 0.9 * band), "sign")
        for bay, (left, right) in enumerate(self.pairs):
            middle, width = (left + right) / 2, right - left
            if bay in door_bays:
                half = width * self.between(0.24, 0.3)
                door_top = top + max(0.3 * height, band + 0.12 * height)
                self.add("door", (middle - half, door_top, middle + half, bottom), "arched" if style.arched else "")
                if self.has_deco and self.chance(0.7):
                    self.add("deco", (middle - 1.2 * half, top + band, middle + 1.2 * half, door_top), "panel")
            elif shop_bays[bay]:
                half = width * self.between(0.3, 0.42)
                self.add("shop", (middle - half, top + band + 0.1 * height, middle + half, bottom - 0.06 * height))
            else:
                half = width * self.window_size[0] / 2
                window_top, window_bottom = top + max(0.3 * height, band + 0.1 * height), bottom - 0.3 * height
                box = (middle - half, window_top, middle + half, window_bottom)
                self.add("window", box, shape)
                if style.sill > 0.5:
                    self.add("sill", (box[0] - 0.3 * half, box[3], box[2] + 0.3 * half, box[3] + 0.06 * height))
