"""Duplicates among real photos: those that two folders of MME share, and COCO's found again after another encoding."""

import io
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from mmgic.schema.manifests import Rejection
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest

pytestmark = pytest.mark.realdata

Normalized = Callable[..., tuple[dict[str, int], list[Rejection]]]


def _photos(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _again(data: bytes) -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as photo:
        photo.convert("RGB").resize((photo.width * 2 // 3, photo.height * 2 // 3)).save(stream, "JPEG", quality=60)
    return stream.getvalue()


@pytest.fixture
def normalized(tmp_path: Path, project: Path) -> Normalized:
    """Counts and rejections of the source `folder`, from pictures by their names in it."""

    def made(pictures: dict[str, bytes], **duplicates: Any) -> tuple[dict[str, int], list[Rejection]]:
        for name, data in pictures.items():
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        lines = [json.dumps({"file": name, "caption": "A photo of this and that."}) for name in pictures]
        (tmp_path / "set" / "captions.jsonl").write_text("\n".join(lines))
        values = {"normalize.records_per_shard": 32, **{f"normalize.duplicates.{k}": v for k, v in duplicates.items()}}
        settings = [word for item in values.items() for word in ("--set", "{}={}".format(*item))]
        for words in (
            ["fetch", "--source", "folder", "--in", "set", "--out", "raw"],
            ["normalize", "--in", "raw", "--out", "records", "--workers", "2", *settings],
        ):
            code = "from mmgic.cli.main import main; main()"
            call = [sys.executable, "-c", code, *words, "--params", str(project / "params.yaml")]
            done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        lines_of_rejected = (tmp_path / "records" / "rejected.jsonl").read_bytes().splitlines()
        rejections = [msgspec.json.decode(line, type=Rejection) for line in lines_of_rejected]
        return read_manifest(Folder(str(tmp_path / "records")), "records").counts, rejections

    return made


def test_coco_and_mme_share_no_photo_but_mme_has_two_twice(normalized: Normalized, real_data: Path) -> None:
    coco = {f"coco/{name}": data for name, data in _photos(real_data / "coco-photos").items()}
    mme = {f"mme/{name}": data for name, data in _photos(real_data / "benchmarks" / "mme-mini").items()}
    assert (len(coco), len(mme)) == (101, 12)
    counts, rejections = normalized({**coco, **mme}, exact="true", by_id="false", near_distance=10)
    assert (counts["pictures"], counts["records"]) == (101 + 12, 101 + 12 - 2)
    assert [rejection.cause for rejection in rejections] == ["duplicate_exact"] * 2


def test_photos_encoded_again_are_found(normalized: Normalized, real_data: Path) -> None:
    photos = list(_photos(real_data / "coco-photos").values())
    pictures = {f"a{i:03d}.jpg": data for i, data in enumerate(photos)}
    pictures |= {f"b{i:03d}.jpg": _again(data) for i, data in enumerate(photos)}
    counts, rejections = normalized(pictures, exact="true", by_id="true", near_distance=4)
    assert (counts["records"], counts["rejected.duplicate_near"]) == (101, 101)
    for rejection in rejections:  # each for its own original
        assert rejection.detail.startswith(f"{rejection.key.replace('-b', '-a')} in ")
    far = Counter(rejection.detail.rpartition(" ")[2] for rejection in rejections)
    assert far["0"] + far["2"] >= 95


def test_names_tell_the_same(normalized: Normalized, real_data: Path) -> None:
    photos = {f"a/{Path(name).name}": data for name, data in _photos(real_data / "coco-photos").items()}
    again = {f"b/{Path(name).name}": _again(data) for name, data in photos.items()}
    counts, _ = normalized({**photos, **again}, exact="true", by_id="true", near_distance=-1)
    assert (counts["records"], counts["rejected.duplicate_id"]) == (101, 101)
