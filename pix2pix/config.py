"""The one definition of every setting: command line flags, `config.json` and Python all come from `Config`."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from pix2pix.utils import UserError

MODEL_TYPE = "pix2pix"  # what `config.json` says it is
JITTER = 286 / 256
MAX_CHANNELS = 64
ValueKind = Literal["picture", "colors", "numbers"]
MAX_PARAMETERS_WIDTH = 512  # wider or deeper nets than anyone trains: refused, since configs come from strangers


def _halvings(side: int) -> int:
    """How often a side can be halved without a rest."""
    return (side & -side).bit_length() - 1


def _levels(depth: int, *sides: int) -> int:
    """How many levels a net of this depth has for pictures of these sides: a side of 64 is one pixel after six."""
    return min(depth, *(side.bit_length() - 1 for side in sides))


@dataclass(frozen=True)
class Config:
    """What a run is made of. Immutable; travels with the run and with each checkpoint."""

    task: Literal["facades", "edges", "colors", "photo"] = "facades"
    """What the inputs are: facade label images (snapped to the palette), dark lines on white, the grey version of the
    targets, or any picture."""
    direction: Literal["BtoA", "AtoB"] = "BtoA"
    """Which half of an AB image becomes which: BtoA reads the right half as input, as facades has it."""
    size: int = 256
    """Pixels: training pictures are area-resized to this height."""
    columns: int = 0
    """Pixels: and to this width; 0 makes them square."""
    input_kind: ValueKind = "picture"
    """What inputs are: pictures, which are averaged when they are made smaller, or maps of classes, which are not, in
    colours or in numbers. Told by looking at the data, as the next three."""
    target_kind: ValueKind = "picture"
    """And targets."""
    input_range: tuple[float, float] = (0.0, 0.0)
    """The numbers in files of inputs that become 0 and 255, where they are not of 8 bits; 0 0: as they are."""
    target_range: tuple[float, float] = (0.0, 0.0)
    """And in those of targets."""
    jitter: bool = True
    """Scale pairs up, to 286 for 256 as in the paper (section 6.2), and crop them at random."""
    mirror: bool = True
    """Mirror pairs at random, left to right."""
    correct_labels: bool = False
    """Correct labels of facades by their photos, for our generator: sky, roofs and street are no wall, and where a
    photo ends there is nothing."""
    shift: bool = False
    """Move every other pair of facades at random, by up to a third, with no label where nothing is left: a wall at the
    top of a drawing is a wall."""

    generator: Literal["unet", "noise"] = "unet"
    """The paper's U-Net, or ours: no statistics of the image, no checkerboard, noise instead of dropout, as fast."""
    width: int = 64
    """Filters of the generator's first layer (the paper's ngf)."""
    width_cap: int = 8
    """Filters of its inner layers double from layer to layer, up to so many times the first's."""
    depth: int = 8
    """Encoders, and decoders, of the generator: as many times it halves the picture; fewer where a side has no more
    pixels than that."""
    in_channels: int = 3
    """Of the inputs; 3 becomes 1 where all inputs are grey, and n where they are arrays of n channels."""
    out_channels: int = 3
    """Of the targets, likewise."""
    norm: bool = True
    """Norm with the statistics of the picture (U-Net); nets that keep running statistics are converted to none."""
    bottleneck_norm: bool = False
    """Norm on the U-Net's innermost encoder: only for old weights; the paper's erratum removes it."""
    biases: bool = False
    """Biases on the U-Net's layers that have no norm: pytorch-CycleGAN-and-pix2pix has them."""
    dropped: int = 3
    """Decoders with dropout (paper, section 6.1.1); 0 for a generator without noise."""
    first_dropped: int = 0
    """The first of them, counted from the innermost; 1 in pytorch-CycleGAN-and-pix2pix."""
    tone: bool = False
    """Tell our generator the colours of wall and sky: the target's at training, some of chance at test."""
    style_size: int = 0
    """Numbers that tell our generator what labels and colours do not: material, glass, light; 0 for none."""
    detail_channels: int = 0
    """Channels of a residual at full size behind our generator's last decoder; 0 for none."""
    discriminator_width: int = 64
    """Filters of the discriminator's first layer (the paper's ndf)."""

    objective: Literal["paper", "perceptual", "projected"] = "paper"
    """The paper's; discriminators at two scales, and feature matching beside L1; or discriminators on the features
    of a frozen, pretrained network."""
    teacher: str = ""
    """A checkpoint whose pictures are the targets, instead of photos: of the label images of the data, and of as many
    drawn ones."""
    epochs: int = 200
    """Passes over the training pairs."""
    batch_size: int = 1
    """Pairs a step, on each process."""
    learning_rate: float = 2e-4
    """Of both Adam optimisers (paper, section 3.3)."""
    beta1: float = 0.5
    beta2: float = 0.999
    warmup_steps: int = 0
    """The first steps, in which the learning rate grows linearly: ours starts with filters of full length, and a rate
    that is full at once can drive it into tanh's ends, black or white for good."""
    decay_epochs: int = 0
    """The last epochs, in which the learning rate falls linearly towards 0; all of them where there are no more."""
    l1_weight: float = 100.0
    """Weight of the L1 loss (the paper's lambda)."""
    gan_weight: float = 1.0
    """Weight of the adversarial loss."""
    feature_weight: float = 10.0
    """Weight of feature matching in the discriminators, in the perceptual objective."""
    perceptual_weight: float = 5.0
    """Weight of the perceptual distance in a classifier of photos, likewise."""
    segmentation_weight: float = 0.5
    """Weight of the segmenter of N + 1 classes among the discriminators, in the projected objective."""
    colour_weight: float = 0.0
    """Weight of the nearness of wall and sky to the colours that the generator was told."""
    saturation_weight: float = 0.0
    """Weight of values before tanh beyond 2 or -2, in the projected objective: at its ends gradients fade."""
    style_swap: float = 0.0
    """Share of the pictures that are painted in another house's style: nothing but discriminators and colours then
    tells the generator what to do, as at test."""
    diff_augment: bool = False
    """Show discriminators real and generated pictures changed alike at random (DiffAugment): of few pairs they learn
    less by heart."""
    clip: float = 0.0
    """Greatest norm of the generator's gradient: longer ones are shortened to it; 0 leaves all as they are."""
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
    score_every: int = 0
    """Epochs between scores on the first 16 validation pairs; 0 takes as many as have 400 steps: 1% of the time."""
    save_every: int = 5000
    """Steps between checkpoints; one is always saved at the end."""

    def __post_init__(self):
        for name, least, most in (
            ("size", 4, 4096),
            ("columns", 4 if self.columns else 0, 4096),
            ("width", 1, MAX_PARAMETERS_WIDTH),
            ("width_cap", 1, 64),
            ("depth", 2, 12),
            ("in_channels", 1, MAX_CHANNELS),
            ("out_channels", 1, MAX_CHANNELS),
            ("dropped", 0, 12),
            ("first_dropped", 0, 12),
            ("discriminator_width", 1, MAX_PARAMETERS_WIDTH),
            ("epochs", 1, 10**6),
            ("batch_size", 1, 4096),
            ("learning_rate", 1e-9, 1),
            ("beta1", 0, 1),
            ("beta2", 0, 1),
            ("warmup_steps", 0, 10**9),
            ("decay_epochs", 0, 10**6),
            ("l1_weight", 0, 1e9),
            ("gan_weight", 0, 1e9),
            ("feature_weight", 0, 1e9),
            ("perceptual_weight", 0, 1e9),
            ("segmentation_weight", 0, 1e9),
            ("colour_weight", 0, 1e9),
            ("saturation_weight", 0, 1e9),
            ("style_swap", 0, 1),
            ("style_size", 0, 64),
            ("detail_channels", 0, 512),
            ("clip", 0, 1e9),
            ("ema", 0, 0.999999),
            ("seed", 0, 2**63 - 1),
            ("log_every", 1, 10**9),
            ("sample_every", 1, 10**9),
            ("score_every", 0, 10**6),
            ("save_every", 1, 10**9),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UserError(f"{name} is {value}; it must lie between {least} and {most}")
        if self.objective != "paper" and self.out_channels not in (1, 3):
            raise UserError(f"targets of {self.out_channels} channels are no pictures: give --objective paper")
        if self.teacher and self.generator != "noise":
            raise UserError("a teacher is for --generator noise: both take the same noise")
        if self.style_size and not self.tone:
            raise UserError("style_size is for --tone")
        for name in ("tone", "correct_labels", "shift", "detail_channels"):
            if getattr(self, name) and self.generator != "noise":
                raise UserError(f"{name} is for --generator noise")
        depth = _levels(self.depth, self.size, self.picture_width)
        halvings = min(_halvings(self.size), _halvings(self.picture_width))
        if halvings < depth:  # a net of the levels that are left would see a few pixels at a time
            raise UserError(self._advise_size(depth, halvings))
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "decay_epochs", min(self.decay_epochs, self.epochs))
        for name in ("input_range", "target_range"):
            low, high = getattr(self, name)
            if not (math.isfinite(low) and math.isfinite(high) and (low < high or low == high == 0)):
                raise UserError(f"{name} is {low} to {high}; the second must be greater, or both 0")
        if self.task == "facades" and self.in_channels != 3:
            raise UserError(f"facade labels are colours, 3 channels, not {self.in_channels}; give --task photo")
        foreign = (self.norm, self.bottleneck_norm, self.biases, self.dropped, self.first_dropped)
        if self.generator != "unet" and foreign != (True, False, False, 3, 0):
            raise UserError("norm, bottleneck_norm, biases, dropped and first_dropped are for --generator unet")

    def _advise_size(self, depth: int, halvings: int) -> str:
        """Say which sizes can be halved often enough, where this one cannot be halved `depth` times."""
        given = [self.size, self.columns] if self.columns else [self.size]
        lower = [max(2**depth, side >> depth << depth) for side in given]
        upper = given
        while any(side % 2 ** _levels(self.depth, *upper) for side in upper):
            unit = 2 ** _levels(self.depth, *upper)
            upper = [-(-side // unit) * unit for side in upper]
        sizes = [" ".join(f"{flag} {side}" for flag, side in zip(("--size", "--columns"), sides, strict=False))
                 for sides in (lower, upper)]  # fmt: skip
        shallower = f", or --depth {halvings}" if halvings >= max(2, depth - 2) else ""
        advice = " or ".join(dict.fromkeys(sizes)) + shallower
        return f"size {'x'.join(map(str, given))} cannot be halved {depth} times: give {advice}"

    @property
    def picture_width(self) -> int:
        """Pixels: the width of training pictures."""
        return self.columns or self.size

    @property
    def tone_size(self) -> int:
        """Numbers a tone has: two colours for a facade, one for any other picture."""
        return self.out_channels * (2 if self.task == "facades" else 1) if self.tone else 0

    @property
    def code_size(self) -> int:
        """Numbers of tone and style together."""
        return self.tone_size + self.style_size

    @property
    def jittered(self) -> tuple[int, int]:
        """Height and width in pixels that training pictures are scaled up to before they are cropped."""
        scale = JITTER if self.jitter else 1
        return round(self.size * scale), round(self.picture_width * scale)


_BEST = Config(
    correct_labels=True, shift=True, generator="noise", tone=True, objective="perceptual", l1_weight=10.0,
    diff_augment=True, warmup_steps=200, decay_epochs=100, clip=200.0, ema=0.999,
)  # fmt: skip

PRESETS = {
    # The source notebook and the paper, with the erratum's fix.
    "paper": Config(),
    # Ours: better pictures of the same data in the same steps. Weights averaged, learning rate falling at the end.
    "best": _BEST,
    # The same, small enough to follow a brush on two cores. With --teacher it learns to paint as a large one does.
    "live": dataclasses.replace(_BEST, width=16, width_cap=4, discriminator_width=32, epochs=40, decay_epochs=20),
    # Discriminators on a frozen, pretrained network, and a style: sharper and more varied, for long trainings.
    "projected": dataclasses.replace(
        _BEST, objective="projected", style_size=10, style_swap=0.2, detail_channels=16, l1_weight=1.0,
        gan_weight=0.4, segmentation_weight=1.0, perceptual_weight=2.0, colour_weight=2.0, saturation_weight=1.0,
        beta1=0.0, beta2=0.99, clip=50.0,
    ),
}  # fmt: skip

TASKS = {
    # The paper's other tasks, as its section 6.2 trained them, on the published sets' halves.
    "map2aerial": Config(task="photo"),
    "aerial2map": Config(task="photo", direction="AtoB"),
    "labels2street": Config(task="photo"),
    "edges2photo": Config(task="edges", direction="AtoB", jitter=False, mirror=False, epochs=15, batch_size=4),
    "day2night": Config(task="photo", epochs=17, batch_size=4),
    "night2day": Config(task="photo", direction="AtoB", epochs=17, batch_size=4),
    "colorize": Config(task="colors", in_channels=1, jitter=False, epochs=6, batch_size=4),
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
        raise UserError(f"is not valid JSON: {error}") from None
    if not isinstance(values, dict) or values.pop("model_type", None) != MODEL_TYPE:
        raise UserError(f'is not the config of a pix2pix checkpoint: "model_type" is not "{MODEL_TYPE}"')
    types = get_type_hints(Config)
    if unknown := sorted(values.keys() - types.keys()):
        raise UserError(f"has unknown keys: {', '.join(unknown)[:200]}")
    for name, value in values.items():
        if get_origin(types[name]) is tuple and isinstance(value, list):
            values[name] = value = tuple(value)
        if not _is_a(value, types[name]):
            wanted = " or ".join(map(repr, get_args(types[name]))) or types[name].__name__
            raise UserError(f"{name} is {json.dumps(value)[:80]}; it must be {wanted}")
    return Config(**values)


def read(path: Path) -> Config:
    """The config in a JSON file; raises ValueError, in one line that names the file."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: {error}") from None


def _is_a(value, kind) -> bool:
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and len(value) == 2 and all(_is_a(each, float) for each in value)
    if options := get_args(kind):
        return value in options
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind
