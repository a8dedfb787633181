"""Teach a generator to paint as it does where it paints best: without a discriminator, by its own pictures retouched.

python -m experiments.retouch CHECKPOINT --data data/facades --output DIR [--retouches light ...] [--steps N]

Its teacher is itself, and `--retouches` say what is done to the teacher's pictures before they are targets:

edges    drawings go on beyond each edge for half their size, since near the edges of a picture generators invent
         leaves, scratches and a pale frame
walls    plain walls lose their spots
ruling   plain walls and skies lose the level lines that go all across them
halos    walls and sky lose the dark and pale rims along their common border
shops    shops are painted as panes of window between posts, under a blind: of those the generator knows more
colours  shops, doors and balconies are muted
light    houses are lit from above: brighter at the roof than at the street, as in photos; doors and shops have contrast

Inputs are training label maps and synthetic ones in turn, each in another style and colours.
"""

import argparse
from collections.abc import Sequence
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
from pix2pix.walls import STREET, with_walls

RETOUCHES = ("edges", "walls", "ruling", "halos", "shops", "colours", "light")

AWAY = 3  # pixels from anything else: cornices and balconies cast their shadows on the nearer ones
AROUND = 12  # pixels: how far the wall around a spot reaches
ROUNDS = 2  # in which what was cut off before no longer counts for the colour of the wall around
GRAIN, LEAST, MOST = 2.5, 8 / 127.5, 20 / 127.5  # median differences that are grain; at least, and at most
MUTED = ("shop", "door", "balcony")  # which the labels tell so little of that their colours are chance: red, orange
COLOURFUL = 16 / 127.5  # the most by which a channel of theirs differs from the mean of the three
ACROSS, ALONG = 6, 16  # pixels: a line is what differs from the wall so far above and below it, as far to both sides
RIM, BEYOND, FAINT = 10, 6, 6 / 127.5  # pixels that a halo reaches; whose colour it gets; what may be left of it
SHOPS = 3  # times more do errors of shops count
GLASS = 0.7  # of a shop's picture is that of panes; the rest, as it was, shines through
BLIND, PANE, POST = 0.16, 0.55, 2  # of a shop's height: its blind, the width of a pane; pixels between two panes
TOP, FALL, BEND = 1.25, 0.7, 1.7  # light at the roof, what it has lost at the street, how late it loses it
SHADE, NOOK = 0.15, 6  # of a wall: at most so much darker beside what stands out, within so many pixels
CONTRAST = {"door": (2.0, 1.0, 8), "shop": (1.5, 0.85, 12)}  # detail, brightness, pixels that a mean is taken over


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", help="of our generator, for facades, with styles")
    parser.add_argument("--data", required=True, help="facades, whose training label maps are painted")
    parser.add_argument("--output", type=Path, required=True, help="folder for the new checkpoint")
    parser.add_argument("--init-from", help="a checkpoint of an earlier retouching, to go on with")
    parser.add_argument("--retouches", nargs="+", choices=RETOUCHES, default=RETOUCHES, help="those that are taught")
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
    codes, rate = list(styles.values()), options.learning_rate
    teach(student, teacher, config, codes, drawings, options.steps, rate, options.retouches)
    card = (folder / checkpoint.CARD).read_text(encoding="utf-8")
    checkpoint.save(options.output, config, student, card, styles=styles)


def teach(
    student,
    teacher,
    config,
    styles: list,
    drawings: list[np.ndarray],
    steps: int,
    learning_rate: float,
    retouches: Sequence[str] = RETOUCHES,
) -> None:
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
            wanted = retouched(teacher, inputs, latents, painted, retouches)
        counts = 1 + SHOPS * _mask(inputs, "shop")  # they are few
        loss = (counts * (student(inputs, latents) - wanted).square()).mean()
        optimizer.zero_grad()
        loss.backward()
        for gain, is_off in zip(gains, off, strict=True):
            gain.grad[is_off] = 0
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            target = (counts * (painted - wanted).square()).mean()
            progress.write(f"step {step}: loss {loss:.6f}, of the teacher {target:.6f}")


