"""Where pairs come from: folders, datasets of the Hub, or drawings; each gives raw pictures by index.

Which one `--data` names is decided in `open_source`. Nothing is decoded before it is asked for, except a few labels.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from pix2pix import labels
from pix2pix.config import Config, ModelConfig
from pix2pix.data import generated, values
from pix2pix.data.folder import FolderSource
from pix2pix.data.generated import GeneratedSource
from pix2pix.data.pairs import RawPair, Source
from pix2pix.data.values import Values
from pix2pix.hub import ids
from pix2pix.recipes import TASKS
from pix2pix.utils import UserError, name_some


class Unfit(UserError):
    """Pairs that are not what a task takes; `remedy` is what train.py does about it, by its flags."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.remedy = remedy


def open_source(data: str, split: str, config: ModelConfig) -> Source:
    """The pairs of a split of what `--data` names; UserError, in one line, where there are none.

    Raises Unfit where they are not for the config's task.
    """
    if data in generated.SCENES:
        source = GeneratedSource(data, split, config)
    elif Path(data).exists() or not (hub := ids.DATASET.fullmatch(data)):
        source = FolderSource(Path(data), split, config)
    else:
        from pix2pix.data import hub as hub_data  # `datasets` takes long to import

        source = hub_data.open_hub(*hub.groups(), split, config)
    if source.tasks and config.task not in source.tasks:
        tasks = " or ".join(source.tasks)
        raise Unfit(f"{data} is for the task {tasks}, not {config.task}", _advise(data, source.tasks, config.task))
    if config.task != "facades":
        return source
    first = int(config.data.input_range[0]) if config.data.input_kind == "numbers" else None
    return _find_labels(source, data, first, config.data.direction)


def fit_config(config: Config, source: Source, given: Collection[str] = ()) -> Config:
    """Return the config with what is found in the training pairs; `source.about` tells it as well.

    Channels: 1 where all pictures of a side are grey, n for arrays of n channels; those that were `given`, or are not
    the 3 that are the default, stay as they are. And what the numbers in the files mean (`values`).
    """
    of_input, of_target = (_find_values(config, source, side) for side in (0, 1))
    has_in, has_out = (
        3 if side.kind == "numbers" else count
        for side, count in zip((of_input, of_target), source.channels, strict=True)
    )
    has = {"in_channels": {"facades": 3, "colors": 1}.get(config.task, has_in), "out_channels": has_out}
    fits = {name: count for name, count in has.items() if config.settings[name] == 3 and name not in given}
    return config.replace(
        input_kind=of_input.kind, input_range=of_input.range,
        target_kind=of_target.kind, target_range=of_target.range, **fits,
    )  # fmt: skip


def _find_values(config: ModelConfig, source: Source, side: int) -> Values:
    """Find what the numbers of the inputs (0) or targets (1) mean, and add it to `source.about`."""
    if side == 0 and isinstance(source, NumberedLabels):
        return Values("numbers", (float(source.first), float(source.first + len(labels.CLASSES) - 1)))
    if not source.pixels or (side == 0 and config.task in ("facades", "colors")):  # synthetic, labels, made of targets
        return Values()
    found, summary = values.find_values(
        ("inputs", "targets")[side], lambda index: source.read(index)[side], len(source.names)
    )
    if side == 0 and config.task == "edges" and found.kind == "numbers":
        raise UserError(f"{summary}, which are no lines: give --task photo")
    source.about += f"; {summary}" if summary else ""
    return found


def check_named(data: str) -> None:
    """Raise UserError where `data` names nothing that `open_source` could open, without opening anything."""
    if data not in generated.SCENES and not Path(data).exists() and not ids.DATASET.fullmatch(data):
        scenes = ", ".join(generated.SCENES)
        raise UserError(f"{data} does not exist; name a folder of pairs, USER/NAME on the Hub, or one of {scenes}")


def _advise(data: str, tasks: Sequence[str], wanted: str) -> str:
    """Say which other synthetic set is for the wanted task, or with which tasks the set goes."""
    scenes = [name for name, scene in generated.SCENES.items() if wanted in scene.tasks]
    if data in generated.SCENES and scenes:
        return "give --data " + " or ".join(scenes)
    fitting = (name for name, task in TASKS.items() if task.facts.get("task", "facades") in tasks)
    return "give --task " + " or ".join(fitting)


def _find_labels(source: Source, data: str, first: int | None, direction: str) -> Source:
    """Find how the inputs are facade labels: by their palette, or by numbers; UserError where they are not at all.

    `first` is the first number in the training pairs that the config was fitted to, if they were numbers.
    """
    looked_at = values.spread(len(source.names), values.LOOKED_AT)
    stored = [source.read(index).input for index in looked_at]  # what cannot be read is named by this
    try:
        inputs = [values.Values().to_picture(each, 3) for each in stored]
    except UserError:  # of 16 bits, such as numbers
        inputs = []
    near = np.mean([_nearness(each, source.palette, labels.NEAR) for each in inputs]) if inputs else 0.0
    if near < labels.MIN_NEAR:
        if (found := _find_first_number(source, looked_at)) is not None:
            return NumberedLabels(source, found if first is None else first)
        other = "AtoB" if direction == "BtoA" else "BtoA"
        raise Unfit(
            f"the inputs of {data}, {direction}, are no facade labels: {near:.0%} of their pixels are near the "
            "palette, and they are no numbers 0 to 11 or 1 to 12 either",
            f"give --direction {other} for the other half, or --task photo for pictures of any kind",
        )
    palettes = (labels.CMP_PALETTE,) if source.palette is labels.CMP_PALETTE else (labels.PALETTE, labels.CMP_PALETTE)
    if foreign := values.find_foreign_colors(inputs, palettes):
        raise Unfit(
            f"the inputs of {data} are labels of another palette: {len(foreign)} of their colours are none of the 12 "
            f"classes ({name_some(foreign)})",
            "give --task photo to train on them as they are",
        )
    nearness = [np.mean([_nearness(each, palette, labels.NEAR / 4) for each in inputs]) for palette in palettes]
    source.palette = palettes[int(np.argmax(nearness))]
    return source


def _find_first_number(source: Source, looked_at: Sequence[int]) -> int | None:
    numbers = [source.read_numbers(index) for index in looked_at]
    if any(each is None for each in numbers):
        return None
    return labels.find_first_number(
        np.array([min(each.min() for each in numbers), max(each.max() for each in numbers)])
    )


class NumberedLabels:
    """A source whose inputs are numbers of the 12 classes, from `first` on: given as class indices."""

    palette = None

    def __init__(self, source: Source, first: int):
        self.source, self.first, self.names = source, first, source.names
        self.channels, self.pixels, self.tasks = (3, source.channels[1]), source.pixels, source.tasks
        self.about = f"{source.about}; inputs are numbers of classes, {first} to {first + len(labels.CLASSES) - 1}"

    def read(self, index: int) -> RawPair:
        numbers = self.source.read_numbers(index)
        if numbers is None or numbers.min() < self.first or numbers.max() >= self.first + len(labels.CLASSES):
            raise UserError(f"the input of {self.names[index]} is no map of numbers as the others are")
        return RawPair((numbers - self.first).astype(np.uint8)[..., None], self.source.read(index).target)

    def read_numbers(self, index: int) -> None:
        return None


def _nearness(picture: np.ndarray, palette: np.ndarray, tolerance: float) -> float:
    return 1 - float(labels.off_palette(picture[::2, ::2], palette, tolerance).mean())
