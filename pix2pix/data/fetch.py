"""Files over HTTP: mirrors tried in turn, continued after a cut (also by a later run), checked, bounded."""

import base64
import hashlib
import http.client
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from pix2pix import __version__
from pix2pix.hub.proxies import check_proxies, describe_proxies
from pix2pix.utils import UserError

ATTEMPTS = 4  # at one mirror, while each gets further
PATIENCE = 30.0  # seconds without a byte
PAUSE = 1.0  # seconds between attempts
_CHUNK = 2**18


def fetch(urls: Sequence[str], goal: Path, max_bytes: int, sha256: str | None = None, sha512: str | None = None) -> str:
    """Bring a file to `goal` and return its SHA-256; what was received before a cut waits beside it as `NAME.part`.

    Raises UserError that says what each mirror answered. A file with another hash than `sha256`, or
    `sha512` in base64 as npm writes it, is thrown away.
    """
    check_proxies(urllib=True)
    part, reasons = goal.with_name(f"{goal.name}.part"), []
    for url in urls:
        try:
            _fetch_from(url, part, max_bytes)
            found = _hash(part)
            if sha256 and found != sha256:
                _forget(part)
                raise UserError(f"its SHA-256 is {found}, not {sha256}")
            if sha512 and (other := base64.b64encode(bytes.fromhex(_hash(part, "sha512"))).decode()) != sha512:
                _forget(part)
                raise UserError(f"its SHA-512 is {other}, not {sha512}")
        except (ValueError, urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reasons.append(f"{url}: {getattr(error, 'reason', None) or error}")
            continue
        part.replace(goal)
        _forget(part)
        return found
    raise UserError(f"{goal.name.lstrip('.')} could not be downloaded: {'; '.join(reasons)}{describe_proxies()}")


def _fetch_from(url: str, part: Path, max_bytes: int) -> None:
    """Attempts at one mirror, each going on where the last one was cut; the last one's error is raised."""
    for attempt in range(ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        try:
            return _continue(url, part, max_bytes)
        except (http.client.HTTPException, TimeoutError, ConnectionError, urllib.error.URLError) as error:
            is_final = isinstance(error, urllib.error.HTTPError) and error.code < 500
            got_further = part.exists() and part.stat().st_size > before
            if is_final or attempt == ATTEMPTS - 1 or not (got_further or attempt == 0):
                raise
            time.sleep(PAUSE)
    return None


def _continue(url: str, part: Path, max_bytes: int) -> None:
    """Make one request; raises IncompleteRead where the body is shorter than announced."""
    origin = part.with_name(f"{part.name}.json")  # which version of which file the part is of
    have = part.stat().st_size if part.exists() and _read(origin).get("url") == url else 0
    request = urllib.request.Request(url, headers={"User-Agent": f"pix2pix/{__version__}"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        if version := _read(origin).get("version"):
            request.add_header("If-Range", version)
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # the part is longer than the file, or it is whole already
            raise
        if have and error.headers.get("Content-Range") == f"bytes */{have}":
            return
        _forget(part)
        raise http.client.IncompleteRead(b"") from None
    with answer:
        if have and answer.status != 206:
            have = 0
        announced = answer.headers.get("Content-Length")
        total = have + int(announced) if announced else None
        if (total or 0) > max_bytes:
            raise UserError(f"it is {total:,} bytes, more than the {max_bytes:,} that the set may have")
        if total and shutil.disk_usage(part.parent).free < total - have:
            raise UserError(f"{total - have:,} bytes are needed, and the disk of {part.parent} has fewer")
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        origin.write_text(json.dumps({"url": url, "version": version}))
        _receive(answer, part, have, total, max_bytes)


def _receive(answer: http.client.HTTPResponse, part: Path, have: int, total: int | None, max_bytes: int) -> None:
    name = part.name.removesuffix(".part").lstrip(".")
    with (
        part.open("r+b" if have else "wb") as file,
        tqdm(total=total, initial=have, unit="B", unit_scale=True, unit_divisor=1024, desc=name) as bar,
    ):
        file.seek(have)
        while chunk := answer.read1(_CHUNK):
            have += len(chunk)
            if have > max_bytes:
                raise UserError(f"it goes on after {max_bytes:,} bytes, more than the set may have")
            file.write(chunk)
            bar.update(len(chunk))
    if total is not None and have < total:
        raise http.client.IncompleteRead(b"", total - have)


def _read(origin: Path) -> dict:
    try:
        return json.loads(origin.read_text())
    except (OSError, ValueError):
        return {}


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(f"{part.name}.json").unlink(missing_ok=True)


def _hash(path: Path, kind: str = "sha256") -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
