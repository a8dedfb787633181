"""Run a command with the answers that Windows gives where they differ: tests/helpers/windows.py train|p2p ARGUMENTS.

A descriptor that is open for reading alone cannot be synced, and symlinks need a privilege. Encodings are set by the
caller, with PYTHONIOENCODING.
"""

import errno
import fcntl
import os
import sys
from pathlib import Path

sync = os.fsync


def fsync(descriptor: int) -> None:
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    sync(descriptor)


def symlink(*_arguments, **_options) -> None:
    raise OSError(errno.EINVAL, "[WinError 1314] A required privilege is not held by the client")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.fsync, os.symlink = fsync, symlink
    from pix2pix.cli import run_command

    if sys.argv[1] == "train":
        from train import main
    else:
        from pix2pix.__main__ import main
    run_command(main, sys.argv[2:])
