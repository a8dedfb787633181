"""Pairs as they are trained on: what augmentation may and may not do, and that a seed decides it all."""

import os
import time

import numpy as np
import pytest
import torch

from pix2pix import images, labels
from pix2pix.config import Config
from pix2pix.data import decoded
from pix2pix.data.dataset import PairDataset, batches, steps_per_epoch, stream_seed, suggest_workers
from pix2pix.data.decoded import load_pairs
from pix2pix.data.pairs import Pair
from pix2pix.data.sources import Unfit, fit_config, open_source
from pix2pix.data.values import LOOKED_AT
from tests.helpers.pairs_on_disk import SIZE, labelled, write, write_ab, write_two_folders
from tests.helpers.real_facades import CMP_SAMPLE, FACADES, needs_real_facades

TINY = Config.of(size=SIZE, base_channels=2)
PLAIN = TINY.replace(jitter=False, hflip=False)


def many(count: int, config: Config = TINY) -> list[Pair]:
    return [facade(number, config.data.size) for number in range(count)]


def facade(number: int, size: int = SIZE) -> Pair:
    picture, photo = labelled(number, size)
    return Pair(f"{number}", labels.snap(picture), photo)


def epoch_of(dataset: PairDataset, config: Config, epoch: int = 0, processes: int = 1, **how) -> list:
    """The batches of one epoch."""
    steps = steps_per_epoch(len(dataset), config, processes)
    return list(batches(dataset, config.replace(epochs=epoch + 1), epoch * steps, processes=processes, **how))


def drawn(dataset: PairDataset, seeds: range) -> list[tuple[np.ndarray, np.ndarray]]:
    """Items as pictures `(H, W, C)`, and label maps `(H, W)`."""
    items = (dataset[0, seed] for seed in seeds)
    return [tuple((half if half.ndim == 2 else half.permute(1, 2, 0)).numpy() for half in item) for item in items]


def test_both_halves_move_together_under_jitter_and_mirroring():
    """The photo's red says where the window is: after any augmentation it still says so."""
    dataset = PairDataset(many(1), TINY)
    for inputs, target in drawn(dataset, range(40)):
        is_window = inputs == labels.INDEX["window"]
        assert ((target[..., 0] < 130) == is_window).mean() > 0.9  # but for the photo's blended edges


def test_augmentation_varies_and_mirrors_about_half():
    ramp = np.broadcast_to(np.arange(SIZE, dtype=np.uint8)[None, :, None] * 7, (SIZE, SIZE, 3)).copy()
    dataset = PairDataset([Pair("1", ramp, ramp)], TINY.replace(task="photo"))
    pictures = drawn(dataset, range(60))
    mirrored = sum(inputs[0, 0, 0] > inputs[0, -1, 0] for inputs, _ in pictures)
    assert 15 < mirrored < 45
    assert len({inputs.tobytes() for inputs, _ in pictures}) > 4
    assert all((inputs == target).all() for inputs, target in pictures)


def test_without_jitter_and_mirroring_pairs_pass_unchanged():
    pair = facade(3)
    assert all((left == pair.input).all() and (right == pair.target).all() for left, right in
               drawn(PairDataset([pair], PLAIN), range(5)))  # fmt: skip


def test_augmented_labels_stay_the_classes_of_the_pair():
    pair = facade(0)
    for inputs, _ in drawn(PairDataset([pair], TINY), range(20)):
        assert inputs.dtype == np.uint8 and set(np.unique(inputs)) <= set(np.unique(pair.input))


def test_jitter_is_the_papers_286_for_256_and_in_proportion_elsewhere():
    assert Config().jittered == (286, 286)
    assert Config.of(size=512).jittered == (572, 572)
    assert Config.of(size=512, width=256).jittered == (572, 286)
    assert Config.of(jitter=False).jittered == (256, 256)


def test_a_seed_gives_one_picture_and_leaves_the_stream_of_training_alone():
    dataset = PairDataset(many(1), TINY)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = dataset[0, 77]
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(one, other) for one, other in zip(first, dataset[0, 77], strict=True))


@pytest.mark.parametrize("task", ["facades", "photo"])
def test_pairs_kept_on_a_device_are_augmented_there_without_a_look_at_them(task):
    """Nothing can be read back from the meta device: what runs there never makes the host wait for a GPU."""
    pairs = [pair if task == "facades" else Pair(pair.name, labels.shown(pair.input), pair.target) for pair in many(2)]
    dataset = PairDataset(pairs, TINY.replace(task=task), "meta")
    for inputs, targets in epoch_of(dataset, TINY):
        assert inputs.device.type == targets.device.type == "meta"
        assert inputs.shape == ((1, SIZE, SIZE) if task == "facades" else (1, 3, SIZE, SIZE))
        assert targets.shape == (1, 3, SIZE, SIZE)
        assert inputs.dtype == targets.dtype == torch.uint8


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_are_the_same_for_any_number_of_workers(workers):
    config = TINY.replace(batch_size=2)
    dataset = PairDataset(many(7), config)
    ours, theirs = (epoch_of(dataset, config, workers=count) for count in (0, workers))
    assert len(ours) == len(theirs) == steps_per_epoch(7, config) == 4
    for one, other in zip(ours, theirs, strict=True):
        assert all(torch.equal(*halves) for halves in zip(one, other, strict=True))


