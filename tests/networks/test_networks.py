"""The networks against arithmetic and the paper."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pix2pix import images, labels
from pix2pix.networks import build_discriminator, build_generator
from pix2pix.networks.layers import BatchStatisticsNorm, Colours, OneHot, UpsampleConv
from pix2pix.networks.noise_unet import NoiseUNet
from pix2pix.networks.patchgan import MultiscalePatchGAN, PatchGAN
from pix2pix.networks.unet import UNet
from pix2pix.recipes import RECIPES


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_papers_generator_has_the_parameters_its_layers_add_up_to():
    encoders = sum(16 * before * after for before, after in pairwise([3, 64, 128, 256, 512, 512, 512, 512, 512]))
    decoders = 16 * (512 * 512 + 3 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3)
    encoder_norms = 2 * (128 + 256 + 512 * 4)  # scale and offset; not on the first layer, not at the bottleneck
    decoder_norms = 2 * (512 * 4 + 256 + 128 + 64)
    assert count(build_generator(RECIPES["paper"].architecture)) == encoders + decoders + encoder_norms + decoder_norms
    # pytorch-CycleGAN-and-pix2pix counts 54,414,531: the same, with biases on the three layers that it gives no norm.
    assert count(UNet()) + 64 + 512 + 3 == 54_414_531


def test_a_cap_bounds_the_inner_layers_of_either_generator():
    for name in ("paper", "perceptual"):
        capped = build_generator(RECIPES[name].replace(base_channels=4, max_channel_multiplier=2).architecture)
        assert [conv.weight.shape[0] for conv in capped.encoders] == [4, 8, 8, 8, 8, 8, 8, 8]


def test_the_papers_discriminator_has_the_parameters_its_layers_add_up_to():
    filters = sum(16 * before * after for before, after in pairwise([6, 64, 128, 256, 512, 1]))
    assert count(build_discriminator(RECIPES["paper"])) == filters + 2 * (128 + 256 + 512)


def test_the_discriminator_sees_70_pixels_and_gives_30_by_30_logits():
    discriminator = PatchGAN(base_channels=4)
    for norm in discriminator.norms:  # statistics of the batch would let every logit see everything
        norm.forward = lambda x: x
    image = noise(1, 3, 256, 256).requires_grad_()
    logits = discriminator(noise(1, 3, 256, 256), image)
    assert logits.shape == (1, 1, 30, 30)
    logits[0, 0, 15, 15].backward()
    rows, columns = image.grad[0].abs().sum(0).nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == 70
    assert columns.max() - columns.min() + 1 == 70


def test_filters_start_as_n_0_002_and_norm_scales_as_n_1_002():
    torch.manual_seed(0)
    for net in (UNet(base_channels=16), PatchGAN(base_channels=16)):
        filters = torch.cat([p.detach().flatten() for p in net.parameters() if p.ndim == 4])
        assert abs(filters.mean()) < 1e-4
        assert filters.std().item() == pytest.approx(0.02, rel=0.01)
        norms = [module for module in net.modules() if isinstance(module, BatchStatisticsNorm)]
        scales = torch.cat([norm.weight.detach() for norm in norms])
        assert scales.mean().item() == pytest.approx(1.0, abs=0.005)
        assert scales.std().item() == pytest.approx(0.02, rel=0.2)
        assert all((norm.bias == 0).all() for norm in norms)


@pytest.mark.parametrize("net", [UNet, NoiseUNet])
def test_a_generator_gives_pictures_of_its_inputs_size_in_range(net):
    net = net(base_channels=2, labelled=False)
    pictures = net.eval()(noise(2, 3, 256, 512))
    assert pictures.shape == (2, 3, 256, 512)
    assert pictures.abs().max() <= 1


def test_the_norm_has_zero_mean_and_unit_variance_over_the_batch_at_training_and_at_test():
    norm, x = BatchStatisticsNorm(3), 5 + 3 * noise(4, 3, 8, 8)
    for mode in (norm.train(), norm.eval()):
        normed = mode(x)
        assert normed.mean(dim=(0, 2, 3)).abs().max() < 1e-5
        assert torch.allclose(normed.var(dim=(0, 2, 3), correction=0), torch.ones(3), atol=1e-3)


def test_a_norm_over_a_single_value_gives_its_offset_alone():
    norm = BatchStatisticsNorm(4)
    norm.bias.data = torch.arange(4.0)
    assert torch.allclose(norm(100 * noise(1, 4, 1, 1)).flatten(), torch.arange(4.0), atol=1e-2)


def test_without_a_norm_there_the_bottleneck_carries_the_input_and_with_it_nothing():
    one, other = noise(1, 3, 256, 256), -noise(1, 3, 256, 256)
    for bottleneck_norm in (False, True):
        net = UNet(base_channels=2, bottleneck_norm=bottleneck_norm).eval()
        seen = []
        net.encoder_norms[-1].register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(output))
        net(one), net(other)
        assert torch.allclose(seen[0], seen[1], atol=1e-3) == bottleneck_norm


def test_dropout_is_on_at_training_off_at_test_and_follows_the_masks_given():
    torch.manual_seed(0)
    x = noise(1, 3, 256, 256)
    net = UNet(base_channels=4)
    assert not torch.equal(net.train()(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))
    ones = [torch.ones(1, channels, 2 << i, 2 << i) for i, channels in enumerate(net.latent_channels)]
    assert len(ones) == 3
    assert torch.equal(net(x, ones), net(x))
    halved = [ones[0] * (torch.arange(ones[0].shape[1]) % 2)[:, None, None], *ones[1:]]
    assert not torch.equal(net(x, halved), net(x))


def test_our_generator_follows_the_noise_and_the_tone_given_and_draws_them_where_none_are():
    torch.manual_seed(0)
    x, net = noise(1, 3, 256, 256), NoiseUNet(base_channels=4, labelled=False, color_code_size=3).eval()
    assert net.latent_channels == [1, 1, 1, 1, 1, 1, 1, 3]
    planes = [torch.randn(1, 1, 2 << i, 2 << i) for i in range(7)]
    tone = torch.randn(1, 3, 1, 1)
    assert torch.equal(net(x, [*planes, tone]), net(x, [*planes, tone]))
    assert not torch.equal(net(x, [*planes, tone]), net(x, [*planes, -tone]))
    assert not torch.equal(net(x, [*planes, tone]), net(x, [*planes[:-1], -planes[-1], tone]))
    assert not torch.equal(net(x, code=tone.flatten(1)), net(x, code=tone.flatten(1)))


def test_the_colour_of_a_sky_matters_only_where_there_is_sky():
    torch.manual_seed(0)
    net = NoiseUNet(base_channels=4, color_code_size=6).eval()
    planes = [torch.zeros(1, 1, 2 << i, 2 << i) for i in range(7)]
    bright, dark = torch.tensor([0, 0, 0, 2.0, 2, 2]), torch.tensor([0, 0, 0, -2.0, -2, -2])

    def change(name: str, one: torch.Tensor, other: torch.Tensor) -> float:
        drawing = np.full((256, 256), labels.INDEX[name], dtype=np.uint8)
        x = torch.from_numpy(images.batch(drawing))
        one, other = (net(x, [*planes, tone.view(1, 6, 1, 1)]) for tone in (one, other))
        return (one - other).abs().max().item()

    assert change("facade", bright, dark) == 0
    assert change("background", bright, dark) > 1e-4
    assert change("facade", bright.flip(0), dark.flip(0)) > 1e-4

    drawing = np.full((1, 256, 256), labels.INDEX["background"], dtype=np.uint8)
    drawing[:, 100:190, 60:200] = labels.INDEX["facade"]
    share = net.sky(net.planes(torch.from_numpy(drawing)))[0, 0]
    rows = 256 // len(share)
    assert (share[: 96 // rows] == 1).all() and (share[192 // rows :] == 0).all()  # above the house, and the street


def test_both_scales_of_the_discriminator_see_the_classes_apart():
    discriminator = MultiscalePatchGAN(in_channels=12, base_channels=2)
    wall, window = (OneHot()(torch.full((1, 128, 128), each, dtype=torch.uint8)) for each in (1, 2))
    picture = noise(1, 3, 128, 128)
    whole, half = discriminator(wall, picture)
    assert [layer.shape[2] for layer in whole] == [64, 32, 16, 15, 14]
    assert [layer.shape[2] for layer in half] == [32, 16, 8, 7, 6]
    for ours, theirs in zip((whole, half), discriminator(window, picture), strict=True):
        assert not torch.allclose(ours[0], theirs[0])


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("net", [PatchGAN, MultiscalePatchGAN])
def test_batches_in_a_row_are_judged_as_each_by_itself_and_teach_the_same(net, size):
    """One batch is dark and even, one bright and rough: statistics over both would change either."""
    torch.manual_seed(0)
    discriminator, inputs = net(base_channels=4), noise(size, 3, 128, 128)
    batches = 0.1 * noise(size, 3, 128, 128) - 0.8, noise(size, 3, 128, 128)

    def logits(pictures):
        made = discriminator(inputs, pictures)
        return [scale[-1] for scale in made] if isinstance(made, list) else [made]

    apart = [torch.cat(pair) for pair in zip(*map(logits, batches), strict=True)]
    together = logits(torch.cat(batches))
    weights = list(discriminator.parameters())
    for ours, theirs in zip(together, apart, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        gradients = (torch.autograd.grad(each.square().sum(), weights, allow_unused=True) for each in (ours, theirs))
        for one, other in zip(*gradients, strict=True):
            if other is not None:
                assert (one - other).abs().max() <= 1e-3 * other.abs().max()


def test_smooth_convolution_equals_interpolating_then_convolving():
    """Away from the rim, where what lies outside counts as 0 rather than as its neighbour."""
    torch.manual_seed(0)
    conv, x = UpsampleConv(5, 4), noise(2, 5, 8, 6)
    conv.bias.data.uniform_(-1, 1)
    unit = conv.weight / conv.weight.square().sum(dim=(0, 2, 3), keepdim=True).sqrt()
    kernel = (unit * conv.gain[:, None, None]).transpose(0, 1)
    tent = torch.tensor([0.5, 1, 0.5])
    spread = torch.zeros(2, 5, 16, 12)
    spread[:, :, ::2, ::2] = x  # zeros between the places, filled by the tent: linear interpolation
    weight = (tent[:, None] * tent).expand(5, 1, 3, 3)
    interpolated = F.conv2d(spread, weight, padding=1, groups=5)
    expected = F.conv2d(F.pad(interpolated, (1, 1, 1, 1)), kernel, conv.bias)
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    shifts = [expected[:, :, i : i + 16, j : j + 12][inner] for i in (0, 1) for j in (0, 1)]
    assert any(torch.allclose(conv(x)[inner], shifted, atol=1e-5) for shifted in shifts)


def test_smooth_convolution_leaves_no_steps_on_a_slope():
    torch.manual_seed(0)
    slope = torch.linspace(-1, 1, 16).expand(1, 1, 16, 16).contiguous()
    conv = UpsampleConv(1, 1)
    conv.weight.data = conv.weight.data.abs()  # sums of neighbours, not differences
    nearest = F.interpolate(slope, scale_factor=2, mode="nearest")
    steps = {}
    for name, doubled in (("smooth", conv(slope)), ("nearest", nearest)):
        rises = doubled[0, 0, 16, 6:-6].diff()
        steps[name] = ((rises.max() - rises.min()) / rises.mean()).abs().item()
    assert steps["smooth"] < 1e-3 < steps["nearest"]


def test_each_class_has_a_plane_of_its_own_and_void_has_none_also_under_mixed_precision():
    label_map = torch.tensor([[[*range(12), labels.VOID]]], dtype=torch.uint8)
    expected = 3.0 * torch.cat([torch.eye(12), torch.zeros(12, 1)], dim=1)
    assert torch.equal(OneHot(3.0)(label_map)[0, :, 0], expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(OneHot(3.0)(label_map)[0, :, 0], expected)


def test_the_papers_networks_see_labels_in_the_colours_that_people_see():
    label_map = np.uint8([[*range(12), labels.VOID]])
    seen = Colours()(torch.from_numpy(label_map)[None])
    assert torch.equal(seen, torch.from_numpy(images.batch(labels.colorize(label_map))))
    assert torch.equal(UNet(base_channels=2, depth=2, labelled=True).colours(torch.from_numpy(label_map)[None]), seen)


def test_our_generator_leaves_what_is_far_from_an_edit_as_it_was():
    """With norms, any edit shifts the statistics of the whole picture; without, only the bottleneck spreads it."""
    torch.manual_seed(0)
    wall = torch.full((1, 256, 256), labels.INDEX["facade"], dtype=torch.uint8)
    edited = wall.clone()
    edited[0, 10:40, 10:30] = labels.INDEX["window"]
    changes = {}
    planes = [torch.zeros(1, 1, 2 << i, 2 << i) for i in range(7)]
    nets = ("unet", UNet(base_channels=8, labelled=True), None), ("noise", NoiseUNet(base_channels=8), planes)
    for name, net, latents in nets:
        difference = (net.eval()(wall, latents) - net(edited, latents)).abs().mean(dim=1)[0]
        changes[name] = (difference[192:, 192:].mean() / difference[10:40, 10:30].mean()).item()
    assert changes["noise"] < changes["unet"] / 2
