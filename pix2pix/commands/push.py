"""The command `push`: a checkpoint to the Hugging Face Hub.

python -m pix2pix push CHECKPOINT USER/REPO [--private] [--tag v1]
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from pix2pix import images, inference, labels
from pix2pix.config import ModelConfig
from pix2pix.data import generated, values
from pix2pix.data.decoded import load_pairs
from pix2pix.hub import readme
from pix2pix.hub.errors import patiently
from pix2pix.hub.ids import parse
from pix2pix.hub.transfer import check_token, keep_quiet, upload
from pix2pix.inference import Translator, card, checkpoint
from pix2pix.inference.checkpoint import FILES, RUN_FOLDER, run_files
from pix2pix.synthetic import MIN_SIZE, label_map
from pix2pix.utils import UserError, package_address

SHOWN = 4  # pictures on the card
MADE = (card.SAMPLES, "input.npy", *(name for name, _ in card.INPUTS.values()))  # what a push makes besides


def push(
    folder: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")],
    repo: Annotated[str, tyro.conf.Positional],
    private: bool = False,
    revision: str | None = None,
    tag: str | None = None,
    run: Path | None = None,
    licence: Annotated[str | None, tyro.conf.arg(name="license")] = None,
    samples: list[Path] | None = None,
) -> None:
    """Push a checkpoint to the Hub as one commit: config, weights, ONNX graph, card and sample pictures.

    Args:
        folder: The checkpoint; one without model.onnx is pushed with it where the training requirements are there.
        repo: USER/REPO, made if missing.
        private: Make a missing repository private.
        revision: A branch to push to instead of main, made if missing.
        tag: Tag the commit with this name.
        run: A run folder whose state is pushed too, so that train.py --resume USER/REPO continues it anywhere.
        licence: Licence of the weights by the Hub's name, such as mit, cc-by-nc-4.0 or other; none unless given.
        samples: Files of up to four inputs to publish on the card with what becomes of them; unless given, drawn ones
            for a checkpoint that was trained on facades or on drawn pairs.
    """
    found, (repo, named) = checkpoint.find(folder), parse(repo)
    if named:
        raise UserError(f"a push goes to {repo}; name the branch with --revision {named}")
    check_token()
    keep_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        files = collect(found, repo, Path(scratch), licence, samples or ())
        if run is not None:
            files |= {f"{RUN_FOLDER}/{file}": run / file for file in run_files(run)}
        if missing := [path for path in files.values() if isinstance(path, Path) and not path.is_file()]:
            raise UserError(f"{missing[0]} does not exist")
        address = patiently(
            lambda: upload(repo, files, f"Push {found.name}", private, revision, tag, managed=(*FILES, *MADE))
        )
    print(address)


def collect(
    folder: Path, repo: str, scratch: Path, licence: str | None = None, samples: Sequence[Path] = ()
) -> dict[str, Path | bytes]:
    """List what is pushed of a checkpoint, by path in the repository; what is made for it lies in `scratch`."""
    files: dict[str, Path | bytes] = {
        name: folder / name for name in FILES if name != checkpoint.CARD and (folder / name).is_file()
    }
    if checkpoint.ONNX not in files and (graph := _export(folder, scratch)):
        files[checkpoint.ONNX] = graph
    translator = inference.load(folder)
    config = translator.config
    if inputs := sample_inputs(config, _trained_on(folder), samples):
        name, _ = card.example_input(config)
        write = np.save if name.endswith(".npy") else images.write_png
        write(scratch / name, labels.shown(inputs[0]))
        images.write_png(scratch / card.SAMPLES, sample_grid(translator, inputs))
        files |= {each: scratch / each for each in (name, card.SAMPLES)}
    else:
        print("no picture on the card: --samples FILE... shows what becomes of inputs of yours", file=sys.stderr)
    path = folder / checkpoint.CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = card.for_hub(text, repo, config, licence, bool(inputs), package_address())
    if not readme.parse(text).data.get("license"):
        print("no licence on the card: --license NAME gives one; without it others may not use them", file=sys.stderr)
    return files | {checkpoint.CARD: text.encode()}


def _export(folder: Path, scratch: Path) -> Path | None:
    """`model.onnx` for a checkpoint without, written to `scratch`; None where that cannot be done here."""
    try:
        from pix2pix.export import onnx_graph
    except ModuleNotFoundError as error:
        print(f"pushing without {checkpoint.ONNX}: exporting it needs {error.name}", file=sys.stderr)
        return None
    shutil.copyfile(folder / checkpoint.WEIGHTS, scratch / checkpoint.WEIGHTS)
    onnx_graph.add_onnx(scratch, *checkpoint.load(folder))
    return scratch / checkpoint.ONNX


def sample_inputs(config: ModelConfig, data: str | None, files: Sequence[Path] = ()) -> list[np.ndarray]:
    """Choose the inputs to show of a checkpoint: `files`, else drawn ones: its training pairs may not be public.

    Empty where nothing is drawn of the kind of `data`, which it was trained on.
    """
    size = config.data.shape
    if files:
        of_input = values.of_input(config)
        return [of_input.resize(values.read_input(path, config), *size) for path in files[:SHOWN]]
    if config.task == "facades":
        height, width = (max(side, MIN_SIZE) for side in size)
        return [label_map(seed, height, width) for seed in range(1, SHOWN + 1)]
    if data not in generated.SCENES:
        return []
    return [pair.input for pair in load_pairs(data, "val", config)[:SHOWN]]


def sample_grid(translator: Translator, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Put inputs above what a checkpoint makes of them: `(2 H, n W, 3)` uint8."""
    return images.grid([[labels.shown(image) for image in inputs], [translator(image) for image in inputs]])


def _trained_on(folder: Path) -> str | None:
    """What the run that a checkpoint lies in was trained on; None for a checkpoint apart from its run."""
    try:
        return json.loads((folder.resolve().parents[1] / "run.json").read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
