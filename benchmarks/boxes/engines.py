"""What writes and reads boxes: ours, transformers, supervision, code by hand, and overlaps from pycocotools and torchvision.

Works: `write NOTATION` and `read NOTATION` a batch of texts, `ids` (N, 4) without text, `iou` of two sets. Readers of one
text are called for each text; who takes a batch gets it. Every reader gets the same texts, and its boxes are compared with
those that were written.
"""

import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np

from benchmarks.boxes.inputs import SIZE_PX, Batch, largest_error, make_batch
from benchmarks.boxes.overlaps import overlaps, pycocotools_engines, torchvision_engines
from benchmarks.boxes.plain import NOTATIONS
from benchmarks.engines import Engine, Prepared
from benchmarks.families import Families

Arguments = Mapping[str, Any]
Found = Iterable[tuple[Any, Any]]
"""Boxes and labels of each text, as a library gives them."""


def _texts(batch: Batch, notation: str) -> list[str]:
    return [NOTATIONS[notation].write(boxes, batch.labels) for boxes in batch.boxes.tolist()]


def _writer(
    arguments: Arguments,
    run_of: Callable[[Batch], Callable[[], list[str]]],
    compared: Callable[[str], str] = lambda text: text,
) -> Prepared:
    batch = make_batch(arguments)
    expected = _texts(batch, arguments["notation"])

    def facts(texts: list[str]) -> dict[str, float]:
        if len(texts) != len(expected):
            raise ValueError(f"{len(texts)} texts were written, {len(expected)} were asked for")
        same = sum(compared(text) == wanted for text, wanted in zip(texts, expected, strict=True))
        return {"same_text": same / len(expected)}

    return Prepared(run_of(batch), batch.num_boxes, facts=facts)


def _reader(
    arguments: Arguments, run_of: Callable[[list[str]], Callable[[], Any]], found: Callable[[Any], Found]
) -> Prepared:
    """`found` gives boxes as fractions from what a run gave."""
    batch = make_batch(arguments)

    def facts(result: Any) -> dict[str, float]:
        pairs = list(found(result))
        boxes = np.concatenate([np.asarray(boxes, dtype=float).reshape(-1, 4) for boxes, _ in pairs])
        labels = [str(label) for _, some in pairs for label in some]
        return {"max_error": largest_error(batch.boxes.reshape(-1, 4), boxes, batch.labels * len(batch.boxes), labels)}

    return Prepared(run_of(_texts(batch, arguments["notation"])), batch.num_boxes, facts=facts)


def _each(work: str, name: str, notations: Iterable[str], prepare: Callable[[Arguments], Prepared]) -> list[Engine]:
    """The engine for each notation that it knows."""
    return [Engine(f"{work} {notation}", name, prepare) for notation in notations]


def plain_engines() -> list[Engine]:
    """Code by hand."""

    def write(arguments: Arguments) -> Prepared:
        one = NOTATIONS[arguments["notation"]].write

        def run_of(batch: Batch) -> Callable[[], list[str]]:
            rows = batch.boxes.tolist()
            return lambda: [one(boxes, batch.labels) for boxes in rows]

        return _writer(arguments, run_of)

    def read(arguments: Arguments) -> Prepared:
        one = NOTATIONS[arguments["notation"]].read

        def found(result: list[list[tuple[str, Any]]]) -> Found:
            return (([box for _, box in text], [label for label, _ in text]) for text in result)

        return _reader(arguments, lambda texts: lambda: [one(text) for text in texts], found)

    def ids(arguments: Arguments) -> Prepared:
        boxes = make_batch(arguments).boxes.reshape(-1, 4)
        return Prepared(lambda: np.clip(np.floor(boxes * 1000), 0, 999).astype(np.int32), len(boxes))

    return [
        *_each("write", "by hand", NOTATIONS, write),
        *_each("read", "by hand", NOTATIONS, read),
        Engine("ids", "numpy", ids),
    ]


