"""What a visual tokenizer is: pictures to codes, and back where it can draw."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mmgic.images import DecodeMode

Pixels = NDArray[np.uint8]
Codes = NDArray[np.uint16]


class VisualTokenizer(Protocol):
    """Turns square pictures into a fixed grid of codes.

    Shapes: B pictures, H = W = `side_px` pixels, N = `grid`^2 codes a picture, row by row.
    """

    @property
    def kind(self) -> str:
        """Name of the kind, as in the params."""

    @property
    def side_px(self) -> int:
        """Side of the pictures it takes."""

    @property
    def decode(self) -> DecodeMode:
        """How pictures are decoded for it."""

    @property
    def grid(self) -> int:
        """Codes along a side."""

    @property
    def num_codes(self) -> int:
        """Size of the codebook."""

    @property
    def digest(self) -> str:
        """Hex digest of everything that codes depend on."""

    def codes_from_images(self, images_BHWC: Pixels) -> Codes:
        """Codes (B, N) of uint8 pictures (B, H, W, 3)."""

    def images_from_codes(self, codes_BN: Codes) -> Pixels:
        """Pictures (B, H, W, 3) drawn from codes (B, N)."""
