"""Files of the Hugging Face Hub, of USER/REPO or USER/REPO@REVISION, fetched into its cache; and the way back.

The address of the Hub (HF_ENDPOINT), the cache (HF_HOME), the token (HF_TOKEN, or `hf auth login`) and offline mode
(HF_HUB_OFFLINE) are those of `huggingface_hub`.
"""

import hashlib
import re
import shutil
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from pix2pix.hub.errors import NO_TOKEN, Missing, Unreachable, patiently, plain_errors
from pix2pix.hub.ids import parse
from pix2pix.utils import UserError, written_together

TIMEOUT = 10.0  # seconds until the Hub counts as unreachable and the cache is asked
COMMIT = re.compile(r"[0-9a-f]{40}")
Check = Callable[[str, Mapping[str, int]], None]  # of USER/REPO and the bytes of its files by path; raises ValueError


def download(name: str, files: Sequence[str], needed: Sequence[str], check: Check, token: bool | None = None) -> Path:
    """Return the folder in the Hub's cache that holds these files of a repository, `needed` ones at least.

    A commit that is in the cache is not asked for again; where the Hub cannot be reached, the newest state of the
    cache is used. Raises UserError in one line: unknown names, no network and nothing cached, and whatever
    `check` raises it for. With `token=False` the Hub is always asked, without the token at hand: what is in the cache
    may have been fetched with it.
    """
    repo, revision = parse(name)
    if token is False:
        folder = _fetch(repo, revision, files, check, token)
        _check_whole(folder)
        return folder
    folder = _cached(repo, revision, files, needed) if revision and COMMIT.fullmatch(revision) else None
    if folder is None:
        try:
            folder = _fetch(repo, revision, files, check)
        except Unreachable as error:
            folder = _cached(repo, revision, files, needed)
            if folder is None:
                raise Missing(f"{name} is not in the cache, and {error}") from None
    _check_whole(folder)
    return folder


def _fetch(repo: str, revision: str | None, files: Sequence[str], check: Check, token: bool | None = None) -> Path:
    from huggingface_hub import HfApi

    with plain_errors(repo):
        info = HfApi(token=token).model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
        check(repo, {file.rfilename: file.size or 0 for file in info.siblings or ()})

    def transfer() -> Path:
        with plain_errors(repo):
            return Path(HfApi(token=token).snapshot_download(repo, revision=revision, allow_patterns=list(files)))

    return patiently(transfer, delays=(1.0, 4.0))


def _cached(repo: str, revision: str | None, files: Sequence[str], needed: Sequence[str]) -> Path | None:
    """Return the folder in the cache, if what is needed is there."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = HfApi().snapshot_download(repo, revision=revision, allow_patterns=list(files), local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    whole = all((Path(found) / file).is_file() for file in needed)
    return Path(found) if whole else None


def _check_whole(folder: Path) -> None:
    """Raise UserError where a large file is not what the Hub holds: the cache names those by their SHA-256."""
    for path in folder.iterdir():
        blob = path.resolve()
        if re.fullmatch("[0-9a-f]{64}", blob.name):
            with blob.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != blob.name:
                    raise UserError(f"{path} is damaged; delete {blob} to have it fetched again")


def download_folder(
    name: str, path: str, needed: Sequence[str], further: Sequence[str], goal: Path, if_missing: str = ""
) -> None:
    """Fetch files of the folder `path` of a repository into the new folder `goal`, wholly or not at all.

    Where one of the `needed` files is not there, UserError says so, and `if_missing`.
    """
    from huggingface_hub import HfApi

    repo, revision = parse(name)

    def transfer() -> None:
        with plain_errors(repo):
            HfApi().model_info(repo, revision=revision, timeout=TIMEOUT)  # or what is missing would be its files
            for file in needed:
                if not HfApi().file_exists(repo, f"{path}/{file}", revision=revision):
                    raise UserError(f"{name} has no {path}/{file}{if_missing}")
            patterns = [f"{path}/{file}" for file in (*needed, *further)]
            HfApi().snapshot_download(repo, revision=revision, allow_patterns=patterns, local_dir=building)

    with written_together(goal) as building:
        patiently(transfer, delays=(1.0, 4.0))
        for each in list((building / path).iterdir()):
            each.replace(building / each.name)
        for leftover in (path, ".cache"):
            shutil.rmtree(building / leftover)


def check_token() -> None:
    """Raise UserError where there is no token."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise UserError(NO_TOKEN)


def check_writable(repo: str, private: bool) -> None:
    """Make a model repository if missing; raise UserError where the token may not write to it."""
    from huggingface_hub import HfApi

    parse(repo)
    check_token()
    with plain_errors(repo):
        role = HfApi().whoami().get("auth", {}).get("accessToken", {}).get("role")
        if role == "read":
            raise UserError(f"the token may only read; pushing to {repo} needs one that may write")
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
    managed: Collection[str] = (),
) -> str:
    """Make the files of a model repository these, in one commit, or in none where they are already; its address.

    Of the paths that are `managed`, those that are not among the files are deleted; what others put there stays.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi()
    with plain_errors(repo):
        address = api.create_repo(repo, private=private or None, exist_ok=True)
        if revision:
            api.create_branch(repo, branch=revision, exist_ok=True)
        remote = {file.rfilename for file in api.model_info(repo, revision=revision).siblings or ()}
        stale = (remote & set(managed)) - files.keys()
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
