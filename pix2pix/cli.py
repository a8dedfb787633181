"""How every command starts and ends: flags from types, and bad input as one line with exit code 2, no traceback."""

import ast
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
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import tyro

from pix2pix.utils import UserError

# How tyro shows an error: lines between its parts, a frame around it, and titles that say nothing more.
_RULE = re.compile(r"[-\u2500-\u257f\s]*\n[\s\u2502]*[-\u2500]{20,}[\s\u2502]*")
_FRAME = re.compile(r"[\u2500-\u257f\s]+")
_TITLES = re.compile(r"^((\w+ (error|options|argument)|Error parsing \S+:)[; ]+)+")

# What --help calls the value of an argument, by the name of that; else by its type.
METAVARS = {
    "checkpoint": "MODEL", "checkpoints": "MODEL ...", "model": "MODEL", "teacher": "MODEL", "init_from": "MODEL",
    "inputs": "FILE ...", "photos": "FILE ...", "samples": "FILE ...", "runtime": "FILE", "sheet": "FILE",
    "json_file": "FILE", "weights": "FILE", "output": "DIR", "folder": "DIR", "page_folder": "DIR", "segmenter": "DIR",
    "pairs_for_judging": "DIR", "data": "DATA", "int8": "DATA", "resume": "RUN", "run": "RUN",
    "repo": "USER/REPO", "push_to_hub": "USER/REPO", "space": "USER/NAME", "wall": "COLOUR", "sky": "COLOUR",
    "corners": "X,Y ...", "input_range": "LOW HIGH", "target_range": "LOW HIGH", "only": "NAME ...",
    "styles": "NAME ...", "mirror": "ADDRESS",
}  # fmt: skip
BY_TYPE = {str: "NAME", Path: "PATH", int: "NUMBER", float: "NUMBER"}
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
        main(arguments)
    except (UserError, OSError) as error:
        if os.environ.get("PIX2PIX_DEBUG") == "1":
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def defer(command: Callable[..., None]) -> Callable[..., Callable[[], None]]:
    """A command with the same arguments that only notes them: `parse` gives it back, to be called without any.

    Run inside `parse` it could neither show progress nor choose its exit code. Its help is laid out as `label` says.
    """

    @functools.wraps(command)
    def noted(*arguments, **options) -> Callable[[], None]:
        return functools.partial(command, *arguments, **options)

    signature, kinds = inspect.signature(command), get_type_hints(command, include_extras=True)
    noted.__annotations__ = {name: label(name, kinds[name]) for name in signature.parameters}
    noted.__signature__ = signature
    del noted.__wrapped__  # tyro would look there
    noted.__doc__ = re.sub(r"\n {8}(?=\S)", " ", inspect.cleandoc(command.__doc__ or ""))
    return noted


def label(name: str, kind: Any, about: str | None = None) -> Any:
    """Annotate the type of an argument with what --help calls its value; a default that says nothing is left out.

    `about` is the help itself, where tyro would not find it, or break its lines where the source does.
    """
    of = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    of = next((each for each in get_args(of) if each is not NoneType), of) if not isinstance(of, type) else of
    metavar = METAVARS.get(name, BY_TYPE.get(of)) if BY_TYPE.keys() & {of, *get_args(of)} else None
    shown = tyro.conf.arg(metavar=metavar, help=about, help_behavior_hint=_hint)
    return Annotated[kind, shown, *getattr(kind, "__metadata__", ())]  # what a command says itself comes last


def _hint(default: str) -> str:
    return "" if default in UNSAID else f"(default: {default})"


def label_fields(part: type) -> type:
    """Do the same for the fields of a dataclass, whose help stands below each."""
    body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0].body
    told = {field.target.id: " ".join(doc.value.value.split()) for field, doc in pairwise(body)
            if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr)}  # fmt: skip
    kinds = get_type_hints(part, include_extras=True)
    part.__annotations__ |= {name: label(name, kinds[name], told.get(name)) for name in part.__annotations__}
    return part


def parse(wanted, arguments: Sequence[str], prog: str, **tyro_options):
    """`tyro.cli`, whose errors become a ValueError of one line instead of a frame on the terminal."""
    printed, told = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(told):
            return tyro.cli(wanted, args=list(arguments), prog=prog, **tyro_options)
    except SystemExit as stop:
        if not stop.code:
            print(_lay_out(told.getvalue()))
            raise
        parts = (_FRAME.sub(" ", part).strip() for part in _RULE.split(printed.getvalue()))
        message = "; ".join(part for part in parts if part)
        raise UserError(_TITLES.sub("", message)) from None


def _lay_out(page: str) -> str:
    """A page of help without names from the code, its lines broken between words where the terminal ends."""
    page = re.sub(r"\n *\n(?=  -)", "\n", page.rstrip())  # lines that defaults which say nothing leave empty
    page = re.sub(r"\[\w+ OPTIONS\]", "[OPTIONS]", page.replace("\n config.", "\n "))
    width = shutil.get_terminal_size().columns
    indents = ("  " if line.startswith("usage:") else "" for line in page.splitlines())
    return "\n".join(
        "\n".join(textwrap.wrap(line, width, subsequent_indent=indent))
        for line, indent in zip(page.splitlines(), indents, strict=True)
    )
