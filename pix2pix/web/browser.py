"""What a visitor's browser is given to paint with, by a site or by the app: files, told with length and SHA-256.

The app makes them ready when the first page asks, which it does where the server's pictures are slow to come: who
paints on the machine that the app runs on never causes a download.
"""

import gzip
import hashlib
import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pix2pix.inference import browser_form, checkpoint
from pix2pix.utils import UserError
from pix2pix.web.examples import SIZE
from pix2pix.web.runtime import LICENCE, Runtime, find_runtime

PIECE = 2**20  # bytes of a file that have a SHA-256 of their own, as in downloads.js
RETRY = 600.0  # seconds until what could not be made ready is tried again

Files = dict[str, bytes]


class BrowserPainting:
    """Files with which browsers paint the listed models (name -> folder or Hub id) that have a form for it."""

    def __init__(self, listed: Mapping[str, str | Path], runtime: Path | None = None):
        """`runtime` is npm's package onnxruntime-web; without it, the cache's, fetched from npm once if need be."""
        self.names = [name for name, source in listed.items() if _may_have_form(source)]
        self.files: Files = {}
        self._listed, self._source = listed, runtime
        self._told: dict | None = None
        self._lock, self._thread, self._retry_at = threading.Lock(), None, 0.0

    def offer(self) -> dict:
        """Tell what to fetch, as `Site` in painter.js, and the folder it is in; or whether to ask again soon."""
        with self._lock:
            is_working = self._thread is not None and self._thread.is_alive()
            if not self._told and not is_working and time.monotonic() >= self._retry_at:
                self._thread, is_working = threading.Thread(target=self._prepare, daemon=True), True
                self._retry_at = time.monotonic() + RETRY
                self._thread.start()
            return self._told or {"site": None, "again": is_working}

    def _prepare(self) -> None:
        """Find the forms, then the runtime; what is missing is one line in the terminal."""
        try:
            files, models = {}, {}
            for name in self.names:
                folder = checkpoint.find(self._listed[name])
                if browser_form.is_there(folder):
                    form, place = browser_form.read(folder), place_of(name)
                    files |= {f"{place}/weights.bin": form.weights, f"{place}/form.json": form.form}
                    models[name] = network(files, place, form.takes_colours, form.styles)
            if models:
                files |= runtime_files(find_runtime(self._source))
                version = digest(files.values())[:12]
                self.files = {f"{version}/{path}": content for path, content in files.items()}
                self._told = {"site": site(files, models), "folder": version, "again": False}
        except (UserError, OSError) as error:
            print(f"Visitors' browsers do not paint; the server paints for all: {error}")


def _may_have_form(source: str | Path) -> bool:
    """Whether to look for a form: that of a Hub id is seen when it has come."""
    folder = Path(source)
    return browser_form.is_there(folder) if folder.exists() else True


def runtime_files(runtime: Runtime) -> Files:
    """ONNX Runtime: as .js, which every server gives its right type, and gzipped under a name that none unpacks."""
    return {
        "runtime/ort.js": runtime.module,
        "runtime/ort.wasm.bin": gzip.compress(runtime.wasm, 9, mtime=0),
        "runtime/LICENSE": LICENCE.encode(),
    }


def place_of(model: str) -> str:
    """The folder of a model's files."""
    return "models/" + re.sub(r"[^\w.-]", "-", model)


def site(files: Files, models: Mapping[str, dict], **further) -> dict:
    """Tell a page what there is: see `Site` in painter.js."""
    wasm = entry(files, "runtime/ort.wasm.bin")
    return {"size": SIZE, "runtime": "runtime/ort.js", "wasm": wasm, "models": dict(models), **further}


def network(files: Files, place: str, colours: bool, styles: Sequence[str]) -> dict:
    return {**parts(files, place), "colours": colours, "styles": list(styles)}


def parts(files: Files, place: str) -> dict:
    """Tell the two files of a network."""
    return {"weights": entry(files, f"{place}/weights.bin"), "form": entry(files, f"{place}/form.json")}


def entry(files: Files, path: str) -> dict:
    """Tell a file, and the SHA-256 of each of its pieces, which a browser checks while they come."""
    content = files[path]
    pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)]
    return {"path": path, "bytes": len(content), "sha256": [hashlib.sha256(piece).hexdigest() for piece in pieces]}


def digest(contents) -> str:
    """One hash of several contents, in their order."""
    found = hashlib.sha256()
    for content in contents:
        found.update(len(content).to_bytes(8, "little") + content)
    return found.hexdigest()
