"""Real tables of web captions: every row read, every defect counted; COCO captions in LLaVA's JSON lines."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from mmgic.execution.call import StageCall
from mmgic.params import load_params
from mmgic.schema.params import CaptionParams
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources import llava, source_named
from mmgic.sources.captions import caption_fault
from mmgic.sources.raw import RawFolder
from mmgic.sources.tables import Fields, TableRow, files_of_folder, table_rows, url_fault
from stages import fetch

pytestmark = pytest.mark.realdata

Rules = Callable[..., CaptionParams]


@pytest.fixture(scope="module")
def rules(project: Path) -> Rules:
    params = load_params(project / "params.yaml").normalize.captions
    return lambda **values: msgspec.structs.replace(params, **values)


def _rows(folder: Path, name: str, source: str) -> list[TableRow]:
    return list(table_rows(files_of_folder(Folder(str(folder)), [name]), source, {}))


def _texts(rows: list[TableRow]) -> list[str]:
    return [row.fields.captions[0].text for row in rows if isinstance(row.fields, Fields)]


def _causes(texts: list[str], rules: CaptionParams) -> dict[str, int]:
    return dict(sorted(Counter(caption_fault(text, rules) for text in texts).items()))


def test_cc3m(real_data: Path, rules: Rules) -> None:
    rows = _rows(real_data / "web-captions", "cc3m_val_first500.tsv", "cc3m")
    lines = (real_data / "web-captions" / "cc3m_val_first500.tsv").read_text(encoding="utf-8").splitlines()
    assert [(row.number, row.split) for row in rows] == [(number, "val") for number in range(500)]
    assert [f"{text}\t{row.fields.url}" for text, row in zip(_texts(rows), rows, strict=True)] == lines  # type: ignore[union-attr]
    assert all(isinstance(row.fields, Fields) and url_fault(row.fields.url) is None for row in rows)
    assert _causes(_texts(rows), rules()) == {"": 498, "empty": 2}
    assert _causes(_texts(rows), rules(languages=["en"])) == {"": 497, "empty": 2, "language": 1}


def test_laion(real_data: Path, rules: Rules) -> None:
    rows = _rows(real_data / "web-captions", "laion_test_1000.parquet", "laion")
    native = pq.read_table(real_data / "web-captions" / "laion_test_1000.parquet").to_pylist()
    assert [row.fields.url for row in rows] == [line["URL"] for line in native]  # type: ignore[union-attr]
    assert (len(rows), {row.split for row in rows}) == (1000, {"test"})
    assert all(isinstance(row.fields, Fields) and url_fault(row.fields.url) is None for row in rows)
    changed = [line["TEXT"] for line, text in zip(native, _texts(rows), strict=True) if line["TEXT"] != text]
    mended = Counter("quotes" if text[0] == '"' else "entity" if ";" in text else "spaces" for text in changed)
    assert mended == {"quotes": 27, "entity": 4, "spaces": 44}
    counts = {"": 941, "file_name": 3, "markup": 6, "repeated": 3, "too_short": 43, "url": 4}
    assert _causes(_texts(rows), rules()) == counts
    assert _causes(_texts(rows), rules(languages=["en"])) == {**counts, "": 789, "language": 152}


def test_rows_to_ask_for(real_data: Path, tmp_path: Path) -> None:
    for name in ("cc3m_val_first500.tsv", "laion_test_1000.parquet"):
        (tmp_path / name).write_bytes((real_data / "web-captions" / name).read_bytes())
    found = list(source_named("laion").url_rows(Folder(str(tmp_path)), {}, None))
    assert [row.number for row in found] == list(range(1500))
    assert len(list(source_named("laion").url_rows(Folder(str(tmp_path)), {}, 10))) == 20


def test_llava_captions_of_coco(real_data: Path, project: Path, tmp_path: Path) -> None:
    origin, out = Folder(str(real_data / "coco-photos")), Folder(str(tmp_path / "raw"))
    params = load_params(project / "params.yaml")
    fetch.run(StageCall(origin, out, params, lambda *_: None, extra={"source": "llava"}))
    native = [json.loads(line) for line in origin.read("llava_caps_boxes_coco2014_val_80.jsonl").decode().splitlines()]
    with RawFolder(out, read_manifest(out, "raw"), "llava") as raw:
        images = {image.ids["coco"]: image for image in llava.raw_records(raw) if isinstance(image, RawRecord)}
    assert (len(native), len(images)) == (80, 80)
    for entry in native:
        image = images[str(int(entry["id"]))]
        assert [caption.text for caption in image.captions] == list(
            dict.fromkeys(" ".join(text.split()) for text in entry["captions"])
        )
        assert (
            image.dropped == {"instance.ignored": len(entry["instances"])} if entry["instances"] else not image.dropped
        )
        assert image.split == "val" and image.picture.blake3 == ""
    assert sum(len(image.captions) for image in images.values()) == 401
    assert sum(image.dropped.get("instance.ignored", 0) for image in images.values()) == 476
