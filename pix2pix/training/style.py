"""The style of a facade: what neither labels nor the colours of wall and sky tell: material, glass, light, contrast.

It is measured from a photo: the mean and the deviation of a pretrained network's features over wall and over windows,
less what the colours explain, as its first principal components over the training pairs. At test it is the style of
one of the named facades, a mixture of them, or chance.
"""

import torch
from torch import Tensor, nn

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data.pairs import Pair
from pix2pix.inference import MAX_COLOR_CODE
from pix2pix.networks.efficientnet import Trunk
from pix2pix.training.color_code import MIN_AREA, ColorCode

STAGES = 3  # of lite0: strides 2, 4 and 8
REGIONS = ("facade", "window")  # of other pictures than facades: all of it
MIN_LENGTH = 1e-3  # of the longest: a shorter principal component is rounding
FURTHEST = 3.0  # standard deviations, of the style


class Style(nn.Module):
    """Inputs and targets, as networks take them -> codes `(N, color code + style)`: about N(0, 1), uncorrelated.

    The first numbers are the color code. `codes`: those of the pairs that it was made from.
    """

    def __init__(self, config: Config, pairs: list[Pair]):
        super().__init__()
        self.color_code = ColorCode(config, pairs)
        self.size = config.architecture.style_size
        self.regions = REGIONS if config.task == "facades" else (None,)
        self.trunk = Trunk("lite0", stages=STAGES).requires_grad_(False)
        color_codes, measured = [], []
        for pair in pairs:
            both = [torch.from_numpy(images.batch(side)) for side in (pair.input, pair.target)]
            color_codes.append(self.color_code(*both))
            measured.append(self._measure(*both))
        color_codes, measured = torch.cat(color_codes), torch.cat(measured)
        self.register_buffer("measured_mean", measured.nanmean(dim=0).nan_to_num())
        measured = torch.where(measured.isnan(), 0, measured - self.measured_mean)
        # Take out what the colours explain, by least squares, and give each number the same weight.
        self.register_buffer("explained", torch.linalg.lstsq(color_codes, measured).solution)  # (color code, numbers)
        rest = measured - color_codes @ self.explained
        self.register_buffer("deviation", rest.std(dim=0).clamp(min=1e-4))
        _, lengths, directions = torch.linalg.svd(rest / self.deviation, full_matrices=False)
        kept = (lengths > MIN_LENGTH * lengths[0]).sum().clamp(max=self.size)  # of few pairs there are fewer
        directions = _signed(directions[:kept]).T * len(pairs) ** 0.5 / lengths[:kept]
        directions = nn.functional.pad(directions, (0, self.size - directions.shape[1]))
        self.register_buffer("directions", directions)  # (numbers, size)
        self.register_buffer("codes", self._codes(color_codes, measured))

    @property
    def tone_mean(self) -> Tensor:
        return self.color_code.tone_mean

    @property
    def tone_spread(self) -> Tensor:
        return self.color_code.tone_spread

    def colour_loss(self, inputs: Tensor, generated: Tensor, codes: Tensor) -> Tensor:
        """Of the color code that the codes begin with (`ColorCode.colour_loss`)."""
        return self.color_code.colour_loss(inputs, generated, codes)

    @torch.no_grad()
    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        measured = self._measure(inputs, targets)
        measured = torch.where(measured.isnan(), 0, measured - self.measured_mean)
        return self._codes(self.color_code(inputs, targets), measured)

    def _codes(self, color_codes: Tensor, measured: Tensor) -> Tensor:
        styles = ((measured - color_codes @ self.explained) / self.deviation) @ self.directions
        color_codes = color_codes.clamp(-MAX_COLOR_CODE, MAX_COLOR_CODE)
        return torch.cat([color_codes, styles.clamp(-FURTHEST, FURTHEST)], dim=1)

    @torch.no_grad()
    def _measure(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean and log deviation of each feature over each region; NaN where there is too little of it."""
        numbers = []
        for features in self.trunk(targets.expand(-1, 3, -1, -1)):
            for name in self.regions:
                place = torch.ones_like(targets[:, :1])
                if name:
                    place = place * (inputs == labels.INDEX[name])[:, None]
                place = nn.functional.adaptive_avg_pool2d(place, features.shape[2:])
                place = torch.where(place > 0.99, 1.0, 0.0)
                area = place.sum(dim=(2, 3))
                mean = (features * place).sum(dim=(2, 3)) / area
                variance = ((features - mean[:, :, None, None]).square() * place).sum(dim=(2, 3)) / area
                enough = area >= MIN_AREA * place.shape[2] * place.shape[3]
                both = torch.cat([mean, (variance + 1e-4).log() / 2], dim=1)
                numbers.append(torch.where(enough, both, torch.nan))
        return torch.cat(numbers, dim=1)


def _signed(directions: Tensor) -> Tensor:
    """Rows with their longest number positive: which way a component points is chance, and another on each machine."""
    longest = directions.gather(1, directions.abs().argmax(dim=1, keepdim=True))
    return directions * torch.where(longest < 0, -1.0, 1.0)


def choose_styles(codes: Tensor, count: int = 12) -> dict[str, list[float]]:
    """Codes `(N, size)` of real facades -> some of them by name, unlike each other; the first is the most usual.

    Each next one is the furthest from those already chosen, among the middle half by distance from the mean: the mean
    of all facades looks like clay, and a code far from it like no other.
    """
    count_all = len(codes)
    middle = slice(count_all // 4, max(count_all // 4 + 1, 3 * count_all // 4))
    usual = codes[codes.norm(dim=1).argsort()[middle]]
    chosen = [0]
    while len(chosen) < min(count, len(usual)):
        chosen.append(int(torch.cdist(usual, usual[chosen]).amin(dim=1).argmax()))
    return {f"style {place + 1}": usual[index].tolist() for place, index in enumerate(chosen)}
