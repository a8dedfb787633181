"""The Space, deployed by the real client to a server of our own (tests/helpers/hub_server.py)."""

import io
import re
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import SpaceCard
from PIL import Image

from pix2pix import images
from pix2pix.commands import push
from pix2pix.commands.deploy import deploy
from pix2pix.hub import readme, space, transfer
from pix2pix.hub.readme import parse
from pix2pix.inference import card, checkpoint
from pix2pix.networks import build_generator
from tests.helpers.hub_helpers import METADATA, ROOT, TINY, make_checkpoint, make_trained, run_python
from tests.helpers.hub_server import READER, ROUTES
from tests.helpers.running_app import app_process

SPACE, REPO = "anna/paint", "anna/facades"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    return make_trained(tmp_path_factory.mktemp("runs") / "step-000000100")


def deployed(the_hub) -> dict[str, bytes]:
    """What is in the Space, by path."""
    return {path: the_hub.state.content("spaces", SPACE, path) for path in the_hub.state.files("spaces", SPACE)[1]}


def head_of(the_hub) -> dict:
    return parse(deployed(the_hub)["README.md"].decode(), SpaceCard).data.to_dict()


def test_exactly_what_the_app_needs_is_deployed(the_hub, capsys):
    deploy(SPACE)
    assert capsys.readouterr().out.strip() == f"{the_hub.url}/spaces/{SPACE}"
    files = deployed(the_hub)
    assert {"app.py", "requirements.txt", "README.md", "pix2pix/web/canvas/canvas.html"} <= files.keys()
    assert {name.split("/")[0] for name in files} <= {
        ".gitattributes", "app.py", "requirements.txt", "README.md", "LICENSE", "pix2pix", "checkpoints",
    }  # fmt: skip
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyi", ".pt"))]
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "pix2pix"], capture_output=True, text=True).stdout.split()
    rooms = {name.split("/")[1] for name in tracked if name.count("/") > 1}
    assert {"web", "inference", "training"} < rooms
    assert {name.split("/")[1] for name in files if name.startswith("pix2pix/") and name.count("/") > 1} == rooms - {
        "commands", "export", "networks", "training",
    }  # fmt: skip
    assert {name for name in files if name.startswith("pix2pix/evaluation/")} == {
        name for name in tracked if name.startswith(space.KEPT)
    }
    for name in files.keys() - {".gitattributes", "README.md"}:
        assert files[name] == (ROOT / name).read_bytes()


def test_what_is_deployed_starts_and_serves_every_route(tmp_path):
    """By itself: nothing of this clone is on its path, and test_fresh_space.py installs its requirements alone."""
    for name, file in space.find_files(ROOT).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(file if isinstance(file, bytes) else file.read_bytes())
    with app_process(folder=tmp_path, PYTHONPATH="") as url:
        drawing = httpx.get(f"{url}canvas/random/1", timeout=60).json()["drawing"]
        assert httpx.get(f"{url}canvas/examples/0", timeout=60).status_code == 200
        painted = httpx.post(f"{url}canvas/generate", json={"drawing": drawing}, timeout=120)
        assert painted.headers["content-type"] == "image/jpeg"
        read = httpx.post(f"{url}canvas/read", content=(tmp_path / "pix2pix/web/canvas/preview.jpg").read_bytes())
        assert "looks like a photo" in read.json()["error"]


def test_a_model_is_deployed_with_its_fast_model(tmp_path):
    (tmp_path / "README.md").write_text("")
    for name in ("facades", "facades-live"):
        make_checkpoint(tmp_path / "checkpoints" / name, seed=1)
    files = space.find_files(tmp_path)
    for name in ("facades", "facades-live"):
        assert {f"checkpoints/{name}/{file}" for file in (checkpoint.CONFIG, checkpoint.WEIGHTS)} <= files.keys()


def test_a_dry_run_lists_that_and_sends_nothing(the_hub, monkeypatch, capsys):
    deploy(SPACE)
    capsys.readouterr()
    the_hub.asked.clear()
    monkeypatch.delenv("HF_TOKEN")
    deploy(SPACE, hardware="cpu-upgrade", dry_run=True)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    listed = {line[1]: int(line[0].replace(",", "")) for line in lines if len(line) == 2 and line[0][0].isdigit()}
    assert listed == {name: len(content) for name, content in deployed(the_hub).items() if name != ".gitattributes"}
    assert ["hardware", "cpu-upgrade"] in lines
    assert not the_hub.asked


