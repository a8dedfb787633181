"""Train pix2pix on pairs of images, on whatever accelerate finds: a GPU, several processes, or a CPU.

python train.py --data synthetic --output runs/first
python train.py --data path/to/facades --preset live --output runs/facades
python train.py --resume --output runs/facades
python train.py --data synthetic --push-to-hub USER/REPO --push-every 10 --push-state
python train.py --resume USER/REPO
accelerate launch train.py --data path/to/facades --precision bf16
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix.cli import parse, run_command
from pix2pix.config import PRESETS, TASKS, Config, to_json

try:
    import torch
    from accelerate import Accelerator, PartialState
    from tqdm import tqdm

    from pix2pix import checkpoint, hub, hub_push, results
    from pix2pix.data import fit_config, load_pairs, steps_per_epoch, suggest_workers
    from pix2pix.download import offer
    from pix2pix.hub_errors import Unreachable
    from pix2pix.networks import build_discriminator, build_generator
    from pix2pix.pusher import Pusher
    from pix2pix.run import Run, check_new
    from pix2pix.tone import Tone
    from pix2pix.trainer import Diverged, Interrupted, Trainer, step_seconds, train
except ModuleNotFoundError as error:
    sys.exit(f"training needs {error.name}: pip install -r requirements-train.txt")

LAST_PUSH = 20.0  # seconds that a run which stops early still waits for its last push


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


def main(arguments: Sequence[str]) -> None:
    """Raises ValueError or OSError for what the user can mend; exits with 130 or 143 when interrupted."""
    preset, arguments = take_preset(list(arguments))
    pushed_run, arguments = take_pushed_run(arguments)
    defaults = Options(config=(PRESETS | TASKS)[preset])
    options = parse(Options, arguments, prog="train.py", default=defaults)
    if options.resume:
        run = open_run(options, pushed_run, unchanged=options.config == defaults.config)
        config, data = run.config, str(run.facts["data"])
    else:
        if options.data is None:
            raise ValueError("no data: give --data DIR, or --data synthetic to train on drawn facades")
        data = offer(options.data)
        output = options.output or Path("runs") / Path(data).name
        check_new(output)
        config = fit_config(options.config, data)

    # Read everything before anything is written: a broken picture is better found now than after an hour.
    train_pairs, val_pairs = load_pairs(data, "train", config), load_pairs(data, "val", config)
    accelerator = Accelerator(mixed_precision=config.precision)
    torch.manual_seed(config.seed)
    generator, discriminator = build_generator(config), build_discriminator(config)
    if options.init_from and not options.resume:
        start_with(generator, config, options.init_from)
    tone = Tone(config, train_pairs) if config.tone and not config.teacher else None
    teacher = load_teacher(config) if config.teacher else None
    trainer = Trainer(config, generator, discriminator, accelerator, tone, teacher)
    hardware, processes = describe_hardware(accelerator), accelerator.num_processes
    steps = steps_per_epoch(len(train_pairs), config, processes)
    accelerator.print(
        f"{data}: {len(train_pairs)} training and {len(val_pairs)} validation pairs, {config.direction}\n"
        f"train: {train_pairs.about}\nval: {val_pairs.about}\n"
        f"on {hardware}: {steps:,} steps an epoch, {steps * config.epochs:,} in all"
    )
    if options.dry_run:
        accelerator.print(to_json(config) + describe_cost(trainer, steps * config.epochs))
        return

    pusher = make_pusher(options, accelerator)
    if not options.resume:
        facts = {
            "data": data, "train_pairs": len(train_pairs), "val_pairs": len(val_pairs), "processes": processes,
            "command": shlex.join(["python", "train.py", *sys.argv[1:]]), "commit": current_commit(),
            "hardware": hardware, "torch": torch.__version__,
        }  # fmt: skip
        run = Run.create(output, config, facts) if accelerator.is_main_process else Run(output, config, facts)
    accelerator.wait_for_everyone()
    try:
        accelerator.print(f"watch: {run.folder / results.PAGE}")
        workers = suggest_workers(train_pairs) if options.workers is None else options.workers
        train(trainer, train_pairs, val_pairs, run, workers, pusher)
    except Interrupted as interruption:
        accelerator.print(f"saved at step {interruption.step:,}; to go on: {run.resume_command}{push_flags(options)}")
        if pusher is not None:
            pusher.close(LAST_PUSH)
        sys.exit(128 + interruption.signal)
    except Diverged as error:
        if pusher is not None:
            pusher.close(LAST_PUSH)
        raise ValueError(
            f"{error}; {run.folder} keeps what was saved before: start again with a lower --learning-rate"
            + (" or without --precision" if config.precision != "no" else "")
        ) from None
    if pusher is not None:
        pusher.close()
    accelerator.print(f"results: {run.folder / results.PAGE}\npaint: python app.py --model {run.folder}")


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


def open_run(options: Options, pushed: str | None, unchanged: bool) -> Run:
    """The run in --output, after it was fetched from the Hub where `pushed` names one there."""
    if not unchanged or options.data is not None:
        raise ValueError("a resumed run keeps its data and config: give --resume and --output alone")
    if pushed is None and options.output is None:
        raise ValueError("--resume needs --output, the run to continue")
    output = options.output or Path("runs") / hub.parse(pushed)[0].split("/")[1]
    if pushed is not None:
        with PartialState().main_process_first():
            if PartialState().is_main_process:
                check_new(output)
                hub.download_run(pushed, output)
    return Run.open(output)


def start_with(generator: torch.nn.Module, config: Config, name: str) -> None:
    """Give a new generator the weights of a checkpoint; ValueError says by which flags it would fit."""
    theirs, source = checkpoint.load(name)
    try:
        generator.load_state_dict(source.state_dict())
    except RuntimeError:
        names = [field.name for field in fields(Config)]
        names = names[names.index("generator") : names.index("discriminator_width")]
        apart = [name for name in names if getattr(config, name) != getattr(theirs, name)]
        flags = " ".join(f"--{name.replace('_', '-')} {getattr(theirs, name)}" for name in apart)
        raise ValueError(f"{name} holds another generator; it fits with {flags or 'another --task'}") from None


def load_teacher(config: Config) -> torch.nn.Module:
    """The generator of --teacher; ValueError where it does not take the same inputs and noise as its pupil."""
    theirs, teacher = checkpoint.load(config.teacher)
    alike = ("task", "generator", "depth", "tone", "in_channels", "out_channels")
    if apart := [name for name in alike if getattr(config, name) != getattr(theirs, name)]:
        wanted = ", ".join(f"{name.replace('_', '-')} {getattr(theirs, name)}" for name in apart)
        raise ValueError(f"{config.teacher} cannot teach this generator: it has {wanted}")
    return teacher


def make_pusher(options: Options, accelerator: Accelerator) -> Pusher | None:
    """On the main process, what --push-to-hub asks for; ValueError, before any training, where the Hub refuses it."""
    if options.push_to_hub is None:
        if options.private or options.push_every or options.push_state:
            raise ValueError("--private, --push-every and --push-state need --push-to-hub USER/REPO")
        return None
    if options.push_every < 0:
        raise ValueError(f"--push-every is {options.push_every}; it counts epochs, and 0 pushes at the end alone")
    if not accelerator.is_main_process:
        return None
    try:
        hub_push.check_writable(options.push_to_hub, options.private)
    except Unreachable as error:
        accelerator.print(f"{error}; training starts all the same, and pushes when it can")
    return Pusher(options.push_to_hub, options.private, options.push_every, options.push_state, say=tqdm.write)


def push_flags(options: Options) -> str:
    """The flags by which a resumed run goes on pushing as this one does."""
    if options.push_to_hub is None:
        return ""
    flags = f" --push-to-hub {options.push_to_hub}" + (" --private" if options.private else "")
    flags += f" --push-every {options.push_every}" if options.push_every else ""
    return flags + (" --push-state" if options.push_state else "")


def describe_cost(trainer: Trainer, steps: int) -> str:
    """What the networks weigh and a step takes, measured here and now."""
    seconds = step_seconds(trainer)
    millions = [sum(p.numel() for p in net.parameters()) / 1e6 for net in (trainer.generator, trainer.discriminator)]
    return (
        f"generator {millions[0]:.2f} M parameters, discriminator {millions[1]:.2f} M\n"
        f"{seconds:.3f} s a step, {seconds * steps / 3600:.1f} hours in all"
    )


def describe_hardware(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return f"{accelerator.num_processes} x {torch.cuda.get_device_name(accelerator.device)}"
    return f"{accelerator.num_processes} x {accelerator.device.type}, {torch.get_num_threads()} threads"


def current_commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
