"""Pictures to shards by ways beside `normalize`: each reads the same files, checks that they are pictures, and writes tars.

Run in a process of its own: `python -m benchmarks.normalize.pictures NAME FOLDER OUT`. `FOLDER` holds loose pictures.
"""

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path


def img2dataset(folder: Path, out: Path) -> int:
    """img2dataset over `file://` links: one process, no resizing, pictures kept as they are."""
    from img2dataset import download

    table = out.parent / "links.csv"
    files = sorted(folder.iterdir())
    table.write_text("url,caption\n" + "".join(f"file://{file},A picture.\n" for file in files))
    download(
        url_list=str(table),
        input_format="csv",
        url_col="url",
        caption_col="caption",
        output_folder=str(out),
        output_format="webdataset",
        processes_count=1,
        thread_count=16,
        resize_mode="no",
        skip_reencode=True,
        number_sample_per_shard=1000,
        enable_wandb=False,
        compute_hash=None,
    )
    return sum(json.loads(path.read_text())["successes"] for path in out.glob("*_stats.json"))


def webdataset(folder: Path, out: Path) -> int:
    """What one writes by hand: Pillow verifies and decodes, webdataset's ShardWriter writes."""
    import webdataset as wds
    from PIL import Image

    out.mkdir(parents=True)
    count = 0
    with wds.ShardWriter(f"{out}/%05d.tar", maxcount=1000, verbose=0) as writer:
        for file in sorted(folder.iterdir()):
            with Image.open(file) as image:
                image.load()
            writer.write({"__key__": file.stem, "png": file.read_bytes(), "json": {"caption": "A picture."}})
            count += 1
    return count


WAYS: dict[str, Callable[[Path, Path], int]] = {way.__name__: way for way in (img2dataset, webdataset)}

if __name__ == "__main__":
    way, folder, out = WAYS[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    count = way(folder, out)
    wall = time.perf_counter() - start
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    result = {
        "records": count,
        "wall_seconds": wall,
        "cpu_seconds": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
        "peak_bytes": max(own.ru_maxrss, children.ru_maxrss) * 1024,
    }
    print("\n" + json.dumps(result))
