import io

import numpy as np
from PIL import Image

from mmgic.report.sheet import sheet_png


def test_original_and_drawn_stand_side_by_side() -> None:
    red, blue = np.zeros((2, 8, 8, 3), np.uint8)
    red[..., 0], blue[..., 2] = 255, 255
    sheet = Image.open(io.BytesIO(sheet_png([(f"r{number}", red, blue) for number in range(6)])))
    pixels = np.asarray(sheet)
    assert (pixels == (255, 0, 0)).all(-1).sum() == 6 * 128 * 128
    assert (pixels == (0, 0, 255)).all(-1).sum() == 6 * 128 * 128
    middle = pixels[64]
    assert np.flatnonzero((middle == (255, 0, 0)).all(-1))[0] < np.flatnonzero((middle == (0, 0, 255)).all(-1))[0]
