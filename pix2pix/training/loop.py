"""The training loop: it receives networks, pairs, a config and a run folder, and knows nothing of the command line."""

import math
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from tqdm import tqdm

from pix2pix import images, labels
from pix2pix.data.dataset import PairDataset, batches, steps_per_epoch, stream_seed
from pix2pix.data.pairs import Pair
from pix2pix.hub.background import Pusher
from pix2pix.inference import TorchNetwork, Translator, checkpoint
from pix2pix.training.monitor import Monitor
from pix2pix.training.report import results
from pix2pix.training.run import Run, UnreadableState
from pix2pix.training.trainer import Trainer
from pix2pix.training.validation import SCORED_PAIRS, epochs_between_scores, quick_scores
from pix2pix.utils import UserError, counted

_LAYOUT = {"tensorboard": {"dataformats": "NHWC"}}  # which would take pictures as (N, C, H, W)
SAMPLE_PAIRS = 8  # validation pairs in a grid of samples
WORDS = {  # what the terminal says for the names of the log
    "discriminator": "D {:.3f}", "adversarial": "G against D {:.3f}", "l1": "L1 {:.3f}",
    "right_on_real": "D right on {:.0%} of real", "right_on_fake": "{:.0%} of generated patches",
    "saturated": "saturated {:.1%}", "val_l1": "validation: L1 {:.3f}", "psnr": "PSNR {:.2f} dB", "ssim": "SSIM {:.3f}",
    "variety": "variety {:.2f}",
}  # fmt: skip
SHORT = ("discriminator", "adversarial", "l1")  # of them, what stands beside the bar


class Interrupted(Exception):
    """Training was asked to stop by a signal (Ctrl-C, SIGTERM); its state at `step` is saved."""

    def __init__(self, step: int, number: int):
        super().__init__(f"stopped at step {step} by signal {number}")
        self.step, self.signal = step, number


class Diverged(Exception):
    """A loss is no longer a number; what was saved before stands."""


def train(
    trainer: Trainer,
    train_pairs: list[Pair],
    val_pairs: list[Pair],
    run: Run,
    workers: int = 0,
    pusher: Pusher | None = None,
) -> None:
    """Train from wherever `run` stands to the end of the config's epochs; write its results.

    `pusher`, on the main process alone, is handed a checkpoint every so many epochs and at the end.
    Raises Interrupted after saving when asked to stop, Diverged (saving nothing) when a loss is no longer finite.
    """
    config, accelerator = trainer.config, trainer.accelerator
    rank, processes = accelerator.process_index, accelerator.num_processes
    # Workers read what does not fit in memory, and know no GPU.
    dataset = PairDataset(train_pairs, config, "cpu" if workers else accelerator.device)
    per_epoch = steps_per_epoch(len(dataset), config, processes)
    if per_epoch == 0:
        batch = config.training.batch_size
        raise UserError(
            f"too few pairs, {len(dataset)}, for {counted(processes, 'process', 'processes')} of batch {batch}"
        )
    total = per_epoch * config.training.epochs
    step = _restore(trainer, run, accelerator.print)
    if step > total:
        raise UserError(
            f"{run.folder} is at step {step:,}, beyond its {total:,}: give --epochs {step // per_epoch + 1}"
        )
    if rank == 0:
        run.go_on_from(step)
    if step == total:
        _finish_again(trainer, val_pairs, run, per_epoch, pusher)
        return
    steps_between_scores = per_epoch * epochs_between_scores(config.logging.score_every, per_epoch)

    with (
        # None: no bar where nobody watches, in a file or a pipe; the lines of the log stand there alone.
        tqdm(total=total, initial=step, unit="step", dynamic_ncols=True, disable=rank != 0 or None) as bar,
        Monitor(run, step, total, per_epoch, bar.write) if rank == 0 else nullcontext() as monitor,
        _stop_signals() as asked_to_stop,
    ):
        for pairs in batches(dataset, config, step, rank, processes, workers):
            epoch = step // per_epoch
            trainer.set_learning_rate(epoch)
            # Every step has a random stream of its own, so that there is no state of it to save.
            torch.manual_seed(stream_seed(config.training.seed, step, rank))
            halves = (half.to(accelerator.device, non_blocking=True) for half in pairs)
            trainer.update(*map(images.to_network, halves))
            step += 1
            bar.update()
            if monitor is not None:
                monitor.step = step

            stopping = _any_process(accelerator, bool(asked_to_stop))
            at_end = step == total
            scoring = at_end or step % steps_between_scores == 0
            if step % config.logging.log_every == 0 or scoring:
                losses = _log(trainer, monitor, step, epoch, val_pairs[:SCORED_PAIRS] if scoring else [])
                bar.set_description_str(f"epoch {epoch + 1}/{config.training.epochs}", refresh=False)
                bar.set_postfix_str(describe(losses, SHORT), refresh=False)
            pushing = pusher is not None and (at_end or (pusher.every and step % (pusher.every * per_epoch) == 0))
            if step % config.logging.save_every == 0 or at_end or stopping or pushing:
                kept = _save(trainer, run, monitor, step, val_pairs if at_end else None)
                if pushing and kept is not None:
                    pusher.submit(kept, run.folder)
            if (step % config.logging.sample_every == 0 or at_end) and rank == 0:
                grid = sample_grid(trainer, val_pairs)
                run.save_samples(step, grid)
                for tracker in accelerator.trackers:
                    if hasattr(tracker, "log_images"):
                        tracker.log_images({"samples": grid[None]}, step, **_LAYOUT.get(tracker.name, {}))
            if stopping and not at_end:
                if rank == 0:
                    monitor.ended = f"stopped; to go on: {run.resume_command}"
                raise Interrupted(step, asked_to_stop[0] if asked_to_stop else signal.SIGTERM)


