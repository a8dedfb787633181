"""One training step: networks, optimisers, averages, and what a resumed run needs of them."""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from pix2pix import labels
from pix2pix.config import Config
from pix2pix.inference import latent_shapes
from pix2pix.training.cuda_graph import PLAIN_CALLS, CUDAGraphStep
from pix2pix.training.losses import build_objective
from pix2pix.training.style import choose_styles

LOSS_DECAY = 0.99  # a step, of the losses shown
SHOWN = ("discriminator", "adversarial", "l1", "right_on_real", "right_on_fake", "saturated")
SATURATED = 0.99  # of [-1, 1]: beyond it, tanh lets next to no gradient back
WIDER = 1.5  # standard deviations of colours that are asked for: more than houses have


class Trainer:
    """Networks, optimisers, averages and counters: all that a step changes, and all that a resumed run needs."""

    def __init__(
        self,
        config: Config,
        generator: nn.Module,
        discriminator: nn.Module,
        accelerator: Accelerator,
        color_code: nn.Module | None = None,
        teacher: nn.Module | None = None,
        styles: dict[str, list[float]] | None = None,
    ):
        """`color_code` for a generator that takes one, unless a `teacher` paints its targets; then its `styles`."""
        self.config, self.accelerator = config, accelerator
        self.color_code = color_code.to(accelerator.device) if color_code else None
        self.teacher = teacher.to(accelerator.device).eval().requires_grad_(False) if teacher else None
        training = config.training
        adam = {"lr": training.learning_rate, "betas": (training.beta1, training.beta2), "fused": True}
        prepare = accelerator.prepare
        on_gpu = accelerator.device.type == "cuda"
        if on_gpu:
            torch.backends.cudnn.benchmark = True
        layout = torch.channels_last if on_gpu and training.precision != "no" else torch.preserve_format
        generator, discriminator = (
            net.to(accelerator.device, memory_format=layout) for net in (generator, discriminator)
        )
        if (source := self.color_code or self.teacher) and config.architecture.color_code:
            generator.tone_mean.copy_(source.tone_mean)
            generator.tone_spread.copy_(source.tone_spread)
        self.styles = styles or {}
        self._choose_styles()
        self.average = copy.deepcopy(generator).requires_grad_(False) if training.ema_decay else None
        self.generator, self.discriminator = prepare(generator, discriminator)
        self.generator_optimizer = prepare(torch.optim.Adam(generator.parameters(), **adam))
        self.discriminator_optimizer = prepare(torch.optim.Adam(discriminator.parameters(), **adam))
        self.losses = torch.zeros(len(SHOWN), device=accelerator.device)  # running sums, most of the last steps
        self.objective = build_objective(config).to(accelerator.device)
        self.steps = 0
        # Gradients that travel between processes, and float16's look for overflow, cannot be recorded.
        self.recording = on_gpu and accelerator.num_processes == 1 and training.precision != "fp16"
        self._prepare_step()

    def update(self, inputs: Tensor, targets: Tensor) -> None:
        """Take one step on inputs and targets as networks take them: images in [-1, 1], label maps of facades."""
        losses = self.step(inputs, targets)
        self.steps += 1
        if self.average is not None:
            self._follow_weights()
        self.losses.lerp_(losses, 1 - LOSS_DECAY)

    def _step(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """D on the pair and the fake, then G through the new D; returns what is `SHOWN`."""
        code = matches = None
        if self.teacher:
            noise = self._noise(inputs)
            with torch.no_grad(), self.accelerator.autocast():
                targets = self.teacher(inputs, noise).float()
            generated = self.generator(inputs, noise)
        elif self.color_code:
            code = self.color_code(inputs, targets)
            if self.config.architecture.style_size and self.config.training.style_swap:
                code, matches = self._swap_styles(code)
            generated = self.generator(inputs, code=code)
        else:
            generated = self.generator(inputs)

        # Step the discriminator.
        with self.accelerator.autocast():
            d_loss, real_logits, fake_logits = self.objective.judge(self.discriminator, inputs, generated, targets)
        self.discriminator_optimizer.zero_grad()
        self.accelerator.backward(d_loss)
        self.discriminator_optimizer.step()

        # Step the generator.
        with _frozen(self.accelerator.unwrap_model(self.discriminator)) as judge:
            with self.accelerator.autocast():
                matching = () if matches is None else (matches,)
                loss, adversarial, l1 = self.objective.generator_loss(judge, inputs, generated, targets, *matching)
                if code is not None and (weight := self.config.training.color_weight):
                    loss = loss + weight * self.color_code.colour_loss(inputs, generated, code)
            self.generator_optimizer.zero_grad()
            self.accelerator.backward(loss)
            if self.config.training.max_grad_norm:
                self.accelerator.clip_grad_norm_(self.generator.parameters(), self.config.training.max_grad_norm)
            self.generator_optimizer.step()

        right = (real_logits > 0).float().mean(), (fake_logits < 0).float().mean()
        return torch.stack([d_loss, adversarial, l1, *right, saturated(generated, targets)]).detach().float()

    def _swap_styles(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Some of the codes `(N, size)` replaced by those of other houses; and 1 for those that were kept, `(N,)`.

        Of these, half have colours that no house need have: people ask for any.
        """
        count, device = len(codes), codes.device
        others = self.color_code.codes[torch.randint(len(self.color_code.codes), (count,), device=device)]
        colors = WIDER * torch.randn(count, self.config.architecture.color_code_size, device=device)
        any_colour = torch.cat([colors, others[:, colors.shape[1] :]], dim=1)
        others = torch.where(torch.rand(count, 1, device=device) < 0.5, any_colour, others)
        swapped = torch.rand(count, device=device) < self.config.training.style_swap
        return torch.where(swapped[:, None], others, codes), 1 - swapped.float()

    def _noise(self, inputs: Tensor) -> list[Tensor]:
        """What the teacher and its student both take from chance; half of the codes are the teacher's named styles."""
        shapes = latent_shapes(self.config.architecture, self.teacher.latent_channels, *inputs.shape[-2:])
        noise = [torch.randn(len(inputs), *shape[1:], device=inputs.device) for shape in shapes]
        if colors := self.config.architecture.color_code_size:
            noise[-1][:, :colors] *= WIDER
        if self.styles:
            named = self.style_codes[torch.randint(len(self.styles), (len(inputs),), device=inputs.device)]
            is_named = torch.rand(len(inputs), 1, device=inputs.device) < 0.5
            noise[-1] = torch.where(is_named, named, noise[-1].flatten(1))[:, :, None, None]
        return noise

    def _prepare_step(self) -> None:
        """Before the first step, and wherever optimisers were loaded: a graph reads its learning rate from the GPU."""
        self._rate = None  # what the optimisers have; not asked of them, since that waits for the GPU
        self.step = CUDAGraphStep(self._step) if self.recording else self._step
        for group in self._groups():
            rate = float(group["lr"])
            group["lr"] = torch.tensor(rate, device=self.accelerator.device) if self.recording else rate
            group["capturable"] = self.recording

    def _groups(self) -> list[dict]:
        return self.generator_optimizer.param_groups + self.discriminator_optimizer.param_groups

    @torch.no_grad()
    def _follow_weights(self) -> None:
        # Short at first: the first weights are noise.
        decay = min(self.config.training.ema_decay, self.steps / (self.steps + 9))
        weights = self.accelerator.unwrap_model(self.generator).parameters()
        get_ema_multi_avg_fn(decay)(list(self.average.parameters()), list(weights), self.steps)

    def shown_losses(self) -> dict[str, float]:
        """The losses, the shares of D's logits on the right side of 0 on real and generated pictures, and `saturated`.

        Exponential moving averages, free of the bias towards their start at 0. Waits for the GPU.
        """
        values = (self.losses / (1 - LOSS_DECAY**self.steps)).tolist()
        return dict(zip(SHOWN, values, strict=True))

    def set_learning_rate(self, epoch: int) -> None:
        """Set the generator's: linear over the first `warmup_steps`, constant, then linear towards 0 over
        `decay_epochs`; and the discriminator's, in its ratio to that, but full from the first step.

        The authors' torch code falls so; their rate is full from the first step.
        """
        training = self.config.training
        begun = (self.steps + 1) / (training.warmup_steps + 1)
        left = (training.epochs - epoch) / (training.decay_epochs + 1)
        rate = training.learning_rate * min(1.0, begun, left)
        if rate == self._rate:
            return
        self._rate = rate
        of_discriminator = training.discriminator_learning_rate_ratio * training.learning_rate * min(1.0, left)
        for optimizer, own in ((self.generator_optimizer, rate), (self.discriminator_optimizer, of_discriminator)):
            for group in optimizer.param_groups:
                if self.recording:
                    group["lr"].fill_(own)
                else:
                    group["lr"] = own

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
        if self.color_code:
            measured = self.color_code.state_dict().items()
            states["color_code"] = {name: buffer for name, buffer in measured if not name.startswith("trunk.")}
        return states | {"losses": self.losses.cpu(), "steps": self.steps}

    def load_state(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        if self.color_code and "color_code" in state:  # a later version may correct labels otherwise
            self.color_code.load_state_dict(state["color_code"], strict=False)
            self._choose_styles()
        losses = state["losses"].to(self.losses.device)  # of the first version: without the shares, 0.5 says nothing
        self.losses = nn.functional.pad(losses, (0, len(SHOWN) - len(losses)), value=0.5)
        self.steps = state["steps"]
        self._prepare_step()

    def _choose_styles(self) -> None:
        if self.config.architecture.style_size and self.color_code:
            self.styles = choose_styles(self.color_code.codes)
        self.style_codes = torch.tensor(list(self.styles.values()), device=self.accelerator.device)

    def load_generator(self, generator: nn.Module, steps: int, shown: dict[str, float]) -> None:
        """Go on after so many steps with a generator alone, and with the losses that were `shown` then."""
        for net in (self.accelerator.unwrap_model(self.generator), self.average):
            if net is not None:
                net.load_state_dict(generator.state_dict())
        self.steps = steps
        losses = torch.tensor([shown.get(name, 0.0) for name in SHOWN], device=self.losses.device)
        self.losses = losses * (1 - LOSS_DECAY**steps)


def step_seconds(trainer: Trainer, steps: int = 3) -> float:
    """Seconds a step takes on noise, after a few to warm up; the networks are no longer new afterwards."""
    config, device = trainer.config, trainer.accelerator.device
    sides, batch_size = config.data.shape, config.training.batch_size
    targets = torch.rand(batch_size, config.architecture.out_channels, *sides, device=device) * 2 - 1
    if config.task == "facades":
        inputs = torch.randint(len(labels.CLASSES), (batch_size, *sides), dtype=torch.uint8, device=device)
    else:
        inputs = torch.rand(batch_size, config.architecture.in_channels, *sides, device=device) * 2 - 1
    warm_up = PLAIN_CALLS + 1 if trainer.recording else 1
    for step in range(warm_up + steps):
        if step == warm_up:
            start = time.perf_counter()
        trainer.update(inputs, targets)
        trainer.shown_losses()  # waits for the device
    return (time.perf_counter() - start) / steps


@contextmanager
def _frozen(module: nn.Module) -> Iterator[nn.Module]:
    module.requires_grad_(False)
    try:
        yield module
    finally:
        module.requires_grad_(True)


def saturated(generated: Tensor, targets: Tensor) -> Tensor:
    """The share of values at the ends of tanh, of those whose targets are not: from there G hardly comes back."""
    is_open = targets.abs() < SATURATED
    return ((generated.abs() >= SATURATED) & is_open).sum() / is_open.sum().clamp(min=1)
