"""The app as a Space of the Hugging Face Hub: its files, its README, and how they get there."""

import re
from collections.abc import Mapping
from pathlib import Path

from pix2pix.hub import readme as front_matter
from pix2pix.hub.errors import plain_errors
from pix2pix.hub.ids import parse
from pix2pix.hub.readme import split, with_head

SINGLE = ("app.py", "requirements.txt", "README.md", "LICENSE")
FOLDERS = ("pix2pix", "checkpoints")  # deployed whole; what vanishes from them here is deleted there
MODEL = "PIX2PIX_MODEL"  # the variable that app.py reads


def find_files(root: Path) -> dict[str, Path | bytes]:
    """What the app needs to run, by path in the Space: code, page, bundled checkpoints, what the README shows."""
    paths = [root / name for name in SINGLE if (root / name).is_file()]
    for folder in FOLDERS:
        paths += sorted(path for path in (root / folder).rglob("*") if path.is_file())
    for shown in re.findall(r"!\[[^\]]*\]\(([^):\s]+)\)", (root / "README.md").read_text(encoding="utf-8")):
        paths += [root / shown] if (root / shown).is_file() else []
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: path for name, path in names.items() if not _is_leftover(name)}


def _is_leftover(name: str) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
    return hidden or name.endswith((".pyc", ".pyi"))


def readme(path: Path, model: str | None, preload: str | None) -> bytes:
    """The README for the Space, its head seen to be valid, and naming the model where there is one."""
    head = front_matter.read(path)
    if not model:
        return path.read_bytes()
    head["models"] = [*head.get("models", []), parse(model)[0]]
    if preload:
        head["preload_from_hub"] = [preload]
    return with_head(head, split(path.read_text(encoding="utf-8"))[1]).encode()


def describe(repo: str, files: Mapping[str, Path | bytes], variables: Mapping[str, str], hardware: str | None) -> str:
    """What would be sent, line by line."""
    sizes = {name: len(file) if isinstance(file, bytes) else file.stat().st_size for name, file in files.items()}
    lines = [f"{size:>12,}  {name}" for name, size in sorted(sizes.items())]
    lines.append(f"{sum(sizes.values()):>12,}  bytes in {len(sizes)} files, for the Space {repo}")
    lines += [f"variable  {name}={value}" for name, value in variables.items()]
    return "\n".join(lines + ([f"hardware  {hardware}"] if hardware else []))


def send(
    repo: str,
    files: Mapping[str, Path | bytes],
    variables: Mapping[str, str],
    hardware: str | None = None,
    private: bool = False,
) -> str:
    """Make a Space what is given, in one commit or none; its address."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi()
    with plain_errors(repo):
        address = api.create_repo(repo, repo_type="space", space_sdk="gradio", private=private or None, exist_ok=True)
        _set_variables(api, repo, variables)
        there = {file.rfilename for file in api.space_info(repo).siblings or ()}
        stale = {name for name in there - files.keys() if name.split("/")[0] in FOLDERS}
        api.create_commit(
            repo,
            [
                *(CommitOperationAdd(name, content) for name, content in files.items()),
                *(CommitOperationDelete(name) for name in sorted(stale)),
            ],
            commit_message="Deploy",
            repo_type="space",
        )
        if hardware:
            runtime = api.get_space_runtime(repo)
            if hardware not in (runtime.requested_hardware, runtime.hardware):
                api.request_space_hardware(repo, hardware)
    return str(address)


def _set_variables(api, repo: str, variables: Mapping[str, str]) -> None:
    """Those that the app is set by; others are their owner's. Each change restarts the Space, so none is in vain."""
    there = {name: variable.value for name, variable in api.get_space_variables(repo).items()}
    for name, value in variables.items():
        if there.get(name) != value:
            api.add_space_variable(repo, name, value)
    if MODEL in there and MODEL not in variables:
        api.delete_space_variable(repo, MODEL)
