"""Archives from elsewhere, unpacked so that they can do no harm: plain files alone, below one folder, within a bound.

Refused, as a UserError that names the member: absolute paths, `..`, links, devices, and more bytes or files than are
allowed. What is counted are the bytes that come out, not what the archive says of itself.
"""

import errno
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from pix2pix.data.layouts import SPLITS
from pix2pix.images import EXTENSIONS
from pix2pix.utils import UserError

WANTED = EXTENSIONS | {".txt", ".xml", ".md"}  # other files are passed over
MAX_FILES = 1_000_000
SPLIT_NAMES = frozenset(name for names in SPLITS.values() for name in names)
MAX_NAME_BYTES = 2**16
_CHUNK = 2**20
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)
_DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError,
    TypeError, ValueError, LookupError, OverflowError, struct.error,
)  # fmt: skip
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}


def unpack(archive: Path, folder: Path, max_bytes: int) -> int:
    """Unpack a tar or zip file into an existing folder and return how many files were written.

    A folder in which all others lie is left out. On an error some files may be written: hand in a folder that
    is thrown away then (`utils.written_together`).
    """
    count, left = 0, max_bytes
    try:
        for name, content in _members(archive):
            place = _safe_place(name)
            if place.suffix.lower() not in WANTED or any(part.startswith((".", "__")) for part in place.parts):
                continue
            goal = folder / place
            goal.parent.mkdir(parents=True, exist_ok=True)
            left -= _copy(content, goal, left, archive.name, max_bytes)
            count += 1
            if count > MAX_FILES:
                raise UserError(f"{archive.name} holds more than {MAX_FILES:,} files")
    except UserError:
        raise
    except _DAMAGED as error:
        raise UserError(f"{archive.name} is no whole archive: {error}") from None
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:  # such as a full disk; others are names and places that an archive tells
            raise
        raise UserError(f"{archive.name} is no whole archive: {error}") from None
    _hoist(folder)
    return count


class _Header(tarfile.TarInfo):
    """A member's header; names stored beside it are held in memory, so that their length is bounded."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> "_Header":
        header = super().frombuf(buf, encoding, errors)
        if header.type in _LONG_NAMES and header.size > MAX_NAME_BYTES:
            raise UserError(f"the archive holds a name of {header.size:,} bytes")
        return header


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each plain file; whatever else an archive can hold is refused or, folders, passed over."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for member in file.infolist():
                _safe_place(member.filename)
                if stat.S_ISLNK(member.external_attr >> 16):
                    raise UserError(f"{archive.name} holds a link, {member.filename!r}")
                if not member.is_dir():
                    with file.open(member) as content:
                        yield member.filename, content
        return
    with tarfile.open(archive, "r|*", tarinfo=_Header) as file:  # as a stream: one pass, in constant memory
        for member in file:
            _safe_place(member.name)
            if member.isdir():
                continue
            if not member.isreg():
                kind = "a link" if member.islnk() or member.issym() else "a device"
                raise UserError(f"{archive.name} holds {kind}, {member.name!r}")
            yield member.name, file.extractfile(member)


def _safe_place(name: str) -> PurePosixPath:
    place = PurePosixPath(name)
    leaves = place.is_absolute() or ".." in place.parts or "\0" in name
    if leaves or PureWindowsPath(name).drive or ("\\" in name and ".." in PureWindowsPath(name).parts):
        raise UserError(f"the archive holds {name!r}, which would be written outside of its folder")
    return place


def _copy(content: IO[bytes], goal: Path, left: int, name: str, max_bytes: int) -> int:
    written = 0
    with goal.open("xb") as file:
        while chunk := content.read(min(_CHUNK, left - written + 1)):
            written += len(chunk)
            if written > left:
                raise UserError(f"{name} unpacks to more than {max_bytes:,} bytes; this is not the set it should be")
            file.write(chunk)
    return written


def _hoist(folder: Path) -> None:
    """Take a folder away in which everything lies, unless it is a split; texts beside it may stay."""
    children = list(folder.iterdir())
    inner = [child for child in children if child.is_dir()]
    has_pictures = any(child.suffix.lower() in EXTENSIONS for child in children)
    if len(inner) != 1 or has_pictures or inner[0].name.lower() in SPLIT_NAMES:
        return
    moving = inner[0].rename(folder / ".moving")
    for child in moving.iterdir():
        if (folder / child.name).exists():
            raise UserError(f"the archive holds two files {child.name!r}")
        child.rename(folder / child.name)
    moving.rmdir()
    _hoist(folder)
