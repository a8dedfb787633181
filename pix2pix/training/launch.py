"""A training from its options to its results: all that train.py needs torch for."""

import shlex
import sys
from contextlib import nullcontext

import torch
from accelerate import Accelerator
from tqdm import tqdm

from pix2pix import __version__, recipes
from pix2pix.config import Config
from pix2pix.data.dataset import steps_per_epoch, suggest_workers
from pix2pix.data.decoded import Pairs, load_pairs
from pix2pix.data.pairs import digest_names
from pix2pix.hub import transfer
from pix2pix.hub.background import Pusher
from pix2pix.hub.errors import Unreachable
from pix2pix.inference import checkpoint
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.training import processes
from pix2pix.training.color_code import ColorCode
from pix2pix.training.loop import Diverged, Interrupted, train
from pix2pix.training.options import Options, as_flag, push_flags
from pix2pix.training.plans import Plan
from pix2pix.training.report import results
from pix2pix.training.run import METADATA, Run, locked
from pix2pix.training.style import Style
from pix2pix.training.trainer import Trainer, step_seconds
from pix2pix.utils import UserError, counted, name_some, package_address, package_commit

LAST_PUSH = 20.0  # seconds that a run which stops early still waits for its last push


def launch(options: Options, plan: Plan) -> None:
    """Train as planned, or say what that would take; exits with 130 or 143 when interrupted."""
    config, run = plan.config, plan.run
    # Read everything before anything is written: a broken picture is better found now than after an hour.
    train_pairs = load_pairs(plan.train, "train", config, config.corrects_labels)
    val_pairs = load_pairs(plan.val, "val", config)
    accelerator = processes.join(config.training.precision, options.log_with, plan.folder)
    torch.manual_seed(config.training.seed)
    generator, discriminator = build_generator(config.architecture), build_discriminator(config)
    init_from = options.init_from if run is None else run.metadata.get("init_from")
    if init_from and (run is None or run.is_at_start) and (new := start_with(generator, config, init_from)):
        accelerator.print(f"{init_from} has no {name_some(new)}: these start untrained")
    measures = Style if config.architecture.style_size else ColorCode
    teacher_folder = (
        checkpoint.find(run.teacher if run else config.training.teacher) if config.training.teacher else None
    )
    color_code = measures(config, train_pairs) if config.architecture.color_code and not teacher_folder else None
    teacher = checkpoint.load(teacher_folder)[1] if teacher_folder else None
    styles = checkpoint.read_styles(teacher_folder, config) if teacher_folder else None
    trainer = Trainer(config, generator, discriminator, accelerator, color_code, teacher, styles)
    hardware = describe_hardware(accelerator)
    steps = steps_per_epoch(len(train_pairs), config, accelerator.num_processes)
    if options.dry_run:
        accelerator.print(describe_cost(trainer, run.step if run else 0, steps * config.training.epochs, hardware))
    accelerator.print(
        f"{plan.data}: {len(train_pairs)} training and {counted(len(val_pairs), 'validation pair')}, "
        f"{config.data.direction}\n"
        f"train: {train_pairs.about}\nval: {val_pairs.about}\n"
        f"{describe_depth(config)}\n"
        f"on {hardware}: {counted(steps, 'step')} an epoch, {steps * config.training.epochs:,} in all",
        *plan.notes,
        sep="\n",
    )
    if options.dry_run:
        accelerator.print(describe_settings(options, plan))
        return

    with locked(plan.folder) if accelerator.is_main_process else nullcontext():
        _train(options, plan, trainer, (train_pairs, val_pairs), hardware)


