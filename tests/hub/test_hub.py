"""Checkpoints on the Hub, by the real client against a server of our own (tests/helpers/hub_server.py)."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from pix2pix import config as configs
from pix2pix import images, inference, labels
from pix2pix.commands import push as push_command
from pix2pix.hub import errors, ids, transfer
from pix2pix.hub.readme import parse
from pix2pix.inference import card, checkpoint
from pix2pix.synthetic import facade, label_map
from tests.helpers.hub_helpers import TINY, forget_cache, make_checkpoint, make_trained, run_python, same
from tests.helpers.hub_server import READER, WRITER

REPO = "anna/facades"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    return make_trained(tmp_path_factory.mktemp("runs") / "step-000000100")


@pytest.fixture
def other(tmp_path, trained) -> Path:
    """Another checkpoint of the same config; the graph without weights is the same too."""
    folder = make_checkpoint(tmp_path / "step-000000200", seed=2)
    shutil.copy(trained / checkpoint.ONNX, folder)
    return folder


@pytest.fixture
def fast_clock(monkeypatch) -> list[float]:
    """Waits take a hundredth of their time; the seconds asked for are collected."""
    sleep, waits = time.sleep, []
    monkeypatch.setattr(time, "sleep", lambda seconds: (waits.append(seconds), sleep(seconds / 100)))
    return waits


def push(folder: Path, repo: str = REPO, **options) -> None:
    push_command.push(str(folder), repo, **options)


def put(the_hub, repo: str, files: dict[str, bytes]) -> None:
    """A repository with these files, without our client."""
    the_hub.state.create("models", repo)
    commit = the_hub.state.commit("models", repo, "main", [{"key": "header", "value": {"summary": "made"}}])
    values = the_hub.state.read("models", repo)
    for path, content in files.items():
        values["commits"][commit]["files"][path] = the_hub.state.keep(content)
    the_hub.state.write("models", repo, values)


# Push, and load what was pushed.


def test_what_is_pushed_loads_by_its_name_bit_for_bit(the_hub, trained, capsys):
    push(trained)
    assert capsys.readouterr().out.strip() == f"{the_hub.url}/{REPO}"
    assert same(REPO, trained)
    for name in (checkpoint.CONFIG, checkpoint.WEIGHTS, checkpoint.ONNX):
        assert the_hub.state.content("models", REPO, name) == (trained / name).read_bytes()


def test_the_app_and_the_command_line_open_it_by_its_name(the_hub, trained):
    push(trained)
    picture = facade(3)[1]
    translator = inference.load(REPO)
    assert translator.name == REPO
    assert (translator(picture) == inference.load(trained)(picture)).all()


def test_only_the_files_of_a_checkpoint_are_fetched(the_hub, trained):
    push(trained)
    the_hub.state.commit("models", REPO, "main", [
        {"key": "header", "value": {"summary": "more"}},
        {"key": "file", "value": {"path": "extra/config.json", "content": ""}},
        {"key": "file", "value": {"path": "notes.txt", "content": ""}},
    ])  # fmt: skip
    folder = checkpoint.find(REPO)
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "model.onnx", "README.md"}


def test_an_older_state_is_loaded_by_tag_branch_and_commit(the_hub, trained, other):
    push(trained, tag="v1")
    first = the_hub.state.resolve("models", REPO, "main")
    push(other)
    push(trained, revision="try/out")
    assert same(REPO, other)
    assert same(f"{REPO}@v1", trained)
    assert same(f"{REPO}@{first}", trained)
    assert same(f"{REPO}@try/out", trained)


def test_a_push_is_one_commit_and_pushing_the_same_again_is_none(the_hub, trained, other):
    push(trained)
    assert the_hub.state.messages("models", REPO) == ["Push step-000000100"]
    push(trained)
    assert the_hub.state.messages("models", REPO) == ["Push step-000000100"]
    push(other)
    assert the_hub.state.messages("models", REPO) == ["Push step-000000200", "Push step-000000100"]


def test_files_of_an_older_push_do_not_stay_beside_new_weights(the_hub, trained, other, monkeypatch):
    """A graph refers to places in the weights it was made for, so one that is not replaced is removed."""
    push(trained)
    (other / checkpoint.ONNX).unlink()
    monkeypatch.setattr(push_command, "_export", lambda *_: None)
    push(other)
    assert checkpoint.ONNX not in the_hub.state.files("models", REPO)[1]
    assert same(REPO, other)


def test_a_checkpoint_without_a_graph_is_pushed_with_one_and_stays_as_it_was(the_hub, trained, other):
    (other / checkpoint.ONNX).unlink()
    push(other)
    assert the_hub.state.content("models", REPO, checkpoint.ONNX) == (trained / checkpoint.ONNX).read_bytes()
    assert not (other / checkpoint.ONNX).exists()


def test_private_repositories_load_for_their_owner_alone(the_hub, trained, monkeypatch):
    push(trained, private=True)
    assert same(REPO, trained)
    forget_cache()
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ValueError, match=f"the Hub has no {REPO}, or the token may not see it"):
        checkpoint.find(REPO)


def test_the_card_on_the_hub_names_the_repository_its_scores_and_a_sheet_of_our_drawings(the_hub, trained):
    push(trained)
    text = the_hub.state.content("models", REPO, "README.md").decode()
    parsed = parse(text)
    head, body = parsed.data.to_dict(), parsed.text
    assert head["pipeline_tag"] == "image-to-image" and head["library_name"] == "pix2pix" and "license" not in head
    (entry,) = head["model-index"]
    assert entry["name"] == "facades"
    metrics = {metric["type"]: metric["value"] for metric in entry["results"][0]["metrics"]}
    assert metrics == {"l1": 0.25, "psnr": 12.5, "ssim": 0.125}
    assert f'inference.load("{REPO}")' in body and "samples.png" in body
    sheet = images.read_image(the_hub.state.content("models", REPO, "samples.png"))
    assert sheet.shape == (128, 256, 3)
    example = images.read_image(the_hub.state.content("models", REPO, "labels.png"))
    assert (sheet[:64, :64] == example).all() and (example == labels.colorize(label_map(1, 64, 64))).all()


def test_the_hub_reads_the_card_as_it_is_meant(the_hub, trained):
    """The client's own parser of cards makes evaluation results of the model-index."""
    from huggingface_hub import ModelCard

    push(trained)
    data = ModelCard(the_hub.state.content("models", REPO, "README.md").decode()).data
    assert [(result.metric_type, result.metric_value, result.dataset_split) for result in data.eval_results] == [
        ("l1", 0.25, "val"), ("psnr", 12.5, "val"), ("ssim", 0.125, "val"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "datasets"),
    [
        ("huggan/facades", ["huggan/facades"]),
        ("huggan/facades@main:imageA,imageB", ["huggan/facades"]),
        ("/data/facades", None),
        ("synthetic", None),
        ("tests/web/js", None),
    ],
)
def test_a_card_names_a_dataset_of_the_hub_and_no_folder(data, datasets):
    assert card.hub_metadata(TINY, data).get("datasets") == datasets


