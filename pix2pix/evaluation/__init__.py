"""The command `evaluate`, and the scores of generated pictures against their targets."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import tyro
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from pix2pix import images, inference
from pix2pix.data import load_pairs

JsonFile = Annotated[Path | None, tyro.conf.arg(name="json")]


def evaluate(checkpoint: Annotated[str, tyro.conf.Positional], data: str, json_file: JsonFile = None) -> None:
    """Print the scores of a checkpoint on the validation pairs of a set, with inference as the app serves it.

    Args:
        checkpoint: A folder, a run folder, or USER/REPO on the Hub.
        data: A folder of pairs, or `synthetic`.
        json_file: Also write the scores there.
    """
    translator = inference.load(checkpoint)
    pairs = load_pairs(data, "val", translator.config)
    scores = image_scores([translator(pair.input) for pair in pairs], [pair.target for pair in pairs])
    print(f"{translator.name} on {len(pairs)} pairs of {data}")
    print("\n".join(f"  {name:5} {score:8.4f}" for name, score in scores.items()))
    if json_file:
        facts = {"checkpoint": checkpoint, "data": data, "pairs": len(pairs), "scores": scores}
        images.write_atomically(json_file, (json.dumps(facts, indent=2) + "\n").encode())


def image_scores(generated: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> dict[str, float]:
    """Means over pairs of pictures `(H, W, 3)` uint8.

    `l1`: mean absolute difference on the scale [-1, 1] that the loss uses, lower is better. `psnr`: dB, higher is
    better. `ssim`: 0..1, higher is better. PSNR and SSIM by torchmetrics, on values in [0, 1].
    """
    scores = [_pair_scores(one, other) for one, other in zip(generated, targets, strict=True)]
    return dict(zip(("l1", "psnr", "ssim"), np.mean(scores, axis=0).tolist(), strict=True))


def _pair_scores(generated: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    l1 = np.abs(images.normalize(generated.astype(np.float64)) - images.normalize(target.astype(np.float64))).mean()
    ours, theirs = (torch.from_numpy(picture.transpose(2, 0, 1) / 255.0)[None] for picture in (generated, target))
    psnr = peak_signal_noise_ratio(ours, theirs, data_range=1.0)
    ssim = structural_similarity_index_measure(ours, theirs, data_range=1.0)
    return float(l1), float(psnr), float(ssim)
