"""Other programs' generators give the same pictures here, and what is no such generator is one line.

The oracle restates the U-Net of pytorch-CycleGAN-and-pix2pix with its names and order, as a nest of blocks;
`experiments/converted.py` compares with the program itself.
"""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from pix2pix import inference
from pix2pix.commands.convert import convert
from pix2pix.inference import checkpoint
from tests.helpers.real_facades import PARITY, needs_parity


class Block(nn.Module):
    """One level and, nested in it, all levels further in."""

    def __init__(self, outer: int, inner: int, inside: nn.Module | None, norm, first: int = 0, dropout: bool = False):
        super().__init__()
        self.is_outermost = bool(first)
        bias = norm is nn.InstanceNorm2d
        down = nn.Conv2d(first or outer, inner, 4, 2, 1, bias=bias)
        up = nn.ConvTranspose2d(inner * (2 if inside else 1), outer, 4, 2, 1, bias=bias or self.is_outermost)
        if self.is_outermost:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        elif inside is None:
            layers = [nn.LeakyReLU(0.2, inplace=True), down, nn.ReLU(), up, norm(outer)]
        else:
            layers = [nn.LeakyReLU(0.2, inplace=True), down, norm(inner), inside, nn.ReLU(), up, norm(outer)]
            layers += [nn.Dropout(0.5)] if dropout else []
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x) if self.is_outermost else torch.cat([x, self.model(x)], 1)


