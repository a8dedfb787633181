"""The model card: the `README.md` of a checkpoint, which the Hub shows. Its head is YAML that the Hub reads."""

from pathlib import Path

from pix2pix import __version__
from pix2pix.config import Config
from pix2pix.hub import ids
from pix2pix.hub.readme import split, with_head

SCORES = {  # key -> name on the card and on the Hub, digits behind the point
    "l1": ("L1, on [-1, 1]", 4),
    "psnr": ("PSNR, dB", 2),
    "ssim": ("SSIM", 4),
}
PLACE = "path/to/this/folder"  # in the card's example, until the checkpoint is pushed somewhere


def write(config: Config, facts: dict[str, str | int], step: int, scores: dict[str, float] | None = None) -> str:
    """The card's text. `facts` are those of `Run`; `scores` those of `metrics.image_scores`, where there are any."""
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
    text = _BODY.format(task=config.task, generator=config.generator, width=config.width) + _table("trained", rows)
    if scores:
        text += "\n" + _table(f"on {facts['val_pairs']} validation pairs", [_shown(*item) for item in scores.items()])
    return with_head(metadata(config, str(facts["data"]), scores), text + _USE)


def metadata(config: Config, data: str, scores: dict[str, float] | None = None) -> dict:
    """What the Hub wants to know: what kind of model it is, what it was trained on, and its scores as `model-index`."""
    facts = {
        "library_name": "pix2pix",
        "pipeline_tag": "image-to-image",
        "license": "mit",
        "tags": ["pix2pix", "conditional-gan", config.task],
    }
    if (match := ids.DATASET.fullmatch(data)) and not Path(data).exists():
        facts["datasets"] = [match[1]]
    if scores:
        named = match[1] if "datasets" in facts else Path(data).name or "pairs"
        result = {
            "task": {"type": "image-to-image"},
            "dataset": {"type": named, "name": named, "split": "val"},
            "metrics": [
                {"type": key, "name": _shown(key, value)[0], "value": round(value, 6)} for key, value in scores.items()
            ],
        }
        facts["model-index"] = [{"name": f"pix2pix-{config.task}", "results": [result]}]
    return facts


def for_hub(text: str, repo: str, sheet: str | None = None) -> str:
    """The card as it stands at USER/REPO: it names the repository, and shows the sample sheet where there is one.

    A text without a head gets one; nothing that looks like a token of the Hub stays in it.
    """
    from pix2pix.hub.errors import without_tokens

    head, body = split(text)
    head = {"library_name": "pix2pix", "pipeline_tag": "image-to-image", "tags": ["pix2pix"]} | head
    for model in head.get("model-index") or ():
        model["name"] = repo.split("/")[1]
    if sheet and sheet not in body:
        body = body.rstrip() + f"\n\nDrawn labels, and what this checkpoint makes of them:\n\n![samples]({sheet})\n"
    return without_tokens(with_head(head, body.replace(PLACE, repo)))


def _shown(key: str, value: float) -> tuple[str, str]:
    name, digits = SCORES.get(key, (key, 4))
    return name, f"{value:.{digits}f}"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    return f"| {title} | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


_BODY = """\
# pix2pix: {task}

The `{generator}` generator of width {width}, a conditional GAN on paired images (Isola et al. 2017).

"""
_USE = f"""
```python
from pix2pix import images, inference

translator = inference.load("{PLACE}")
photo = translator(images.read_image("labels.png"))  # (H, W, 3) uint8
```
"""
