"""Datasets of the Hub: columns found or given, splits, and one line for what is no dataset of pairs."""

import pytest
from PIL import Image

from pix2pix import labels
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from tests.helpers.pairs_on_disk import SIZE, labelled

datasets = pytest.importorskip("datasets", reason="Hub datasets need `datasets`")

PLAIN = Config.of(size=SIZE, base_channels=2, jitter=False, hflip=False)


def made(count: int, columns: tuple[str, ...], **others: list) -> "datasets.Dataset":
    """Pictures of labels in the last of the columns, photos in the ones before."""
    pairs = [labelled(number) for number in range(1, count + 1)]
    values = {name: [Image.fromarray(photo) for _, photo in pairs] for name in columns[:-1]}
    values[columns[-1]] = [Image.fromarray(inputs) for inputs, _ in pairs]
    kinds = {name: datasets.Image() for name in columns} | {name: datasets.Value("int64") for name in others}
    return datasets.Dataset.from_dict(values | others, features=datasets.Features(kinds))


@pytest.fixture
def on_the_hub(monkeypatch):
    """Put dataset dicts where `load_dataset` finds them."""
    known = {}

    def load_dataset(name: str, revision: str | None = None) -> "datasets.DatasetDict":
        if name not in known:
            raise datasets.exceptions.DatasetNotFoundError(f"Dataset '{name}' doesn't exist on the Hub.\nMore lines")
        return datasets.DatasetDict(known[name])

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return known


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (("imageA", "imageB"), "someone/facades"),
        (("target_image", "input_image"), "someone/facades"),
        (("other", "photo", "map"), "someone/facades:map,photo"),
        (("imageA", "imageB"), "someone/facades@v1.0"),
    ],
)
def test_image_columns_are_found_or_given(on_the_hub, columns, name):
    on_the_hub["someone/facades"] = {"train": made(3, columns, number=[1, 2, 3]), "test": made(1, columns, number=[4])}
    pairs = load_pairs(name, "train", PLAIN)
    assert [pair.name for pair in pairs] == ["1", "2", "3"]
    assert (labels.shown(pairs[1].input) == labelled(2)[0]).all()
    assert (pairs[1].target == labelled(2)[1]).all()
    assert pairs.about.startswith("3 rows of someone/facades, train")
    assert len(load_pairs(name, "val", PLAIN)) == 1


def test_the_direction_turns_a_and_b(on_the_hub):
    on_the_hub["a/b"] = {"train": made(2, ("imageA", "imageB"))}
    pair = load_pairs("a/b", "train", PLAIN.replace(task="photo", direction="AtoB"))[0]
    assert (pair.target == labelled(1)[0]).all()


def test_without_a_val_split_every_tenth_row_is_held_out(on_the_hub):
    on_the_hub["a/b"] = {"train": made(12, ("imageA", "imageB"))}
    assert [pair.name for pair in load_pairs("a/b", "val", PLAIN)] == ["10"]
    assert len(load_pairs("a/b", "train", PLAIN)) == 11


@pytest.mark.parametrize(
    ("splits", "complaint"),
    [
        (
            {"train": lambda: made(2, ("picture",))},
            r"1 image column \(picture\), .* name them: --data a/b:INPUT,TARGET",
        ),
        ({"train": lambda: made(2, ("x", "y", "z"))}, r"3 image columns \(x, y, z\)"),
        ({"other": lambda: made(2, ("imageA", "imageB"))}, "has no train split; it has other"),
        ({"train": lambda: made(0, ("imageA", "imageB"))}, "has no rows in train"),
    ],
)
def test_what_holds_no_pairs_is_one_line(on_the_hub, splits, complaint):
    on_the_hub["a/b"] = {name: make() for name, make in splits.items()}
    with pytest.raises(ValueError, match=complaint):
        load_pairs("a/b", "train", PLAIN)


def test_an_unknown_id_is_one_line(on_the_hub):
    with pytest.raises(ValueError, match="a/nothing is neither a folder here nor a dataset to be had") as caught:
        load_pairs("a/nothing", "train", PLAIN)
    assert "\n" not in str(caught.value)


def test_columns_that_are_not_there_are_named(on_the_hub):
    on_the_hub["a/b"] = {"train": made(2, ("imageA", "imageB"))}
    with pytest.raises(ValueError, match="a/b has no image column map; it has imageA, imageB"):
        load_pairs("a/b:map,imageA", "train", PLAIN)


def test_a_row_without_a_picture_is_named(on_the_hub):
    rows = made(3, ("imageA", "imageB")).to_list()
    rows[1]["imageA"] = None
    features = datasets.Features({"imageA": datasets.Image(), "imageB": datasets.Image()})
    on_the_hub["a/b"] = {"train": datasets.Dataset.from_list(rows, features=features)}
    with pytest.raises(ValueError, match="row 2: has no picture"):
        load_pairs("a/b", "train", PLAIN)


def test_a_local_set_of_files_loads_through_datasets_itself(tmp_path):
    """Not the Hub, but all of `datasets`: Arrow files on the disk."""
    from pix2pix.data import hub

    datasets.DatasetDict({"train": made(2, ("imageA", "imageB"))}).save_to_disk(str(tmp_path))
    source = hub.pick_pairs("local", datasets.load_from_disk(str(tmp_path)), "train", None, "BtoA")
    stored = source.read(0)
    assert (stored.input == labelled(1)[0]).all()
    assert (stored.target == labelled(1)[1]).all()