def retouched(teacher, inputs: Tensor, latents: list[Tensor], painted: Tensor, retouches: Sequence[str]) -> Tensor:
    """What a teacher `painted` of label maps `(1, H, W)`, retouched: pictures `(1, 3, H, W)` in [-1, 1]."""
    wanted = continued(teacher, inputs, latents, painted) if "edges" in retouches else painted
    if "walls" in retouches:
        wanted, _ = cleaned(wanted, inputs)
    if "ruling" in retouches:
        wanted = unruled(wanted, inputs)
    if "halos" in retouches:
        wanted = without_halos(wanted, inputs)
    if "shops" in retouches and (inputs == labels.INDEX["shop"]).any():
        is_shop = _softened(_mask(inputs, "shop"))
        wanted = wanted + GLASS * is_shop * (teacher(glazed(inputs), latents) - wanted)
    if "colours" in retouches:
        wanted = muted(wanted, inputs)
    return lit(contrasted(wanted, inputs), inputs) if "light" in retouches else wanted


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
    is_plain = _plain(inputs, "facade")
    if not is_plain.any():
        return painted, is_plain
    counts = is_plain
    for _ in range(ROUNDS):
        around, weight = mean_within(painted, counts)
        differences = painted - around
        sizes = differences.mean(dim=1, keepdim=True).abs()
        grain = (GRAIN * sizes[is_plain > 0].median()).clamp(LEAST, MOST)
        counts = is_plain * (sizes <= grain)
    known = is_plain * (weight > 0.05)
    # The brightness is cut off, and what there is of colour with it, in proportion.
    kept = grain / sizes.clamp(min=grain)
    return painted + known * (kept - 1) * differences, known


