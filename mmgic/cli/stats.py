"""`mmgic stats`: the figures of a record folder, or of one of its shards."""

import sys

import click
import msgspec

from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.errors import InputError
from mmgic.report.statistics import stats_lines
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources.statistics import STATS


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
    if not records.exists(name):
        known = [file.removesuffix(".json") for file in (records / "stats").names()]
        hint = f"shards here: {', '.join(known[:20])}" if shard and known else "`mmgic normalize` writes them"
        raise InputError(f"no figures {name}", where=records.url, hint=hint)
    data = records.read(name)
    try:
        found = msgspec.json.decode(data, type=RecordStats)
    except msgspec.MsgspecError as error:
        raise InputError(f"cannot read the figures: {error}", where=records.file(name)) from error
    click.echo(data.decode() if as_json else "\n".join(stats_lines(found)))
