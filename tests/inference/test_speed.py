"""Speed that must not be lost, as ratios of what one thread computes in turns: seconds differ with the machine.

Seconds of the thread itself, not of the clock: whatever else runs beside it takes none of those.
"""

import statistics
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import app
from pix2pix import inference, synthetic
from pix2pix.images import encode
from pix2pix.inference.onnx_session import OnnxNetwork
from pix2pix.labels import decode_runs, encode_runs
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.web.serving import LIVE, listed_models

MODELS = listed_models(app.ROOT / "checkpoints")
ROUNDS = 6
pytestmark = pytest.mark.skipif(not MODELS, reason="no checkpoint is bundled")


def on_one_thread(folder: Path) -> inference.Translator:
    translator = inference.load(folder)
    return inference.Translator(translator.config, OnnxNetwork(folder, threads=1), translator.name, translator.styles)


@pytest.fixture(scope="module")
def bundled():
    return on_one_thread(next(iter(MODELS.values())))


def test_the_bundled_generators_are_much_faster_than_the_papers_in_eager_torch(bundled):
    """Seconds on all cores: benchmarks/generators.py."""
    config = RECIPES["paper"]
    paper = inference.Translator(config, inference.TorchNetwork(build_generator(config.architecture)))
    contenders = paper, bundled, on_one_thread(MODELS[bundled.name + LIVE])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [[seconds(contender, drawing) for contender in contenders] for drawing in drawings()]
    finally:
        torch.set_num_threads(threads)
    of_paper, of_best, of_live = (
        statistics.median(times) for times in zip(*rounds[1:], strict=True)
    )  # the first are slow
    assert of_paper / of_best > 4  # about 5.6
    assert of_paper / of_live > 14  # about 23


class Timed:
    """A network that notes how long its last picture took."""

    def __init__(self, network):
        self.network = network
        self.seconds = 0.0

    def __getattr__(self, name: str):
        return getattr(self.network, name)

    def __call__(self, *given):
        start = time.thread_time()
        generated = self.network(*given)
        self.seconds = time.thread_time() - start
        return generated


def test_what_surrounds_the_network_takes_little_beside_it(bundled):
    """Text to labels to the network's input, and its output to a JPEG; no colour is compared to a palette here."""
    network = Timed(bundled.network)
    translator = inference.Translator(bundled.config, network)

    def answer(text: str) -> bytes:
        return encode(translator(decode_runs(text, 256, 256)), "JPEG")

    shares = []
    for text in map(encode_runs, drawings()):
        whole = seconds(answer, text)
        shares.append((whole - network.seconds) / network.seconds)
    assert statistics.median(shares[1:]) < 0.1  # about 0.04


def drawings() -> list[np.ndarray]:
    return [synthetic.label_map(seed) for seed in range(ROUNDS)]


def seconds(work, given) -> float:
    start = time.thread_time()
    work(given)
    return time.thread_time() - start
