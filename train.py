"""Train pix2pix on pairs of images, on whatever accelerate finds: a GPU, several processes, or a CPU.

python train.py --data synthetic --output runs/first
python train.py --data path/to/facades --preset live --output runs/facades
python train.py --resume --output runs/facades
accelerate launch train.py --data path/to/facades --precision bf16
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from pix2pix.cli import parse, run_command
from pix2pix.config import PRESETS, TASKS, Config, to_json

try:
    import torch
    from accelerate import Accelerator

    from pix2pix.data import fit_config, load_pairs, steps_per_epoch, suggest_workers
    from pix2pix.networks import build_discriminator, build_generator
    from pix2pix.run import Run, check_new
    from pix2pix.trainer import Diverged, Interrupted, Trainer, step_seconds, train
except ModuleNotFoundError as error:
    sys.exit(f"training needs {error.name}: pip install -r requirements-train.txt")


@dataclass(frozen=True)
class Options:
    """Train pix2pix on pairs of images. --preset NAME sets the defaults of everything below it."""

    config: Annotated[Config, tyro.conf.OmitArgPrefixes]
    data: str | None = None
    """A folder of pairs, a dataset of the Hub (USER/NAME), or drawn: synthetic, synthetic-edges, -maps, -night."""
    output: Path | None = None
    """The run folder; runs/NAME-OF-DATA unless given."""
    resume: bool = False
    """Continue the run in --output, with the data and the config it was started with."""
    dry_run: bool = False
    """Show the config, the counts and the cost of a step; write nothing."""
    workers: int | None = None
    """Processes that read and augment pairs beside the training; unless given, none where all pairs stay decoded in
    memory, else one a core."""


def main(arguments: Sequence[str]) -> None:
    """Raises ValueError or OSError for what the user can mend; exits with 130 or 143 when interrupted."""
    preset, arguments = take_preset(list(arguments))
    defaults = Options(config=(PRESETS | TASKS)[preset])
    options = parse(Options, arguments, prog="train.py", default=defaults)
    if options.resume:
        run = open_run(options, unchanged=options.config == defaults.config)
        config, data = run.config, str(run.facts["data"])
    else:
        if options.data is None:
            raise ValueError("no data: give --data DIR, or --data synthetic to train on drawn facades")
        config, data = fit_config(options.config, options.data), options.data
        output = options.output or Path("runs") / Path(data).name
        check_new(output)

    # Read everything before anything is written: a broken picture is better found now than after an hour.
    train_pairs, val_pairs = load_pairs(data, "train", config), load_pairs(data, "val", config)
    accelerator = Accelerator(mixed_precision=config.precision)
    torch.manual_seed(config.seed)
    trainer = Trainer(config, build_generator(config), build_discriminator(config), accelerator)
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

    if not options.resume:
        facts = {
            "data": data, "train_pairs": len(train_pairs), "val_pairs": len(val_pairs), "processes": processes,
            "command": shlex.join(["python", "train.py", *sys.argv[1:]]), "commit": current_commit(),
            "hardware": hardware, "torch": torch.__version__,
        }  # fmt: skip
        run = Run.create(output, config, facts) if accelerator.is_main_process else Run(output, config, facts)
    accelerator.wait_for_everyone()
    try:
        workers = suggest_workers(train_pairs) if options.workers is None else options.workers
        train(trainer, train_pairs, val_pairs, run, workers)
    except Interrupted as interruption:
        accelerator.print(f"saved at step {interruption.step:,}; to go on: {run.resume_command}")
        sys.exit(128 + interruption.signal)
    except Diverged as error:
        raise ValueError(
            f"{error}; {run.folder} keeps what was saved before: start again with a lower --learning-rate"
            + (" or without --precision" if config.precision != "no" else "")
        ) from None
    accelerator.print(f"results: {run.folder / 'results' / 'index.html'}\npaint: python app.py --model {run.folder}")


def take_preset(arguments: list[str]) -> tuple[str, list[str]]:
    """The preset named in the arguments, and the arguments without it."""
    for place, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag == "--preset":
            name = value if equals else "".join(arguments[place + 1 : place + 2])
            if name not in PRESETS | TASKS:
                raise ValueError(f"unknown preset {name!r}; there are: {', '.join(PRESETS | TASKS)}")
            return name, arguments[:place] + arguments[place + (1 if equals else 2) :]
    return "paper", arguments


def open_run(options: Options, unchanged: bool) -> Run:
    if options.output is None:
        raise ValueError("--resume needs --output, the run to continue")
    if not unchanged or options.data is not None:
        raise ValueError("a resumed run keeps its data and config: give --resume and --output alone")
    return Run.open(options.output)


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
