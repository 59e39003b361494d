"""Generated scenes: the same bytes every time, boxes that fit the shapes exactly, captions that agree."""

import io
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmgic.errors import ParamsError
from mmgic.sources import scenery
from mmgic.sources.scenery import DESCRIPTIONS, LABELS, Scene, png_from_pixels, scene

SIDES_PX = (32, 64, 101, 224)
COUNT = 150


def scenes(side_px: int, count: int = COUNT) -> list[tuple[Scene, NDArray[np.uint8]]]:
    return [scene(7, "train", index, side_px) for index in range(count)]


def is_drawn(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Shapes are colourful, backgrounds are not."""
    values = pixels.astype(np.int64)
    return np.asarray(values.max(axis=2) - values.min(axis=2) > 60)


def test_same_arguments_give_the_same_bytes_in_any_order() -> None:
    forward = [scene(3, "val", index, 64) for index in range(20)]
    backward = [scene(3, "val", index, 64) for index in reversed(range(20))][::-1]
    for (first, first_pixels), (second, second_pixels) in zip(forward, backward, strict=True):
        assert first == second
        assert first_pixels.tobytes() == second_pixels.tobytes()


def test_pixels_stay_the_same_from_release_to_release() -> None:
    found, pixels = scene(0, "train", 0, 64)
    assert [item.label for item in found.objects] == [
        "green cross",
        "green square",
        "yellow star",
        "purple star",
    ]
    assert int(pixels.astype(np.int64).sum()) == 1504740


def test_seed_split_and_index_each_change_the_scene() -> None:
    variants = [
        (0, "train", 0),
        (1, "train", 0),
        (0, "val", 0),
        (0, "train", 1),
        (0, "train", 2**40),
        (2**70, "train", 0),
    ]
    pictures = {scene(*variant, 64)[1].tobytes() for variant in variants}
    assert len(pictures) == len(variants)


@pytest.mark.parametrize("side_px", SIDES_PX)
def test_boxes_are_the_extent_of_the_drawn_pixels(side_px: int) -> None:
    for found, pixels in scenes(side_px):
        assert pixels.shape == (side_px, side_px, 3)
        left_over = is_drawn(pixels)
        for item in found.objects:
            x0, y0, x1, y1 = item.box_xyxy_px
            assert 0 <= x0 < x1 <= side_px
            assert 0 <= y0 < y1 <= side_px
            tones = np.array(scenery._PALETTE[item.colour][:2], dtype=np.uint8)
            own = (pixels[:, :, None, :] == tones).all(axis=3).any(axis=2)
            inside = np.zeros_like(own)
            inside[y0:y1, x0:x1] = own[y0:y1, x0:x1]
            rivals = [other for other in found.objects if other is not item and other.colour == item.colour]
            if not rivals:
                rows, columns = np.nonzero(own)
                assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == item.box_xyxy_px
            assert inside[y0, :].any()
            assert inside[y1 - 1, :].any()
            assert inside[:, x0].any()
            assert inside[:, x1 - 1].any()
            left_over &= ~inside
        assert not left_over.any()


def test_one_to_four_objects_with_labels_of_their_own() -> None:
    counts = []
    for found, _ in scenes(64):
        labels = [item.label for item in found.objects]
        assert len(set(labels)) == len(labels)
        assert set(labels) <= set(LABELS)
        assert labels == [f"{item.colour} {item.shape}" for item in found.objects]
        counts.append(len(labels))
    assert set(counts) == {1, 2, 3, 4}


@pytest.mark.parametrize("side_px", SIDES_PX)
def test_boxes_overlap_by_at_most_a_tenth_of_the_smaller(side_px: int) -> None:
    for found, _ in scenes(side_px):
        for first, second in itertools.combinations(found.objects, 2):
            (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = first.box_xyxy_px, second.box_xyxy_px
            shared = max(0, min(ax1, bx1) - max(ax0, bx0)) * max(0, min(ay1, by1) - max(ay0, by0))
            assert shared <= 0.1 * min((ax1 - ax0) * (ay1 - ay0), (bx1 - bx0) * (by1 - by0))


def test_place_and_size_words_fit_the_boxes() -> None:
    for found, _ in scenes(96):
        for item in found.objects:
            x0, y0, x1, y1 = item.box_xyxy_px
            words = {
                (0, 0): "top left",
                (1, 0): "top",
                (2, 0): "top right",
                (0, 1): "left",
                (1, 1): "middle",
                (2, 1): "right",
                (0, 2): "bottom left",
                (1, 2): "bottom",
                (2, 2): "bottom right",
            }
            third = (min(2, (x0 + x1) * 3 // (2 * 96)), min(2, (y0 + y1) * 3 // (2 * 96)))
            assert item.place == words[third]
            assert item.size == ("large" if x1 - x0 > 0.34 * 96 else "small")


def test_captions_name_every_object_in_good_english() -> None:
    for found, _ in scenes(64):
        full, short = found.captions
        for caption in found.captions:
            assert caption[0].isupper()
            assert caption.endswith(".")
            assert all(item.label in caption for item in found.objects)
            words = caption.lower().replace(",", "").rstrip(".").split()
            for article, word in itertools.pairwise(words):
                if article in {"a", "an"}:
                    assert (article == "an") == (word[0] in "aeiou")
        for item in found.objects:
            assert f"{item.size} {item.texture} {item.label}" in full
            assert item.place in full
        assert len(short) < len(full)
        assert found.background in full


def test_relations_in_captions_are_true() -> None:
    seen = 0
    for found, _ in scenes(64, 600):
        short = found.captions[1]
        for words, axis, sign in (
            (" above ", 1, -1),
            (" below ", 1, 1),
            (" left of ", 0, -1),
            (" right of ", 0, 1),
        ):
            if words in short:
                first, second = (item.box_xyxy_px for item in found.objects)
                assert short.lower().index(found.objects[0].label) < short.index(found.objects[1].label)
                assert sign * (first[axis] + first[axis + 2] - second[axis] - second[axis + 2]) > 0
                seen += 1
    assert seen > 0


def test_every_label_has_a_description_of_one_sentence() -> None:
    assert len(LABELS) == len(set(LABELS)) == 48
    assert tuple(DESCRIPTIONS) == LABELS
    assert len(set(DESCRIPTIONS.values())) == 48
    for label, description in DESCRIPTIONS.items():
        assert label.split()[0] in description or label.startswith("cyan")
        assert description.count(".") == 1
        assert description.endswith(".")


@pytest.mark.parametrize("side_px", [32, 64, 257])
def test_png_decodes_to_the_same_pixels(side_px: int) -> None:
    for _, pixels in scenes(side_px, 10):
        with Image.open(io.BytesIO(png_from_pixels(pixels))) as picture:
            assert picture.format == "PNG"
            assert picture.mode == "RGB"
            np.testing.assert_array_equal(np.asarray(picture), pixels)


@pytest.mark.parametrize(("seed", "index", "side_px"), [(-1, 0, 64), (0, -1, 64), (0, 0, 31), (0, 0, 1025)])
def test_arguments_out_of_range_are_refused(seed: int, index: int, side_px: int) -> None:
    with pytest.raises(ParamsError, match=r"-1|31|1025"):
        scene(seed, "train", index, side_px)
