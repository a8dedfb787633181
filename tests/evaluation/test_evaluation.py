"""The scores against arithmetic and against each other, the intervals against chance, and the command end to end."""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torchmetrics.image.kid import poly_mmd

from pix2pix import __main__ as command_line
from pix2pix import inference, labels, synthetic
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.data.pairs import Pair
from pix2pix.evaluation import bootstrap, comparison, features, report, segmentation
from pix2pix.evaluation.comparison import to_json
from pix2pix.evaluation.distances import FrechetDistance, KernelDistance
from pix2pix.evaluation.metrics import gradient_length, image_scores
from pix2pix.evaluation.scores import SCORES, fcn_score, judge, measure, photo_scores, score
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.utils import UserError
from tests.helpers.real_facades import FACADES, needs_real_facades


def grey(level: int) -> np.ndarray:
    return np.full((64, 64, 3), level, np.uint8)


def blurred(picture: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def noisy(picture: np.ndarray, level: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, level, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


class Painter:
    """A translator that knows the photo of each input, and changes it."""

    def __init__(self, name: str, pairs: list[Pair], change):
        self.name, self.config, self.change = name, Config(), change
        self.styles, self.asked = {}, []
        self.photos = {pair.input.tobytes(): pair.target for pair in pairs}

    def __call__(self, image: np.ndarray, variation: int | None = None, style: str | None = None) -> np.ndarray:
        self.asked.append(style)
        return self.change(self.photos[image.tobytes()], variation)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    drawn = [synthetic.facade(seed, 96, 96) for seed in range(6)]
    return [Pair(f"<{seed}>", drawing, photo) for seed, (drawing, photo) in enumerate(drawn)]


@pytest.fixture(scope="module")
def painters(pairs) -> list[Painter]:
    """One that paints the photos themselves, one that blurs them, and one whose variations are noise."""
    return [
        Painter("photographer", pairs, lambda photo, variation: photo),
        Painter("blur", pairs, lambda photo, variation: blurred(photo, 2)),
        Painter("noise", pairs, lambda photo, variation: noisy(photo, 4 * (variation or 0))),
    ]


@pytest.fixture(scope="module")
def measured(painters, pairs):
    return measure(painters, pairs, variations=2)


@pytest.fixture(scope="module")
def scored(measured):
    photos, each = measured
    return score(each, photos)


def test_equal_pictures_score_perfectly():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    scores = image_scores([noise], [noise])
    assert scores["l1"] == 0
    assert scores["ssim"] == pytest.approx(1)
    assert scores["psnr"] == math.inf


def test_l1_is_on_the_scale_of_the_loss_and_psnr_in_decibels():
    scores = image_scores([grey(0)], [grey(51)])  # a fifth of the range
    assert scores["l1"] == pytest.approx(2 / 5)
    assert scores["psnr"] == pytest.approx(-20 * math.log10(1 / 5), rel=1e-5)


def test_scores_are_means_over_pairs():
    scores = image_scores([grey(0), grey(0)], [grey(51), grey(0)])
    assert scores["l1"] == pytest.approx(1 / 5)


def test_who_paints_the_photos_themselves_scores_what_photos_score(measured, scored):
    scores = {key: each.value for key, each in scored[0][0].items()}
    assert scores["l1"] == scores["perceptual_distance"] == 0
    assert scores["fid_lite2"] == pytest.approx(0, abs=1e-4)
    assert scores["checkerboard"] == 1
    for key, value in photo_scores(measured[0]).items():
        assert scores[key] == pytest.approx(value, nan_ok=True)
    assert scores["diversity_lite2"] == 0


def test_variations_that_differ_are_diverse(scored):
    assert scored[2][0]["diversity_lite2"].value > 0.01


def test_blur_is_less_sharp_than_photos_and_noise_more(pairs, scored):
    assert scored[0][0]["sharpness"].value == pytest.approx(1)
    assert scored[1][0]["sharpness"].value < 0.8
    assert gradient_length(noisy(pairs[0].target, 8)) > gradient_length(pairs[0].target)


def test_a_ramp_of_three_levels_a_pixel_has_gradients_of_three():
    ramp = np.uint8(3 * np.arange(64))[None, :, None].repeat(64, 0).repeat(3, 2)
    assert gradient_length(ramp) == pytest.approx(3)


def test_pictures_are_painted_in_one_named_style_after_the_other(pairs):
    painter = Painter("styled", pairs, lambda photo, variation: photo)
    painter.styles = {"brick": [0.0], "plaster": [1.0]}
    measure([painter], pairs[:3], variations=0)
    assert painter.asked == ["brick", "plaster", "brick"]


@pytest.mark.parametrize("worsen", [blurred, noisy])
def test_the_worse_a_picture_gets_the_further_it_is(pairs, worsen):
    photo = pairs[0].target
    seen = features.stages(photo)
    steps = [features.distance(features.stages(worsen(photo, level)), seen) for level in (0.5, 1, 2, 4, 8)]
    assert steps == sorted(steps) and steps[0] > 0


def test_a_checkpoint_that_is_worse_on_every_pair_is_called_worse(scored):
    _, differences = scored[1]
    assert (
        judge("l1", differences["l1"]) == judge("perceptual_distance", differences["perceptual_distance"]) == "better"
    )
    assert differences["l1"].high < 0
    _, itself = scored[0]
    assert all(judge(key, difference) == "undecided" for key, difference in itself.items())


def test_scoring_again_gives_the_same_digits(painters, pairs, measured, scored):
    photos, each = measure(painters[1:2], pairs, variations=2)
    again = score(each, photos)
    assert {key: repr(value) for key, value in again[0][0].items()} == {
        key: repr(value) for key, value in scored[1][0].items()
    }


def test_other_tasks_have_no_reader_and_tiny_pictures_no_spectrum(pairs):
    blur = Painter("blur", pairs, lambda photo, variation: blurred(photo, 1))
    blur.config = blur.config.replace(task="photo")
    blur.photos = {pair.input[:48, :48].tobytes(): pair.target[:48, :48] for pair in pairs}
    tiny = [Pair(pair.name, pair.input[:48, :48], pair.target[:48, :48]) for pair in pairs]
    photos, each = measure([blur], tiny, variations=0)
    scores = score(each, photos)[0][0]
    there = {key for key, value in scores.items() if not math.isnan(value.value)}
    assert there == {"l1", "psnr", "ssim", "perceptual_distance", "kid_lite2", "fid_lite2", "sharpness"}


def test_one_pair_is_scored_as_far_as_one_pair_goes(painters, pairs):
    photos, each = measure(painters[1:2], pairs[:1], variations=0)
    scores = score(each, photos)[0][0]
    assert scores["l1"].low == scores["l1"].value == scores["l1"].high
    assert math.isnan(scores["kid_lite2"].value) and math.isnan(scores["fid_lite2"].value)


def test_kid_of_all_pictures_is_that_of_torchmetrics():
    photos, generated = np.random.default_rng(0).normal(size=(2, 12, 8))
    theirs = poly_mmd(torch.from_numpy(photos), torch.from_numpy(generated))
    assert KernelDistance(photos, generated)(np.arange(12)) == pytest.approx(float(theirs))


def test_kid_of_draws_has_no_bias_although_they_repeat_pictures():
    photos, generated = np.random.default_rng(0).normal(size=(2, 20, 8)) + np.array([0, 1])[:, None, None]
    distance = KernelDistance(photos, generated)
    drawn = np.array([distance(draw) for draw in bootstrap.draws(20)])
    standard_error = drawn.std() / math.sqrt(len(drawn))
    assert drawn.mean() == pytest.approx(distance(np.arange(20)), abs=4 * standard_error)


def test_fid_of_features_that_are_moved_is_the_square_of_the_move():
    photos = np.random.default_rng(0).normal(size=(9, 16, 4))
    move = np.array([1.0, 2.0, 0.0, 0.0])
    assert FrechetDistance(photos, photos + move)(np.arange(9)) == pytest.approx(5)


def test_an_interval_holds_the_true_mean_about_95_times_in_100():
    stream, held = np.random.default_rng(0), 0
    draws = bootstrap.draws(40)
    for _ in range(400):
        values = stream.exponential(size=40)  # skewed, as scores are
        low, high = bootstrap.interval(values.mean(), values[draws].mean(axis=1))
        held += low < 1 < high
    assert 0.88 < held / 400 < 0.98


def test_what_is_hard_for_both_does_not_hide_a_difference():
    stream, draws = np.random.default_rng(0), bootstrap.draws(40)
    hard = stream.normal(0, 1, 40)
    one, other = hard + 0.1 + stream.normal(0, 0.05, 40), hard
    apart = (one - other)[draws].mean(axis=1)
    interval = bootstrap.interval((one - other).mean(), apart)
    assert bootstrap.verdict(*interval, "lower") == "worse"
    assert bootstrap.verdict(*interval, "higher") == "better"
    assert bootstrap.verdict(*interval, "") == "higher"
    alone = bootstrap.interval(one.mean() - other.mean(), one[draws].mean(axis=1) - other[draws[::-1]].mean(axis=1))
    assert bootstrap.verdict(*alone, "lower") == "undecided"
    assert bootstrap.verdict(math.nan, math.nan, "lower") == "undecided"


def test_reading_by_hand():
    """Of 10 window pixels 2 are read as wall; of 30 wall pixels 10 are read as door, which is not drawn."""
    confusion = np.zeros((12, 12), np.int64)
    wall, window, door = (labels.INDEX[name] for name in ("facade", "window", "door"))
    confusion[window, window], confusion[window, wall], confusion[wall, wall], confusion[wall, door] = 8, 2, 20, 10
    scores = fcn_score(confusion)
    assert scores["pixel_accuracy"] == pytest.approx(28 / 40)
    assert scores["class_accuracy"] == pytest.approx((8 / 10 + 20 / 30) / 2)
    assert scores["iou_window"] == pytest.approx(8 / 10) and scores["iou_facade"] == pytest.approx(20 / 32)
    assert scores["mean_iou"] == pytest.approx((8 / 10 + 20 / 32) / 2)
    assert math.isnan(scores["iou_door"])


def test_the_confusion_has_what_was_drawn_in_rows_and_what_was_read_in_columns():
    drawn, read = np.array([[0, 0], [2, 1]], np.uint8), np.array([[0, 3], [2, 2]], np.uint8)
    cells = segmentation.confusion(read, drawn)
    assert {(row, column) for row, column in np.argwhere(cells)} == {(0, 0), (0, 3), (2, 2), (1, 2)}
    assert cells.sum() == 4


@needs_real_facades
def test_the_reader_reads_real_photos_that_it_never_saw():
    """Its ceiling over all 40 is 0.66 of the pixels and a mean IoU of 0.40; walls alone would make 0.36 and 0.03."""
    cells, blind = np.zeros((12, 12), np.int64), np.zeros((12, 12), np.int64)
    for pair in load_pairs(str(FACADES), "val", Config())[::5]:
        drawing = pair.input
        cells += segmentation.confusion(segmentation.read(pair.target), drawing)
        blind += segmentation.confusion(segmentation.read(noisy(np.full_like(pair.target, 128), 40)), drawing)
    scores = fcn_score(cells)
    assert scores["pixel_accuracy"] > 0.55 and scores["mean_iou"] > 0.3
    assert fcn_score(blind)["mean_iou"] < 0.1


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Two small untrained checkpoints, and a folder of four pairs."""
    folder = tmp_path_factory.mktemp("evaluated")
    (folder / "pairs" / "val").mkdir(parents=True)
    for seed in range(4):
        drawing, photo = synthetic.facade(seed, 128, 128)
        Image.fromarray(np.hstack([photo, labels.colorize(drawing)])).save(folder / "pairs" / "val" / f"{seed}.png")
    for seed in range(2):
        torch.manual_seed(seed)
        config = RECIPES["paper"].replace(size=128, base_channels=4)
        checkpoint.save(folder / f"net{seed}", config, build_generator(config.architecture), "card")
    return folder


def test_the_command_prints_and_writes_scores_that_are_the_same_every_time(checkpoints, tmp_path, capsys):
    arguments = ["evaluate", str(checkpoints / "net0"), str(checkpoints / "net1"), "--data", str(checkpoints / "pairs")]
    command_line.main([*arguments, "--json", str(tmp_path / "a.json"), "--page", str(tmp_path / "page")])
    printed = capsys.readouterr().out
    for told in (
        "4 pairs",
        "warning: 4 pairs are too few",
        "EfficientNet-lite2",
        "FCN score",
        "net0",
        "- net1",
        "undecided",
    ):
        assert told in printed
    facts = json.loads((tmp_path / "a.json").read_text())
    assert facts["pairs"] == 4 and len(facts["checkpoints"]) == 2 and len(facts["differences"]) == 1
    for one in facts["checkpoints"]:
        assert list(one["scores"]) == list(SCORES)
        assert set(one["pairs"]) == {"0", "1", "2", "3"}
        told = one["scores"]["perceptual_distance"]
        assert told["low"] < told["value"] < told["high"]
        assert told["value"] == pytest.approx(np.mean([pair["perceptual_distance"] for pair in one["pairs"].values()]))
    assert facts["differences"][0]["scores"]["l1"]["verdict"] in ("better", "worse", "undecided")
    assert facts["photos"]["mean_iou"] is not None and len(facts["networks"]["segmenter_sha256"]) == 64
    assert (tmp_path / "page" / "index.html").is_file() and (tmp_path / "page" / "pairs.png").is_file()
    command_line.main([*arguments, "--json", str(tmp_path / "b.json")])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_pairs_for_judging_are_blind_and_their_key_is_true(checkpoints, tmp_path):
    nets = [str(checkpoints / name) for name in ("net0", "net1")]
    arguments = ["--data", str(checkpoints / "pairs"), "--variations", "0", "--pairs-for-judging"]
    with pytest.raises(UserError, match="takes two checkpoints, not 1"):
        command_line.main(["evaluate", nets[0], *arguments, str(tmp_path / "judged")])
    command_line.main(["evaluate", *nets, *arguments, str(tmp_path / "judged")])
    assert sorted(file.name for file in (tmp_path / "judged").iterdir()) == [
        *(f"{n}.png" for n in range(1, 5)),
        "choices.csv",
    ]
    assert (tmp_path / "judged" / "choices.csv").read_text().split() == ["pair,choice", "1,", "2,", "3,", "4,"]
    translators = {name: inference.load(checkpoints / name) for name in ("net0", "net1")}
    pairs = {pair.name: pair for pair in load_pairs(str(checkpoints / "pairs"), "val", translators["net0"].config)}
    key = json.loads((tmp_path / "judged-key.json").read_text())
    assert {each["pair"] for each in key.values()} == set(pairs)
    for number, each in key.items():
        shown = np.asarray(Image.open(tmp_path / "judged" / f"{number}.png"))
        assert np.array_equal(shown[:, :128], translators[each["A"]](pairs[each["pair"]].input))
        assert np.array_equal(shown[:, -128:], translators[each["B"]](pairs[each["pair"]].input))
    with pytest.raises(UserError, match="exists already; name a new folder"):
        command_line.main(["evaluate", *nets, *arguments, str(tmp_path / "judged")])


def test_only_checkpoints_that_take_the_same_pairs_are_compared(checkpoints, tmp_path):
    config = RECIPES["paper"].replace(size=64, base_channels=4)
    checkpoint.save(tmp_path / "small", config, build_generator(config.architecture), "card")
    with pytest.raises(ValueError, match="net0 has size 128 and small 64"):
        command_line.main(
            ["evaluate", str(checkpoints / "net0"), str(tmp_path / "small"), "--data", str(checkpoints / "pairs")]
        )


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--json", "missing/a.json"], "is no folder; make it first"),
        (["--json", "folder"], "folder is a folder; name a file"),
        (["--page", "file"], "file is a file: --page names a folder"),
        (["--variations", "-1"], "--variations is -1"),
    ],
)
def test_what_cannot_be_written_or_made_is_refused_before_anything_is_scored(flags, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=reason):
        command_line.main(["evaluate", "nowhere", "--data", "nowhere", *flags])


def test_drawings_are_for_facades_alone(checkpoints, tmp_path):
    config = RECIPES["paper"].replace(size=64, base_channels=4, task="photo")
    checkpoint.save(tmp_path / "maps", config, build_generator(config.architecture), "card")
    with pytest.raises(ValueError, match="maps is for photo"):
        command_line.main(["evaluate", str(tmp_path / "maps"), "--data", str(checkpoints / "pairs"), "--drawings"])


def test_json_says_null_where_there_is_no_number():
    assert json.loads(to_json({"a": [math.nan, math.inf, 1.5], "b": "nan"})) == {"a": [None, None, 1.5], "b": "nan"}


@pytest.fixture(scope="module")
def written(measured, scored, pairs, tmp_path_factory):
    photos, each = measured
    folder = tmp_path_factory.mktemp("page")
    report.write(folder, "6 pairs of <drawn>", pairs, each, scored, photo_scores(photos))
    return folder


def test_the_page_shows_inputs_what_each_checkpoint_made_and_targets(written, pairs, painters):
    text = (written / "index.html").read_text(encoding="utf-8")
    assert "6 pairs of &lt;drawn&gt;" in text and "&lt;0&gt;" in text and "<0>" not in text
    assert text.count("<figure>") == len(pairs) == 6  # each once: they are too few for best, median and worst
    assert text.count("<img") == len(pairs) * (2 + len(painters))
    assert "6 pairs are too few for these intervals" in text
    assert np.array_equal(np.asarray(Image.open(written / "images" / "0000-0.png")), labels.colorize(pairs[0].input))
    assert "photographer - blur" in text and 'class="better"' in text


@pytest.mark.parametrize("count", [1, 4, 8, 9, 40])
def test_no_pair_is_shown_twice(count):
    sections = report.chosen(range(count))
    places = [place for each in sections.values() for place in each]
    assert len(places) == len(set(places)) == min(count, 3 * report.SHOWN)
    assert list(sections) == (["Best", "Median", "Worst"] if count >= 9 else ["All pairs, the best first"])


def test_only_where_there_are_label_maps_real_photos_have_scores_to_show(written):
    assert comparison.photos_known({"mean_iou": 0.4, "stripes": math.nan})
    assert not comparison.photos_known({"mean_iou": math.nan, "stripes": math.nan})
    assert list(comparison.networks({"mean_iou": math.nan})) == ["lite2"]
    assert '<th scope="col">photos</th>' in (written / "index.html").read_text(encoding="utf-8")
    assert comparison.warn_of_few(29) and not comparison.warn_of_few(30)


def test_the_grid_holds_all_pairs(pairs):
    rows = [[labels.shown(pair.input), pair.target] for pair in pairs]
    shown = report.pairs_grid(rows)
    assert shown.shape == (6 // 2 * 128, 2 * 2 * 128, 3)
    assert report.pairs_grid(rows * 60).shape[0] * report.pairs_grid(rows * 60).shape[1] <= 2 * 100 * 128 * 2 * 128


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_shows_all_its_pictures(written, chromium, scheme):
    opened = chromium.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    opened.goto((written / "index.html").as_uri())
    opened.locator("img").evaluate_all("all => all.forEach(image => image.loading = 'eager')")
    opened.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lightness = opened.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert lightness == "light dark"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    assert [each["id"] for each in axe.Axe().run(opened).response["violations"]] == []
    opened.close()
