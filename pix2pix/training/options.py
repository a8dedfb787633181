"""The command line of train.py: a config, and how to train by it. Nothing in here needs torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix.cli import parse
from pix2pix.config import PRESETS, TASKS, Config


@dataclass(frozen=True)
class Options:
    """Train pix2pix on pairs of images. --preset NAME sets the defaults of everything below it."""

    config: Annotated[Config, tyro.conf.OmitArgPrefixes]
    data: str | None = None
    """A folder of pairs, a published set (facades, maps, …), a dataset of the Hub (USER/NAME), or drawn: synthetic,
    synthetic-edges, synthetic-maps, synthetic-night."""
    output: Path | None = None
    """The run folder; runs/NAME-OF-DATA unless given."""
    resume: bool = False
    """Continue the run in --output, with the data and the config it was started with; --resume USER/REPO fetches it
    from the Hub first, where its state was pushed."""
    init_from: str | None = None
    """Start with the generator of this checkpoint, a folder or USER/REPO on the Hub, instead of with noise."""
    push_to_hub: str | None = None
    """Push checkpoints to this model repository on the Hub, USER/REPO, made if missing, with the token of HF_TOKEN or
    of `hf auth login`."""
    private: bool = False
    """Make that repository private."""
    push_every: int = 0
    """Epochs between pushes; 0 pushes at the end alone."""
    push_state: bool = False
    """Push what --resume USER/REPO needs too: about four times the size of the networks, with every push."""
    dry_run: bool = False
    """Show the config, the counts and the cost of a step; write nothing."""
    workers: int | None = None
    """Processes that read and augment pairs beside the training; unless given, none where all pairs stay decoded in
    memory, else one a core."""
    pushed_run: Annotated[str | None, tyro.conf.Suppress] = None
    """USER/REPO of --resume USER/REPO."""


def read(arguments: Sequence[str]) -> Options:
    """Raises ValueError for what does not fit together; nothing is looked at yet."""
    preset, arguments = take_preset(list(arguments))
    pushed_run, arguments = take_pushed_run(arguments)
    defaults = Options(config=(PRESETS | TASKS)[preset], pushed_run=pushed_run)
    options = parse(Options, arguments, prog="train.py", default=defaults)
    if options.resume and (options.config != defaults.config or options.data is not None):
        raise ValueError("a resumed run keeps its data and config: give --resume and --output alone")
    if options.resume and pushed_run is None and options.output is None:
        raise ValueError("--resume needs --output, the run to continue")
    if not options.resume and options.data is None:
        raise ValueError("no data: give --data DIR, or --data synthetic to train on drawn facades")
    if options.push_to_hub is None and (options.private or options.push_every or options.push_state):
        raise ValueError("--private, --push-every and --push-state need --push-to-hub USER/REPO")
    if options.push_every < 0:
        raise ValueError(f"--push-every is {options.push_every}; it counts epochs, and 0 pushes at the end alone")
    return options


def take_preset(arguments: list[str]) -> tuple[str, list[str]]:
    """The preset named in the arguments, and the arguments without it."""
    for place, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag == "--preset":
            name = value if equals else "".join(arguments[place + 1 : place + 2])
            if name not in PRESETS | TASKS:
                raise ValueError(f"unknown preset {name!r}; there are: {', '.join(PRESETS | TASKS)}")
            return name, arguments[:place] + arguments[place + (1 if equals else 2) :]
    return "best", arguments


def take_pushed_run(arguments: list[str]) -> tuple[str | None, list[str]]:
    """USER/REPO of `--resume USER/REPO` in the arguments, and the arguments with a bare --resume instead."""
    for place, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag == "--resume" and equals:
            return value, [*arguments[:place], flag, *arguments[place + 1 :]]
        if flag == "--resume" and arguments[place + 1 : place + 2] and not arguments[place + 1].startswith("-"):
            return arguments[place + 1], arguments[: place + 1] + arguments[place + 2 :]
    return None, arguments


def push_flags(options: Options) -> str:
    """The flags by which a resumed run goes on pushing as this one does."""
    if options.push_to_hub is None:
        return ""
    flags = f" --push-to-hub {options.push_to_hub}" + (" --private" if options.private else "")
    flags += f" --push-every {options.push_every}" if options.push_every else ""
    return flags + (" --push-state" if options.push_state else "")
