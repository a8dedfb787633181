"""The training loop: it receives networks, pairs, a config and a run folder, and knows nothing of the command line."""

import copy
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm import tqdm

from pix2pix import images, results
from pix2pix.config import Config
from pix2pix.data.dataset import PairDataset, batches, steps_per_epoch, stream_seed
from pix2pix.data.pairs import Pair
from pix2pix.hub.background import Pusher
from pix2pix.inference import TorchNetwork, Translator, random_shapes
from pix2pix.journal import Journal
from pix2pix.objectives import build_objective
from pix2pix.recorded import PLAIN_CALLS, Recorded
from pix2pix.run import Run
from pix2pix.validation import SCORED_PAIRS, epochs_between_scores, quick_scores

LOSS_DECAY = 0.99  # a step, of the losses shown
SHOWN = ("discriminator", "adversarial", "l1", "right_on_real", "right_on_fake")
SAMPLE_PAIRS = 8  # validation pairs on a sample sheet


class Interrupted(Exception):
    """Training was asked to stop by a signal (Ctrl-C, SIGTERM); its state at `step` is saved."""

    def __init__(self, step: int, number: int):
        super().__init__(f"stopped at step {step} by signal {number}")
        self.step, self.signal = step, number


class Diverged(Exception):
    """A loss is no longer a number; what was saved before stands."""


