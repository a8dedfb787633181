"""Generators of other programs, read as ours: what the layers are called there, and what differs.

Both readers return the settings that the weights decide, and the weights under our names.

pytorch-CycleGAN-and-pix2pix: concatenates [encoder, decoder], has biases where no norm of its own takes them away, and
drops out one decoder further out. TensorFlow (the notebook, and the port it comes from): concatenates as ours; filters
are `[height, width, in, out]`, transposed ones `[height, width, out, in]`.
"""

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pix2pix.inference import checkpoint
from pix2pix.networks.unet import unet_channels
from pix2pix.utils import UserError, name_some

NORM_EPS = 1e-5  # of all programs here
NO_WEIGHTS = ("running_mean", "running_var", "num_batches_tracked")
_TENSORFLOW = re.compile(
    r"(?:.*/)?generator/(encoder|decoder)_(\d+)/(?:[\w-]+/)*?(filter|kernel|scale|gamma|offset|beta|bias)(?::0)?"
)
_TENSORFLOW_NAMES = {"filter": "weight", "kernel": "weight", "scale": "scale", "gamma": "scale", "offset": "offset",
                     "beta": "offset", "bias": "bias"}  # fmt: skip
_TENSORFLOW_OTHERS = re.compile(r"discriminator|Adam|beta\d_power|Moving|moving_|global_step|^(?!.*generator)")

Layer = dict[str, Tensor]  # weight, and where there are any: bias, scale, offset, mean, variance


def read_pytorch(state: Mapping[str, Tensor], running: bool, dropout: bool) -> tuple[dict, dict[str, Tensor]]:
    """A U-Net of pytorch-CycleGAN-and-pix2pix with batch or instance norm.

    `running`: normalise by the running statistics, as its `test.py --eval` does; otherwise by those of the picture, as
    its `test.py` does unless told. Raises UserError for any other architecture.
    """
    state = {_unwrapped(name): tensor for name, tensor in state.items()}
    encoders, decoders, used = [], [], set()

    def take(conv: str, norm: str | None = None) -> Layer:
        names = {"weight": f"{conv}.weight", "bias": f"{conv}.bias"}
        if norm:
            names |= {"scale": f"{norm}.weight", "offset": f"{norm}.bias"}
            names |= {"mean": f"{norm}.running_mean", "variance": f"{norm}.running_var"}
        used.update(names.values())
        return {part: state[name].float() for part, name in names.items() if name in state}

    place = "model.model."
    if f"{place}0.weight" not in state or f"{place}3.weight" not in state:
        raise UserError(f"no U-Net generator of pytorch-CycleGAN-and-pix2pix: {_guess_pytorch(state)}")
    encoders.append(take(f"{place}0"))
    decoders.append(take(f"{place}3"))
    place += "1.model."
    while f"{place}5.weight" in state:
        encoders.append(take(f"{place}1", f"{place}2"))
        decoders.append(take(f"{place}5", f"{place}6"))
        place += "3.model."
    encoders.append(take(f"{place}1"))
    decoders.append(take(f"{place}3", f"{place}4"))
    if extra := sorted(name for name in state.keys() - used if not name.endswith(NO_WEIGHTS)):
        raise UserError(f"no U-Net generator of pytorch-CycleGAN-and-pix2pix: it also has {name_some(extra)}")

    for decoder in decoders[:-1]:  # our order is [decoder, encoder]
        encoder_half, decoder_half = decoder["weight"].chunk(2)
        decoder["weight"] = torch.cat([decoder_half, encoder_half])
    decoders.reverse()
    fields = _fields(encoders, decoders) | {"norm": not running, "biases": True, "first_dropout_decoder": 1}
    fields["dropout_decoders"] = max(0, len(encoders) - 5) if dropout else 0
    return fields, _folded(encoders, decoders) if running else _named(encoders, decoders)


def read_tensorflow(arrays: Mapping[str, np.ndarray], dropout: bool) -> tuple[dict, dict[str, Tensor]]:
    """The generator among TensorFlow's variables, `generator/encoder_1/…/filter` and so on, with any prefix.

    It always normalises by the statistics of the picture. Raises UserError for any other architecture.
    """
    layers: dict[tuple[str, int], Layer] = {}
    unknown = []
    for name, array in arrays.items():
        if _TENSORFLOW_OTHERS.search(name):
            continue
        if not (matched := _TENSORFLOW.fullmatch(name)):
            unknown.append(name)
            continue
        part = _TENSORFLOW_NAMES[matched[3]]
        axes = (3, 2, 0, 1) if part == "weight" and array.ndim == 4 else range(array.ndim)
        layer = layers.setdefault((matched[1], int(matched[2])), {})
        layer[part] = torch.from_numpy(np.ascontiguousarray(array.transpose(axes), dtype=np.float32))
    depth = max((number for _, number in layers), default=0)
    wanted = {(side, number) for side in ("encoder", "decoder") for number in range(1, depth + 1)}
    if depth < 2 or wanted != layers.keys() or not all("weight" in layer for layer in layers.values()):
        raise UserError("no U-Net generator: there must be generator/encoder_N/filter and generator/decoder_N/filter")
    if unknown:
        raise UserError(f"no U-Net generator of pix2pix in TensorFlow: it also has {name_some(sorted(unknown))}")
    encoders = [layers["encoder", number] for number in range(1, depth + 1)]
    decoders = [layers["decoder", number] for number in range(depth, 0, -1)]
    biases = any("bias" in layer for layer in layers.values())
    fields = _fields(encoders, decoders) | {"biases": biases, "dropout_decoders": 3 if dropout else 0}
    fields["bottleneck_norm"] = "scale" in encoders[-1]
    return fields, _named(encoders, decoders, biases, fields["bottleneck_norm"])


