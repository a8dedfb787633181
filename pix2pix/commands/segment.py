"""The command `segment`: photos of houses in, their drawings out."""

import json
import sys
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import images, labels
from pix2pix.commands.translate import plan
from pix2pix.utils import UserError, counted, remove_leftovers, write_atomically


def segment(
    photos: Annotated[list[Path], tyro.conf.Positional],
    output: Path,
    corners: tuple[str, ...] = (),
    raw: bool = False,
    model: str | None = None,
    size: int = 256,
    segmenter: Path | None = None,
) -> None:
    """Read the labels off photos of houses: OUTPUT/STEM.png, a drawing to open or translate, and OUTPUT/STEM.json.

    The JSON has the colours of wall and sky, and the style, as `translate` takes them. A photo that cannot be read does
    not stop the others: it is named at the end, and the exit code is 1.

    Args:
        photos: Image files and folders of them.
        output: Folder for the results; made if missing, its files are never overwritten.
        corners: Of the facade in the photos, in pixels, x,y each: top left, top right, bottom right, bottom left. Or
            guess.
        raw: Write what the network sees, pixel by pixel, instead of rectangles.
        model: Checkpoint that will paint it, whose nearest style is told.
        size: Side of the drawings in pixels, a multiple of 32.
        segmenter: Folder of another segmenter than the bundled one.
    """
    goals, others, bad = plan(photos, output)
    facts = {goal: goal.with_suffix(".json") for goal in goals.values()}
    if existing := [file for pair in facts.items() for file in pair if file.exists()]:
        raise UserError(f"{existing[0]} exists already, and none is overwritten: --output names another folder")
    from pix2pix import inference
    from pix2pix.inference.perspective import read_corners
    from pix2pix.inference.segmenter import check_sides, load_segmenter

    check_sides(size)
    quadrilateral = read_corners(" ".join(corners))
    translator = inference.load(model) if model else None
    network = load_segmenter(segmenter)
    for folder in {goal.parent for goal in goals.values()}:
        remove_leftovers(folder, {file.name for pair in facts.items() for file in pair})
    made, doubtful = 0, []
    for path, goal in goals.items():
        try:
            photo = images.read_image(path)
            found = inference.segment(photo, translator, quadrilateral, raw, size, size, network)
        except UserError as error:
            bad.append(f"{path.name}: {error}" if path.name not in str(error) else str(error))
            continue
        if found.doubt:
            doubtful.append(f"{path.name}: {found.doubt}; its drawing is a guess")
        goal.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(facts[goal], (json.dumps(found.facts, indent=2) + "\n").encode())
        images.write_png(goal, labels.colorize(found.labels))
        made += 1
    if made:
        print(f"{counted(made, 'drawing')} in {output}, with the colours of each in the .json beside it")
    if others:
        print("left out: " + ", ".join(f"{count} {kind}" for kind, count in others.most_common()))
    if doubtful:
        print("\n".join(doubtful))
    if bad:
        print("\n".join(["error: not read:", *bad]), file=sys.stderr)
        sys.exit(1)
