"""Converted generators against their origin: runs pytorch-CycleGAN-and-pix2pix itself on random weights.

git clone https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix /elsewhere
python -m experiments.converted --reference /elsewhere [--tensorflow ARRAYS.npz ...] [--output DIR]

Each row is the greatest difference of a generated picture, in [-1, 1]: float32 rounding is about 1e-5.
"""

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks import measuring
from pix2pix.commands.convert import convert
from pix2pix.inference import TorchNetwork, checkpoint, draw, latent_shapes

NETS, QUICK_NETS = ("unet_128", "unet_256"), ("unet_128",)


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--reference", type=Path, required=True, help="a clone of pytorch-CycleGAN-and-pix2pix")
    parser.add_argument("--tensorflow", type=Path, nargs="*", default=[], help="arrays with w/…, input and output")
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    sys.path.insert(0, str(options.reference.resolve()))  # the origin is no package
    from models import networks as reference

    rows = {}
    for net in QUICK_NETS if options.quick else NETS:
        for norm in ("batch", "instance"):
            for dropout in (True, False):
                torch.manual_seed(0)
                origin = reference.define_G(3, 3, options.width, net, norm, dropout, "normal", 0.02)
                origin = getattr(origin, "module", origin)
                _wake(origin)
                for running in (False, True) if norm == "batch" else (False,):
                    name = f"{net}, {norm} norm{', dropout' * dropout}{', running statistics' * running}"
                    rows[name] = compare(origin, dropout, running)
    for path in options.tensorflow:
        rows[f"TensorFlow, {path.name}"] = compare_arrays(path)
    cells = [(name, f"{difference:.1e}") for name, difference in rows.items()]
    measuring.table(("converted generator", "greatest difference"), cells)

    def bars(axes) -> None:
        axes.barh(list(rows), list(rows.values()), color=measuring.OURS)
        axes.invert_yaxis()
        axes.set(title="Converted against origin", xlabel="greatest difference, of [-1, 1]", xscale="log")

    measuring.report(options, "converted", rows, bars)


def compare(origin: torch.nn.Module, dropout: bool, running: bool) -> float:
    """The greatest difference over two pictures; with dropout, both take the same masks."""
    with tempfile.TemporaryDirectory() as folder:
        torch.save(origin.state_dict(), Path(folder) / "latest_net_G.pth")
        config, ours = _converted(Path(folder) / "latest_net_G.pth", Path(folder) / "ours", dropout, running)
    inputs = torch.rand(2, 1, 3, config.data.size, config.data.size) * 2 - 1
    network, worst = TorchNetwork(ours), 0.0
    for variation, picture in zip((7 if dropout else None, None), inputs, strict=True):
        shapes = latent_shapes(config.architecture, network.latent_channels, *config.data.shape)
        masks = draw("mask", shapes, variation)
        origin.train(not running)
        with torch.no_grad(), _fixed_dropout(origin, masks):
            expected = origin(picture.clone()).numpy()
        worst = max(worst, float(np.abs(network(picture.numpy(), masks) - expected).max()))
    return worst


def compare_arrays(path: Path) -> float:
    """Of a converted TensorFlow generator from the output that is stored beside its variables."""
    arrays = np.load(path)
    with tempfile.TemporaryDirectory() as folder:
        _, ours = _converted(path, Path(folder) / "ours", dropout=False, running=False)
    pictures = torch.from_numpy(arrays["input"]).permute(0, 3, 1, 2)
    with torch.no_grad():
        generated = ours(pictures, []).permute(0, 2, 3, 1).numpy()  # statistics of the batch, as stored
    return float(np.abs(generated - arrays["output"]).max())


def _converted(weights: Path, output: Path, dropout: bool, running: bool):
    with contextlib.redirect_stdout(io.StringIO()):
        convert(weights, output, dropout=dropout, running_statistics=running)
    return checkpoint.load(output)


def _wake(origin: torch.nn.Module) -> None:
    """Biases and running statistics that matter: new nets have none."""
    for name, tensor in [*origin.named_parameters(), *origin.named_buffers()]:
        if name.endswith("running_var"):
            tensor.data.uniform_(0.5, 2)
        elif name.endswith(("bias", "running_mean")):
            tensor.data.normal_(0, 0.1)


@contextlib.contextmanager
def _fixed_dropout(origin: torch.nn.Module, masks: list[np.ndarray]):
    """The origin's dropout with given masks, innermost first, instead of its own."""
    layers = [module for module in origin.modules() if isinstance(module, torch.nn.Dropout)]
    remaining = [torch.from_numpy(mask) for mask in masks]
    hooks = [layer.register_forward_hook(lambda _, given, __: given[0] * remaining.pop(0)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


if __name__ == "__main__":
    main()
