"""Checkpoints to the Hugging Face Hub: the token, and one commit."""

import sys
from collections.abc import Mapping
from pathlib import Path

from pix2pix.hub import FILES, parse
from pix2pix.hub_errors import NO_TOKEN, plain_errors

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
