"""The tone of a facade: the colour of its wall, which labels do not tell.

A generator that is not told either paints the mean of all walls, grey, and changes it with every stroke. At training it
is told the tone of the target; at test chance decides, or whoever asks for another variation.
"""

import torch
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data import Pair

MOST_PAIRS = 1000  # enough to know how tones vary
LEAST_WEIGHT = 1e-3  # of what is not wall: it counts where there is no wall


class Tone(nn.Module):
    """Inputs and targets `(N, C, H, W)` in [-1, 1] -> tones `(N, C)`, about N(0, 1) and uncorrelated over the pairs."""

    def __init__(self, config: Config, pairs: list[Pair]):
        super().__init__()
        wall = labels.PALETTE[labels.INDEX["facade"]] if config.task == "facades" else None
        self.wall = None if wall is None else images.normalize(torch.from_numpy(wall).float())[:, None, None]
        pictures = ([images.batch(side) for side in (pair.input, pair.target)] for pair in pairs[:MOST_PAIRS])
        colours = torch.cat([self._colour(*map(torch.from_numpy, both)) for both in pictures])
        spread = torch.cov(colours.T).reshape(2 * [colours.shape[1]]) if len(colours) > 1 else 0
        self.register_buffer("mean", colours.mean(dim=0))
        self.register_buffer("spread", torch.linalg.cholesky(spread + 1e-4 * torch.eye(colours.shape[1])))

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        apart = self._colour(inputs, targets) - self.mean
        return torch.linalg.solve_triangular(self.spread, apart.T, upper=False).T

    def _colour(self, inputs: Tensor, targets: Tensor) -> Tensor:
        if self.wall is None:
            return targets.mean(dim=(2, 3))
        is_wall = (inputs - self.wall.to(inputs.device)).abs().amax(dim=1, keepdim=True) < 1 / 255
        weight = is_wall + LEAST_WEIGHT
        return (targets * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))
