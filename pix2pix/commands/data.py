"""The commands `data check`, `data pair` and `data split`: look at, make and divide sets of pairs.

python -m pix2pix data check FOLDER
python -m pix2pix data pair LABELS PHOTOS OUT
python -m pix2pix data split FOLDER OUT --val 0.1
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from pix2pix import images
from pix2pix.cli import defer
from pix2pix.data import arrange, inspection
from pix2pix.data.layouts import Found
from pix2pix.utils import UserError, check_file_path, counted


def check(
    folder: Annotated[Path, tyro.conf.Positional],
    direction: Literal["BtoA", "AtoB"] = "BtoA",
    sheet: Path | None = None,
) -> None:
    """Look a set of pairs over: counts, sizes, channels, what is broken, what is in train and val alike.

    Ends with exit code 1 where there is something to change.

    Args:
        folder: The set, as train.py --data takes it.
        direction: Which of A and B is the input.
        sheet: Where to put a picture of some pairs to look at, FILE.png; none unless given.
    """
    if sheet:
        if sheet.suffix.lower() != ".png":
            raise UserError(f"{sheet} would be a PNG file: end it in .png")
        check_file_path(sheet)
    report = inspection.inspect(folder, direction)
    print("\n".join(report.lines))
    if sheet and report.shown:
        images.write_png(sheet, inspection.contact_sheet(report.shown))
        print(f"input | target of {counted(len(report.shown), 'pair')}: {sheet}")
    elif report.shown:
        print("to look at some of them: --sheet FILE.png")
    if report.changes:
        print("What to change:\n" + "\n".join(f"- {change}" for change in report.changes))
        sys.exit(1)
    print("Nothing to change.")


def pair(
    inputs: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUTS")],
    targets: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="TARGETS")],
    output: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")],
    split: Literal["train", "val", "test"] = "train",
    skip_broken: bool = False,
) -> None:
    """Join two folders of pictures to AB images, OUT/train/NAME.png: targets on the left, inputs on the right.

    Args:
        inputs: Folder of inputs.
        targets: Folder of targets; names match without regard to case, extension and endings like _A or -targets.
        output: The new set; made if missing, a split in it is never overwritten.
        split: Which part of the set they become.
        skip_broken: Leave pairs out that cannot be read or differ in size, and name them.
    """
    for folder in (inputs, targets):
        if not folder.is_dir():
            raise UserError(f"no folder {folder}")
    goal = output / split
    if goal.exists():
        raise UserError(f"{goal} exists already; name another OUT or --split")
    found, broken = arrange.join_folders(inputs, targets, goal, skip_broken)
    count = len(found.items) - len(broken)
    print(f"{counted(count, 'pair')} in {goal}, targets on the left (--direction BtoA){_left_out(found)}")
    if broken:
        print("left out as well:\n" + "\n".join(broken))


def split(
    folder: Annotated[Path, tyro.conf.Positional],
    output: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")],
    val: float = 0.1,
    test: float = 0.0,
    seed: int = 0,
    direction: Literal["BtoA", "AtoB"] = "BtoA",
) -> None:
    """Copy a set into OUT/train, OUT/val and OUT/test, the same way each time.

    Args:
        folder: A set that is not divided yet, in any layout.
        output: The new set; it must not exist.
        val: Share of the pairs that is for validation.
        test: Share of the pairs that is for testing.
        seed: Another seed gives another division. Where pairs are added later, most keep their place.
        direction: Which of A and B is the input.
    """
    if output.exists():
        raise UserError(f"{output} exists already; name another folder")
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise UserError(f"val is {val} and test is {test}; both are shares, and something must be left to train on")
    found, counts = arrange.divide(folder, output, {"val": val, "test": test}, seed, direction)
    print(f"{output}: " + ", ".join(f"{count} {name}" for name, count in counts.items() if count) + _left_out(found))


def _left_out(found: Found) -> str:
    return f"; left out: {found.left_out}" if found.left_out else ""


data = (
    Annotated[Any, tyro.conf.subcommand("check", constructor=defer(check))]
    | Annotated[Any, tyro.conf.subcommand("pair", constructor=defer(pair))]
    | Annotated[Any, tyro.conf.subcommand("split", constructor=defer(split))]
)
