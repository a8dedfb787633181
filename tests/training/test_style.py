"""The style of a facade: measured, chosen, kept beside the weights, and asked for by name."""

import copy
import json

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from pix2pix import __main__ as command_line
from pix2pix import images, inference, labels, synthetic
from pix2pix.data.pairs import Pair
from pix2pix.export.onnx_graph import add_onnx
from pix2pix.inference import checkpoint, isolated
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.recipes import RECIPES
from pix2pix.training.style import Style, _signed, choose_styles
from pix2pix.training.trainer import Trainer

CONFIG = RECIPES["projected"].replace(size=64, base_channels=4, detail_channels=4)
SIZE = CONFIG.architecture.code_size
NAMES = ("plaster", "brick", "stone")


def drawn(seed: int) -> Pair:
    label_map, photo = synthetic.facade(seed, 64, 64)
    return Pair(str(seed), label_map, photo)


def batch(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images.batch(picture))


@pytest.fixture(scope="module")
def styled(tmp_path_factory):
    """A checkpoint with three styles, its generator shifted far by them, as a folder with a graph."""
    torch.manual_seed(0)
    generator = build_generator(CONFIG.architecture)
    for each in generator.styles:
        each.data *= 10
    torch.nn.init.constant_(generator.detail.outer.gain, 0.5)
    stream = np.random.default_rng(0)
    styles = {name: stream.normal(size=SIZE).tolist() for name in NAMES}
    folder = tmp_path_factory.mktemp("styled") / "model"
    checkpoint.save(folder, CONFIG, generator, "card", styles=styles)
    add_onnx(folder, *checkpoint.load(folder))
    return folder


def test_codes_of_the_pairs_have_mean_0_unit_spread_and_are_not_correlated():
    style = Style(CONFIG, [drawn(seed) for seed in range(40)])
    codes = style.codes[:, CONFIG.architecture.color_code_size :]
    assert style.codes.shape == (40, SIZE)
    assert codes.mean(dim=0).abs().max() < 0.1
    spread = torch.cov(codes.T)
    assert ((spread.diagonal() > 0.5) & (spread.diagonal() < 1.1)).all()  # some codes are clamped
    assert (spread - spread.diagonal().diag()).abs().max() < 0.35


def test_the_style_of_a_pair_is_the_same_when_it_is_measured_again():
    pairs = [drawn(seed) for seed in range(12)]
    style = Style(CONFIG, pairs)
    again = torch.cat([style(batch(pair.input), batch(pair.target)) for pair in pairs])
    assert torch.allclose(again, style.codes, atol=1e-3)


def test_a_resumed_run_measures_styles_as_it_began_whatever_its_labels_are_now():
    def trainer(pairs: list[Pair]) -> Trainer:
        nets = build_generator(CONFIG.architecture), build_discriminator(CONFIG)
        return Trainer(CONFIG, *nets, Accelerator(cpu=True), Style(CONFIG, pairs))

    first = trainer([drawn(seed) for seed in range(14)])
    resumed = trainer([drawn(seed + 1) for seed in range(14)])
    pair = [batch(side) for side in (drawn(3).input, drawn(3).target)]
    assert not torch.allclose(resumed.color_code(*pair), first.color_code(*pair), atol=0.01)
    resumed.load_state(copy.deepcopy(first.state()))
    assert torch.equal(resumed.color_code(*pair), first.color_code(*pair))
    assert resumed.styles == first.styles and torch.equal(resumed.style_codes, first.style_codes)


def test_a_style_tells_what_colours_do_not():
    """Noise on the wall that leaves its mean colour as it is changes the style and not the tone."""
    pairs = [drawn(seed) for seed in range(40)]
    style, pair = Style(CONFIG, pairs), pairs[0]
    rough = pair.target.astype(int)
    rough += np.random.default_rng(0).choice([-40, 40], rough.shape[:2])[..., None]
    plain, changed = (style(batch(pair.input), batch(each)) for each in (pair.target, rough.clip(0, 255).astype("u1")))
    moved = (changed - plain).abs()[0]
    assert moved[CONFIG.architecture.color_code_size :].max() > 1
    assert moved[: CONFIG.architecture.color_code_size].max() < moved[CONFIG.architecture.color_code_size :].max()


def test_chosen_styles_are_codes_of_pairs_and_unlike_each_other():
    codes = torch.randn(60, SIZE, generator=torch.Generator().manual_seed(0))
    chosen = torch.tensor(list(choose_styles(codes, 8).values()))
    assert len(chosen) == 8
    assert all((codes - each).norm(dim=1).min() < 1e-5 for each in chosen)
    apart = torch.cdist(chosen, chosen) + 100 * torch.eye(8)
    assert apart.min() > 2
    lengths = codes.norm(dim=1).sort().values
    assert chosen[0].norm() == lengths[15]  # the mean house looks like clay: a quarter of the codes are nearer to it
    assert chosen.norm(dim=1).max() < lengths[45]


