"""The app as a server: its API, its routes with good and bad requests, its flags, and how it starts."""

import base64
import io
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image

import app
from pix2pix.hub import errors, transfer
from pix2pix.labels import INDEX, PALETTE, colorize, decode_runs, encode_runs
from pix2pix.synthetic import facade
from pix2pix.web import options as flags
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.canvas.routes import MAX_REQUEST, MAX_UPLOAD
from pix2pix.web.serving import FairQueue, Models
from tests.helpers.running_app import StandIn, StandInApp, free_port, grey_of, run

ROOT = Path(app.__file__).parent
WALL = np.full((256, 256), INDEX["facade"], np.uint8)


@pytest.fixture(scope="module")
def client(served):
    with httpx.Client(base_url=f"{served.url}canvas/", timeout=30) as client:
        yield client


def job(**changes) -> dict:
    return {"drawing": encode_runs(WALL), "model": "facades", "variation": None, "visitor": "test", **changes}


# --- /canvas/generate


def test_a_drawing_is_answered_with_its_photo(client, running_app):
    answer = client.post("generate", json=job(format="png"))
    photo = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert answer.headers["content-type"] == "image/png"
    assert photo.shape == (256, 256, 3)
    assert (photo == grey_of(PALETTE[INDEX["facade"]].tolist())).all()


def test_a_picture_says_what_took_how_long(client, running_app):
    running_app.models["facades"].delay = 0.05
    laps = dict(lap.split(";dur=") for lap in client.post("generate", json=job()).headers["server-timing"].split(", "))
    assert list(laps) == ["decode", "wait", "generate", "encode"]
    assert 50 <= float(laps["generate"]) < 1000
    assert all(float(milliseconds) >= 0 for milliseconds in laps.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drawing": "not base64!"}, "base64"),
        ({"drawing": encode_runs(WALL[:100])}, "takes 65536"),
        ({"drawing": "DP//DAEA"}, "class 12"),
        ({"drawing": ["list"]}, "must be text"),
        ({"model": "nobody/wrong"}, "nobody/wrong"),
        ({"model": "broken"}, "broken is not a checkpoint"),
        ({"model": "../secrets"}, "not a model of this page"),
        ({"variation": "many"}, "whole number"),
        ({"variation": -1}, "whole number"),
        ({"wall": "reddish"}, "wall is 'reddish'; a colour is written as #rrggbb"),
        ({"sky": "#12345g"}, "sky is '#12345g'"),
        ({"sky": ["#ffffff"]}, "sky must be text"),
        ({"style": {"name": "brick"}}, "style must be text"),
    ],
)
def test_a_bad_request_is_answered_with_one_line(client, changes, words):
    answer = client.post("generate", json=job(**changes))
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_wall_and_sky_colour_the_picture_of_a_model_that_takes_colours(client, running_app):
    def painted(model: str) -> list:
        answer = client.post("generate", json=job(model=model, wall="#a0604c", sky="#6ea3dc", format="png"))
        photo = np.asarray(Image.open(io.BytesIO(answer.content)))
        return [photo[row, 9].tolist() for row in (9, 200)]

    grey = 3 * [grey_of(PALETTE[INDEX["facade"]].tolist())]
    assert painted("other") == [[0x6E, 0xA3, 0xDC], [0xA0, 0x60, 0x4C]]
    assert painted("facades") == [grey, grey]
    for name, facts in (("other", {"colours": True, "styles": ["plaster", "brick"]}),
                        ("facades", {"colours": False, "styles": []})):  # fmt: skip
        assert client.post("model", json={"model": name}).json() == {"model": name, **facts}


def test_a_style_is_painted_by_a_model_that_has_it(client):
    def painted(model: str, style: str | None) -> int:
        answer = client.post("generate", json=job(model=model, style=style, format="png"))
        return int(np.asarray(Image.open(io.BytesIO(answer.content)))[9, 9, 0])

    grey = grey_of(PALETTE[INDEX["facade"]].tolist())
    assert [painted("other", style) for style in (None, "plaster", "brick", "wood")] == [grey, grey, grey - 20, grey]
    assert painted("facades", "brick") == grey


