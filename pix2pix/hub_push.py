"""Checkpoints to the Hugging Face Hub.

python -m pix2pix push CHECKPOINT USER/REPO [--private] [--tag v1]
"""

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import card, checkpoint, images
from pix2pix.hub import FILES, RUN_FOLDER, parse, run_files
from pix2pix.hub_errors import NO_TOKEN, patiently, plain_errors

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
        address = patiently(lambda: upload(repo, files, f"Push {found.name}", private, revision, tag))
    print(address)


def check_token() -> None:
    """Raises ValueError where there is no token."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise ValueError(NO_TOKEN)


def check_writable(repo: str, private: bool) -> None:
    """Raises ValueError where the token may not write to a model repository, which is made if missing."""
    from huggingface_hub import HfApi

    parse(repo)
    check_token()
    with plain_errors(repo):
        role = HfApi().whoami().get("auth", {}).get("accessToken", {}).get("role")
        if role == "read":
            raise ValueError(f"the token may only read; pushing to {repo} needs one that may write")
        HfApi().create_repo(repo, private=private or None, exist_ok=True)


def keep_quiet() -> None:
    """No progress bars into log files, and none of the client's warnings: they spell out signed addresses."""
    from huggingface_hub.utils import disable_progress_bars, logging

    logging.set_verbosity_error()
    if not sys.stderr.isatty():
        disable_progress_bars()


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
        from pix2pix import export
    except ModuleNotFoundError as error:
        print(f"pushing without {checkpoint.ONNX}: exporting it needs {error.name}", file=sys.stderr)
        return None
    shutil.copyfile(folder / checkpoint.WEIGHTS, scratch / checkpoint.WEIGHTS)
    export.add_onnx(scratch, *checkpoint.load(folder))
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


def upload(
    repo: str,
    files: Mapping[str, Path | bytes],
    message: str,
    private: bool = False,
    revision: str | None = None,
    tag: str | None = None,
) -> str:
    """Make the files of a model repository these, in one commit, or in none where they are already; its address.

    Of what was pushed before, files that no longer exist are deleted; what others put there stays.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi()
    with plain_errors(repo):
        address = api.create_repo(repo, private=private or None, exist_ok=True)
        if revision:
            api.create_branch(repo, branch=revision, exist_ok=True)
        there = {file.rfilename for file in api.model_info(repo, revision=revision).siblings or ()}
        stale = there & {*FILES, SAMPLES} - files.keys()
        commit = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(path, content) for path, content in files.items()),
                *(CommitOperationDelete(path) for path in sorted(stale)),
            ],
            commit_message=message,
            revision=revision,
        )
        if tag:
            api.create_tag(repo, tag=tag, revision=commit.oid)
    return f"{address}/tree/{commit.oid}" if revision or tag else str(address)
