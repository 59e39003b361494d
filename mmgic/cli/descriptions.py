"""`mmgic descriptions`: which labels have a description, which lack one, and what is wrong with those that are there."""

import sys
from collections.abc import Iterator

import click

from mmgic.cli.console import say
from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.errors import InputError
from mmgic.schema.records import Label
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.sources.description_checks import Finding, check_descriptions
from mmgic.sources.descriptions import (
    Descriptions,
    coverage,
    labels_from_files,
    shipped_labels,
    tsv_from_labels,
    tsv_from_rows,
)
from mmgic.sources.statistics import read_stats


@click.command(
    "descriptions", short_help="Print which labels have a description, which lack one, and what is wrong with them."
)
@click.option("--records", type=FOLDER, help="Look at the labels of a record folder, not at the files that come along.")
@click.option("--descriptions", "files", multiple=True, metavar="FILE", help="A description file; repeatable.")
@click.option("--wordnet", default="", metavar="FOLDER", help="With --records: a WordNet dictionary, for glosses.")
@click.option("--check", "is_checked", is_flag=True, help="Print what is wrong with the texts; exit 3 if anything is.")
def descriptions(records: Folder | None, files: tuple[str, ...], wordnet: str, is_checked: bool) -> None:
    """Print how many labels of each source have a description.

    \b
    Alone: of the files that come along; with --descriptions, of those files.
    With --records: of a record folder, as `normalize` would fill its labels with the files given; then the labels that
    lack one, most frequent first, as a description file to fill. With --check: one line a fault in place of that.

    Example: mmgic descriptions --records data/records > missing.tsv
    """
    if wordnet and not records:
        raise click.UsageError("--wordnet goes with --records")
    sys.exit(guarded(lambda: _print(records, Descriptions(wordnet, files), files, is_checked)))


def _print(records: Folder | None, fill: Descriptions, files: tuple[str, ...], is_checked: bool) -> None:
    if is_checked:
        _print_findings(_labels(records, fill, files))
    elif records:
        _print_missing(records, fill)
    else:
        has_text = {label.id: bool(label.description) for label in _labels(None, fill, files)}
        click.echo("\n".join(_coverage_lines(has_text)))


def _labels(records: Folder | None, fill: Descriptions, files: tuple[str, ...]) -> list[Label]:
    if records:
        return [fill(label) for label in _labels_of_records(records)]
    return labels_from_files(files) if files else [label for labels in shipped_labels().values() for label in labels]


def _print_findings(labels: list[Label]) -> None:
    findings = check_descriptions(labels)
    rows = [Finding.__struct_fields__, *((f.id, f.name, f.kind, f.detail) for f in findings)]
    click.echo(tsv_from_rows(rows), nl=False)
    if findings:
        num_labels = len({finding.id for finding in findings})
        raise InputError(f"{num_labels:,} of {len(labels):,} labels have a description with faults, or none")
    say(f"nothing is wrong with {len(labels):,} descriptions")


def _print_missing(records: Folder, fill: Descriptions) -> None:
    read_manifest(records, "records")
    known = read_stats(records).labels
    bare = [Label(id, label.name) for id, label in known.items() if not label.is_described]
    missing = {label.id: label for label in map(fill, bare) if not label.description}
    for line in _coverage_lines({id: id not in missing for id in known}):
        say(line)
    click.echo(
        tsv_from_labels(sorted(missing.values(), key=lambda label: (-known[label.id].records, label.id))), nl=False
    )


def _coverage_lines(has_text: dict[str, bool]) -> Iterator[str]:
    yield "source\tdescribed\tlabels"
    yield from (f"{source}\t{described}\t{total}" for source, (described, total) in coverage(has_text).items())


def _labels_of_records(records: Folder) -> list[Label]:
    """Each label of a record folder once, with its description where any record has one. Reads every shard."""
    labels: dict[str, Label] = {}
    for entry in read_manifest(records, "records").shards:
        for record, _ in read_record_shard(records, entry):
            for label in record.labels:
                if label.id not in labels or not labels[label.id].description:
                    labels[label.id] = label
    return [label for _, label in sorted(labels.items())]