def _train(options: Options, plan: Plan, trainer: Trainer, pairs: tuple[Pairs, Pairs], hardware: str) -> None:
    """Create the run, or go on with it, to its results."""
    config, run, accelerator, (train_pairs, val_pairs) = plan.config, plan.run, trainer.accelerator, pairs
    pusher = make_pusher(options, accelerator)
    command = shlex.join(["python", "train.py", *sys.argv[1:]])
    metadata = {"data": plan.data, "train_pairs": len(train_pairs), "val_pairs": len(val_pairs)}
    metadata |= {"train_digests": digest_names(plan.train.names), "val_digests": digest_names(plan.val.names)}
    if run is None:
        metadata |= {
            "processes": accelerator.num_processes, "init_from": options.init_from or "", "command": command,
            "version": __version__, "commit": package_commit(), "code": package_address(), "hardware": hardware,
            "torch": torch.__version__,
        }  # fmt: skip
        run = (
            Run.create(plan.folder, config, metadata)
            if accelerator.is_main_process
            else Run(plan.folder, config, metadata)
        )
    elif accelerator.is_main_process:
        longer = {"command": f"{run.metadata['command']} && {command}"} if config != run.config else {}
        run.change(config, **metadata, **longer)
    if config.training.teacher and accelerator.is_main_process:
        run.keep_teacher(checkpoint.find(run.teacher))
    accelerator.wait_for_everyone()
    if options.log_with:
        plain = {name: each if isinstance(each, int | float) else str(each) for name, each in config.settings.items()}
        accelerator.init_trackers("pix2pix", config=plain)  # TensorBoard takes no ranges
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
        raise UserError(
            f"{error}; {run.folder} keeps what was saved before: start another run with a lower --learning-rate than "
            f"{config.training.learning_rate:g}"
            + (" or without --precision" if config.training.precision != "no" else "")
        ) from None
    finally:
        for tracker in accelerator.trackers:
            tracker.finish()
    if pusher is not None:
        pusher.close()
    if accelerator.is_main_process:
        checkpoint.find(run.folder)  # ValueError where there is none: what is not there is not announced
        print(f"results: {run.folder / results.PAGE}\npaint: python app.py --model {shlex.quote(str(run.folder))}")


def start_with(generator: torch.nn.Module, config: Config, name: str) -> list[str]:
    """Give a new generator the weights of a checkpoint; returns the names of its weights that the checkpoint lacks."""
    start, source = checkpoint.load(name)
    new, given = generator.state_dict(), source.state_dict()
    try:
        generator.load_state_dict(new | given)
        return sorted(new.keys() - given.keys())
    except RuntimeError:
        raise UserError(f"{name} paints from other inputs: it fits with --task {start.task}") from None


def make_pusher(options: Options, accelerator: Accelerator) -> Pusher | None:
    """Make what pushes to the Hub, on the main process; UserError, before any training, where the Hub refuses it."""
    if options.push_to_hub is None or not accelerator.is_main_process:
        return None
    try:
        transfer.check_writable(options.push_to_hub, options.private)
    except Unreachable as error:
        accelerator.print(f"{error}; training starts all the same, and pushes when it can")
    state = checkpoint.run_files if options.push_state else None
    repo, private, every = options.push_to_hub, options.private, options.push_every
    return Pusher(repo, private, every, state, options.license, say=tqdm.write)


def describe_cost(trainer: Trainer, done: int, total: int, hardware: str) -> str:
    """How long what is left of a training will take, by a few steps here and now, and what its networks weigh."""
    seconds = step_seconds(trainer)
    steps = f"to go: {total - done:,} of {counted(total, 'step')}," if done else f"in all: {counted(total, 'step')},"
    millions = [sum(p.numel() for p in net.parameters()) / 1e6 for net in (trainer.generator, trainer.discriminator)]
    return (
        f"{results.duration(seconds * (total - done))} {steps} {seconds:.3f} s each on {hardware}\n"
        f"generator {millions[0]:.2f} M parameters, discriminator {millions[1]:.2f} M"
    )


def describe_settings(options: Options, plan: Plan) -> str:
    """Name the settings that a run has otherwise than its recipe, as flags; a run that goes on has them in its file."""
    if plan.run is not None:
        return f"settings: {plan.folder / METADATA}"
    own, named = plan.config.settings, recipes.defaults(options.recipe, options.task).settings
    flags = [as_flag(name, value) for name, value in own.items() if value != named[name]]
    return f"settings: recipe {options.recipe} for {options.task}" + (f", with {' '.join(flags)}" if flags else "")


def describe_depth(config: Config) -> str:
    side, net = min(config.data.shape), config.architecture
    reason = f", as many as {side} pixels can be halved" if 2**net.depth == side else ""
    return f"{net.generator} generator of {net.depth} levels{reason}"


def describe_hardware(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return f"{accelerator.num_processes} x {torch.cuda.get_device_name(accelerator.device)}"
    return f"{accelerator.num_processes} x {accelerator.device.type}, {counted(torch.get_num_threads(), 'thread')}"
