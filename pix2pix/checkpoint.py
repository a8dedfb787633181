"""Checkpoints: folders of `config.json`, `model.safetensors`, `model.onnx` and `README.md`, written and read strictly.

Nothing here unpickles. torch is imported only where weights become a network: the app serves ONNX without it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pix2pix import config as configs
from pix2pix.config import Config

CONFIG, WEIGHTS, ONNX, CARD = "config.json", "model.safetensors", "model.onnx", "README.md"
PICKLES = ("*.bin", "*.ckpt", "*.pickle", "*.pkl", "*.pt", "*.pth")


def find(name: str | Path) -> Path:
    """The folder of a named checkpoint, seen to hold a config and weights; ValueError says what is wrong."""
    folder = Path(name)
    if not folder.is_dir():
        raise ValueError(f"no checkpoint at {name}: give a folder with {CONFIG} and {WEIGHTS}")
    missing = [file for file in (CONFIG, WEIGHTS) if not (folder / file).is_file()]
    if WEIGHTS in missing and (pickle := next((p for pattern in PICKLES for p in sorted(folder.glob(pattern))), None)):
        raise ValueError(f"{folder} holds {pickle.name}, a pickle, which could run code; a checkpoint has {WEIGHTS}")
    if missing:
        raise ValueError(f"{folder} is not a checkpoint: it has no {' and no '.join(missing)}")
    return folder


def load(name: str | Path):
    """A checkpoint's `(Config, generator)`, the generator in eval mode on the CPU in float32.

    Strict: a missing, extra or misshapen weight, an unknown config key or a broken file is a ValueError.
    """
    import safetensors
    import safetensors.torch

    from pix2pix.networks import build_generator

    folder = find(name)
    config = configs.read(folder / CONFIG)
    try:
        weights = safetensors.torch.load_file(folder / WEIGHTS)
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{folder / WEIGHTS} is not a readable safetensors file: {error}") from None
    generator = build_generator(config)
    _check_weights(folder / WEIGHTS, generator.state_dict(), weights)
    generator.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return config, generator.eval()


def save(folder: Path, config: Config, generator, card: str, half: bool = False) -> None:
    """Write a new checkpoint folder, wholly or not at all; `half` stores the weights as float16.

    Raises ValueError where `folder` exists, OSError where the disk is full.
    """
    import safetensors.torch

    if folder.exists():
        raise ValueError(f"{folder} exists already; name another folder")
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    with written_together(folder) as building:
        (building / CONFIG).write_text(configs.to_json(config), encoding="utf-8")
        (building / CARD).write_text(card, encoding="utf-8")
        safetensors.torch.save_file(
            {name: tensor.half() if half else tensor for name, tensor in weights.items()}, building / WEIGHTS
        )


@contextmanager
def written_together(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the block ends well, and vanishes when it does not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield building
        for path in building.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        building.chmod(0o755)  # mkdtemp makes folders for their owner alone
        building.replace(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _check_weights(path: Path, expected: dict, found: dict) -> None:
    if missing := sorted(expected.keys() - found.keys()):
        raise ValueError(f"{path} lacks {_few(missing)}; it does not fit its {CONFIG}")
    if extra := sorted(found.keys() - expected.keys()):
        raise ValueError(f"{path} has weights its {CONFIG} knows nothing of: {_few(extra)}")
    for name, tensor in expected.items():
        if tensor.shape != found[name].shape:
            raise ValueError(f"{path}: {name} is {_shape(found[name])}, {CONFIG} asks for {_shape(tensor)}")
        if not found[name].is_floating_point():
            raise ValueError(f"{path}: {name} holds {found[name].dtype}, not floating point numbers")


def _few(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" … ({len(names)} in all)" if len(names) > 10 else "")


def _shape(tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a scalar"
