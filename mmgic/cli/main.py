"""The `mmgic` group. A command's module is imported when it is called, so that help answers at once and loads no torch."""

import difflib
from importlib import import_module
from typing import Any

import click

import mmgic

STAGES = {
    "fetch": "Take or download sets, or make the built-in ones, with a ledger of every file.",
    "normalize": "Raw files to record shards: upright boxes, main crops, regions.",
    "template": "Records to interleaved documents by a recipe.",
    "tokenize": "Documents to packed rows over text and visual tokens.",
    "pretrain": "Train an autoregressive model on packed rows with DeepSpeed.",
    "eval": "Score a model on held-out records.",
}
"""The six stages in their order, each with its line of help."""

OTHERS = {
    "caption": "Caption the images of a record folder that lack a caption, with models.",
    "decontaminate": "Build the list of pictures of benchmarks, which `normalize` leaves out.",
    "describe": "Describe labels that lack a description, with a language model, for review.",
    "descriptions": "Print which labels have a description, which lack one, and what is wrong with them.",
    "inspect": "Print what a folder of shards holds, back in text and codes.",
    "schema": "Print the JSON Schema of params, record, document or manifest.",
    "scores": "Print the scores of an evaluation as a table.",
    "sources": "List the catalog of data sets, or print one of its entries.",
    "stats": "Print the figures of a record folder: counts by source, sizes, licences.",
}
"""Commands that are no stage."""


class LazyGroup(click.Group):
    """Knows its commands by name, and suggests the nearest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, stages first and in their order."""
        return [*STAGES, *OTHERS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Imports and returns a command."""
        if name in STAGES:
            command: click.Command = import_module("mmgic.cli.stage").stage_command(name, STAGES[name])
            return command
        if name in OTHERS:
            found: click.Command = getattr(import_module(f"mmgic.cli.{name}"), name)
            return found
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, with a suggestion in the error."""
        if args and args[0] not in STAGES and args[0] not in OTHERS:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{close[0]}'?" if close else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Two lists, without importing a command."""
        for title, table in (("Stages, in their order", STAGES), ("Other commands", OTHERS)):
            with formatter.section(title):
                formatter.write_dl(list(table.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mmgic.__version__, prog_name="mmgic")
def main() -> None:
    """Multimodal multi-grained concept annotations: from detection sets to a trained and scored image-text model.

    Each stage reads folders that the one before wrote: fetch, normalize, template, tokenize, pretrain, eval. `dvc repro`
    runs them all; `mmgic STAGE --help` tells what a stage reads and writes.
    """
