"""A sheet of pictures: each original beside the picture drawn from its codes."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_TILE_PX = 128
_GAP_PX = 4
_LABEL_PX = 16
_PAIRS_A_ROW = 4
_PAPER, _INK = (255, 255, 255), (60, 60, 60)


def sheet_png(pairs: Sequence[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]) -> bytes:
    """A PNG of (name, original (H, W, 3), drawn (H, W, 3)), four pairs a row, original left."""
    rows = -(-len(pairs) // _PAIRS_A_ROW)
    width_px, height_px = 2 * _TILE_PX + 4 * _GAP_PX, _TILE_PX + _LABEL_PX + 2 * _GAP_PX
    sheet = Image.new("RGB", (min(len(pairs), _PAIRS_A_ROW) * width_px + _GAP_PX, rows * height_px + _GAP_PX), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (name, original, drawn) in enumerate(pairs):
        x = number % _PAIRS_A_ROW * width_px + 2 * _GAP_PX
        y = number // _PAIRS_A_ROW * height_px + _GAP_PX
        for offset, pixels in enumerate((original, drawn)):
            tile = Image.fromarray(pixels).resize((_TILE_PX, _TILE_PX), Image.Resampling.NEAREST)
            sheet.paste(tile, (x + offset * (_TILE_PX + _GAP_PX), y))
        pen.text((x, y + _TILE_PX + 2), name, fill=_INK)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()
