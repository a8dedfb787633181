"""What the lines of a run's log mean: what goes wrong, by which evidence, and what to do.

A line holds the running averages of the losses and of D's right answers (`trainer.SHOWN`) and, where it was scored,
what `validation.quick_scores` says. A GAN's losses oscillate and its scores are noisy, so that every rule wants its
sign in all lines of a long window, or a change that is larger than the noise: at batch 1, a healthy D is right on
80 to 95% of the patches, and nothing here calls that a fault.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pix2pix.config import Config

Line = dict[str, float]

LONG_STEPS, LONG_LINES = 2000, 10  # a window: 20 times the memory of the running averages, 5 epochs of facades
WON_SHARE = 0.98  # of the patches that D gets right, both of real and of generated pictures
WON_LOSS = -math.log(0.01)  # adversarial: D takes the generated patches for real with less than 1%
GUESSED_SHARE = 0.05  # the most by which a D that guesses is right more or less often than half of the time
GUESSED_LOSS = 1.3  # of D, at least: 2 ln 2 = 1.386 is the loss where it always says one half
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
        found += [_d_wins(lines), _d_guesses(lines)]
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


def _d_wins(lines: Sequence[Line]) -> Finding | None:
    window = _window(lines)
    won = [min(line["right_on_real"], line["right_on_fake"]) >= WON_SHARE for line in window]
    if not window or not all(won) or min(line["adversarial"] for line in window) < WON_LOSS:
        return None
    real, fake, loss = (_mean(window, name) for name in ("right_on_real", "right_on_fake", "adversarial"))
    return Finding(
        "D wins",
        f"D wins outright: over the last {_steps(window)} steps it is right on {real:.1%} of the real and {fake:.1%} "
        f"of the generated patches, and takes the latter for real with a chance below {math.exp(-WON_LOSS):.0%} "
        f"(adversarial loss {loss:.1f}; a guess has 0.7). G learns little from it. Start again with a weaker D (half "
        "the --discriminator-channels), a lower --learning-rate or more pairs: D may know these by heart.",
    )


def _d_guesses(lines: Sequence[Line]) -> Finding | None:
    window = _window(lines)
    shares = [(line["right_on_real"] + line["right_on_fake"]) / 2 for line in window]
    guessed = [abs(share - 0.5) <= GUESSED_SHARE for share in shares]
    if not window or not all(guessed) or min(line["discriminator"] for line in window) < GUESSED_LOSS:
        return None
    return Finding(
        "D guesses",
        f"D guesses: over the last {_steps(window)} steps it is right on {sum(shares) / len(shares):.0%} of patches, "
        f"with a loss of {_mean(window, 'discriminator'):.2f}, where saying one half each time has 1.39. Either the "
        "samples look like the targets, and all is well, or D learns nothing and G follows its other losses: then "
        "start again with twice the --discriminator-channels or another --learning-rate.",
    )


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
