"""The checkerboard measure: what a generator's upsampling leaves at the periods 2, 4, 8 and 16 pixels.

For one picture and one period p, `contrasts` tells how much energy stands at the frequencies a/p (a odd, up to p/2), in
both directions, above what stands beside them. Each row and column of brightness is cut into runs of `RUN` pixels;
their power spectra (Hann window) are averaged as logarithms, so that a plain wall counts as much as a row of windows;
the contrast at a frequency is its mean log power less that of the frequencies `BESIDE` bins off, where the window lets
nothing through. Pictures whose structure has no grid of its own give the same contrast at every size of that structure.

Upsampling leaves its grid in two ways, and both are looked at: a pattern laid over the picture (transposed convolution
with uneven overlap) has its energy in the picture itself; pixels repeated in blocks (nearest neighbour) have none at
just these frequencies, but in the size of the picture's slope, which is large from block to block and small within.

The score is the ratio of generated pictures to real photos, `exp` of the mean difference of contrasts, at each period
that of the two ways that shows more: 1 is as in photos, 2 is twice the energy. Photos have contrasts of their own
(JPEG blocks of 8 pixels), which is why they are the measure.
"""

import numpy as np

PERIODS = (2, 4, 8, 16)  # pixels: what up to four doublings leave
RUN = 64  # pixels: short enough to lie within a wall, long enough to tell the periods apart
BESIDE = 2  # bins of 1/RUN: where the Hann window has its first zero
_HANN = np.hanning(RUN + 1)[:-1]
_ROUNDING = np.square(_HANN).sum() / 12  # power of rounding to whole levels, the least there is in 8 bits
_LUMA = np.array([0.299, 0.587, 0.114])


def contrasts(picture: np.ndarray) -> np.ndarray:
    """Picture `(H, W, 3)` uint8 -> `(2, 4)` float64: log contrasts of the picture and of its slope, at each period.

    NaN where a side has fewer than `RUN` + 1 pixels.
    """
    brightness = picture.astype(np.float64) @ _LUMA
    if min(brightness.shape) <= RUN:
        return np.full((2, len(PERIODS)), np.nan)
    lines = (brightness, brightness.T)
    found = []
    for each in (lines, [np.abs(np.diff(rows)) for rows in lines]):
        spectra = [_spectrum(rows) for rows in each]
        found.append([np.mean([_contrast(spectrum, period) for spectrum in spectra]) for period in PERIODS])
    return np.array(found)


def ratios(differences: np.ndarray) -> np.ndarray:
    """Contrasts of n generated pictures less those of their photos, `(n, 2, 4)` -> the score at each period, `(4,)`."""
    return np.exp(differences.mean(axis=0).max(axis=0))


def _spectrum(rows: np.ndarray) -> np.ndarray:
    """Mean log power of the runs of `RUN` pixels in `(H, W)`: `(RUN / 2 + 1,)`."""
    runs = np.lib.stride_tricks.sliding_window_view(rows, RUN, axis=1)[:, :: RUN // 4]
    runs = runs - (runs @ _HANN)[..., None] / _HANN.sum()
    power = np.square(np.abs(np.fft.rfft(runs * _HANN, axis=-1)))
    return np.log(power + _ROUNDING).mean(axis=(0, 1))


def _contrast(spectrum: np.ndarray, period: int) -> float:
    """At odd multiples of 1/period; beyond half the sampling rate a spectrum goes on as its own mirror image."""
    bins = np.arange(1, period // 2 + 1, 2) * RUN // period
    above = np.minimum(bins + BESIDE, RUN - bins - BESIDE)
    return float((spectrum[bins] - (spectrum[bins - BESIDE] + spectrum[above]) / 2).mean())
