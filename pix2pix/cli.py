"""How every command ends: bad input is one line on standard error and exit code 2, never a traceback."""

import sys
from collections.abc import Callable, Sequence


def run_command(main: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> None:
    """Run `main`, turning what a user can mend (ValueError) or the machine refuses (OSError) into one line."""
    try:
        main(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