def test_deploying_twice_changes_nothing_and_says_so(the_hub, trained, capsys):
    push.push(str(trained), REPO)
    for _ in range(2):
        capsys.readouterr()
        deploy(SPACE, model=REPO, hardware="cpu-upgrade")
    assert capsys.readouterr().err == "nothing changed\n"
    assert the_hub.state.messages("spaces", SPACE) == ["Deploy"]
    assert the_hub.asked["set_variable"] == the_hub.asked["hardware"] == the_hub.asked["commit"] - 1 == 1


def test_what_changed_is_told_what_is_gone_here_goes_there_and_what_is_not_ours_stays(the_hub, trained, capsys):
    push.push(str(trained), REPO)
    deploy(SPACE)
    the_hub.state.commit("spaces", SPACE, "main", [
        {"key": "header", "value": {"summary": "by hand"}},
        {"key": "file", "value": {"path": "pix2pix/old.py", "content": ""}},
        {"key": "file", "value": {"path": "notes.txt", "content": ""}},
    ])  # fmt: skip
    capsys.readouterr()
    deploy(SPACE, model=REPO)
    assert capsys.readouterr().err.splitlines() == [
        f"variable: PIX2PIX_MODEL={REPO}", "changed: README.md", "deleted: pix2pix/old.py",
    ]  # fmt: skip
    assert "pix2pix/old.py" not in deployed(the_hub)
    assert "notes.txt" in deployed(the_hub)


def test_a_model_is_preloaded_shown_and_opened(the_hub, trained):
    push.push(str(trained), REPO, tag="v1")
    deploy(SPACE, model=REPO)
    head = head_of(the_hub)
    assert head["models"] == [REPO]
    assert head["preload_from_hub"] == [f"{REPO} config.json,model.safetensors,model.onnx,README.md"]
    assert the_hub.state.read("spaces", SPACE)["variables"] == {"PIX2PIX_MODEL": REPO}

    deploy(SPACE, model=f"{REPO}@v1")
    head = head_of(the_hub)
    assert head["preload_from_hub"][0].endswith(the_hub.state.resolve("models", REPO, "v1"))
    assert the_hub.state.read("spaces", SPACE)["variables"] == {"PIX2PIX_MODEL": f"{REPO}@v1"}

    deploy(SPACE)
    assert the_hub.state.read("spaces", SPACE)["variables"] == {}
    assert head_of(the_hub)["models"] == [] and "preload_from_hub" not in head_of(the_hub)


def test_the_readme_with_a_model_is_valid_too(the_hub, trained, tmp_path):
    push.push(str(trained), REPO)
    deploy(SPACE, model=REPO)
    for name, content in deployed(the_hub).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    readme.read(tmp_path / "README.md")


def test_other_variables_and_the_hardware_stay_as_they_are(the_hub):
    deploy(SPACE)
    values = the_hub.state.read("spaces", SPACE) | {
        "hardware": "t4-small",
        "variables": {"PIX2PIX_ALLOW_MODELS": "hub"},
    }
    the_hub.state.write("spaces", SPACE, values)
    deploy(SPACE)
    assert the_hub.state.read("spaces", SPACE) == values


def test_a_private_model_is_not_preloaded_and_needs_a_secret(the_hub, trained, capsys):
    push.push(str(trained), REPO, private=True)
    deploy(SPACE, model=REPO, private=True)
    assert f"{REPO} is private: give the Space a secret HF_TOKEN that may read it" in capsys.readouterr().out
    assert "preload_from_hub" not in head_of(the_hub)
    assert the_hub.state.read("spaces", SPACE)["private"]


def test_a_model_without_the_graph_that_the_space_runs_on_is_refused(the_hub, tmp_path, monkeypatch):
    monkeypatch.setattr(push, "_export", lambda *_: None)
    push.push(str(make_checkpoint(tmp_path / "bare", seed=1)), REPO)
    with pytest.raises(ValueError, match=f"{REPO} has no {checkpoint.ONNX}, on which the Space runs"):
        deploy(SPACE, model=REPO)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"space": "paint"}, "'paint' is no name on the Hub"),
        ({"space": f"{SPACE}@v1"}, "a Space has no revisions"),
        ({"space": SPACE, "model": "anna/none"}, "the Hub has no anna/none, or the token may not see it"),
        ({"space": "bert/paint"}, "the token may not do this to bert/paint (403"),
    ],
)
def test_what_cannot_be_deployed_is_one_line(the_hub, arguments, line):
    with pytest.raises(ValueError) as refusal:
        deploy(**arguments)
    assert line in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_token_that_may_only_read_deploys_nothing(the_hub, monkeypatch):
    deploy(SPACE)
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(ValueError, match="the token may not do this"):
        deploy(SPACE)


