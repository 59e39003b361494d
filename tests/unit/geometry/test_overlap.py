"""Areas and overlaps against one pair at a time, exact fractions, and pycocotools."""

from __future__ import annotations

import multiprocessing
import resource

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask

from mmgic import geometry as g
from mmgic.errors import InputError, InvalidBox, ParamsError
from tests.unit.geometry.strategies import pixel_boxes, relaxed
from tests.unit.twins.overlap import exact_iou_of, iou_of


def drawn(count: int, seed: int, side: float = 40) -> g.Boxes:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 400, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(0, side, (count, 2))], axis=1)


@relaxed
@given(pixel_boxes, pixel_boxes)
def test_iou_agrees_with_the_twin(a: g.Boxes, b: g.Boxes) -> None:
    matrix = g.iou_matrix(a, b)
    assert matrix.shape == (len(a), len(b)) and matrix.dtype == np.float64
    assert matrix.tolist() == [[iou_of(p, q) for q in b.tolist()] for p in a.tolist()]
    exact = [[exact_iou_of(p, q) for q in b.tolist()] for p in a.tolist()]
    # Every step rounds once and nothing cancels: the union is no less than either area.
    assert matrix.ravel().tolist() == pytest.approx(np.ravel(exact).tolist(), rel=1e-14, abs=0)


@relaxed
@given(st.integers(0, 90), st.integers(0, 700), st.integers(0, 9), st.integers(0, 3))
def test_iou_equals_pycocotools(rows: int, columns: int, seed: int, threads: int) -> None:
    # Quarters of a pixel, so that corner and size hold the same box as two corners.
    a, b = (np.round(drawn(count, seed + count) * 4) / 4 for count in (rows, columns))
    matrix = g.iou_matrix(a, b, threads=threads)
    if rows and columns:
        crowds = np.zeros(columns, dtype=np.uint8)
        with np.errstate(invalid="ignore"):
            expected = mask.iou(g.xywh_from_xyxy(a), g.xywh_from_xyxy(b), crowds)
        assert np.array_equal(matrix, expected)