# Offline, and damage.


def test_what_is_cached_loads_when_the_hub_cannot_be_reached(the_hub, trained):
    push(trained, tag="v1")
    checkpoint.find(REPO)
    checkpoint.find(f"{REPO}@v1")
    for name in (REPO, f"{REPO}@v1"):
        the_hub.fail("repo_info", status=503, times=2)
        assert same(name, trained)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", None])
def test_offline_is_no_hindrance_to_what_is_cached_and_one_line_for_what_is_not(the_hub, trained, address):
    """With a Hub that refuses connections, and with HF_HUB_OFFLINE."""
    push(trained)
    checkpoint.find(REPO)
    asked = the_hub.asked.total()
    environment = {"HF_ENDPOINT": address} if address else {"HF_HUB_OFFLINE": "1"}
    found = run_python(
        "-c", f"from pix2pix.inference import checkpoint; print(checkpoint.find({REPO!r}))", **environment
    )
    assert Path(found.stdout.strip()) == checkpoint.find(REPO)
    unknown = run_python(
        "-c", "from pix2pix.inference import checkpoint; checkpoint.find('anna/unknown')", **environment
    )
    assert re.search(
        r"there is no folder anna/unknown, and on the Hub: anna/unknown is not in the cache", unknown.stderr
    )
    assert the_hub.asked.total() <= asked + 2  # checkpoint.find here; nothing of the other process


