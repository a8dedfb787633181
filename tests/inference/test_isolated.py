"""Strangers' checkpoints run in a process of their own: what they do there holds up and fills up nobody else."""

from concurrent.futures import Future

import numpy as np
import pytest
from safetensors.numpy import save_file

from pix2pix.config import Config, to_json
from pix2pix.inference import isolated
from pix2pix.inference import load as load_here
from pix2pix.inference.onnx_session import HEADER_KEY, header_digest, read_header

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
helper, FLOAT, INT64, BOOL = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.BOOL
CONFIG = Config.of(task="photo", generator="unet", size=16, depth=2, base_channels=4, dropout_decoders=0)


def checkpoint(folder, nodes, initializers=(), inputs="inputs", outputs="generated", channels=3):
    """A checkpoint whose graph is made of these nodes; its weights are of no use."""

    def picture(name):
        return helper.make_tensor_value_info(name, FLOAT, [1, channels, "height", "width"])

    folder.mkdir()
    (folder / "config.json").write_text(to_json(CONFIG))
    save_file({"unused": np.zeros(1, np.float32)}, folder / "model.safetensors")
    graph = helper.make_graph(nodes, "strange", [picture(inputs)], [picture(outputs)], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    digest = header_digest(read_header(folder / "model.safetensors"))
    model.metadata_props.add(key=HEADER_KEY, value=digest)
    onnx.save(model, folder / "model.onnx")
    return folder


def looping(times: str) -> list:
    """Nodes that pass the picture on, after a loop of as many rounds as the input `times` says."""

    def value(name, kind, shape=()):
        return helper.make_tensor_value_info(name, kind, shape)

    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Neg", ["x"], ["y"])],
        "body",
        [value("round", INT64), value("go", BOOL), value("x", FLOAT, None)],
        [value("on", BOOL), value("y", FLOAT, None)],
    )
    return [helper.make_node("Loop", [times, "", "inputs"], ["generated"], body=body)]


def number(name: str, value) -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.asarray(value), name)


def test_an_honest_checkpoint_paints_there_as_it_does_here(tmp_path):
    folder = checkpoint(tmp_path / "honest", [helper.make_node("Neg", ["inputs"], ["generated"])])
    picture = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    assert (isolated.load(folder)(picture) == load_here(folder)(picture)).all()


def test_an_endless_loop_is_refused_at_loading(tmp_path, monkeypatch):
    monkeypatch.setattr(isolated, "PAINTING", 1.0)
    folder = checkpoint(tmp_path / "endless", looping("times"), [number("times", np.int64(2**62))])
    with pytest.raises(ValueError, match="endless took longer than 1 s for a picture; it is not painted with any more"):
        isolated.load(folder)


def loops_on_large_pictures(folder):
    nodes = [
        helper.make_node("Shape", ["inputs"], ["shape"]),
        helper.make_node("Gather", ["shape", "two"], ["height"]),
        helper.make_node("Sub", ["height", "small"], ["more"]),
        helper.make_node("Mul", ["more", "many"], ["rounds"]),
        helper.make_node("Max", ["rounds", "none"], ["times"]),
    ]
    numbers = {"two": 2, "small": 4, "many": 2**50, "none": 0}
    return checkpoint(folder, nodes + looping("times"), [number(name, np.int64(n)) for name, n in numbers.items()])


def test_a_loop_that_begins_with_larger_pictures_is_ended_and_painted_with_no_more(tmp_path, monkeypatch):
    translator = isolated.load(loops_on_large_pictures(tmp_path / "sly"))
    for seconds in (1.0, 3.0):  # a second picture that were begun would be said to take longer than 3
        monkeypatch.setattr(isolated, "PAINTING", seconds)
        with pytest.raises(isolated.ModelError, match="sly took longer than 1 s"):
            translator(np.zeros((16, 16, 3), np.uint8))


def test_a_picture_that_nobody_waits_for_ends_and_the_next_is_painted(tmp_path):
    translator = isolated.load(loops_on_large_pictures(tmp_path / "slow"))
    cancel = Future()
    isolated.threading.Timer(0.5, cancel.cancel).start()
    with pytest.raises(isolated.ModelError):
        translator(np.zeros((16, 16, 3), np.uint8), None, cancel)
    assert translator(np.zeros((4, 4, 3), np.uint8)).shape == (4, 4, 3)


def test_a_graph_that_asks_for_more_memory_than_it_may_have_is_refused_and_keeps_none(tmp_path):
    psutil = pytest.importorskip("psutil", reason="psutil is not installed")
    if isolated.sys.platform != "linux":
        pytest.skip("memory is bounded on Linux")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["constant"], value=number("v", np.float32([1.0]))),
        helper.make_node("ReduceMean", ["constant"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["inputs", "mean"], ["generated"]),
    ]
    folder = checkpoint(tmp_path / "huge", nodes, [number("shape", np.int64([1024, 1024, 768]))])
    with pytest.raises(ValueError, match=r"huge (does not paint|takes more)"):
        isolated.load(folder)
    assert [child for child in psutil.Process().children() if child.memory_info().rss > 2**29] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": "picture"}, "has picture where inputs belong"),
        ({"outputs": "result"}, "has result where generated belong"),
        ({"channels": 4}, "inputs has 4 channels, not 3"),
    ],
)
def test_a_graph_that_does_not_fit_its_config_is_refused_when_it_is_loaded(tmp_path, changes, words):
    ends = {"inputs": "inputs", "outputs": "generated", **changes}
    folder = checkpoint(tmp_path / "odd", [helper.make_node("Neg", [ends["inputs"]], [ends["outputs"]])], **changes)
    for load in (isolated.load, load_here):
        with pytest.raises(ValueError, match=words):
            load(folder)


def test_a_graph_whose_picture_has_another_size_is_refused_when_it_is_loaded(tmp_path):
    nodes = [helper.make_node("Concat", ["inputs", "inputs"], ["generated"], axis=3)]
    with pytest.raises(ValueError, match="wide"):
        isolated.load(checkpoint(tmp_path / "wide", nodes))


def test_the_process_knows_no_token_and_ends_with_its_translator(tmp_path, monkeypatch):
    psutil = pytest.importorskip("psutil", reason="psutil is not installed")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    translator = isolated.load(checkpoint(tmp_path / "x", [helper.make_node("Neg", ["inputs"], ["generated"])]))
    process = psutil.Process(translator.network._process.pid)
    assert "HF_TOKEN" not in process.environ()
    del translator
    assert process.wait(5) is not None or not process.is_running()
