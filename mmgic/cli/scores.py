"""`mmgic scores`: the table of an evaluation."""

import sys

import click
import msgspec

from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.report.scores import score_lines
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest


@click.command("scores", short_help="Print the scores of an evaluation as a table.")
@click.argument("results", type=FOLDER)
def scores(results: Folder) -> None:
    """Print the scores of an evaluation as a table.

    Example: mmgic scores results/eval
    """
    sys.exit(guarded(lambda: _print(results)))


def _print(results: Folder) -> None:
    read_manifest(results, "results")
    click.echo("\n".join(score_lines(msgspec.json.decode(results.read("metrics.json")))))
    for name in ("pictures.png", "predictions.jsonl", "metrics.json"):
        click.echo(f"  {results.file(name)}")
