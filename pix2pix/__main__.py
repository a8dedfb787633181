"""The command line: python -m pix2pix COMMAND. Each command is a plain function in `commands/`.

It names them only: a command's module is loaded when the command is called. Torch is imported inside of the functions,
after what needs none: --help, a wrong flag, and a name that is not there.
"""

import importlib
import inspect
import sys
from collections.abc import Sequence

from pix2pix.cli import defer, parse, run_command
from pix2pix.utils import UserError

COMMANDS = {
    "translate": ("pix2pix.commands.translate", "files in, files out"),
    "evaluate": ("pix2pix.commands.evaluate", "scores of checkpoints, with intervals, as JSON and as a page"),
    "sheet": ("pix2pix.commands.gallery", "drawings by hand beside what checkpoints make of them"),
    "export": ("pix2pix.commands.export", "model.onnx beside the weights, checked against torch"),
    "data": ("pix2pix.commands.data", "check, pair and split own pictures"),
    "download": ("pix2pix.commands.download", "published sets, verified and resumed"),
    "convert": ("pix2pix.commands.convert", "other programs' generators as checkpoints"),
    "push": ("pix2pix.commands.push", "a checkpoint to the Hub as a model"),
    "deploy": ("pix2pix.commands.deploy", "the app to the Hub as a Space"),
}


def main(arguments: Sequence[str]) -> None:
    """Raises ValueError or OSError for what the user can mend."""
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print("usage: python -m pix2pix COMMAND …\n\nEach command explains itself with --help.\n")
        print("\n".join(f"  {command:10} {what}" for command, (_, what) in COMMANDS.items()))
        return
    if name not in COMMANDS:
        raise UserError(f"unknown command {name!r}; there are: {', '.join(COMMANDS)}")
    try:
        command = getattr(importlib.import_module(COMMANDS[name][0]), name)
        command = defer(command) if inspect.isfunction(command) else command  # `data` is a choice of deferred commands
        parse(command, arguments[1:], prog=f"python -m pix2pix {name}")()
    except ModuleNotFoundError as error:
        if (error.name or "pix2pix").split(".")[0] == "pix2pix":
            raise
        raise UserError(f"{name} needs {error.name}: pip install -r requirements-train.txt") from None


if __name__ == "__main__":
    run_command(main, sys.argv[1:])