def test_both_commands_work_from_the_command_line(the_hub, trained):
    pushed = run_python("-m", "pix2pix", "push", str(trained), REPO)
    assert (pushed.returncode, pushed.stdout.strip()) == (0, f"{the_hub.url}/{REPO}"), pushed.stderr
    done = run_python("-m", "pix2pix", "deploy", SPACE, "--model", REPO)
    assert (done.returncode, done.stdout.strip()) == (0, f"{the_hub.url}/spaces/{SPACE}"), done.stderr
    refused = run_python("-m", "pix2pix", "push", str(trained), "bert/facades")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("error: the token may not do this to bert/facades (403")
    assert len(refused.stderr.splitlines()) == 2  # the first one says that the card has no licence


def test_the_test_server_has_the_routes_that_are_called_and_no_others(the_hub, trained):
    """An upgrade of the client that calls other routes fails here, or in any test by `the_hub.strange`."""
    transfer.check_writable(REPO, private=False)
    push.push(str(trained), REPO, revision="next", tag="v1")
    push.push(str(trained), REPO)
    checkpoint.find(REPO)
    deploy(SPACE, model=REPO, hardware="cpu-upgrade")
    deploy(SPACE)
    assert set(the_hub.asked) == set(ROUTES)


def test_all_texts_of_a_space_link_to_the_web_or_to_what_was_sent(the_hub, trained):
    push.push(str(trained), REPO)
    for model in (None, REPO):
        deploy(SPACE, model=model)
        files = deployed(the_hub)
        texts = {name: content.decode() for name, content in files.items() if name.endswith(".md")}
        assert {"README.md", "checkpoints/facades/README.md"} <= texts.keys()
        for name, text in texts.items():
            links = re.findall(r"\]\(([^){}]+)\)", text)
            places = [
                (Path(name).parent / link).as_posix() for link in links if not link.startswith(("https:", "http:"))
            ]
            assert set(places) <= files.keys(), name


def test_the_readme_of_a_space_is_for_its_visitors(the_hub, trained):
    """Of no command and no file that the Space has not; its thumbnail is a picture that it serves."""
    push.push(str(trained), REPO)
    deploy(SPACE, model=REPO)
    text = deployed(the_hub)["README.md"].decode()
    assert f'Client("{SPACE}")' in text and f"]({the_hub.url}/{REPO})" in text
    for word in ("train.py", "pip install", "pytest", "benchmarks/", "docs/", "python -m"):
        assert word not in text
    picture = head_of(the_hub)["thumbnail"].removeprefix(f"{the_hub.url}/spaces/{SPACE}/resolve/main/")
    with Image.open(io.BytesIO(deployed(the_hub)[picture])) as image:
        assert image.size == (1200, 630)


def test_the_space_of_a_model_for_another_task_says_what_it_does(the_hub, tmp_path):
    config = TINY.replace(task="edges")
    checkpoint.save(tmp_path / "edges", config, build_generator(config.architecture), card.write(config, METADATA, 100))
    images.write_png(tmp_path / "lines.png", np.full((64, 64, 3), 255, np.uint8))
    push.push(str(tmp_path / "edges"), "anna/shoes", samples=[tmp_path / "lines.png"])
    deploy(SPACE, model="anna/shoes")
    head, text = head_of(the_hub), deployed(the_hub)["README.md"].decode()
    assert (head["title"], head["models"]) == ("shoes", ["anna/shoes"])
    assert head["thumbnail"] == f"{the_hub.url}/anna/shoes/resolve/main/samples.png"
    assert "edges" in head["tags"] and "facades" not in head["tags"] and "facade" not in text.split("## About")[0]


def test_the_datasets_of_a_model_are_those_of_its_space(the_hub, tmp_path):
    text = card.write(TINY, METADATA | {"data": "huggan/facades"}, 100)
    checkpoint.save(tmp_path / "model", TINY, build_generator(TINY.architecture), text)
    push.push(str(tmp_path / "model"), REPO)
    deploy(SPACE, model=REPO)
    assert head_of(the_hub)["datasets"] == ["huggan/facades"]
