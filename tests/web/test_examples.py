"""The pages' examples are the validation pairs that training has, whatever the layout of their set."""

import threading
import time

import numpy as np
import pytest
from PIL import Image

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.utils import UserError
from pix2pix.web.canvas.uploads import read_labels
from pix2pix.web.examples import SIZE, Examples, data_of_run, find_examples
from tests.data.test_layouts import LAYOUTS
from tests.data.test_values import as_numbers, numbers, write_set
from tests.helpers.pairs_on_disk import labelled, load_set, write, write_ab


def pairs_of(examples: Examples) -> list:
    """All pairs that have a target; the drawings by hand before them have none."""
    return [examples.pair(number) for number, each in enumerate(examples.listed) if each["target"]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_its_own_pairs_the_right_way_round(tmp_path, layout):
    LAYOUTS[layout](tmp_path)
    examples = find_examples(tmp_path)
    assert {each["target"] for each in examples.listed} == {None, "photo"}
    pairs = pairs_of(examples)
    assert len(pairs) == 3
    for number, pair in enumerate(pairs):
        inputs, photo = labelled(number + 1)
        assert (pair.labels == images.resize_labels(labels.snap(inputs), SIZE, SIZE)).all()
        assert np.abs(pair.target.astype(int) - images.resize(photo, SIZE, SIZE)).mean() < 4


def test_the_direction_of_the_model_says_which_half_is_drawn_on(tmp_path):
    for number in range(3):
        write(tmp_path / "val" / f"{number}.png", np.hstack(labelled(number)))
    pair = pairs_of(find_examples(tmp_path, "AtoB"))[1]
    assert (pair.labels == images.resize_labels(labels.snap(labelled(1)[0]), SIZE, SIZE)).all()


def test_labels_in_the_other_half_are_found_though_the_model_takes_this_one(tmp_path, capsys):
    write_ab(tmp_path / "val", 3)
    pair = pairs_of(find_examples(tmp_path, "AtoB"))[1]
    assert (pair.labels == images.resize_labels(labels.snap(labelled(2)[0]), SIZE, SIZE)).all()
    assert not capsys.readouterr().out


def test_what_cannot_be_read_is_told_in_the_terminal_and_drawn_facades_are_shown(tmp_path, capsys):
    for number in range(3):
        write(tmp_path / "val" / f"{number}.png", np.hstack([labelled(number)[1]] * 2))  # no half is labels
    assert {each["target"] for each in find_examples(tmp_path, "AtoB").listed} == {None, "drawn"}
    assert ", AtoB, are no facade labels" in capsys.readouterr().out


def test_a_set_of_the_hub_is_fetched_in_the_background_and_drawn_pairs_come_where_it_is_not_there(monkeypatch, capsys):
    asked, answered = threading.Event(), threading.Event()

    def open_source(data, split, config):
        asked.set()
        answered.wait(30)
        raise UserError(f"{data} is not there")

    monkeypatch.setattr("pix2pix.web.examples.open_source", open_source)
    examples = find_examples("nobody/nothing")
    assert asked.wait(30)
    assert not examples.complete
    before = len(examples.listed)
    answered.set()
    while not examples.complete:
        time.sleep(0.01)
    assert {each["target"] for each in examples.listed[before:]} == {"drawn"}
    assert "No examples of nobody/nothing: nobody/nothing is not there" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "palette"])
@pytest.mark.parametrize(("first", "last"), [(0, 11), (1, 12)])
def test_uploads_of_class_numbers_are_read_as_labels(tmp_path, kind, first, last):
    as_numbers(kind, first, last)(tmp_path / "map", 0)
    upload = read_labels((tmp_path / "map.png").read_bytes(), 32, 32)
    assert upload.palette == "numbers"
    assert (upload.labels == numbers(0, first, last) - first).all()


def test_uploads_of_other_numbers_are_refused(tmp_path):
    as_numbers("8 bit", 0, 12)(tmp_path / "map", 0)
    with pytest.raises(ValueError, match="no numbers of classes either"):
        read_labels((tmp_path / "map.png").read_bytes(), 32, 32)


def test_the_page_for_pictures_shows_maps_of_classes_as_the_model_takes_them(tmp_path):
    from pix2pix.web.image_page import find_pairs, read_input

    plain = Config.of(task="photo", size=32, base_channels=2)
    config, _, val = load_set(str(write_set(tmp_path, as_numbers("8 bit", 0, 33))), plain)
    (shown, target), *_ = find_pairs(tmp_path, config)
    assert (shown == val[0].input).all()
    assert (target == val[0].target).all()
    half = config.replace(size=16)
    sent = read_input((tmp_path / "input" / "9.png").read_bytes(), half)
    assert sent.shape == (16, 16, 3)
    assert {*map(tuple, sent.reshape(-1, 3).tolist())} <= {*map(tuple, labels.NUMBER_COLORS[:34].tolist())}


def test_the_page_for_pictures_refuses_what_it_would_crush(tmp_path):
    from pix2pix.web.image_page import read_input

    Image.fromarray(np.full((32, 32), 4095, np.uint16)).save(tmp_path / "xray.png")
    with pytest.raises(ValueError, match="holds numbers from 4095 to 4095"):
        read_input((tmp_path / "xray.png").read_bytes(), Config.of(task="photo", size=32))


def test_a_run_names_its_own_data_whichever_of_its_checkpoints_is_opened(tmp_path):
    kept = tmp_path / "run" / "checkpoints" / "step-000000008"
    kept.mkdir(parents=True)
    assert data_of_run(tmp_path / "run") is data_of_run(kept) is data_of_run("anna/maps") is data_of_run(None) is None
    (tmp_path / "run" / "run.json").write_text('{"data": "../houses"}')
    assert data_of_run(tmp_path / "run") == data_of_run(str(kept)) == "../houses"
    (tmp_path / "run" / "run.json").write_text("no JSON")
    assert data_of_run(tmp_path / "run") is None
