"""A stage as a command: reads the options, calls the program in `stages/`, reports, and turns errors into exit codes."""

import inspect
import signal
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec

from mmgic.cli.console import ProgressReport, say, show_error, show_json
from mmgic.cli.options import FOLDER, stage_options
from mmgic.errors import MmgicError, StoppedError
from mmgic.execution import collect_rarely
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import load_params
from mmgic.shards.folder import Folder
from mmgic.shards.work import unfinished_works

_EXTRA: Mapping[str, tuple[click.Option, ...]] = {
    "fetch": (
        click.Option(
            ["--source"], help="Source to take from --in, to download or to make; default: params fetch.sources."
        ),
        click.Option(
            ["--file", "files"],
            multiple=True,
            metavar="NAME",
            help="Of the catalog download this file alone; repeatable.",
        ),
        click.Option(
            ["--terms-accepted"], is_flag=True, help="You have read and accept the terms that the catalog names."
        ),
        click.Option(
            ["--retry-failed"],
            type=click.Choice(["retryable", "all"]),
            is_flag=False,
            flag_value="retryable",
            help="Ask failed URLs of --out again: those that another try may bring, or all.",
        ),
    ),
    "tokenize": (
        click.Option(["--records"], type=FOLDER, help="The documents' records, where they have moved."),
        click.Option(["--cache"], type=FOLDER, help="Cache of visual codes; default: .codes beside --out."),
    ),
    "eval": (
        click.Option(["--records"], type=FOLDER, required=True, help="Records to score on (split: params eval.split)."),
    ),
}


def stage_command(name: str, summary: str) -> click.Command:
    """The click command of a stage, with the module's own words as help."""
    program = import_module(f"stages.{name}")

    @stage_options(needs_input=name != "fetch")
    @click.pass_context
    def command(ctx: click.Context, /, **options: Any) -> None:
        sys.exit(guarded(lambda: _call(name, program, options), verbose=options["verbose"]))

    made = click.command(name, help=_help(program, summary), short_help=summary)(command)
    made.params.extend(_EXTRA.get(name, ()))
    return made


def guarded(run: Callable[[], None], *, verbose: int = 0) -> int:
    """Runs, and returns the exit code; errors of ours are told in three lines, a stop as resumable."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        run()
    except MmgicError as error:
        if verbose >= 2:
            traceback.print_exc()
        show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        show_error(StoppedError("stopped before the end", hint="the same command goes on where this one stopped"))
        return StoppedError.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if verbose >= 2:
            traceback.print_exc()
        show_error(MmgicError(error.strerror or str(error), where=str(error.filename or "")))
        return MmgicError.exit_code
    except sqlite3.OperationalError as error:  # of a temporary table: the ledger of downloads has errors of its own
        if verbose >= 2:
            traceback.print_exc()
        hint = "make room where temporary files go, or name another place in TMPDIR"
        show_error(MmgicError(str(error), where=tempfile.gettempdir(), hint=hint))
        return MmgicError.exit_code
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _call(name: str, program: Any, options: dict[str, Any]) -> None:
    collect_rarely()
    params = load_params(options["params"], options["overrides"])
    extra = {option.name: options[option.name] for option in _EXTRA.get(name, ()) if option.name}
    with ProgressReport(name, quiet=options["quiet"]) as progress:
        call = StageCall(
            source=options["in_folder"],
            out=options["out"],
            params=params,
            progress=progress,
            limit=options["limit"],
            workers=options["workers"],
            fresh=options["fresh"],
            extra=extra,
        )
        result = program.plan(call) if options["dry_run"] else program.run(call)
    show_result(name, call.out, result, options)


def show_result(name: str, out: Folder, result: Plan | Outcome, options: dict[str, Any]) -> None:
    """What a command would do, or did, as its `run_options` ask for it."""
    if isinstance(result, Plan):
        _show_plan(result, as_json=options["as_json"])
    else:
        _show_outcome(name, out, result, options["metrics"], as_json=options["as_json"], quiet=options["quiet"])


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        show_json({"reads": plan.reads, "writes": plan.writes, "counts": dict(plan.counts), "bytes": plan.num_bytes})
        return
    counts = ", ".join(f"{count:,} {what}" for what, count in plan.counts.items())
    say(f"reads  {plan.reads} ({plan.num_bytes:,} bytes)\nwrites {plan.writes}\ncounts {counts}")


def _show_outcome(
    name: str, out: Folder, outcome: Outcome, metrics: Path | None, *, as_json: bool, quiet: bool
) -> None:
    report = {**outcome.manifest.counts, **outcome.metrics}
    if metrics:
        metrics.parent.mkdir(parents=True, exist_ok=True)
        metrics.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    if as_json:
        show_json({"stage": name, "out": out.url, "was_done": outcome.was_done, "metrics": report})
    if quiet:
        return
    say(f"{name}: {out.url} " + ("stood finished already" if outcome.was_done else "is finished"))
    for key, value in outcome.manifest.counts.items():
        say(f"  {key:<34} {value:>14,}")
    for line in outcome.lines:
        say(line)
    if outcome.manifest.kind in ("records", "documents") and not outcome.manifest.shards:
        say("warning: nothing is left, the folder holds no shard")
    if left := unfinished_works(out):
        say(
            f"unfinished runs with other params lie beside it; remove what you do not want: {' '.join(w.url for w in left)}"
        )


def _help(program: Any, summary: str) -> str:
    """The module's docstring, its paragraphs kept as they are."""
    text = inspect.cleandoc(program.__doc__ or summary)
    return "\n\n".join("\b\n" + paragraph for paragraph in text.split("\n\n"))