def unruled(painted: Tensor, inputs: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` of label maps `(1, H, W)`, without what plain walls or skies have in common in rows."""
    brightness = painted.mean(dim=1, keepdim=True)
    for name in ("facade", "background"):
        is_plain = _plain(inputs, name)
        lines = brightness
        for reach in ((ACROSS, 0), (0, ALONG)):  # the level is taken from the first mean, chance from the second
            mean, _ = mean_within(lines, is_plain, reach)
            lines = lines - mean if reach[0] else mean
        painted = painted - is_plain * lines
    return painted


def without_halos(painted: Tensor, inputs: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` of label maps `(1, H, W)`, whose walls and sky keep their colour up to their border."""
    is_wall, is_sky = _mask(inputs, "facade"), _mask(inputs, "background")
    is_other = 1 - is_wall - is_sky
    wanted = painted
    for here, there in ((is_wall, is_sky), (is_sky, is_wall)):
        is_plain = here * (1 - _grown(is_other, AWAY)) * (1 - _grown(there, 1))
        clear = is_plain * (1 - _grown(there, BEYOND))
        around, weight = mean_within(painted, clear)
        differences = painted - around
        kept = FAINT / differences.mean(dim=1, keepdim=True).abs().clamp(min=FAINT)
        wanted = wanted + is_plain * _grown(there, RIM) * (weight > 0.02) * (kept - 1) * differences
    return wanted


def glazed(inputs: Tensor) -> Tensor:
    """Label maps `(1, H, W)` whose shops are panes of window between posts of wall, under a blind."""
    drawing = inputs[0].numpy()
    is_shop = drawing == labels.INDEX["shop"]
    down, height = _along_runs(is_shop, axis=0)
    across, width = _along_runs(is_shop, axis=1)
    panes = np.maximum(1, np.rint(width / (PANE * np.maximum(height, 1)))).astype(int)
    wide = np.maximum(width // panes, 1)
    is_post = (across % wide < POST) & (across >= wide) & (across // wide < panes)
    made = np.where(is_post, labels.INDEX["facade"], labels.INDEX["window"])
    made = np.where(down < np.maximum(3, np.rint(BLIND * height)), labels.INDEX["blind"], made)
    made = np.where(height - down <= 2, labels.INDEX["facade"], made)  # what panes stand on
    is_large = is_shop & (height >= 10) & (width >= 8)  # signs are left
    return torch.from_numpy(np.where(is_large, made, drawing).astype(drawing.dtype))[None]


def _along_runs(mask: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """At each place of a mask: how many of it come before in its row or column without a gap, and the run's length."""
    mask = np.moveaxis(mask, axis, -1)
    places = np.arange(mask.shape[-1])
    before = np.maximum.accumulate(np.where(mask, -1, places), axis=-1)
    behind = np.minimum.accumulate(np.where(mask, len(places), places)[..., ::-1], axis=-1)[..., ::-1]
    offset, length = places - before - 1, behind - before - 1
    return np.moveaxis(np.where(mask, offset, 0), -1, axis), np.moveaxis(np.where(mask, length, 0), -1, axis)


def contrasted(painted: Tensor, inputs: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` of label maps `(1, H, W)`, with more detail in what generators paint flat."""
    for name, (detail, brightness, reach) in CONTRAST.items():
        mask = _mask(inputs, name)
        mean, _ = mean_within(painted, mask, (reach, reach))
        wanted = brightness * (mean + 1) - 1 + detail * (painted - mean)
        painted = painted + _softened(mask) * (wanted - painted)
    return painted.clamp(-1, 1)


def lit(painted: Tensor, inputs: Tensor) -> Tensor:
    """Pictures `(1, 3, H, W)` in [-1, 1] of label maps `(1, H, W)`, with the light of the open sky on houses.

    Their brightness in [0, 1] is multiplied; where light is more than 1, their darkness is raised to its power instead:
    nothing turns white. Walls keep their mean brightness, since their colour is asked for.
    """
    is_house = (inputs != labels.INDEX["background"]).float()[:, None]
    rows = torch.nonzero(is_house[0, 0].mean(dim=1) > STREET)[:, 0]
    if not len(rows):
        return painted
    roof, street = int(rows[0]), int(rows[-1]) + 1
    height = ((torch.arange(inputs.shape[1]) + 0.5 - roof) / (street - roof)).clamp(0, 1)
    light = (TOP - FALL * height**BEND)[:, None]
    brightness = (painted + 1) / 2
    brighter = 1 - (1 - brightness).clamp(min=0) ** light
    wanted = torch.where(light > 1, brighter, light * brightness)
    is_wall = _mask(inputs, "facade")
    wanted = wanted * (1 - SHADE * _softened(is_wall) * mean_around(is_house - is_wall, (NOOK, NOOK)))
    if is_wall.any():
        wanted = (wanted * (brightness * is_wall).sum() / (wanted * is_wall).sum()).clamp(max=1)
    return painted + 2 * _softened(is_house) * (wanted - brightness)


def mean_within(values: Tensor, mask: Tensor, reach: tuple[int, int] = (AROUND, AROUND)) -> tuple[Tensor, Tensor]:
    """The mean of the values of a mask that are within `reach` of each place, and the mask's share there."""
    share = mean_around(mask, reach)
    return mean_around(values * mask, reach) / share.clamp(min=1e-3), share


def mean_around(values: Tensor, reach: tuple[int, int]) -> Tensor:
    size = [2 * each + 1 for each in reach]
    return F.avg_pool2d(values, size, stride=1, padding=reach, count_include_pad=False)


def _mask(inputs: Tensor, name: str) -> Tensor:
    return (inputs == labels.INDEX[name]).float()[:, None]


def _plain(inputs: Tensor, name: str) -> Tensor:
    return 1 - _grown(1 - _mask(inputs, name), AWAY)  # beyond the edge is no other label


def _grown(mask: Tensor, reach: int) -> Tensor:
    return F.max_pool2d(mask, 2 * reach + 1, stride=1, padding=reach)


def _softened(mask: Tensor) -> Tensor:
    return mean_around(mask, (1, 1))


if __name__ == "__main__":
    main()
