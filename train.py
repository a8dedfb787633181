"""Train pix2pix on pairs of images, on whatever accelerate finds: a GPU, several processes, or a CPU.

python train.py --data synthetic --output runs/first
python train.py --data path/to/facades --recipe live --output runs/facades
python train.py --resume runs/facades --epochs 300
python train.py --data synthetic --push-to-hub USER/REPO --push-every 10 --push-state
python train.py --resume USER/REPO
accelerate launch train.py --data path/to/facades --precision bf16
"""

import sys
from collections.abc import Sequence

from pix2pix.cli import run_command
from pix2pix.training import options, plans
from pix2pix.utils import UserError


def main(arguments: Sequence[str]) -> None:
    """Train by the command line; UserError or OSError for what the user can fix, 130 or 143 when interrupted."""
    given = options.read(arguments)
    plan = plans.make(given)  # torch takes seconds to import; what is wrong with names and pairs is told without it
    try:
        from pix2pix.training import launch
    except ModuleNotFoundError as error:
        raise UserError(f"training needs {error.name}: pip install -r requirements-train.txt") from None
    launch.launch(given, plan)


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
