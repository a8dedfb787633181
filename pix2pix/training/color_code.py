"""The color code of a facade: the colours of its wall and of its sky, which labels do not tell.

A generator that is not told either paints the mean of all walls, grey, and changes it with every stroke. At training it
is given that of the target; at test chance decides, or whoever asks for another variation.
"""

import torch
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data.pairs import Pair

MAX_PAIRS = 1000  # enough to know how colours vary
MIN_AREA = 0.005  # of the picture: less of a class tells no colour


class ColorCode(nn.Module):
    """Inputs and targets, as networks take them -> color codes `(N, C)`, or `(N, 2 * C)` of facades: about N(0, 1).

    They are uncorrelated over the pairs. What a picture does not show, a sky or a wall, counts as the others' mean.
    """

    def __init__(self, config: Config, pairs: list[Pair]):
        super().__init__()
        self.is_facades = config.task == "facades"
        pictures = ([images.batch(side) for side in (pair.input, pair.target)] for pair in pairs[:MAX_PAIRS])
        colours = torch.cat([self._colours(*map(torch.from_numpy, both)) for both in pictures])
        mean = colours.nanmean(dim=0).nan_to_num()
        colours = torch.where(colours.isnan(), mean, colours)
        spread = torch.cov(colours.T).reshape(2 * [colours.shape[1]]) if len(colours) > 1 else 0
        self.register_buffer("tone_mean", mean)
        self.register_buffer("tone_spread", torch.linalg.cholesky(spread + 1e-4 * torch.eye(colours.shape[1])))

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        colours = self._colours(inputs, targets)
        difference = torch.where(colours.isnan(), 0, colours - self.tone_mean)
        return torch.linalg.solve_triangular(self.tone_spread, difference.T, upper=False).T

    def colour_loss(self, inputs: Tensor, generated: Tensor, codes: Tensor) -> Tensor:
        """mean |painted - requested| of the mean colours of wall and sky, in [-1, 1]; of too small areas 0."""
        requested = self.tone_mean + codes[:, : len(self.tone_mean)] @ self.tone_spread.T
        painted = self._colours(inputs, generated.float())
        return torch.where(painted.isnan(), 0, painted - requested.clamp(-1, 1)).abs().mean()

    def _colours(self, inputs: Tensor, targets: Tensor) -> Tensor:
        if not self.is_facades:
            return targets.mean(dim=(2, 3))
        return mean_colours(inputs, targets)


def mean_colours(inputs: Tensor, pictures: Tensor) -> Tensor:
    """The mean colours of wall and sky in pictures of label maps, `(N, 2 * C)`; NaN where there is too little."""
    wall, background = ((inputs == labels.INDEX[name])[:, None] for name in ("facade", "background"))
    background[:, :, background.shape[2] // 2 :] = False  # that is the street
    return torch.cat([_mean(pictures, wall), _mean(pictures, background)], dim=1)


def _mean(targets: Tensor, where: Tensor) -> Tensor:
    """The mean colour there, `(N, C)`; NaN where there is too little of it."""
    area = where.sum(dim=(2, 3))
    enough = area >= MIN_AREA * where.shape[2] * where.shape[3]
    return torch.where(enough, (targets * where).sum(dim=(2, 3)) / area.clamp(min=1), torch.nan)  # no NaN in gradients
