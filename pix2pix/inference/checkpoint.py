"""Checkpoints: folders of `config.json`, `model.safetensors`, `model.onnx` and `README.md`, written and read strictly.

Nothing here unpickles. torch is imported only where weights become a network: the app serves ONNX without it.
"""

import json
import math
import shlex
from collections.abc import Iterable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np

from pix2pix import config as configs
from pix2pix.config import ModelConfig
from pix2pix.hub import ids
from pix2pix.utils import UserError, name_some, write_atomically, written_together

CONFIG, WEIGHTS, ONNX, CARD = "config.json", "model.safetensors", "model.onnx", "README.md"
BROWSER_FORM, BROWSER_WEIGHTS = "browser.json", "browser.bin"  # see `browser_form`
STYLES = "styles.json"  # named styles: what our generator is told besides labels; the first is the default
COLOR_BASIS = ("tone_mean", "tone_spread")  # names in the weights: what colours our color codes stand for
RUN, TEACHER = "run.json", "teacher"  # the file that makes a folder a run, and the folder in it
FILES = (CONFIG, WEIGHTS, ONNX, CARD, STYLES, BROWSER_FORM, BROWSER_WEIGHTS)
RUN_FOLDER, RUN_FILES = "run", (RUN, "log.jsonl", "state.pt")  # where on the Hub; what a run is resumed from
TEACHER_FILES = (f"{TEACHER}/{CONFIG}", f"{TEACHER}/{WEIGHTS}", f"{TEACHER}/{STYLES}")
MAX_BYTES = 4 * 2**30  # of a checkpoint: twenty times the paper's generator
MAX_OF_STRANGERS = 2**29  # what a visitor of the app may have fetched
MAX_STYLES, MAX_STYLE_NAME = 64, 40
PICKLES = ("*.bin", "*.ckpt", "*.pickle", "*.pkl", "*.pt", "*.pth")


def find(name: str | Path, token: bool | None = None) -> Path:
    """The folder of a named checkpoint, seen to hold a config and weights; UserError says what is wrong.

    The name of a bundled checkpoint stands for it in any folder, a run folder for the newest of its checkpoints, and
    USER/REPO or USER/REPO@REVISION, where no such folder is, for a checkpoint on the Hub, which is fetched into the
    Hub's cache. `token=False` asks the Hub as a stranger would: without the token at hand, and for no more than
    `MAX_OF_STRANGERS` bytes.
    """
    folder = Path(name)
    if not folder.exists() and (found := bundled().get(str(name))):
        return find(found)
    if not folder.exists() and ids.MODEL.fullmatch(str(name)):
        from pix2pix.hub import errors, transfer  # its client takes half a second to import, and folders need none

        try:
            most = MAX_OF_STRANGERS if token is False else MAX_BYTES
            return transfer.download(str(name), FILES, (CONFIG, WEIGHTS), partial(check_listing, most=most), token)
        except errors.Missing as error:
            raise UserError(f"there is no folder {name}, and on the Hub: {error}") from None
    if kept := sorted((folder / "checkpoints").glob("step-*")):
        folder = kept[-1]
    if not folder.is_dir():
        raise UserError(
            f"no checkpoint at {name}: give a folder with {CONFIG} and {WEIGHTS}, USER/REPO on the Hub, or one that is "
            f"bundled: {', '.join(bundled()) or 'none, here'}"
        )
    missing = [file for file in (CONFIG, WEIGHTS) if not (folder / file).is_file()]
    if (folder / RUN).is_file():
        command = f"python train.py --resume {shlex.quote(str(folder))}"
        raise UserError(f"{folder} is a run without a checkpoint so far; to go on: {command}")
    if WEIGHTS in missing and (pickle := next((p for pattern in PICKLES for p in sorted(folder.glob(pattern))), None)):
        raise UserError(f"{folder} holds {pickle.name}, a pickle, which could run code; a checkpoint has {WEIGHTS}")
    if missing:
        hidden = ids.MODEL.fullmatch(str(name))
        raise UserError(
            f"{folder} is not a checkpoint: it has no {' and no '.join(missing)}"
            + ("; a folder goes before a model of that name on the Hub: call from elsewhere for that" if hidden else "")
        )
    return folder


def bundle() -> Path:
    """The folder of all that is bundled: in a clone beside the package, else inside of it."""
    package = Path(str(resources.files("pix2pix")))
    inside = package / "checkpoints"  # where a wheel keeps them, see pyproject.toml
    return inside if inside.is_dir() else package.parent / "checkpoints"


def bundled(folder: Path | None = None) -> dict[str, Path]:
    """List the checkpoints in a folder by name; unless given, those that are bundled."""
    return {path.parent.name: path.parent for path in sorted((folder or bundle()).glob(f"*/{CONFIG}"))}


