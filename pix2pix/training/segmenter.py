"""Training of a segmenter on pairs: photos of facades -> their labels.

Photos of visitors are not like those of a data set: askew, dark, compressed. Each is changed at random in perspective,
part, side, light and JPEG, its labels with it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchvision import tv_tensors
from torchvision.transforms import v2
from tqdm import tqdm

from pix2pix import images, labels
from pix2pix.data.pairs import Pair
from pix2pix.networks.segmenter import Segmenter

BATCH, CROP = 4, 192
RATE = 1e-3  # of the new layers at its highest; the trunk, which knows pictures already, learns at a third
FIXED_STAGES = 2  # edges and corners are what ImageNet taught; three quarters of the trunk's time are spent here
WEIGHT_POWER = 0.3  # of a class's share: at 0.5 doors are found more often, but wall and sky are taken for others

augment = v2.Compose(
    [
        v2.RandomPerspective(0.25, p=0.5, fill={tv_tensors.Image: 128, tv_tensors.Mask: labels.VOID}),
        v2.RandomResizedCrop(CROP, scale=(0.4, 1.0), ratio=(0.8, 1.25), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.ColorJitter(brightness=0.4, contrast=0.3, saturation=0.4, hue=0.05),
        v2.RandomGrayscale(0.05),
        v2.RandomApply([v2.JPEG((25, 95))], p=0.5),
    ]
)


def train(pairs: Sequence[Pair], epochs: int, seed: int, initial: Mapping[str, Tensor] | None = None) -> Segmenter:
    """Train a segmenter from `initial` weights, or ImageNet's; at least `BATCH` pairs are needed."""
    torch.manual_seed(seed)
    segmenter = Segmenter(pretrained=initial is None).to(memory_format=torch.channels_last)
    if initial is not None:
        segmenter.load_state_dict({name: tensor.float() for name, tensor in initial.items()})
    rate = RATE / 3 if initial else RATE
    weights = class_weights(pairs)
    for part in (segmenter.trunk.stem, *segmenter.trunk.stages[:FIXED_STAGES]):
        part.requires_grad_(False)
    trunk = [p for p in segmenter.trunk.parameters() if p.requires_grad]
    new = [p for name, p in segmenter.named_parameters() if not name.startswith("trunk")]
    steps = epochs * (len(pairs) // BATCH)
    optimizer = torch.optim.AdamW([{"params": trunk}, {"params": new}], weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [rate / 3, rate], total_steps=steps, pct_start=0.1)
    progress = tqdm(total=steps, unit="step", mininterval=5)
    mean = 0.0
    for _ in range(epochs):
        for chosen in torch.randperm(len(pairs))[: len(pairs) // BATCH * BATCH].split(BATCH):
            photos, labelled = batch([pairs[int(index)] for index in chosen])
            optimizer.zero_grad()
            loss = cross_entropy(segmenter(photos), labelled, weights, ignore_index=labels.VOID)
            loss.backward()
            optimizer.step()
            schedule.step()
            mean = 0.98 * mean + 0.02 * loss.item() if mean else loss.item()
            progress.set_postfix(loss=f"{mean:.3f}", refresh=False)
            progress.update()
    progress.close()
    return segmenter.eval()


def class_weights(pairs: Sequence[Pair]) -> Tensor:
    """`(12,)`: the rarer a class, the heavier, so that doors are learned although they are 1 % of the area."""
    share = np.mean([labels.shares(pair.input) for pair in pairs], axis=0)
    return torch.from_numpy(share.clip(1e-4) ** -WEIGHT_POWER).float()


def batch(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """Augmented photos `(N, 3, CROP, CROP)` in [-1, 1] and classes `(N, CROP, CROP)`, cut alike."""
    photos, labelled = [], []
    for pair in pairs:
        photo = tv_tensors.Image(images.planes(pair.target))
        classes = tv_tensors.Mask(torch.from_numpy(pair.input)[None])
        photo, classes = augment(photo, classes)
        photos.append(photo.as_subclass(Tensor))
        labelled.append(classes.as_subclass(Tensor)[0].long())
    photos = images.normalize(torch.stack(photos))
    return photos.contiguous(memory_format=torch.channels_last), torch.stack(labelled)
