"""Generators of other shapes for the pointer: each learns from the same teacher in the same steps, to be compared.

python -m experiments.shapes --data DIR --output DIR [--shapes NAME...] [--teacher FOLDER] [--epochs N] [--quick]
python -m pix2pix evaluate DIR/* --data DIR --json scores.json
python -m experiments.frontier scores.json

What the package itself cannot build stands in this file. Each becomes a checkpoint with a graph, `DIR/NAME`, that the
two other commands take; one that is there already is not trained again.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks import measuring
from pix2pix import images
from pix2pix.config import Config
from pix2pix.data.dataset import PairDataset, batches, steps_per_epoch, stream_seed
from pix2pix.data.decoded import load_pairs
from pix2pix.export import onnx_graph
from pix2pix.inference import checkpoint
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.networks.conv import conv_down, conv_up
from pix2pix.networks.layers import UpsampleConv, WeightNormConv
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.networks.unet import unet_channels
from pix2pix.recipes import RECIPES
from pix2pix.training.trainer import Trainer

EPOCHS, QUICK_STEPS = 4, 2
LIVE = RECIPES["live"].replace(
    base_channels=16, max_channel_multiplier=8, discriminator_channels=16, l1_weight=50.0, learning_rate=4e-4
)

Layer = Callable[[int, int], nn.Module]  # channels before and after


class Student(NoiseUNet):
    """`NoiseUNet` with other channels of each encoder, from the outside in, or made of other layers."""

    def __init__(
        self, config: Config, widths: Sequence[int], encoder: Layer = WeightNormConv, decoder: Layer = UpsampleConv,
        first: Layer = WeightNormConv, last: Layer = UpsampleConv,
    ):  # fmt: skip
        super().__init__(
            config.architecture.in_channels,
            config.architecture.out_channels,
            1,
            depth=config.architecture.depth,
            color_code_size=config.architecture.color_code_size,
        )
        planes = self.encoders[0].weight.shape[1]
        before = [planes, *widths]
        self.encoders = nn.ModuleList((encoder if i else first)(*before[i : i + 2]) for i in range(len(widths)))
        inner = [
            decoder(widths[i] * (2 if i < len(widths) - 1 else 1), widths[i - 1]) for i in range(len(widths))[:0:-1]
        ]
        self.decoders = nn.ModuleList([*inner, last(2 * widths[0], config.architecture.out_channels)])
        self.strengths = nn.ParameterList(torch.full((after,), 0.1) for after in reversed(widths[:-1]))
        toned = list(reversed(widths[:-1]))[: len(self.tones)]
        self.tones = nn.ParameterList(0.1 * torch.randn(after, config.architecture.color_code_size) for after in toned)


class BranchedConv(WeightNormConv):
    """`WeightNormConv` learned as a sum of two: 4x4 filters, and 2x2 ones in their middle. `folded` is plain."""

    def __init__(self, before: int, after: int):
        super().__init__(before, after)
        self.inner = nn.Parameter(0.02 * torch.randn(after, before, 2, 2))
        self.inner_gain = nn.Parameter(self.gain.detach() / 2)

    def sum(self) -> Tensor:
        return of_length(self.weight, self.gain) + F.pad(of_length(self.inner, self.inner_gain), (1, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return conv_down(x, self.sum(), self.bias)

    def folded(self) -> WeightNormConv:
        return folded_into(WeightNormConv(*reversed(self.weight.shape[:2])), self.sum(), (1, 2, 3), self.bias)


class BranchedSmooth(UpsampleConv):
    """`UpsampleConv` learned as a sum of two: 2x2 filters, and their mean alone. `folded` is one `UpsampleConv`."""

    def __init__(self, before: int, after: int):
        super().__init__(before, after)
        self.inner = nn.Parameter(0.02 * torch.randn(after, before, 1, 1))
        self.inner_gain = nn.Parameter(self.gain.detach() / 2)

    def sum(self) -> Tensor:
        inner = of_length(self.inner.expand(-1, -1, 2, 2), self.inner_gain)
        return (of_length(self.weight.transpose(0, 1), self.gain) + inner).transpose(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        return conv_up(x, self.sum(), self.bias, None, self.spread)

    def folded(self) -> UpsampleConv:
        return folded_into(UpsampleConv(*self.weight.shape[:2]), self.sum(), (0, 2, 3), self.bias)


def of_length(weight: Tensor, gain: Tensor) -> Tensor:
    """Filters `(out, in, …)` of unit length times a gain."""
    return weight * (gain / torch.linalg.vector_norm(weight, dim=(1, 2, 3)))[:, None, None, None]


def folded_into(conv: nn.Module, weight: Tensor, dims: tuple[int, ...], bias: Tensor) -> nn.Module:
    conv.weight.data, conv.bias.data = weight.detach(), bias.detach()
    conv.gain.data = torch.linalg.vector_norm(weight.detach(), dim=dims)
    return conv


def folded(generator: nn.Module) -> nn.Module:
    """The same function without branches; a generator that had none is left as it is."""
    for layers in (generator.encoders, generator.decoders):
        for place, layer in enumerate(layers):
            if hasattr(layer, "folded"):
                layers[place] = layer.folded()
    return generator


class SeparableConv(nn.Module):
    """4x4 convolution of stride 2 of each channel for itself, then channels mixed."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.depthwise = nn.Conv2d(before, before, 4, stride=2, padding=1, groups=before, bias=False)
        self.mix = unit_mix(before, after)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(self.depthwise(x))


