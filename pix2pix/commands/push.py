"""The command `push`: a checkpoint to the Hugging Face Hub.

python -m pix2pix push CHECKPOINT USER/REPO [--private] [--tag v1]
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import images
from pix2pix.hub.errors import patiently
from pix2pix.hub.ids import parse
from pix2pix.hub.transfer import check_token, keep_quiet, upload
from pix2pix.inference import card, checkpoint
from pix2pix.inference.checkpoint import FILES, RUN_FOLDER, run_files

SAMPLES = "samples.png"


def push(
    folder: Annotated[str, tyro.conf.Positional],
    repo: Annotated[str, tyro.conf.Positional],
    private: bool = False,
    revision: str | None = None,
    tag: str | None = None,
    run: Path | None = None,
) -> None:
    """Push a checkpoint to the Hub as one commit: config, weights, ONNX graph, card and a sample sheet of our drawings.

    Args:
        folder: The checkpoint; one without model.onnx is pushed with it where the training requirements are there.
        repo: USER/REPO, made if missing.
        private: Make a missing repository private.
        revision: A branch to push to instead of main, made if missing.
        tag: Tag the commit with this name.
        run: A run folder whose state is pushed too, so that train.py --resume USER/REPO continues it anywhere.
    """
    found, (repo, named) = checkpoint.find(folder), parse(repo)
    if named:
        raise ValueError(f"a push goes to {repo}; name the branch with --revision {named}")
    check_token()
    keep_quiet()
    with tempfile.TemporaryDirectory() as scratch:
        files = collect(found, repo, Path(scratch))
        if run is not None:
            files |= {f"{RUN_FOLDER}/{file}": run / file for file in run_files(run)}
        if missing := [path for path in files.values() if isinstance(path, Path) and not path.is_file()]:
            raise ValueError(f"{missing[0]} does not exist")
        address = patiently(
            lambda: upload(repo, files, f"Push {found.name}", private, revision, tag, ours=(*FILES, SAMPLES))
        )
    print(address)


def collect(folder: Path, repo: str, scratch: Path) -> dict[str, Path | bytes]:
    """What is pushed of a checkpoint, by path in the repository; what is made for it lies in `scratch`."""
    files: dict[str, Path | bytes] = {
        name: folder / name for name in FILES if name != checkpoint.CARD and (folder / name).is_file()
    }
    if checkpoint.ONNX not in files and (graph := _export(folder, scratch)):
        files[checkpoint.ONNX] = graph
    if (sheet := sample_sheet(folder)) is not None:
        files[SAMPLES] = scratch / SAMPLES
        images.write_png(scratch / SAMPLES, sheet)
    path = folder / checkpoint.CARD
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return files | {checkpoint.CARD: card.for_hub(text, repo, SAMPLES if SAMPLES in files else None).encode()}


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


def sample_sheet(folder: Path, seeds: tuple[int, ...] = (1, 2, 3, 4)):
    """What a facade checkpoint makes of drawn label maps, which anyone may publish: `(H, W, 3)` uint8, labels above
    generated pictures; None for other checkpoints.
    """
    import numpy as np

    from pix2pix import inference, labels
    from pix2pix.synthetic import label_map

    translator = inference.load(folder)
    if translator.config.task != "facades":
        return None
    drawn = [labels.colorize(label_map(seed)) for seed in seeds]
    return np.vstack([np.hstack(drawn), np.hstack([translator(image) for image in drawn])])
