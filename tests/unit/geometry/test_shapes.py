"""Points, quads and polygons as text against a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry import BoxStatus
from tests.unit.geometry.strategies import relaxed
from tests.unit.twins.shapes import shapes_of, shapes_text

ROW = g.notation("florence-2")
coordinate = st.floats(-0.25, 1.25, width=32)
shape = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6)


def flat(shapes: list[list[tuple[float, float]]]) -> tuple[np.ndarray, list[int]]:
    points = np.array([point for one in shapes for point in one], dtype=np.float64).reshape(-1, 2)
    return points, [0, *np.cumsum([len(one) for one in shapes]).tolist()]


@settings(deadline=None, max_examples=200)
@given(shapes=st.lists(shape, min_size=1, max_size=6), data=st.data())
def test_text_agrees_with_the_twin_and_reads_back(shapes: list[list[tuple[float, float]]], data: st.DataObject) -> None:
    labels = [data.draw(st.sampled_from(["cat", "dög (red)", "a b"])) for _ in shapes]
    instances = data.draw(st.none() | st.lists(st.integers(0, 2), min_size=len(shapes), max_size=len(shapes)))
    points, firsts = flat(shapes)
    texts = g.text_from_shapes(points, firsts, labels, "florence-2", instances=instances, starts=[0, len(shapes)])
    assert texts == [shapes_text(ROW, shapes, labels, instances)]
    found = g.shapes_from_text(texts, "florence-2")
    assert found.labels == labels and found.shape_starts.tolist() == firsts and not found.status.any()
    assert np.abs(found.points_xy_norm - np.clip(points, 0, 1)).max() <= ROW.bound + 1e-12
    again = g.text_from_shapes(
        found.points_xy_norm,
        found.shape_starts,
        found.labels,
        "florence-2",
        instances=instances,
        starts=[0, len(shapes)],
    )
    assert again == texts
    if instances is not None:
        for at in range(1, len(shapes)):
            same = labels[at] == labels[at - 1] and instances[at] == instances[at - 1]
            assert (found.instances[at] == found.instances[at - 1]) == same


marks = [
    "cat",
    "ö ",
    " ",
    "<loc_",
    "<loc_1>",
    "<loc_999>",
    "<loc_4321>",
    "<sep>",
    "<poly>",
    "</poly>",
    "</s>",
    "<x>",
    "7",
]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.lists(st.sampled_from(marks), max_size=20).map("".join), max_size=3))
def test_reader_agrees_with_the_twin(texts: list[str]) -> None:
    # A token that is only begun reads on over what follows it: that is tried below.
    texts = [text.replace("<loc_7", "<loc_ 7").replace("<loc_ 7", "x") for text in texts]
    found = g.shapes_from_text(texts, "florence-2")
    runs = [
        found.points_xy_norm[a:b].reshape(-1).tolist()
        for a, b in zip(found.shape_starts, found.shape_starts[1:], strict=False)
    ]
    expected = [(i, label, run) for i, text in enumerate(texts) for label, run in shapes_of(text)]
    assert list(zip(found.text_index.tolist(), found.labels, runs, strict=True)) == expected


@relaxed
@given(st.lists(st.sampled_from(marks) | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_read(text: str) -> None:
    found = g.shapes_from_text([text], "florence-2")
    assert ((found.points_xy_norm >= 0) & (found.points_xy_norm <= 1)).all()
    assert (found.spans[:, 0] < found.spans[:, 1]).all() and (found.spans <= len(text)).all()


def test_faults_by_hand() -> None:
    found = g.shapes_from_text(["cat<poly><loc_1><loc_2><loc_3><sep><loc_2000> <loc_5", "<loc_1><loc_2>"], "florence-2")
    flags = [BoxStatus.INCOMPLETE | BoxStatus.UNCLOSED, BoxStatus.OUT_OF_RANGE | BoxStatus.UNCLOSED, BoxStatus.NO_LABEL]
    assert found.status.tolist() == [int(flag) for flag in flags]
    assert found.instances[0] == found.instances[1] and found.shape_starts.tolist() == [0, 1, 2, 3]
    one = np.array([[0.1, 0.2]])
    with pytest.raises(ParamsError, match='notation "gemini" has no points'):
        g.text_from_shapes(one, [0, 1], ["a"], "gemini")
    with pytest.raises(ParamsError, match='notation "kosmos-2" has no points'):
        g.shapes_from_text(["a"], "kosmos-2")
    with pytest.raises(InvalidBox, match="point 0 is not finite"):
        g.text_from_shapes(one * np.nan, [0, 1], ["a"], "florence-2")
    with pytest.raises(InvalidBox, match="shape 1 has 0 points"):
        g.text_from_shapes(one, [0, 1, 1], ["a", "b"], "florence-2")
    with pytest.raises(InvalidBox, match="would be read back"):
        g.text_from_shapes(one, [0, 1], ["a<sep>"], "florence-2")
    with pytest.raises(InvalidBox, match="is empty"):
        g.text_from_shapes(np.repeat(one, 2, axis=0), [0, 1, 2], ["a", ""], "florence-2", starts=[0, 2])
    for starts in ([0, 2], [1], []):
        with pytest.raises(InvalidBox, match="starts are not"):
            g.text_from_shapes(one, starts, ["a"], "florence-2")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("opener", ["<loc_", "<loc_1>", "<poly>", "<poly><loc_1>", "<", "x<sep>", "<loc_1> "])
def test_hostile_text_does_not_hang(opener: str) -> None:
    """Time that grows with the square of the text would pass the limit by far."""
    g.shapes_from_text([opener * 1_000_000], "florence-2")