def sample_grid(trainer: Trainer, pairs: list[Pair]) -> np.ndarray:
    """Rows of input | generated | target for the first few pairs: `(H, W, 3)` uint8."""
    translator = _translator(trainer)
    rows = [(labels.shown(pair.input), translator(pair.input), pair.target) for pair in pairs[:SAMPLE_PAIRS]]
    return images.grid(rows)


def describe(entry: dict[str, float], names: Sequence[str] = tuple(WORDS)) -> str:
    """Tell the values of a log line in words, those of `names` that it has."""
    return "  ".join(WORDS[name].format(entry[name]) for name in names if name in entry)


def _log(trainer: Trainer, monitor: Monitor | None, step: int, epoch: int, scored: list[Pair]) -> dict[str, float]:
    """Log the losses, and on the main process the scores of some pairs; returns the losses."""
    losses = _finite_losses(trainer, step)
    if monitor is not None:
        shown = losses | (quick_scores(_translator(trainer), scored, trainer.accelerator.device) if scored else {})
        monitor.say(f"step {step}  epoch {epoch + 1}  {describe(shown)}")
        entry = {"epoch": epoch, "learning_rate": trainer.learning_rate} | shown
        monitor.add({"step": step} | entry)
        trainer.accelerator.log(entry, step=step)  # to what --log-with names
    return losses


def _restore(trainer: Trainer, run: Run, say: Callable[[str], None]) -> int:
    """Bring the trainer to where the run stands; its step. The newest checkpoint has to do for a damaged state."""
    try:
        state, step = run.load_state()
    except UnreadableState as error:
        if (newest := run.newest_checkpoint()) is None:
            raise UserError(f"{error}, and there is no checkpoint: delete it to start from the first step") from None
        folder, step = newest
        shown = next((entry for entry in reversed(run.read_log()) if entry["step"] <= step), {})
        trainer.load_generator(checkpoint.load(folder)[1], step, shown)
        say(f"{error}; going on from {folder}, whose generator it is: discriminator and optimisers begin anew")
        return step
    if state:
        trainer.load_state(state)
    return step


def _finish_again(trainer: Trainer, pairs: list[Pair], run: Run, per_epoch: int, pusher: Pusher | None) -> None:
    """Write the results of a run whose steps are done: it may have been killed while they were written."""
    step, accelerator = trainer.steps, trainer.accelerator
    accelerator.print(
        f"done with {counted(step // per_epoch, 'epoch')}; for more: {run.resume_command} --epochs NUMBER"
    )
    if not accelerator.is_main_process:
        return
    with Monitor(run, step, step, per_epoch, accelerator.print) as monitor:
        kept = _save(trainer, run, monitor, step, pairs)
        if pusher is not None:
            pusher.submit(kept, run.folder)
        run.save_samples(step, sample_grid(trainer, pairs))


def _save(trainer: Trainer, run: Run, monitor: Monitor | None, step: int, last_pairs: list[Pair] | None) -> Path | None:
    """Save the resume state, a checkpoint, and at the end the results on the last pairs.

    Returns the checkpoint's folder on the process that saved one.
    """
    _finite_losses(trainer, step)
    if monitor is None:
        return None
    if last_pairs is not None:
        monitor.final = results.write_pictures(run.folder / "results", _translator(trainer), last_pairs)
        folder = run.finish(trainer.result, step, trainer.styles, monitor.final.scores)
    else:
        folder = run.save_checkpoint(trainer.result, step, trainer.styles)
    run.save_state(trainer.state(), step)
    return folder


def _finite_losses(trainer: Trainer, step: int) -> dict[str, float]:
    losses = trainer.shown_losses()
    if not all(math.isfinite(loss) for loss in losses.values()):
        raise Diverged(f"the losses are no longer numbers at step {step}: {losses}")
    return losses


def _translator(trainer: Trainer) -> Translator:
    return Translator(trainer.config, TorchNetwork(trainer.result), styles=trainer.styles)


def _any_process(accelerator: Accelerator, asked: bool) -> bool:
    """Whether any process was asked to stop: all must stop at the same step, or they wait for each other forever."""
    if accelerator.num_processes == 1:
        return asked
    return bool(accelerator.reduce(torch.tensor(float(asked), device=accelerator.device)).item())


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM instead of dying of them in the middle of a step; a second Ctrl-C kills."""
    received: list[int] = []

    def note(number: int, frame: object) -> None:
        received.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
