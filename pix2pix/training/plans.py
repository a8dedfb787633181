"""What is to be trained, and where: all that can be found out, and be wrong, before torch is imported."""

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pix2pix import config as configs
from pix2pix.config import Config, ModelConfig
from pix2pix.data.download import ensure_downloaded
from pix2pix.data.pairs import Source, compare_names
from pix2pix.data.sources import Unfit, fit_config, open_source
from pix2pix.hub import ids
from pix2pix.inference import checkpoint
from pix2pix.synthetic import MIN_SIZE
from pix2pix.training import processes
from pix2pix.training.options import Options, as_flag
from pix2pix.training.run import Run, check_new
from pix2pix.utils import UserError, counted, name_some

NO_WEIGHTS = {
    "dropout_decoders",
    "first_dropout_decoder",
    "sharpening",
    "noise_scale",
}  # of an architecture, what any weights fit
OURS_ALONE = {"correct_labels": False, "shift": False, "sky_share": 0.0}  # of our generator's pairs: off for a U-Net
ADDED = ("style_size", "detail_channels")  # of them, what a generator may get that starts with weights without it
OF_TEACHER = ("task", "generator", "depth", "color_code", "style_size", "in_channels", "out_channels")


@dataclass(frozen=True)
class Plan:
    """A training to come. `run` is there when it goes on; `notes` are lines for its owner."""

    config: Config
    data: str
    folder: Path
    train: Source
    val: Source
    run: Run | None = None
    notes: tuple[str, ...] = ()


def make(options: Options) -> Plan:
    """Find data, folder and config of a training; UserError or OSError for what the user can fix."""
    return _resume(options) if options.resume is not None else _start(options)


def _start(options: Options) -> Plan:
    data = ensure_downloaded(options.data)
    folder = options.output or Path("runs") / Path(data).name
    check_new(folder)
    for name in filter(None, (options.init_from, options.config.training.teacher)):
        if not ids.MODEL.fullmatch(name):  # a name that is not there is told before the pairs are looked at
            checkpoint.find(name)
    try:
        train = open_source(data, "train", options.config)
    except Unfit as unfit:
        raise UserError(f"{unfit}; {unfit.remedy}") from None
    config, notes = fit_config(options.config, train, options.given), ()
    if options.init_from is not None:
        config, notes = take_generator(config, options.init_from, options.given)
    if config.training.teacher:
        check_teacher(config)
    return Plan(config, data, folder, train, open_source(data, "val", config), notes=notes)


def _resume(options: Options) -> Plan:
    run = open_run(options)
    config, notes = run.config, ()
    if "epochs" in options.given:
        config, notes = lengthen(config, options.config.training.epochs)
    check_processes(run)
    data = ensure_downloaded(options.data) if options.data is not None else str(run.metadata["data"])
    try:
        train, val = (open_source(data, split, config) for split in ("train", "val"))
    except UserError as error:
        if options.data is not None or Path(data).exists():
            raise
        raise UserError(f"{error}; where the data of {run.folder} is now: --data DIR") from None
    before, changes = run.metadata["train_pairs"], describe_changes(train, run, "train")
    if len(train.names) != before or changes:
        raise UserError(
            f"{data} has {counted(len(train.names), 'training pair')}, and {run.folder} was started with "
            f"{before}{changes}: name those with --data, or start another run, with --init-from "
            f"{shlex.quote(str(run.folder))} instead of --resume"
        )
    if changes := describe_changes(val, run, "val"):
        notes = (*notes, f"{data} has other validation pairs than at the start{changes}: scores do not compare")
    return Plan(config, data, run.folder, train, val, run, notes)


def describe_changes(source: Source, run: Run, split: str) -> str:
    """Name the pairs that a run was not started with, and count those that are gone; "" where they are the same."""
    digests = run.metadata.get(f"{split}_digests")
    if digests is None:  # of a run from before they were recorded
        return ""
    new, gone = compare_names(source.names, digests)
    return (f", {gone} of which are gone" if gone else "") + (f", without {name_some(new)}" if new else "")