class Origin(nn.Module):
    def __init__(self, depth: int, norm=nn.BatchNorm2d, channels: tuple[int, int] = (3, 3), width: int = 2):
        super().__init__()
        inside = Block(8 * width, 8 * width, None, norm)
        for _ in range(depth - 5):
            inside = Block(8 * width, 8 * width, inside, norm, dropout=True)
        for outer in (4, 2, 1):
            inside = Block(outer * width, 2 * outer * width, inside, norm)
        self.model = Block(channels[1], width, inside, norm, first=channels[0])
        for name, tensor in [*self.named_parameters(), *self.named_buffers()]:
            if name.endswith("running_var"):
                tensor.data.uniform_(0.5, 2)
            elif tensor.is_floating_point():
                tensor.data.normal_(1 if "weight" in name and tensor.ndim == 1 else 0, 0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


def origin(**options) -> Origin:
    torch.manual_seed(0)
    return Origin(**{"depth": 6, **options}).eval()


def without_dropout(net: nn.Module) -> nn.Module:
    """As `test.py` without --eval runs it, but for the noise: norms with the statistics of the picture."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    return net


def converted(tmp_path, net: nn.Module, name: str = "latest_net_G.pth", **options):
    torch.save(net.state_dict(), tmp_path / name)
    convert(tmp_path / name, tmp_path / "ours", **options)
    return checkpoint.load(tmp_path / "ours")


def difference(net: nn.Module, ours: nn.Module, size: int, channels: int = 3) -> float:
    inputs = torch.rand(1, channels, size, size) * 2 - 1
    with torch.no_grad():
        expected, generated = net(inputs.clone()), ours(inputs)
    assert expected.std() > 0.05
    return float((expected - generated).abs().max())


@pytest.mark.parametrize("depth", [5, 7, 8])
@pytest.mark.parametrize("norm", [nn.BatchNorm2d, nn.InstanceNorm2d])
def test_a_converted_unet_gives_the_pictures_of_its_origin(tmp_path, depth, norm):
    net = origin(depth=depth, norm=norm)
    config, ours = converted(tmp_path, net)
    assert (config.architecture.depth, config.data.size, config.architecture.base_channels) == (depth, 2**depth, 2)
    assert difference(without_dropout(net), ours, 2**depth) < 2e-5


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module."])
def test_the_prefixes_of_compiled_and_parallel_networks_are_left_out(tmp_path, prefix):
    net = origin()
    torch.save({f"{prefix}{name}": weight for name, weight in net.state_dict().items()}, tmp_path / "latest_net_G.pth")
    convert(tmp_path / "latest_net_G.pth", tmp_path / "ours")
    assert difference(without_dropout(net), checkpoint.load(tmp_path / "ours")[1], 64) < 2e-5


def test_channels_follow_the_weights(tmp_path):
    net = origin(channels=(5, 1))
    config, ours = converted(tmp_path, net)
    assert (config.architecture.in_channels, config.architecture.out_channels) == (5, 1)
    assert difference(without_dropout(net), ours, 64, channels=5) < 2e-5


def test_running_statistics_are_folded_into_the_filters(tmp_path):
    net = origin()
    config, ours = converted(tmp_path, net, running_statistics=True)
    assert not config.architecture.unet.norm
    assert difference(net.eval(), ours, 64) < 1e-4
    assert difference(net.eval(), ours, 128) < 1e-4


def test_dropout_sits_on_the_decoders_that_had_it(tmp_path):
    net = origin(depth=7)
    config, ours = converted(tmp_path, net)
    dropped = [name for name, module in net.named_modules() if isinstance(module, nn.Dropout)]
    assert (
        (config.architecture.dropout_decoders, config.architecture.unet.first_dropout_decoder)
        == (len(dropped), 1)
        == (2, 1)
    )
    assert ours.latent_channels == [16, 16]


def test_a_net_without_dropout_has_no_variations(tmp_path):
    converted(tmp_path, origin(), dropout=False)
    translator = inference.load(tmp_path / "ours")
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert (translator(picture, variation=1) == translator(picture)).all()


def test_a_net_with_dropout_has_variations_that_stay(tmp_path):
    converted(tmp_path, origin())
    translator = inference.load(tmp_path / "ours")
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    first, again, other, plain = (translator(picture, variation) for variation in (1, 1, 2, None))
    assert (first == again).all()
    assert (first != other).any()
    assert (first != plain).any()
    assert first.shape == picture.shape


@needs_parity
@pytest.mark.parametrize("name", ["batch1.npz", "batch4.npz"])
def test_tensorflow_arrays_give_the_output_that_was_stored_beside_them(tmp_path, name):
    convert(PARITY / name, tmp_path / "ours")
    config, ours = checkpoint.load(tmp_path / "ours")
    assert config.architecture.unet.bottleneck_norm
    arrays = np.load(PARITY / name)
    with torch.no_grad():
        generated = ours(torch.from_numpy(arrays["input"]).permute(0, 3, 1, 2), [torch.ones(1)] * 3)
    assert np.abs(generated.permute(0, 2, 3, 1).numpy() - arrays["output"]).max() < 1e-4


def tensorflow_variables(style: str) -> dict[str, np.ndarray]:
    """Variables as two generations of the TensorFlow code call them, with what a training checkpoint holds besides."""
    stream, widths = np.random.default_rng(0), [3, 2, 4, 8, 16]
    conv, norm, names = {
        "notebook": ("conv/filter", "batchnorm", ("scale", "offset")),
        "layers": ("conv2d/kernel", "batch_normalization", ("gamma", "beta")),
    }[style]
    variables = {"global_step": np.array(7), "discriminator/layer_1/conv/filter": np.zeros((4, 4, 6, 2), np.float32)}
    for number in range(1, 5):
        variables[f"generator/encoder_{number}/{conv}"] = stream.normal(size=(4, 4, widths[number - 1], widths[number]))
        before = widths[4] if number == 4 else 2 * widths[number]
        after = widths[number - 1] if number > 1 else 3
        variables[f"generator/decoder_{number}/{conv.replace('conv', 'deconv', 1)}"] = stream.normal(
            size=(4, 4, after, before)
        )
        variables[f"generator/encoder_{number}/{conv}/Adam"] = np.zeros(1)
        for side, channels in (("encoder", widths[number]), ("decoder", after)):
            if number > 1:
                for name in names:
                    variables[f"generator/{side}_{number}/{norm}/{name}"] = np.ones(channels)
                variables[f"generator/{side}_{number}/{norm}/moving_mean"] = np.ones(channels)
    return variables


@pytest.mark.parametrize("style", ["notebook", "layers"])
def test_variables_of_both_generations_of_the_tensorflow_code_are_known(tmp_path, style):
    np.savez(tmp_path / "variables.npz", **tensorflow_variables(style))
    convert(tmp_path / "variables.npz", tmp_path / "ours")
    config, ours = checkpoint.load(tmp_path / "ours")
    assert (
        config.architecture.base_channels,
        config.architecture.depth,
        config.data.size,
        config.architecture.unet.bottleneck_norm,
    ) == (2, 4, 16, True)
    assert ours(torch.zeros(1, 3, 16, 16), [torch.ones(1)] * 3).shape == (1, 3, 16, 16)


# Bad input.


class Resnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7))
        self.model.add_module("conv_block", nn.Conv2d(4, 4, 3))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Conv2d(6, 4, 4))


class Runs:
    def __reduce__(self):
        return (print, ("this must never be printed",))


def hostile(path) -> None:
    path.write_bytes(pickle.dumps({"model.model.0.weight": Runs()}))


def text(path) -> None:
    path.write_text("<html>404</html>")


def empty(path) -> None:
    path.write_bytes(b"")


def a_whole_network(path) -> None:
    torch.save(origin(), path)


def half_a_file(path) -> None:
    torch.save(origin().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-100])


def diverged(path) -> None:
    state = origin().state_dict()
    state["model.model.1.model.1.weight"][0, 0, 0, 0] = torch.nan
    torch.save(state, path)


def more_than_weights(path) -> None:
    torch.save({"epoch": 3, "state_dict": {}}, path)


def extra_weight(path) -> None:
    torch.save(origin().state_dict() | {"model.attention.weight": torch.ones(2)}, path)


def wrong_width(path) -> None:
    state = origin().state_dict()
    state["model.model.0.weight"] = torch.zeros(7, 3, 4, 4)
    torch.save(state, path)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (hostile, "cannot be read as weights: it is damaged, or holds objects that could run code; save the generator"),
        (a_whole_network, "cannot be read as weights: it is damaged, or holds objects that could run code; save"),
        (half_a_file, "cannot be read as weights: it is cut short"),
        (text, "cannot be read as weights: it is no file that torch.save wrote"),
        (empty, "cannot be read as weights: it is empty"),
        (lambda path: path.mkdir(), "is not a checkpoint: it has no config.json and no model.safetensors"),
        (diverged, r"some\.pth: encoders\.1\.weight holds NaN or infinity"),
        (more_than_weights, "holds more than weights"),
        (extra_weight, r"it also has model\.attention\.weight"),
        (wrong_width, r"a filter is \(.*\), not \("),
        (lambda path: torch.save(Resnet().state_dict(), path), "this is a ResNet generator"),
        (lambda path: torch.save(Discriminator().state_dict(), path), "looks like a discriminator"),
        (lambda path: torch.save(nn.Linear(2, 2).state_dict(), path), "its weights are called bias, weight"),
        (lambda path: None, "no such file"),
    ],
)
def test_what_is_no_unet_is_one_line_and_nothing_is_written(tmp_path, make, complaint, capsys):
    make(tmp_path / "some.pth")
    with pytest.raises(ValueError, match=complaint) as caught:
        convert(tmp_path / "some.pth", tmp_path / "ours")
    assert "some.pth" in str(caught.value)
    assert "\n" not in str(caught.value) and "weights_only" not in str(caught.value)
    assert not (tmp_path / "ours").exists()
    assert "never be printed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda arrays: arrays.pop("generator/encoder_2/conv/filter"), "generator/encoder_N/filter"),
        (lambda arrays: arrays.update({"generator/attention/q": np.zeros(2)}), "it also has generator/attention/q"),
        (lambda arrays: arrays.clear(), "generator/encoder_N/filter"),
    ],
)
def test_arrays_of_another_architecture_are_one_line(tmp_path, change, complaint):
    arrays = tensorflow_variables("notebook")
    change(arrays)
    np.savez(tmp_path / "variables.npz", **arrays)
    with pytest.raises(ValueError, match=complaint):
        convert(tmp_path / "variables.npz", tmp_path / "ours")


def test_arrays_that_would_run_code_are_refused(tmp_path, capsys):
    np.savez(tmp_path / "variables.npz", **{"generator/encoder_1/filter": np.array([Runs()], dtype=object)})
    with pytest.raises(ValueError, match="cannot be read as arrays: it is damaged, or holds objects instead of"):
        convert(tmp_path / "variables.npz", tmp_path / "ours")
    assert capsys.readouterr().out == ""


def test_instance_norm_has_no_running_statistics(tmp_path):
    with pytest.raises(ValueError, match="trained with instance norm"):
        converted(tmp_path, origin(norm=nn.InstanceNorm2d), running_statistics=True)


def test_a_folder_that_exists_is_not_overwritten(tmp_path):
    (tmp_path / "ours").mkdir()
    with pytest.raises(ValueError, match="exists already"):
        converted(tmp_path, origin())
