"""Teach a generator to paint as it does where it paints best: without a discriminator, by its own pictures retouched.

python -m experiments.retouch CHECKPOINT --data data/facades --output DIR [--steps N]

Its teacher is itself, given more than the learner sees: drawings that go on beyond each edge for half their size, since
near the edges of a picture generators invent leaves, scratches and a pale frame. Of what it paints plain walls are
cleaned, and shops, doors and balconies muted. Inputs are training label maps and synthetic ones in turn, each in
another style and colours.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from pix2pix import images, labels, synthetic
from pix2pix.data.decoded import load_pairs
from pix2pix.inference import checkpoint
from pix2pix.inference.latents import latent_shapes
from pix2pix.inference.translator import variation_spread
from pix2pix.walls import with_walls

AWAY = 3  # pixels from anything else: cornices and balconies cast their shadows on the nearer ones
AROUND = 12  # pixels: how far the wall around a spot reaches
ROUNDS = 2  # in which what was cut off before no longer counts for the colour of the wall around
GRAIN, LEAST, MOST = 2.5, 8 / 127.5, 20 / 127.5  # median differences that are grain; at least, and at most
MUTED = ("shop", "door", "balcony")  # which the labels tell so little of that their colours are chance: red, orange
COLOURFUL = 16 / 127.5  # the most by which a channel of theirs differs from the mean of the three


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", help="of our generator, for facades, with styles")
    parser.add_argument("--data", required=True, help="facades, whose training label maps are painted")
    parser.add_argument("--output", type=Path, required=True, help="folder for the new checkpoint")
    parser.add_argument("--init-from", help="a checkpoint of an earlier retouching, to go on with")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--learning-rate", type=float, default=3e-5)
    options = parser.parse_args()
    if options.output.exists():
        parser.error(f"{options.output} exists already; name another folder")
    torch.manual_seed(0)
    folder = checkpoint.find(options.checkpoint)
    config, teacher = checkpoint.load(folder)
    styles = checkpoint.read_styles(folder, config)
    if not styles:
        parser.error(f"{options.checkpoint} has no styles, in which walls would be painted")
    drawings = [with_walls(pair.input) for pair in load_pairs(options.data, "train", config)]
    student = checkpoint.load(options.init_from or folder)[1]
    teach(student, teacher, config, list(styles.values()), drawings, options.steps, options.learning_rate)
    card = (folder / checkpoint.CARD).read_text(encoding="utf-8")
    checkpoint.save(options.output, config, student, card, styles=styles)


def teach(student, teacher, config, styles: list, drawings: list[np.ndarray], steps: int, learning_rate: float) -> None:
    """Train the `student`, as long as that."""
    teacher.eval().requires_grad_(False)
    student.requires_grad_(True)
    gains = [weight for name, weight in student.named_parameters() if name.endswith("gain")]
    off = [gain == 0 for gain in gains]  # channels that were taken out stay out
    optimizer = torch.optim.Adam(student.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps, pct_start=0.1)
    size, materials = config.architecture.code_size, config.architecture.style_size
    spread = torch.from_numpy(variation_spread(size, size - materials))
    chance = np.random.default_rng(0)
    progress = tqdm(range(steps), unit="step")
    for step in progress:
        drawing = synthetic.label_map(step) if step % 2 else drawings[chance.integers(len(drawings))]
        if chance.random() < 0.5:
            drawing = np.ascontiguousarray(drawing[:, ::-1])
        inputs = torch.from_numpy(images.batch(drawing))
        shapes = latent_shapes(config.architecture, teacher.latent_channels, *drawing.shape)
        code = torch.tensor(styles[chance.integers(len(styles))])
        code += spread * torch.randn_like(code)
        latents = [*(torch.randn(shape) for shape in shapes[:-1]), code.reshape(shapes[-1])]
        with torch.no_grad():
            painted = teacher(inputs, latents)
            wanted, is_plain = cleaned(continued(teacher, inputs, latents, painted), inputs)
            wanted = muted(wanted, inputs)
        loss = (student(inputs, latents) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        for gain, is_off in zip(gains, off, strict=True):
            gain.grad[is_off] = 0
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            target = (painted - wanted).square().mean()
            progress.write(f"step {step}: loss {loss:.6f}, of the teacher {target:.6f}, {is_plain.mean():.0%} plain")


def continued(teacher, inputs: Tensor, latents: list[Tensor], painted: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` of label maps `(1, H, W)`, as part of ones twice as large: each edge goes on outwards.

    The noise beyond the edges is that within them, mirrored, so that a picture follows from what the learner is given.
    In the mean of their middle, colours are those of the picture that was `painted` without: colours are asked for.
    """
    height, width = inputs.shape[1:]
    larger = F.pad(inputs[:, None].float(), _margins(inputs), mode="replicate")[:, 0].to(inputs.dtype)
    noise = [F.pad(plane, _margins(plane), mode="reflect") for plane in latents[:-1]]
    wanted = teacher(larger, [*noise, latents[-1]])[..., height // 2 : -height // 2, width // 2 : -width // 2]
    middle = ..., slice(height // 4, -height // 4), slice(width // 4, -width // 4)
    return wanted + (painted - wanted)[middle].mean(dim=(2, 3), keepdim=True)


def _margins(planes: Tensor) -> tuple[int, int, int, int]:
    height, width = planes.shape[-2:]
    return width // 2, width // 2, height // 2, height // 2


def muted(painted: Tensor, inputs: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` of label maps `(1, H, W)`, with less colour where there is more than labels can tell."""
    is_muted = torch.isin(inputs, torch.tensor([labels.INDEX[name] for name in MUTED])).float()[:, None]
    brightness = painted.mean(dim=1, keepdim=True)
    colour = painted - brightness
    most = colour.abs().amax(dim=1, keepdim=True)
    return painted + is_muted * (COLOURFUL / most.clamp(min=COLOURFUL) - 1) * colour


def cleaned(painted: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures `(1, 3, H, W)` in [-1, 1] of label maps `(1, H, W)` -> them with clean walls, and where those are."""
    is_wall = (inputs == labels.INDEX["facade"]).float()[:, None]
    is_plain = 1 - F.max_pool2d(1 - is_wall, 2 * AWAY + 1, stride=1, padding=AWAY)  # beyond the edge is no other label
    if not is_plain.any():
        return painted, is_plain
    counts = is_plain
    for _ in range(ROUNDS):
        weight = mean_around(counts)
        around = mean_around(painted * counts) / weight.clamp(min=1e-3)
        differences = painted - around
        sizes = differences.mean(dim=1, keepdim=True).abs()
        grain = (GRAIN * sizes[is_plain > 0].median()).clamp(LEAST, MOST)
        counts = is_plain * (sizes <= grain)
    known = is_plain * (weight > 0.05)
    # The brightness is cut off, and what there is of colour with it, in proportion.
    kept = grain / sizes.clamp(min=grain)
    return painted + known * (kept - 1) * differences, known


def mean_around(values: Tensor) -> Tensor:
    return F.avg_pool2d(values, 2 * AROUND + 1, stride=1, padding=AROUND, count_include_pad=False)


if __name__ == "__main__":
    main()
