"""Where pairs come from: folders, datasets of the Hub, or drawings; each gives raw pictures by index.

Which one `--data` names is decided in `open_source`. Nothing is decoded before it is asked for, except a few labels.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pix2pix import labels
from pix2pix.config import PRESETS, TASKS, Config
from pix2pix.data import generated
from pix2pix.data.folder import FolderSource
from pix2pix.data.generated import DrawnSource
from pix2pix.data.pairs import LOOKED_AT, Source
from pix2pix.hub import ids
from pix2pix.utils import UserError


def open_source(data: str, split: str, config: Config) -> Source:
    """The pairs of a split of what `--data` names; ValueError, in one line, where there are none or they do not fit."""
    if data in generated.SCENES:
        source = DrawnSource(data, split, config)
    elif Path(data).exists() or not (hub := ids.DATASET.fullmatch(data)):
        source = FolderSource(Path(data), split, config)
    else:
        from pix2pix.data import hub as hub_data  # `datasets` takes long to import

        source = hub_data.open_hub(*hub.groups(), split, config)
    if source.tasks and config.task not in source.tasks:
        tasks = " or ".join(source.tasks)
        raise UserError(f"{data} is for the task {tasks}, not {config.task}; {_presets(source.tasks)}")
    if config.task == "facades":
        source.palette = _find_palette(source, data)
    return source


def fit_config(config: Config, source: Source, given: Collection[str] = ()) -> Config:
    """The config with the channels of the pairs: 1 where all pictures of a side are grey, n for arrays of n channels.

    Channels that were `given`, or are not the 3 that are the default, stay as they are.
    """
    of_labels = {"facades": 3, "colors": 1}
    has = {"in_channels": of_labels.get(config.task, source.channels[0]), "out_channels": source.channels[1]}
    fits = {name: count for name, count in has.items() if getattr(config, name) == 3 and name not in given}
    return replace(config, **fits)


def check_named(data: str) -> None:
    """Raise ValueError where `data` names nothing that `open_source` could open, without opening anything."""
    if data not in generated.SCENES and not Path(data).exists() and not ids.DATASET.fullmatch(data):
        scenes = ", ".join(generated.SCENES)
        raise UserError(f"{data} does not exist; name a folder of pairs, USER/NAME on the Hub, or one of {scenes}")


def _presets(tasks: Sequence[str]) -> str:
    return "give --preset " + " or ".join(name for name, preset in (PRESETS | TASKS).items() if preset.task in tasks)


def _find_palette(source: Source, data: str) -> np.ndarray:
    """The palette that the inputs are in; ValueError where they are no facade labels at all."""
    looked_at = range(0, len(source.names), max(1, len(source.names) // LOOKED_AT))
    inputs = [source.read(index, (3, 3)).input[::2, ::2] for index in list(looked_at)[:LOOKED_AT]]
    near = np.mean([_nearness(picture, source.palette, labels.NEAR) for picture in inputs])
    if near < labels.LEAST_NEAR:
        raise UserError(
            f"the inputs of {data} are no facade labels: {near:.0%} of their pixels are near the palette; "
            "give --direction for the other half, or --task photo for pictures of any kind"
        )
    if source.palette is labels.CMP_PALETTE:
        return source.palette
    nearness = {
        name: np.mean([_nearness(picture, palette, labels.NEAR / 4) for picture in inputs])
        for name, palette in (("published", labels.PALETTE), ("cmp", labels.CMP_PALETTE))
    }
    return labels.CMP_PALETTE if nearness["cmp"] > nearness["published"] else labels.PALETTE


def _nearness(picture: np.ndarray, palette: np.ndarray, tolerance: float) -> float:
    return 1 - float(labels.off_palette(picture, palette, tolerance).mean())
