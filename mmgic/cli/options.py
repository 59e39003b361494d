"""The options that every stage has, as click parameters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from mmgic.execution.cores import available_cores
from mmgic.shards.folder import Folder

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Any], Any]


class FolderType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A local path or any fsspec URL."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Folder:
        """The folder of a path or URL."""
        if isinstance(value, Folder):
            return value
        try:
            return Folder(str(value))
        except (ValueError, ImportError) as error:
            self.fail(f"{value}: {error}", param, ctx)


FOLDER = FolderType()


def stage_options(*, needs_input: bool) -> Callable[[F], F]:
    """Adds the common options to a stage's command."""
    params = [
        click.option(
            "--params",
            type=click.Path(path_type=Path),
            default=Path("params.yaml"),
            show_default=True,
            help="Params file.",
        ),
        click.option(
            "--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Override a value; repeatable."
        ),
    ]
    return adding(
        [
            *folder_options(needs_input=needs_input),
            *params,
            *run_options("At most this many records (rows in pretrain) of each split."),
            workers_option(available_cores(), "Processes (normalize, template, tokenize)."),
        ]
    )


def folder_options(*, needs_input: bool) -> list[Option]:
    """Where a command reads and writes."""
    return [
        click.option("--in", "in_folder", type=FOLDER, required=needs_input, help="Input folder: path or fsspec URL."),
        click.option("--out", type=FOLDER, required=True, help="Output folder; refused where it is not ours."),
    ]


def run_options(limit: str) -> list[Option]:
    """How a command that writes a folder runs, and what it tells; `limit` says what it limits."""
    return [
        click.option("--limit", type=click.IntRange(min=1), help=limit),
        click.option("--fresh", is_flag=True, help="Drop an earlier run's output and start over."),
        click.option("--dry-run", is_flag=True, help="Show the plan with counts and bytes, and stop."),
        click.option("--json", "as_json", is_flag=True, help="Print the result to stdout as one object."),
        click.option("-q", "--quiet", is_flag=True, help="No progress, no summary."),
        click.option("-v", "--verbose", count=True, help="More talk; -vv shows tracebacks."),
        click.option("--metrics", type=click.Path(path_type=Path), help="Also write the counts as JSON to this file."),
    ]


def workers_option(default: int, text: str) -> Option:
    """How many processes share the work."""
    return click.option("--workers", type=click.IntRange(min=1), default=default, show_default=True, help=text)


def adding(options: list[Option]) -> Callable[[F], F]:
    """A decorator that gives a command all these options, in this order."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add
