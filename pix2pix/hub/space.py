"""The app as a Space of the Hugging Face Hub: its files, its README, and how they get there."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pix2pix.hub.errors import plain_errors
from pix2pix.utils import counted, name_some, package_address

SINGLE = ("app.py", "requirements.txt", "README.md", "LICENSE")
FOLDERS = ("pix2pix", "checkpoints")  # what vanishes from them here is deleted there
LEFT_OUT = ("commands", "evaluation", "export", "networks", "training")  # rooms that no page needs, or that need torch
KEPT = ("pix2pix/evaluation/__init__.py", "pix2pix/evaluation/test_drawings/")  # what the page begins with
MODEL = "PIX2PIX_MODEL"  # the variable that app.py reads
PICTURE = "pix2pix/web/canvas/preview.jpg"  # what a link to the Space, or to the app, shows
TITLES = {"edges": "Draw lines, get a picture.", "colors": "Colour a grey picture.", "photo": "Translate a picture."}
TEXT, OTHER_TEXT = (  # READMEs for visitors: of the painter, and of the page for other tasks
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("space.md", "other_space.md")
)
PAPER = "https://arxiv.org/abs/1611.07004"
DATABASE = "https://cmp.felk.cvut.cz/~tylecr1/facade/"
ABOUT = """
## About

The model is {model}, made with [pix2pix]({paper}) (Isola et al. 2017), a conditional GAN on paired images. The bundled
models were trained on the [CMP facade database]({database}) (R. Tyleček, R. Šára, GCPR 2013).\
"""


def find_files(root: Path) -> dict[str, Path | bytes]:
    """List what the app needs to run, by path in the Space: code, page, bundled checkpoints."""
    paths = [root / name for name in SINGLE if (root / name).is_file()]
    for folder in FOLDERS:
        paths += sorted(path for path in (root / folder).rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: path for name, path in names.items() if not (_is_leftover(name) or _is_left_out(name))}


def _is_left_out(name: str) -> bool:
    return name.startswith(tuple(f"pix2pix/{room}/" for room in LEFT_OUT)) and not name.startswith(KEPT)


def _is_leftover(name: str) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
    return hidden or name.endswith((".pyc", ".pyi"))


@dataclass(frozen=True)
class ShownModel:
    """What a Space tells of the model on the Hub that it opens."""

    repo: str
    task: str
    example: str
    """The file of an example input of it."""
    preload: str | None
    """The line by which the Space loads it while it is built; None for a private one, which it loads when started."""
    datasets: tuple[str, ...] = ()
    picture: str | None = None
    """Its file of samples, where it has any that anyone may see."""


def readme(head: Mapping, space: str, model: ShownModel | None = None) -> str:
    """Write the README of a Space for its visitors; `head` is that of this program's own, by which a clone runs too."""
    from huggingface_hub import SpaceCardData
    from huggingface_hub.constants import ENDPOINT

    head = dict(head)
    at = f"{ENDPOINT}/spaces/{space}/resolve/main/"
    picture = f"{at}{PICTURE}"
    if model:
        head["models"] = [*head.get("models", ()), model.repo]
        head |= {"preload_from_hub": [model.preload]} if model.preload else {}
        head |= {"datasets": list(model.datasets)} if model.datasets else {}
    if model and model.task != "facades":
        title = TITLES[model.task]
        head |= {"title": model.repo.split("/")[1], "short_description": title}
        head["tags"] = [model.task if tag == "facades" else tag for tag in head.get("tags", ())]
        picture = model.picture and f"{ENDPOINT}/{model.repo}/resolve/main/{model.picture}"
        text = OTHER_TEXT.format(space=space, name=head["title"], title=title, file=model.example)
    else:
        text = TEXT.format(space=space, picture=PICTURE)
    head |= {"thumbnail": picture} if picture else {}
    shown = f"[{model.repo}]({ENDPOINT}/{model.repo})" if model else "`facades`, whose card is in `checkpoints/facades`"
    text += ABOUT.format(model=shown, paper=PAPER, database=DATABASE)
    if code := package_address():
        text += f" The program: [{code.removeprefix('https://')}]({code})."
    return f"---\n{SpaceCardData(**head).to_yaml()}\n---\n\n{text}\n"