def _fields(encoders: list[Layer], decoders: list[Layer]) -> dict:
    """What the shapes say; UserError where they are not those of a U-Net whose widths double up to eightfold."""
    shapes = [tuple(layer["weight"].shape) for layer in encoders + decoders]
    if any(len(shape) != 4 or shape[2:] != (4, 4) for shape in shapes):
        raise UserError(f"no U-Net generator of pix2pix: its filters are not all 4x4, but {name_some(set(shapes))}")
    depth, base_channels, in_channels, out_channels = len(encoders), shapes[0][0], shapes[0][1], shapes[-1][1]
    widths = unet_channels(base_channels, depth)
    expected = [(after, before, 4, 4) for before, after in zip([in_channels, *widths], widths, strict=False)]
    for level in reversed(range(depth)):
        before = widths[level] if level == depth - 1 else 2 * widths[level]
        expected.append((before, widths[level - 1] if level else out_channels, 4, 4))
    if shapes != expected:
        place = next(place for place, pair in enumerate(zip(shapes, expected, strict=True)) if pair[0] != pair[1])
        raise UserError(f"no U-Net generator of pix2pix: a filter is {shapes[place]}, not {expected[place]}")
    return {"in_channels": in_channels, "out_channels": out_channels, "base_channels": base_channels, "depth": depth}


def _named(
    encoders: list[Layer], decoders: list[Layer], biases: bool = True, bottleneck_norm: bool = False
) -> dict[str, Tensor]:
    """Weights of a generator that takes the picture's statistics; a bias before a norm, of no effect, is left out."""
    weights = {}
    innermost, last = len(encoders) - 1, len(decoders) - 1
    for side, layers in (("encoder", encoders), ("decoder", decoders)):
        for level, layer in enumerate(layers):
            bare = level == last if side == "decoder" else level == 0 or (level == innermost and not bottleneck_norm)
            channels = layer["weight"].shape[0 if side == "encoder" else 1]
            weights[f"{side}s.{level}.weight"] = layer["weight"]
            if not bare:  # instance norm has neither scale nor offset
                weights[f"{side}_norms.{level}.weight"] = layer.get("scale", torch.ones(channels))
                weights[f"{side}_norms.{level}.bias"] = layer.get("offset", torch.zeros(channels))
            elif biases:
                weights[f"{side}s.{level}.bias"] = layer.get("bias", torch.zeros(channels))
    return weights


def _folded(encoders: list[Layer], decoders: list[Layer]) -> dict[str, Tensor]:
    """Weights of a generator without norm: what running statistics do is part of filters and biases."""
    if not any("mean" in layer for layer in encoders):
        raise UserError("these weights have no running statistics: they were trained with instance norm")
    weights = {}
    for side, layers, axis in (("encoders", encoders, 0), ("decoders", decoders, 1)):
        for level, layer in enumerate(layers):
            weight = layer["weight"].double()
            bias = layer.get("bias", torch.zeros(weight.shape[axis])).double()
            if "mean" in layer:
                gain = layer["scale"].double() / (layer["variance"].double() + NORM_EPS).sqrt()
                weight = weight * (gain[:, None, None, None] if axis == 0 else gain[:, None, None])
                bias = (bias - layer["mean"].double()) * gain + layer["offset"].double()
            weights[f"{side}.{level}.weight"], weights[f"{side}.{level}.bias"] = weight.float(), bias.float()
    return weights


def _unwrapped(name: str) -> str:
    """The name of a weight without what DataParallel and torch.compile put before it, in either order."""
    return name.replace("_orig_mod.", "").removeprefix("module.")


def _guess_pytorch(state: Mapping[str, Tensor]) -> str:
    if any("conv_block" in name for name in state):
        return "this is a ResNet generator, as CycleGAN has it"
    if "model.0.weight" in state:
        return "this looks like a discriminator (latest_net_D.pth); the generator is in latest_net_G.pth"
    return f"its weights are called {name_some(sorted(state))}" if state else "it holds no weights"


_SAVE_ALONE = "save the generator's state_dict() alone: torch.save(generator.state_dict(), FILE)"


def read_weights(path: Path, running_statistics: bool, dropout: bool) -> tuple[dict, dict[str, torch.Tensor]]:
    """Settings and weights under our names; UserError, in one line, for what cannot be converted."""
    try:
        if path.suffix == ".npz":
            if running_statistics:
                raise UserError("TensorFlow's pix2pix always takes the statistics of the picture")
            return read_tensorflow(_read_arrays(path), dropout)
        return read_pytorch(_read_state(path), running_statistics, dropout)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if path.suffix == ".safetensors":
        return checkpoint.read_safetensors(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's are about how the file was pickled
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises many kinds, and advises to run whatever the file holds
        raise UserError(f"cannot be read as weights: {_why_unreadable(path)}") from None
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise UserError(f"holds more than weights; {_SAVE_ALONE}")
    return state


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if "generator" in name and "Adam" not in name}
    except Exception:  # numpy and zipfile raise many kinds, and advise to run whatever the file holds
        is_npz = zipfile.is_zipfile(path)
        reason = "it is damaged, or holds objects instead of numbers" if is_npz else "it is no .npz file"
        raise UserError(f"cannot be read as arrays: {reason}") from None


def _why_unreadable(path: Path) -> str:
    """What is wrong with a file that torch cannot load as weights."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        return "it is empty"
    if start.startswith(b"PK") and not zipfile.is_zipfile(path):
        return "it is cut short"
    if start.startswith((b"PK", b"\x80")):
        return f"it is damaged, or holds objects that could run code; {_SAVE_ALONE}"
    return "it is no file that torch.save wrote"
