"""How every command starts and ends: flags from types, and bad input as one line with exit code 2, no traceback."""

import contextlib
import functools
import inspect
import io
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_type_hints

import docstring_parser
import tyro

from pix2pix.utils import UserError

_RULE = re.compile(r"\n *-{9,} *\n")  # what tyro draws between the parts of an error
_OF_CODE = re.compile(r"^Error parsing [^-]\S*: ")  # it names a flag, or a dataclass, which says itself what is wrong

# What --help calls the value of an argument; by its type, where its name is not here.
METAVARS = {
    "checkpoint": "MODEL", "checkpoints": "MODEL ...", "model": "MODEL", "teacher": "MODEL", "init_from": "MODEL",
    "inputs": "FILE ...", "photos": "FILE ...", "samples": "FILE ...", "runtime": "FILE", "sheet": "FILE",
    "json_file": "FILE", "weights": "FILE", "output": "DIR", "folder": "DIR", "page_folder": "DIR", "segmenter": "DIR",
    "pairs_for_judging": "DIR", "data": "DATA", "int8": "DATA", "resume": "RUN", "run": "RUN",
    "repo": "USER/REPO", "push_to_hub": "USER/REPO", "space": "USER/NAME", "wall": "COLOUR", "sky": "COLOUR",
    "corners": "X,Y ...", "input_range": "LOW HIGH", "target_range": "LOW HIGH", "only": "NAME ...",
    "styles": "NAME ...", "style": "NAME", "license": "NAME", "licence": "NAME", "hardware": "NAME", "tag": "NAME",
    "revision": "NAME", "mirror": "ADDRESS",
}  # fmt: skip
UNSAID = ("None", "False", "", "''")  # defaults that say no more than: unless given


def run_command(main: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> None:
    """Run `main`; what a user can fix (UserError) or the machine refuses (OSError) is one line, exit code 2.

    Any other exception is a fault of the program and keeps its traceback; PIX2PIX_DEBUG=1 shows that of all.
    """
    # Before torch is loaded: its threads sleep while they wait, or they keep each other from a busy machine's cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: a terminal may not know all letters
    try:
        try:
            main(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # nobody reads what is printed any more, as in `pix2pix translate --help | head -3`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python, which flushes as it ends, would say so
        sys.exit(141)
    except (UserError, OSError) as error:
        if os.environ.get("PIX2PIX_DEBUG") == "1":
            raise
        print(f"error: {' '.join(_told(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def _told(error: Exception) -> str:
    """What an error says; what the system says of a file without the number of the error."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def defer(command: Callable[..., None]) -> Callable[..., Callable[[], None]]:
    """A command with the same arguments that only notes them: `parse` gives it back, to be called without any.

    Run inside `parse` it could neither show progress nor choose its exit code.
    """

    def noted(*arguments, **options) -> Callable[[], None]:
        return functools.partial(command, *arguments, **options)

    noted.__doc__, noted.__signature__ = command.__doc__, inspect.signature(command)
    noted.__annotations__ = label(command)
    return noted


def label(command: Callable | type) -> dict[str, Any]:
    """The types of a command's arguments, or a dataclass's fields, with what --help says of each."""
    kinds, labelled = get_type_hints(command, include_extras=True), {}
    docs = {doc.arg_name: doc.description for doc in docstring_parser.parse_from_object(command).params}
    for name, kind in kinds.items():
        about = " ".join((docs.get(name) or "").split())  # tyro would break its lines where the source does
        shown = tyro.conf.arg(metavar=METAVARS.get(name), help=about, help_behavior_hint=_hint)
        labelled[name] = Annotated[kind, shown, *getattr(kind, "__metadata__", ())]  # a command's own comes last
    return labelled


def _hint(default: str) -> str:
    return "" if default in UNSAID else f"(default: {default})"


def parse(wanted, arguments: Sequence[str], prog: str, **tyro_options):
    """`tyro.cli`, whose errors become a UserError of one line, and whose help is as wide as the terminal."""
    errors, page = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(page):
            return tyro.cli(wanted, args=list(arguments), prog=prog, **tyro_options)
    except SystemExit as stop:
        if not stop.code:
            width = shutil.get_terminal_size().columns
            text = re.sub(r"\n *\n(?=  -)", "\n", page.getvalue().rstrip())  # a line that a default unsaid leaves empty
            for line in text.splitlines():
                print(textwrap.fill(line, width, subsequent_indent="  " if line.startswith("usage:") else ""))
            raise
        text = re.sub(r"\n {10}\S.*", "", errors.getvalue())  # the help of each flag that is missing, or was meant
        _title, *parts = (" ".join(part.split()).rstrip(".") for part in _RULE.split(text))
        raise UserError(_OF_CODE.sub("", "; ".join(parts))) from None
