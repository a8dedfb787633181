"""ONNX Runtime for browsers: two files of npm's package, fetched once, checked, and kept for the next site."""

import hashlib
import os
import tarfile
from pathlib import Path
from typing import NamedTuple

from pix2pix.data.fetch import fetch
from pix2pix.utils import UserError, write_atomically

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web-{VERSION}"
URL = f"https://registry.npmjs.org/onnxruntime-web/-/{PACKAGE}.tgz"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # as npm has it
MAX_BYTES = 64 * 2**20  # of the package, which holds much more than these two
FILES = {  # SHA-256; without threads and WebGPU: phones ran out of memory with one, pictures were wrong with the other
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
LICENCE = """\
MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class Runtime(NamedTuple):
    module: bytes  # JavaScript
    wasm: bytes


def find_runtime(source: Path | None = None) -> Runtime:
    """The runtime of `source`, npm's package or its folder; else that of the cache, fetched from npm if need be.

    Raises UserError for a package of another version, and where npm cannot be reached.
    """
    if source is not None:
        if not source.exists():
            raise UserError(f"no file at {source}: --runtime names npm's package onnxruntime-web")
        return _read_folder(source) if source.is_dir() else _read_package(source)
    folder = _cache()
    try:
        return _read_folder(folder)
    except UserError:  # not there yet, or damaged
        pass
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / f"{PACKAGE}.tgz"
    try:
        fetch([URL], package, MAX_BYTES, sha512=SHA512)
    except UserError as error:
        raise UserError(f"{error}; on a machine that reaches npm: npm pack onnxruntime-web@{VERSION}, then give that "
                        f"file as --runtime {package.name}") from None  # fmt: skip
    runtime = _read_package(package)
    for name, content in zip(FILES, runtime, strict=True):
        write_atomically(folder / name, content)
    package.unlink()
    return runtime


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "pix2pix" / PACKAGE


def _read_folder(folder: Path) -> Runtime:
    """Read a folder with the two files, or the package as npm installs it, which has them in `dist`."""
    place = folder / "dist" if (folder / "dist").is_dir() else folder
    missing = [name for name in FILES if not (place / name).is_file()]
    if missing:
        raise UserError(f"{folder} is not onnxruntime-web: it has no {' and no '.join(missing)}")
    return _checked(folder, {name: (place / name).read_bytes() for name in FILES})


def _read_package(path: Path) -> Runtime:
    """Read npm's package, a tar archive, without unpacking it."""
    try:
        with tarfile.open(path) as archive:
            members = {name: archive.getmember(f"package/dist/{name}") for name in FILES}
            if not all(member.isfile() and member.size < MAX_BYTES for member in members.values()):
                raise UserError(f"{path} is not npm's package onnxruntime-web {VERSION}")
            return _checked(path, {name: archive.extractfile(member).read() for name, member in members.items()})
    except (tarfile.TarError, KeyError, EOFError):
        raise UserError(
            f"{path} is not npm's package onnxruntime-web {VERSION}: npm pack onnxruntime-web@{VERSION} makes its file"
        ) from None


def _checked(source: Path, found: dict[str, bytes]) -> Runtime:
    for name, content in found.items():
        if hashlib.sha256(content).hexdigest() != FILES[name]:
            raise UserError(f"{source}: {name} is not that of onnxruntime-web {VERSION}, which the painter is made for")
    return Runtime(*found.values())