def test_iou_by_hand() -> None:
    a = np.array([[0.0, 0, 2, 2], [5, 5, 5, 9], [0, 0, 0, 0]])
    b = np.array([[1.0, 0, 3, 2], [0, 0, 2, 2], [5, 5, 5, 9], [2, 0, 4, 2]])
    assert g.iou_matrix(a, b).tolist() == [[1 / 3, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert g.box_areas(a).tolist() == [4, 0, 0]


def test_boxes_of_other_kinds_are_taken() -> None:
    boxes = drawn(9, 1)
    expected = g.iou_matrix(boxes, boxes)
    assert np.array_equal(g.iou_matrix(np.asfortranarray(boxes), boxes[::-1])[:, ::-1], expected)
    small = boxes.astype(np.float32)
    assert np.array_equal(g.iou_matrix(small, small), g.iou_matrix(small.astype(float), small.astype(float)))


def test_the_result_goes_where_it_is_asked_for() -> None:
    a, b = drawn(5, 1), drawn(7, 2)
    out = np.full((5, 7), np.nan)
    assert g.iou_matrix(a, b, out=out) is out and np.array_equal(out, g.iou_matrix(a, b))
    locked = np.empty((5, 7))
    locked.flags.writeable = False
    for bad in (np.empty((7, 5)), np.empty((5, 7), np.float32), np.empty((5, 14))[:, ::2], np.empty((7, 5)).T, locked):
        with pytest.raises(ParamsError, match="out is of shape") as caught:
            g.iou_matrix(a, b, out=bad)  # type: ignore[arg-type]
        assert caught.value.where == "out"
    shared = np.zeros((4, 4))
    with pytest.raises(ParamsError, match="shares memory"):
        g.iou_matrix(shared, shared, out=shared)


def test_a_matrix_that_is_too_large_is_refused() -> None:
    boxes = np.zeros((100_000, 4))
    with pytest.raises(InputError, match="100000 x 100000 takes more than") as caught:
        g.iou_matrix(boxes, boxes)
    assert "iou_blocks" in caught.value.hint


@relaxed
@given(pixel_boxes, pixel_boxes, st.integers(1, 400))
def test_blocks_are_the_matrix(a: g.Boxes, b: g.Boxes, more: int) -> None:
    blocks = list(g.iou_blocks(a, b, max_bytes=8 * len(b) + more))
    joined = np.concatenate([np.empty((0, len(b))), *(block for _, block in blocks)])
    assert np.array_equal(joined, g.iou_matrix(a, b))
    assert [start for start, _ in blocks] == np.cumsum([0, *(len(block) for _, block in blocks)])[:-1].tolist()
    assert all(block.nbytes <= 8 * len(b) + more for _, block in blocks)


def test_memory_of_blocks_does_not_grow_with_the_boxes() -> None:
    max_bytes = 16 << 20
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        growths = pool.map(_growth, [(count, max_bytes) for count in (10_000, 100_000)], chunksize=1)
    # The block that the loop holds, the one that is made, columns of both sets; the whole matrix would be 1.6 GB.
    assert max(growths) < 2.5 * max_bytes
    # A loop that kept what it was given would grow by 1.4 GB.
    assert growths[1] - growths[0] < max_bytes / 2


def _growth(task: tuple[int, int]) -> int:
    """Bytes by which the peak of a process of its own grew."""
    count, max_bytes = task
    rows, columns = drawn(count, 1), drawn(2_000, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = sum(len(block) for _, block in g.iou_blocks(rows, columns, max_bytes=max_bytes))
    assert seen == count
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def test_blocks_refuse_at_the_call() -> None:
    boxes = drawn(3, 1)
    with pytest.raises(ParamsError, match="23 bytes hold no row of 3 values"):
        g.iou_blocks(boxes, boxes, max_bytes=23)
    assert list(g.iou_blocks(boxes[:0], boxes)) == []


@relaxed
@given(pixel_boxes, pixel_boxes, st.floats(0.01, 1), st.integers(0, 3))
def test_pairs_are_those_of_the_matrix(a: g.Boxes, b: g.Boxes, least: float, threads: int) -> None:
    matrix = g.iou_matrix(a, b)
    rows, columns, overlaps = g.iou_pairs(a, b, least, threads=threads)
    expected = np.nonzero(matrix >= least)
    assert rows.tolist() == expected[0].tolist() and columns.tolist() == expected[1].tolist()
    assert np.array_equal(overlaps, matrix[expected])


def test_pairs_of_many_boxes() -> None:
    a, b = drawn(2_000, 1), drawn(3_000, 2)
    matrix = g.iou_matrix(a, b)
    for least in (1e-9, 0.5, float(matrix.max())):
        rows, columns, overlaps = g.iou_pairs(a, b, least, threads=2)
        assert len(rows) == np.count_nonzero(matrix >= least) > 0
        assert np.array_equal(overlaps, matrix[rows, columns])
    with pytest.raises(InputError, match="more than 5 pairs overlap that much") as caught:
        g.iou_pairs(a, a, 1.0, max_pairs=5)
    assert caught.value.hint
    assert len(g.iou_pairs(a, a, 1.0, max_pairs=2_000)[0]) == 2_000


def test_params_are_checked() -> None:
    boxes = drawn(3, 1)
    for bad in (0.0, -0.5, 1.5, np.nan):
        with pytest.raises(ParamsError, match="a min_iou of"):
            g.iou_pairs(boxes, boxes, bad)
    with pytest.raises(ParamsError, match="max_pairs of -1"):
        g.iou_pairs(boxes, boxes, 0.5, max_pairs=-1)
    for call in (
        lambda: g.iou_matrix(boxes, boxes, threads=-1),
        lambda: g.iou_blocks(boxes, boxes, threads=-1),
        lambda: g.iou_pairs(boxes, boxes, 0.5, threads=-1),
    ):
        with pytest.raises(ParamsError, match="-1 threads"):
            call()


def test_an_unsound_row_keeps_its_number_in_blocks() -> None:
    boxes = drawn(100, 1)
    boxes[70, 2] = -1
    with pytest.raises(InvalidBox, match="box 70 is inverted"):
        g.iou_blocks(boxes, boxes[:10], max_bytes=800)
