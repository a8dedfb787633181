"""What the lines of a run's log mean: what goes wrong, by which evidence, and what to do.

A line holds the running averages of the losses and of D's right answers (`trainer.SHOWN`) and, where it was scored,
what `validation.quick_scores` says. A GAN's losses oscillate and its scores are noisy, so that every rule wants its
sign in all lines of a long window, or a change that is larger than the noise: at batch 1, a healthy D is right on
80 to 95% of the patches, and nothing here calls that a fault.

What a loss means depends on the objective. The paper's and the perceptual one take the logarithm of chances: D that
always says one half has 2 ln 2, and G's loss has no upper bound. The projected one takes hinges of logits (Lim & Ye
2017): D learns nothing more of what lies beyond 1 or -1, and G's loss is minus the logits of its pictures, summed over
the judges; it is 0 for a D that cannot tell, and may be negative. D's own holds the segmenter's too, so that no rule
looks at it there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pix2pix.config import Config
from pix2pix.networks.projected import JUDGES

Line = dict[str, float]

LONG_STEPS, LONG_LINES = 2000, 10  # a window: 20 times the memory of the running averages, 5 epochs of facades
WON_SHARE = 0.98  # of the patches that D gets right, both of real and of generated pictures
WON_LOSS = -math.log(0.01)  # adversarial: D takes the generated patches for real with less than 1%
GUESSED_SHARE = 0.05  # the most by which a D that guesses is right more or less often than half of the time
GUESSED_LOSS = 1.3  # of D, at least: 2 ln 2 = 1.386 is the loss where it always says one half
WON_LOGIT = -1.0  # of hinges, at most, of generated patches on average: D has nothing more to learn from them
GUESSED_LOGIT = 0.1  # of hinges, at most, to either side; early, and well, 0.2 to 0.3 were seen
SATURATED_SHARE, SATURATED_LINES = 0.5, 3  # of the values, so many lines running
COLLAPSED_VARIETY, COLLAPSED_SCORES = 0.1, 2  # of the targets' variety, so many times running
YOUNG_STEPS = 400  # a new G draws much the same for every input, until it has learnt to look at it
MIN_SCORES = 12  # before a trend is judged: its last two quarters then hold three scores each
SURE = 2.0  # standard errors by which a score must get better
MATTERS = 0.005  # and by this share of itself

SCORES = {"val_l1": ("L1", 4, -1), "psnr": ("PSNR", 2, 1), "ssim": ("SSIM", 4, 1)}  # name, digits, better direction


@dataclass(frozen=True)
class Finding:
    """One thing that goes wrong; `kind` is the same for as long as it does."""

    kind: str
    text: str


def diagnose(lines: Sequence[Line], config: Config) -> list[Finding]:
    """What the newest of the lines show, the most urgent first; nothing where they are too few to tell."""
    found = [_saturates(lines)]
    if config.training.gan_weight:
        window = _window(lines)
        hinges = config.training.objective == "projected"
        found += (
            [_d_wins_by_hinges(window), _d_guesses_by_hinges(window)]
            if hinges
            else [_d_wins(window), _d_guesses(window)]
        )
    return [finding for finding in (*found, _collapse(lines, config), _plateau(lines, config)) if finding]


def _saturates(lines: Sequence[Line]) -> Finding | None:
    last = [line["saturated"] for line in lines if "saturated" in line][-SATURATED_LINES:]
    if len(last) < SATURATED_LINES or min(last) < SATURATED_SHARE:
        return None
    return Finding(
        "G saturates",
        f"G saturates: {last[-1]:.0%} of what it paints is at the ends of its range, black or white or a pure colour, "
        "where the targets are not; hardly any gradient comes back from there. Stop, and start again from a checkpoint "
        "that was well (--init-from RUN/checkpoints/step-…) with a lower --learning-rate.",
    )


def _d_wins(window: Sequence[Line]) -> Finding | None:
    if not _always_right(window) or min(line["adversarial"] for line in window) < WON_LOSS:
        return None
    return Finding(
        "D wins",
        f"D wins outright: {_shares(window)}, and takes the latter for real with a chance below "
        f"{math.exp(-WON_LOSS):.0%} (adversarial loss {_mean(window, 'adversarial'):.1f}; a guess has 0.7). G learns "
        "little from it. Start again with a weaker D (half the --discriminator-channels), a lower --learning-rate or "
        "more pairs: D may know these by heart.",
    )


def _d_wins_by_hinges(window: Sequence[Line]) -> Finding | None:
    if not _always_right(window) or max(map(_fake_logit, window)) > WON_LOGIT:
        return None
    logit = sum(map(_fake_logit, window)) / len(window)
    return Finding(
        "D wins",
        f"D wins outright: {_shares(window)}, and puts the latter beyond its margin (logits of {logit:.1f} on average; "
        f"from {WON_LOGIT:g} on it learns nothing more of them, and a guess has 0). Start again with a lower "
        "--discriminator-learning-rate-ratio, half the --discriminator-channels or more pairs: D may know these by "
        "heart.",
    )


def _d_guesses(window: Sequence[Line]) -> Finding | None:
    if not _half_right(window) or min(line["discriminator"] for line in window) < GUESSED_LOSS:
        return None
    loss = f"with a loss of {_mean(window, 'discriminator'):.2f}, where saying one half each time has 1.39"
    return _guess(window, loss, "--learning-rate")


def _d_guesses_by_hinges(window: Sequence[Line]) -> Finding | None:
    if not _half_right(window) or max(abs(_fake_logit(line)) for line in window) > GUESSED_LOGIT:
        return None
    logit = sum(map(_fake_logit, window)) / len(window)
    return _guess(
        window, f"with logits of {logit:.2f} on average for generated ones", "--discriminator-learning-rate-ratio"
    )


def _guess(window: Sequence[Line], evidence: str, rate: str) -> Finding:
    share = sum(map(_share, window)) / len(window)
    return Finding(
        "D guesses",
        f"D guesses: over the last {_steps(window)} steps it is right on {share:.0%} of patches, {evidence}. Either "
        "the samples look like the targets, and all is well, or D learns nothing and G follows its other losses: then "
        f"start again with twice the --discriminator-channels or another {rate}.",
    )


def _always_right(window: Sequence[Line]) -> bool:
    """Whether D is right on nearly all patches in each line; False where there are too few lines."""
    return bool(window) and all(min(line["right_on_real"], line["right_on_fake"]) >= WON_SHARE for line in window)


def _half_right(window: Sequence[Line]) -> bool:
    return bool(window) and all(abs(_share(line) - 0.5) <= GUESSED_SHARE for line in window)


def _share(line: Line) -> float:
    return (line["right_on_real"] + line["right_on_fake"]) / 2


def _shares(window: Sequence[Line]) -> str:
    real, fake = (_mean(window, name) for name in ("right_on_real", "right_on_fake"))
    of_both = f"{real:.1%} of the real and {fake:.1%} of the generated patches"
    return f"over the last {_steps(window)} steps it is right on {of_both}"


def _fake_logit(line: Line) -> float:
    """The mean logit of generated patches, of what the projected objective logs."""
    return -line["adversarial"] / JUDGES


def _collapse(lines: Sequence[Line], config: Config) -> Finding | None:
    scored = [line["variety"] for line in lines if "variety" in line and line["step"] >= YOUNG_STEPS]
    scored = scored[-COLLAPSED_SCORES:]
    if len(scored) < COLLAPSED_SCORES or max(scored) >= COLLAPSED_VARIETY:
        return None
    way_out, weights = "a lower --learning-rate", config.training
    if weights.gan_weight:
        way_out += f", or less --gan-weight (now {weights.gan_weight:g}) against --l1-weight ({weights.l1_weight:g})"
    return Finding(
        "G collapsed",
        f"G collapsed: the pictures it makes of different inputs differ from each other by {scored[-1]:.1%} of what "
        f"their targets do, so that it draws nearly one and the same picture. Look at the samples; start again with "
        f"{way_out}.",
    )


def _plateau(lines: Sequence[Line], config: Config) -> Finding | None:
    scored = [line for line in lines if all(name in line for name in SCORES)]
    quarter = len(scored) // 4
    if len(scored) < MIN_SCORES:
        return None
    before, after = scored[-2 * quarter : -quarter], scored[-quarter:]
    if any(_improved([line[name] for line in before + after], sign) for name, (_, _, sign) in SCORES.items()):
        return None
    numbers = ", ".join(
        f"{title} {_mean(after, name):.{digits}f} after {_mean(before, name):.{digits}f}"
        for name, (title, digits, _) in SCORES.items()
    )
    best = min(scored, key=lambda line: line["val_l1"])
    text = (
        f"More epochs no longer help: on the validation pairs no score of the last {quarter} is better than those of "
        f"the {quarter} before by more than their noise ({numbers}; the best L1 was {best['val_l1']:.4f} at step "
        f"{best['step']:,})."
    )
    learnt = 1 - _mean(after, "l1") / _mean(before, "l1")
    if learnt > 4 * MATTERS:
        text += f" On the training pairs L1 still fell by {learnt:.0%}: G learns them by heart. More pairs would help."
    full_rate = config.training.epochs - config.training.decay_epochs
    if config.training.decay_epochs and after[-1]["epoch"] < full_rate:
        text += f" The learning rate falls from epoch {full_rate + 1} on: wait for that."
    else:
        text += " Let the samples decide: these scores do not see sharpness."
    return Finding("plateau", text)


def _improved(values: Sequence[float], sign: int) -> bool:
    """Whether the second half of the values is better than the first, by more than their noise and enough to matter.

    The noise comes from the differences of neighbours, which a trend hardly changes (von Neumann 1941).
    """
    half = len(values) // 2
    first, second = sum(values[:half]) / half, sum(values[half:]) / half
    variance = sum((b - a) ** 2 for a, b in pairwise(values)) / (2 * (len(values) - 1))
    return sign * (second - first) > max(SURE * math.sqrt(2 * variance / half), MATTERS * abs(first))


def _window(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines of the last `LONG_STEPS` steps, and `LONG_LINES` of them at least; none where there are not as many."""
    lines = [line for line in lines if "right_on_real" in line]
    early = [place for place, line in enumerate(lines) if line["step"] <= lines[-1]["step"] - LONG_STEPS]
    if not early or len(lines) < LONG_LINES:
        return []
    return lines[min(early[-1], len(lines) - LONG_LINES) :]


def _steps(window: Sequence[Line]) -> str:
    return f"{window[-1]['step'] - window[0]['step']:,}"


def _mean(lines: Sequence[Line], name: str) -> float:
    return sum(line[name] for line in lines) / len(lines)
