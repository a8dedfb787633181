"""The command `translate`: image files in, generated pictures out."""

from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import images, inference, labels
from pix2pix.layouts import natural_order


def translate(
    checkpoint: Annotated[str, tyro.conf.Positional],
    inputs: Annotated[list[Path], tyro.conf.Positional],
    output: Path,
    variation: int | None = None,
    wall: str | None = None,
    sky: str | None = None,
) -> None:
    """Translate image files, and all images of folders, to OUTPUT/STEM.png; no targets needed.

    Args:
        checkpoint: A folder, a run folder, or USER/REPO on the Hub.
        inputs: Image files and folders of them.
        output: Folder for the results; made if missing, its files are never overwritten.
        variation: Seed of another picture for the same input.
        wall: Colour of the wall as RRGGBB, such as c99a54; without it the most likely one, or the variation's.
        sky: Colour of the sky, likewise.
    """
    translator = inference.load(checkpoint)
    colours = inference.read_colours(translator, wall, sky)
    files = find_images(inputs)
    goals = {path: output / f"{path.stem}.png" for path in files}
    refuse_collisions(goals)
    output.mkdir(parents=True, exist_ok=True)
    channels = translator.config.in_channels
    for path, goal in goals.items():
        picture = images.read_image(path, channels)
        if translator.config.task == "facades" and not labels.is_label_image(picture):
            raise ValueError(f"{path} is no label image: its colours are not those of the 12 classes")
        images.write_png(goal, translator(picture, variation, **colours))
    print(f"{len(goals)} pictures in {output}")


def find_images(inputs: list[Path]) -> list[Path]:
    """The files themselves and the images in the folders, in natural order; ValueError where there are none."""
    files = []
    for path in inputs:
        if path.is_dir():
            found = [file for file in path.iterdir() if file.suffix.lower() in images.EXTENSIONS]
            if not found:
                raise ValueError(f"no images in {path}")
            files += sorted(found, key=natural_order)
        elif path.is_file():
            files.append(path)
        else:
            raise ValueError(f"{path} does not exist")
    if not files:
        raise ValueError("nothing to translate: name image files or folders")
    return files


def refuse_collisions(goals: dict[Path, Path]) -> None:
    by_goal: dict[Path, Path] = {}
    for path, goal in goals.items():
        if goal.exists():
            raise ValueError(f"{goal} exists already; name another --output")
        if goal in by_goal:
            raise ValueError(f"{by_goal[goal]} and {path} would both become {goal}; translate them apart")
        by_goal[goal] = path