def test_a_body_that_is_no_json_object_is_answered_with_one_line(client):
    for body in (b"", b"\xff\xfe", b"[1]", b"[" * 5000):
        assert "JSON" in client.post("generate", content=body).json()["error"]


def test_an_oversized_body_is_not_read_to_its_end(client):
    answer = client.post("generate", content=b"x" * (MAX_REQUEST + 1))
    assert "too large" in answer.json()["error"]


def test_a_failing_model_is_answered_as_data_and_paints_again(client, running_app):
    running_app.models["facades"].failures = 1
    answer = client.post("generate", json=job())
    assert (answer.status_code, answer.json()["again"]) == (500, True)
    assert client.post("generate", json=job()).status_code == 200


def test_of_one_visitors_waiting_pictures_only_the_newest_is_painted(client, running_app):
    running_app.models["facades"].delay = 1.0
    codes = []

    def post():
        codes.append(client.post("generate", json=job()).status_code)

    threads = [threading.Thread(target=post) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 200, 409, 409, 409]


def test_a_picture_that_nobody_waits_for_any_more_is_stopped(client, running_app):
    model = running_app.models["facades"]
    model.delay, stopped = 20, model.stopped
    with pytest.raises(httpx.ReadTimeout):
        client.post("generate", json=job(), timeout=httpx.Timeout(30, read=1))
    model.delay = 0.0
    start = time.monotonic()
    assert client.post("generate", json=job()).status_code == 200
    assert time.monotonic() - start < 10
    assert model.stopped == stopped + 1


# --- Uploads


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


LABELS = WALL.copy()
LABELS[64:128, 64:192] = INDEX["window"]
PICTURE = Image.fromarray(colorize(LABELS))


@pytest.mark.parametrize(
    "data",
    [
        encoded(PICTURE, "PNG"),
        encoded(PICTURE.resize((1024, 512), Image.Resampling.NEAREST), "PNG"),
        encoded(PICTURE.convert("RGBA"), "PNG"),
        encoded(PICTURE.convert("P", palette=Image.Palette.ADAPTIVE), "GIF", save_all=True, append_images=[PICTURE]),
        encoded(PICTURE, "WEBP", lossless=True),
    ],
    ids=["png", "large", "alpha", "animated", "webp"],
)
def test_label_images_of_all_kinds_are_read(client, data):
    answer = client.post("read", content=data).json()
    assert (decode_runs(answer["drawing"], 256, 256) == LABELS).all()


def test_a_jpeg_of_labels_is_snapped(client):
    answer = client.post("read", content=encoded(PICTURE, "JPEG", quality=75)).json()
    assert (decode_runs(answer["drawing"], 256, 256) == LABELS).mean() > 0.97
    assert answer["off"] > 0


def png_header_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""
    import struct
    import zlib

    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (encoded(PICTURE, "PNG")[:300], "cannot be read"),
        (png_header_of(60_000, 60_000), "at most"),
        (encoded(Image.new("I;16", (64, 64), 30_000), "PNG"), "looks like a photo"),
        (encoded(Image.new("CMYK", (64, 64), (90, 10, 40, 20)), "JPEG"), "looks like a photo"),
        (b"x" * (MAX_UPLOAD + 1), "too large"),
    ],
    ids=["empty", "svg", "truncated", "claims-3.6-gigapixels", "16-bit", "cmyk", "huge"],
)
def test_what_is_no_label_image_is_refused_with_one_line(client, data, words):
    answer = client.post("read", content=data)
    assert answer.status_code == 422
    assert words in answer.json()["error"]


# --- Examples and random facades


