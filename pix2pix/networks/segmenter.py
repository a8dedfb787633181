"""A segmenter: it names the class of each pixel in a photo of a facade."""

from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from pix2pix import labels
from pix2pix.networks.efficientnet import Trunk

WIDTH = 64


class Segmenter(nn.Module):
    """EfficientNet-lite2 up to stride 16, and a decoder that adds its features of stride 16, 8 and 4."""

    def __init__(self, pretrained: bool = False):
        """`pretrained` starts the trunk with its ImageNet weights."""
        super().__init__()
        self.trunk = Trunk("lite2", stages=4, pretrained=pretrained)
        self.narrow = nn.ModuleList(nn.Conv2d(channels, WIDTH, 1) for channels in self.trunk.channels[1:])
        self.context = nn.Conv2d(self.trunk.channels[-1], WIDTH, 1)
        self.merge = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in self.narrow)
        self.classify = nn.Conv2d(WIDTH, len(labels.CLASSES), 1)

    def forward(self, photos: Tensor) -> Tensor:
        """`(N, 3, H, W)` in [-1, 1] -> logits `(N, 12, H, W)`."""
        logits = self.classify(self.decode(photos))
        return interpolate(logits, size=photos.shape[2:], mode="bilinear", align_corners=False)

    def decode(self, photos: Tensor) -> Tensor:
        """The decoder's features of photos, `(N, WIDTH, H/4, W/4)`."""
        features = self.trunk(photos)[1:]
        found = self.context(features[-1].mean((2, 3), keepdim=True))  # the whole photo: what street, what light
        for narrow, merge, feature in zip(reversed(self.narrow), self.merge, reversed(features), strict=True):
            found = interpolate(found, size=feature.shape[2:], mode="bilinear", align_corners=False)
            found = relu(merge(relu(found + narrow(feature))))
        return found
