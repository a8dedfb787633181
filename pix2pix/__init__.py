"""pix2pix: paired image-to-image translation with a conditional GAN (Isola et al. 2017).

Importing this package costs nothing: each module imports what it needs itself.
"""

__version__ = "0.2.0"
