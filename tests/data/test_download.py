"""Published sets from a real HTTP server: cut, slow, wrong and hostile archives are each handled as said."""

import bz2
import functools
import gzip
import hashlib
import io
import json
import lzma
import random
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pix2pix.config import Config
from pix2pix.data import catalog
from pix2pix.data import download as downloads
from pix2pix.data import fetch as fetching
from pix2pix.data.decoded import load_pairs
from pix2pix.data.download import download, ensure_downloaded
from pix2pix.data.fetch import fetch
from pix2pix.data.folder import RECORD
from pix2pix.data.unpack import unpack
from pix2pix.utils import UserError
from tests.helpers import mutations
from tests.helpers.archive_server import Served, running_server
from tests.helpers.pairs_on_disk import SIZE, write_ab, write_cmp

CONTENT = bytes(range(256)) * 400  # 100 KB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    monkeypatch.setattr(fetching, "PATIENCE", 5.0)


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


def get(server, tmp_path, *names: str, **options) -> bytes:
    """Fetch from one or several names of the server in turn."""
    goal = tmp_path / "file"
    fetch([f"{server.url}/{name}" for name in names], goal, **{"max_bytes": 10**6, **options})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    return goal.read_bytes()


def test_a_file_arrives_whole_with_its_hash(server, tmp_path):
    server.files["/plain"] = Served(CONTENT)
    assert get(server, tmp_path, "plain", sha256=SHA256) == CONTENT


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_slow_file_arrives_too(server, tmp_path, tells_length):
    server.files["/slow"] = Served(CONTENT, pause=0.005, tells_length=tells_length)
    assert get(server, tmp_path, "slow") == CONTENT


def test_a_cut_file_is_continued_where_it_was_cut(server, tmp_path):
    served = server.files["/cut"] = Served(CONTENT, cut_after=[30_000, 20_000])
    assert get(server, tmp_path, "cut", sha256=SHA256) == CONTENT
    assert served.ranges == [None, "bytes=30000-", "bytes=50000-"]


