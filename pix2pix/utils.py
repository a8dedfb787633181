"""Small helpers of every room: what people can mend, files written wholly or not at all, names, the machine's cores."""

import functools
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class UserError(ValueError):
    """What the person at the command line, the page or the API can mend: shown as one line, without a traceback."""


def available_cores() -> int:
    """Cores this process may use: its affinity, and in a container the share that its cgroup grants it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return cores


@functools.cache
def is_amd() -> bool:
    """Whether the CPU is one of AMD's, for which MKL, torch's library of matrix products, keeps its slower half."""
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return "AuthenticAMD" in platform.processor()


def package_commit() -> str:
    """Name the commit of the program; "unknown" where it does not lie in a clone of its own."""
    return _git("rev-parse", "--short=12", "HEAD") or "unknown"


def package_address() -> str:
    """Find where the program is published, by the clone it lies in, without credentials; "" where that is unknown."""
    address = _git("remote", "get-url", "origin")
    host_and_path = re.fullmatch(
        r"(?:https://(?:[^/@]*@)?|ssh://git@|git@)([\w.-]+)[:/]([\w./~-]+?)(?:\.git)?/?", address
    )
    return f"https://{host_and_path[1]}/{host_and_path[2]}" if host_and_path else ""


def _git(*arguments: str) -> str:
    """Ask git about the clone of the program; "" where there is none, such as beside other projects' files."""
    root = Path(__file__).resolve().parents[1]
    try:
        command = ["git", "-C", str(root)]
        top = subprocess.run([*command, "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True)
        if Path(top.stdout.strip()).resolve() != root:
            return ""
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


TEMPORARY = ".tmp"  # how the hidden neighbours end in which a file or folder is built
IN_THE_MAKING = 3600.0  # seconds: what was not touched for so long was left by a save that was killed
_MADE = re.compile(rf"\.(.+)\.\w{{8}}{re.escape(TEMPORARY)}")  # as tempfile names them: .NAME.abcd1234.tmp


def check_file_path(path: Path) -> None:
    """Raise UserError where no file can be written at `path`: it is a folder, or the folder for it is missing."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is no folder; make it first")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file wholly or not at all: to a temporary neighbour, synced to the disk, then renamed."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path, names: Collection[str]) -> None:
    """Delete what killed saves of these files and folders left in `folder`; what may be in the making stays."""
    for path in folder.iterdir() if folder.is_dir() else ():
        made = _MADE.fullmatch(path.name)
        if made and made[1] in names and time.time() - path.stat().st_mtime > IN_THE_MAKING:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


MAX_NAMED = 10  # problems that one message names


def natural_order(path: Path) -> tuple[int, str]:
    """Sort 2.jpg before 10.jpg."""
    return len(path.stem), path.name


def name_some(problems: Iterable[object]) -> str:
    """Name at most ten of them, and say how many there are."""
    problems = [str(problem) for problem in problems]
    more = f" … ({len(problems)} in all)" if len(problems) > MAX_NAMED else ""
    return ", ".join(problems[:MAX_NAMED]) + more


def counted(count: int, noun: str, plural: str = "") -> str:
    """Say how many there are: "1 picture", "2,000 pictures"; `plural` where it is not the noun with an s."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


@contextmanager
def written_together(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes `folder` when the block ends well, and vanishes when it does not.

    So do the folders above it that were made for it.
    """
    made = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder.parent, [folder.name])
    prefix = f".{folder.name}."
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=prefix, suffix=TEMPORARY))
    try:
        yield building
        for path in building.rglob("*"):
            if path.is_file():
                with path.open("rb+") as file:  # Windows syncs only what is open for writing
                    os.fsync(file.fileno())
        building.chmod(0o755)  # mkdtemp makes folders for their owner alone
        building.replace(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        with suppress(OSError):  # something else came into one meanwhile
            for parent in made:
                parent.rmdir()
        raise
