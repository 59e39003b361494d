"""Reads an annotation file of Objects365 once, by one reader, in this process; prints seconds, boxes and the peak of memory.

Run by `benchmarks.normalize.run` in a process of its own for each reader: `python -m benchmarks.normalize.read_json NAME PATH`.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def mmgic(path: Path) -> int:
    """Every picture with its boxes, as `normalize` gets them. `path` is a raw folder that `mmgic fetch` made."""
    from mmgic.schema.records import RawRecord
    from mmgic.shards.folder import Folder
    from mmgic.shards.manifest import read_manifest
    from mmgic.sources import source_named
    from mmgic.sources.raw import RawFolder

    raw = Folder(str(path))
    with RawFolder(raw, read_manifest(raw, "raw"), "objects365") as files:
        images = source_named("objects365").raw_records(files)
        return sum(len(image.boxes) for image in images if isinstance(image, RawRecord))


def datumaro(path: Path) -> int:
    """datumaro's import of COCO instances."""
    from datumaro import Dataset

    dataset = Dataset.import_from(str(path.parent.parent), "coco_instances")
    return sum(len(item.annotations) for item in dataset)


def pycocotools(path: Path) -> int:
    """pycocotools' index in memory."""
    from pycocotools.coco import COCO

    return len(COCO(str(path)).anns)


def json_load(path: Path) -> int:
    """The standard library's decoder, the whole file in memory, joined to nothing."""
    with path.open(encoding="utf-8") as stream:
        return len(json.load(stream)["annotations"])


def peak_bytes() -> int:
    """Of this process since it began; `ru_maxrss` begins with what its parent had."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


READERS: dict[str, Callable[[Path], int]] = {
    reader.__name__: reader for reader in (mmgic, datumaro, pycocotools, json_load)
}

if __name__ == "__main__":
    reader = READERS[sys.argv[1]]
    start, cpu = time.perf_counter(), time.process_time()
    boxes = reader(Path(sys.argv[2]))
    result = {
        "boxes": boxes,
        "wall_seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": peak_bytes(),
    }
    print(json.dumps(result))
