"""Whichever way a convolution takes at training, its value and its gradients are those of torch's own."""

import pytest
import torch
import torch.nn.functional as F

from pix2pix.networks.conv import MANY_OUTPUTS, conv, conv_down, conv_up
from pix2pix.networks.patchgan import PatchGAN


@pytest.fixture(autouse=True, params=["MKL", "oneDNN"])
def _either_library(request, monkeypatch):
    if request.param == "oneDNN" and not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this build of torch has no oneDNN")
    monkeypatch.setattr("pix2pix.networks.conv.is_amd", lambda: request.param == "oneDNN")


@pytest.mark.parametrize("side", [2, 4, 16, 32])  # small maps are multiplied, larger ones convolved
@pytest.mark.parametrize("layer", ["conv_down", "conv_up", "conv_up, spread"])
def test_layers_equal_the_convolutions_by_their_scaled_filters_in_value_and_gradient(side, layer):
    stream = torch.Generator().manual_seed(0)
    x, weight, scale, bias, spread = (
        torch.randn(*shape, generator=stream, requires_grad=True)
        for shape in ((2, 3, side, side), (5, 3, 4, 4), (5,), (5,), (9, 16))
    )
    if layer == "conv_down":
        ours = conv_down(x, weight, bias, scale)
        plain = F.conv2d(x, weight * scale[:, None, None, None], bias, stride=2, padding=1)
        spread = None
    else:
        weight = weight.detach().transpose(0, 1)
        if layer == "conv_up":
            spread, kernel = None, weight.requires_grad_()
        else:
            weight = weight[:, :, 1:, 1:].contiguous().requires_grad_()
            kernel = (weight.flatten(2) @ spread).view(3, 5, 4, 4)
        ours = conv_up(x, weight, bias, scale, spread)
        plain = F.conv_transpose2d(x, kernel * scale[:, None, None], bias, stride=2, padding=1)
    leaves = [leaf for leaf in (x, weight, scale, bias, spread) if leaf is not None]
    assert_equal_in_value_and_gradient(ours, plain, leaves)


@pytest.mark.parametrize("outputs", [1, 5, MANY_OUTPUTS])
@pytest.mark.parametrize("sides", [(2, 2), (7, 4), (8, 9)])
def test_sliding_equals_the_convolution(outputs, sides):
    stream = torch.Generator().manual_seed(0)
    x, weight = (
        torch.randn(*shape, generator=stream, dtype=torch.double, requires_grad=True)
        for shape in ((2, 3, *sides), (outputs, 3, 4, 4))
    )
    assert_equal_in_value_and_gradient(conv(x, weight), F.conv2d(x, weight, padding=1), [x, weight], 1e-12)


def test_transposing_to_few_channels_equals_the_convolution():
    x, weight = torch.randn(2, 6, 16, 12, requires_grad=True), torch.randn(6, 3, 4, 4, requires_grad=True)
    expected = F.conv_transpose2d(x, weight, stride=2, padding=1)
    assert_equal_in_value_and_gradient(conv_up(x, weight, None), expected, [x, weight])


def test_a_wide_discriminator_learns_what_plain_convolutions_teach(monkeypatch):
    """With its norms, whose gradients torch gets wrong for some strides of their input."""
    torch.manual_seed(0)
    net, pair = PatchGAN(base_channels=MANY_OUTPUTS // 8), (torch.randn(1, 3, 64, 64), torch.randn(1, 3, 64, 64))
    ours = net(*pair)
    monkeypatch.setattr("pix2pix.networks.patchgan.conv", lambda x, weight: F.conv2d(x, weight, padding=1))
    assert_equal_in_value_and_gradient(ours, net(*pair), list(net.parameters()), 1e-4)


def test_norms_learn_behind_small_maps_as_behind_plain_convolutions():
    x, weight, scale, shift = (
        torch.randn(*shape, requires_grad=True) for shape in ((1, 3, 8, 8), (5, 3, 4, 4), (5,), (5,))
    )
    ours, plain = (
        torch.batch_norm(map_, scale, shift, None, None, True, 0.0, 1e-5, True)
        for map_ in (conv_down(x, weight, None), F.conv2d(x, weight, stride=2, padding=1))
    )
    assert_equal_in_value_and_gradient(ours, plain, [x, weight, scale, shift], 1e-4)


def assert_equal_in_value_and_gradient(
    ours: torch.Tensor, plain: torch.Tensor, leaves: list[torch.Tensor], tolerance: float = 2e-5
) -> None:
    """`tolerance` is of the greatest value."""
    torch.manual_seed(0)
    gradient = torch.randn_like(plain)
    found, expected = ([y, *torch.autograd.grad(y, leaves, gradient)] for y in (ours, plain))
    for one, other in zip(found, expected, strict=True):
        assert (one - other).abs().max() <= tolerance * other.abs().max()