def test_a_commit_in_the_cache_is_not_asked_for_again(the_hub, trained):
    push(trained)
    name = f"{REPO}@{the_hub.state.resolve('models', REPO, 'main')}"
    checkpoint.find(name)
    the_hub.asked.clear()
    assert same(name, trained)
    assert not the_hub.asked


def test_a_half_finished_download_never_loads(the_hub, trained, fast_clock):
    push(trained)
    the_hub.fail("lfs_download", status=404, times=50)
    with pytest.raises(ValueError, match="the Hub has no"):
        checkpoint.find(REPO)
    the_hub.failures.clear()
    the_hub.fail("repo_info", status=503, times=50)
    with pytest.raises(ValueError, match="is not in the cache, and the Hub answers 503"):
        checkpoint.find(REPO)
    the_hub.failures.clear()
    assert same(REPO, trained)


def test_a_damaged_file_in_the_cache_is_told_and_not_loaded(the_hub, trained):
    push(trained)
    blob = (checkpoint.find(REPO) / checkpoint.WEIGHTS).resolve()
    content = bytearray(blob.read_bytes())
    content[-5] ^= 1
    blob.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged; delete"):
        checkpoint.find(REPO)


# A Hub in trouble.


@pytest.mark.parametrize(
    ("route", "failure"),
    [
        ("create_repo", {"status": 500, "times": 3}),
        ("preupload", {"status": 500, "times": 3}),
        ("commit", {"status": 502, "times": 3}),
        ("create_repo", {"cut": True}),
        ("lfs_upload", {"cut": True}),
        ("lfs_upload", {"status": 500, "times": 3}),
        ("commit", {"cut": True}),
        ("commit", {"status": 412}),
    ],
)
def test_a_push_gets_through_passing_trouble(the_hub, trained, fast_clock, route, failure):
    the_hub.fail(route, **failure)
    push(trained)
    assert the_hub.state.messages("models", REPO) == ["Push step-000000100"]
    assert same(REPO, trained)
    assert fast_clock


@pytest.mark.parametrize("route", ["create_repo", "preupload", "commit"])
def test_a_push_waits_as_long_as_it_is_told(the_hub, trained, fast_clock, route):
    the_hub.fail(route, status=429, headers=(("Retry-After", "77"),))
    push(trained)
    assert any(77 <= wait <= 78 for wait in fast_clock)
    assert same(REPO, trained)


def test_a_push_gives_up_in_one_line(the_hub, trained, fast_clock):
    the_hub.fail("commit", status=500, times=99)
    with pytest.raises(ValueError, match=r"^the Hub answers 500: told to fail$"):
        push(trained)
    assert [wait for wait in fast_clock if wait > 1] == list(errors.DELAYS)


