"""The flags of app.py. Nothing in here needs Gradio, which takes seconds to import."""

import argparse
import os
import socket
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn, get_args

from pix2pix.hub import ids
from pix2pix.hub.proxies import check_proxies
from pix2pix.inference import checkpoint
from pix2pix.utils import UserError
from pix2pix.web.serving import AllowedModels


class _Parser(argparse.ArgumentParser):
    """Flags whose faults end the program in one line, as those of every other command do."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Flags; each has an environment variable as its default, since a Space is started without flags."""
    parser = _Parser(description="Paint facades and watch them become photos.")
    env = os.environ.get
    parser.add_argument("--model", default=env("PIX2PIX_MODEL"), help="checkpoint: name, folder or Hub id")
    parser.add_argument("--data", default=env("PIX2PIX_DATA"), help="folder, or dataset on the Hub, of pairs")
    parser.add_argument(
        "--allow-models",
        choices=get_args(AllowedModels),
        default=env("PIX2PIX_ALLOW_MODELS", "bundled"),
        help="what clients may load: the listed models (default), also Hub ids, also folders of this machine",
    )
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        default=env("PIX2PIX_BEHIND_PROXY", "").lower() in ("1", "true", "yes"),
        help="visitors come through a proxy on another machine: tell them apart by the last entry of X-Forwarded-For",
    )
    parser.add_argument(
        "--paint-in-browser",
        choices=("auto", "off"),
        default=env("PIX2PIX_PAINT_IN_BROWSER", "auto"),
        help="auto: a visitor's own browser paints while drawing where that was measured to be quicker; off: never",
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        default=env("PIX2PIX_RUNTIME") or None,
        help="for that, npm's package onnxruntime-web as a file; unless given, fetched when it is first needed",
    )
    parser.add_argument(
        "--port",
        type=int,
        help="serve at this port; unless given, at the first free one from 7860, or GRADIO_SERVER_PORT, on",
    )
    parser.add_argument("--mcp", action="store_true", help="also serve the API as an MCP tool (needs gradio[mcp])")
    options = parser.parse_args(arguments)
    if options.allow_models not in get_args(AllowedModels):  # argparse does not check what comes from the environment
        parser.error(
            f"PIX2PIX_ALLOW_MODELS is {options.allow_models!r}; it can be {', '.join(get_args(AllowedModels))}"
        )
    if options.paint_in_browser not in ("auto", "off"):
        parser.error(f"PIX2PIX_PAINT_IN_BROWSER is {options.paint_in_browser!r}; it can be auto, off")
    if options.runtime and not options.runtime.exists():
        parser.error(f"no file at {options.runtime}: --runtime names npm's package onnxruntime-web")
    if options.mcp and find_spec("mcp") is None:
        parser.error('--mcp needs one more package: pip install "gradio[mcp]"')
    if options.data and not (Path(options.data).is_dir() or ids.DATASET.fullmatch(options.data)):
        parser.error(f"no folder of pairs at {options.data}, and no USER/NAME of a dataset on the Hub either")
    if options.model and options.model not in checkpoint.bundled() and not _is_on_hub(options.model):
        _tell(parser, checkpoint.find, options.model)  # what is on the Hub may come; a wrong path never will
    if not env("GRADIO_SERVER_PORT", "7860").isdecimal():  # Gradio would stumble over it
        parser.error(f"GRADIO_SERVER_PORT is {env('GRADIO_SERVER_PORT')!r}; it is a number, as --port")
    if options.port is not None:
        _tell(parser, _check_port, options.port)
    _tell(parser, check_proxies)  # Gradio asks its own address when it starts, and stumbles over a wrong proxy
    return options


def _is_on_hub(name: str) -> bool:
    """Whether a name can hardly be but one on the Hub: a folder of that name, or of its first part, is not here.

    `train.py` makes runs below runs/, which may not be there yet.
    """
    owner = Path(name).parts[0]
    return bool(ids.MODEL.fullmatch(name)) and not Path(name).exists() and not Path(owner).is_dir() and owner != "runs"


def _check_port(port: int) -> None:
    """Raise UserError where no server can listen at a port of this machine."""
    rest = "give another --port, or none to take the next free one from 7860 on"
    if not 0 < port < 2**16:
        raise UserError(f"--port is {port}; ports are 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Gradio asks
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise UserError(f"port {port} is not for every user: {rest}") from None
        except OSError:
            raise UserError(f"port {port} is taken by another program, perhaps this app: {rest}") from None


def _tell(parser: argparse.ArgumentParser, look: Callable, *arguments: object) -> None:
    """Call what may raise UserError; its line ends the program as a wrong flag does."""
    try:
        look(*arguments)
    except UserError as error:
        parser.error(str(error))
