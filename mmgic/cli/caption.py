"""`mmgic caption`: captions for the images of a record folder that lack one, by models from local folders."""

import sys
from pathlib import Path
from typing import Any

import click

from mmgic.cli.console import ProgressReport
from mmgic.cli.options import adding, folder_options, run_options, workers_option
from mmgic.cli.stage import guarded, show_result

_MODEL = click.Path(path_type=Path)


@click.command("caption", short_help="Caption the images of a record folder that lack a caption, with models.")
@adding(folder_options(needs_input=True))
@click.option("--captioner", type=_MODEL, required=True, help="Folder of an image-to-text model: BLIP, BLIP-2, GIT ...")
@click.option("--ranker", type=_MODEL, required=True, help="Folder of a model like CLIP or SigLIP.")
@click.option(
    "--candidates", type=click.IntRange(1, 64), default=5, show_default=True, help="Sentences to choose from."
)
@click.option("--keep", type=click.IntRange(1, 64), default=1, show_default=True, help="How many of the best to keep.")
@click.option(
    "--sampling",
    type=click.Choice(["nucleus", "beam"]),
    default="nucleus",
    show_default=True,
    help="Draw candidates, or take those of a beam search.",
)
@click.option(
    "--top-p", type=click.FloatRange(0, 1, min_open=True), default=0.9, show_default=True, help="Nucleus to draw from."
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, 10, min_open=True),
    default=1.0,
    show_default=True,
    help="Under 1: likelier words.",
)
@click.option("--max-tokens", type=click.IntRange(1, 1024), default=40, show_default=True, help="Of a candidate.")
@click.option("--prompt", default="", help="What the captioner is asked; for models that answer prompts.")
@click.option("--origin", default="", help="Origin that the captions carry.  [default: name of the captioner's folder]")
@click.option(
    "--only-missing/--all",
    default=True,
    show_default=True,
    help="Caption images without a caption, or all; captions that are there stay.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of all draws.")
@click.option(
    "--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True, help="Of both models."
)
@click.option("--side", type=click.IntRange(8, 8192), help="Pixels of a picture's side, for a model that states none.")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Images at a time.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@workers_option(1, "Processes, each with both models; they share out the GPUs.")
@adding(run_options("At most this many records of each split."))
def caption(**options: Any) -> None:
    """Caption the images of a record folder that lack a caption.

    \b
    The captioner writes several candidates for the main crop of each image, the ranker scores how well each fits it, and the
    best becomes a caption with the captioner's name as origin, and its score. All else of the records stays as it is.

    Models are folders on this machine; nothing is fetched. A run that was stopped goes on with the same command.

    Example: mmgic caption --in data/records --out data/captioned --captioner blip2 --ranker clip
    """
    sys.exit(guarded(lambda: _call(options), verbose=options["verbose"]))


def _call(options: dict[str, Any]) -> None:
    from mmgic.annotation.captions import CaptionCall, plan, run
    from mmgic.annotation.settings import CaptionSettings

    captioner: Path = options["captioner"]
    settings = CaptionSettings(
        seed=options["seed"],
        candidates=options["candidates"],
        keep=options["keep"],
        sampling=options["sampling"],
        top_p=options["top_p"],
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        prompt=options["prompt"],
        origin=options["origin"] or captioner.absolute().name,
        only_missing=options["only_missing"],
        precision=options["precision"],
        side_px=options["side"],
    )
    with ProgressReport("caption", quiet=options["quiet"]) as progress:
        call = CaptionCall(
            source=options["in_folder"],
            out=options["out"],
            captioner=captioner,
            ranker=options["ranker"],
            settings=settings,
            progress=progress,
            batch_size=options["batch_size"],
            device=options["device"],
            workers=options["workers"],
            limit=options["limit"],
            fresh=options["fresh"],
        )
        result = plan(call) if options["dry_run"] else run(call)
    show_result("caption", call.out, result, options)