@pytest.mark.parametrize(
    ("route", "status", "line"),
    [
        ("create_repo", 401, "the Hub refuses the token (401): log in again with `hf auth login`, or renew HF_TOKEN"),
        ("preupload", 401, "the Hub refuses the token (401): log in again with `hf auth login`, or renew HF_TOKEN"),
        (
            "preupload",
            403,
            f"the token may not do this to {REPO} (403: told to fail); it needs the right to write",
        ),
        ("commit", 403, f"the token may not do this to {REPO} (403: told to fail); it needs the right to write"),
        ("commit", 404, f"the Hub has no {REPO}, or the token may not see it"),
        ("tag", 409, "the Hub refuses this (409): told to fail"),
        ("commit", 413, "the Hub refuses this (413): told to fail"),
    ],
)
def test_a_refusal_is_one_line_at_once(the_hub, trained, fast_clock, route, status, line):
    the_hub.fail(route, status=status)
    with pytest.raises(ValueError) as refusal:
        push(trained, tag="v1")
    assert str(refusal.value) == line
    assert [wait for wait in fast_clock if wait >= 1] == []


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("client error (403 Forbidden)", f"the token may not do this to {REPO} (403); it needs the right to write"),
        ("client error (401 Unauthorized)", "the Hub refuses the token (401): log in again"),
        ("server error (503 Service Unavailable)", "the Hub answers 503"),
    ],
)
def test_a_refusal_by_the_transport_of_large_files_is_understood(status, line):
    """What hf_xet raises, which the test server cannot provoke."""
    error = ConnectionError(f"Network error: Request error: HTTP status {status}, domain: http://hub/xet-write-token")
    assert line in str(errors.explain(error, REPO))
    assert isinstance(errors.explain(error, REPO), errors.Unreachable) == ("server" in status)


@pytest.mark.parametrize(
    "failure", [{"cut": True}, {"hang_up": True}, {"status": 429, "headers": (("Retry-After", "3"),)}, {"status": 500}]
)
def test_a_download_gets_through_passing_trouble(the_hub, trained, fast_clock, failure):
    push(trained)
    the_hub.fail("lfs_download", **failure)
    assert same(REPO, trained)


def test_a_body_that_is_too_short_does_not_load(the_hub, trained, fast_clock):
    push(trained)
    the_hub.fail("lfs_download", truncate=True, times=50)
    with pytest.raises(ValueError, match="is not in the cache, and the transfer broke off: Consistency check failed"):
        checkpoint.find(REPO)
    the_hub.failures.clear()
    assert same(REPO, trained)


def test_without_a_token_nothing_is_pushed(the_hub, trained, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ValueError, match=r"^there is no Hub token: log in with `hf auth login`, or set HF_TOKEN$"):
        push(trained)
    assert not the_hub.asked


def test_a_token_that_may_only_read_is_refused_before_the_training(the_hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(ValueError, match=f"the token may only read; pushing to {REPO} needs one that may write"):
        transfer.check_writable(REPO, private=False)
    with pytest.raises(ValueError, match=f"the token may not do this to {REPO} \\(403"):
        transfer.upload(REPO, {}, "nothing")


def test_the_token_is_in_nothing_that_is_printed_pushed_or_raised(the_hub, trained, tmp_path, monkeypatch, capsys):
    mine = tmp_path / "step-000000300"
    shutil.copytree(trained, mine)
    text = (mine / "README.md").read_text() + f"\nHF_TOKEN={WRITER} python train.py, hf_abcdefghijklmnop\n"
    (mine / "README.md").write_text(text)
    push(mine)
    the_hub.fail("commit", status=400, message=f"no {WRITER} and no hf_abcdefghijklmnop")
    with pytest.raises(ValueError) as refusal:
        push(trained)
    printed = "".join(capsys.readouterr()) + str(refusal.value)
    stored = b"".join(path.read_bytes() for path in the_hub.state.folder.rglob("*") if path.is_file())
    for secret in (WRITER, "hf_abcdefghijklmnop"):
        assert secret not in printed
        assert secret.encode() not in stored


# Repositories that are no checkpoints of ours, and names that are none.


LARGEST = {"base_channels": 512, "depth": 8, "size": 256}


def config_with(**changes) -> bytes:
    """A config with other settings, whatever they are; those that no part has stand beside the parts."""
    values = json.loads(configs.to_json(TINY))
    for name, value in changes.items():
        next((values[part] for part in ("architecture", "data") if name in values[part]), values)[name] = value
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"model.safetensors": b"x"}, "anna/bad is not a checkpoint: it has no config.json"),
        ({"README.md": b"x"}, "anna/bad is not a checkpoint: it has no config.json and no model.safetensors"),
        ({"config.json": b"{}", "pytorch_model.bin": b"x"}, "anna/bad holds pytorch_model.bin, a pickle"),
        ({"config.json": b'{"model_type": "bert"}', "model.safetensors": b"x"}, "is not the config of a pix2pix"),
        ({"config.json": b"[1, 2", "model.safetensors": b"x"}, "is not valid JSON"),
        ({"config.json": b"[" * 10**5, "model.safetensors": b"x"}, "is not valid JSON"),
        ({"config.json": b"\xff\xfe\x00", "model.safetensors": b"x"}, "config.json: "),
        ({"config.json": config_with(base_channels="../../etc"), "model.safetensors": b"x"}, "it must be int"),
        ({"config.json": config_with(base_channels=10**9), "model.safetensors": b"x"}, "it must lie between"),
        ({"config.json": config_with(size=10**12), "model.safetensors": b"x"}, "it must lie between"),
        ({"config.json": config_with(generator="../../evil"), "model.safetensors": b"x"}, "generator is"),
        ({"config.json": config_with(path="/etc/passwd"), "model.safetensors": b"x"}, "has unknown keys: path"),
        ({"config.json": config_with(), "model.safetensors": b"\x80\x04pickle"}, "is not a readable safetensors file"),
    ],
)
def test_a_repository_that_is_no_checkpoint_of_ours_is_one_line(the_hub, files, line):
    put(the_hub, "anna/bad", files)
    with pytest.raises(ValueError) as refusal:
        checkpoint.load("anna/bad")
    assert line in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_config_larger_than_its_weights_is_refused_before_it_costs_memory(the_hub, trained):
    weights_of_tiny = (trained / checkpoint.WEIGHTS).read_bytes()
    put(the_hub, "anna/huge", {"config.json": config_with(**LARGEST), "model.safetensors": weights_of_tiny})
    start = time.thread_time()
    with pytest.raises(ValueError, match=r"it does not fit its config\.json"):
        checkpoint.load("anna/huge")
    assert time.thread_time() - start < 5  # drawing its 3.5 thousand million weights takes minutes


