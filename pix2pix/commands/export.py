"""The command `export`: graphs beside the weights of a checkpoint, for servers and browsers, checked against torch."""

from pathlib import Path
from typing import Annotated

import tyro

from pix2pix import config as configs
from pix2pix.data.sources import check_named
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError, remove_leftovers, write_atomically


def export(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")],
    half: bool = False,
    sharpening: float | None = None,
    noise_scale: float | None = None,
    int8: str | None = None,
) -> None:
    """Write model.onnx into a checkpoint's folder and print its greatest difference from torch.

    A small generator for facades gets a form for the app's visitors, too: browser.json and browser.bin.

    Args:
        folder: The checkpoint; of a run, its newest one.
        half: Store the weights as float16 first, at half the size.
        sharpening: Sharpen pictures from now on by so much, 0 to 4, as cameras do; for our generator.
        noise_scale: Multiply its noise from now on by so much, 0 to 1: cleaner pictures, less varied.
        int8: Multiply in int8, for wide generators; pairs to measure ranges on, named as for train.py --data.
    """
    if not folder.is_dir():
        raise UserError(f"no folder at {folder}: export writes into a checkpoint's folder, or a run's")
    folder = checkpoint.find(folder)
    if int8 is not None:
        check_named(int8)
    from pix2pix.export.onnx_graph import (
        CHECKED_SIZES,
        CHECKED_VARIATIONS,
        add_int8_onnx,
        add_onnx,
        greatest_difference,
    )
    from pix2pix.export.wasm_graph import add_form

    remove_leftovers(folder, checkpoint.FILES)
    changes = {"sharpening": sharpening, "noise_scale": noise_scale}
    if changes := {name: value for name, value in changes.items() if value is not None}:
        config = configs.read(folder / checkpoint.CONFIG, folder.name).replace(**changes)
        (folder / checkpoint.ONNX).unlink(missing_ok=True)  # it paints without
        write_atomically(folder / checkpoint.CONFIG, configs.to_json(config).encode())
    config, generator = checkpoint.load(folder)
    if half:
        (folder / checkpoint.ONNX).unlink(missing_ok=True)  # it tells where in the old file the weights are
        checkpoint.write_weights(folder, generator, half=True)
        config, generator = checkpoint.load(folder)
    if half or int8 is None:
        add_onnx(folder, config, generator)
    if int8 is not None:
        print(f"{folder / checkpoint.ONNX}: {add_int8_onnx(folder, config, generator, int8)}")
        return
    difference = greatest_difference(folder, config, generator)
    checks = f"{len(CHECKED_SIZES)} sizes with {len(CHECKED_VARIATIONS)} variations each"
    print(f"{folder / checkpoint.ONNX}: at most {difference:.1e} from torch, of values in [-1, 1], at {checks}")
    if size := add_form(folder, config, generator):
        print(f"{folder / checkpoint.BROWSER_WEIGHTS}: {size / 1e6:.1f} MB, with which visitors' browsers paint")