def describe(repo: str, files: Mapping[str, Path | bytes], variables: Mapping[str, str], hardware: str | None) -> str:
    """What would be sent, line by line."""
    sizes = {name: len(file) if isinstance(file, bytes) else file.stat().st_size for name, file in files.items()}
    lines = [f"{size:>12,}  {name}" for name, size in sorted(sizes.items())]
    lines.append(f"{sum(sizes.values()):>12,}  bytes in {counted(len(sizes), 'file')}, for the Space {repo}")
    lines += [f"variable  {name}={value}" for name, value in variables.items()]
    lines += [f"hardware  {hardware}"] if hardware else []
    head = files["README.md"].decode().split("---\n")[1]
    return "\n".join([*lines, "README.md begins with:", head.rstrip()])


def send(
    repo: str,
    files: Mapping[str, Path | bytes],
    variables: Mapping[str, str],
    hardware: str | None = None,
    private: bool = False,
    sdk: str = "gradio",
    is_deployed: Callable[[str], bool] = lambda name: name.split("/")[0] in FOLDERS,
) -> str:
    """Make a Space what is given, in one commit or none, and say on stderr what changed; returns its address.

    `is_deployed` tells which files there are those of an earlier deploy, and go where they are not given any more.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api = HfApi()
    with plain_errors(repo):
        address = api.create_repo(repo, repo_type="space", space_sdk=sdk, private=private or None, exist_ok=True)
        changes = _set_variables(api, repo, variables) if sdk == "gradio" else []
        remote = {file.rfilename: file for file in api.space_info(repo, files_metadata=True).siblings or ()}
        new = [name for name in files if name not in remote]
        other = [name for name in files if name in remote and not _is_same(files[name], remote[name])]
        gone = sorted(name for name in remote.keys() - files.keys() if is_deployed(name))
        if new or other or gone:
            adding = [CommitOperationAdd(name, files[name]) for name in new + other]
            deleting = [CommitOperationDelete(name) for name in gone]
            api.create_commit(repo, [*adding, *deleting], commit_message="Deploy", repo_type="space")
        for what, names in (("new", new), ("changed", other), ("deleted", gone)):
            changes += [f"{what}: {name_some(names)}"] if names else []
        if hardware:
            runtime = api.get_space_runtime(repo)
            if hardware not in (runtime.requested_hardware, runtime.hardware):
                api.request_space_hardware(repo, hardware)
                changes.append(f"hardware: {hardware}")
    print("\n".join(changes) or "nothing changed", file=sys.stderr)
    return str(address)


def _is_same(file: Path | bytes, remote) -> bool:
    """Compare a file with one on the Hub by what the Hub tells: git's hash, or of large files the SHA-256."""
    content = file if isinstance(file, bytes) else file.read_bytes()
    if remote.lfs:
        return remote.lfs.sha256 == hashlib.sha256(content).hexdigest()
    return remote.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _set_variables(api, repo: str, variables: Mapping[str, str]) -> list[str]:
    """Set those that the app is set by, and say which; others are their owner's. Each change restarts the Space."""
    set_before = {name: variable.value for name, variable in api.get_space_variables(repo).items()}
    changed = {name: value for name, value in variables.items() if set_before.get(name) != value}
    for name, value in changed.items():
        api.add_space_variable(repo, name, value)
    if is_gone := MODEL in set_before and MODEL not in variables:
        api.delete_space_variable(repo, MODEL)
    return [f"variable: {name}={value}" for name, value in changed.items()] + [f"variable: no {MODEL}"] * is_gone