def check_listing(repo: str, sizes: Mapping[str, int], most: int = MAX_BYTES) -> None:
    """Raise UserError where a repository with these files, in bytes, is no checkpoint that we would load."""
    missing = [file for file in (CONFIG, WEIGHTS) if file not in sizes]
    pickles = [name for name in sizes if any(Path(name).match(pattern) for pattern in PICKLES)]
    if WEIGHTS in missing and pickles:
        raise UserError(f"{repo} holds {pickles[0]}, a pickle, which could run code; a checkpoint has {WEIGHTS}")
    if missing:
        raise UserError(f"{repo} is not a checkpoint: it has no {' and no '.join(missing)}")
    if (total := sum(sizes.get(file, 0) for file in FILES)) > most:
        raise UserError(f"{repo} is not a checkpoint of ours: its files have {total / 2**30:.1f} GiB")


def run_files(folder: Path) -> list[str]:
    """What a run is resumed from, by path in its folder."""
    return [*RUN_FILES, *(file for file in TEACHER_FILES if (folder / file).is_file())]


def shown_name(name: str | Path) -> str:
    """What people call a checkpoint: its name on the Hub, or that of its folder."""
    return Path(name).resolve().name if Path(name).exists() else str(name)


def read_styles(folder: Path, config: ModelConfig) -> dict[str, list[float]]:
    """The named styles of a checkpoint, `config.architecture.code_size` numbers each; {} where it has none.

    Raises UserError for a file that does not fit its config.
    """
    path = folder / STYLES
    if not path.is_file():
        return {}
    try:
        styles = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(styles, dict) or not 0 < len(styles) <= MAX_STYLES:
        raise UserError(f"{path} must hold an object of 1 to {MAX_STYLES} named styles")
    for name, code in styles.items():
        numbers = isinstance(code, list) and all(type(each) in (int, float) and math.isfinite(each) for each in code)
        if not numbers or len(code) != config.architecture.code_size or not 0 < len(name) <= MAX_STYLE_NAME:
            raise UserError(f"{path}: {name[:40]!r} must be a short name with {config.architecture.code_size} numbers")
    return styles


def write_styles(folder: Path, styles: dict[str, list[float]]) -> None:
    """Write or replace `styles.json`, wholly or not at all; one line a style."""
    lines = (f"  {json.dumps(name)}: {json.dumps([round(each, 4) for each in code])}" for name, code in styles.items())
    write_atomically(folder / STYLES, ("{\n" + ",\n".join(lines) + "\n}\n").encode())


def load(name: str | Path):
    """A checkpoint's `(ModelConfig, generator)`, the generator in eval mode on the CPU in float32.

    Strict: a missing, extra or misshapen weight, an unknown config key or a broken file is a UserError.
    """
    import torch

    from pix2pix.networks import build_generator

    folder = find(name)
    config = configs.read(folder / CONFIG, name)
    weights = read_safetensors(folder / WEIGHTS)
    with torch.device("meta"):  # a stranger's config costs no memory before its weights are seen to fit it
        expected = build_generator(config.architecture).state_dict()
    _check_weights(folder / WEIGHTS, expected, weights)
    generator = build_generator(config.architecture)
    generator.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return config, generator.eval()


def read_safetensors(path: Path) -> dict:
    """Read the tensors of a safetensors file by name. Raises UserError for a broken file."""
    import safetensors
    import safetensors.torch

    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from None


def check_finite(path: Path, arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    """Raise UserError that names the first of the named arrays with NaN or infinity in it: its pictures are none."""
    for name, array in arrays:
        if not np.isfinite(array).all():
            raise UserError(f"{path}: {name} holds NaN or infinity: the training that wrote it had diverged")


def save(
    folder: Path, config: ModelConfig, generator, card: str, half: bool = False, styles: dict | None = None
) -> None:
    """Write a new checkpoint folder, wholly or not at all; `half` stores the weights as float16.

    Raises UserError where `folder` exists, OSError where the disk is full.
    """
    if folder.exists():
        raise UserError(f"{folder} exists already; name another folder")
    with written_together(folder) as building:
        (building / CONFIG).write_text(configs.to_json(config), encoding="utf-8")
        (building / CARD).write_text(card, encoding="utf-8")
        write_weights(building, generator, half)
        if styles:
            write_styles(building, styles)


def write_weights(folder: Path, generator, half: bool = False) -> None:
    """Write or replace `model.safetensors`, wholly or not at all; `half` stores float16."""
    import safetensors.torch

    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    if half:
        weights = {name: tensor.half() for name, tensor in weights.items()}
    write_atomically(folder / WEIGHTS, safetensors.torch.save(weights))


def _check_weights(path: Path, expected: dict, found: dict) -> None:
    if missing := sorted(expected.keys() - found.keys()):
        raise UserError(f"{path} lacks {name_some(missing)}; it does not fit its {CONFIG}")
    if extra := sorted(found.keys() - expected.keys()):
        raise UserError(f"{path} has weights its {CONFIG} knows nothing of: {name_some(extra)}")
    for name, tensor in expected.items():
        if tensor.shape != found[name].shape:
            raise UserError(f"{path}: {name} is {_shape(found[name])}, {CONFIG} asks for {_shape(tensor)}")
        if not found[name].is_floating_point():
            raise UserError(f"{path}: {name} holds {found[name].dtype}, not floating point numbers")
    check_finite(path, ((name, found[name].float().numpy()) for name in expected))


def _shape(tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a scalar"