def test_an_interrupted_epoch_goes_on_with_the_batches_it_had_left():
    dataset = PairDataset(many(6), TINY)
    whole, rest = epoch_of(dataset, TINY, 3), list(batches(dataset, TINY.replace(epochs=5), 3 * 6 + 4))
    assert len(rest) == 2 + 6  # and with the next epoch, whose workers are the same
    whole = whole[4:] + epoch_of(dataset, TINY, 4)
    assert all(torch.equal(one[1], other[1]) for one, other in zip(whole, rest, strict=True))


def test_epochs_and_seeds_differ_in_order_and_in_augmentation():
    dataset = PairDataset(many(6), TINY)
    streams = [(0, TINY), (1, TINY), (0, TINY.replace(seed=1))]
    epochs = [torch.cat([targets for _, targets in epoch_of(dataset, config, epoch)]) for epoch, config in streams]
    assert not any(torch.equal(epochs[i], epochs[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    for epoch in epochs:  # each pair once, told by its photo's green
        assert sorted(epoch[:, 1].flatten(1).float().mean(1).round().tolist()) == [7 * number for number in range(6)]


def test_processes_share_every_global_batch_without_overlap():
    config = PLAIN.replace(batch_size=2)
    dataset = PairDataset(many(9), config)
    greens = [
        [targets[:, 1, 0, 0].tolist() for _, targets in epoch_of(dataset, config, rank=rank, processes=2)]
        for rank in (0, 1)
    ]
    assert [len(rank) for rank in greens] == [2, 2]  # the ninth pair would leave one process without a batch
    assert len({green for rank in greens for batch in rank for green in batch}) == 8


def test_stream_seeds_are_distinct_and_fit_torch():
    seeds = {stream_seed(a, b, c) for a in range(4) for b in range(4) for c in range(4)}
    assert len(seeds) == 64
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("direction", ["BtoA", "AtoB"])
def test_the_direction_says_which_half_is_the_input(tmp_path, direction):
    write_ab(tmp_path / "train", 3)
    config = PLAIN.replace(direction=direction, task="photo")
    pair = load_pairs(str(tmp_path), "train", config)[0]
    inputs, photo = labelled(1)
    expected = (inputs, photo) if direction == "BtoA" else (photo, inputs)
    assert (pair.input == expected[0]).all()
    assert (pair.target == expected[1]).all()


def test_labels_that_went_through_jpeg_become_the_nearest_classes(tmp_path):
    write_ab(tmp_path / "train", 2, kind="jpg")
    pair = load_pairs(str(tmp_path), "train", PLAIN)[0]
    assert pair.input.shape == (SIZE, SIZE) and pair.input.dtype == np.uint8
    assert (pair.input == facade(1).input).mean() > 0.95


def test_targets_are_resized_by_area(tmp_path):
    write_ab(tmp_path / "train", 1, size=2 * SIZE)
    pair = load_pairs(str(tmp_path), "train", PLAIN)[0]
    photo = labelled(1, 2 * SIZE)[1]
    assert np.abs(pair.target - photo.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3))).max() <= 1


def test_pairs_need_not_be_square(tmp_path):
    write_ab(tmp_path / "train", 2)
    config = TINY.replace(size=16, width=64)
    dataset = PairDataset(load_pairs(str(tmp_path), "train", config), config)
    assert [half.shape for half in dataset[0, 1]] == [(16, 64), (3, 16, 64)]


def test_grey_targets_and_arrays_of_five_channels_set_the_channels(tmp_path):
    for number in range(1, 4):
        inputs, photo = labelled(number)
        (tmp_path / "train" / "input").mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "train" / "input" / f"{number}.npy", np.concatenate([inputs, photo[..., :2]], axis=2))
        write(tmp_path / "train" / "target" / f"{number}.png", photo[..., 0])
    config = PLAIN.replace(task="photo")
    config = fit_config(config, open_source(str(tmp_path), "train", config))
    assert (config.architecture.in_channels, config.architecture.out_channels) == (5, 1)
    inputs, targets = PairDataset(load_pairs(str(tmp_path), "train", config), config)[0, 0]
    assert (inputs.shape, targets.shape) == ((5, SIZE, SIZE), (1, SIZE, SIZE))
    assert (inputs[:3].permute(1, 2, 0).numpy() == labelled(1)[0]).all()


def test_colourisation_makes_its_inputs_of_single_photos(tmp_path):
    for number in range(3):
        write(tmp_path / "train" / f"{number}.png", labelled(number)[1])
    config = PLAIN.replace(task="colors")
    config = fit_config(config, open_source(str(tmp_path), "train", config))
    pair = load_pairs(str(tmp_path), "train", config)[2]
    assert (config.architecture.in_channels, config.architecture.out_channels) == (1, 3)
    assert (pair.target == labelled(2)[1]).all()
    assert (pair.input == images.to_channels(pair.target, 1)).all()
    assert pair.input.flags.writeable and pair.target.flags.writeable  # torch warns of others in the terminal


