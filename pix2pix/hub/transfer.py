"""Checkpoints and runs on the Hugging Face Hub, named USER/REPO or USER/REPO@REVISION, fetched into its cache.

The address of the Hub (HF_ENDPOINT), the cache (HF_HOME), the token (HF_TOKEN, or `hf auth login`) and offline mode
(HF_HUB_OFFLINE) are those of `huggingface_hub`.
"""

import hashlib
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pix2pix.hub.errors import NO_TOKEN, Missing, Unreachable, patiently, plain_errors
from pix2pix.hub.ids import parse
from pix2pix.inference import checkpoint
from pix2pix.utils import written_together

FILES = (checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.ONNX, checkpoint.CARD)
RUN_FOLDER, RUN_FILES = "run", ("run.json", "log.jsonl", "state.pt")
TEACHER_FILES = tuple(f"{checkpoint.TEACHER}/{file}" for file in (checkpoint.CONFIG, checkpoint.WEIGHTS))
MOST_BYTES = 4 * 2**30  # of a checkpoint: twenty times the paper's generator
TIMEOUT = 10.0  # seconds until the Hub counts as unreachable and the cache is asked
COMMIT = re.compile(r"[0-9a-f]{40}")


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


def run_files(folder: Path) -> list[str]:
    """What a run is resumed from, by path in its folder."""
    return [*RUN_FILES, *(file for file in TEACHER_FILES if (folder / file).is_file())]


def download_run(name: str, folder: Path) -> None:
    """Fetch a run that was pushed with its state into the new run folder `folder`, wholly or not at all."""
    from huggingface_hub import HfApi

    repo, revision = parse(name)

    def transfer() -> None:
        with plain_errors(repo):
            for file in RUN_FILES:
                if not HfApi().file_exists(repo, f"{RUN_FOLDER}/{file}", revision=revision):
                    raise ValueError(f"{name} has no {RUN_FOLDER}/{file}: it was pushed without --push-state")
            patterns = [f"{RUN_FOLDER}/{file}" for file in (*RUN_FILES, *TEACHER_FILES)]
            HfApi().snapshot_download(repo, revision=revision, allow_patterns=patterns, local_dir=building)

    with written_together(folder) as building:
        patiently(transfer, delays=(1.0, 4.0))
        for path in list((building / RUN_FOLDER).iterdir()):
            path.replace(building / path.name)
        for leftover in (RUN_FOLDER, ".cache"):
            shutil.rmtree(building / leftover)


SAMPLES = "samples.png"


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
