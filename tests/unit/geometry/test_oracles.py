"""Notations against the code of others: transformers (Kosmos-2, Florence-2), supervision, and examples in the sources."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mmgic import geometry as g

# supervision says at import that it does without OpenCV.
pytestmark = pytest.mark.filterwarnings("ignore:OpenCV")


def some_boxes(count: int, seed: int = 3) -> g.Boxes:
    """Boxes with area, some of them on the border and some small."""
    rng = np.random.default_rng(seed)
    boxes = np.sort(rng.random((count, 2, 2)), axis=1).reshape(-1, 4)
    boxes[:20] = np.round(boxes[:20] * 32) / 32
    boxes[20:40, 2:] = boxes[20:40, :2] + 1e-3
    boxes = np.clip(boxes, 0, 1)
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


LABELS = ["cat", "traffic light", "t-shirt", "a person on a bike"]


def labels_for(boxes: g.Boxes) -> list[str]:
    return [LABELS[i % len(LABELS)] for i in range(len(boxes))]


def test_kosmos_2_ids_and_boxes_are_those_of_transformers() -> None:
    from transformers.models.kosmos2.processing_kosmos2 import coordinate_to_patch_index, patch_index_to_coordinate

    boxes = some_boxes(3000)
    ids = g.ids_from_boxes(boxes, "kosmos-2")
    assert ids.tolist() == [list(coordinate_to_patch_index(tuple(box), 32)) for box in boxes.tolist()]
    # Every pair of cells there is.
    cells = np.arange(1024)
    first, last = (part.reshape(-1) for part in np.meshgrid(cells, cells, indexing="ij"))
    sound = (first % 32 <= last % 32) & (first // 32 <= last // 32)
    pairs = np.stack([first[sound], last[sound]], axis=1).astype(np.int32)
    assert len(pairs) == 278_784
    back = g.boxes_from_ids(pairs, "kosmos-2")
    assert np.array_equal(g.ids_from_boxes(back, "kosmos-2"), pairs)
    for pair, box in zip(pairs[::97].tolist(), back[::97].tolist(), strict=True):
        assert box == list(patch_index_to_coordinate(*pair, 32))


def test_kosmos_2_text_is_read_by_transformers_and_the_other_way_round() -> None:
    from transformers.models.kosmos2.processing_kosmos2 import clean_text_and_extract_entities_with_bboxes

    boxes = some_boxes(60)
    boxes = boxes[: len(boxes) // 4 * 4]
    labels = [label for label in labels_for(boxes[::2]) for _ in range(2)]
    texts = g.text_from_boxes(boxes, labels, "kosmos-2", starts=range(0, len(boxes) + 1, 4))
    found = g.boxes_from_text(texts, "kosmos-2")
    theirs = [
        (i, name, list(box))
        for i, text in enumerate(texts)
        for name, _, several in clean_text_and_extract_entities_with_bboxes(text)[1]
        for box in several
    ]
    assert list(zip(found.text_index.tolist(), found.labels, found.boxes_xyxy_norm.tolist(), strict=True)) == theirs
    # The example in the docstring of the function, with its result.
    text = (
        "<grounding> An image of<phrase> a snowman</phrase><object><patch_index_0044><patch_index_0863></object> warming "
        "himself by<phrase> a fire</phrase><object><patch_index_0005><patch_index_0911></object>."
    )
    found = g.boxes_from_text([text], "kosmos-2")
    assert found.labels == ["a snowman", "a fire"] and not found.status.any()
    assert found.boxes_xyxy_norm.tolist() == [
        [0.390625, 0.046875, 0.984375, 0.828125],
        [0.171875, 0.015625, 0.484375, 0.890625],
    ]


def test_kosmos_2_processor_writes_the_same_numbers() -> None:
    from transformers.models.kosmos2.processing_kosmos2 import Kosmos2Processor

    bare: Any = SimpleNamespace(num_patch_index_tokens=1024)
    bare._convert_bbox_to_patch_index_tokens = lambda box: Kosmos2Processor._convert_bbox_to_patch_index_tokens(
        bare, box
    )
    boxes = some_boxes(50)
    texts = g.text_from_boxes(boxes, ["it"] * len(boxes), "kosmos-2")
    for box, text in zip(boxes.tolist(), texts, strict=True):
        theirs = Kosmos2Processor._insert_patch_index_tokens(bare, "<grounding><phrase>it</phrase>", [tuple(box)])
        # Their writer puts spaces around tokens, which their tokenizer takes away.
        assert text == theirs.replace("> <", "><")
        assert np.array_equal(
            g.boxes_from_text([theirs], "kosmos-2").boxes_xyxy_norm,
            g.boxes_from_text([text], "kosmos-2").boxes_xyxy_norm,
        )


@pytest.fixture(scope="module")
def florence() -> Any:
    from transformers.models.florence2.processing_florence2 import Florence2PostProcessor

    return Florence2PostProcessor(config={}, tokenizer=SimpleNamespace(all_special_tokens=[]))


@pytest.mark.parametrize("size", [(1000, 1000), (640, 480), (1920, 1080), (333, 777)])
def test_florence_2_numbers_are_those_of_transformers(florence: Any, size: tuple[int, int]) -> None:
    import torch

    boxes = some_boxes(2000)
    scale = np.array(size * 2, dtype=np.float64)
    ids = g.ids_from_boxes(boxes, "florence-2")
    theirs = florence.quantize(torch.tensor(boxes * scale), size).numpy()
    # They count in units of side / 1000, which rounds: a number may differ where a corner lies on the border of two bins.
    differ = (ids != theirs).any(axis=1)
    on_border = np.abs(boxes * 1000 - np.round(boxes * 1000)).min(axis=1) < 1e-9
    assert not (differ & ~on_border).any()
    pixels = florence.dequantize(torch.tensor(ids), size).numpy()
    # They cut to whole pixels what we leave as it is.
    ours = g.boxes_from_ids(ids, "florence-2") * scale
    assert ((ours - pixels) > -1e-3).all() and ((ours - pixels) < 1 + 1e-3).all()


def test_florence_2_text_is_read_by_transformers(florence: Any) -> None:
    boxes = some_boxes(60)[:48]
    labels = [label for label in labels_for(boxes[::2]) for _ in range(2)]
    texts = g.text_from_boxes(boxes, labels, "florence-2", starts=range(0, 49, 4))
    found = g.boxes_from_text([f"<s>{text}</s>" for text in texts], "florence-2")
    assert not found.status.astype(bool).any() or set(found.status.tolist()) <= {0, int(g.BoxStatus.EMPTY)}
    size = (1000, 1000)
    theirs = [
        (i, item["cat_name"], item["bbox"])
        for i, text in enumerate(texts)
        for item in florence.parse_description_with_bboxes_from_text_and_spans(text, image_size=size)
    ]
    cut = np.floor(found.boxes_xyxy_norm * 1000 + 1e-6).astype(int).tolist()
    assert list(zip(found.text_index.tolist(), found.labels, cut, strict=True)) == theirs


def test_florence_2_polygons_are_read_by_transformers(florence: Any) -> None:
    rng = np.random.default_rng(5)
    points, firsts = rng.random((30, 2)), list(range(0, 31, 5))
    labels, instances = ["cat", "cat", "cat", "dog", "dog", "bus"], [0, 0, 1, 0, 0, 0]
    texts = g.text_from_shapes(points, firsts, labels, "florence-2", instances=instances, starts=[0, 3, 5, 6])
    theirs = [
        (item["cat_name"], polygon)
        for text in texts
        for item in florence.parse_description_with_polygons_from_text_and_spans(text, image_size=(1000, 1000))
        for polygon in item["polygons"]
    ]
    found = g.shapes_from_text(texts, "florence-2")
    cut = np.floor(found.points_xy_norm * 1000 + 1e-6).astype(int).reshape(-1, 10).tolist()
    assert list(zip(found.labels, cut, strict=True)) == theirs
    (quad,) = g.text_from_shapes(points[:4], [0, 4], ["exit"], "florence-2")
    (read,) = florence.parse_ocr_from_text_and_spans(quad, None, image_size=(1000, 1000))
    assert read["text"] == "exit" and read["quad_box"] == np.floor(points[:4] * 1000).astype(int).reshape(-1).tolist()


SUPERVISION = {
    "paligemma": "from_paligemma",
    "paligemma-1024": "from_paligemma",
    "qwen3-vl": "from_qwen_3_vl",
    "deepseek-vl2": "from_deepseek_vl_2",
    "gemini": "from_google_gemini_2_0",
}


@pytest.mark.parametrize("name", SUPERVISION)
def test_text_is_read_by_supervision(name: str) -> None:
    from supervision.detection import vlm

    read = getattr(vlm, SUPERVISION[name])
    boxes, size = some_boxes(80)[:64], (1000, 1000)
    labels = labels_for(boxes)
    texts = g.text_from_boxes(boxes, labels, name, starts=range(0, 65, 8))
    ours = g.boxes_from_text(texts, name)
    results = [read(text, size) for text in texts]
    theirs = np.concatenate([result[0] for result in results]) / 1000
    assert (
        [label for result in results for label in (result[2] if len(result) > 2 else result[1])]
        == ours.labels
        == labels
    )
    # supervision reads 1/1024 of a number that is written as 1/1023; it keeps some boxes as float32.
    tolerance = 1.0 / 1024 if name == "paligemma" else 1e-6
    assert np.abs(theirs - ours.boxes_xyxy_norm).max() <= tolerance
    bound = 1.5 / 1024 if name == "paligemma" else g.notation(name).bound
    assert np.abs(theirs - boxes).max() <= bound + 1e-6
    if name == "paligemma":
        assert np.abs(theirs - boxes).max() > g.notation(name).bound


def test_qwen_2_5_is_read_by_supervision() -> None:
    from supervision.detection.vlm import from_qwen_2_5_vl

    boxes, size = some_boxes(80)[:64], (1234, 777)
    texts = g.text_from_boxes(boxes, labels_for(boxes), "qwen2.5-vl", starts=range(0, 65, 8), sizes_px=size)
    fenced = [f"```json\n{text}\n```" for text in texts]
    ours = g.boxes_from_text(fenced, "qwen2.5-vl", sizes_px=size)
    resized = g.smart_resize(*size)
    theirs = np.concatenate([from_qwen_2_5_vl(text, resized, size)[0] for text in fenced])
    assert np.allclose(theirs, ours.boxes_xyxy_norm * (size * 2), atol=1e-9)


def test_florence_2_regions_are_read_by_supervision() -> None:
    from supervision.detection.vlm import from_florence_2

    (text,) = g.text_from_boxes(np.array([[0.1, 0.2, 0.3, 0.4]]), ["cat"], "florence-2")
    xyxy, labels, _, _ = from_florence_2({"<REGION_TO_CATEGORY>": text}, (1000, 1000))
    # supervision reads the lower border of a bin, Florence-2 its middle.
    assert xyxy.tolist() == [[100, 200, 300, 400]] and labels is not None and labels.tolist() == ["cat"]
    assert np.allclose(g.boxes_from_text([text], "florence-2").boxes_xyxy_norm * 1000, xyxy + 0.5)


# Examples as they stand in the sources.
EXAMPLES = {
    # QwenLM/Qwen-VL README.md
    "qwen-vl": ("<ref>击掌</ref><box>(536,509),(588,602)</box>", ["击掌"], [[536, 509, 588, 602]], 999),
    # roboflow/supervision src/supervision/detection/vlm.py from_deepseek_vl_2
    "deepseek-vl2": (
        "<|ref|>The giraffe at the back<|/ref|><|det|>[[580, 270, 999, 904]]<|/det|><|ref|>The giraffe at the front<|/ref|>"
        "<|det|>[[26, 31, 632, 998]]<|/det|><|end▁of▁sentence|>",
        ["The giraffe at the back", "The giraffe at the front"],
        [[580, 270, 999, 904], [26, 31, 632, 998]],
        999,
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_the_sources(name: str) -> None:
    text, labels, numbers, scale = EXAMPLES[name]
    found = g.boxes_from_text([text], name)
    assert found.labels == labels and not found.status.any()
    assert found.boxes_xyxy_norm.tolist() == (np.array(numbers) / scale).tolist()
    written = g.text_from_boxes(found.boxes_xyxy_norm, found.labels, name, starts=[0, len(labels)])
    assert written == [text.removesuffix("<|end▁of▁sentence|>")]


def test_shikra_formats_as_python_does() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [rng.random(20_000), np.arange(2001) / 2000, np.arange(1, 1000) / 1000 + 5e-4, np.arange(17) / 16]
    )
    values = np.sort(np.clip(values, 0, 1))
    values = values[: len(values) // 2 * 2]
    boxes = np.stack([values[::2], values[::2], values[1::2], values[1::2]], axis=1)
    # shikras/shikra box_process_function.py PlainBoxFormatter.format_box: f"{elem:.3f}" joined by commas.
    expected = [f"it [{','.join(f'{v:.3f}' for v in box)}]" for box in boxes.tolist()]
    assert g.text_from_boxes(boxes, ["it"] * len(boxes), "shikra") == expected
    tokens = g.text_from_boxes(boxes[:500], ["it"] * 500, "shikra-tokens")
    # TokenFormatter.format_box: round(v * 1000), separated by spaces.
    theirs = [" ".join(f"<bin_{round(v * 1000)}>" for v in box) for box in boxes[:500].tolist()]
    assert tokens == [f"it <b_st>{four}<b_ed>" for four in theirs]


def test_paligemma_numbers_are_those_of_big_vision() -> None:
    boxes = some_boxes(5000)
    # big_vision pp/proj/paligemma/segmentation.py: round(bbox * 1023), half to even, clipped; bbox is y0, x0, y1, x1.
    theirs = np.clip(np.round(boxes[:, [1, 0, 3, 2]] * 1023), 0, 1023).astype(int)
    assert np.array_equal(g.ids_from_boxes(boxes, "paligemma"), theirs)
    assert g.text_from_boxes(boxes[:1], ["cat"], "paligemma") == ["".join(f"<loc{n:04d}>" for n in theirs[0]) + " cat"]


def test_pix2seq_numbers_are_those_of_its_rule() -> None:
    boxes = some_boxes(5000)
    # google-research/pix2seq utils.py: round(v * (bins - 1)), half to even, clipped to 0..bins - 1; read v / (bins - 1).
    theirs = np.clip(np.round(boxes[:, [1, 0, 3, 2]] * 999), 0, 999).astype(np.int32)
    assert np.array_equal(g.ids_from_boxes(boxes, "pix2seq"), theirs)
    assert np.array_equal(g.boxes_from_ids(theirs, "pix2seq"), theirs[:, [1, 0, 3, 2]] / 999)
