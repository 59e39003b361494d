"""One way to get the pictures of a table, in a process of its own.

Run as `python -m benchmarks.download.engines NAME TABLE OUT REQUESTS`, with as many requests at once.

The last line that it prints is its result: pictures, wall and CPU seconds (all its processes), peak of memory.
"""

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path


def mmgic(table: Path, out: Path, requests: int) -> int:
    """The downloader of `fetch`, with its ledger of every URL, header check and hash: one process."""
    from mmgic.download.pictures import taken_urls
    from mmgic.params import load_params
    from mmgic.schema.manifests import LedgerLine
    from mmgic.shards.folder import Folder
    from mmgic.shards.lines import write_lines

    values = [
        "fetch.allow_private=true",
        f"fetch.download.concurrency={requests}",
        f"fetch.download.per_host={requests}",
        "fetch.download.tries=1",
        "fetch.pictures_per_tar=1000",
    ]
    params = load_params(Path("params.yaml"), values).fetch
    urls = table.read_text().splitlines()[1:]
    wanted = (LedgerLine(f"{number:09d}", origin=url) for number, url in enumerate(urls))
    lines = list(taken_urls(wanted, Folder(str(out)), out / "ledger", params))
    write_lines(Folder(str(out)), "ledger.jsonl.zst", "", lines)
    return sum(line.state == "ok" for line in lines)


def img2dataset(table: Path, out: Path, requests: int) -> int:
    """img2dataset with one process, no decoding (`disable_all_reencoding`), its hash of each picture, WebDataset tars."""
    from img2dataset import download

    download(
        url_list=str(table),
        input_format="csv",
        url_col="url",
        output_folder=str(out),
        output_format="webdataset",
        processes_count=1,
        thread_count=requests,
        resize_mode="no",
        disable_all_reencoding=True,
        number_sample_per_shard=1000,
        enable_wandb=False,
        compute_hash="sha256",
        retries=0,
        timeout=30,
    )
    return sum(json.loads(path.read_text())["successes"] for path in out.glob("*_stats.json"))


ENGINES: dict[str, Callable[[Path, Path, int], int]] = {engine.__name__: engine for engine in (mmgic, img2dataset)}

if __name__ == "__main__":
    engine, table, out, requests = ENGINES[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    count = engine(table, out, requests)
    wall = time.perf_counter() - start
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    result = {
        "pictures": count,
        "wall_seconds": wall,
        "cpu_seconds": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
        "peak_bytes": max(own.ru_maxrss, children.ru_maxrss) * 1024,
    }
    print("\n" + json.dumps(result))
