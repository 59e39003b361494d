"""What is timed of boxes, and what must be reached."""

from benchmarks.boxes.plain import NOTATIONS
from benchmarks.engines import Work
from benchmarks.goals import Goal

_BATCH = {"boxes": 10_000, "per_text": 8, "seed": 1}

WRITE_MICROSECONDS, READ_MICROSECONDS = 0.05, 0.10


def works(boxes: int, iou_boxes: int) -> list[Work]:
    """All works, with `boxes` boxes a batch and two sets of `iou_boxes`."""
    batch = _BATCH | {"boxes": boxes}
    return [
        *(
            Work(
                f"{verb} {notation}",
                f"{words.format(notation)}, {boxes} in a batch, 8 a text",
                f"{verb} {notation}",
                "box",
                "by hand",
                batch | {"notation": notation},
                figures=figures,
            )
            for verb, words, figures in (
                ("write", "boxes to texts of {}", {"same_text": ".4f"}),
                ("read", "texts of {} to boxes", {"max_error": ".3f"}),
            )
            for notation in NOTATIONS
        ),
        Work("ids", "boxes to bins of Florence-2", "ids", "box", "numpy", batch | {"notation": "florence-2"}),
        Work(
            "iou",
            f"overlaps of {iou_boxes} x {iou_boxes} boxes, float64",
            "iou",
            "pair",
            "pycocotools",
            {"boxes": iou_boxes, "seed": 2},
            figures={"max_difference": ".1e"},
        ),
    ]


_SUPERVISION = ("paligemma", "qwen2.5-vl", "qwen3-vl", "deepseek-vl2", "gemini")

GOALS = [
    *(
        Goal(f"{work} {notation}", "mmgic", at_most=limit, figure="microseconds", unit="us")
        for work, limit in (("write", WRITE_MICROSECONDS), ("read", READ_MICROSECONDS))
        for notation in NOTATIONS
    ),
    Goal("write kosmos-2", "mmgic", "transformers", at_least=50),
    Goal("write kosmos-2", "mmgic", "transformers, its processor", at_least=50),
    Goal("read kosmos-2", "mmgic", "transformers", at_least=50),
    *(Goal(f"read {notation}", "mmgic", "supervision", at_least=25) for notation in _SUPERVISION),
    Goal("read florence-2", "mmgic", "supervision (a region a text)", at_least=25),
    Goal("iou", "mmgic", "pycocotools", at_least=1.0),
    Goal("iou", "mmgic", "torchvision", at_least=1.0),
]
