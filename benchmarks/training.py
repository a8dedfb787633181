"""Milliseconds a training step, beside pytorch-CycleGAN-and-pix2pix with the same networks, batch and threads.

git clone https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix /elsewhere
python -m benchmarks.training --reference /elsewhere [--cpu] [--threads N] [--steps N] [--output DIR] [--quick]

Batch 1 at 256x256, on a GPU where there is one. In turns, so that whatever else the machine does falls on each alike.
A step is all of an update, from tensors in memory to new weights; reading and augmenting pictures are not in it.
"""

import contextlib
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor

from benchmarks import measuring
from pix2pix import labels
from pix2pix.config import Config
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training.cuda_graph import PLAIN_CALLS
from pix2pix.training.trainer import Trainer
from pix2pix.utils import UserError, available_cores

STEPS, QUICK_STEPS = 30, 3
WARM_UP = PLAIN_CALLS + 1  # steps that are not counted: in the last of them a GPU's step is recorded
PEER = "pytorch-CycleGAN-and-pix2pix"
FEW_BIASES = 100  # parameters that the networks may differ by: theirs have a bias on three layers, ours on none
THEIRS = RECIPES["paper"].replace(first_dropout_decoder=1)  # the paper's networks, with dropout where they have it
BFLOAT16 = THEIRS.replace(precision="bf16")
CHANNELS_LAST, PLAIN = "ours, bfloat16, channels last", "ours, bfloat16, steps not recorded"
ALONE = {"cuda": PLAIN, "cpu": CHANNELS_LAST}  # on a GPU bfloat16 is channels last anyway; a CPU records nothing
OURS = {
    "ours, float32": THEIRS,
    "ours, bfloat16": BFLOAT16,
    CHANNELS_LAST: BFLOAT16,
    PLAIN: BFLOAT16,
    "ours, bfloat16, half the width": BFLOAT16.replace(base_channels=32, discriminator_channels=32),
    "recipe live, bfloat16": RECIPES["live"].replace(precision="bf16"),
}


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--reference", type=Path, required=True, help=f"a clone of {PEER}")
    parser.add_argument("--cpu", action="store_true", help="also where there is a GPU")
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--steps", type=int)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() and not options.cpu else "cpu")
    pictures = tuple(torch.rand(1, 3, 256, 256, device=device) * 2 - 1 for _ in range(2))

    reference, weights = their_step(options.reference.resolve(), device, *pictures)
    contenders = {PEER: reference}
    for name, config in OURS.items():
        if name in (CHANNELS_LAST, PLAIN) and name != ALONE[device.type]:
            continue
        contenders[name], count = our_step(name, config, device, *pictures)
        if config == THEIRS and abs(count - weights) > FEW_BIASES:
            raise UserError(f"the networks are not the same: {weights:,} parameters there, {count:,} here")

    rounds = options.steps or (QUICK_STEPS if options.quick else STEPS)
    seconds = measuring.in_turns({name: finished(step, device) for name, step in contenders.items()}, rounds, WARM_UP)
    steps = {name: measuring.summary(times) for name, times in seconds.items()}
    for row in steps.values():
        row["speed_up"] = round(steps[PEER]["median_ms"] / row["median_ms"], 2)
    rows = [(name, row["median_ms"], row["p95_ms"], row["n"], row["speed_up"]) for name, row in steps.items()]
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {options.threads} threads"
    measuring.table((f"training step on {where}", "median ms", "p95 ms", "n", "times as fast"), rows)

    def draw(axes) -> None:
        colours = [measuring.PEER if name == PEER else measuring.OURS for name in steps]
        axes.barh(list(steps), [row["median_ms"] for row in steps.values()], color=colours)
        axes.invert_yaxis()
        axes.set(title=f"A training step at batch 1, median ({where})", xlabel="milliseconds")

    measuring.report(options, "training", {"device": where, "threads": options.threads, "steps": steps}, draw)


def finished(step: Callable[[], None], device: torch.device) -> Callable[[int], None]:
    """A step, and the wait until a GPU has done it."""

    def call(turn: int) -> None:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return call


def their_step(
    reference: Path, device: torch.device, inputs: Tensor, targets: Tensor
) -> tuple[Callable[[], None], int]:
    """Their pix2pix by its own options and model class, defaults all, and its count of parameters."""
    sys.path.insert(0, str(reference))  # it is no package
    from models import create_model
    from options.train_options import TrainOptions

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        arguments = ["--dataroot", folder, "--name", "benchmark", "--model", "pix2pix", "--checkpoints_dir", folder]
        with patch.object(sys, "argv", ["train.py", *arguments]):
            options = TrainOptions().parse()
        options.device = device
        with contextlib.nullcontext() if device.type == "cuda" else patch("torch.cuda.is_available", lambda: False):
            model = create_model(options)
            model.setup(options)
    batch = {"A": inputs, "B": targets, "A_paths": [""], "B_paths": [""]}

    def step() -> None:
        model.set_input(batch)
        model.optimize_parameters()

    return step, _parameters(model.netG, model.netD)


def our_step(
    name: str, config: Config, device: torch.device, inputs: Tensor, targets: Tensor
) -> tuple[Callable[[], None], int]:
    """Our trainer's update, and its count of parameters."""
    AcceleratorState._reset_state(reset_partial_state=True)  # it allows one precision a process otherwise
    if config.task == "facades":
        inputs = torch.randint(len(labels.CLASSES), (1, 256, 256), dtype=torch.uint8, device=device)
    generator, discriminator = build_generator(config.architecture), build_discriminator(config)
    if name == CHANNELS_LAST:
        generator, discriminator = (net.to(memory_format=torch.channels_last) for net in (generator, discriminator))
        targets = targets.contiguous(memory_format=torch.channels_last)
    accelerator = Accelerator(mixed_precision=config.training.precision, cpu=device.type == "cpu")
    trainer = Trainer(config, generator, discriminator, accelerator)
    if name == PLAIN:
        trainer.step = trainer._step
    return lambda: trainer.update(inputs, targets), _parameters(generator, discriminator)


def _parameters(*networks: torch.nn.Module) -> int:
    return sum(parameter.numel() for network in networks for parameter in network.parameters())


if __name__ == "__main__":
    main()