def test_examples_hold_drawing_target_and_thumbnail(client, example_pairs):
    listed = client.get("examples").json()
    assert listed["complete"]
    number = [each["name"] for each in listed["examples"]].index("pair 1")
    assert listed["examples"][number]["target"] == "photo"
    answer = client.get(f"examples/{number}").json()
    pair = np.asarray(Image.open(example_pairs / "val" / "1.png"))
    assert (colorize(decode_runs(answer["drawing"], 256, 256)) == pair[:, 256:]).all()
    target = np.asarray(Image.open(io.BytesIO(client.get(f"examples/{number}/target.jpg").content)))
    assert np.abs(target.astype(int) - pair[:, :256]).mean() < 8
    assert Image.open(io.BytesIO(client.get(f"examples/{number}/thumbnail.jpg").content)).size == (144, 72)
    assert Image.open(io.BytesIO(client.get("examples/0/thumbnail.jpg").content)).size == (72, 72)  # by hand
    assert client.get("examples/0/target.jpg").status_code == 404
    assert client.get("examples/99").status_code == 404


def test_a_random_facade_is_the_same_for_the_same_seed(client):
    assert client.get("random/7").json() == client.get("random/7").json() != client.get("random/8").json()


def test_without_a_dataset_the_examples_are_synthetic(tmp_path):
    examples = find_examples(tmp_path)
    number = [each["name"] for each in examples.listed].index("facade 1")
    assert examples.listed[number]["target"] == "drawn"
    assert examples.pair(number).labels.shape == (256, 256)
    assert examples.pair(number).target.shape == (256, 256, 3)


# --- The API, as in the README