class SeparableSmooth(nn.Module):
    """Channels mixed, enlarged by linear interpolation, then a 3x3 convolution of each for itself."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.mix = unit_mix(before, after)
        self.depthwise = nn.Conv2d(after, after, 3, padding=1, groups=after)

    def forward(self, x: Tensor) -> Tensor:
        return self.depthwise(F.interpolate(self.mix(x), scale_factor=2, mode="bilinear"))


def unit_mix(before: int, after: int) -> nn.Module:
    return nn.utils.parametrizations.weight_norm(nn.Conv2d(before, after, 1))


class Shallow(Student):
    """Without the innermost encoders and decoders; it takes the teacher's noise, and leaves theirs."""

    def __init__(self, config: Config, widths: Sequence[int]):
        super().__init__(config.replace(depth=len(widths)), widths)
        self.left_out = config.architecture.depth - len(widths)

    @property
    def latent_channels(self) -> list[int]:
        return [1] * self.left_out + super().latent_channels

    def forward(self, inputs: Tensor, noise: Sequence[Tensor] | None = None, code: Tensor | None = None) -> Tensor:
        return super().forward(inputs, noise and noise[self.left_out :], code)


PLAIN = {  # by the package's own settings
    "w8": {"base_channels": 8},
    "w12": {"base_channels": 12},
    "w16": {"base_channels": 16},
    "w24": {"base_channels": 24},
    "w16-cap4": {"base_channels": 16, "max_channel_multiplier": 4},
    "w24-cap4": {"base_channels": 24, "max_channel_multiplier": 4},
}
WIDTHS = unet_channels(16, LIVE.architecture.depth)
OTHER: dict[str, Callable[[], nn.Module]] = {
    "w16-outer8": lambda: Student(LIVE, [8, *WIDTHS[1:]]),
    "w16-depth6": lambda: Shallow(LIVE, WIDTHS[:6]),
    "w16-branches": lambda: Student(LIVE, WIDTHS, BranchedConv, BranchedSmooth, BranchedConv, BranchedSmooth),
    "w16-separable": lambda: Student(LIVE, WIDTHS, encoder=SeparableConv),
    "w16-separable-both": lambda: Student(LIVE, WIDTHS, encoder=SeparableConv, decoder=SeparableSmooth),
}
SHAPES = [*PLAIN, *OTHER]


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--data", required=True, help="folder of facades pairs, or synthetic")
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=SHAPES, help="all, if not given")
    parser.add_argument("--teacher", type=Path, default=measuring.ROOT / "checkpoints" / "facades")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    if not options.output:
        parser.error("--output DIR is needed: the checkpoints go there")
    lessons = {"epochs": options.epochs, "decay_epochs": options.epochs // 2, "teacher": options.teacher.name}
    pairs = load_pairs(options.data, "train", LIVE.replace(**lessons))
    _, teacher = checkpoint.load(options.teacher)
    for name in options.shapes:
        folder = options.output / name
        if not folder.exists():
            config = LIVE.replace(**lessons, **PLAIN.get(name, {}))
            save(folder, config, learned(name, config, pairs, teacher, QUICK_STEPS if options.quick else None))


def learned(name: str, config: Config, pairs: Sequence, teacher: nn.Module, max_steps: int | None) -> nn.Module:
    """The averaged weights of one shape after all epochs, or after `max_steps`."""
    AcceleratorState._reset_state(reset_partial_state=True)  # it allows one trainer a process otherwise
    torch.manual_seed(config.training.seed)
    student = OTHER[name]() if name in OTHER else build_generator(config.architecture)
    discriminator = build_discriminator(config)
    accelerator = Accelerator(mixed_precision=config.training.precision)
    trainer = Trainer(config, student, discriminator, accelerator, teacher=teacher)
    dataset, start = PairDataset(pairs, config, accelerator.device), time.perf_counter()
    per_epoch = steps_per_epoch(len(dataset), config)
    with tqdm(total=max_steps or config.training.epochs * len(dataset), desc=name, mininterval=10) as bar:
        for inputs, targets in batches(dataset, config):
            trainer.set_learning_rate(trainer.steps // per_epoch)
            torch.manual_seed(stream_seed(config.training.seed, trainer.steps, 0))  # as `pix2pix.training.loop.train`
            trainer.update(images.to_network(inputs), images.to_network(targets))
            bar.update()
            if trainer.steps == max_steps:
                break
    count = sum(parameter.numel() for parameter in student.parameters()) / 1e6
    seconds = (time.perf_counter() - start) / trainer.steps
    print(f"{name}: {count:.2f} M parameters, {trainer.steps} steps of {seconds:.3f} s", flush=True)
    return folded(trainer.result.cpu()).eval()


def save(folder: Path, config: Config, generator: nn.Module) -> None:
    """A checkpoint that loads by its graph; the package itself builds only plain shapes."""
    with torch.no_grad():
        for module in generator.modules():
            for name in list(getattr(module, "parametrizations", ())):
                nn.utils.parametrize.remove_parametrizations(module, name)
    checkpoint.save(folder, config, generator, f"{folder.name}: a shape of experiments/shapes.py\n")
    onnx_graph.add_onnx(folder, config, generator)
    print(f"{folder}: at most {onnx_graph.greatest_difference(folder, config, generator):.1e} from torch", flush=True)


if __name__ == "__main__":
    main()
