"""The folder that `pix2pix site` writes, and what it refuses; ONNX Runtime from a real HTTP server."""

import hashlib
import io
import json
import re
import tarfile
from base64 import b64encode

import numpy as np
import pytest

from pix2pix.commands.site import site
from pix2pix.data import fetch as fetching
from pix2pix.hub.readme import parse
from pix2pix.inference import checkpoint
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.site import build
from pix2pix.utils import UserError
from pix2pix.web import runtime
from pix2pix.web.examples import Examples, Pair
from tests.helpers.archive_server import Served, running_server

CONTENTS = {name: f"the content of {name}".encode() for name in runtime.FILES}


def package(contents: dict[str, bytes]) -> bytes:
    """npm's package, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A server that has the package, whose digests the program holds it to, and a cache of its own."""
    whole = package(CONTENTS)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    monkeypatch.setattr(runtime, "SHA512", b64encode(hashlib.sha512(whole).digest()).decode())
    monkeypatch.setattr(runtime, "FILES", {name: hashlib.sha256(file).hexdigest() for name, file in CONTENTS.items()})
    with running_server() as server:
        server.files["/package.tgz"] = Served(whole)
        monkeypatch.setattr(runtime, "URL", f"{server.url}/package.tgz")
        yield server


def test_the_runtime_is_fetched_once_and_a_cut_download_goes_on(registry):
    served = registry.files["/package.tgz"]
    served.cut_after = [150]
    for _ in range(2):
        assert runtime.find_runtime() == tuple(CONTENTS.values())
    assert served.ranges == [None, "bytes=150-"]


def test_a_damaged_cache_is_fetched_anew(registry, tmp_path):
    runtime.find_runtime()
    kept = tmp_path / "cache" / "pix2pix" / runtime.PACKAGE
    assert sorted(path.name for path in kept.iterdir()) == sorted(CONTENTS)
    (kept / next(iter(CONTENTS))).write_bytes(b"half of")
    assert runtime.find_runtime() == tuple(CONTENTS.values())


def test_another_package_is_not_used_and_its_hash_is_told(registry):
    registry.files["/package.tgz"] = Served(package({**CONTENTS, "more": b"mischief"}))
    with pytest.raises(UserError, match=r"its SHA-512 is \S+==, not .*--runtime onnxruntime-web-"):
        runtime.find_runtime()


def test_without_network_the_package_is_named_as_a_file_or_as_npm_installs_it(registry, tmp_path):
    (tmp_path / "one.tgz").write_bytes(package(CONTENTS))
    folder = tmp_path / "node_modules" / "onnxruntime-web"
    (folder / "dist").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / "dist" / name).write_bytes(content)
    for source in (tmp_path / "one.tgz", folder):
        assert runtime.find_runtime(source) == tuple(CONTENTS.values())
    assert registry.files["/package.tgz"].ranges == []
    (folder / "dist" / next(iter(CONTENTS))).write_bytes(b"of another version")
    with pytest.raises(UserError, match="is not that of onnxruntime-web"):
        runtime.find_runtime(folder)
    for wrong in (b"", b"no archive", package({"more": b"mischief"})):
        (tmp_path / "one.tgz").write_bytes(wrong)
        with pytest.raises(UserError, match=r"one.tgz is not npm's package onnxruntime-web"):
            runtime.find_runtime(tmp_path / "one.tgz")
    with pytest.raises(UserError, match="none: --runtime names npm's package"):
        runtime.find_runtime(tmp_path / "none")


@pytest.mark.parametrize(
    ("recipe", "changes", "reason"),
    [
        ("paper", {}, "is the paper's U-Net"),
        ("live", {"task": "edges"}, "is for edges"),
        ("live", {"size": 128}, "is for pictures of 128 pixels"),
    ],
)
def test_a_checkpoint_that_browsers_cannot_paint_with_is_refused_before_anything_is_written(
    recipe, changes, reason, tmp_path
):
    config = RECIPES[recipe].replace(base_channels=2, depth=3, **changes)
    checkpoint.save(tmp_path / "mine", config, build_generator(config.architecture), "card")
    with pytest.raises(UserError, match=f"mine {reason}"):
        site(str(tmp_path / "mine"), tmp_path / "out", runtime=tmp_path / "none.tgz")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_output_folder_that_exists_is_refused(tmp_path):
    with pytest.raises(UserError, match="exists already; name another folder"):
        site("facades-live", tmp_path)