def test_photos_as_label_inputs_are_refused_with_both_remedies(tmp_path):
    write_ab(tmp_path / "train", 3)
    with pytest.raises(Unfit, match="are no facade labels: 0% of their pixels are near the palette") as refusal:
        load_pairs(str(tmp_path), "train", PLAIN.replace(direction="AtoB"))
    assert "--direction BtoA" in refusal.value.remedy and "--task photo" in refusal.value.remedy


def test_a_pair_is_read_once_while_memory_lasts(tmp_path, monkeypatch):
    write_ab(tmp_path / "train", 12)
    monkeypatch.setattr(decoded, "CHECKED_PIXELS", 0)
    reads = []
    read = images.read_stored
    monkeypatch.setattr(images, "read_stored", lambda path: reads.append(path) or read(path))
    monkeypatch.setattr(decoded, "KEPT_BYTES", 4 * SIZE * SIZE * (1 + 3))
    pairs = load_pairs(str(tmp_path), "train", PLAIN)
    assert len(reads) <= LOOKED_AT  # a large set is not decoded before training
    reads.clear()
    for _ in range(3):
        list(pairs)
    assert len(pairs) == 11  # every tenth is for validation
    assert len(reads) == 4 + 3 * 7  # four stay in memory, seven are read each time
    assert suggest_workers(pairs) > 0


def test_twenty_thousand_pairs_start_within_seconds(tmp_path):
    content = write_ab(tmp_path / "some", 400, kind="jpg")
    (tmp_path / "train").mkdir()
    for number in range(20_000):
        os.link(content / f"{number % 400 + 1}.jpg", tmp_path / "train" / f"{number}.jpg")
    start = time.perf_counter()
    pairs = load_pairs(str(tmp_path), "train", PLAIN.replace(size=256))
    next(batches(PairDataset(pairs, TINY), TINY))
    assert len(pairs) == 18_000
    assert time.perf_counter() - start < 30  # about 4 on an idle machine


def test_a_small_set_is_decoded_before_training_and_needs_no_workers(tmp_path):
    write_ab(tmp_path / "train", 5)
    pairs = load_pairs(str(tmp_path), "train", PLAIN)
    for path in (tmp_path / "train").iterdir():
        path.unlink()
    assert [pair.name for pair in pairs] == ["1", "2", "3", "4", "5"]
    assert suggest_workers(pairs) == 0


def test_slices_and_negative_indices_are_those_of_a_list(tmp_path):
    write_ab(tmp_path / "train", 4)
    write_ab(tmp_path / "val", 1)
    pairs = load_pairs(str(tmp_path), "train", PLAIN)
    assert [pair.name for pair in pairs[1:3]] == ["2", "3"]
    assert pairs[-1].name == "4"
    with pytest.raises(IndexError):
        pairs[4]


def test_a_broken_picture_is_named_before_training(tmp_path):
    write_ab(tmp_path / "train", 14)
    for number in range(1, 13):
        path = tmp_path / "train" / f"{number}.png"
        content = bytearray(path.read_bytes())
        content[60:90] = b"\xff" * 30  # its header and its end are whole
        path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"1\.png .* \(11 in all\)") as caught:  # the twelfth is 10, held out for val
        load_pairs(str(tmp_path), "train", PLAIN.replace(task="photo"))
    assert str(caught.value).count("cannot be read") == 10


def test_two_folders_give_the_pixels_of_the_ab_layout(tmp_path):
    write_ab(tmp_path / "ab" / "train", 3)
    write_two_folders(tmp_path / "two" / "train" / "input", tmp_path / "two" / "train" / "target", 3)
    for one, other in zip(*(load_pairs(str(tmp_path / name), "train", PLAIN) for name in ("ab", "two")), strict=True):
        assert one.name == other.name
        assert (one.input == other.input).all()
        assert (one.target == other.target).all()


@needs_real_facades
def test_cmp_originals_give_the_pixels_of_the_ab_layout_up_to_jpeg():
    """Labels agree everywhere but within two pixels of an edge, where the published set averaged them."""
    config = Config.of(jitter=False, hflip=False)
    sample = load_pairs(str(CMP_SAMPLE), "train", config)
    assert sample.source.palette is labels.CMP_PALETTE
    published = [pair for split in ("train", "val") for pair in load_pairs(str(FACADES), split, config)]
    thumbnails = np.array([images.resize(pair.target, 16, 16) for pair in published], dtype=float)
    for pair in sample[:6]:
        apart = np.abs(thumbnails - images.resize(pair.target, 16, 16)).mean(axis=(1, 2, 3))
        twin = published[int(apart.argmin())]
        assert np.abs(pair.target.astype(float) - twin.target).mean() < 4
        ours, theirs = pair.input, twin.input
        windows = np.lib.stride_tricks.sliding_window_view(ours, (5, 5))
        is_inside = (windows == windows[..., 2:3, 2:3]).all(axis=(-1, -2))
        assert is_inside.mean() > 0.4
        assert (ours == theirs)[2:-2, 2:-2][is_inside].mean() > 0.999
