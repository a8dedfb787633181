"""The command line of train.py: a config, and how to train by it. Nothing in here needs torch."""

import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import tyro

from pix2pix import recipes
from pix2pix.cli import label, parse
from pix2pix.config import Architecture, Config, Data, Logging, Task, Training, UNetVariant
from pix2pix.recipes import DEFAULT, RECIPES, TASKS
from pix2pix.utils import UserError

# No flags: --task names more than the kind of the inputs, and other programs' U-Nets are not trained. Said here, since
# tyro takes longer to import than all that else reads a config.
_NO_FLAG = (tyro.conf.Fixed, tyro.conf.Suppress)
Architecture.__annotations__ |= {"task": Annotated[Task, *_NO_FLAG], "unet": Annotated[UNetVariant, *_NO_FLAG]}


@dataclass(frozen=True)
class Options:
    """Train pix2pix on pairs of images. --recipe and --task set the defaults of everything else."""

    config: Annotated[Config, tyro.conf.OmitArgPrefixes, tyro.conf.arg(name="")]
    recipe: Literal[*RECIPES] = DEFAULT
    """How to train: our generator with discriminators on a frozen, pretrained network; with the paper's, and features
    compared beside; that, small enough to follow a brush; or all as in the paper."""
    task: Literal[*TASKS] = "facades"
    """What the pairs are: facades, edges, grey pictures to colour (colors) or photo for any others; or one of the
    paper's tasks, which also sets the direction and augmentation and, with --recipe paper, the length of training."""
    data: str | None = None
    """A folder of pairs, a published set (facades, maps, …), a dataset of the Hub (USER/NAME), or synthetic,
    synthetic-edges, synthetic-maps, synthetic-night."""
    output: Path | None = None
    """The run folder; runs/NAME-OF-DATA unless given, and runs/REPO for a run from the Hub."""
    resume: str | None = None
    """Continue this run, a folder or USER/REPO on the Hub where its state was pushed, with the config it was started
    with. More --epochs go on after its end; --data names where its data is now, if that has moved."""
    init_from: str | None = None
    """Start with the generator of this checkpoint, a folder or USER/REPO on the Hub, instead of noise; its channels,
    depth and kind are the checkpoint's."""
    push_to_hub: str | None = None
    """Push checkpoints to this model repository on the Hub, USER/REPO, made if missing, with the token of HF_TOKEN or
    of `hf auth login`."""
    private: bool = False
    """Make that repository private."""
    license: str | None = None
    """Licence of the pushed weights by the Hub's name, such as mit or cc-by-nc-4.0; none unless given."""
    push_every: int = 0
    """Epochs between pushes; 0 pushes at the end alone."""
    push_state: bool = False
    """Push what --resume USER/REPO needs too: about four times the size of the networks, with every push."""
    log_with: Literal["tensorboard", "wandb", "trackio"] | None = None
    """Log losses, scores and samples there too. TensorBoard's files lie in the run folder: tensorboard --logdir RUN."""
    dry_run: bool = False
    """Say how long it will take, and what was found; write nothing."""
    workers: int | None = None
    """Processes that read and augment pairs beside the training; unless given, none where all pairs stay decoded in
    memory, else one a core."""
    given: Annotated[frozenset[str], tyro.conf.Suppress] = frozenset()
    """The names of what was given on the command line, whatever its value."""


for _part in (Architecture, Data, Training, Logging, Options):
    _part.__annotations__ = label(_part)

RESUMED_WITH = {"resume", "output", "data", "epochs", "workers", "dry_run", "log_with"}
RESUMED_WITH |= {"push_to_hub", "private", "license", "push_every", "push_state"}


def read(arguments: Sequence[str]) -> Options:
    """Read the command line; UserError for flags that do not fit together. Nothing is looked at yet."""
    given = given_names(arguments)
    arguments = name_the_run(list(arguments))
    recipe, task = (chosen(arguments, *each) for each in (("recipe", RECIPES, DEFAULT), ("task", TASKS, "facades")))
    defaults = Options(config=recipes.defaults(recipe, task), recipe=recipe, task=task, given=given)
    options = parse(Options, arguments, prog="train.py", default=defaults, config=(tyro.conf.DisallowNone,))
    if options.resume is not None:
        if kept := sorted(given - RESUMED_WITH):
            flags = ", ".join(map(as_flag, kept))
            raise UserError(
                f"a run that is resumed keeps what it was started with: leave {flags} out, or start another run, with "
                f"--init-from {shlex.quote(options.resume)} instead of --resume"
            )
    elif options.data is None:
        raise UserError("no data: give --data DIR, or --data synthetic to train on synthetic facades")
    if options.push_to_hub is None and (options.private or options.license or options.push_every or options.push_state):
        raise UserError("--private, --license, --push-every and --push-state need --push-to-hub USER/REPO")
    if options.log_with and find_spec(options.log_with) is None:
        raise UserError(f"--log-with {options.log_with} needs one more package: pip install {options.log_with}")
    if options.workers is not None and options.workers < 0:
        raise UserError(f"--workers is {options.workers}; it counts processes, and with 0 the training reads by itself")
    if options.push_every < 0:
        raise UserError(f"--push-every is {options.push_every}; it counts epochs, and 0 pushes at the end alone")
    return options


def chosen(arguments: Sequence[str], flag: str, names: Collection[str], default: str) -> str:
    """Return the value of a flag that sets defaults; UserError with the list of values where it is none of `names`."""
    name = default
    for place, argument in enumerate(arguments):
        given, equals, value = argument.partition("=")
        if given == f"--{flag}":
            name = value if equals else "".join(arguments[place + 1 : place + 2])
    if name not in names:
        raise UserError(f"unknown {flag} {name!r}; there are: {', '.join(names)}")
    return name


def name_the_run(arguments: list[str]) -> list[str]:
    """The arguments with --resume RUN in place of `--resume --output RUN`, which the pages of older runs print."""
    if "--resume" not in arguments:
        return arguments
    after = arguments.index("--resume") + 1
    if after < len(arguments) and not arguments[after].startswith("-"):
        return arguments
    if "--output" not in arguments[:-1]:
        raise UserError("--resume names the run to continue, a folder or USER/REPO on the Hub: --resume runs/first")
    return [*arguments[:after], arguments[arguments.index("--output") + 1], *arguments[after:]]


def given_names(arguments: Sequence[str]) -> frozenset[str]:
    """The names of the options in the arguments: "correct_labels" of --no-correct-labels."""
    flags = (argument.partition("=")[0] for argument in arguments if argument.startswith("--"))
    return frozenset(flag.removeprefix("--").replace("_", "-").removeprefix("no-").replace("-", "_") for flag in flags)


def as_flag(name: str, value: object = None) -> str:
    """How a setting is given on the command line: `--no-jitter`, `--depth 8`; without its value, `--depth`."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return f"--{flag}" if value is None else f"--{flag} {shown}"


def push_flags(options: Options) -> str:
    """The flags by which a resumed run goes on pushing as this one does."""
    if options.push_to_hub is None:
        return ""
    flags = f" --push-to-hub {options.push_to_hub}" + (" --private" if options.private else "")
    flags += f" --license {options.license}" if options.license else ""
    flags += f" --push-every {options.push_every}" if options.push_every else ""
    return flags + (" --push-state" if options.push_state else "")
