"""Programs that tests kill with -9: each call is a process of its own, forked from one that has imported all of this once.

A Python that starts anew takes longer than most of these programs.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from mmgic.download.files import taken_catalog_files
from mmgic.download.pictures import taken_urls
from mmgic.download.retry import retried
from mmgic.params import load_params
from mmgic.schema.catalog import CatalogFile
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines

_STEPS = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync")


@contextmanager
def started(program: Callable[..., None], *arguments: object) -> Iterator[ForkServerProcess]:
    """A program in a process of its own; who leaves the block has waited for its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=program, args=arguments)
    process.start()
    try:
        yield process
        process.join(timeout=600)
    finally:
        process.kill()
        process.join()
        process.close()


def take_pictures(step: int, place: Path, url: str, num_urls: int, params: Path, values: list[str]) -> None:
    """Takes the pictures `<url>0` and following, and writes their lines beside the tars; `step` as in `_die_at`."""
    fetch = load_params(params, values).fetch
    wanted = (LedgerLine(f"{number:09d}", origin=f"{url}{number}") for number in range(num_urls))
    out = Folder(str(place / "out"))
    with _die_at(step, place):
        write_lines(out, "ledger.jsonl.zst", "", taken_urls(wanted, out, place / "ledger", fetch))


def take_file(place: Path, url: str, params: Path, values: list[str]) -> None:
    """Takes a file of the catalog."""
    file = CatalogFile(name="a", urls=[url], holds="bytes", source="here")
    fetch = load_params(params, values).fetch
    taken_catalog_files([file], place / "out", Folder(str(place / "notes")), fetch, license="")


def ask_again(step: int, place: Path, params: Path, values: list[str]) -> None:
    """Asks failed URLs of `<place>/raw` again; `step` as in `_die_at`."""
    fetch = load_params(params, values).fetch
    with _die_at(step, place):
        retried(Folder(str(place / "raw")), "web", fetch, causes="retryable")


@contextmanager
def _die_at(step: int, place: Path) -> Iterator[None]:
    """Kills this process before its n-th change of folders, or writes how many there were to `<place>/num_steps`."""
    num_steps = 0

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            nonlocal num_steps
            num_steps += 1
            if num_steps == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **options)

        return stepped

    for name in _STEPS:
        setattr(os, name, dying(getattr(os, name)))
    yield
    taken = num_steps
    (place / "num_steps").write_text(str(taken))
