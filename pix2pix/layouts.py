"""Finding pairs in folders: which of the layouts people use is there, told by looking.

Each split is a folder (`train`; `val`, or `test` where there is none), or the folder itself holds all pairs:

    NAME.jpg                         two halves side by side (AB)
    input/NAME.* and target/NAME.*   two folders; also A and B, trainA and trainB, input/train and target/train
    NAME_A.* and NAME_B.*            two files; also -inputs and -targets, _label and _photo
    NAME.jpg and NAME.png            the CMP facade database: photo and labels
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pix2pix.images import EXTENSIONS

LAYOUTS = (
    "DIR/{train,val}/NAME.jpg with two halves side by side, DIR/{train,val}/{input,target}/NAME.*, "
    "NAME_A.* with NAME_B.*, NAME.jpg with NAME.png labels as CMP has them, a Hub dataset USER/NAME, or `synthetic`"
)
SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "test", "testing")}
INPUT_WORDS = ("input", "inputs", "label", "labels", "source")
TARGET_WORDS = ("target", "targets", "photo", "photos")
MOST_NAMED = 10  # offenders that one message names
_SUFFIX = re.compile(rf"(.*?)[-_ .]({'|'.join((*INPUT_WORDS, *TARGET_WORDS, 'a', 'b'))})", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    """One pair on disk: two files, or one file (`target` is None) with both halves."""

    name: str
    input: Path
    target: Path | None = None


@dataclass(frozen=True)
class Found:
    """The pairs of a folder. `layout` completes "12 …"; `is_cmp` where inputs are in CMP's own palette."""

    layout: str
    items: list[Item]
    unmatched: list[Path] = field(default_factory=list)
    is_cmp: bool = False


def find(data: Path, split: str, direction: str) -> tuple[Found, bool]:
    """The pairs of a split, and whether they are those of train and val together, since no folder tells them apart.

    `direction` decides which of A and B is the input. Raises ValueError for a folder without pairs, for names that
    match twice, and where no layout is recognised.
    """
    if not data.is_dir():
        raise ValueError(f"no data at {data}: give a folder ({LAYOUTS})")
    train, val = (_find_split(data, SPLITS[name], direction) for name in ("train", "val"))
    if split == "val" and val:
        return val, False
    if found := (train if split in SPLITS else _find_split(data, (split,), direction)):
        return found, split in SPLITS and val is None
    if val is None and (found := _look(data, direction)):
        return found, True
    raise ValueError(f"no {split} images in {data}; what is understood: {LAYOUTS}")


def match_folders(inputs: Path, targets: Path) -> Found:
    """The pairs of two folders; ValueError where no names match or some match twice."""
    return _match(_images(inputs), _images(targets), _two_folders([inputs, targets]))


def natural_order(path: Path) -> tuple[int, str]:
    """2.jpg comes before 10.jpg."""
    return len(path.stem), path.name


def name_some(offenders: Iterable[object]) -> str:
    """At most ten of them, and how many there are."""
    offenders = [str(offender) for offender in offenders]
    more = f" … ({len(offenders)} in all)" if len(offenders) > MOST_NAMED else ""
    return ", ".join(offenders[:MOST_NAMED]) + more


def _find_split(data: Path, names: tuple[str, ...], direction: str) -> Found | None:
    folders = _folders(data)
    sides = _sides(folders, direction)
    for name in names:
        if name in folders and (found := _look(folders[name], direction)):
            return found
        halves = _sides({key.removeprefix(name): folders[key] for key in folders if key.startswith(name)}, direction)
        if halves:
            return _match(*map(_images, halves), _two_folders(halves))
        inner = [_folders(side).get(name) for side in sides or ()]
        if inner and all(inner):
            return _match(*map(_images, inner), _two_folders(inner))
    return None


