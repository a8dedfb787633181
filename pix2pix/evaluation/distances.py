"""Distances between the generated pictures as a set and the real photos as a set, on features of either.

Of n photos and the n pictures generated from their labels. KID is the one to trust with few pictures: it has no bias.
The FID of whole pictures would need thousands of them; here it is taken over patches, 16 of each picture.
"""

import numpy as np
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_kernel

PATCHES_A_FEATURE = 2  # fewer patches than this for each feature, and their covariance says nothing


class KernelDistance:
    """KID (Binkowski et al. 2018): the squared maximum mean discrepancy of a cubic kernel, without bias; 0 is equal."""

    def __init__(self, photos: np.ndarray, generated: np.ndarray):
        """Features `(n, d)` of either."""
        real, fake = torch.from_numpy(photos), torch.from_numpy(generated)
        pairs = (real, real), (fake, fake), (real, fake)
        self.photos, self.generated, self.between = (poly_kernel(*pair).numpy() for pair in pairs)

    def __call__(self, draw: np.ndarray) -> float:
        """Of the pictures at the places `(n,)`. A place drawn twice is not compared with itself, which would be a bias.

        Where each is drawn once, this is torchmetrics' `maximum_mean_discrepancy`. NaN for fewer than two pictures.
        """
        times = np.bincount(draw, minlength=len(self.photos)).astype(np.float64)
        others = np.outer(times, times)
        np.fill_diagonal(others, 0)
        if not others.any():
            return float("nan")
        within = ((self.photos + self.generated) * others).sum() / others.sum()
        across = (self.between * others).sum() / others.sum()
        paired = (self.between.diagonal() * times).sum() / times.sum()
        return float(within - 2 * (across * (len(draw) - 1) + paired) / len(draw))


class FrechetDistance:
    """FID (Heusel et al. 2017), by torchmetrics: of Gaussians with the features' means and covariances; 0 is equal."""

    def __init__(self, photos: np.ndarray, generated: np.ndarray):
        """Features `(n, patches, d)` of either."""
        self.photos, self.generated = torch.from_numpy(photos), torch.from_numpy(generated)
        given = nn.Identity()  # the features are here already
        given.num_features = photos.shape[2]
        self.metric = FrechetInceptionDistance(given)

    def __call__(self, draw: np.ndarray) -> float:
        """Of the patches of the pictures at the places `(n,)`; NaN where there are too few for a covariance."""
        if len(draw) * self.photos.shape[1] < PATCHES_A_FEATURE * self.photos.shape[2]:
            return float("nan")
        self.metric.reset()
        self.metric.update(self.photos[draw].flatten(0, 1), real=True)
        self.metric.update(self.generated[draw].flatten(0, 1), real=False)
        return max(0.0, float(self.metric.compute()))
