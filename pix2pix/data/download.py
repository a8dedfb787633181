"""Published sets, downloaded, checked and unpacked, ready for `train.py --data`."""

import json
import shlex
import sys
from pathlib import Path

from pix2pix.data import layouts
from pix2pix.data.catalog import MB, SETS, PublishedSet
from pix2pix.data.fetch import fetch
from pix2pix.data.folder import RECORD
from pix2pix.data.unpack import unpack
from pix2pix.utils import UserError, counted, written_together

HOME = Path("data")  # where sets are put and looked for
SCHEMES = ("https://", "http://", "file://")


def download(name: str, output: Path = HOME, mirror: str | None = None) -> None:
    """Download a published set, check it and unpack it to `output`/NAME; where it was cut before, go on from there."""
    published, folder = SETS[name], output / name
    if (folder / RECORD).is_file():
        print(f"{folder} is there already")
        return
    if folder.exists():
        raise UserError(f"{folder} exists already and is not from here; name another --output")
    if mirror and not mirror.startswith(SCHEMES):
        raise UserError(f"--mirror is {mirror}; an address begins with {', '.join(SCHEMES)}")
    output.mkdir(parents=True, exist_ok=True)
    mirrors = [mirror.rstrip("/") + "/"] if mirror else []
    archive = output / f".{published.file}"
    urls = [place + published.file for place in [*mirrors, *published.mirrors]]
    try:
        sha256 = fetch(urls, archive, published.max_size, published.sha256)
    except UserError as error:
        raise UserError(f"{error}; where you have the file, --mirror file:///FOLDER takes it") from None
    try:
        with written_together(folder) as building:
            count = unpack(archive, building, published.max_unpacked)
            found, _ = layouts.find(building, "train", "BtoA")
            (building / RECORD).write_text(_record(name, published, sha256), encoding="utf-8")
    finally:
        archive.unlink(missing_ok=True)  # an archive that cannot be unpacked now cannot be unpacked later either
    print(f"{folder}: {counted(count, 'file')}, {counted(len(found.items), 'pair')} to train on, SHA-256 {sha256}")
    print(f"licence: {published.licence}\nplease cite: {published.citation}")
    place = shlex.quote(str(folder))
    print("\n".join(f"train: python train.py --data {place} --task {task}" for task in published.named_tasks))


def ensure_downloaded(data: str) -> str:
    """The folder of a published set that `--data` names: one that is here, or downloaded after asking.

    Other names pass as they are. Raises UserError with the command to give where nobody can be asked.
    """
    if data not in SETS or Path(data).exists():
        return data
    folder = HOME / data
    if not folder.is_dir():
        size = SETS[data].about // MB
        if not sys.stdin.isatty() or input(f"download {data}, about {size:,} MB? [y/N] ").lower() not in ("y", "yes"):
            raise UserError(f"{folder} is not here: python -m pix2pix download {data} (about {size:,} MB)")
        download(data)
    return str(folder)


def _record(name: str, published: PublishedSet, sha256: str) -> str:
    facts = {
        "name": name, "tasks": published.tasks, "named_tasks": published.named_tasks, "file": published.file,
        "sha256": sha256, "licence": published.licence, "citation": published.citation,
    }  # fmt: skip
    return json.dumps(facts, indent=2) + "\n"
