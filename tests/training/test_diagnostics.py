"""Each finding on the log that should bring it, and none on logs of runs that are well."""

import numpy as np
import pytest

from pix2pix.config import Config
from pix2pix.training.diagnostics import diagnose

CONFIG = Config.of(epochs=100)
WELL = {"discriminator": 0.7, "adversarial": 2.0, "l1": 0.3, "right_on_real": 0.93, "right_on_fake": 0.95}
WON = {"discriminator": 0.01, "adversarial": 6.0, "right_on_real": 0.995, "right_on_fake": 0.999}
GUESSED = {"discriminator": 1.387, "adversarial": 0.69, "right_on_real": 0.4, "right_on_fake": 0.6}


def log(count: int, every: int = 50, first: int = 0, **values: float) -> list[dict]:
    return [{"step": first + every * (i + 1), "epoch": i, **WELL, **values} for i in range(count)]


def scored(l1, psnr=None, ssim=None, variety=0.6, training=None) -> list[dict]:
    """A log that is scored every 400 steps; PSNR and SSIM follow L1 unless they are given."""
    psnr = [14 - 10 * value for value in l1] if psnr is None else psnr
    ssim = [0.6 - value for value in l1] if ssim is None else ssim
    training = [0.3] * len(l1) if training is None else training
    columns = zip(l1, psnr, ssim, training, strict=True)
    return [
        {"step": 400 * (i + 1), "epoch": i, **WELL, "l1": t, "val_l1": a, "psnr": b, "ssim": c, "variety": variety}
        for i, (a, b, c, t) in enumerate(columns)
    ]


def kinds(lines: list[dict], config: Config = CONFIG) -> list[str]:
    return [finding.kind for finding in diagnose(lines, config)]


def noise(count: int, size: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, size, count)


@pytest.mark.parametrize("count", [0, 1, 2, 11])
def test_a_young_run_is_not_judged(count):
    for values in (WELL, WON, GUESSED):
        assert kinds(log(count, **values)) == []
    assert kinds(scored([0.3] * count)) == []


@pytest.mark.parametrize("share", [0.8, 0.9, 0.95, 0.975, 1.0])
def test_a_d_that_is_mostly_right_is_usual(share):
    assert kinds(log(200, right_on_real=share, right_on_fake=share)) == []


def test_a_g_that_paints_the_ends_of_its_range_is_told_after_three_lines():
    lines = log(2, saturated=0.02) + log(2, first=100, saturated=0.9)
    assert kinds(lines) == []
    (finding,) = diagnose(lines + log(1, first=200, saturated=0.95), CONFIG)
    assert finding.kind == "G saturates"
    assert "95% of what it paints" in finding.text and "--init-from" in finding.text
    assert kinds(lines + log(1, first=200, saturated=0.1)) == []


def test_d_wins_when_it_is_always_right_and_takes_nothing_of_gs_for_real():
    (finding,) = diagnose(log(60, **WON), CONFIG)
    assert finding.kind == "D wins"
    assert "over the last 2,000 steps" in finding.text
    assert "99.5% of the real" in finding.text and "99.9% of the generated" in finding.text
    assert "--discriminator-channels" in finding.text


@pytest.mark.parametrize("other", [{"right_on_real": 0.97}, {"right_on_fake": 0.97}, {"adversarial": 4.5}])
def test_one_line_in_the_window_that_is_otherwise_keeps_d_from_having_won(other):
    lines = log(60, **WON)
    assert kinds(lines) == ["D wins"]
    lines[-30] |= other
    assert kinds(lines) == []
    assert kinds(lines + log(31, first=3000, **WON)) == ["D wins"], "once it has left the window"