def open_run(options: Options) -> Run:
    """The run that --resume names, fetched to --output where it is on the Hub."""
    name, folder = options.resume, Path(options.resume)
    if folder.exists() or not ids.MODEL.fullmatch(name):
        if options.output is not None and options.output.resolve() != folder.resolve():
            raise UserError(f"{name} goes on where it is: leave --output out, it is for runs from the Hub")
        return Run.open(folder)
    from pix2pix.hub import errors, transfer  # its client takes half a second to import

    folder = options.output or Path("runs") / ids.parse(name)[0].split("/")[1]
    with processes.main_first() as is_main:
        if is_main:
            check_new(folder)
            try:
                transfer.download_folder(
                    name, checkpoint.RUN_FOLDER, checkpoint.RUN_FILES, checkpoint.TEACHER_FILES, folder,
                    ": it was pushed without --push-state",
                )  # fmt: skip
            except errors.Missing as error:
                raise UserError(f"there is no folder {name}, and on the Hub: {error}") from None
    return Run.open(folder)


def check_processes(run: Run) -> None:
    """UserError where a run goes on with another number of processes: its steps would be other steps."""
    before, now = run.metadata["processes"], processes.count()
    if before != now:
        raise UserError(
            f"{run.folder} was started with {counted(before, 'process', 'processes')}, and here {now} would go on; "
            f"give: {run.resume_command}"
        )


def lengthen(config: Config, epochs: int) -> tuple[Config, tuple[str, ...]]:
    """The config of a run that goes on to more epochs, in the same share of which the learning rate falls."""
    before = config.training.epochs
    if epochs < before:
        raise UserError(
            f"the run has {counted(before, 'epoch')} already: give --epochs more than that, or leave it out"
        )
    if epochs == before:
        return config, ()
    decay = round(config.training.decay_epochs * epochs / before)
    falls = f"falls over the last {decay}" if decay else "does not fall"
    note = f"{counted(epochs, 'epoch')} instead of {before}: the learning rate {falls}"
    return config.replace(epochs=epochs, decay_epochs=decay), (note,)


def take_generator(config: Config, name: str, given: Collection[str]) -> tuple[Config, tuple[str, ...]]:
    """The config with the generator of a checkpoint, and what that changed; UserError where `given` is another."""
    start, own = configs.read(checkpoint.find(name) / checkpoint.CONFIG, name), config.settings
    wanted = configs.flatten(start.architecture)
    del wanted["task"]
    if start.architecture.generator == config.architecture.generator and start.architecture.color_code:
        wanted |= {field: own[field] for field in ADDED if not wanted[field]}
    _check_depth(config, start, name)
    others = [field for field in wanted if field in given and own[field] != wanted[field]]
    if refused := [as_flag(field, own[field]) for field in others if field not in NO_WEIGHTS]:
        raise UserError(f"{name} holds another generator than {' '.join(refused)} asks for: leave that out")
    if start.architecture.generator == "unet":
        wanted |= OURS_ALONE
    changed = {field: value for field, value in wanted.items() if field not in given and own[field] != value}
    words = ", ".join(f"{field} {value}" for field, value in changed.items())
    return config.replace(**changed), ((f"as in {name}: {words}",) if changed else ())


def check_teacher(config: Config) -> None:
    """UserError, with the flags to give, where the teacher does not take the same inputs and noise as its student."""
    name = config.training.teacher
    teacher = configs.read(checkpoint.find(name) / checkpoint.CONFIG, name)
    kind, wanted = teacher.architecture.generator, config.architecture.generator
    if kind != wanted:
        raise UserError(f"{name} cannot teach: its generator is {kind}, a teacher's is {wanted}")
    _check_depth(config, teacher, name)
    if config.task == "facades" and min(config.data.shape) < MIN_SIZE:
        raise UserError(
            f"a teacher also paints synthetic facades, from {MIN_SIZE} pixels a side on: give a larger --size"
        )
    own, needed = config.settings, teacher.settings
    if differing := [field for field in OF_TEACHER if own[field] != needed[field]]:
        flags = " ".join(as_flag(field, needed[field]) for field in differing)
        raise UserError(f"{name} cannot teach this generator: give {flags}")


def _check_depth(config: Config, other: ModelConfig, name: str) -> None:
    depth, (height, width) = other.architecture.depth, config.data.shape
    if height % 2**depth or width % 2**depth:
        sizes = as_flag("size", other.data.size) + (
            f" {as_flag('width', other.data.width)}" if other.data.width else ""
        )
        raise UserError(
            f"{name} halves its pictures {depth} times, which {height}x{width} pixels do not allow: give {sizes}"
        )
