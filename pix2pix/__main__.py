"""The command line: `pix2pix COMMAND` where the package is installed, `python -m pix2pix COMMAND` in a clone.

Each command is a plain function in a module of its name in `commands/`, which is loaded when it is called. Torch is
imported inside of the functions, after what needs none: --help, a wrong flag, and a name that is not there.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tyro.conf import DisallowNone, FlagCreatePairsOff

from pix2pix import __version__
from pix2pix.cli import defer, parse, run_command
from pix2pix.utils import UserError

COMMANDS = {
    "translate": "files in, files out",
    "segment": "photos of houses in, their drawings out",
    "segmenter": "train the network that reads photos",
    "evaluate": "scores of checkpoints, with intervals, as JSON and as a page",
    "gallery": "drawings by hand beside what checkpoints make of them",
    "export": "model.onnx beside the weights, checked against torch",
    "data": "check, pair and split own pictures",
    "download": "published sets, fetched, checked and unpacked",
    "convert": "other programs' generators as checkpoints",
    "site": "the painter as a static site: the visitors' browsers run the network",
    "push": "a checkpoint to the Hub as a model",
    "deploy": "the app to the Hub as a Space",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. Raises UserError or OSError for what the user can fix.

    Without arguments, as the installed program calls it, they are those of the process, and what is raised is told.
    """
    if arguments is None:
        run_command(main, sys.argv[1:])
        return
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(f"usage: {program()} COMMAND …\n\nEach command explains itself with --help.\n")
        print("\n".join(f"  {command:10} {what}" for command, what in COMMANDS.items()))
        return
    if name == "--version":
        print(f"pix2pix {__version__}")
        return
    try:
        read(arguments)()
    except ModuleNotFoundError as error:
        if (error.name or "pix2pix").split(".")[0] == "pix2pix":
            raise
        raise UserError(f"{name} needs {error.name}: pip install -r requirements-train.txt") from None


def read(arguments: Sequence[str]) -> Callable[[], None]:
    """The command that the arguments name, ready to be called. Raises UserError for a wrong name or flag."""
    name = arguments[0]
    if name not in COMMANDS:
        raise UserError(f"unknown command {name!r}; there are: {', '.join(COMMANDS)}")
    command = getattr(importlib.import_module(f"pix2pix.commands.{name}"), name)
    command = defer(command) if inspect.isfunction(command) else command  # `data` is a choice of deferred commands
    return parse(command, arguments[1:], f"{program()} {name}", config=(FlagCreatePairsOff, DisallowNone))


def program() -> str:
    """How this program was called: `pix2pix` where it is installed, `python -m pix2pix` in a clone."""
    return "pix2pix" if Path(sys.argv[0]).stem == "pix2pix" else "python -m pix2pix"


if __name__ == "__main__":
    main()
