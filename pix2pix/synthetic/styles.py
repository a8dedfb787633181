"""The building styles that procedural facades are drawn in: what each is made of, and how often.

Probabilities are per building unless a comment says otherwise; lengths are relative to the storey or the bay.
"""

from dataclasses import dataclass

Colour = tuple[int, int, int]  # (R, G, B) in 0..255


@dataclass(frozen=True)
class Style:
    name: str
    weight: float  # how often, relative to the other styles
    walls: tuple[Colour, ...]
    trims: tuple[Colour, ...]  # mouldings, heads, sills, pillars
    texture: str  # "plaster" | "brick" | "ashlar" | "panel"
    roofs: tuple[str, ...]  # "flat" | "tiles" | "mansard"
    storeys: tuple[int, int]  # fewest and most, ground floor not counted
    bay: tuple[float, float]  # bay width / storey height
    window_width: tuple[float, float]  # of the bay
    window_height: tuple[float, float]  # of the storey
    sashes: tuple[str, ...]  # "casement" | "sash" | "cross" | "grid" | "plain"
    heads: tuple[str, ...]  # "flat" | "pediment" | "segment" | "lintel"
    railings: tuple[str, ...]  # "iron" | "balusters" | "solid"
    head: float  # chance that a storey's windows have heads (label cornice)
    sill: float  # per storey
    balcony: float
    long_balcony: float  # chance that a balcony storey has one balcony along the whole front
    shutters: float  # leaves beside the windows (label blind)
    rollers: float  # blinds drawn down in the windows
    deco: float
    molding: float  # chance of a string course, per storey
    pillar: float
    shop: float
    arched: float  # chance of round window tops, per storey
    paired: float  # chance that a bay holds two windows


STYLES = (
    Style(
        "classicist", 3.0,
        walls=((226, 205, 152), (214, 196, 168), (205, 182, 150), (196, 170, 120), (222, 214, 196), (176, 160, 150),
               (198, 190, 178), (190, 196, 178)),
        trims=((236, 230, 214), (228, 218, 196), (206, 198, 182), (240, 238, 230)),
        texture="plaster", roofs=("tiles", "flat", "tiles"), storeys=(2, 4), bay=(0.69, 1.06),
        window_width=(0.33, 0.47), window_height=(0.48, 0.62), sashes=("casement", "cross"),
        heads=("flat", "pediment", "segment", "flat"), railings=("balusters", "iron"),
        head=0.56, sill=0.65, balcony=0.56, long_balcony=0.15, shutters=0.04, rollers=0.11,
        deco=0.65, molding=0.55, pillar=0.77, shop=0.41, arched=0.12, paired=0.12,
    ),
    Style(
        "haussmann", 1.6,
        walls=((222, 208, 180), (212, 198, 170), (228, 218, 196), (200, 186, 160)),
        trims=((230, 220, 198), (218, 206, 182), (236, 228, 210)),
        texture="ashlar", roofs=("mansard", "mansard", "flat"), storeys=(3, 5), bay=(0.67, 0.95),
        window_width=(0.37, 0.48), window_height=(0.56, 0.68), sashes=("casement",),
        heads=("flat", "lintel", "segment"), railings=("iron",),
        head=0.41, sill=0.35, balcony=0.95, long_balcony=0.68, shutters=0.096, rollers=0.15,
        deco=0.72, molding=0.5, pillar=0.51, shop=0.78, arched=0.1, paired=0.05,
    ),
    Style(
        "brick", 1.8,
        walls=((148, 82, 62), (164, 98, 72), (128, 70, 58), (176, 118, 86), (120, 84, 74), (184, 148, 112)),
        trims=((214, 202, 178), (196, 182, 158), (226, 218, 202), (150, 132, 116)),
        texture="brick", roofs=("flat", "flat", "tiles"), storeys=(3, 5), bay=(0.65, 1.01),
        window_width=(0.35, 0.48), window_height=(0.5, 0.62), sashes=("sash", "grid", "sash"),
        heads=("lintel", "lintel", "segment", "flat"), railings=("iron",),
        head=0.45, sill=0.8, balcony=0.31, long_balcony=0.15, shutters=0.04, rollers=0.15,
        deco=0.57, molding=0.5, pillar=0.51, shop=0.6, arched=0.2, paired=0.2,
    ),
    Style(
        "art nouveau", 1.2,
        walls=((206, 190, 150), (190, 200, 176), (222, 206, 170), (214, 176, 150), (200, 206, 204), (226, 190, 120)),
        trims=((238, 232, 216), (214, 206, 184), (176, 160, 132), (246, 242, 232)),
        texture="plaster", roofs=("tiles", "mansard", "flat"), storeys=(3, 4), bay=(0.78, 1.12),
        window_width=(0.41, 0.54), window_height=(0.5, 0.64), sashes=("cross", "grid"),
        heads=("segment", "flat"), railings=("iron", "solid"),
        head=0.41, sill=0.5, balcony=0.95, long_balcony=0.22, shutters=0, rollers=0.15,
        deco=0.95, molding=0.5, pillar=0.8, shop=0.6, arched=0.35, paired=0.3,
    ),
    Style(
        "shuttered house", 1.3,
        walls=((232, 226, 212), (228, 208, 160), (222, 176, 140), (206, 204, 196), (204, 134, 110), (214, 198, 160)),
        trims=((232, 228, 220), (196, 186, 170), (176, 164, 146), (240, 236, 228)),
        texture="plaster", roofs=("tiles", "tiles", "mansard"), storeys=(2, 3), bay=(0.84, 1.23),
        window_width=(0.28, 0.37), window_height=(0.44, 0.56), sashes=("cross", "casement"),
        heads=("lintel",), railings=("iron", "solid"),
        head=0.11, sill=0.85, balcony=0.44, long_balcony=0.15, shutters=0.68, rollers=0.22,
        deco=0.22, molding=0.3, pillar=0.13, shop=0.41, arched=0.05, paired=0.15,
    ),
    Style(
        "functionalist", 1.6,
        walls=((212, 208, 200), (196, 184, 162), (182, 176, 168), (222, 216, 204), (170, 160, 146), (206, 186, 148)),
        trims=((196, 192, 186), (224, 222, 216), (160, 154, 146), (234, 232, 226)),
        texture="plaster", roofs=("flat",), storeys=(3, 6), bay=(0.90, 1.29),
        window_width=(0.47, 0.65), window_height=(0.42, 0.54), sashes=("plain", "casement"),
        heads=("lintel",), railings=("solid", "iron"),
        head=0.054, sill=0.5, balcony=0.69, long_balcony=0.18, shutters=0.032, rollers=0.38,
        deco=0.18, molding=0.35, pillar=0.21, shop=0.72, arched=0.0, paired=0.15,
    ),
    Style(
        "modern", 0.7,
        walls=((176, 180, 180), (120, 126, 130), (206, 204, 200), (150, 140, 128), (92, 98, 104)),
        trims=((206, 208, 208), (120, 124, 126), (74, 78, 82), (226, 226, 224)),
        texture="panel", roofs=("flat",), storeys=(4, 7), bay=(0.78, 1.34),
        window_width=(0.58, 0.78), window_height=(0.5, 0.68), sashes=("plain", "plain", "casement"),
        heads=("lintel",), railings=("solid", "iron"),
        head=0, sill=0.1, balcony=0.38, long_balcony=0.45, shutters=0, rollers=0.26,
        deco=0, molding=0.4, pillar=0.51, shop=0.72, arched=0.0, paired=0.1,
    ),
)  # fmt: skip
