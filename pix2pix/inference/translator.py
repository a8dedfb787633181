"""From one picture to one picture: the function behind samples, evaluation, the command line and the app.

translator = load("checkpoints/facades")
photo = translator(label_image)                  # (H, W, 3) uint8 -> (H, W, 3) uint8
another = translator(label_image, variation=7)   # another photo of it, the same one for the same 7

python -m pix2pix translate CHECKPOINT INPUT... --output DIR
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import ImageColor

from pix2pix import config as configs
from pix2pix import images, labels
from pix2pix.config import ModelConfig
from pix2pix.inference import checkpoint
from pix2pix.inference.latents import draw, latent_shapes
from pix2pix.utils import UserError
from pix2pix.walls import with_walls

STYLE_SPREAD = 0.4  # standard deviations by which a variation strays from a named style
COLOUR_SPREAD = 1.1  # and from its colours of wall and sky: a material goes with many
MAX_COLOR_CODE = 6.0  # standard deviations: nearly all colours that there are, and further than photos go
Colour = tuple[int, int, int]


class Network(Protocol):
    """A generator on any runtime: its inputs and what it takes from chance -> a picture `(1, C, H, W)` in [-1, 1].

    Inputs are a picture `(1, C, H, W)` float32 in [-1, 1], of facades a label map `(1, H, W)` uint8.

    `latent_kind`: "mask" of dropout or "noise"; `latent_channels`: of each, one for each decoder that takes any.
    `color_basis`: mean `(6,)` and spread `(6, 6)`, lower triangular, of the colours of wall and sky in [-1, 1] that
    color codes stand for: colours = mean + spread @ color_code. Empty where it takes no colours.
    Where it can stop half-way, it does when `cancel` is cancelled, and raises.
    """

    latent_kind: str
    latent_channels: Sequence[int]
    color_basis: Sequence[np.ndarray]

    def __call__(
        self, inputs: np.ndarray, latents: Sequence[np.ndarray], cancel: Future | None = None
    ) -> np.ndarray: ...


class Translator:
    """A checkpoint ready for use. Safe to call from several threads."""

    def __init__(
        self,
        config: ModelConfig,
        network: Network,
        name: str = "generator",
        styles: Mapping[str, Sequence[float]] | None = None,
    ):
        """`styles`: codes of `config.architecture.code_size` numbers by name; the first is the default."""
        self.config = config
        self.network = network
        self.name = name
        self.styles = {style: np.float32(code) for style, code in (styles or {}).items()}

    @property
    def takes_colours(self) -> bool:
        """Whether it can be told the colours of wall and sky."""
        return self.config.task == "facades" and len(self.network.color_basis) > 0

    def __call__(
        self,
        image: np.ndarray,
        variation: int | None = None,
        cancel: Future | None = None,
        wall: Colour | None = None,
        sky: Colour | None = None,
        style: str | None = None,
    ) -> np.ndarray:
        """Picture `(H, W, C)` uint8, or label map `(H, W)` of class indices -> generated picture `(H, W, C)` uint8.

        C is what the config says, of inputs and of targets; UserError for a picture that cannot be brought to it.

        A picture of labels is snapped to the palette first; `labels.VOID` in a map is no class. Sides that are no
        multiple of `2 ** depth` are continued by reflection to the next one, and the result is cropped back.
        Statistics, where the network takes any, are of this one picture. `style` is one of `styles`, by name;
        UserError lists them.
        `variation` is the seed of the noise and, where no style is named, of a style near one of them (of a color code
        of chance where there are none), or of the dropout masks, which are the paper's only noise. None leaves dropout
        out, and takes noise that is always the same and the first style, or the mean color_code where there is none.
        `wall` and `sky` are colours (R, G, B) in 0..255 that are asked for instead, and come out as near as facades
        have them; a checkpoint without `takes_colours` ignores them. The same arguments give the same picture. Cancel
        the future `cancel` to end the work early, with some error.
        """
        generated = self.network(*self.network_inputs(image, variation, wall, sky, style), cancel)
        height, width = image.shape[:2]
        return images.denormalize(generated[0])[:height, :width]

    def network_inputs(
        self,
        image: np.ndarray,
        variation: int | None = None,
        wall: Colour | None = None,
        sky: Colour | None = None,
        style: str | None = None,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """What the network is given for a picture or a label map, and what it takes from chance; see `Network`."""
        if self.config.task != "facades":
            image = images.to_channels(image, self.config.architecture.in_channels)
        elif image.ndim == 3:
            image = labels.snap(image)
        if self.config.architecture.sees_walls:
            image = with_walls(image)
        height, width = image.shape[:2]
        multiple = 2**self.config.architecture.depth
        sides = ((0, -height % multiple), (0, -width % multiple), (0, 0))
        padded = np.pad(image, sides[: image.ndim], mode="symmetric")
        shapes = latent_shapes(self.config.architecture, self.network.latent_channels, *padded.shape[:2])
        latents = draw(self.network.latent_kind, shapes, variation)
        self.check_style(style)
        if self.styles:
            latents = (*latents[:-1], self._style_code(style, variation).reshape(latents[-1].shape))
        if self.takes_colours and (wall or sky):
            code = latents[-1].ravel().copy()
            count = len(self.network.color_basis[0])
            code[:count] = color_code_of(code[:count], *self.network.color_basis, wall, sky)
            latents = (*latents[:-1], code.reshape(latents[-1].shape))
        return images.batch(padded), latents

    def check_style(self, style: str | None) -> None:
        """Raise UserError, with the list, for a name that is none of `styles`; None is the default."""
        if style is not None and style not in self.styles:
            listed = f"it has {', '.join(self.styles)}" if self.styles else "it has none, leave the style out"
            raise UserError(f"{self.name} has no style {style[:40]!r}; {listed}")

    def nearest_style(self, wall: Colour | None, sky: Colour | None) -> str | None:
        """The name of the style whose colours are nearest to these; None without a wall, and where there are none."""
        if wall is None or not (self.styles and self.takes_colours):
            return None
        mean, spread = self.network.color_basis
        code = color_code_of(np.zeros_like(mean), mean, spread, wall, sky)
        return min(self.styles, key=lambda name: float(np.linalg.norm(self.styles[name][: len(code)] - code)))

    def _style_code(self, style: str | None, variation: int | None) -> np.ndarray:
        """The code of a named style; without a name that of the first one, or a `variation` near one of them."""
        if style is not None or variation is None:
            return self.styles[style or next(iter(self.styles))]
        stream = np.random.default_rng([variation, len(self.styles)])  # another stream than that of the noise
        code = list(self.styles.values())[stream.integers(len(self.styles))]
        spread = variation_spread(len(code), len(self.network.color_basis[0]) if self.takes_colours else 0)
        return code + spread * stream.standard_normal(code.shape, dtype=np.float32)


def variation_spread(size: int, colours: int) -> np.ndarray:
    """Standard deviations `(size,)` by which a variation strays from the code of a style: `colours` first."""
    spread = np.full(size, STYLE_SPREAD, dtype=np.float32)
    spread[:colours] = COLOUR_SPREAD
    return spread


def color_code_of(
    color_code: np.ndarray, mean: np.ndarray, spread: np.ndarray, wall: Colour | None, sky: Colour | None
) -> np.ndarray:
    """The color code `(6,)` of a wall and a sky, (R, G, B) in 0..255 each; of what is None, that of `color_code`.

    Without a sky, the sky is one that goes with such a wall. Colours that no facade has come out as the nearest.
    """
    color_code = color_code.copy()
    for colour, part in ((wall, slice(0, 3)), (sky, slice(3, 6))):
        if colour is not None:
            rest = (
                images.normalize(np.float32(colour))
                - mean[part]
                - spread[part, : part.start] @ color_code[: part.start]
            )
            color_code[part] = np.clip(np.linalg.solve(spread[part, part], rest), -MAX_COLOR_CODE, MAX_COLOR_CODE)
    return color_code


def read_colour(text: str | None, name: str) -> Colour | None:
    """A colour as "#rrggbb" or "#rgb", or by its name in HTML; None where there is no text.

    The # may be left out where a shell would take it for a comment. UserError for another text, with the `name` of
    what it was to colour.
    """
    if not text:
        return None
    bare = re.fullmatch(r"[0-9a-fA-F]{6}|[0-9a-fA-F]{3}", text)
    written = re.fullmatch(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})|[a-zA-Z]{1,30}", text)
    try:
        return ImageColor.getrgb(f"#{text}" if bare else written[0])[:3]
    except (TypeError, ValueError):  # nothing was matched, or the name is unknown
        message = (
            f"{name} is {text[:20]!r}; a colour is written as #rrggbb, such as #c99a54, or by a name, such as peru"
        )
        raise UserError(message) from None


def name_colour(colour: Colour | None) -> str | None:
    """A colour as pages and programs write it, "#rrggbb": what `read_colour` reads; None for None."""
    return colour and "#{:02x}{:02x}{:02x}".format(*colour)


def read_colours(translator: Translator, wall: str | None, sky: str | None) -> dict[str, Colour | None]:
    """The colours that someone asks `translator` for, as keywords for it; UserError where it takes none."""
    colours = {"wall": read_colour(wall, "wall"), "sky": read_colour(sky, "sky")}
    if any(colours.values()) and not translator.takes_colours:
        raise UserError(f"{translator.name} takes no colours; leave wall and sky out")
    return colours


def load(name: str | Path) -> Translator:
    """A checkpoint by folder, on ONNX Runtime where it holds `model.onnx`, on torch where it does not.

    Raises UserError, in one line, for whatever is not a whole checkpoint.
    """
    folder = checkpoint.find(name)
    if not (folder / checkpoint.ONNX).is_file():
        return load_torch(name)
    from pix2pix.inference.onnx_session import OnnxNetwork

    config = configs.read(folder / checkpoint.CONFIG, name)
    styles = checkpoint.read_styles(folder, config)
    return Translator(config, OnnxNetwork(folder, config=config), checkpoint.shown_name(name), styles)


def load_torch(name: str | Path) -> Translator:
    """The same on torch: the reference that the ONNX graph is checked against."""
    try:
        config, generator = checkpoint.load(name)
    except ModuleNotFoundError as error:
        raise UserError(f"{name} has no {checkpoint.ONNX}, and without it needs {error.name}") from None
    styles = checkpoint.read_styles(checkpoint.find(name), config)
    return Translator(config, TorchNetwork(generator), checkpoint.shown_name(name), styles)


class TorchNetwork:
    """A torch generator, used where it is (device, mode) and left as it was."""

    def __init__(self, generator):
        self.generator = generator
        self.latent_kind, self.latent_channels = generator.latent_kind, generator.latent_channels
        buffers = dict(generator.named_buffers())
        self.color_basis = [buffers[name].float().cpu().numpy() for name in checkpoint.COLOR_BASIS if name in buffers]

    def __call__(self, inputs: np.ndarray, latents: Sequence[np.ndarray], cancel: Future | None = None) -> np.ndarray:
        import torch

        device = next(self.generator.parameters()).device
        was_training = self.generator.training
        self.generator.eval()
        try:
            with torch.inference_mode():
                generated = self.generator(
                    torch.from_numpy(inputs).to(device), [torch.from_numpy(each).to(device) for each in latents]
                )
        finally:
            self.generator.train(was_training)
        return generated.float().cpu().numpy()
