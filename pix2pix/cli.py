"""How every command starts and ends: flags from types, and bad input as one line with exit code 2, no traceback."""

import contextlib
import functools
import io
import os
import re
import sys
from collections.abc import Callable, Sequence

import tyro

from pix2pix.utils import UserError

# How tyro shows an error: lines between its parts, a frame around it, and titles that say nothing more.
_RULE = re.compile(r"[-\u2500-\u257f\s]*\n[\s\u2502]*[-\u2500]{20,}[\s\u2502]*")
_FRAME = re.compile(r"[\u2500-\u257f\s]+")
_TITLES = re.compile(r"^((\w+ (error|options|argument)|Error parsing \S+:)[; ]+)+")


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

    Run inside `parse` it could neither show progress nor choose its exit code.
    """

    @functools.wraps(command)
    def noted(*arguments, **options) -> Callable[[], None]:
        return functools.partial(command, *arguments, **options)

    return noted


def parse(wanted, arguments: Sequence[str], prog: str, **tyro_options):
    """`tyro.cli`, whose errors become a ValueError of one line instead of a frame on the terminal."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return tyro.cli(wanted, args=list(arguments), prog=prog, **tyro_options)
    except SystemExit as stop:
        if not stop.code:
            raise  # --help
        parts = (_FRAME.sub(" ", part).strip() for part in _RULE.split(printed.getvalue()))
        message = "; ".join(part for part in parts if part)
        raise UserError(_TITLES.sub("", message)) from None
