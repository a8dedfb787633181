"""Progressive answers: a fast model paints while the drawing changes, the model itself refines what rests."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import app
from pix2pix import inference
from pix2pix.config import Config
from pix2pix.inference import checkpoint
from pix2pix.labels import INDEX, PALETTE
from pix2pix.utils import UserError
from pix2pix.web.canvas import Painter, find_examples
from pix2pix.web.serving import FairQueue, Models
from tests.conftest import DESKTOP
from tests.helpers.canvas_page import CanvasPage
from tests.helpers.running_app import RunningApp, StandIn, free_port, grey_of
from tests.web.test_canvas_page import downloaded

pytestmark = pytest.mark.browser
WALL, WINDOW, DOOR = (grey_of(PALETTE[INDEX[name]].tolist()) for name in ("facade", "window", "door"))

# Note who painted each picture, and one pixel of it as [red, blue].
WATCH = """() => {
  const canvas = document.querySelector("canvas.generated");
  window.pictures = [];
  new MutationObserver(() => {
    const [red, , blue] = canvas.getContext("2d").getImageData(80, 80, 1, 1).data;
    pictures.push([canvas.dataset.painter, red, blue]);
  }).observe(canvas, { attributeFilter: ["data-picture"] });
}"""


class Reddish(StandIn):
    """A stand-in that leaves out blue, so that its pictures are told from those of its model."""

    def __call__(self, *given, **colours) -> np.ndarray:
        return super().__call__(*given, **colours) * np.array([1, 1, 0], np.uint8)


class ProgressiveApp(RunningApp):
    """Models with a fast model, without, and with one that does not load."""

    def __init__(self, examples):
        self.best, self.live, self.alone = StandIn("facades"), Reddish("facades-live"), StandIn("alone")
        models = {"facades": self.best, "facades-live": self.live, "alone": self.alone, "lame": self.alone}
        listed = {name: name for name in (*models, "lame-live")}

        def load(name):
            if name not in models:
                raise UserError(f"{name} is not a checkpoint")
            return models[name]

        super().__init__(Painter(Models(load, listed), find_examples(examples), FairQueue()))


class ProgressivePage(CanvasPage):
    def pictures(self) -> list:
        return self.page.evaluate("pictures")

    def status(self) -> str:
        return self.page.inner_text(".time")


@pytest.fixture(scope="module")
def progressive(example_pairs):
    running = ProgressiveApp(example_pairs)
    yield running
    running.close()


@pytest.fixture
def visit(chromium, progressive):
    """Open the page as a new visitor, on an empty wall; takes the options of a browser context."""
    progressive.best.delay = 0.0
    contexts = []

    def open_page(**options) -> ProgressivePage:
        contexts.append(chromium.new_context(**DESKTOP, **options))
        canvas = ProgressivePage(contexts[-1].new_page(), progressive.url).open()
        canvas.empty_wall()
        canvas.settle()
        canvas.page.evaluate(WATCH)
        return canvas

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def shared_page(chromium, progressive):
    context = chromium.new_context(**DESKTOP)
    canvas = ProgressivePage(context.new_page(), progressive.url).open()
    canvas.page.evaluate(WATCH)
    yield canvas
    context.close()


@pytest.fixture
def canvas(shared_page, progressive):
    """One visitor's page, on an empty wall."""
    progressive.best.delay = 0.0
    shared_page.reset()
    shared_page.page.evaluate("pictures.length = 0")
    yield shared_page
    assert shared_page.errors == []


def near(one: float, other: float) -> bool:
    return abs(one - other) <= 3  # JPEG


def choose_model(canvas: ProgressivePage, name: str) -> None:
    canvas.page.select_option("[data-control=model]", name)
    canvas.page.wait_for_function(f"document.querySelector('.message').textContent.includes('{name} is painting')")
    canvas.settle()


def test_the_live_model_paints_while_the_pointer_moves_and_the_model_itself_what_rests(canvas):
    canvas.press(20.5, 20.5)
    for step in range(20):
        canvas.move(100 + 5 * step, 100, steps=1)
    canvas.release()
    canvas.settle()
    painters = [painter for painter, *_ in canvas.pictures()]
    assert painters[0] == "live"
    assert painters[-1] == "refined"
    live, best = ([picture for picture in canvas.pictures() if picture[0] == kind] for kind in ("live", "refined"))
    assert all(near(blue, 0) for *_, blue in live)
    assert all(near(red, blue) for _, red, blue in best)
    assert canvas.status().startswith("refined · ")


