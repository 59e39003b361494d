"""The table of notations: rows of one's own, broken rows, and where the table lies."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mmgic import geometry as g
from mmgic.errors import InputError, InvalidBox, ParamsError
from mmgic.geometry import NOTATIONS, Notation

BOX = np.array([[0.1, 0.2, 0.5, 0.75]])


def test_rows_name_their_source() -> None:
    assert len(NOTATIONS) == 13
    for name, row in NOTATIONS.items():
        assert row.name == name and "/" in row.source and 0 < row.bound <= 0.5
        # Where the source says nothing of rounding, the row says that it is ours.
        assert row.rule != "round" or row.note or name in ("internvl", "shikra-tokens")


def test_unknown_names_are_told_the_nearest() -> None:
    with pytest.raises(ParamsError, match='unknown notation "kosmos"') as caught:
        g.ids_from_boxes(BOX, "kosmos")
    assert caught.value.hint.startswith("did you mean kosmos-2?") and "florence-2" in caught.value.hint
    with pytest.raises(ParamsError) as caught:
        g.notation("???")
    assert caught.value.hint.startswith("known are")


def test_a_row_of_ones_own_needs_no_code() -> None:
    row = Notation(
        name="mine",
        object="{$boxes|$label}",
        label="«$label»",
        box="($x0..$x1)x($y0..$y1)",
        rule="round",
        bins=101,
        scale=100,
        error_bound=(0.5, 100),
        source="nobody/nothing here",
    )
    (text,) = g.text_from_boxes(BOX, ["öl"], row)
    assert text == "{(10..50)x(20..75)|«öl»}"
    found = g.boxes_from_text([text, "so { ( 10.. 50)x(20..75 |«öl»"], row)
    assert found.labels == ["öl", "öl"] and np.allclose(found.boxes_xyxy_norm, BOX) and found.status.tolist() == [0, 4]


BROKEN = {
    "text must hold": {"text": "x"},
    "object must hold \\$label": {"object": "$boxes"},
    "boxes must hold": {"boxes": ""},
    "box must hold \\$y1": {"box": "[$x0,$y0,$x1]"},
    "something between them": {"box": "[$x0$y0,$x1,$y1]"},
    "something other than a digit": {"box": "$x0,$y0,$x1,$y1"},
    "JSON with a key": {"json": True},
    "bins is out of range": {"bins": 0},
    "scale is out of range": {"scale": 5000.0},
    "<= 9": {"digits": 99},
    ">= 0": {"bins": -1},
    "Invalid enum value 'ceil'": {"rule": "ceil"},
    "Expected `str`": {"object": 3},
    "unhashable": {"ignored": ["<s>"]},
    "box holds a": {"box": "<$x0><$y0><$x1><$y1>$zz"},
    "that is no number": {"box": "<$x0.$y0><$x1><$y1>"},
    "neither cells nor decimals": {
        "rule": "decimals",
        "decimals": 3,
        "point": "<p$x><p$y>",
        "polygons": "<a>$polygons</a>",
        "polygon_separator": "<b>",
    },
    "a template is out of range": {"object": "$label$boxes" + "x" * 300},
    "point must be two tokens": {"point": "$x,$y", "polygons": "($polygons)"},
    "ignored tokens must begin": {"ignored": ("end",)},
    "max_pixels is out of range": {"rule": "pixels", "factor": 28, "min_pixels": 9, "max_pixels": 8},
    "decimals is out of range": {"rule": "decimals", "decimals": 9},
}


@pytest.mark.parametrize("why", BROKEN)
def test_broken_rows_are_named(why: str) -> None:
    row = msgspec.structs.replace(NOTATIONS["internvl"], name="mine", boxes="$boxes")
    with pytest.raises(ParamsError, match=f'notation "mine": .*{why}'):
        g.ids_from_boxes(BOX, msgspec.structs.replace(row, **BROKEN[why]))


@pytest.mark.parametrize("seed", range(5))
def test_smart_resize_is_that_of_transformers(seed: int) -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    rng = np.random.default_rng(seed)
    for width, height in np.exp(rng.uniform(0, 9, (2000, 2))).astype(int).tolist():
        factor, least, most = int(rng.integers(1, 60)), int(rng.integers(0, 5000)), int(rng.integers(5000, 2_000_000))
        try:
            expected = smart_resize(height, width, factor, least, most)[::-1]
        except ValueError:
            expected = (0, 0)
        if 0 in expected:
            with pytest.raises(InputError):
                g.smart_resize(width, height, factor, least, most)
        else:
            assert g.smart_resize(width, height, factor, least, most) == expected
    assert g.smart_resize(640, 480) == smart_resize(480, 640)[::-1]


def test_smart_resize_refuses_what_it_cannot_do() -> None:
    for size in ((0, 5), (5, 0), (5, 1001), (-1, 5), (2**21, 2**21)):
        with pytest.raises(InputError):
            g.smart_resize(*size)
    with pytest.raises(ParamsError, match="factor 0"):
        g.smart_resize(5, 5, factor=0)
    with pytest.raises(InvalidBox, match="sizes of shape"):
        g.ids_from_boxes(BOX, "qwen2.5-vl", sizes_px=(640.5, 480.0))