def test_a_checkpoint_of_an_impossible_size_is_not_fetched():
    with pytest.raises(ValueError, match=r"is not a checkpoint of ours: its files have 5\.0 GiB"):
        checkpoint.check_listing("anna/huge", {"config.json": 400, "model.safetensors": 5 * 2**30})


@pytest.mark.parametrize(
    "name",
    [
        "anna",
        "anna/facades/more",
        "anna/fa cades",
        "anna/..",
        "anna/facades@",
        "anna/facades@../../x",
        "a--b/c",
        "anna/x.git",
    ],
)
def test_a_name_that_is_none_is_one_line_and_asks_nobody(the_hub, name):
    for use in (checkpoint.find, ids.parse):
        with pytest.raises(ValueError) as refusal:
            use(name)
        assert "\n" not in str(refusal.value)
    assert not the_hub.asked


def test_a_checkpoint_without_a_graph_is_one_line_where_torch_is_not_installed(the_hub, other, monkeypatch):
    """As on a Space, when a visitor asks for such a model."""
    (other / checkpoint.ONNX).unlink()
    monkeypatch.setattr(push_command, "_export", lambda *_: None)
    push(other)
    without_torch = "import sys; sys.modules['torch'] = None"
    done = run_python("-c", f"{without_torch}; from pix2pix import inference; inference.load({REPO!r})")
    assert (
        done.stderr.splitlines()[-1] == f"pix2pix.utils.UserError: {REPO} has no model.onnx, and without it needs torch"
    )


def test_a_folder_goes_before_a_name_on_the_hub(the_hub, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "anna" / "facades")
    assert checkpoint.find(REPO) == Path(REPO)
    assert not the_hub.asked


def test_an_unknown_name_may_be_meant_as_a_folder(the_hub):
    with pytest.raises(ValueError, match=r"there is no folder runs/first, and on the Hub: the Hub has no runs/first, "):
        checkpoint.find("runs/first")


def test_an_unknown_revision_is_told(the_hub, trained):
    push(trained)
    with pytest.raises(ValueError, match=f"{REPO} has no such revision on the Hub"):
        checkpoint.find(f"{REPO}@v9")
