"""Sizes and hashes of the catalog, held against files that came from where it says."""

import gzip
import hashlib
from pathlib import Path

import pytest

from mmgic.sources.catalog import entry_named

pytestmark = pytest.mark.realdata


@pytest.mark.parametrize(
    ("entry", "name", "path"),
    [
        ("pope", "coco_pope_random.json", "benchmarks/pope/questions/coco_pope_random.json.gz"),
        ("pope", "coco_pope_popular.json", "benchmarks/pope/questions/coco_pope_popular.json.gz"),
        ("pope", "coco_pope_adversarial.json", "benchmarks/pope/questions/coco_pope_adversarial.json.gz"),
        ("scienceqa", "pid_splits.json", "benchmarks/scienceqa/pid_splits.json.gz"),
        ("v3det", "annotations/v3det_2023_v1_train_cat_info.json", "v3det/v3det_2023_v1_train_cat_info.json.gz"),
        ("v3det", "annotations/category_name_13204_v3det_2023_v1.txt", "v3det/category_name_13204_v3det_2023_v1.txt"),
    ],
)
def test_bytes_are_those_of_the_catalog(real_data: Path, entry: str, name: str, path: str) -> None:
    content = (real_data / path).read_bytes()
    if path.endswith(".gz"):
        content = gzip.decompress(content)
    file = next(file for file in entry_named(entry).all_files() if file.name == name)
    assert (file.num_bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
