"""Checkpoints on the Hugging Face Hub, named USER/REPO or USER/REPO@REVISION: fetched, and pushed.

python -m pix2pix push CHECKPOINT USER/REPO [--private] [--tag v1]

The address of the Hub (HF_ENDPOINT), the cache (HF_HOME), the token (HF_TOKEN, or `hf auth login`) and offline mode
(HF_HUB_OFFLINE) are those of `huggingface_hub`.
"""

import hashlib
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import tyro

from pix2pix import card, checkpoint, images
from pix2pix.hub_errors import NO_TOKEN, Missing, Unreachable, plain_errors

FILES = (checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.ONNX, checkpoint.CARD)
SAMPLES = "samples.png"
RUN_FOLDER, RUN_FILES = "run", ("run.json", "log.jsonl", "state.pt")
MOST_BYTES = 4 * 2**30  # of a checkpoint: more than the widest generator that a config may ask for
TIMEOUT = 10.0  # seconds until the Hub counts as unreachable and the cache is asked
DELAYS = (2.0, 8.0, 30.0, 120.0)  # seconds before each further attempt to push
Result = TypeVar("Result")
COMMIT = re.compile(r"[0-9a-f]{40}")


def parse(name: str) -> tuple[str, str | None]:
    """USER/REPO@REVISION -> (USER/REPO, REVISION or None). Raises ValueError for what is no valid id."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    match = checkpoint.hub_name(name)
    if match is None or ".." in name:
        raise ValueError(f"{name[:100]!r} is no name on the Hub: those are USER/REPO or USER/REPO@REVISION")
    try:
        validate_repo_id(match[1])
    except HFValidationError as error:
        raise ValueError(f"{name[:100]!r} is no name on the Hub: {error}") from None
    return match[1], match[2]


def download(name: str) -> Path:
    """The folder of a checkpoint on the Hub: only the files of a checkpoint, in the Hub's cache.

    A commit that is in the cache is not asked for again; where the Hub cannot be reached, the newest state of the
    cache is used. Raises ValueError in one line: unknown names, no network and nothing cached, what is no checkpoint.
    """
    repo, revision = parse(name)
    folder = _cached(repo, revision) if revision and COMMIT.fullmatch(revision) else None
    if folder is None:
        try:
            folder = _fetch(repo, revision)
        except Unreachable as error:
            folder = _cached(repo, revision)
            if folder is None:
                raise Missing(f"{name} is not in the cache, and {error}") from None
    _check_whole(folder)
    return folder


def _fetch(repo: str, revision: str | None) -> Path:
    from huggingface_hub import HfApi

    with plain_errors(repo):
        info = HfApi().model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
        check_listing(repo, {file.rfilename: file.size or 0 for file in info.siblings or ()})

    def transfer() -> Path:
        with plain_errors(repo):
            return Path(HfApi().snapshot_download(repo, revision=revision, allow_patterns=list(FILES)))

    return patiently(transfer, delays=(1.0, 4.0))


def check_listing(repo: str, sizes: Mapping[str, int]) -> None:
    """Raises ValueError where a repository with these files, in bytes, is no checkpoint that we would load."""
    missing = [file for file in (checkpoint.CONFIG, checkpoint.WEIGHTS) if file not in sizes]
    pickles = [name for name in sizes if any(Path(name).match(pattern) for pattern in checkpoint.PICKLES)]
    if checkpoint.WEIGHTS in missing and pickles:
        raise ValueError(
            f"{repo} holds {pickles[0]}, a pickle, which could run code; a checkpoint has {checkpoint.WEIGHTS}"
        )
    if missing:
        raise ValueError(f"{repo} is not a checkpoint: it has no {' and no '.join(missing)}")
    if (total := sum(sizes.get(file, 0) for file in FILES)) > MOST_BYTES:
        raise ValueError(f"{repo} is not a checkpoint of ours: its files have {total / 2**30:.0f} GiB")


def _cached(repo: str, revision: str | None) -> Path | None:
    """The folder in the cache, if config and weights are there."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = HfApi().snapshot_download(repo, revision=revision, allow_patterns=list(FILES), local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    whole = all((Path(found) / file).is_file() for file in (checkpoint.CONFIG, checkpoint.WEIGHTS))
    return Path(found) if whole else None


def _check_whole(folder: Path) -> None:
    """Raises ValueError where a large file is not what the Hub holds: the cache names those by their SHA-256."""
    for path in folder.iterdir():
        blob = path.resolve()
        if re.fullmatch("[0-9a-f]{64}", blob.name):
            with blob.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != blob.name:
                    raise ValueError(f"{path} is damaged; delete {blob} to have it fetched again")


def download_run(name: str, folder: Path) -> None:
    """Fetch a run that was pushed with its state into the new run folder `folder`, wholly or not at all."""
    from huggingface_hub import HfApi

    repo, revision = parse(name)

    def transfer() -> None:
        with plain_errors(repo):
            for file in RUN_FILES:
                if not HfApi().file_exists(repo, f"{RUN_FOLDER}/{file}", revision=revision):
                    raise ValueError(f"{name} has no {RUN_FOLDER}/{file}: it was pushed without --push-state")
            patterns = [f"{RUN_FOLDER}/{file}" for file in RUN_FILES]
            HfApi().snapshot_download(repo, revision=revision, allow_patterns=patterns, local_dir=building)

    with checkpoint.written_together(folder) as building:
        patiently(transfer, delays=(1.0, 4.0))
        for file in RUN_FILES:
            (building / RUN_FOLDER / file).replace(building / file)
        for leftover in (RUN_FOLDER, ".cache"):
            shutil.rmtree(building / leftover)


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
            files |= {f"{RUN_FOLDER}/{file}": run / file for file in RUN_FILES}
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
    (scratch / checkpoint.WEIGHTS).symlink_to((folder / checkpoint.WEIGHTS).resolve())
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


def patiently(attempt: Callable[[], Result], delays: Sequence[float] = DELAYS) -> Result:
    """What `attempt()` returns, tried again after each of `delays` in seconds, or the longer wait the Hub asks for."""
    for delay in delays:
        try:
            return attempt()
        except Unreachable as error:
            wait = max(delay, error.wait)
            print(f"{error}; trying again in {wait:.0f} s", file=sys.stderr)
            time.sleep(wait)
    return attempt()


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
