"""The command `translate`: image files in, generated pictures out."""

import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from pix2pix import images, inference
from pix2pix.data import layouts, values
from pix2pix.inference.checkpoint import bundled
from pix2pix.utils import UserError, counted, remove_leftovers


def translate(
    checkpoint: Annotated[str, tyro.conf.Positional],
    inputs: Annotated[list[Path], tyro.conf.Positional],
    output: Path,
    skip_existing: bool = False,
    variation: int | None = None,
    wall: str | None = None,
    sky: str | None = None,
    style: str | None = None,
) -> None:
    """Translate image files, and all images in and below folders, to OUTPUT/STEM.png; no targets needed.

    What cannot be translated does not stop the others: it is named at the end, and the exit code is 1.

    Args:
        checkpoint: The name of a bundled one (facades, facades-live), a folder, a run, or USER/REPO on the Hub.
        inputs: Image files and folders of them.
        output: Folder for the results; made if missing, its files are never overwritten.
        skip_existing: Go on where an earlier call stopped: what has a result already is passed over.
        variation: Seed of another picture for the same input.
        wall: Colour of the wall, as c99a54 or by its name, peru; without it that of the style, or the variation's.
        sky: Colour of the sky, likewise.
        style: Name of one of the checkpoint's styles; without it the first one, or with a variation one near any.
    """
    if Path(checkpoint).is_file():
        files = shlex.join([checkpoint, *map(str, inputs), "--output", str(output)])
        raise UserError(
            f"{checkpoint} is a file, and before the files comes the model, one that is bundled "
            f"({', '.join(bundled())}), a folder, a run or USER/REPO: "
            f"python -m pix2pix translate facades-live {files}"
        )
    if variation is not None and variation < 0:
        raise UserError(f"--variation is {variation}; it is a seed, a whole number from 0 on")
    goals, others, bad = plan(inputs, output)
    done = [goal for goal in goals.values() if goal.exists()]
    if done and not skip_existing:
        raise UserError(
            f"{output} holds {len(done)} of {counted(len(goals), 'result')} already ({done[0].name}, …), and none is "
            "overwritten: --skip-existing makes the others, --output names another folder"
        )
    translator = inference.load(checkpoint)
    colours = inference.read_colours(translator, wall, sky)
    translator.check_style(style)
    for folder in {goal.parent for goal in goals.values()}:
        remove_leftovers(folder, {goal.name for goal in goals.values()})
    done = set(done)
    made = 0
    for path, goal in tqdm(goals.items(), "translating", leave=False, disable=None):
        if goal in done:
            continue
        try:
            picture = translator(values.read_input(path, translator.config), variation, **colours, style=style)
        except UserError as error:
            bad.append(str(error))
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        images.write_png(goal, picture)
        made += 1
    before = f", {len(done)} {'was' if len(done) == 1 else 'were'} there" if done else ""
    if made or done:
        print(f"{counted(made, 'picture')} in {output}{before}")
    if others:
        print("left out: " + ", ".join(f"{count} {kind}" for kind, count in others.most_common()))
    if bad:
        print("\n".join(["error: not translated:", *bad]), file=sys.stderr)
        sys.exit(1)


def plan(inputs: list[Path], output: Path) -> tuple[dict[Path, Path], Counter[str], list[str]]:
    """Say which file becomes which, count what is left out, and tell which inputs give nothing, and why.

    Raises UserError where none gives anything, where two files would become one, and where `output` is no folder.
    """
    if output.exists() and not output.is_dir():
        raise UserError(f"{output} is a file: --output names a folder for the results")
    goals, others, bad = {}, Counter(), []
    for path in inputs:
        try:
            found, left_out = find_goals(path, output)
        except (UserError, OSError) as error:
            bad.append(str(error))
            continue
        goals |= found
        others += left_out
    if not goals:
        raise UserError("; ".join(bad) or "no files: name some, or folders of them")
    refuse_collisions(goals)
    return goals, others, bad


def find_goals(path: Path, output: Path) -> tuple[dict[Path, Path], Counter[str]]:
    """Say which file becomes which, for a file or all images in a folder, whose own folders are kept.

    Also counts the other files there. Raises UserError where there are no images.
    """
    if not path.is_dir():
        if not path.exists():
            raise UserError(f"{path} does not exist")
        return {path: output / f"{path.stem}.png"}, Counter()
    listing = layouts.list_images(path)
    files = [file for file in listing.files if not file.resolve().is_relative_to(output.resolve())]
    if not files:
        raise UserError(f"no images in {path}")
    return {file: output / file.relative_to(path).with_suffix(".png") for file in files}, listing.others


def refuse_collisions(goals: dict[Path, Path]) -> None:
    by_goal: dict[Path, Path] = {}
    for path, goal in goals.items():
        if goal in by_goal:
            raise UserError(
                f"{by_goal[goal]} and {path} would both become {goal}: "
                "translate them apart, or name the folder above both"
            )
        by_goal[goal] = path
    sources = {path.resolve() for path in goals}
    if own := [goal for goal in goals.values() if goal.resolve() in sources]:
        raise UserError(f"{own[0]} exists already and is an input itself: name another --output")