def transformers_engines() -> list[Engine]:
    """transformers' functions for Kosmos-2 box by box and text by text, its processor's call for a batch, and Florence-2's."""
    kosmos = import_module("transformers.models.kosmos2.processing_kosmos2")

    def write(arguments: Arguments) -> Prepared:
        def run_of(batch: Batch) -> Callable[[], list[str]]:
            rows, index = batch.boxes.tolist(), kosmos.coordinate_to_patch_index

            def one(boxes: list[list[float]]) -> str:
                parts = []
                for box, label in zip(boxes, batch.labels, strict=True):
                    upper, lower = index(box, 32)
                    tokens = f"<patch_index_{upper:04d}><patch_index_{lower:04d}>"
                    parts.append(f"<phrase>{label}</phrase><object>{tokens}</object>")
                return "<grounding>" + "".join(parts)

            return lambda: [one(boxes) for boxes in rows]

        return _writer(arguments, run_of)

    def write_whole(arguments: Arguments) -> Prepared:
        # The method needs no tokenizer, which making a processor would.
        processor = object.__new__(kosmos.Kosmos2Processor)
        processor.boi_token, processor.eoi_token, processor.num_patch_index_tokens = "<image>", "</image>", 1024

        def run_of(batch: Batch) -> Callable[[], list[str]]:
            phrases = "<grounding>" + "".join(f"<phrase>{label}</phrase>" for label in batch.labels)
            texts = [phrases] * len(batch.boxes)
            boxes = [[tuple(box) for box in text] for text in batch.boxes.tolist()]
            return lambda: processor.preprocess_examples(texts, bboxes=boxes)

        # It writes spaces between the tokens, which the tokenizer takes away again.
        return _writer(arguments, run_of, lambda text: text.replace("> <", "><"))

    def read(arguments: Arguments) -> Prepared:
        extract = kosmos.clean_text_and_extract_entities_with_bboxes

        def found(result: list[Any]) -> Found:
            for _, entities in result:
                yield [box for entity in entities for box in entity[2]], [entity[0] for entity in entities]

        return _reader(arguments, lambda texts: lambda: [extract(text) for text in texts], found)

    return [
        Engine("write kosmos-2", "transformers", write),
        Engine("write kosmos-2", "transformers, its processor", write_whole),
        Engine("read kosmos-2", "transformers", read),
        *_florence_engines(),
    ]


def _florence_engines() -> list[Engine]:
    torch = import_module("torch")
    torch.set_num_threads(1)
    module = import_module("transformers.models.florence2.processing_florence2")
    processor = module.Florence2PostProcessor({}, types.SimpleNamespace(all_special_tokens=[]))
    sides = np.array([*SIZE_PX, *SIZE_PX], dtype=float)

    def ids(arguments: Arguments) -> Prepared:
        boxes = torch.from_numpy(make_batch(arguments).boxes.reshape(-1, 4) * sides)
        return Prepared(lambda: processor.quantize(boxes, SIZE_PX), len(boxes))

    def read(arguments: Arguments) -> Prepared:
        parse = processor.parse_description_with_bboxes_from_text_and_spans

        def found(result: list[list[dict[str, Any]]]) -> Found:
            for text in result:
                yield np.array([entry["bbox"] for entry in text]) / sides, [entry["cat_name"] for entry in text]

        return _reader(arguments, lambda texts: lambda: [parse(text, SIZE_PX) for text in texts], found)

    return [
        Engine("ids", "transformers", ids),
        Engine("read florence-2", "transformers (whole pixels)", read),
    ]


