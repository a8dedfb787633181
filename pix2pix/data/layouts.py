"""Finding pairs in folders: which of the layouts people use is there, told by looking.

Each split is a folder (`train`; `val`, or `test` where there is none), or the folder itself holds all pairs:

    NAME.jpg                         two halves side by side (AB)
    input/NAME.* and target/NAME.*   two folders; also A and B, train_A and train_B, images and masks, input/train …
    NAME_A.* and NAME_B.*            two files; also -inputs and -targets, _label and _photo
    NAME.jpg and NAME.png            the CMP facade database: photo and labels

Pictures may lie in folders of their own below that, such as one for each city, the same ones on both sides.
"""

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from pix2pix import images
from pix2pix.images import EXTENSIONS
from pix2pix.utils import MAX_NAMED, UserError, counted, name_some, natural_order

LAYOUTS = (
    "DIR/{train,val}/NAME.jpg with two halves side by side, DIR/{train,val}/{input,target}/NAME.*, "
    "DIR/{train_A,train_B}/NAME.*, NAME_A.* with NAME_B.*, NAME.jpg with NAME.png labels as CMP has them, "
    "a Hub dataset USER/NAME, or `synthetic`"
)
SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "test", "testing")}
# Words for the two sides. The first two say which is the input; the others which is A and which is B.
INPUT_WORDS = ("input", "inputs", "source")
TARGET_WORDS = ("target", "targets")
A_WORDS = ("a", "photo", "photos", "image", "images", "img", "imgs", "leftimg8bit")
B_WORDS = ("b", "label", "labels", "mask", "masks", "gtfine", "gtfine_color")
TEXTS = frozenset({".csv", ".db", ".html", ".ini", ".json", ".jsonl", ".md", ".txt", ".xml", ".yaml", ".yml"})
LOOKED_AT = 8  # files whose shape tells AB images from halves of a pair
_ALL_WORDS = (*INPUT_WORDS, *TARGET_WORDS, *A_WORDS, *B_WORDS)
_SPLIT_NAMES = tuple(name for names in SPLITS.values() for name in names)
_BETWEEN = "-_ ."
_SUFFIX = re.compile(rf"(.*?)[{_BETWEEN}]({'|'.join(sorted(_ALL_WORDS, key=len, reverse=True))})", re.IGNORECASE)
_SEPARATORS = re.compile(rf"[{_BETWEEN}]+")


@dataclass(frozen=True)
class Item:
    """One pair on disk: two files, or one file (`target` is None) with both halves."""

    name: str
    input: Path
    target: Path | None = None


@dataclass(frozen=True)
class Listing:
    """The image files below a folder in natural order, and how many other files there are of each kind."""

    folder: Path
    files: list[Path]
    others: Counter[str]

    def key(self, file: Path) -> str:
        """Its place below the folder without extension; letters with marks are written in one way (NFC)."""
        place = str(file).removeprefix(f"{self.folder}{os.sep}")  # by text: pathlib takes a second for 10,000 of them
        return unicodedata.normalize("NFC", place[: place.rindex(".")].replace(os.sep, "/"))


@dataclass(frozen=True)
class Found:
    """The pairs of a folder. `layout` completes "1 …"; `is_cmp` where inputs are in CMP's own palette."""

    layout: str
    items: list[Item]
    unmatched: list[Path] = field(default_factory=list)
    is_cmp: bool = False
    others: Counter[str] = field(default_factory=Counter)

    def describe(self, items: Sized) -> str:
        """Say how many of them there are, and in which layout."""
        noun, rest = self.layout.split(" ", 1)
        return f"{counted(len(items), noun)} {rest}"

    @property
    def left_out(self) -> str:
        """The files that are not used, counted and named; empty where there are none."""
        parts = []
        if self.unmatched:
            names = name_some(path.name for path in self.unmatched)
            parts.append(f"{len(self.unmatched)} without a partner ({names})")
        parts += [f"{count} {kind}" for kind, count in self.others.most_common()]
        return ", ".join(parts)


