"""`mmgic describe`: descriptions for labels that lack one, by a language model, for review before use."""

import sys
from pathlib import Path
from typing import Any

import click

from mmgic.cli.console import ProgressReport, say, show_json
from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("describe", short_help="Describe labels that lack a description, with a language model, for review.")
@click.option("--out", type=_FILE, required=True, help="Side file to review; with --accept the description file.")
@click.option("--records", type=FOLDER, help="Record folder whose labels are looked at.")
@click.option("--labels", type=_FILE, help="Or a table: id, name; also description, sense, gloss.")
@click.option("--model", type=click.Path(path_type=Path), help="Folder of a causal language model.")
@click.option("--accept", type=_FILE, metavar="REVIEW", help="Write what has the status ok in this side file to --out.")
@click.option("--wordnet", type=click.Path(path_type=Path), help="WordNet dictionary, for Visual Genome's definitions.")
@click.option("--prompt", type=_FILE, help="Prompt and examples of your own (TOML).")
@click.option("--max-tokens", type=click.IntRange(1, 1024), default=80, show_default=True, help="Of a description.")
@click.option(
    "--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True, help="Of the model."
)
@click.option("--batch-size", type=click.IntRange(min=1), default=8, show_default=True, help="Labels at a time.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@click.option("--limit", type=click.IntRange(min=1), help="At most this many labels.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts to stdout as one object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
@click.option("-v", "--verbose", count=True, help="More talk; -vv shows tracebacks.")
def describe(**options: Any) -> None:
    """Describe labels that lack a description.

    \b
    Writes a side file: id, name, description, status, findings. A person reads it, edits it, and sets the status of a line
    from `new` to `ok` or `no`; a second call with --accept makes a description file of what is ok, for
    normalize.descriptions.files. Lines that are in the side file are kept and not asked for again.

    \b
    Example: mmgic describe --records data/records --model qwen --out review.tsv
             mmgic describe --accept review.tsv --out mine.tsv
    """
    if options["accept"]:
        if options["model"] or options["records"] or options["labels"]:
            raise click.UsageError("--accept goes with --out alone")
    elif not options["model"] or (options["records"] is None) == (options["labels"] is None):
        raise click.UsageError("give --model, and either --records or --labels; or --accept")
    sys.exit(guarded(lambda: _call(options), verbose=options["verbose"]))


def _call(options: dict[str, Any]) -> None:
    counts = _accepted(options) if options["accept"] else _described(options)
    if options["as_json"]:
        show_json({"out": str(options["out"]), **counts})
    if not options["quiet"]:
        say(f"describe: {options['out']}")
        for key, value in counts.items():
            say(f"  {key:<34} {value:>14,}")


def _accepted(options: dict[str, Any]) -> dict[str, int]:
    from mmgic.annotation.review import accept_review

    return accept_review(options["accept"], options["out"])


def _described(options: dict[str, Any]) -> dict[str, int]:
    from mmgic.annotation.clues import with_glosses
    from mmgic.annotation.describe import DescribeCall, describe
    from mmgic.sources.wordnet import WordNet

    gaps = _gaps(options["records"], options["labels"])[: options["limit"]]
    if options["wordnet"]:
        gaps = with_glosses(gaps, WordNet(str(options["wordnet"])))
    with ProgressReport("describe", quiet=options["quiet"]) as progress:
        return describe(
            DescribeCall(
                gaps=gaps,
                review=options["out"],
                model=options["model"],
                prompt=options["prompt"],
                max_tokens=options["max_tokens"],
                precision=options["precision"],
                device=options["device"],
                batch_size=options["batch_size"],
                progress=progress,
            )
        )


def _gaps(records: Folder | None, labels: Path | None) -> Any:
    from mmgic.annotation.clues import gaps_from_records, gaps_from_tsv

    if records:
        return gaps_from_records(records, read_manifest(records, "records"))
    place = labels or Path()
    return gaps_from_tsv(Folder(str(place.parent)).read(place.name), str(place))
