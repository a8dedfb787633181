"""The command `download`: a published set, ready for `train.py --data`.

python -m pix2pix download facades
"""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from pix2pix.data import download as published
from pix2pix.data.catalog import SETS


def download(
    name: Annotated[Literal[tuple(SETS)], tyro.conf.Positional],
    output: Path = published.HOME,
    mirror: str | None = None,
) -> None:
    """Download a published set, check it and unpack it to OUTPUT/NAME; call it again to go on after a cut.

    Args:
        name: The set.
        output: Folder of sets; made if missing.
        mirror: Address of a folder with the archive, https:// or file://, tried before the known ones.
    """
    published.download(name, output, mirror)
