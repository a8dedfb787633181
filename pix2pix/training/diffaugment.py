"""DiffAugment (Zhao et al. 2020): what discriminators see is changed at random, and so they learn less by heart.

Real and generated pictures are changed alike, at every step anew, and gradients pass through to the generator: 288
photos are few, and a discriminator that knows them teaches nothing more.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_MOVE = 1 / 8  # of a side
CUT = 1 / 2  # of a side: the part that is cut out
BRIGHTNESS, SATURATION, CONTRAST = 0.5, 1.0, 0.5  # how far each strays: from 0 levels of [-1, 1], 1 and 1 times


def augmented(inputs: Tensor, *pictures: Tensor, share: float = 1.0) -> list[Tensor]:
    """Inputs and the pictures that belong to them, `(N, C, H, W)` in [-1, 1] each -> the same, changed alike.

    Pictures change in brightness, saturation and contrast; then all are moved, and lose one part to 0, the middle of
    the values: for label images that is no class. So it goes for a `share` of the batch, by chance; the others stay as
    they are. Draws from torch's global random stream, without a wait for a GPU.
    """
    is_changed = (torch.rand(len(inputs), 1, 1, 1, device=inputs.device) < share).to(inputs.dtype)
    colours = [is_changed * _strayed(inputs, reach) for reach in (BRIGHTNESS, SATURATION, CONTRAST)]
    grid, kept = _moves(inputs, is_changed), 1 - is_changed * (1 - _kept(inputs))
    return [_moved(inputs, grid) * kept, *(_moved(_coloured(each, *colours), grid) * kept for each in pictures)]


def _strayed(inputs: Tensor, reach: float) -> Tensor:
    """Of [-reach, reach], one for each picture, `(N, 1, 1, 1)`."""
    return reach * (2 * torch.rand(len(inputs), 1, 1, 1, device=inputs.device) - 1)


def _coloured(pictures: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    pictures = pictures + brightness
    grey = pictures.mean(dim=1, keepdim=True)
    pictures = grey + (1 + saturation) * (pictures - grey)
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    return middle + (1 + contrast) * (pictures - middle)


def _moves(inputs: Tensor, is_changed: Tensor) -> Tensor:
    """Where each pixel is taken from: the same whole number of pixels to the side and up or down for a picture."""
    shares = [
        torch.round(is_changed * MAX_MOVE * side * _strayed(inputs, 1)) * 2 / side for side in inputs.shape[:1:-1]
    ]
    turn = torch.eye(2, device=inputs.device).expand(len(inputs), 2, 2)
    moves = torch.cat([turn, torch.cat(shares, dim=1).flatten(2)], dim=2)  # (N, 2, 3)
    return F.affine_grid(moves, inputs.shape, align_corners=False)


def _moved(pictures: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(pictures, grid, mode="nearest", padding_mode="zeros", align_corners=False)


def _kept(inputs: Tensor) -> Tensor:
    """1 where nothing is cut out and else 0, `(N, 1, H, W)`; what is cut out may reach beyond the picture."""
    is_cut = []
    for axis in (2, 3):
        places = torch.linspace(0, 1, inputs.shape[axis], device=inputs.device)
        middle = torch.rand(len(inputs), 1, device=inputs.device)
        is_cut.append((places - middle).abs() < CUT / 2)
    rows, columns = is_cut
    return 1 - (rows[:, None, :, None] & columns[:, None, None, :]).to(inputs.dtype)
