"""`mmgic sources`: what the catalog knows of each data set."""

import sys

import click

from mmgic.cli.console import show_json
from mmgic.cli.stage import guarded
from mmgic.report.catalog import catalog_lines, entry_lines, values_of
from mmgic.sources.catalog import catalog, entry_named
from mmgic.sources.registry import SOURCES


@click.command("sources", short_help="List the catalog of data sets, or print one of its entries.")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print values for programs: a list, or one object.")
def sources(name: str | None, as_json: bool) -> None:
    """List the data sets of the catalog; with NAME, print one fully: files, licences, terms, how to get it.

    `fetch` names the source of `mmgic fetch` that reads it.

    Example: mmgic sources visual-genome
    """
    sys.exit(guarded(lambda: _print(name, as_json=as_json)))


def _print(name: str | None, *, as_json: bool) -> None:
    if name is None:
        entries = catalog().values()
        if as_json:
            show_json([values_of(entry, SOURCES) for entry in entries])
        else:
            click.echo("\n".join(catalog_lines(entries, SOURCES)))
    elif as_json:
        show_json(values_of(entry_named(name), SOURCES))
    else:
        click.echo("\n".join(entry_lines(entry_named(name), SOURCES)))
