"""What a command refuses with, and what it then tells to do."""

import re
import shlex
from collections.abc import Callable

import pytest


def refusal(main: Callable, *arguments: object) -> str:
    """What a command that refuses says, in one line."""
    with pytest.raises(ValueError) as refused:
        main([*map(str, arguments)])
    assert "\n" not in str(refused.value)
    return str(refused.value)


def advised(said: str, pattern: str) -> list[str]:
    """The words that a message tells to give."""
    found = re.search(pattern, said)
    assert found, said
    return shlex.split(found[1])
