"""Datasets of the Hugging Face Hub as pairs: `USER/NAME`, with `@REVISION` and `:INPUT,TARGET` columns if need be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pix2pix import images, labels
from pix2pix.config import ModelConfig
from pix2pix.data.layouts import INPUT_WORDS, SPLITS, TARGET_WORDS
from pix2pix.data.pairs import RawPair, holdout_split
from pix2pix.data.values import LOOKED_AT
from pix2pix.hub.proxies import check_proxies
from pix2pix.utils import UserError, counted

SIDE_WORDS = ((*INPUT_WORDS, "label", "labels"), (*TARGET_WORDS, "photo", "photos"))  # in names of columns
USUAL_PIXELS = 2 * 256 * 256  # of a row; its true size is known only when it is read

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


class HubSource:
    """Two image columns of a dataset; its files stay in the cache of `datasets`, undecoded."""

    palette = labels.PALETTE
    tasks: Sequence[str] = ()

    def __init__(self, about: str, rows: "Dataset", numbers: Sequence[int], columns: tuple[str, str]):
        """`numbers`: the rows to use; `columns`: those of input and target."""
        from datasets import Image

        self.columns, self.numbers = columns, numbers
        self.rows = rows.select_columns(list(columns))
        for column in columns:  # bytes, to be read by our own rules
            self.rows = self.rows.cast_column(column, Image(decode=False))
        self.names = [f"{number + 1}" for number in numbers]
        self.pixels = len(numbers) * USUAL_PIXELS
        self.about = f"{len(numbers)} {about}, input is {columns[0]}, target is {columns[1]}"
        self.channels = tuple(self._channels_of(column) for column in columns)

    def read(self, index: int) -> RawPair:
        row = self.rows[self.numbers[index]]
        try:
            return RawPair(*(_read(row[column]) for column in self.columns))
        except UserError as error:
            raise UserError(f"row {self.names[index]}: {error}") from None

    def read_numbers(self, index: int) -> np.ndarray | None:
        file = self.rows[self.numbers[index]][self.columns[0]]
        return images.read_numbers(_source(file)) if file else None

    def _channels_of(self, column: str) -> int:
        """1 where the first few pictures are stored as grey; reading all of them would take too long."""
        files = [self.rows[number][column] for number in list(self.numbers)[:LOOKED_AT]]
        return max((images.count_channels(_source(file)) for file in files if file), default=3)


def open_hub(
    name: str,
    revision: str | None,
    input_column: str | None,
    target_column: str | None,
    split: str,
    config: ModelConfig,
) -> HubSource:
    """Downloads what is not yet there. Raises UserError, in one line, for what is no dataset of pairs."""
    try:
        import datasets
    except ModuleNotFoundError:
        raise UserError(f"no folder {name}; for a dataset of that name on the Hub: pip install datasets") from None
    check_proxies()
    try:
        splits = datasets.load_dataset(name, revision=revision)
    except Exception as error:  # datasets, huggingface_hub, HTTP and Arrow have many kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{name} is neither a folder here nor a dataset to be had from the Hub: {reason}") from None
    given = (input_column, target_column) if input_column and target_column else None
    return pick_pairs(name, splits, split, given, config.data.direction)


def pick_pairs(
    name: str, splits: "DatasetDict", split: str, columns: tuple[str, str] | None, direction: str
) -> HubSource:
    """The rows and columns of a split; one without val is divided as `pairs.holdout_split` does."""
    present = {key: next((other for other in SPLITS[key] if other in splits), None) for key in SPLITS}
    if not present["train"]:
        raise UserError(f"{name} has no train split; it has {', '.join(splits)}")
    shared = present["val"] is None
    chosen = present["train"] if shared or split == "train" else present["val"]
    rows = splits[chosen]
    if not len(rows):
        raise UserError(f"{name} has no rows in {chosen}")
    found = _image_columns(rows)
    if missing := [column for column in columns or () if column not in found]:
        raise UserError(f"{name} has no image column {missing[0]}; it has {', '.join(found) or 'none'}")
    numbers = holdout_split(range(len(rows)), split) if shared else range(len(rows))
    return HubSource(f"rows of {name}, {chosen}", rows, numbers, columns or _find_columns(name, rows, direction))


def _find_columns(name: str, rows: "Dataset", direction: str) -> tuple[str, str]:
    """The two image columns: by their names, else in their order as A and B."""
    found = _image_columns(rows)
    by_word = [next((c for c in found if _says(c, words)), None) for words in SIDE_WORDS]
    if all(by_word):
        return by_word[0], by_word[1]
    if len(found) != 2:
        raise UserError(
            f"{name} has {counted(len(found), 'image column')} ({', '.join(found) or 'no images at all'}), not an "
            f"input and a target; name them: --data {name}:INPUT,TARGET"
        )
    return (found[0], found[1]) if direction == "AtoB" else (found[1], found[0])


def _image_columns(rows: "Dataset") -> list[str]:
    from datasets import Image

    return [column for column, feature in rows.features.items() if isinstance(feature, Image)]


def _says(column: str, words: Sequence[str]) -> bool:
    return any(part in words for part in column.lower().replace("-", "_").split("_"))


def _read(file: dict) -> np.ndarray:
    if not file:
        raise UserError("has no picture")
    return images.read_stored(_source(file))


def _source(file: dict) -> bytes | str:
    return file["bytes"] if file["bytes"] is not None else file["path"]
