"""Only a few formats of pictures are opened, by one function, whatever door a file comes through and is called."""

import ast
import base64
import io
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from PIL import Image

import app
from pix2pix import images
from pix2pix.__main__ import main
from pix2pix.config import Config
from pix2pix.data.decoded import load_pairs
from pix2pix.labels import INDEX, colorize
from pix2pix.web import image_page
from pix2pix.web.serving import Models
from tests.helpers.pairs_on_disk import SIZE, labelled, write_ab
from tests.helpers.refused_pictures import REFUSED

ROOT = Path(app.__file__).parent
REFUSAL = f"not an image file that can be read; these can: {', '.join(images.FORMATS)}"
WALL = colorize(np.full((64, 64), INDEX["facade"], np.uint8))
PLAIN = Config.of(size=SIZE, base_channels=2, jitter=False, hflip=False)


def encoded(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(WALL).save(buffer, kind, **options)
    return buffer.getvalue()


def refused(kind: str) -> bytes:
    """A file of a format that Pillow itself does open."""
    Image.init()
    if kind not in Image.OPEN:
        pytest.skip(f"this Pillow does not know {kind}")
    assert Image.open(io.BytesIO(REFUSED[kind])).format.upper() == kind
    return REFUSED[kind]


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_other_formats_are_refused_whatever_the_file_is_called(tmp_path, kind):
    for name in (f"picture.{kind.lower()}", "picture.png", "picture"):
        path = tmp_path / name
        path.write_bytes(refused(kind))
        for source in (path, str(path), refused(kind), io.BytesIO(refused(kind))):
            for read in (images.read_image, images.count_channels):
                with pytest.raises(ValueError, match=REFUSAL) as refusal:
                    read(source)
                assert "\n" not in str(refusal.value)
        with pytest.raises(ValueError, match=f"{name} is {REFUSAL}"):
            images.read_header(path)


@pytest.mark.parametrize("kind", [*images.FORMATS, "MPO"])
def test_the_formats_that_are_named_are_read_whatever_the_file_is_called(tmp_path, kind):
    (tmp_path / "picture.eps").write_bytes(encoded(kind, **({"save_all": True} if kind == "MPO" else {})))
    picture = images.read_image(tmp_path / "picture.eps")
    assert picture.shape == WALL.shape
    assert np.abs(picture.astype(int) - WALL).max() <= 8


def test_folders_are_searched_for_every_format_that_is_read():
    known = Image.registered_extensions()
    assert {known[extension] for extension in images.EXTENSIONS - {".npy"}} == set(images.FORMATS)


def opens_pictures(code: ast.Module) -> list[int]:
    """The lines that reach Pillow's (or another library's) own ways to open files as pictures."""
    pillow = {"PIL.Image"}  # by the names that the file gives it
    lines = []
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and node.module == "PIL":
            pillow |= {name.asname or name.name for name in node.names if name.name in ("Image", "ImageFile")}
        if isinstance(node, ast.ImportFrom) and node.module in ("PIL.Image", "PIL.ImageFile"):
            lines += [node.lineno for name in node.names if name.name in ("open", "Parser")]
        if isinstance(node, ast.Import):
            pillow |= {name.asname for name in node.names if name.name == "PIL.Image" and name.asname}
    for node in ast.walk(code):
        if isinstance(node, ast.Attribute):
            of_pillow = ast.unparse(node.value) in pillow and node.attr in ("open", "Parser")
            if of_pillow or node.attr in ("imread", "decode_image", "decode_jpeg", "decode_png"):
                lines.append(node.lineno)
    return lines


def test_pictures_are_opened_in_one_place_alone():
    files = [
        ROOT / "app.py",
        ROOT / "train.py",
        *(ROOT / "pix2pix").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
    ]
    found = {path.relative_to(ROOT).as_posix(): opens_pictures(ast.parse(path.read_text("utf-8"))) for path in files}
    (place, lines), *others = [(path, lines) for path, lines in found.items() if lines]
    assert others == []
    assert Path(place).name == "images.py"
    assert len(lines) == 1


@pytest.mark.parametrize(
    "code",
    [
        "from PIL import Image\nImage.open(x)",
        "from PIL import Image as I\nI.open(x)",
        "import PIL.Image\nPIL.Image.open",
        "import PIL.Image as P\nP.open(x)",
        "from PIL.Image import open",
        "from PIL import ImageFile\nImageFile.Parser()",
    ],
)
def test_that_look_into_the_code_finds_every_spelling(code):
    assert opens_pictures(ast.parse(code))
    assert not opens_pictures(ast.parse("from PIL import Image\nopen(x)\nImage.fromarray(x)"))


# --- The app


def of_gradio(page: gr.Blocks) -> list:
    """The inputs of a page whose files Gradio itself opens, with all of Pillow's formats."""
    opening = {kind.preprocess for kind in (gr.Image, gr.ImageEditor, gr.Gallery, gr.AnnotatedImage, gr.ImageSlider)}
    inputs = [part for function in page.fns.values() for part in function.inputs]
    assert any(isinstance(part, gr.Image) for part in inputs)
    return [part for part in inputs if type(part).preprocess in opening]


@pytest.mark.parametrize("task", ["edges", "colors", "photo"])
def test_no_input_of_the_pages_for_other_tasks_lets_gradio_open_pictures(task):
    assert of_gradio(image_page.build(Models(None, {"model": "model"}), Config.of(task=task, size=32))) == []


def test_no_input_of_the_canvas_page_lets_gradio_open_pictures(served):
    assert of_gradio(served.page) == []


def ask(url: str, file: dict) -> str:
    """What the API's `/generate` answers, as any program reaches it: a stream of events."""
    call = f"{url}gradio_api/call/generate"
    answer = httpx.post(call, json={"data": [file, None, None, None, None, None]}, timeout=30).json()
    return httpx.get(f"{call}/{answer['event_id']}", timeout=30).text


def uploaded(url: str, content: bytes) -> dict:
    answer = httpx.post(f"{url}gradio_api/upload", files={"files": ("labels.png", content)}, timeout=30)
    return {"path": answer.json()[0], "orig_name": "labels.png", "meta": {"_type": "gradio.FileData"}}


def inlined(content: bytes, kind: str = "image/png;base64") -> dict:
    data = f"data:{kind},{base64.b64encode(content).decode()}"
    return {"url": data, "orig_name": "labels.png", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_an_upload_in_another_format_is_refused(running_app, kind):
    answer = httpx.post(f"{running_app.url}canvas/read", content=refused(kind), timeout=30)
    assert answer.status_code == 422
    assert answer.json()["error"] == f"this file is {REFUSAL}"


@pytest.mark.parametrize("kind", ["EPS", "ICNS", "ICO", "IPTC", "PSD", "WMF"])
def test_the_api_refuses_other_formats_as_files_and_as_data_urls(running_app, kind):
    for file in (uploaded(running_app.url, refused(kind)), inlined(refused(kind))):
        assert f"this file is {REFUSAL}" in ask(running_app.url, file)


def test_programs_may_upload_a_picture_or_send_it_as_a_data_url(running_app):
    for file in (uploaded(running_app.url, encoded("PNG")), inlined(encoded("PNG")), inlined(encoded("JPEG"))):
        assert "event: complete" in ask(running_app.url, file)
    assert "is not whole" in ask(running_app.url, {**inlined(b""), "url": "data:image/png;base64,abcde"})
    assert REFUSAL in ask(running_app.url, {**inlined(b""), "url": "data:image/svg+xml,%3Csvg%2F%3E"})


# --- Data


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_a_folder_of_pairs_with_such_a_file_is_refused_by_its_name(tmp_path, kind):
    write_ab(tmp_path / "train", 2)
    (tmp_path / "train" / "2.png").write_bytes(refused(kind))
    with pytest.raises(ValueError, match=rf"2\.png is {REFUSAL}"):
        load_pairs(str(tmp_path), "train", PLAIN)


def test_data_check_names_such_a_file(tmp_path, capsys):
    write_ab(tmp_path / "train", 12)
    (tmp_path / "train" / "2.png").write_bytes(refused("EPS"))
    with pytest.raises(SystemExit, match="1"):
        main(["data", "check", str(tmp_path), "--sheet", str(tmp_path / "sheet.png")])
    assert f"2.png is {REFUSAL}" in " ".join(capsys.readouterr().out.split())


def test_a_row_of_a_hub_dataset_with_such_a_file_is_refused(monkeypatch):
    datasets = pytest.importorskip("datasets", reason="Hub datasets need `datasets`")
    photo, drawing = (png(labelled(1)[side]) for side in (1, 0))
    rows = {"input_image": [{"bytes": drawing, "path": None}, {"bytes": refused("EPS"), "path": "2.png"}]}
    rows["target_image"] = [{"bytes": photo, "path": None}] * 2
    features = datasets.Features({name: datasets.Image() for name in rows})
    made = datasets.DatasetDict({"train": datasets.Dataset.from_dict(rows, features=features)})
    monkeypatch.setattr(datasets, "load_dataset", lambda name, revision=None: made)
    with pytest.raises(ValueError, match=REFUSAL):
        load_pairs("someone/facades", "train", PLAIN)


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
