"""Each notation as one writes and reads it by hand: f-strings, `re` and `json`, a text at a time.

They are the baseline, and they make the texts that every reader gets. They read what they write, not more.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.boxes.inputs import SIZE_PX

Box = tuple[float, float, float, float]
Labelled = list[tuple[str, Box]]


@dataclass(frozen=True)
class Plain:
    """A writer of one text, and its reader."""

    write: Callable[[Sequence[Sequence[float]], Sequence[str]], str]
    read: Callable[[str], Labelled]


def _kosmos() -> Plain:
    pattern = re.compile(r"<phrase>([^<]+)</phrase><object><patch_index_(\d{4})><patch_index_(\d{4})></object>")
    cells = 32

    def one(label: str, box: Sequence[float]) -> str:
        x0, y0, x1, y1 = box
        upper = int(y0 * cells) * cells + int(x0 * cells)
        lower = math.ceil(y1 * cells - 1) * cells + math.ceil(x1 * cells - 1)
        return f"<phrase>{label}</phrase><object><patch_index_{upper:04d}><patch_index_{lower:04d}></object>"

    def ends(low: int, high: int, is_flat: bool) -> tuple[float, float]:
        return (low / cells, (high + 1) / cells) if is_flat else ((low + 0.5) / cells, (high + 0.5) / cells)

    def box_of(upper: int, lower: int) -> Box:
        (row0, column0), (row1, column1) = divmod(upper, cells), divmod(lower, cells)
        is_flat = row0 == row1 or column0 == column1
        (x0, x1), (y0, y1) = ends(column0, column1, is_flat), ends(row0, row1, is_flat)
        return x0, y0, x1, y1

    return Plain(
        lambda boxes, labels: (
            "<grounding>" + "".join(one(label, box) for label, box in zip(labels, boxes, strict=True))
        ),
        lambda text: [(label, box_of(int(upper), int(lower))) for label, upper, lower in pattern.findall(text)],
    )


def _florence() -> Plain:
    pattern = re.compile(r"([^<]+)<loc_(\d+)><loc_(\d+)><loc_(\d+)><loc_(\d+)>")
    return Plain(
        lambda boxes, labels: "".join(
            label + "".join(f"<loc_{min(int(v * 1000), 999)}>" for v in box)
            for label, box in zip(labels, boxes, strict=True)
        ),
        lambda text: [
            (label, ((int(a) + 0.5) / 1000, (int(b) + 0.5) / 1000, (int(c) + 0.5) / 1000, (int(d) + 0.5) / 1000))
            for label, a, b, c, d in pattern.findall(text)
        ],
    )


def _y_first(token: str, scale: int, last: int) -> Plain:
    """Four tokens, y first, then the label; objects end in " ; ". `token` is the format of one, `last` the last number."""
    number = token.replace("{:04d}", r"(\d{4})").replace("{}", r"(\d+)")
    pattern = re.compile(4 * number + r" ([^;<]+?)(?= ;|$)")
    tokens = 4 * token + " {}"

    def one(label: str, box: Sequence[float]) -> str:
        x0, y0, x1, y1 = (min(round(v * scale), last) for v in box)
        return tokens.format(y0, x0, y1, x1, label)

    return Plain(
        lambda boxes, labels: " ; ".join(one(label, box) for label, box in zip(labels, boxes, strict=True)),
        lambda text: [
            (label, (int(x0) / scale, int(y0) / scale, int(x1) / scale, int(y1) / scale))
            for y0, x0, y1, x1, label in pattern.findall(text)
        ],
    )


def _shikra() -> Plain:
    pattern = re.compile(r" ?([^\[\]]+) \[([\d.]+),([\d.]+),([\d.]+),([\d.]+)\]")
    return Plain(
        lambda boxes, labels: " ".join(
            f"{label} [{x0:.3f},{y0:.3f},{x1:.3f},{y1:.3f}]"
            for label, (x0, y0, x1, y1) in zip(labels, boxes, strict=True)
        ),
        lambda text: [(label, (float(a), float(b), float(c), float(d))) for label, a, b, c, d in pattern.findall(text)],
    )


def _bracketed(one: str, pattern: str, scale: int, separator: str = "") -> Plain:
    """The label first: `one` is the format of an object, `pattern` finds it again."""
    compiled = re.compile(pattern)
    return Plain(
        lambda boxes, labels: separator.join(
            one.format(label, *(round(v * scale) for v in box)) for label, box in zip(labels, boxes, strict=True)
        ),
        lambda text: [
            (label, (int(a) / scale, int(b) / scale, int(c) / scale, int(d) / scale))
            for label, a, b, c, d in compiled.findall(text)
        ],
    )


def _json(key: str, scales: tuple[int, int], *, y_first: bool) -> Plain:
    width, height = scales

    def written(box: Sequence[float]) -> list[int]:
        x0, y0, x1, y1 = round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
        return [y0, x0, y1, x1] if y_first else [x0, y0, x1, y1]

    def box_of(numbers: list[int]) -> Box:
        y0, x0, y1, x1 = numbers if y_first else (numbers[1], numbers[0], numbers[3], numbers[2])
        return x0 / width, y0 / height, x1 / width, y1 / height

    return Plain(
        lambda boxes, labels: json.dumps(
            [{key: written(box), "label": label} for label, box in zip(labels, boxes, strict=True)]
        ),
        lambda text: [(entry["label"], box_of(entry[key])) for entry in json.loads(text)],
    )


NOTATIONS: dict[str, Plain] = {
    "kosmos-2": _kosmos(),
    "florence-2": _florence(),
    "paligemma": _y_first("<loc{:04d}>", 1023, 1023),
    "paligemma-1024": _y_first("<loc{:04d}>", 1024, 1023),
    "pix2seq": _y_first("<bin_{}>", 999, 999),
    "qwen-vl": _bracketed(
        "<ref>{}</ref><box>({},{}),({},{})</box>",
        r"<ref>([^<]+)</ref><box>\((\d+),(\d+)\),\((\d+),(\d+)\)</box>",
        999,
    ),
    "qwen2.5-vl": _json("bbox_2d", SIZE_PX, y_first=False),
    "qwen3-vl": _json("bbox_2d", (1000, 1000), y_first=False),
    "shikra": _shikra(),
    "shikra-tokens": _bracketed(
        "{} <b_st><bin_{}> <bin_{}> <bin_{}> <bin_{}><b_ed>",
        r" ?([^<]+) <b_st><bin_(\d+)> <bin_(\d+)> <bin_(\d+)> <bin_(\d+)><b_ed>",
        1000,
        " ",
    ),
    "internvl": _bracketed(
        "<ref>{}</ref><box>[[{}, {}, {}, {}]]</box>",
        r"<ref>([^<]+)</ref><box>\[\[(\d+), (\d+), (\d+), (\d+)\]\]</box>",
        1000,
    ),
    "deepseek-vl2": _bracketed(
        "<|ref|>{}<|/ref|><|det|>[[{}, {}, {}, {}]]<|/det|>",
        r"<\|ref\|>([^<]+)<\|/ref\|><\|det\|>\[\[(\d+), (\d+), (\d+), (\d+)\]\]<\|/det\|>",
        999,
    ),
    "gemini": _json("box_2d", (1000, 1000), y_first=True),
}