def test_few_pairs_have_as_many_styles_as_they_can():
    assert len(choose_styles(torch.randn(1, SIZE))) == 1
    assert len(choose_styles(torch.randn(3, SIZE))) == 2


def test_directions_do_not_turn_round_with_the_sign_that_a_decomposition_happens_to_give():
    rows = torch.randn(5, 9)
    assert torch.equal(_signed(rows), _signed(-rows))
    assert torch.allclose(_signed(rows).abs(), rows.abs())


def test_each_style_paints_another_picture_and_the_first_is_the_default(styled):
    translator, drawing = inference.load(styled), drawn(1).input
    assert tuple(translator.styles) == NAMES
    pictures = {name: translator(drawing, style=name) for name in NAMES}
    assert np.array_equal(translator(drawing), pictures["plaster"])
    assert not np.array_equal(pictures["brick"], pictures["stone"])


def test_a_variation_of_a_named_style_changes_less_than_another_style_and_is_the_same_each_time(styled):
    translator, drawing = inference.load(styled), drawn(1).input

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        return np.abs(one.astype(int) - other).mean()

    brick = translator(drawing, style="brick")
    varied = translator(drawing, 7, style="brick")
    assert 0 < apart(brick, varied) < apart(brick, translator(drawing, style="stone"))
    assert np.array_equal(varied, translator(drawing, 7, style="brick"))
    assert len({translator(drawing, seed).tobytes() for seed in range(6)}) == 6


def test_variations_stray_further_in_the_colours_of_wall_and_sky_than_in_the_material(styled):
    translator, drawing = inference.load(styled), drawn(1).input
    named = np.array(list(translator.styles.values()))
    codes = np.array([translator.network_inputs(drawing, seed)[1][-1].ravel() for seed in range(150)])
    nearest = named[np.linalg.norm((codes[:, None] - named)[:, :, 6:], axis=2).argmin(axis=1)]
    assert (codes - nearest)[:, :6].std() == pytest.approx(1.1, rel=0.1)
    assert (codes - nearest)[:, 6:].std() == pytest.approx(0.4, rel=0.1)


def test_asked_colours_replace_those_of_the_style(styled):
    translator, drawing = inference.load(styled), drawn(1).input
    told = [translator.network_inputs(drawing, style="brick", wall=wall)[1][-1].ravel() for wall in (None, (200, 0, 0))]
    assert not np.allclose(told[0][:3], told[1][:3])
    assert np.array_equal(told[0][6:], told[1][6:])


def test_torch_and_onnx_paint_a_style_alike(styled):
    drawing = drawn(2).input
    both = [load(styled)(drawing, 3, style="stone").astype(int) for load in (inference.load, inference.load_torch)]
    assert np.abs(both[0] - both[1]).max() <= 1


def test_an_unknown_style_is_refused_with_the_list(styled):
    with pytest.raises(ValueError, match="model has no style 'wood'; it has plaster, brick, stone"):
        inference.load(styled)(drawn(0).input, style="wood")


def test_a_checkpoint_without_styles_says_that_it_has_none(tmp_path):
    config = CONFIG.replace(style_size=0, style_swap=0.0)
    checkpoint.save(tmp_path / "plain", config, build_generator(config.architecture), "card")
    with pytest.raises(ValueError, match="plain has no style 'brick'; it has none"):
        inference.load_torch(tmp_path / "plain")(drawn(0).input, style="brick")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"brick": [1, 2]}', '{"brick": 3}', json.dumps({"brick": [float("nan")] * SIZE}), '{"": []}'],
)
def test_a_broken_file_of_styles_is_named(tmp_path, text):
    checkpoint.save(tmp_path / "broken", CONFIG, build_generator(CONFIG.architecture), "card")
    (tmp_path / "broken" / "styles.json").write_text(text)
    with pytest.raises(ValueError, match=r"styles\.json"):
        inference.load_torch(tmp_path / "broken")


def test_a_strangers_checkpoint_has_its_styles_too(styled):
    drawing = drawn(1).input
    assert np.array_equal(isolated.load(styled)(drawing, style="brick"), inference.load(styled)(drawing, style="brick"))


def test_translate_paints_in_the_named_style_and_refuses_an_unknown_one_before_any_picture(styled, tmp_path):
    images.write_png(tmp_path / "drawing.png", labels.colorize(drawn(1).input))
    command = ["translate", str(styled), str(tmp_path / "drawing.png"), "--output", str(tmp_path / "photos")]
    with pytest.raises(ValueError, match="has no style 'wood'; it has plaster, brick, stone"):
        command_line.main([*command, "--style", "wood"])
    assert not (tmp_path / "photos").exists()
    command_line.main([*command, "--style", "brick"])
    assert np.array_equal(
        images.read_image(tmp_path / "photos" / "drawing.png"), inference.load(styled)(drawn(1).input, style="brick")
    )