def test_a_win_is_judged_over_as_many_steps_however_often_they_are_logged():
    for every in (1, 10, 400, 1000):
        least = max(2000 // every + 1, 10)
        assert kinds(log(least, every, **WON)) == ["D wins"], every
        assert kinds(log(least - 1, every, **WON)) == [], every


def test_d_guesses_when_real_and_generated_look_alike_to_it():
    (finding,) = diagnose(log(60, **GUESSED), CONFIG)
    assert finding.kind == "D guesses"
    assert "50% of patches" in finding.text and "1.39" in finding.text


def test_a_d_of_little_loss_does_not_guess():
    assert kinds(log(60, **GUESSED | {"discriminator": 1.2})) == []


def test_hinge_losses_are_judged_by_their_own_measure():
    """Of the projected recipe: G's loss is minus the logits of generated patches, summed over five judges."""
    hinges = CONFIG.replace(objective="projected")
    seen = {"discriminator": 5.2, "adversarial": 1.3, "right_on_real": 0.47, "right_on_fake": 0.67}  # early, all well
    assert kinds(log(60, **seen), hinges) == []
    right = {"right_on_real": 0.995, "right_on_fake": 0.999}
    (finding,) = diagnose(log(60, discriminator=0.3, adversarial=6.0, **right), hinges)
    assert finding.kind == "D wins" and "logits of -1.2 on average" in finding.text
    assert "--discriminator-learning-rate-ratio" in finding.text
    assert kinds(log(60, discriminator=0.3, adversarial=4.7, **right), hinges) == []  # not all are beyond the margin
    half = {"right_on_real": 0.45, "right_on_fake": 0.55}
    (finding,) = diagnose(log(60, discriminator=4.0, adversarial=-0.2, **half), hinges)
    assert finding.kind == "D guesses" and "logits of 0.04" in finding.text
    assert kinds(log(60, discriminator=4.0, adversarial=0.6, **half), hinges) == []


def test_where_d_has_no_weight_nobody_cares_who_wins():
    without = CONFIG.replace(gan_weight=0)
    assert kinds(log(60, **WON), without) == kinds(log(60, **GUESSED), without) == []


def test_g_collapsed_when_twice_its_pictures_hardly_differ():
    lines = scored([0.3, 0.3, 0.3], variety=0.6)
    lines[-1]["variety"] = 0.05
    assert kinds(lines) == []
    lines[-2]["variety"] = 0.08
    (finding,) = diagnose(lines, CONFIG)
    assert finding.kind == "G collapsed"
    assert "5.0%" in finding.text and "--gan-weight" in finding.text
    assert "--gan-weight" not in diagnose(lines, CONFIG.replace(gan_weight=0))[0].text
    assert kinds([*lines, *scored([0.3], variety=0.6)]) == [], "it has recovered"


def test_a_new_g_that_draws_much_the_same_has_not_collapsed():
    lines = scored([0.4] * 3, variety=0.05)
    for line, step in zip(lines, (100, 300, 400), strict=True):
        line["step"] = step
    assert kinds(lines) == []
    lines[1]["step"] = 400
    assert kinds(lines) == ["G collapsed"]


def test_scores_that_only_wobble_mean_that_more_epochs_no_longer_help():
    (finding,) = diagnose(scored(0.32 + noise(40, 0.003)), CONFIG)
    assert finding.kind == "plateau"
    assert "no score of the last 10 is better" in finding.text
    assert "do not see sharpness" in finding.text


def test_scores_that_get_better_slowly_or_in_one_respect_still_help():
    falling = np.linspace(0.36, 0.30, 40) + noise(40, 0.003)
    assert kinds(scored(falling)) == []
    still = [0.32] * 40
    assert kinds(scored(still, psnr=13 + np.linspace(0, 2, 40))) == []
    assert kinds(scored(still, ssim=0.2 + np.linspace(0, 0.1, 40))) == []
    assert kinds(scored(still)) == ["plateau"]


def test_a_gain_without_weight_is_none():
    """So small a slope is certain without noise, and yet nothing to wait for: 0.1% in a quarter of the run."""
    assert kinds(scored(np.linspace(0.3212, 0.32, 40), psnr=[13.0] * 40, ssim=[0.27] * 40)) == ["plateau"]


def test_noise_alone_seldom_looks_like_a_gain():
    draws = np.random.default_rng(1).normal(0.32, 0.003, (200, 40))
    called = sum(kinds(scored(draw)) == ["plateau"] for draw in draws)
    assert called > 180


def test_pairs_learnt_by_heart_are_told_by_the_loss_that_still_falls():
    worse = np.linspace(0.30, 0.36, 40)
    (finding,) = diagnose(scored(worse, training=np.linspace(0.3, 0.15, 40)), CONFIG)
    assert "by heart" in finding.text
    assert "best L1 was 0.3000 at step 400" in finding.text
    assert "by heart" not in diagnose(scored(worse), CONFIG)[0].text


def test_a_plateau_before_the_learning_rate_falls_is_to_be_waited_out():
    waiting = diagnose(scored([0.32] * 40), CONFIG.replace(decay_epochs=50))[0].text
    assert "from epoch 51 on" in waiting
    assert "wait" not in diagnose(scored([0.32] * 40), CONFIG.replace(decay_epochs=70))[0].text


def test_a_real_run_on_facades_had_learnt_what_it_could_after_forty_of_sixty_epochs():
    """Scores of an early run of ours, by its twelve checkpoints: the best one is not the last."""
    l1 = [.3292, .3293, .3303, .3270, .3245, .3210, .3211, .3211, .3249, .3283, .3319, .3355]  # fmt: skip
    psnr = [13.68, 13.58, 13.56, 13.65, 13.74, 13.84, 13.88, 13.90, 13.73, 13.63, 13.52, 13.41]
    ssim = [.2659, .2726, .2695, .2685, .2708, .2735, .2742, .2730, .2693, .2639, .2583, .2546]  # fmt: skip
    assert kinds(scored(l1, psnr, ssim)) == ["plateau"]
    assert kinds(scored(l1[:8], psnr[:8], ssim[:8])) == []


def test_a_log_from_before_there_were_shares_and_scores_says_nothing():
    lines = [{"step": 50 * i, "epoch": 0, "discriminator": 0.0, "adversarial": 9.0, "l1": 0.1} for i in range(1, 90)]
    assert kinds(lines) == []
    assert kinds([*lines, *log(41, first=4500, **WON)]) == ["D wins"]
