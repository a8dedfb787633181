"""Facades set before a sky: photos show houses in a row and cut off at the roof, drawings one house that stands alone.

What a photo does not show becomes sky, and next houses beyond the walls that are known, and the house is shown smaller,
so that there is sky above and beside it. Then its edges are known, and so is what a sky's colour does, which houses in
a row hardly tell.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from pix2pix import labels

SMALLEST = 0.6  # of the picture's sides
RIM = 2  # pixels of the house that are left to the sky: there photo and label part
SLIT = 4  # pixels on each side of what is too narrow to be sky: labels leave such slits between parts of a wall
STREET = 0.2  # of the house's width: below the last row that shows so much of it there is street
OVERCAST, BLUE, EVENING = (245.0, 245.0, 245.0), (70.0, 120.0, 200.0), (225.0, 145.0, 105.0)  # most lie between
CLOUD_SPREAD, CLOUD_SIDE = 8, 5  # grey levels from the sky's colour; clouds across the picture


class BeforeSky(nn.Module):
    """Label map `(1, H, W)` and photo `(C, H, W)`, uint8 -> both with the house before a sky of chance."""

    def forward(self, inputs: Tensor, photo: Tensor) -> tuple[Tensor, Tensor]:
        height, width = photo.shape[1:]
        scale = SMALLEST + (1 - SMALLEST) * _chance()
        sides = [round(scale * height), round(scale * width)]
        left = round(_chance() * (width - sides[1]))
        around = [left, height - sides[0], width - sides[1] - left, 0]  # the house stands on the lower edge
        inputs, photo = functional.resize(inputs, sides), functional.resize(photo, sides)
        inputs = functional.pad(inputs, around, fill=labels.VOID)
        is_sky = open_sky(inputs[0], STREET * scale)
        soft = F.avg_pool2d(is_sky[None, None].float(), 3, stride=1, padding=1, count_include_pad=False)[0]
        photo = functional.pad(photo, around).float().lerp(draw_sky(photo.shape[0], height, width, photo.device), soft)
        inputs = torch.where(is_sky, labels.INDEX["background"], inputs)
        return tv_tensors.Mask(inputs), tv_tensors.Image(photo.round().clamp(0, 255).to(torch.uint8))


def open_sky(inputs: Tensor, street: float = STREET) -> Tensor:
    """Label map `(H, W)` -> mask of what lies open to the picture's upper, left or right edge, above the street.

    Open is background, and what is no class; the street begins below the last row with a share `street` of house.
    """
    is_house = (inputs != labels.VOID) & (inputs != labels.INDEX["background"])
    is_above = is_house.float().mean(dim=1).gt(street).flip(0).cummax(0).values.flip(0)[:, None]
    framed = F.pad(is_house, (SLIT, SLIT, SLIT, 0))  # beyond the picture it is open
    is_open = grown(~grown(framed, SLIT), SLIT)[SLIT:, SLIT:-SLIT]
    downwards = is_open.cummin(0).values
    sideways = is_open.cummin(1).values | is_open.flip(1).cummin(1).values.flip(1)
    return grown((downwards | sideways) & is_above, RIM) & is_above


def grown(mask: Tensor, reach: int) -> Tensor:
    """Mask `(…, H, W)` -> mask of what lies within `reach` pixels of it, across and down."""
    for padding, axis in (((reach + 1, reach), -1), ((0, 0, reach + 1, reach), -2)):
        before, side = F.pad(mask.float(), padding).cumsum(axis), mask.shape[axis]
        mask = before.narrow(axis, 2 * reach + 1, side) > before.narrow(axis, 0, side)
    return mask


def draw_sky(channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """A sky of chance, `(channels, height, width)` in 0..255: overcast, blue, of the evening or any; lighter below."""
    kind, amount = _chance(), _chance()
    if kind < 0.6:
        colour = torch.tensor(OVERCAST).lerp(torch.tensor(BLUE), amount)
    elif kind < 0.8:
        colour = torch.tensor(OVERCAST).lerp(torch.tensor(EVENING), amount)
    else:
        colour = (0.3 + 0.7 * amount) * 255 * (1 - 0.5 * torch.rand(3))
    if channels != 3:
        colour = colour.mean().expand(channels)
    lighter = torch.linspace(0, 0.5 * _chance(), height)[:, None]
    clouds = CLOUD_SPREAD * _chance() * torch.randn(1, 1, CLOUD_SIDE, CLOUD_SIDE)
    clouds = F.interpolate(clouds, (height, width), mode="bicubic", align_corners=True)[0]
    sky = colour[:, None, None].lerp(torch.full((1, 1, 1), 255.0), lighter) + clouds
    return sky.to(device)


def _chance() -> float:
    return float(torch.rand(()))
