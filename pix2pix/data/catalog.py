"""The published sets of pairs: where they are, how large they may be, what they are for, and whose they are.

Their publishers state no checksums. What was received is hashed and written down, so that two copies can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MB, GB = 2**20, 2**30
BERKELEY = (
    "https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/",
    "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/",
    "https://people.eecs.berkeley.edu/~tinghuiz/projects/pix2pix/datasets/",
)
CMP = ("https://cmp.felk.cvut.cz/~tylecr1/facade/", "http://cmp.felk.cvut.cz/~tylecr1/facade/")
PIX2PIX_PAPER = (
    "P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros: Image-to-Image Translation with Conditional GANs. CVPR 2017."
)
FACADES_PAPER = (
    "R. Tylecek, R. Sara: Spatial Pattern Templates for Recognition of Objects with Regular Structure. GCPR 2013."
)


@dataclass(frozen=True)
class PublishedSet:
    """One archive at several places. Sizes in bytes: `about` for people, `max_size` is where downloading stops.

    `tasks`: what its inputs can be; `named_tasks`: those of train.py that it is for.
    """

    file: str
    mirrors: Sequence[str]
    about: int
    tasks: Sequence[str]
    named_tasks: Sequence[str]
    licence: str
    citation: str
    sha256: str | None = None

    @property
    def max_size(self) -> int:
        return 2 * self.about + 16 * MB

    @property
    def max_unpacked(self) -> int:
        """Pictures do not compress: an archive that grows further than this is none of pictures."""
        return 3 * self.max_size


SETS = {
    "facades": PublishedSet(
        "facades.tar.gz", BERKELEY, 29 * MB, ("facades", "photo", "colors"), ("facades",),
        "the CMP Facade Database, published for research: https://cmp.felk.cvut.cz/~tylecr1/facade/",
        FACADES_PAPER,
    ),
    "maps": PublishedSet(
        "maps.tar.gz", BERKELEY, 239 * MB, ("photo",), ("map2aerial", "aerial2map"),
        "cut from Google Maps, whose terms apply; for research", PIX2PIX_PAPER,
    ),
    "cityscapes": PublishedSet(
        "cityscapes.tar.gz", BERKELEY, 99 * MB, ("photo",), ("labels2street",),
        "the Cityscapes terms: non-commercial research, after registering at cityscapes-dataset.com",
        "M. Cordts et al.: The Cityscapes Dataset for Semantic Urban Scene Understanding. CVPR 2016.",
    ),
    "edges2shoes": PublishedSet(
        "edges2shoes.tar.gz", BERKELEY, 2 * GB, ("edges", "photo"), ("edges2photo",),
        "pictures of UT Zappos50K: academic, non-commercial use",
        "A. Yu, K. Grauman: Fine-Grained Visual Comparisons with Local Learning. CVPR 2014.",
    ),
    "edges2handbags": PublishedSet(
        "edges2handbags.tar.gz", BERKELEY, 8 * GB, ("edges", "photo"), ("edges2photo",),
        "product pictures collected for iGAN: research only",
        "J.-Y. Zhu et al.: Generative Visual Manipulation on the Natural Image Manifold. ECCV 2016.",
    ),
    "night2day": PublishedSet(
        "night2day.tar.gz", BERKELEY, 2 * GB, ("photo",), ("day2night", "night2day"),
        "webcam pictures of the Transient Attributes database: research only",
        "P.-Y. Laffont et al.: Transient Attributes for High-Level Understanding and Editing of Outdoor Scenes. "
        "SIGGRAPH 2014.",
    ),
    "cmp-base": PublishedSet(
        "CMP_facade_DB_base.zip", CMP, 35 * MB, ("facades", "photo", "colors"), ("facades",),
        "published for research: https://cmp.felk.cvut.cz/~tylecr1/facade/", FACADES_PAPER,
    ),
    "cmp-extended": PublishedSet(
        "CMP_facade_DB_extended.zip", CMP, 20 * MB, ("facades", "photo", "colors"), ("facades",),
        "published for research: https://cmp.felk.cvut.cz/~tylecr1/facade/", FACADES_PAPER,
    ),
}  # fmt: skip