def test_the_api_turns_a_label_image_into_a_photo(running_app, tmp_path):
    from gradio_client import Client, handle_file

    PICTURE.save(tmp_path / "labels.png")
    client = Client(running_app.url, verbose=False, download_files=str(tmp_path))
    photo = client.predict(handle_file(tmp_path / "labels.png"), seed=7, model="other", api_name="/generate")
    pixels = np.asarray(Image.open(photo))
    assert (pixels[..., 0] == colorize(LABELS).astype(int).sum(axis=-1) // 4 + 7).all()
    photo = client.predict(handle_file(tmp_path / "labels.png"), api_name="/generate")
    assert (np.asarray(Image.open(photo))[..., 0] == colorize(LABELS).astype(int).sum(axis=-1) // 4).all()


def test_the_api_refuses_in_one_line(running_app, tmp_path):
    from gradio_client import Client, handle_file

    Image.fromarray(np.random.default_rng(0).integers(90, 120, (64, 64, 3), np.uint8)).save(tmp_path / "photo.png")
    client = Client(running_app.url, verbose=False)
    with pytest.raises(Exception, match="looks like a photo"):
        client.predict(handle_file(tmp_path / "photo.png"), api_name="/generate")
    told = client.view_api(return_format="dict")["named_endpoints"]
    assert list(told) == ["/generate", "/segment"]
    parameters = {each["parameter_name"]: each for each in told["/generate"]["parameters"]}
    assert all(each["python_type"]["description"] for each in parameters.values())
    assert parameters["wall"]["example_input"] == "#c99a54"
    assert parameters["image"]["example_input"]["path"] == "facade-input.png"
    assert parameters["model"]["example_input"] == "facades"


def test_the_api_takes_the_colours_of_wall_and_sky(running_app, tmp_path):
    from gradio_client import Client, handle_file

    PICTURE.save(tmp_path / "labels.png")
    client = Client(running_app.url, verbose=False)

    def generate(**asked) -> np.ndarray:
        path = client.predict(handle_file(tmp_path / "labels.png"), **asked, api_name="/generate")
        return np.asarray(Image.open(path))

    photo = generate(model="other", wall="#a0604c")
    assert (photo[200, 9] == (0xA0, 0x60, 0x4C)).all()
    assert (generate(model="other", wall="#f80")[200, 9] == (0xFF, 0x88, 0)).all()
    assert (generate(model="other", wall="peru")[200, 9] == (0xCD, 0x85, 0x3F)).all()
    assert (photo[:128] == generate(model="other")[:128]).all()
    assert (generate(model="other", sky="6EA3DC")[9, 9] == (0x6E, 0xA3, 0xDC)).all()
    assert (generate(model="other", style="brick")[9, 9] < generate(model="other")[9, 9]).all()
    for asked, words in (
        ({"wall": "reddish"}, "wall is 'reddish'"),
        ({"sky": "#6ea3dc"}, "facades takes no colours"),
        ({"style": "brick"}, "facades has no style 'brick'; it has none"),
        ({"style": "wood", "model": "other"}, "other has no style 'wood'; it has plaster, brick"),
    ):
        with pytest.raises(Exception, match=words):
            generate(**{"model": "facades", **asked})


def copies(data: bytes) -> list[Path]:
    """The files of this content among all that Gradio wrote."""
    files = Path(get_upload_folder()).rglob("*")
    return [path for path in files if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data]


def jpeg(seed: int) -> bytes:
    """A photo of a rendered house that no other test has."""
    return encoded(Image.fromarray(facade(seed, 256, 256)[1]), "JPEG")


def test_an_uploaded_photo_is_on_no_disk_once_its_calls_are_answered(running_app, tmp_path):
    from gradio_client import Client, handle_file

    api, house = f"{running_app.url}gradio_api", jpeg(4001)

    def upload() -> str:
        return httpx.post(f"{api}/upload", files={"files": ("house.jpg", house)}).json()[0]

    def call(corners: str = "", **file: str) -> str:
        data = [file | {"meta": {"_type": "gradio.FileData"}}, corners, None]
        event = httpx.post(f"{api}/call/segment", json={"data": data}).json()["event_id"]
        return httpx.get(f"{api}/call/segment/{event}", timeout=60).text

    path = upload()
    assert path == upload() and len(copies(house)) == 1  # one file, sent for two calls
    assert '"wall": "#' in call(path=path) and len(copies(house)) == 1
    assert "written x,y" in call(path=path, corners="nonsense") and copies(house) == []
    assert "upload it again" in call(path=path)
    assert '"wall": "#' in call(url=f"data:image/jpeg;base64,{base64.b64encode(house).decode()}")
    assert copies(house) == []
    (tmp_path / "house.jpg").write_bytes(house)
    client = Client(running_app.url, verbose=False, download_files=str(tmp_path))
    assert client.predict(handle_file(tmp_path / "house.jpg"), api_name="/segment")[1]["wall"].startswith("#")
    with pytest.raises(Exception, match="looks like a photo"):
        client.predict(handle_file(tmp_path / "house.jpg"), api_name="/generate")
    assert copies(house) == []


# --- Start


def test_flags_have_environment_variables_as_defaults(monkeypatch, tmp_path):
    monkeypatch.setenv("PIX2PIX_MODEL", "someone/model@v2")
    monkeypatch.setenv("PIX2PIX_ALLOW_MODELS", "hub")
    monkeypatch.setenv("PIX2PIX_DATA", str(tmp_path))
    options = app.parse([])
    assert (options.model, options.allow_models, options.data) == ("someone/model@v2", "hub", str(tmp_path))
    assert app.parse(["--allow-models", "any"]).allow_models == "any"


@pytest.mark.parametrize(
    ("flag", "said"),
    [("--model", "no checkpoint at nowhere"), ("--data", "no folder of pairs at nowhere")],
)
def test_a_path_that_is_not_there_ends_the_app_before_it_serves(flag, said, capsys):
    with pytest.raises(SystemExit) as stop:
        app.parse([flag, "nowhere"])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and said in line


def test_a_run_that_is_not_there_is_no_model_on_the_hub(tmp_path, monkeypatch, capsys):
    """Such names are looked for on the Hub before the page is served: most are mistyped paths."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "empty").mkdir(parents=True)
    asked = []
    monkeypatch.setattr(transfer, "download", lambda name, *_: asked.append(name) or _missing(name))
    for name, said in {
        "runs/nothing": "there is no folder runs/nothing, and on the Hub: the Hub has no runs/nothing",
        "mine/nothing": "there is no folder mine/nothing, and on the Hub: the Hub has no mine/nothing",
        "mine/empty": "mine/empty is not a checkpoint: it has no config.json",
    }.items():
        with pytest.raises(SystemExit):
            app.parse(["--model", name])
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
    assert app.parse(["--model", "someone/model"]).model == "someone/model"
    assert asked == ["runs/nothing", "mine/nothing"]


def _missing(name: str):
    raise errors.Missing(f"the Hub has no {name}")


def test_a_port_that_is_taken_is_told_with_what_to_do(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port, said in ((taken.getsockname()[1], "is taken by another program"), (70000, "ports are 1 to 65535")):
            with pytest.raises(SystemExit):
                app.parse(["--port", str(port)])
            (line,) = capsys.readouterr().err.splitlines()
            assert str(port) in line and said in line
    port = free_port()
    assert app.parse(["--port", str(port)]).port == port and app.parse([]).port is None
    monkeypatch.setenv("GRADIO_SERVER_PORT", "http")
    with pytest.raises(SystemExit):
        app.parse([])
    assert capsys.readouterr().err == "error: GRADIO_SERVER_PORT is 'http'; it is a number, as --port\n"


def test_a_wrong_setting_ends_in_one_line_with_exit_code_2(monkeypatch, capsys):
    monkeypatch.setenv("PIX2PIX_ALLOW_MODELS", "everyone")
    with pytest.raises(SystemExit) as stop:
        app.parse([])
    assert stop.value.code == 2
    assert "PIX2PIX_ALLOW_MODELS is 'everyone'" in capsys.readouterr().err.splitlines()[-1]


def test_the_mcp_flag_without_its_package_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(flags, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stop:
        app.parse(["--mcp"])
    assert stop.value.code == 2
    assert 'pip install "gradio[mcp]"' in capsys.readouterr().err


def test_the_api_is_an_mcp_tool_behind_a_flag(example_pairs):
    pytest.importorskip("mcp", reason="mcp is not installed")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    house = jpeg(4002)
    sent = {"photo": f"data:image/jpeg;base64,{base64.b64encode(house).decode()}"}

    async def tools(url: str) -> tuple:
        async with streamablehttp_client(url) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return (await session.list_tools()).tools, await session.call_tool("segment", sent)

    running = StandInApp(example_pairs, mcp_server=True)
    (tool, reader), answer = run(tools(f"{running.url}gradio_api/mcp/"))
    running.close()
    assert tool.name == "generate"
    assert set(tool.inputSchema["properties"]) == {"image", "seed", "model", "wall", "sky", "style"}
    assert tool.inputSchema["required"] == ["image"]
    assert reader.name == "segment" and reader.inputSchema["required"] == ["photo"]
    drawing, *_, facts = answer.content
    assert Image.open(io.BytesIO(base64.b64decode(drawing.data))).size == (256, 256)
    assert "wall" in facts.text and copies(house) == []


def test_a_checkpoint_for_another_task_is_refused(monkeypatch):
    from types import SimpleNamespace

    from pix2pix import inference

    shoes = SimpleNamespace(name="shoes", config=SimpleNamespace(task="photo"))
    monkeypatch.setattr(inference, "load", lambda name: shoes)
    with pytest.raises(ValueError, match="not trained on facade labels"):
        app.load("shoes")


def test_starting_imports_neither_torch_nor_the_trainer():
    heavy = ("torch", "pix2pix.training.trainer", "pix2pix.data.dataset", "matplotlib")
    code = f"import sys, app; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_without_a_checkpoint_the_page_still_serves_and_says_so():
    models = Models(StandIn, {})
    painter = Painter(models, find_examples(None), FairQueue())
    page = app.build(painter)
    from starlette.applications import Starlette

    async def answer():
        transport = httpx.ASGITransport(Starlette(routes=painter.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.post("/canvas/generate", json=job(model=""))).json()

    assert page.config
    assert "no checkpoint here yet" in run(answer())["error"]


def test_every_module_of_the_page_is_served_with_its_version_in_the_path(client, running_app):
    for module in running_app.painter.modules:
        answer = httpx.get(running_app.url + module)
        assert answer.status_code == 200
        assert "javascript" in answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]
    for other in (
        "../routes.py",
        "%2e%2e%2froutes.py",
        "nothing.js",
        "model",
        "model/../main.py",
        "model/%2e%2e/%2e%2e/routes.py",
    ):
        assert httpx.get(f"{running_app.url}canvas/0/{other}").status_code == 404