def test_a_pointer_that_rests_while_it_is_down_is_refined_too(canvas):
    canvas.press(20.5, 20.5)
    canvas.move(120, 120)
    refined = f"([painter, , blue]) => painter === 'refined' && Math.abs(blue - {WINDOW}) <= 3"
    canvas.page.wait_for_function(f"pictures.some({refined})")  # the wall, and perhaps half a window, were before
    canvas.move(140, 140)
    canvas.page.wait_for_function("pictures.at(-1)[0] === 'live'")
    canvas.release()
    canvas.settle()


def test_the_next_stroke_gives_refining_up_and_an_older_drawing_never_comes_over_a_newer_one(canvas, progressive):
    progressive.best.delay, stopped = 2.0, progressive.best.stopped
    for name in ("window", "door", "window", "door"):
        canvas.choose(name)
        with canvas.page.expect_request(lambda request: '"facades"' in (request.post_data or "")):
            canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.settle()
    assert [near(red, DOOR) for painter, red, _ in canvas.pictures() if painter == "refined"] == [True]
    assert progressive.best.stopped - stopped >= 1  # and the server is free for the stroke
    reds = [red for _, red, _ in canvas.pictures()]
    order = [near(red, DOOR) for red in reds]
    assert sum(one != other for one, other in itertools.pairwise(order)) <= 3
    assert near(canvas.generated()[80, 80, 2], DOOR)


def test_what_is_painted_by_keyboard_undone_and_loaded_is_refined(canvas):
    def refined() -> int:
        canvas.settle()
        return int(canvas.generated()[80, 80, 2])

    canvas.page.focus(".overlay")
    for key in ("4", *["Shift+ArrowLeft"] * 8, *["Shift+ArrowUp"] * 8, "Space", *["Shift+ArrowDown"] * 5,
                *["Shift+ArrowRight"] * 5, "Space"):  # fmt: skip
        canvas.page.keyboard.press(key)
    assert near(refined(), DOOR)
    canvas.key("Control+z")
    canvas.page.wait_for_function("pictures.at(-1)[0] === 'refined'")
    assert near(refined(), WALL)
    canvas.page.fill("[data-control=variation]", "30")
    canvas.page.wait_for_function(f"Math.abs(pictures.at(-1)[2] - {WALL + 30}) < 4")
    canvas.page.locator("[title='Example pair 1']").evaluate("button => button.click()")
    canvas.page.wait_for_selector("canvas.generated[data-painter=live]")
    canvas.settle()


def test_a_saved_picture_is_refined_and_then_on_show(canvas, progressive):
    progressive.best.delay = 0.3
    canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.page.wait_for_selector("canvas.generated[data-painter=live]")
    painted = progressive.best.painted
    assert (downloaded(canvas, "save-photo")[80, 80] == WINDOW).all()
    canvas.settle()
    assert (canvas.generated()[80, 80] == WINDOW).all()  # without loss, as it was saved
    assert progressive.best.painted - painted <= 2


def test_four_variations_are_the_models_own(canvas, progressive):
    live = progressive.live.painted
    canvas.do("variations")
    canvas.page.wait_for_function("document.querySelectorAll('.variations img').length === 4")
    assert progressive.live.painted == live


def test_a_machine_too_slow_to_refine_says_so_and_refines_when_asked(visit, progressive):
    canvas = visit()
    progressive.best.delay = 1.6
    for name in ("window", "door", "window"):
        canvas.choose(name)
        canvas.drag(50.5, 50.5, 150.5, 150.5)
        canvas.page.wait_for_selector("canvas.generated[data-painter=live]")
        canvas.settle()
    assert canvas.message().startswith("Live model only: refining is too slow here.")
    painted = progressive.best.painted
    canvas.choose("door")
    canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.settle()  # the button is there from the drawing before
    assert canvas.page.locator("[data-action=refine]").is_visible()
    assert canvas.status() == "live model only"
    assert near(canvas.generated()[80, 80, 0], DOOR)
    canvas.page.wait_for_timeout(300)
    assert progressive.best.painted == painted
    progressive.best.delay = 0.0
    canvas.do("refine")
    canvas.page.wait_for_selector("canvas.generated[data-painter=refined]")
    assert near(canvas.generated()[80, 80, 2], DOOR)
    assert not canvas.page.locator("[data-action=refine]").is_visible()


