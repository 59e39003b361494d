"""`mmgic stats`: the figures of a record folder, or of one of its shards."""

import sys

import click

from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.errors import InputError
from mmgic.report.statistics import stats_lines
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources.statistics import STATS, read_stats


@click.command("stats", short_help="Print the figures of a record folder: counts by source, sizes, licences.")
@click.argument("records", type=FOLDER)
@click.option("--shard", help="Only this shard, as train-00000.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures to stdout as one object.")
def stats(records: Folder, shard: str | None, as_json: bool) -> None:
    """Print the figures of a record folder.

    Example: mmgic stats data/records
    """
    sys.exit(guarded(lambda: _print(records, shard, as_json)))


def _print(records: Folder, shard: str | None, as_json: bool) -> None:
    read_manifest(records, "records")
    name = f"stats/{shard.removesuffix('.tar')}.json" if shard else STATS
    if shard and not records.exists(name):
        known = [file.removesuffix(".json") for file in (records / "stats").names()]
        raise InputError(f"no figures {name}", where=records.url, hint=f"shards here: {', '.join(known[:20])}")
    found = read_stats(records, name)
    click.echo(records.read(name).decode() if as_json else "\n".join(stats_lines(found)))
