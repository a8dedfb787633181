"""A generator on ONNX Runtime: `model.onnx` holds the graph, `model.safetensors` beside it the weights."""

import hashlib
import re
import shlex
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors import SafetensorError, safe_open

from pix2pix.config import ModelConfig
from pix2pix.inference import checkpoint
from pix2pix.inference.latents import latent_count
from pix2pix.utils import UserError, available_cores, counted

MAX_CHANNELS = 2**13
HEADER_KEY = "weights_header_sha256"
MAX_HEADER = 2**26  # bytes: a file that claims a longer one is broken


class OnnxNetwork:
    """A `translator.Network` whose graph is `model.onnx`; may be called from several threads."""

    def __init__(self, folder: Path, threads: int | None = None, config: ModelConfig | None = None):
        """Load a graph; raises UserError where it or its weights are damaged, or made for others or another `config`.

        `threads` defaults to the cores at hand.
        """
        options = session_options(threads)
        here = onnxruntime.get_available_providers()  # CUDA is among them where onnxruntime-gpu is installed
        providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in here]
        self.color_basis = self._read_weights(folder / checkpoint.WEIGHTS)  # first: the graph refers to them
        try:
            path = str(folder / checkpoint.ONNX)
            self.session = onnxruntime.InferenceSession(path, options, providers=providers, enable_fallback=False)
        except Exception as error:  # onnxruntime raises a kind of its own for each of its states
            raise UserError(
                f"{folder / checkpoint.ONNX} does not load ({_reason(error)}): it is damaged, or made for other "
                f"weights or a newer ONNX Runtime; write it anew: python -m pix2pix export {shlex.quote(str(folder))}"
            ) from None
        if config:
            try:
                check_signature(self.session, config)
            except UserError as error:
                raise UserError(
                    f"{folder / checkpoint.ONNX} does not fit {checkpoint.CONFIG}: {error}; to write it anew: "
                    f"python -m pix2pix export {shlex.quote(str(folder))}"
                ) from None
        made_for = self.session.get_modelmeta().custom_metadata_map.get(HEADER_KEY)
        if made_for != header_digest(read_header(folder / checkpoint.WEIGHTS)):
            raise UserError(
                f"{folder / checkpoint.ONNX} was made for other weights: run python -m pix2pix export "
                f"{shlex.quote(str(folder))}"
            )
        latents = self.session.get_inputs()[1:]  # named mask_0, mask_1, …, or noise_0, …
        self.latent_kind = latents[0].name.split("_")[0] if latents else "mask"
        self.latent_channels = [each.shape[1] for each in latents]

    def _read_weights(self, path: Path) -> list[np.ndarray]:
        """The colours that stand in the weights; raises UserError for a file that is broken or holds no numbers."""
        try:
            with safe_open(path, "numpy") as weights:
                given = [name for name in checkpoint.COLOR_BASIS if name in weights.keys()]  # noqa: SIM118
                color_basis = [weights.get_tensor(name).astype(np.float32) for name in given]
                names = [name for name in weights.keys() if weights.get_slice(name).get_dtype() in ("F16", "F32")]  # noqa: SIM118
                checkpoint.check_finite(path, ((name, weights.get_tensor(name)) for name in names))
        except (SafetensorError, OSError) as error:
            raise UserError(f"{path} is not a readable safetensors file: {error}") from None
        return color_basis

    def __call__(self, inputs: np.ndarray, latents: Sequence[np.ndarray], cancel: Future | None = None) -> np.ndarray:
        names = [tensor.name for tensor in self.session.get_inputs()]
        options = onnxruntime.RunOptions()
        if cancel:
            cancel.add_done_callback(lambda _: setattr(options, "terminate", True))
        return self.session.run(None, dict(zip(names, [inputs, *latents], strict=True)), options)[0]


def session_options(threads: int | None = None) -> onnxruntime.SessionOptions:
    """Options of every session here; `threads` defaults to the cores at hand."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or available_cores()
    options.log_severity_level = 4  # of its errors too, one line of ours is enough
    # A session's idle threads spin by default, and take the cores from the other model's: twice the time for each.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _reason(error: Exception) -> str:
    """What ONNX Runtime calls it, without its own places in the code: "INVALID_PROTOBUF"."""
    said = re.match(r"\[ONNXRuntimeError\] : \d+ : (\w+)", str(error))
    return said[1] if said else type(error).__name__


def check_signature(session: onnxruntime.InferenceSession, config: ModelConfig) -> None:
    """Hold the names, types, ranks and channels of a graph's inputs and outputs to its config; UserError says which.

    Sizes are held to it by painting: they depend on each other.
    """
    net = config.architecture
    kind = "noise" if net.generator == "noise" else "mask"
    wanted = [("inputs", net.in_channels), *((f"{kind}_{i}", None) for i in range(latent_count(net)))]
    generated = [("generated", net.out_channels)]
    for found, asked in ((session.get_inputs(), wanted), (session.get_outputs(), generated)):
        names = [each.name for each in found]
        if names != [name for name, _ in asked]:
            raise UserError(f"has {', '.join(names)[:100]} where {', '.join(name for name, _ in asked)[:100]} belong")
        for each, (name, channels) in zip(found, asked, strict=True):
            if name == "inputs" and config.task == "facades":
                if each.type != "tensor(uint8)" or len(each.shape) != 3:
                    raise UserError(f"{name} is {each.type} {each.shape}, not uint8 of (1, height, width)")
                continue
            at = each.shape[1] if len(each.shape) == 4 else None
            if each.type != "tensor(float)" or not isinstance(at, int) or not 0 < at <= MAX_CHANNELS:
                raise UserError(f"{name} is {each.type} {each.shape}, not float of (1, channels, height, width)")
            if channels not in (None, at):
                raise UserError(f"{name} has {counted(at, 'channel')}, not {channels}")


def read_header(weights: Path) -> bytes:
    """The JSON header of a safetensors file: name, type, shape and place of each tensor."""
    with weights.open("rb") as file:
        return file.read(min(int.from_bytes(file.read(8), "little"), MAX_HEADER))


def header_digest(header: bytes) -> str:
    """What a graph and the weights it refers to have in common: it knows them by their places in the file."""
    return hashlib.sha256(header).hexdigest()