def test_a_later_run_continues_what_an_earlier_one_left(server, tmp_path):
    served = server.files["/often"] = Served(CONTENT, cut_after=[30_000, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="could not be downloaded"):
        get(server, tmp_path, "often")
    served.cut_after, served.ranges = [], []
    assert get(server, tmp_path, "often", sha256=SHA256) == CONTENT
    assert served.ranges == ["bytes=30000-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(server, tmp_path):
    served = server.files["/changed"] = Served(b"old" * 20_000, cut_after=[30_000, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="could not be downloaded"):
        get(server, tmp_path, "changed")
    served.content, served.version, served.cut_after = CONTENT, '"2"', []
    assert get(server, tmp_path, "changed", sha256=SHA256) == CONTENT


def test_a_server_without_ranges_is_asked_from_the_start(server, tmp_path):
    server.files["/whole"] = Served(CONTENT, cut_after=[30_000], takes_ranges=False)
    assert get(server, tmp_path, "whole", sha256=SHA256) == CONTENT


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    server.files["/done"] = Served(CONTENT)
    (tmp_path / "file.part").write_bytes(CONTENT)
    (tmp_path / "file.part.json").write_text(json.dumps({"url": f"{server.url}/done", "version": '"1"'}))
    assert get(server, tmp_path, "done", sha256=SHA256) == CONTENT


@pytest.mark.parametrize("first", ["missing", "broken", "cut-for-good", "wrong"])
def test_the_next_mirror_is_tried(server, tmp_path, first):
    server.files |= {
        "/broken": Served(b"", status=500),
        "/cut-for-good": Served(CONTENT, cut_after=[10, 0, 0, 0, 0, 0]),
        "/wrong": Served(b"another file"),
        "/good": Served(CONTENT),
    }
    assert get(server, tmp_path, first, "good", sha256=SHA256) == CONTENT


def test_every_mirrors_answer_is_told_in_one_line(server, tmp_path):
    server.files["/wrong"] = Served(b"another file")
    nobody = "http://127.0.0.1:9/file"
    with pytest.raises(ValueError, match=r"Not Found; .*its SHA-256 is .*, not .*; .*refused") as caught:
        fetch([f"{server.url}/no", f"{server.url}/wrong", nobody], tmp_path / "file", 10**6, SHA256)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_without_end_is_not_followed(server, tmp_path, tells_length):
    server.files["/endless"] = Served(CONTENT, tells_length=tells_length)
    with pytest.raises(ValueError, match=r"more than the (50,000 that the )?set may have"):
        get(server, tmp_path, "endless", max_bytes=50_000)


# Whole sets.


def tar_of(folder: Path, inside: str = "facades") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        file.add(folder, inside)
    return buffer.getvalue()


def zip_of(folder: Path, inside: str = "base") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("readme.txt", "twelve classes")
        for path in sorted(folder.iterdir()):
            file.write(path, f"{inside}/{path.name}")
    return buffer.getvalue()


def facades_archive(tmp_path: Path) -> bytes:
    write_ab(tmp_path / "made" / "train", 4, kind="jpg")
    write_ab(tmp_path / "made" / "val", 2, kind="jpg")
    return tar_of(tmp_path / "made")


@pytest.fixture
def only_here(server, monkeypatch):
    """No test asks the real mirrors."""
    sets = {name: replace(each, mirrors=[f"{server.url}/"]) for name, each in catalog.SETS.items()}
    monkeypatch.setattr(downloads, "SETS", sets)
    return sets


def test_a_set_that_no_mirror_has_comes_from_a_folder_as_the_refusal_says(tmp_path, only_here):
    with pytest.raises(UserError, match=r"^facades.tar.gz could not be .*Not Found; where .*--mirror file:///FOLDER"):
        download("facades", tmp_path / "data")
    with pytest.raises(UserError, match="--mirror is elsewhere; an address begins with"):
        download("facades", tmp_path / "data", mirror="elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "facades.tar.gz").write_bytes(facades_archive(tmp_path))
    download("facades", tmp_path / "data", mirror=(tmp_path / "elsewhere").as_uri())
    assert (tmp_path / "data" / "facades" / RECORD).is_file()


def test_a_set_is_unpacked_as_the_loader_reads_it(server, tmp_path, only_here, capsys):
    server.files["/facades.tar.gz"] = Served(facades_archive(tmp_path), cut_after=[700])
    download("facades", tmp_path / "data")
    folder = tmp_path / "data" / "facades"
    assert sorted(path.name for path in folder.iterdir()) == [RECORD, "train", "val"]
    assert len(load_pairs(str(folder), "train", Config.of(size=SIZE))) == 4
    record = json.loads((folder / RECORD).read_text())
    assert record["sha256"] == hashlib.sha256(server.files["/facades.tar.gz"].content).hexdigest()
    told = capsys.readouterr().out
    assert "licence: " in told
    assert "please cite: R. Tylecek" in told
    assert f"train.py --data {folder}" in told
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["facades"]


def test_cmp_originals_come_out_of_their_zip(server, tmp_path, only_here):
    server.files["/CMP_facade_DB_base.zip"] = Served(zip_of(write_cmp(tmp_path / "made", 3)))
    download("cmp-base", tmp_path / "data")
    pairs = load_pairs(str(tmp_path / "data" / "cmp-base"), "train", Config.of(size=SIZE))
    assert [pair.name for pair in pairs] == ["cmp_1", "cmp_2", "cmp_3"]


def test_a_set_that_is_there_is_not_downloaded_again(server, tmp_path, only_here, capsys):
    server.files["/facades.tar.gz"] = Served(facades_archive(tmp_path))
    download("facades", tmp_path / "data")
    del server.files["/facades.tar.gz"]
    download("facades", tmp_path / "data")
    assert "is there already" in capsys.readouterr().out


def test_a_folder_that_is_something_else_is_left_alone(tmp_path):
    (tmp_path / "maps").mkdir()
    with pytest.raises(ValueError, match="exists already and is not from here"):
        download("maps", tmp_path)


def test_a_given_mirror_comes_first(server, tmp_path, monkeypatch):
    sets = {"facades": replace(catalog.SETS["facades"], mirrors=["http://127.0.0.1:9/"])}
    monkeypatch.setattr(downloads, "SETS", sets)
    server.files["/here/facades.tar.gz"] = Served(facades_archive(tmp_path))
    download("facades", tmp_path / "data", mirror=f"{server.url}/here")
    assert (tmp_path / "data" / "facades" / "train" / "1.jpg").is_file()


def test_a_published_set_is_to_be_told_apart_from_a_recorded_other_task(server, tmp_path, only_here):
    server.files["/maps.tar.gz"] = Served(facades_archive(tmp_path))
    download("maps", tmp_path / "data")
    with pytest.raises(ValueError, match="is for the task photo, not facades"):
        load_pairs(str(tmp_path / "data" / "maps"), "train", Config.of(size=SIZE))


def test_training_offers_a_set_that_is_not_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"python -m pix2pix download facades \(about 29 MB\)"):
        ensure_downloaded("facades")
    assert ensure_downloaded("some/folder") == "some/folder"
    (tmp_path / "data" / "facades").mkdir(parents=True)
    assert ensure_downloaded("facades") == str(Path("data") / "facades")


# Hostile archives.


def tar_with(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        member.size = len(content) if kind == tarfile.REGTYPE else 0
        file.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zip_with(name: str, content: bytes = b"x", mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        member = zipfile.ZipInfo(name)
        member.external_attr, member.compress_type = mode << 16, zipfile.ZIP_DEFLATED
        file.writestr(member, content)
    return buffer.getvalue()


def tar_with_a_long_name(size: int) -> bytes:
    """A name of so many zeros, as GNU tar stores long ones: before the member, in a header of their own."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, size
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(size))


def damaged(compress) -> bytes:
    """A compressed tar with some bytes in its middle turned over."""
    archive = bytearray(compress(gzip.decompress(tar_with("1.png", content=random.Random(0).randbytes(10**4)))))
    middle = len(archive) // 2
    archive[middle : middle + 100] = bytes(each ^ 0xFF for each in archive[middle : middle + 100])
    return bytes(archive)


BOMB = bytes(2**24)
HOSTILE = {
    "tar with ..": (lambda: tar_with("a/../../evil.png"), "outside of its folder"),
    "tar with an absolute path": (lambda: tar_with("/tmp/evil.png"), "outside of its folder"),
    "tar with a link": (lambda: tar_with("evil.png", tarfile.SYMTYPE, "/etc/passwd"), "holds a link, 'evil.png'"),
    "tar with a hard link": (lambda: tar_with("evil.png", tarfile.LNKTYPE, "/etc/passwd"), "holds a link"),
    "tar with a device": (lambda: tar_with("evil.png", tarfile.CHRTYPE), "holds a device"),
    "tar bomb": (lambda: tar_with("1.png", content=BOMB), "unpacks to more than 1,000,000 bytes"),
    "tar with an endless name": (lambda: tar_with_a_long_name(2**24), "holds a name of 16,777,216 bytes"),
    "damaged xz": (lambda: damaged(lzma.compress), "is no whole archive"),
    "damaged bz2": (lambda: damaged(bz2.compress), "is no whole archive"),
    "zip with ..": (lambda: zip_with("../evil.png"), "outside of its folder"),
    "zip with backslashes": (lambda: zip_with("..\\evil.png"), "outside of its folder"),
    "zip with a drive": (lambda: zip_with("C:/evil.png"), "outside of its folder"),
    "zip with a link": (lambda: zip_with("evil.png", b"/etc/passwd", 0o120777), "holds a link"),
    "zip bomb": (lambda: zip_with("1.png", BOMB), "unpacks to more than 1,000,000 bytes"),
    "a text": (lambda: b"<html>moved</html>" * 50, "is no whole archive"),
    "nothing": (lambda: b"", "is no whole archive"),
    "half a tar": (lambda: tar_with("1.png", content=CONTENT)[:200], "is no whole archive"),
    "half a zip": (lambda: zip_with("1.png", CONTENT)[:200], "is no whole archive"),
}


@pytest.mark.parametrize("archive", HOSTILE)
def test_hostile_archives_are_refused_and_write_nothing_elsewhere(tmp_path, archive):
    make, complaint = HOSTILE[archive]
    (tmp_path / "archive").write_bytes(make())
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=complaint):
        unpack(tmp_path / "archive", tmp_path / "folder", 10**6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "folder"]
    assert sum(path.stat().st_size for path in (tmp_path / "folder").rglob("*") if path.is_file()) <= 10**6


@given(st.sampled_from(["zip", "tar", "tar.gz", "tar.xz"]), st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_archive_is_unpacked_or_refused_in_one_line_and_writes_nothing_elsewhere(kind, data):
    """100 damaged archives of four kinds."""
    with tempfile.TemporaryDirectory() as place:
        archive, folder = Path(place) / "set", Path(place) / "above" / "out"
        archive.write_bytes(data.draw(mutations.damaged(_archives()[kind], head=600)))
        folder.mkdir(parents=True)
        try:
            unpack(archive, folder, 10**6)
        except UserError as error:
            assert len(str(error).splitlines()) == 1
        assert sorted(path.name for path in Path(place).iterdir()) == ["above", "set"]
        assert [path.name for path in folder.parent.iterdir()] == ["out"]


@functools.cache
def _archives() -> dict[str, bytes]:
    """Small archives of two pictures and a text."""
    files = {"set/train/1.png": b"\x89PNG" + bytes(200), "set/train/2.jpg": b"\xff\xd8" + bytes(99), "set/a.txt": b"a"}
    made = {}
    for kind in ("tar", "tar.gz", "tar.xz"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:" + kind[4:]) as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        made[kind] = buffer.getvalue()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made | {"zip": buffer.getvalue()}


def test_a_hostile_set_leaves_no_folder(server, tmp_path, only_here):
    server.files["/maps.tar.gz"] = Served(tar_with("maps/../../evil.png"))
    with pytest.raises(ValueError, match="outside of its folder"):
        download("maps", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_an_archive_of_something_else_leaves_no_folder(server, tmp_path, only_here):
    server.files["/maps.tar.gz"] = Served(tar_with("maps/readme.txt"))
    with pytest.raises(ValueError, match="no train images"):
        download("maps", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_programs_in_an_archive_are_passed_over(tmp_path):
    (tmp_path / "archive").write_bytes(tar_with("set/run.sh"))
    (tmp_path / "folder").mkdir()
    assert unpack(tmp_path / "archive", tmp_path / "folder", 10**6) == 0


def test_the_command_fails_in_one_line_with_exit_code_2(tmp_path):
    command = [sys.executable, "-m", "pix2pix", "download", "nothing", "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
