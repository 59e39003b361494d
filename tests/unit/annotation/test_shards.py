from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from mmgic.annotation.settings import CaptionSettings
from mmgic.annotation.shards import best_captions, main_crops, with_captions
from mmgic.images import PictureStatus
from mmgic.schema.records import Caption, Record

Settings = Callable[..., CaptionSettings]


def is_red(image: np.ndarray) -> bool:
    """Whether all but the rim is the colour of the box."""
    return bool((image[2:-2, 2:-2] == np.array([250, 10, 10])).all())


def test_the_highest_scores_are_kept_best_first_and_the_first_of_equal_ones(settings: Settings) -> None:
    texts, scores = ["a", "b", "c", "d"], [0.1, 0.3, -0.2, 0.3]
    assert best_captions(texts, scores, settings()) == [Caption("b", "tiny", 0.3)]
    assert [caption.text for caption in best_captions(texts, scores, settings(keep=3))] == ["b", "d", "a"]
    assert len(best_captions(texts, scores, settings(keep=9))) == 4
    assert best_captions([], [], settings()) == []


@pytest.mark.parametrize(
    ("own", "found", "texts", "counted"),
    [
        ([], ["x", "y"], ["x", "y"], {"records_captioned": 1, "captions_made": 2}),
        (["x"], ["x", "y"], ["x", "y"], {"records_captioned": 1, "captions_made": 1}),
        (["x"], ["x"], ["x"], {}),
        (["x"], [], ["x"], {}),
        ([], [], [], {"records_without_caption.no_candidate": 1}),
        ([], PictureStatus.TRUNCATED, [], {"records_without_caption.truncated": 1}),
        (["x"], PictureStatus.TRUNCATED, ["x"], {}),
    ],
)
def test_captions_come_after_those_that_are_there(
    record: Callable[..., Record], own: list[str], found: list[str], texts: list[str], counted: dict[str, int]
) -> None:
    counts: Counter[str] = Counter()
    before = record(captions=[Caption(text, "toy") for text in own])
    made = found if isinstance(found, PictureStatus) else [Caption(text, "tiny", 0.5) for text in found]
    after = with_captions(before, made, counts)
    assert [caption.text for caption in after.captions] == texts
    assert after.captions[: len(own)] == before.captions
    assert counts == counted


def test_models_see_the_main_crop_upright(record: Callable[..., Record], picture: Callable[..., bytes]) -> None:
    data = picture(48, 32, box=(8, 0, 40, 32))
    images, statuses = main_crops([(record(), data), (record(), data[:60])], 24, threads=1)
    assert images.shape == (2, 24, 24, 3) and statuses[0] == PictureStatus.OK
    assert is_red(images[0])
    assert not statuses[1].has_pixels
    turned = record(crop_xyxy_px=(0.0, 8.0, 32.0, 40.0), width_px=32, height_px=48, orientation=6)
    images, _ = main_crops([(turned, picture(48, 32, box=(8, 0, 40, 32), orientation=6))], 24, threads=1)
    assert is_red(images[0])
