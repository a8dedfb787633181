"""The model card: the `README.md` of a checkpoint, which the Hub shows. Its head is YAML that the Hub reads."""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from pix2pix import __version__
from pix2pix.config import Config, ModelConfig
from pix2pix.hub import ids
from pix2pix.hub.readme import parse
from pix2pix.utils import counted

PAPER = "https://arxiv.org/abs/1611.07004"
SAMPLES = "samples.png"  # inputs above what the checkpoint makes of them
SCORES = {  # key -> name on the card and on the Hub, digits behind the point
    "l1": ("L1, on [-1, 1]", 4),
    "psnr": ("PSNR, dB", 2),
    "ssim": ("SSIM", 4),
}
INPUTS = {  # task -> file of an example input, and what an input is
    "facades": ("labels.png", "a label image of a facade in the colours of the 12 CMP classes"),
    "edges": ("edges.png", "dark lines on white"),
    "colors": ("grey.png", "a grey picture"),
    "photo": ("input.png", "a picture of the kind that it was trained on"),
}
_BEGIN, _END = "<!-- example -->", "<!-- end of the example -->"  # a push writes anew what stands between them


def write(
    config: Config, metadata: Mapping[str, str | int], step: int, scores: Mapping[str, float] | None = None
) -> str:
    """Write the card of a checkpoint. `metadata` are those of `Run`, `scores` those of `evaluation.image_scores`."""
    batch, (height, width) = config.training.batch_size * metadata["processes"], config.data.shape
    rows = [
        (
            "data",
            f"{metadata['data']}: {counted(metadata['train_pairs'], 'training pair')}, {height}x{width}, "
            f"{config.data.direction}",
        ),
        ("length", _length(step, batch, metadata["train_pairs"])),
        ("command", f"`{metadata['command']}`"),
        ("commit", _commit(str(metadata["commit"]), str(metadata.get("code", "")))),
        ("hardware", f"{metadata['hardware']}, torch {metadata['torch']}"),
        ("pix2pix", __version__),
    ]
    net = config.architecture
    text = _BODY.format(
        task=net.task, generator=net.generator, base_channels=counted(net.base_channels, "base channel"), paper=PAPER
    )
    text += _table("trained", rows)
    if scores:
        text += "\n" + _table(
            f"on {counted(metadata['val_pairs'], 'validation pair')}", [_shown(*item) for item in scores.items()]
        )
    head = hub_metadata(config, str(metadata["data"]), scores)
    return f"---\n{head.to_yaml()}\n---\n\n{text}{_usage(config)}{_END}\n"


def hub_metadata(config: ModelConfig, data: str, scores: Mapping[str, float] | None = None) -> ModelCardData:
    """Tell the Hub what kind of model it is, what it was trained on, and its scores. The licence its owner gives."""
    dataset = match[1] if (match := ids.DATASET.fullmatch(data)) and not Path(data).exists() else None
    named = dataset or Path(data).name or "pairs"
    results = [
        EvalResult(
            task_type="image-to-image", dataset_type=named, dataset_name=named, dataset_split="val",
            metric_type=key, metric_name=_shown(key, value)[0], metric_value=round(value, 6),
        )
        for key, value in (scores or {}).items()
    ]  # fmt: skip
    return ModelCardData(
        library_name="pix2pix",
        pipeline_tag="image-to-image",
        tags=["pix2pix", "conditional-gan", config.task],
        datasets=[dataset] if dataset else None,
        model_name=f"pix2pix-{config.task}" if results else None,
        eval_results=results or None,
    )


def for_hub(
    text: str, repo: str, config: ModelConfig, licence: str | None = None, has_samples: bool = False, code: str = ""
) -> str:
    """Write a checkpoint's card anew as it stands at USER/REPO, for whoever finds it there.

    Args:
        text: The card so far; one without a head gets one.
        licence: The Hub's name of the licence of the weights; what the head says unless given.
        has_samples: Whether `SAMPLES` and the example input lie beside it.
        code: Address of the program, where it is known.

    Nothing that looks like a token of the Hub stays in it.
    """
    from pix2pix.hub.errors import without_tokens

    card = parse(text)
    for key, value in {"library_name": "pix2pix", "pipeline_tag": "image-to-image", "tags": ["pix2pix"]}.items():
        card.data[key] = card.data.get(key) or value
    if card.data.get("eval_results"):
        card.data.model_name = repo.split("/")[1]
    if licence:
        card.data.license = licence
    before, _, rest = card.text.partition(_BEGIN)
    body = f"{before.rstrip()}\n{rest.partition(_END)[2].rstrip()}".strip() or f"# {repo}"
    if not has_samples:
        body = "\n".join(line for line in body.splitlines() if f"]({SAMPLES})" not in line)
    elif SAMPLES not in body:
        title, line, rest = body.partition("\n")
        body = f"{title}\n\n![inputs, and what this checkpoint makes of them]({SAMPLES}){line}{rest}"
    licence = card.data.get("license") or "none was given; ask whoever published them"
    card.text = f"\n{body}\n{_usage(config, repo, has_samples, code)}\nLicence of these weights: {licence}.\n{_END}\n"
    return without_tokens(str(card))


def example_input(config: ModelConfig) -> tuple[str, str]:
    """Name the file of an example input, and say what an input is."""
    if config.architecture.in_channels not in (1, 3, 4):
        return "input.npy", f"an array of {config.architecture.in_channels} channels"
    return INPUTS[config.task]


def _usage(config: ModelConfig, repo: str | None = None, has_samples: bool = False, code: str = "") -> str:
    """Write a Python example: at USER/REPO one that runs as it stands, else one for the checkpoint's own folder."""
    file, what = example_input(config)
    channels = "" if config.architecture.in_channels == 3 else f", {config.architecture.in_channels}"
    fetched = has_samples and repo
    name = f'hf_hub_download("{repo}", "{file}")' if fetched else f'"{file}"'
    return _USAGE.format(
        begin=_BEGIN,
        what=what,
        where=f'"{repo}"' if repo else '"."',
        given=f"images.read_image({name}{channels})",
        remark="or a file of yours" if fetched else "a file of yours",
        imported="from huggingface_hub import hf_hub_download\n\n" if fetched else "",
        program=f"[pix2pix]({code}) (`pip install git+{code}`)" if code else "the package pix2pix",
        place="" if repo else ", in this folder",
    )


def show_epochs(epochs: float) -> str:
    """Write a number of epochs to a tenth; of the first one a digit that is not 0, since it has begun."""
    return f"{epochs:.1f}" if epochs >= 0.1 or not epochs else f"{epochs:.1g}"


def _length(step: int, batch: int, pairs: int) -> str:
    shown = show_epochs(step * batch / pairs).removesuffix(".0")
    return f"{counted(step, 'step')} of {batch}, {shown} {'epoch' if shown == '1' else 'epochs'}"


def _commit(commit: str, code: str) -> str:
    return f"[{commit}]({code}/commit/{commit})" if code and commit != "unknown" else commit


def _shown(key: str, value: float) -> tuple[str, str]:
    name, digits = SCORES.get(key, (key, 4))
    return name, f"{value:.{digits}f}"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    return f"| {title} | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


_BODY = """\
# pix2pix: {task}

The `{generator}` generator with {base_channels}, a conditional GAN on paired images ([Isola et al. 2017]({paper})).

"""
_USAGE = """
{begin}
Its input is {what}. With {program}{place}:

```python
from pathlib import Path

{imported}from pix2pix import images, inference

translator = inference.load({where})
given = {given}  # {remark}
images.write_png(Path("generated.png"), translator(given))
```
"""