@pytest.mark.parametrize("name", ["alone", "lame"])
def test_a_model_without_a_fast_model_that_loads_paints_everything_itself(visit, progressive, name):
    canvas = visit()
    choose_model(canvas, name)
    others = progressive.live.painted + progressive.best.painted
    painted = progressive.alone.painted
    canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.settle()
    assert near(canvas.generated()[80, 80, 2], WINDOW)
    shown = len(canvas.pictures())
    canvas.page.wait_for_timeout(300)
    assert len(canvas.pictures()) == shown
    assert progressive.alone.painted - painted <= 6
    assert progressive.live.painted + progressive.best.painted == others
    assert canvas.status().endswith(" ms") and "·" not in canvas.status()
    assert not canvas.page.locator("[data-action=refine]").is_visible()


def test_the_refined_picture_comes_in_one_step_for_those_who_ask_for_less_motion(visit):
    canvas = visit(reduced_motion="reduce")
    canvas.page.evaluate("""() => {
      const { prototype } = CanvasRenderingContext2D, draw = prototype.drawImage;
      window.alphas = [];
      prototype.drawImage = function (...given) {
        if (this.canvas.classList.contains("generated")) alphas.push(this.globalAlpha);
        return draw.apply(this, given);
      };
    }""")
    canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.page.wait_for_function("pictures.at(-1)?.[0] === 'refined'")
    assert set(canvas.page.evaluate("alphas")) == {1}


def test_only_models_are_offered_not_their_fast_models(canvas):
    options = canvas.page.locator("[data-control=model] option").all_inner_texts()
    assert options == ["facades", "alone", "lame"]


# --- Checkpoints


def tiny_checkpoint(folder: Path, tint: tuple[float, float, float]) -> Path:
    """Of random weights, without ONNX graph; its pictures have about this colour, from -1 to 1."""
    import torch

    from pix2pix.networks import build_generator

    torch.manual_seed(1)
    config = Config.of(base_channels=4, depth=6, biases=True)
    generator = build_generator(config.architecture)
    weights = generator.state_dict()
    (last,) = [name for name, tensor in weights.items() if name.endswith("bias") and tensor.shape == (3,)]
    weights[last].copy_(torch.atanh(torch.tensor(tint)))
    checkpoint.save(folder, config, generator, "card")
    return folder


def test_a_checkpoint_is_helped_by_the_one_beside_it_that_is_named_live(chromium, tmp_path):
    best = tiny_checkpoint(tmp_path / "small", (0.5, -0.5, -0.5))
    live = tiny_checkpoint(tmp_path / "small-live", (-0.5, -0.5, 0.5))
    port, context = free_port(), chromium.new_context(**DESKTOP)
    page = app.serve(app.parse(["--model", str(best)]), server_port=port, prevent_thread_lock=True, quiet=True)
    canvas = ProgressivePage(context.new_page(), f"http://127.0.0.1:{port}/").open()
    canvas.page.route(
        "**/canvas/generate", lambda route: route.abort() if is_for("small", route) else route.continue_()
    )
    canvas.drag(50.5, 50.5, 150.5, 150.5)
    canvas.page.wait_for_selector("canvas.generated[data-painter=live]")
    canvas.page.wait_for_selector("[data-live=live]")
    canvas.frame()
    drawing = canvas.labels().astype(np.uint8)
    by_live, by_best = inference.load(live)(drawing), inference.load(best)(drawing)
    assert difference(canvas.generated(), by_live) < 8 < 40 < difference(canvas.generated(), by_best)
    canvas.page.unroute("**/canvas/generate")
    canvas.settle()  # after the pause until a failed request is tried again
    assert difference(canvas.generated(), by_best) < 8
    context.close()
    page.close(verbose=False)


def is_for(model: str, route) -> bool:
    return route.request.post_data_json["model"] == model


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())
