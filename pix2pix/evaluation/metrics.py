"""L1, PSNR and SSIM of generated pictures against their targets, and how sharp a picture is."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from pix2pix import images

SSIM_SIDE = 11  # pixels: of its window


def image_scores(generated: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> dict[str, float]:
    """Means over pairs of pictures `(H, W, 3)` uint8.

    `l1`: mean absolute difference on the scale [-1, 1] that the loss uses, lower is better. `psnr`: dB, higher is
    better. `ssim`: 0..1, higher is better. PSNR and SSIM by torchmetrics, on values in [0, 1].
    """
    scores = [pair_scores(one, other) for one, other in zip(generated, targets, strict=True)]
    return dict(zip(("l1", "psnr", "ssim"), np.mean(scores, axis=0).tolist(), strict=True))


def pair_scores(generated: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    """L1, PSNR and SSIM of one pair."""
    return tuple(tensor_scores(*(torch.from_numpy(images.planes(each)) for each in (generated, target))).tolist())


def tensor_scores(generated: Tensor, target: Tensor) -> Tensor:
    """L1, PSNR and SSIM of one pair `(C, H, W)` uint8, on its device; SSIM is NaN for pictures below its window."""
    generated, target = generated / 255, target / 255
    l1 = 2 * (generated - target).abs().mean()
    psnr = peak_signal_noise_ratio(generated, target, data_range=1.0)
    ssim = l1.new_tensor(torch.nan)
    if min(target.shape[1:]) >= SSIM_SIDE:
        ssim = structural_similarity_index_measure(generated[None], target[None], data_range=1.0)
    return torch.stack([l1, psnr, ssim])


def gradient_length(picture: np.ndarray) -> float:
    """Mean length of the brightness gradient of a picture `(H, W, C)` uint8, in grey levels a pixel.

    By central differences; NaN for pictures of a single row or column.
    """
    if min(picture.shape[:2]) < 2:
        return float("nan")
    down, right = np.gradient(images.to_shown(picture).mean(axis=2, dtype=np.float64))
    return float(np.hypot(down, right).mean())