class OnePair:
    names, target = ("</script>",), "drawn"

    def pair(self, number: int) -> Pair:
        return Pair(np.zeros((256, 256), np.uint8), np.zeros((256, 256, 3), np.uint8))


EXAMPLES = Examples(OnePair())


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The smallest models, `mine` and its fast one."""
    folder = tmp_path_factory.mktemp("models")
    config = RECIPES["live"].replace(base_channels=2, depth=8, max_channel_multiplier=2)
    for name in ("mine", "mine-live"):
        checkpoint.save(folder / name, config, build_generator(config.architecture), "card")
    return build.find_models(str(folder / "mine"))


@pytest.fixture
def files(models, monkeypatch):
    """The files of a site with them."""
    monkeypatch.setattr(build, "FACADES", 3)
    return build.build(models, runtime.Runtime(b"code", b"wasm"), EXAMPLES)


def test_a_fast_model_beside_a_checkpoint_comes_along(models):
    assert list(models) == ["mine", "mine-live"]
    assert list(build.find_models("facades")) == ["facades", "facades-live"]
    assert list(build.find_models("facades-live")) == ["facades-live"]


def test_a_site_is_of_one_version_and_names_each_file_with_its_hash(files):
    [version] = {path.split("/")[0] for path in files if "/" in path}
    told = json.loads(re.search(r"site: (\{.*\}) \}\);", files["index.html"].decode())[1])
    networks = [told["segmenter"], *told["models"].values()]
    named = [told["wasm"], told["drawings"], *(network[part] for network in networks for part in ("weights", "form"))]
    for file in named:
        content = files[f"{version}/{file['path']}"]
        pieces = [content[start : start + 2**20] for start in range(0, len(content), 2**20)]
        assert file["sha256"] == [hashlib.sha256(piece).hexdigest() for piece in pieces]
        assert file["bytes"] == len(content)
    worker = files["service_worker.js"].decode()
    kept = re.search(r'const CORE = "([^"]*)"', worker)[1].split()
    assert set(kept) - {"./"} <= files.keys()
    assert f"{version}/models/mine-live/weights.bin" in kept and f"{version}/models/mine/weights.bin" not in kept
    reader = f"{version}/{told['segmenter']['weights']['path']}"
    assert reader in files and reader not in kept, "what reads photos is fetched before it is needed"
    assert files["index.html"].decode().count("</script>") == 2, "a name of an example ends the script"


def test_the_same_content_is_the_same_version_and_another_is_another(files, models):
    same = build.build(models, runtime.Runtime(b"code", b"wasm"), EXAMPLES)
    other = build.build(models, runtime.Runtime(b"code", b"other"), EXAMPLES)
    assert same == files
    [ours], [others] = ({path.split("/")[0] for path in each if "/" in path} for each in (files, other))
    assert ours != others
    for name in ("index.html", "service_worker.js", "manifest.webmanifest", "README.md"):
        assert others in other[name].decode() and ours not in other[name].decode()


def test_the_readme_makes_a_static_space_of_the_folder_and_licences_are_beside_what_they_are_of(files):
    from huggingface_hub import SpaceCard

    head = parse(files["README.md"].decode(), SpaceCard).data.to_dict()
    assert (head["sdk"], head["app_file"], head["license"]) == ("static", "index.html", "mit")
    assert len(head["short_description"]) <= 60
    assert b"MIT" in files["LICENSE"] and files["NOTICE"]
    [licence] = [content for path, content in files.items() if path.endswith("/runtime/LICENSE")]
    assert b"Copyright (c) Microsoft Corporation" in licence