def find(data: Path, split: str, direction: str) -> tuple[Found, bool]:
    """Find the pairs of a split, and whether they are those of train and val together, since no folder divides them.

    `direction` decides which of A and B is the input. Raises UserError for a folder without pairs, for names that
    match twice, and where no layout is recognised.
    """
    if not data.is_dir():
        raise UserError(f"no data at {data}: give a folder ({LAYOUTS})")
    train, val = (_find_split(data, SPLITS[name], direction) for name in ("train", "val"))
    if split == "val" and val:
        return val, False
    if found := (train if split in SPLITS else _find_split(data, (split,), direction)):
        return found, split in SPLITS and val is None
    if val is None and (found := _look(data, direction)):
        return found, True
    raise UserError(f"no {split} images in {data}{_describe(data)}; what is understood: {LAYOUTS}")


def match_folders(inputs: Path, targets: Path) -> Found:
    """Match the pairs of two folders; raises UserError where no names match or some match twice."""
    return _match(list_images(inputs), list_images(targets), f"pair of {inputs} and {targets}")


def list_images(folder: Path) -> Listing:
    """List the image files below a folder, without what programs hide (`._1.jpg`, `.cache/`, `__MACOSX/`).

    Raises UserError for a folder that cannot be read: its pictures would be missed by nobody.
    """
    files, others, seen, top = [], Counter(), set(), folder.resolve()
    for here, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        place = Path(here)
        real = place.resolve()
        if real in seen or (real != top and top.is_relative_to(real)):  # links may lead in circles
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(map(Path, names), key=natural_order):
            suffix = name.suffix.lower()
            if name.name.startswith("."):
                others["hidden"] += suffix in EXTENSIONS
            elif suffix in EXTENSIONS:
                files.append(place / name)
            elif suffix not in TEXTS:
                others[suffix or "without extension"] += 1
    return Listing(folder, files, +others)


def _refuse_folder(error: OSError) -> None:
    raise UserError(f"{error.filename} cannot be read: {error.strerror}")


def _find_split(data: Path, names: tuple[str, ...], direction: str) -> Found | None:
    folders = _folders(data)
    sides = _sides(folders, direction)
    for name in names:
        if name in folders and (found := _look(folders[name], direction)):
            return found
        rest = {key.removeprefix(name).lstrip(_BETWEEN): folders[key] for key in folders if key.startswith(name)}
        if halves := _sides(rest, direction):
            return match_folders(*halves)
        inner = [_folders(side).get(name) for side in sides or ()]
        if inner and all(inner):
            return match_folders(*inner)
    return None


def _look(folder: Path, direction: str) -> Found | None:
    """Find the pairs in a folder or in its two sides; None where there are no images."""
    folders = _folders(folder)
    if sides := _sides(folders, direction):
        return match_folders(*sides)
    listing = list_images(folder)
    files = listing.files
    if not files:
        return None
    if lonely := [name for name in folders if _is_side(name)]:
        raise UserError(f"{folder} has a folder {name_some(lonely)}, and none for the other side{_describe(folder)}")
    photos, maps = ([f for f in files if f.suffix.lower() in kinds] for kinds in ((".jpg", ".jpeg"), (".png",)))
    both = {listing.key(file) for file in photos} & {listing.key(file) for file in maps} if photos and maps else set()
    if both and len(both) * 2 > len({listing.key(file) for file in files}):
        sides = (_part(listing, maps), _part(listing, photos, others=False))
        return _match(*sides, f"photo with labels as CMP has them in {folder}", is_cmp=True)
    inputs, targets = ([file for file in files if _side(file.stem, direction) == side] for side in (0, 1))
    keys = ({_loose(listing.key(file)) for file in side} for side in (inputs, targets))
    if set.intersection(*keys) and not _are_ab(inputs + targets):
        sides = (_part(listing, inputs), _part(listing, targets, others=False))
        rest = sorted(set(files) - {*inputs, *targets})
        return _match(*sides, f"pair of files told apart by their names in {folder}", rest)
    _refuse_duplicates(files, listing.key)
    items = _named([(file, None) for file in files], listing)
    return Found(f"image in {folder}", items, others=listing.others)


def _part(listing: Listing, files: list[Path], others: bool = True) -> Listing:
    return Listing(listing.folder, files, listing.others if others else Counter())


