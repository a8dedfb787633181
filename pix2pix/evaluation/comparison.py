"""Checkpoints beside each other: their scores as a table and as JSON."""

import hashlib
import json
import math
from collections.abc import Sequence

import torchmetrics

from pix2pix.evaluation import segmentation
from pix2pix.evaluation.bootstrap import RESAMPLES
from pix2pix.evaluation.scores import NETWORKS, SCORES, Measured, Score, judge
from pix2pix.inference import Translator
from pix2pix.utils import UserError, counted

# Below, the bootstrap's intervals are too narrow: of 4 values they hold the mean in 76 to 81 %, not 95 %.
FEW_PAIRS = 30
ALIKE = ("task", "direction", "size", "width", "in_channels", "out_channels")


def report(
    checkpoints: Sequence[str],
    names: Sequence[str],
    measured: Sequence[Measured],
    scores: Sequence[tuple[dict[str, Score], dict[str, Score]]],
    photos: dict[str, float],
) -> dict:
    """What the JSON holds, beside `data`, `split`, `variations` and what --drawings adds.

    `pairs`: their count. `resamples`: draws of the bootstrap. `networks`: what looked at the pictures.
    `photos`: by key, what real photos score where that is not perfect.
    `checkpoints`: for each one `checkpoint`, as it was given, `scores`, and `pairs`: by name the scores of each pair.
    `differences`: for each other checkpoint the two names, and `scores` of the first less the other with a `verdict`.
    A score is `value`, `low`, `high`: the value and its 95 % interval; the keys are those of `scores.SCORES`, all of
    them always, null where one does not apply.
    """
    return {
        "pairs": len(names),
        "resamples": RESAMPLES,
        "networks": NETWORKS | {"segmenter_sha256": hashlib.sha256(segmentation.WEIGHTS.read_bytes()).hexdigest()},
        "torchmetrics": torchmetrics.__version__,
        "photos": photos,
        "checkpoints": [
            {
                "checkpoint": checkpoint,
                "scores": {key: each._asdict() for key, each in values.items()},
                "pairs": dict(zip(names, _rows(one.pairs), strict=True)),
            }
            for checkpoint, one, (values, _) in zip(checkpoints, measured, scores, strict=True)
        ],
        "differences": [
            {
                "checkpoints": [checkpoints[0], other],
                "scores": {key: each._asdict() | {"verdict": judge(key, each)} for key, each in differences.items()},
            }
            for other, (_, differences) in zip(checkpoints[1:], scores[1:], strict=True)
        ],
    }


def warn_of_few(pairs: int) -> str:
    """Say what so few pairs cannot tell; "" where there are enough."""
    if pairs >= FEW_PAIRS:
        return ""
    return (
        f"{counted(pairs, 'pair')} {'are' if pairs > 1 else 'is'} too few for these intervals, which come out too "
        f"narrow below {FEW_PAIRS}; KID and FID, which compare whole sets, say next to nothing then. Look at "
        "the pictures."
    )


def photos_known(photos: dict[str, float]) -> bool:
    """Whether real photos were scored, as they are where there are label maps."""
    return any(not math.isnan(value) for value in photos.values())


def networks(photos: dict[str, float]) -> dict[str, str]:
    """Which networks looked at the pictures: the segmenter only where there were labels to find."""
    return NETWORKS if photos_known(photos) else {"lite2": NETWORKS["lite2"]}


def check_alike(translators: Sequence[Translator]) -> None:
    """Raise UserError for checkpoints that do not take the same pairs."""
    first, *others = ((each.name, each.config.settings | {"width": each.config.data.shape[1]}) for each in translators)
    for other in others:
        for name in ALIKE:
            if first[1][name] != other[1][name]:
                raise UserError(
                    f"{first[0]} has {name} {first[1][name]} and {other[0]} {other[1][name]}: only checkpoints that "
                    "take the same pairs can be compared"
                )


def name_apart(measured: Sequence[Measured], checkpoints: Sequence[str]) -> None:
    """Call checkpoints as they were given, where two have one name."""
    if len({one.name for one in measured}) < len(measured):
        for one, checkpoint in zip(measured, checkpoints, strict=True):
            one.name = checkpoint


def score_drawings(translators: Sequence[Translator], checkpoints: Sequence[str]) -> dict[str, dict]:
    """How each checkpoint bears drawings by people, printed and by its name."""
    from pix2pix.evaluation import robustness

    scores = {}
    for translator, checkpoint in zip(translators, checkpoints, strict=True):
        scores[checkpoint] = robustness.drawing_scores(translator)
        print(f"{checkpoint}\n{robustness.table(scores[checkpoint])}")
    return scores


def table(
    measured: Sequence[Measured],
    scores: Sequence[tuple[dict[str, Score], dict[str, Score]]],
    photos: dict[str, float],
) -> str:
    """The scores that apply as lines: each with its interval, and the first checkpoint's difference from each other."""
    with_photos = photos_known(photos)
    heads = [f"{'':48}{'photos' if with_photos else '':>8}", *(f"{one.name[-29:]:>30}" for one in measured)]
    heads += [f"{f'- {other.name}'[-29:]:>42}" for other in measured[1:]]
    lines = ["".join(heads)]
    for key, kind in SCORES.items():
        if all(math.isnan(values[key].value) for values, _ in scores):
            continue
        line = f"{kind.title:48}{_number(photos[key]) if with_photos and key in photos else '':>8}"
        line += "".join(f"{_shown(values[key]):>30}" for values, _ in scores)
        line += "".join(f"{_shown(each[key])} {judge(key, each[key]):9}".rjust(42) for _, each in scores[1:])
        lines.append(line.rstrip())
    lines += [f"{name}: {what}" for name, what in networks(photos).items()]
    return "\n".join(lines)


def to_json(facts: dict) -> bytes:
    """JSON as everyone reads it: what does not apply, or is infinite, is null."""
    return (json.dumps(_finite(facts), indent=2) + "\n").encode()


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rows(columns: dict[str, list[float]]) -> list[dict[str, float]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _shown(score: Score) -> str:
    return f"{_number(score.value)} [{_number(score.low)}, {_number(score.high)}]"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4g}"