class Trainer:
    """Networks, optimisers, averages and counters: all that a step changes, and all that a resumed run needs."""

    def __init__(
        self,
        config: Config,
        generator: nn.Module,
        discriminator: nn.Module,
        accelerator: Accelerator,
        tone: nn.Module | None = None,
        teacher: nn.Module | None = None,
    ):
        """`tone` for a toned generator, unless a `teacher` paints its targets."""
        self.config, self.accelerator = config, accelerator
        self.tone = tone.to(accelerator.device) if tone else None
        self.teacher = teacher.to(accelerator.device).eval().requires_grad_(False) if teacher else None
        adam = {"lr": config.learning_rate, "betas": (config.beta1, config.beta2), "fused": True}
        prepare = accelerator.prepare
        on_gpu = accelerator.device.type == "cuda"
        if on_gpu:
            torch.backends.cudnn.benchmark = True
        layout = torch.channels_last if on_gpu and config.precision != "no" else torch.preserve_format
        generator, discriminator = (
            net.to(accelerator.device, memory_format=layout) for net in (generator, discriminator)
        )
        if (told_by := self.tone or self.teacher) and config.tone:
            generator.tone_mean.copy_(told_by.tone_mean)
            generator.tone_spread.copy_(told_by.tone_spread)
        self.average = copy.deepcopy(generator).requires_grad_(False) if config.ema else None
        self.generator, self.discriminator = prepare(generator, discriminator)
        self.generator_optimizer = prepare(torch.optim.Adam(generator.parameters(), **adam))
        self.discriminator_optimizer = prepare(torch.optim.Adam(discriminator.parameters(), **adam))
        self.losses = torch.zeros(len(SHOWN), device=accelerator.device)  # running sums, most of the last steps
        self.objective = build_objective(config).to(accelerator.device)
        self.steps = 0
        # Gradients that travel between processes, and float16's look for overflow, cannot be recorded.
        self.recording = on_gpu and accelerator.num_processes == 1 and config.precision != "fp16"
        self._prepare_step()

    def update(self, inputs: Tensor, targets: Tensor) -> None:
        """One step on `(N, 3, size, size)` images in [-1, 1]."""
        losses = self.step(inputs, targets)
        self.steps += 1
        if self.average is not None:
            self._follow_weights()
        self.losses.lerp_(losses, 1 - LOSS_DECAY)

    def _step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """D on the pair and the fake, then G through the new D; returns what is `SHOWN`."""
        if self.teacher:
            noise = self._noise(inputs)
            with torch.no_grad(), self.accelerator.autocast():
                targets = self.teacher(inputs, noise).float()
            generated = self.generator(inputs, noise)
        elif self.tone:
            generated = self.generator(inputs, tone=self.tone(inputs, targets))
        else:
            generated = self.generator(inputs)

        # Step the discriminator.
        d_loss, real_logits, fake_logits = self.objective.judge(self.discriminator, inputs, generated.detach(), targets)
        self.discriminator_optimizer.zero_grad()
        self.accelerator.backward(d_loss)
        self.discriminator_optimizer.step()

        # Step the generator.
        with _frozen(self.accelerator.unwrap_model(self.discriminator)) as judge:
            with self.accelerator.autocast():
                loss, adversarial, l1 = self.objective.generator_loss(judge, inputs, generated, targets)
            self.generator_optimizer.zero_grad()
            self.accelerator.backward(loss)
            if self.config.clip:
                self.accelerator.clip_grad_norm_(self.generator.parameters(), self.config.clip)
            self.generator_optimizer.step()

        right = (real_logits > 0).float().mean(), (fake_logits < 0).float().mean()
        return torch.stack([d_loss, adversarial, l1, *right]).detach().float()

    def _noise(self, inputs: Tensor) -> list[Tensor]:
        """What the teacher and its pupil both take from chance."""
        shapes = random_shapes(self.config, self.teacher.random_channels, *inputs.shape[2:])
        return [torch.randn(len(inputs), *shape[1:], device=inputs.device) for shape in shapes]

    def _prepare_step(self) -> None:
        """Before the first step, and wherever optimisers were loaded: a graph reads its learning rate from the GPU."""
        self._rate = None  # what the optimisers have; not asked of them, since that waits for the GPU
        self.step = Recorded(self._step) if self.recording else self._step
        for group in self._groups():
            rate = float(group["lr"])
            group["lr"] = torch.tensor(rate, device=self.accelerator.device) if self.recording else rate
            group["capturable"] = self.recording

    def _groups(self) -> list[dict]:
        return self.generator_optimizer.param_groups + self.discriminator_optimizer.param_groups

    @torch.no_grad()
    def _follow_weights(self) -> None:
        decay = min(self.config.ema, self.steps / (self.steps + 9))  # short at first: the first weights are noise
        weights = self.accelerator.unwrap_model(self.generator).parameters()
        get_ema_multi_avg_fn(decay)(list(self.average.parameters()), list(weights), self.steps)

    def shown_losses(self) -> dict[str, float]:
        """The losses, and the shares of D's logits on the right side of 0 on real and on generated pictures.

        Exponential moving averages, free of the bias towards their start at 0. Waits for the GPU.
        """
        values = (self.losses / (1 - LOSS_DECAY**self.steps)).tolist()
        return dict(zip(SHOWN, values, strict=True))

    def set_learning_rate(self, epoch: int) -> None:
        """Of the next step: linear over the first `warmup_steps`, constant, then linear towards 0 over `decay_epochs`.

        The authors' torch code falls so; their rate is full from the first step.
        """
        begun = (self.steps + 1) / (self.config.warmup_steps + 1)
        left = (self.config.epochs - epoch) / (self.config.decay_epochs + 1)
        rate = self.config.learning_rate * min(1.0, begun, left)
        if rate == self._rate:
            return
        self._rate = rate
        for group in self._groups():
            if self.recording:
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    @property
    def learning_rate(self) -> float:
        return float(self.generator_optimizer.param_groups[0]["lr"])

    @property
    def result(self) -> nn.Module:
        """The generator that is sampled and kept: the averaged one where there is one."""
        return self.average if self.average is not None else self.accelerator.unwrap_model(self.generator)

    def _parts(self) -> dict:
        parts = {
            "generator": self.accelerator.unwrap_model(self.generator),
            "discriminator": self.accelerator.unwrap_model(self.discriminator),
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }
        if self.average is not None:
            parts["average"] = self.average
        if self.accelerator.scaler is not None:
            parts["scaler"] = self.accelerator.scaler
        return parts

    def state(self) -> dict:
        """Tensors and plain values only, so that it loads with `weights_only=True`."""
        states = {name: part.state_dict() for name, part in self._parts().items()}
        return states | {"losses": self.losses.cpu(), "steps": self.steps}

    def load_state(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        losses = state["losses"].to(self.losses.device)  # of the first version: without the shares, 0.5 says nothing
        self.losses = nn.functional.pad(losses, (0, len(SHOWN) - len(losses)), value=0.5)
        self.steps = state["steps"]
        self._prepare_step()


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
        raise ValueError(f"{len(dataset)} pairs are too few for {processes} processes of batch {config.batch_size}")
    total, batch = per_epoch * config.epochs, config.batch_size * processes
    state, step = run.load_state()
    if state:
        trainer.load_state(state)
    if step == total:
        return
    steps_between_scores = per_epoch * epochs_between_scores(config.score_every, per_epoch)

    with (
        tqdm(total=total * batch, initial=step * batch, unit="img", dynamic_ncols=True, disable=rank != 0) as bar,
        Journal(run, step, total, per_epoch, bar.write) if rank == 0 else nullcontext() as journal,
        _stop_signals() as asked_to_stop,
    ):
        while step < total:
            epoch, first = divmod(step, per_epoch)
            for pairs in batches(dataset, config, epoch, first, rank, processes, workers):
                trainer.set_learning_rate(epoch)
                # Every step has a random stream of its own, so that there is no state of it to save.
                torch.manual_seed(stream_seed(config.seed, step, rank))
                halves = (half.to(accelerator.device, non_blocking=True) for half in pairs)
                trainer.update(*map(images.normalize, halves))
                step += 1
                bar.update(batch)

                stopping = _any_process(accelerator, bool(asked_to_stop))
                at_end = step == total
                scoring = at_end or step % steps_between_scores == 0
                if step % config.log_every == 0 or scoring:
                    _log(trainer, journal, step, epoch, val_pairs[:SCORED_PAIRS] if scoring else [])
                pushing = pusher is not None and (at_end or (pusher.every and step % (pusher.every * per_epoch) == 0))
                if step % config.save_every == 0 or at_end or stopping or pushing:
                    kept = _save(
                        trainer, run, journal, step, val_pairs if at_end else None, keep=pushing or not stopping
                    )
                    if pushing and kept is not None:
                        pusher.submit(kept, run.folder)
                if (step % config.sample_every == 0 or at_end) and rank == 0:
                    run.save_samples(step, sample_sheet(trainer, val_pairs))
                if stopping and not at_end:
                    if rank == 0:
                        journal.ended = f"stopped; to go on: {run.resume_command}"
                    raise Interrupted(step, asked_to_stop[0] if asked_to_stop else signal.SIGTERM)


def step_seconds(trainer: Trainer, steps: int = 3) -> float:
    """Seconds a step takes on noise, after a few to warm up; the networks are no longer new afterwards."""
    config, device = trainer.config, trainer.accelerator.device
    sides = (config.size, config.picture_width)
    inputs = torch.rand(config.batch_size, config.in_channels, *sides, device=device) * 2 - 1
    targets = torch.rand(config.batch_size, config.out_channels, *sides, device=device) * 2 - 1
    warm_up = PLAIN_CALLS + 1 if trainer.recording else 1
    for step in range(warm_up + steps):
        if step == warm_up:
            start = time.perf_counter()
        trainer.update(inputs, targets)
        trainer.shown_losses()  # waits for the device
    return (time.perf_counter() - start) / steps


def sample_sheet(trainer: Trainer, pairs: list[Pair]) -> np.ndarray:
    """Rows of input | generated | target for the first few pairs: `(H, W, 3)` uint8."""
    translator = _translator(trainer)
    shown = [(pair.input, translator(pair.input), pair.target) for pair in pairs[:SAMPLE_PAIRS]]
    rows = [np.hstack([images.to_shown(picture) for picture in row]) for row in shown]
    return np.vstack(rows)


def _log(trainer: Trainer, journal: Journal | None, step: int, epoch: int, scored: list[Pair]) -> None:
    """Log the losses, and on the main process the scores of some pairs."""
    losses = _finite_losses(trainer, step)
    if journal is not None:
        shown = losses | (quick_scores(_translator(trainer), scored, trainer.accelerator.device) if scored else {})
        words = "  ".join(f"{name} {value:.4f}" for name, value in shown.items())
        journal.say(f"step {step}  epoch {epoch + 1}  {words}")
        journal.add({"step": step, "epoch": epoch, "learning_rate": trainer.learning_rate} | shown)


def _save(
    trainer: Trainer, run: Run, journal: Journal | None, step: int, last_pairs: list[Pair] | None, keep: bool
) -> Path | None:
    """Save the resume state, a checkpoint where it is to be kept, and at the end the results on the last pairs.

    Returns the checkpoint's folder on the process that saved one.
    """
    _finite_losses(trainer, step)
    if journal is None:
        return None
    folder = None
    if last_pairs is not None:
        journal.final = results.write_pictures(run.folder / "results", _translator(trainer), last_pairs)
        folder = run.finish(trainer.result, step, journal.final.scores)
    elif keep:
        folder = run.save_checkpoint(trainer.result, step)
    run.save_state(trainer.state(), step)
    return folder


def _finite_losses(trainer: Trainer, step: int) -> dict[str, float]:
    losses = trainer.shown_losses()
    if not all(math.isfinite(loss) for loss in losses.values()):
        raise Diverged(f"the losses are no longer numbers at step {step}: {losses}")
    return losses


def _translator(trainer: Trainer) -> Translator:
    return Translator(trainer.config, TorchNetwork(trainer.result))


def _any_process(accelerator: Accelerator, asked: bool) -> bool:
    """Whether any process was asked to stop: all must stop at the same step, or they wait for each other forever."""
    if accelerator.num_processes == 1:
        return asked
    return bool(accelerator.reduce(torch.tensor(float(asked), device=accelerator.device)).item())


@contextmanager
def _frozen(module: nn.Module) -> Iterator[nn.Module]:
    module.requires_grad_(False)
    try:
        yield module
    finally:
        module.requires_grad_(True)


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
