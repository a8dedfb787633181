"""Speed that must not be lost, as ratios of what runs in turns in this process: seconds differ with the machine."""

import statistics
import time

import numpy as np
import pytest
import torch

import app
from pix2pix import inference, synthetic
from pix2pix.inference import checkpoint
from pix2pix.labels import decode_runs, encode_runs
from pix2pix.networks import build_generator
from pix2pix.recipes import RECIPES
from pix2pix.utils import available_cores
from pix2pix.web.canvas.routes import encode
from pix2pix.web.serving import LIVE, listed_models

MODELS = listed_models(app.ROOT / "checkpoints")
ROUNDS = 10
pytestmark = pytest.mark.skipif(not MODELS, reason="no checkpoint is bundled")


@pytest.fixture(scope="module")
def bundled():
    return inference.load(next(iter(MODELS.values())))


def test_the_bundled_generators_are_much_faster_than_the_papers_in_eager_torch(bundled, tmp_path):
    """Measured when it is quiet: benchmarks/generators.py."""
    config = RECIPES["paper"]
    checkpoint.save(tmp_path / "paper", config, build_generator(config.architecture), "")
    live = inference.load(MODELS[bundled.name + LIVE])
    contenders = inference.load_torch(tmp_path / "paper"), bundled, live
    threads = torch.get_num_threads()
    torch.set_num_threads(available_cores())
    try:
        rounds = [[seconds(contender, drawing) for contender in contenders] for drawing in drawings()]
    finally:
        torch.set_num_threads(threads)
    paper, best, quick = (statistics.median(times) for times in zip(*rounds[1:], strict=True))  # the first are slow
    assert paper / best > 4
    assert paper / quick > 7


class Timed:
    """A network that notes how long its last picture took."""

    def __init__(self, network):
        self.network = network
        self.seconds = 0.0

    def __getattr__(self, name: str):
        return getattr(self.network, name)

    def __call__(self, *given):
        start = time.perf_counter()
        generated = self.network(*given)
        self.seconds = time.perf_counter() - start
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
    assert statistics.median(shares[1:]) < 0.5


def drawings() -> list[np.ndarray]:
    return [synthetic.label_map(seed) for seed in range(ROUNDS)]


def seconds(work, given) -> float:
    start = time.perf_counter()
    work(given)
    return time.perf_counter() - start