def supervision_engines() -> list[Engine]:
    """supervision's readers. Florence-2's takes one region a text, so it gets a text for each box."""
    warnings.filterwarnings("ignore")
    vlm = import_module("supervision.detection.vlm")
    box_iou = import_module("supervision.detection.utils.iou_and_nms").box_iou_batch
    sides = np.array([*SIZE_PX, *SIZE_PX], dtype=float)
    readers: dict[str, Callable[[str], Any]] = {
        "paligemma": lambda text: vlm.from_paligemma(text, SIZE_PX),
        "qwen2.5-vl": lambda text: vlm.from_qwen_2_5_vl(text, SIZE_PX, SIZE_PX),
        "qwen3-vl": lambda text: vlm.from_qwen_3_vl(text, SIZE_PX),
        "deepseek-vl2": lambda text: vlm.from_deepseek_vl_2(text, SIZE_PX),
        "gemini": lambda text: vlm.from_google_gemini_2_0(text, SIZE_PX),
    }

    def read(arguments: Arguments) -> Prepared:
        one = readers[arguments["notation"]]

        def found(result: list[Any]) -> Found:
            return ((boxes / sides, labels) for boxes, _, labels in result)

        return _reader(arguments, lambda texts: lambda: [one(text) for text in texts], found)

    def read_regions(arguments: Arguments) -> Prepared:
        def run_of(texts: list[str]) -> Callable[[], Any]:
            regions = [{"<REGION_TO_CATEGORY>": region} for region in chain(*(_regions(text) for text in texts))]
            return lambda: [vlm.from_florence_2(region, SIZE_PX) for region in regions]

        def found(result: list[Any]) -> Found:
            return ((boxes / sides, labels) for boxes, labels, _, _ in result)

        return _reader(arguments, run_of, found)

    return [
        *_each("read", "supervision", readers, read),
        Engine("read florence-2", "supervision (a region a text)", read_regions),
        Engine("iou", "supervision", lambda arguments: overlaps(arguments, lambda a, b: lambda: box_iou(a, b))),
    ]


def _regions(text: str) -> list[str]:
    """A text of Florence-2 as a text for each of its boxes."""
    parts = text.split("<loc_")
    whole = ["".join(f"<loc_{part}" for part in parts[at : at + 4]) for at in range(1, len(parts), 4)]
    labels = [parts[0]]
    for at, region in enumerate(whole):
        end = region.rindex(">") + 1
        labels.append(region[end:])
        whole[at] = labels[at] + region[:end]
    return whole


def mmgic_engines() -> list[Engine]:
    """Ours: one call for the batch."""
    geometry = import_module("mmgic.geometry")

    def sizes(arguments: Arguments, texts: int) -> dict[str, Any]:
        return {"sizes_px": np.tile(SIZE_PX, (texts, 1))} if arguments["notation"] == "qwen2.5-vl" else {}

    def write(arguments: Arguments) -> Prepared:
        def run_of(batch: Batch) -> Callable[[], list[str]]:
            texts, per_text, _ = batch.boxes.shape
            boxes, labels = batch.boxes.reshape(-1, 4), batch.labels * texts
            starts = np.arange(0, len(boxes) + 1, per_text)
            more = sizes(arguments, texts)
            return lambda: geometry.text_from_boxes(boxes, labels, arguments["notation"], starts=starts, **more)

        return _writer(arguments, run_of)

    def read(arguments: Arguments) -> Prepared:
        def run_of(texts: list[str]) -> Callable[[], Any]:
            more = sizes(arguments, len(texts))
            return lambda: geometry.boxes_from_text(texts, arguments["notation"], **more)

        return _reader(arguments, run_of, lambda result: [(result.boxes_xyxy_norm, result.labels)])

    def ids(arguments: Arguments) -> Prepared:
        boxes = make_batch(arguments).boxes.reshape(-1, 4)
        return Prepared(lambda: geometry.ids_from_boxes(boxes, arguments["notation"]), len(boxes))

    def iou(arguments: Arguments) -> Prepared:
        return overlaps(arguments, lambda first, second: lambda: geometry.iou_matrix(first, second))

    return [
        *_each("write", "mmgic", NOTATIONS, write),
        *_each("read", "mmgic", NOTATIONS, read),
        Engine("ids", "mmgic", ids),
        Engine("iou", "mmgic", iou),
    ]


FAMILIES: Families[Engine] = {
    "mmgic": ("mmgic", mmgic_engines),
    "by-hand": ("", plain_engines),
    "transformers": ("transformers", transformers_engines),
    "supervision": ("supervision", supervision_engines),
    "pycocotools": ("pycocotools", pycocotools_engines),
    "torchvision": ("torchvision", torchvision_engines),
}
"""The distribution and the engines of each library, in the order of the tables."""