def _match(inputs: Listing, targets: Listing, layout: str, rest: Iterable[Path] = (), is_cmp: bool = False) -> Found:
    """Pair files by their places, then loosely: without regard to case, separators and what tells the sides apart."""
    pairs, left, right = [], inputs.files, targets.files
    for strip in (str,) if is_cmp else (str, _loose):
        names = {file: strip(side.key(file)) for side, files in ((inputs, left), (targets, right)) for file in files}
        _refuse_duplicates(left, names.get)
        _refuse_duplicates(right, names.get)
        by_name = {names[file]: file for file in right}
        pairs += [(file, by_name[names[file]]) for file in left if names[file] in by_name]
        used = {path for pair in pairs for path in pair}
        left, right = ([file for file in files if file not in used] for files in (left, right))
    if not pairs:
        names = " and ".join(f"{side.folder} ({name_some([f.name for f in side.files[:2]]) or 'no images'}, …)"
                             for side in (inputs, targets))  # fmt: skip
        counts = f"{counted(len(inputs.files), 'input')}, {counted(len(targets.files), 'target')}"
        raise UserError(f"no names match in {names}: {counts}; the two files of a pair have the same name")
    unmatched = [*left, *right, *rest]
    return Found(layout, _named(pairs, inputs), unmatched, is_cmp, inputs.others + targets.others)


def _named(pairs: list[tuple[Path, Path | None]], listing: Listing) -> list[Item]:
    """Name each pair as shortly as keeps them apart; results and copies are files of that name."""
    shorten = (lambda file: _loose_stem(file) if pairs[0][1] else file.stem, lambda file: file.stem)
    for short in shorten:
        names = [unicodedata.normalize("NFC", short(one)) for one, _ in pairs]
        if len(set(names)) == len(names):
            break
    else:
        names = [listing.key(one).replace("/", "-") for one, _ in pairs]
    order = {file: place for place, file in enumerate(listing.files)}
    items = [Item(name, *pair) for name, pair in zip(names, pairs, strict=True)]
    return sorted(items, key=lambda item: order[item.input])


def _refuse_duplicates(files: list[Path], key: Callable[[Path], str]) -> None:
    """Refuse `1.jpg` beside `1.png`: their results would overwrite each other."""
    groups = defaultdict(list)
    for file in files:
        groups[key(file)].append(file.name)
    if twice := [" and ".join(names) for names in groups.values() if len(names) > 1]:
        raise UserError(f"{files[0].parent} has several images of one name, keep one of each: {name_some(twice)}")


def _sides(folders: dict[str, Path], direction: str) -> tuple[Path, Path] | None:
    """Pick the input and the target folder among folders by name."""
    first, second = (B_WORDS, A_WORDS) if direction == "BtoA" else (A_WORDS, B_WORDS)
    for inputs, targets in product((INPUT_WORDS, first), (TARGET_WORDS, second)):
        places = [next((folders[word] for word in words if word in folders), None) for words in (inputs, targets)]
        if all(places):
            return places[0], places[1]
    return None


def _is_side(name: str) -> bool:
    """Whether a folder's name says that it is one of two sides, of a split or of all."""
    bare = next((name.removeprefix(split) for split in _SPLIT_NAMES if name.startswith(split)), name)
    return bare.lstrip(_BETWEEN) in _ALL_WORDS


def _side(stem: str, direction: str) -> int | None:
    """Say 0 for the stem of an input, 1 for that of a target, None where it does not tell."""
    if not (matched := _SUFFIX.fullmatch(stem)):
        return None
    word = matched[2].lower()
    if word in A_WORDS or word in B_WORDS:
        return int((word in A_WORDS) != (direction == "AtoB"))
    return int(word in TARGET_WORDS)


def _are_ab(files: list[Path]) -> bool:
    """Whether pictures are two squares side by side, so that `_a` and `_b` in their names tell no halves apart."""
    try:
        headers = [images.read_header(file) for file in files[:LOOKED_AT]]
    except UserError:
        return False
    return all(header.width == 2 * header.height for header in headers)


def _loose(key: str) -> str:
    matched = _SUFFIX.fullmatch(key)
    return _SEPARATORS.sub("_", matched[1] if matched else key).casefold()


def _loose_stem(file: Path) -> str:
    matched = _SUFFIX.fullmatch(file.stem)
    return matched[1] if matched else file.stem


def _folders(folder: Path) -> dict[str, Path]:
    return {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}


def _describe(folder: Path) -> str:
    """What is there instead, to complete "no images in FOLDER"."""
    folders = [f"{path.name}/" for path in _folders(folder).values()]
    others = list_images(folder).others
    listed = [*folders[:MAX_NAMED], *(f"{count} {kind}" for kind, count in others.most_common(3))]
    return f", which holds {', '.join(listed)}" if listed else ""
