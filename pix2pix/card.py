"""The model card: the `README.md` of a checkpoint, which the Hub shows."""

from pix2pix import __version__
from pix2pix.config import Config


def write(config: Config, facts: dict[str, str | int], step: int, scores: dict[str, float] | None = None) -> str:
    """The card's text. `facts` are those of `Run`; `scores` those of `evaluation.image_scores`, where there are any."""
    epochs = step * config.batch_size * facts["processes"] / facts["train_pairs"]
    rows = [
        (
            "data",
            f"{facts['data']}: {facts['train_pairs']} training pairs, {config.size}x{config.size}, {config.direction}",
        ),
        ("length", f"{step:,} steps of {config.batch_size * facts['processes']}, {epochs:.0f} epochs"),
        ("command", f"`{facts['command']}`"),
        ("commit", f"{facts['commit']}"),
        ("hardware", f"{facts['hardware']}, torch {facts['torch']}"),
        ("pix2pix", __version__),
    ]
    text = _HEAD.format(task=config.task, generator=config.generator, width=config.width) + _table("trained", rows)
    if scores:
        shown = [
            ("L1, on [-1, 1]", f"{scores['l1']:.4f}"),
            ("PSNR", f"{scores['psnr']:.2f} dB"),
            ("SSIM", f"{scores['ssim']:.4f}"),
        ]
        text += "\n" + _table(f"on {facts['val_pairs']} validation pairs", shown)
    return text + _USE


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    return f"| {title} | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


_HEAD = """\
---
library_name: pix2pix
pipeline_tag: image-to-image
license: mit
tags:
- pix2pix
- conditional-gan
- {task}
---

# pix2pix: {task}

The `{generator}` generator of width {width}, a conditional GAN on paired images (Isola et al. 2017).

"""
_USE = """
```python
from pix2pix import images, inference

translator = inference.load("path/to/this/folder")
photo = translator(images.read_image("labels.png"))  # (H, W, 3) uint8
```
"""
