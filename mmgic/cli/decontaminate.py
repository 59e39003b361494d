"""`mmgic decontaminate`: the list of pictures that training must not see, from a folder with benchmarks."""

import sys
from collections.abc import Iterator

import click

from mmgic.cli.console import ProgressReport, say, show_json
from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.duplicates.builder import Built, build_exclusions, write_exclusions
from mmgic.execution.cores import available_cores
from mmgic.shards.folder import Folder


@click.command("decontaminate", short_help="Build the list of pictures of benchmarks, which `normalize` leaves out.")
@click.option("--benchmarks", type=FOLDER, required=True, help="Folder with a folder, archive or table a benchmark.")
@click.option("--out", type=FOLDER, required=True, help="Folder of the list; an earlier list there is replaced.")
@click.option("--json", "as_json", is_flag=True, help="Print the result to stdout as one object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
def decontaminate(benchmarks: Folder, out: Folder, as_json: bool, quiet: bool) -> None:
    """Build the exclusion list that `normalize.exclusions` names: ids and hashes of the pictures of benchmarks.

    \b
    Reads the files of the twelve benchmarks by their names, and every picture, packed or not (docs/decontamination.md).
    Prints how many ids and hashes each benchmark gave, and what is missing. What is called `train` is left out.

    Example: mmgic decontaminate --benchmarks benchmarks --out exclusions
    """
    sys.exit(guarded(lambda: _build(benchmarks, out, as_json=as_json, quiet=quiet)))


def _build(benchmarks: Folder, out: Folder, *, as_json: bool, quiet: bool) -> None:
    with ProgressReport("decontaminate", quiet=quiet) as progress:
        built = build_exclusions(benchmarks, threads=available_cores(), progress=progress)
        manifest = write_exclusions(built, out)
    if as_json:
        show_json({"out": out.url, "benchmarks": built.table(), "counts": built.counts, "missing": built.missing})
    else:
        click.echo("\n".join(_lines(built)))
    if quiet:
        return
    for line in built.missing:
        say(f"missing: {line}")
    for what, count in sorted(built.counts.items()):
        say(f"  {what:<34} {count:>14,}")
    say(f"decontaminate: {out.url} has {manifest.shards[0].count:,} lines")


def _lines(built: Built) -> Iterator[str]:
    yield "benchmark\tids\texact\tnear"
    for name, ways in built.table().items():
        yield f"{name}\t{ways['id']}\t{ways['exact']}\t{ways['near']}"
