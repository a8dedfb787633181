"""The one definition of every setting: command line flags, `config.json` and Python all come from `Config`."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_type_hints

MODEL_TYPE = "pix2pix"  # what `config.json` says it is
MOST_PARAMETERS_WIDTH = 512  # wider or deeper nets than anyone trains: refused, since configs come from strangers


@dataclass(frozen=True)
class Config:
    """What a run is made of. Immutable; travels with the run and with each checkpoint."""

    task: Literal["facades", "photo"] = "facades"
    """What the inputs are: facade label images (snapped to the palette), or any picture."""
    direction: Literal["BtoA", "AtoB"] = "BtoA"
    """Which half of an AB image becomes which: BtoA reads the right half as input, as facades has it."""
    size: int = 256
    """Pixels: training pictures are area-resized to size x size."""
    jitter: int = 286
    """Pixels: scaled up to this, then cropped to `size` at random (paper, section 6.2); equal to `size` is off."""
    mirror: bool = True
    """Mirror pairs at random, left to right."""

    generator: Literal["unet", "live"] = "unet"
    """The paper's U-Net, or the live U-Net: no statistics of the image, no checkerboard, about as fast."""
    width: int = 64
    """Filters of the generator's first layer (the paper's ngf)."""
    depth: int = 8
    """Encoders, and decoders, of the generator; sides must be multiples of 2**depth."""
    bottleneck_norm: bool = False
    """Norm on the U-Net's innermost encoder: only for old weights; the paper's erratum removes it."""
    discriminator_width: int = 64
    """Filters of the discriminator's first layer (the paper's ndf)."""

    epochs: int = 200
    """Passes over the training pairs."""
    batch_size: int = 1
    """Pairs a step, on each process."""
    learning_rate: float = 2e-4
    """Of both Adam optimisers (paper, section 3.3)."""
    beta1: float = 0.5
    beta2: float = 0.999
    decay_epochs: int = 0
    """The last epochs, in which the learning rate falls linearly towards 0."""
    l1_weight: float = 100.0
    """Weight of the L1 loss (the paper's lambda)."""
    gan_weight: float = 1.0
    """Weight of the adversarial loss."""
    ema: float = 0.0
    """Decay a step of the running average of the generator's weights that is kept as the result; 0 keeps the last."""
    precision: Literal["no", "bf16", "fp16"] = "no"
    """Mixed precision, as accelerate names it."""
    seed: int = 0
    """Of the weights, the order, the augmentation and the dropout."""

    log_every: int = 50
    """Steps between lines of losses."""
    sample_every: int = 1000
    """Steps between sample sheets."""
    save_every: int = 5000
    """Steps between checkpoints; one is always saved at the end."""

    def __post_init__(self):
        for name, least, most in (
            ("size", 2, 4096),
            ("jitter", self.size, 8192),
            ("width", 1, MOST_PARAMETERS_WIDTH),
            ("depth", 2, 12),
            ("discriminator_width", 1, MOST_PARAMETERS_WIDTH),
            ("epochs", 1, 10**6),
            ("batch_size", 1, 4096),
            ("learning_rate", 1e-9, 1),
            ("beta1", 0, 1),
            ("beta2", 0, 1),
            ("decay_epochs", 0, self.epochs),
            ("l1_weight", 0, 1e9),
            ("gan_weight", 0, 1e9),
            ("ema", 0, 0.999999),
            ("seed", 0, 2**63 - 1),
            ("log_every", 1, 10**9),
            ("sample_every", 1, 10**9),
            ("save_every", 1, 10**9),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}; it must lie between {least} and {most}")
        if self.size % 2**self.depth:
            multiple = 2**self.depth
            raise ValueError(f"size is {self.size}; a generator of depth {self.depth} takes multiples of {multiple}")


PRESETS = {
    # The source notebook and the paper, with the erratum's fix.
    "paper": Config(),
    # Small enough to follow a brush on two cores; weights averaged, learning rate falling at the end.
    "live": Config(generator="live", width=32, discriminator_width=32, epochs=70, decay_epochs=25, ema=0.999),
}


def to_json(config: Config) -> str:
    """The text of `config.json`."""
    return json.dumps({"model_type": MODEL_TYPE, **dataclasses.asdict(config)}, indent=2) + "\n"


def from_json(text: str) -> Config:
    """The inverse of `to_json`, for text from anywhere; keys that an older version did not have take their defaults.

    Raises ValueError for unknown keys, values of the wrong type or out of range, and what is no config at all.
    """
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"is not valid JSON: {error}") from None
    if not isinstance(values, dict) or values.pop("model_type", None) != MODEL_TYPE:
        raise ValueError(f'is not the config of a pix2pix checkpoint: "model_type" is not "{MODEL_TYPE}"')
    types = get_type_hints(Config)
    if unknown := sorted(values.keys() - types.keys()):
        raise ValueError(f"has unknown keys: {', '.join(unknown)[:200]}")
    for name, value in values.items():
        if not _is_a(value, types[name]):
            wanted = " or ".join(map(repr, get_args(types[name]))) or types[name].__name__
            raise ValueError(f"{name} is {json.dumps(value)[:80]}; it must be {wanted}")
    return Config(**values)


def read(path: Path) -> Config:
    """The config in a JSON file; raises ValueError, in one line that names the file."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def _is_a(value, kind) -> bool:
    if options := get_args(kind):
        return value in options
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind
