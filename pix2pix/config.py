"""The one definition of every setting, in four parts: command line flags, JSON and Python all come from them.

A checkpoint's `config.json` holds a `ModelConfig`: the architecture, and what its pictures are. A run's `run.json`
holds a `Config`, which adds how it is trained and what is logged. No two settings of all parts have the same name:
`Config.of(size=64, epochs=3)` and `config.replace(size=64, epochs=3)` put each where it belongs.
"""

import dataclasses
import json
import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

from pix2pix import __version__
from pix2pix.utils import UserError

MODEL_TYPE, FORMAT = "pix2pix", 2  # what `config.json` says it is; it had one flat part in format 1
JITTER = 286 / 256
MAX_CHANNELS = 64
MAX_SHARPENING = 4
MAX_BASE_CHANNELS = 512  # wider or deeper nets than anyone trains: refused, since configs come from strangers
Task = Literal["facades", "edges", "colors", "photo"]
ValueKind = Literal["picture", "colors", "numbers"]
Part = TypeVar("Part")


def _check_ranges(part: object, **ranges: tuple[float, float]) -> None:
    """Raise UserError for a setting of a part that lies outside of its range."""
    for name, (least, most) in ranges.items():
        if not least <= (value := getattr(part, name)) <= most:
            raise UserError(f"{name} is {value}; it must lie between {least} and {most}")


def _halvings(side: int) -> int:
    """How often a side can be halved without a remainder."""
    return (side & -side).bit_length() - 1


def _levels(depth: int, *sides: int) -> int:
    """How many levels a net of this depth has for pictures of these sides: a side of 64 is one pixel after six."""
    return min(depth, *(side.bit_length() - 1 for side in sides))


def _replaced(part: Part, settings: dict[str, Any]) -> Part:
    """A copy of a part with those settings that it has, or a part of it; they are taken out of `settings`."""
    changed = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if dataclasses.is_dataclass(value):
            changed[field.name] = _replaced(value, settings)
        elif field.name in settings:
            changed[field.name] = settings.pop(field.name)
    return dataclasses.replace(part, **changed)


@dataclass(frozen=True)
class UNetVariant:
    """What U-Nets of other programs have otherwise; `convert` sets it, and nothing is trained by it."""

    norm: bool = True
    """Norm with the statistics of the picture; nets that keep running statistics are converted to none."""
    bottleneck_norm: bool = False
    """Norm on the innermost encoder: only for old weights; the paper's erratum removes it."""
    biases: bool = False
    """Biases on layers that have no norm: pytorch-CycleGAN-and-pix2pix has them."""
    first_dropout_decoder: int = 0
    """The first decoder with dropout, counted from the innermost; 1 in pytorch-CycleGAN-and-pix2pix."""

    def __post_init__(self):
        _check_ranges(self, first_dropout_decoder=(0, 12))


@dataclass(frozen=True)
class Architecture:
    """The generator: all that decides which weights fit."""

    task: Task = "facades"
    """What the inputs are: facade label images (snapped to the palette), dark lines on white, the grey version of the
    targets, or any picture."""
    generator: Literal["unet", "noise"] = "unet"
    """The paper's U-Net, or ours: no statistics of the image, no checkerboard, noise instead of dropout, as fast."""
    base_channels: int = 64
    """Filters of the generator's first layer (the paper's ngf)."""
    max_channel_multiplier: int = 8
    """Filters of its inner layers double from layer to layer, up to so many times the first's."""
    depth: int = 8
    """Encoders, and decoders, of the generator: as many times it halves the picture; fewer where a side has no more
    pixels than that."""
    in_channels: int = 3
    """Of the inputs; 3 becomes 1 where all inputs are grey, and n where they are arrays of n channels."""
    out_channels: int = 3
    """Of the targets, likewise."""
    dropout_decoders: int = 3
    """Decoders of the U-Net with dropout (paper, section 6.1.1); 0 for a generator without noise."""
    color_code: bool = False
    """Give our generator the colours of wall and sky: the target's at training, random ones at test."""
    style_size: int = 0
    """Numbers that give our generator what labels and colours do not say: material, glass, light; 0 for none."""
    detail_channels: int = 0
    """Channels of a residual at full size behind our generator's last decoder; 0 for none."""
    sharpening: float = 0.0
    """How much of its difference from a blur our generator adds to its picture, as cameras do; 0 for none."""
    noise_scale: float = 1.0
    """What our generator's noise is multiplied by; less than 1 makes pictures cleaner and less varied, as truncation
    does (Brock et al. 2019)."""
    unet: UNetVariant = UNetVariant()

    def __post_init__(self):
        _check_ranges(
            self, base_channels=(1, MAX_BASE_CHANNELS), max_channel_multiplier=(1, 64), depth=(2, 12),
            in_channels=(1, MAX_CHANNELS), out_channels=(1, MAX_CHANNELS), dropout_decoders=(0, 12),
            style_size=(0, 64), detail_channels=(0, 512), sharpening=(0, MAX_SHARPENING),
            noise_scale=(0, 1),
        )  # fmt: skip
        if self.style_size and not self.color_code:
            raise UserError("style_size is for --color-code")
        if self.task == "facades" and self.in_channels != 3:
            raise UserError(f"facade labels are colours, 3 channels, not {self.in_channels}; give --task photo")
        for name, off in (("color_code", False), ("detail_channels", 0), ("sharpening", 0), ("noise_scale", 1)):
            if getattr(self, name) != off and self.generator != "noise":
                raise UserError(f"{name} is for --generator noise")
        if self.generator != "unet" and (self.dropout_decoders, self.unet) != (3, UNetVariant()):
            raise UserError("dropout_decoders and the settings of other programs' U-Nets are for --generator unet")

    @property
    def color_code_size(self) -> int:
        """Numbers of a color code: two colours for a facade, one for any other picture."""
        return self.out_channels * (2 if self.task == "facades" else 1) if self.color_code else 0

    @property
    def code_size(self) -> int:
        """Numbers of color code and style together."""
        return self.color_code_size + self.style_size

    @property
    def sees_walls(self) -> bool:
        """Whether its label maps get walls around windows that are drawn without one (`walls.with_walls`)."""
        return self.task == "facades" and self.generator == "noise"


@dataclass(frozen=True)
class Data:
    """What the pictures are: all that a new picture needs to be read as those of the training were."""

    direction: Literal["BtoA", "AtoB"] = "BtoA"
    """Which half of an AB image becomes which: BtoA reads the right half as input, as facades has it."""
    size: int = 256
    """Pixels: training pictures are area-resized to this height."""
    width: int = 0
    """Pixels: and to this width; 0 makes them square."""
    input_kind: ValueKind = "picture"
    """What inputs are: pictures, which are averaged when they are made smaller, or maps of classes, which are not, in
    colours or in numbers. Found by looking at the data, as the next three."""
    target_kind: ValueKind = "picture"
    """And targets."""
    input_range: tuple[float, float] = (0.0, 0.0)
    """The numbers in files of inputs that become 0 and 255, where they are not of 8 bits; 0 0: as they are."""
    target_range: tuple[float, float] = (0.0, 0.0)
    """And in those of targets."""

    def __post_init__(self):
        _check_ranges(self, size=(4, 4096), width=(4 if self.width else 0, 4096))
        for name in ("input_range", "target_range"):
            low, high = getattr(self, name)
            if not (math.isfinite(low) and math.isfinite(high) and (low < high or low == high == 0)):
                raise UserError(f"{name} is {low} to {high}; the second must be greater, or both 0")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of training pictures in pixels."""
        return self.size, self.width or self.size


@dataclass(frozen=True)
class Training:
    """How the pairs are augmented, what the two networks are trained for, and for how long."""

    jitter: bool = True
    """Scale pairs up, to 286 for 256 as in the paper (section 6.2), and crop them at random."""
    hflip: bool = True
    """Mirror pairs at random, left to right."""
    correct_labels: bool = False
    """Correct labels of facades by their photos, for our generator: sky, roofs and street are no wall, and where a
    photo ends there is nothing."""
    shift: bool = False
    """Move every other pair of facades at random, by up to a third, with no label where nothing is left: a wall at the
    top of a drawing is a wall."""
    sky_share: float = 0.0
    """Share of the facades that are set before a sky, alone and smaller: a drawn house has edges, and its sky a
    colour."""
    discriminator_channels: int = 64
    """Filters of the discriminator's first layer (the paper's ndf)."""
    objective: Literal["paper", "perceptual", "projected"] = "paper"
    """The paper's; discriminators at two scales, and feature matching beside L1; or discriminators on the features
    of a frozen, pretrained network."""
    teacher: str = ""
    """A checkpoint whose pictures are the targets, instead of photos: of the label images of the data, and of as many
    synthetic ones."""
    epochs: int = 200
    """Passes over the training pairs."""
    batch_size: int = 1
    """Pairs a step, on each process."""
    learning_rate: float = 2e-4
    """Of both Adam optimisers (paper, section 3.3)."""
    discriminator_learning_rate_ratio: float = 1.0
    """The discriminator's learning rate over the generator's (Heusel et al. 2017, two time-scale update rule)."""
    beta1: float = 0.5
    """Decay a step of Adam's running mean of gradients (paper, section 3.3)."""
    beta2: float = 0.999
    """And of their squares."""
    warmup_steps: int = 0
    """The first steps, in which the generator's learning rate grows linearly: ours starts with filters of full
    length, and a rate that is full at once can drive it into tanh's ends, black or white for good."""
    decay_epochs: int = 0
    """The last epochs, in which the learning rate falls linearly towards 0; all of them where there are no more."""
    l1_weight: float = 100.0
    """Weight of the L1 loss (the paper's lambda)."""
    gan_weight: float = 1.0
    """Weight of the adversarial loss."""
    feature_matching_weight: float = 10.0
    """Weight of feature matching in the discriminators, in the perceptual objective."""
    perceptual_weight: float = 5.0
    """Weight of the perceptual distance in a classifier of photos, likewise."""
    segmentation_weight: float = 0.5
    """Weight of the segmenter of N + 1 classes among the discriminators, in the projected objective."""
    color_weight: float = 0.0
    """Weight of the difference of wall and sky from the colours of the color code."""
    saturation_weight: float = 0.0
    """Weight of values before tanh beyond 2 or -2, in the projected objective: at its ends gradients fade."""
    r1_weight: float = 0.0
    """Weight of the gradient penalty on what the projected heads judge, beside their hinge loss."""
    style_swap: float = 0.0
    """Share of the pictures that are generated in another house's style: nothing but discriminators and colours then
    tells the generator what to do, as at test."""
    diff_augment: bool = False
    """Show discriminators real and generated pictures changed alike at random (DiffAugment): of few pairs they learn
    less by heart."""
    max_grad_norm: float = 0.0
    """Greatest norm of the generator's gradient: longer ones are shortened to it; 0 leaves all as they are."""
    ema_decay: float = 0.0
    """Decay a step of the running average of the generator's weights that is kept as the result; 0 keeps the last."""
    precision: Literal["no", "bf16", "fp16"] = "no"
    """Mixed precision, as accelerate names it."""
    seed: int = 0
    """Of the weights, the order, the augmentation and the dropout."""

    def __post_init__(self):
        weights = [field.name for field in dataclasses.fields(self) if field.name.endswith("_weight")]
        _check_ranges(
            self, discriminator_channels=(1, MAX_BASE_CHANNELS), epochs=(1, 10**6), batch_size=(1, 4096),
            learning_rate=(1e-9, 1), discriminator_learning_rate_ratio=(1e-3, 1e3), warmup_steps=(0, 10**9),
            decay_epochs=(0, 10**6), style_swap=(0, 1), sky_share=(0, 1), max_grad_norm=(0, 1e9),
            seed=(0, 2**63 - 1), **dict.fromkeys(weights, (0, 1e9)),
            **dict.fromkeys(("beta1", "beta2", "ema_decay"), (0, 0.999999)),
        )  # fmt: skip
        object.__setattr__(self, "decay_epochs", min(self.decay_epochs, self.epochs))


@dataclass(frozen=True)
class Logging:
    """What a run writes down, and how often."""

    log_every: int = 50
    """Steps between lines of losses."""
    sample_every: int = 1000
    """Steps between grids of samples."""
    score_every: int = 0
    """Epochs between scores on the first 16 validation pairs; 0 takes as many as have 400 steps: 1% of the time."""
    save_every: int = 5000
    """Steps between checkpoints; one is always saved at the end."""

    def __post_init__(self):
        steps = (1, 10**9)
        _check_ranges(self, log_every=steps, sample_every=steps, score_every=(0, 10**6), save_every=steps)


@dataclass(frozen=True)
class ModelConfig:
    """What a generator is, and its pictures: what a checkpoint carries, and all that serving needs."""

    architecture: Architecture = Architecture()
    data: Data = Data()

    def __post_init__(self):
        depth = _levels(self.architecture.depth, *self.data.shape)
        halvings = min(map(_halvings, self.data.shape))
        if halvings < depth:  # a net of the levels that are left would see a few pixels at a time
            raise UserError(self._advise_size(depth, halvings))
        object.__setattr__(self, "architecture", dataclasses.replace(self.architecture, depth=depth))

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """Make a config of defaults and of these settings of any part."""
        return cls().replace(**settings)

    def replace(self, **settings: Any) -> Self:
        """Return a copy with these settings of any part; TypeError for one that no part has."""
        rest = dict(settings)
        changed = _replaced(self, rest)
        if rest:
            raise TypeError(f"no part of a config has {', '.join(rest)}")
        return changed

    @property
    def task(self) -> Task:
        return self.architecture.task

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by name, whatever their part."""
        return flatten(self)

    @property
    def model(self) -> "ModelConfig":
        """The two parts that a checkpoint carries."""
        return ModelConfig(self.architecture, self.data)

    def _advise_size(self, depth: int, halvings: int) -> str:
        """Say which sizes can be halved often enough, where this one cannot be halved `depth` times."""
        given = [self.data.size, self.data.width] if self.data.width else [self.data.size]
        lower = [max(2**depth, side >> depth << depth) for side in given]
        upper, wanted = given, self.architecture.depth
        while any(side % 2 ** _levels(wanted, *upper) for side in upper):
            unit = 2 ** _levels(wanted, *upper)
            upper = [-(-side // unit) * unit for side in upper]
        sizes = [" ".join(f"{flag} {side}" for flag, side in zip(("--size", "--width"), sides, strict=False))
                 for sides in (lower, upper)]  # fmt: skip
        shallower = f", or --depth {halvings}" if halvings >= max(2, depth - 2) else ""
        advice = " or ".join(dict.fromkeys(sizes)) + shallower
        return f"size {'x'.join(map(str, given))} cannot be halved {depth} times: give {advice}"


@dataclass(frozen=True)
class Config(ModelConfig):
    """What a run is made of. Immutable; travels with the run."""

    training: Training = Training()
    logging: Logging = Logging()

    def __post_init__(self):
        super().__post_init__()
        channels, is_ours = self.architecture.out_channels, self.architecture.generator == "noise"
        of_pictures = {
            "--objective paper": self.training.objective != "paper",
            "--style-size 0": self.architecture.style_size,
        }
        if channels not in (1, 3) and (flags := [flag for flag, is_needed in of_pictures.items() if is_needed]):
            raise UserError(f"targets of {channels} channels are no pictures: give {' '.join(flags)}")
        if self.architecture.style_size and self.training.style_swap and self.training.objective != "projected":
            raise UserError("pictures in another's style are for --objective projected: give --style-swap 0")
        if self.training.teacher and not is_ours:
            raise UserError("a teacher is for --generator noise: both take the same noise")
        for name in ("correct_labels", "shift", "sky_share"):
            if getattr(self.training, name) and not is_ours:
                raise UserError(f"{name} is for --generator noise")

    @property
    def corrects_labels(self) -> bool:
        """Whether photos correct the labels to train on: those of facades, unless a teacher paints what they say."""
        return self.training.correct_labels and self.task == "facades" and not self.training.teacher

    @property
    def jittered(self) -> tuple[int, int]:
        """Height and width in pixels that training pictures are scaled up to before they are cropped."""
        height, width = self.data.shape
        scale = JITTER if self.training.jitter else 1
        return round(height * scale), round(width * scale)


def to_json(config: ModelConfig) -> str:
    """The text of `config.json`: of a run's config too, only what a checkpoint carries."""
    values = dataclasses.asdict(config.model)
    if config.architecture.generator != "unet":
        del values["architecture"]["unet"]
    return json.dumps({"model_type": MODEL_TYPE, "format": FORMAT, **values}, indent=2) + "\n"


def flatten(part: object) -> dict[str, Any]:
    """The settings of a config or of a part of one by name, whatever their part."""
    settings = {}
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        settings |= flatten(value) if dataclasses.is_dataclass(value) else {field.name: value}
    return settings


class OldFormat(UserError):
    """Settings that an older version of this program wrote in one flat part."""


def from_json(text: str) -> ModelConfig:
    """The inverse of `to_json`, for text from anywhere; keys that an older version did not have take their defaults.

    Raises UserError for unknown keys, values of the wrong type or out of range, and what is no config at all.
    """
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"is not valid JSON: {error}") from None
    if not isinstance(values, dict) or values.pop("model_type", None) != MODEL_TYPE:
        raise UserError(f'is not the config of a pix2pix checkpoint: "model_type" is not "{MODEL_TYPE}"')
    written = values.pop("format", None)
    if written is None:
        raise OldFormat("was written by pix2pix 0.1 or earlier")
    if written != FORMAT:
        raise UserError(f'its "format" is {json.dumps(written)[:80]}; pix2pix {__version__} reads {FORMAT}')
    return from_values(ModelConfig, values)


def from_values(kind: type[Part], values: object, name: str = "the config") -> Part:
    """A config, or a part of one, from plain values as JSON holds them; UserError as from `from_json`."""
    if not isinstance(values, dict):
        raise UserError(f"{name} is {json.dumps(values)[:80]}; it must be an object")
    types, built = get_type_hints(kind), {}
    if unknown := sorted(values.keys() - types.keys()):
        raise UserError(f"has unknown keys: {', '.join(unknown)[:200]}")
    for key, value in values.items():
        if dataclasses.is_dataclass(types[key]):
            built[key] = from_values(types[key], value, key)
            continue
        built[key] = tuple(value) if get_origin(types[key]) is tuple and isinstance(value, list) else value
        if not _is_a(built[key], types[key]):
            wanted = " or ".join(map(repr, get_args(types[key]))) or types[key].__name__
            raise UserError(f"{key} is {json.dumps(value)[:80]}; it must be {wanted}")
    return kind(**built)


def read(path: Path, name: str | Path | None = None) -> ModelConfig:
    """The config in a JSON file; raises UserError, in one line that names the file.

    `name` is what people call its checkpoint, where that is not its folder: a run, or USER/REPO on the Hub.
    """
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except OldFormat as error:
        named = name or path.parent
        command = f"python -m pix2pix convert {shlex.quote(str(named))} NEW"
        raise OldFormat(f"{named} {error}: {command} makes a checkpoint of it for pix2pix {__version__}") from None
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