def _look(folder: Path, direction: str) -> Found | None:
    """The pairs directly in a folder or in its two sides; None where there are no images."""
    if sides := _sides(_folders(folder), direction):
        return _match(*map(_images, sides), _two_folders(sides))
    files = _images(folder)
    if not files:
        return None
    by_stem = defaultdict(list)
    for file in files:
        by_stem[file.stem].append(file)
    photos, maps = ([f for f in files if f.suffix.lower() in kinds] for kinds in ((".jpg", ".jpeg"), (".png",)))
    both = {file.stem for file in photos} & {file.stem for file in maps}
    if len(both) * 2 > len(by_stem):
        found = _match(maps, photos, f"photos with labels as CMP has them in {folder}", exact=True)
        return Found(found.layout, found.items, found.unmatched, is_cmp=True)
    inputs = [file for file in files if _side(file.stem, direction) == 0]
    targets = [file for file in files if _side(file.stem, direction) == 1]
    if inputs and targets and {_loose(file.stem) for file in inputs} & {_loose(file.stem) for file in targets}:
        return _match(inputs, targets, f"pairs of files told apart by their names in {folder}")
    _refuse_twins(files)
    return Found(f"images in {folder}", [Item(file.stem, file) for file in files])


def _match(inputs: list[Path], targets: list[Path], layout: str, exact: bool = False) -> Found:
    """Pair files by stem, then loosely: without regard to case and to what only tells the sides apart."""
    items, left, right = [], inputs, targets
    for key in (_stem,) if exact else (_stem, _loose_stem):
        _refuse_twins(left, key)
        _refuse_twins(right, key)
        theirs = {key(file): file for file in right}
        items += [Item(_loose(file.stem), file, theirs[key(file)]) for file in left if key(file) in theirs]
        used = {path for item in items for path in (item.input, item.target)}
        left, right = ([file for file in files if file not in used] for files in (left, right))
    if not items:
        folder = (inputs or targets)[0].parent if inputs or targets else layout
        raise ValueError(f"no names match in {folder} and its other side: {len(inputs)} inputs, {len(targets)} targets")
    if len({item.name for item in items}) < len(items):  # "1_a" beside "1": distinct files, equal short names
        items = [Item(item.input.stem, item.input, item.target) for item in items]
    return Found(layout, sorted(items, key=lambda item: natural_order(item.input)), left + right)


def _refuse_twins(files: list[Path], key: Callable[[Path], str] | None = None) -> None:
    """`1.jpg` beside `1.png` is refused: their results would overwrite each other."""
    groups = defaultdict(list)
    for file in files:
        groups[key(file) if key else file.stem].append(file.name)
    if twice := [" and ".join(names) for names in groups.values() if len(names) > 1]:
        raise ValueError(f"{files[0].parent} has several images of one name, keep one of each: {name_some(twice)}")


def _sides(folders: dict[str, Path], direction: str) -> list[Path] | None:
    """The input and the target folder among folders by name."""
    places = [next((folders[w] for w in words if w in folders), None) for words in (INPUT_WORDS, TARGET_WORDS)]
    if not all(places):
        places = [folders.get(letter) for letter in ("ab" if direction == "AtoB" else "ba")]
    return places if all(places) else None


def _side(stem: str, direction: str) -> int | None:
    """0 for the stem of an input, 1 for that of a target, None where it does not say."""
    if not (matched := _SUFFIX.fullmatch(stem)):
        return None
    word = matched[2].lower()
    if word in ("a", "b"):
        return int((word == "a") != (direction == "AtoB"))
    return int(word in TARGET_WORDS)


def _stem(file: Path) -> str:
    return file.stem


def _loose_stem(file: Path) -> str:
    return _loose(file.stem).casefold()


def _loose(stem: str) -> str:
    matched = _SUFFIX.fullmatch(stem)
    return matched[1] if matched else stem


def _two_folders(sides: list[Path]) -> str:
    return f"pairs of {sides[0]} and {sides[1]}"


def _folders(folder: Path) -> dict[str, Path]:
    return {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}


def _images(folder: Path) -> list[Path]:
    """The image files of a folder, in natural order; what programs hide (`._1.jpg`) is left out."""
    files = (path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS and not path.name.startswith("."))
    return sorted(files, key=natural_order)
