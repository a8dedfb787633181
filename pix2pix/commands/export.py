"""The command `export`: graphs beside the weights of a checkpoint, for servers and browsers, checked against torch."""

from pathlib import Path
from typing import Annotated

import tyro

from pix2pix.data.sources import check_named
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError, remove_leftovers


def export(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")],
    half: bool = False,
    int8: str | None = None,
) -> None:
    """Write model.onnx into a checkpoint's folder and print its greatest difference from torch.

    A small generator for facades gets a form for the app's visitors, too: browser.json and browser.bin.

    Args:
        folder: The checkpoint; of a run, its newest one.
        half: Store the weights as float16 first, at half the size.
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
