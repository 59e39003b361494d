"""eval: scores a model on held-out records.

Reads a model and records. Writes `metrics.json`, `predictions.jsonl` (one line a prediction, from which the metrics are
computed), `pictures.png` (originals beside what their codes draw) and the manifest. Params: `eval`, `common.seed`.

Example: mmgic eval --in models/mmgic --records data/records --out results/eval --params params.yaml
"""

from functools import partial

import msgspec
import numpy as np

from mmgic.evaluation.captions import caption_metrics, caption_predictions
from mmgic.evaluation.choice import choice_metrics, choice_predictions
from mmgic.evaluation.kinds import loss_by_kind, loss_predictions
from mmgic.evaluation.model import TrainedModel, load_model
from mmgic.evaluation.predictions import CaptionPrediction, ChoicePrediction, LossPrediction
from mmgic.evaluation.records import HeldOut, held_out
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.execution.cores import available_cores
from mmgic.params import section_tree, tree_digest
from mmgic.report.scores import score_lines
from mmgic.report.sheet import sheet_png
from mmgic.schema.manifests import Manifest, ShardEntry
from mmgic.schema.params import TemplateParams
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import fact, input_ref, new_manifest, read_manifest
from mmgic.shards.work import Work

METRICS, PREDICTIONS, PICTURES = "metrics.json", "predictions.jsonl", "pictures.png"


def plan(call: StageCall) -> Plan:
    """Counts the records of the split."""
    records = read_manifest(call.extra["records"], "records")
    shards = [shard for shard in records.shards if shard.split == call.params.eval.split]
    counts = {"records": min(sum(shard.count for shard in shards), call.limit or call.params.eval.max_records)}
    return Plan(call.input.url, call.out.url, counts, sum(shard.num_bytes for shard in shards))


def run(call: StageCall) -> Outcome:
    """Scores the model."""
    folder, manifest = call.input, read_manifest(call.input, "model")
    records = read_manifest(call.extra["records"], "records")
    tree = {**section_tree(call.params, "eval"), "limit": call.limit}
    inputs = {
        "model": input_ref(folder, manifest, call.out),
        "records": input_ref(call.extra["records"], records, call.out),
    }
    with Work(
        call.out, new_manifest("results", tree, tree_digest(tree), inputs, shards=[], counts={}), fresh=call.fresh
    ) as work:
        if not work.is_done:
            _score(call, folder, manifest, records, work)
        metrics = msgspec.json.decode(call.out.read(METRICS))
        pictures = (f"pictures     {call.out.url}/{PICTURES}", f"predictions  {call.out.url}/{PREDICTIONS}")
        return Outcome(work.manifest, work.was_done, metrics, (*score_lines(metrics), *pictures))


def _score(call: StageCall, folder: Folder, manifest: Manifest, records: Manifest, work: Work) -> None:
    params = call.params.eval
    call.progress("pictures", 0, None)
    model = load_model(folder, manifest)
    limit = min(params.max_records, call.limit or params.max_records)
    held = held_out(
        call.extra["records"],
        records,
        params.split,
        limit,
        model.vocabulary.visual,
        available_cores(),
        params.sheet_pictures,
    )
    template = msgspec.convert(fact(manifest, "template", folder), TemplateParams)
    losses, choices, captions, documents = _predictions(call, model, held, template)
    metrics = {
        "records": len(held.records),
        "split": params.split,
        "documents": documents,
        "loss": loss_by_kind(losses),
        "label_choice": choice_metrics(choices),
        "captions": caption_metrics(captions),
    }
    predictions = [*losses, *choices, *captions]
    entries = [
        _written(work.files, METRICS, msgspec.json.format(msgspec.json.encode(metrics), indent=1) + b"\n", 0),
        _written(
            work.files, PREDICTIONS, b"".join(msgspec.json.encode(p) + b"\n" for p in predictions), len(predictions)
        ),
        _written(work.files, PICTURES, _sheet(model, held, params.sheet_pictures), 0),
    ]
    counts = {"records": len(held.records), "predictions": len(predictions)}
    work.commit(msgspec.structs.replace(work.manifest, shards=entries, counts=counts))


def _predictions(
    call: StageCall, model: TrainedModel, held: HeldOut, template: TemplateParams
) -> tuple[list[LossPrediction], list[ChoicePrediction], list[CaptionPrediction], dict[str, int]]:
    params, seed = call.params.eval, call.params.common.seed
    losses, lost = loss_predictions(
        model, held, template, seed, params.batch_size, partial(call.progress, "documents for loss by kind")
    )
    choices = choice_predictions(
        model,
        held,
        template.recipe,
        per_record=params.choices_per_record,
        seed=seed,
        batch_size=params.batch_size,
        on_done=partial(call.progress, "rows for label choice"),
    )
    captions = caption_predictions(
        model,
        held,
        limit=params.caption_records,
        max_tokens=params.caption_tokens,
        batch_size=params.batch_size,
        on_done=partial(call.progress, "captions"),
    )
    return losses, choices, captions, {"scored": len(losses), **lost}


def _sheet(model: TrainedModel, held: HeldOut, limit: int) -> bytes:
    shown = held.records[:limit]
    codes = np.stack([held.codes[record.key, record.crop_xyxy_px] for record in shown])
    drawn = model.vocabulary.visual.images_from_codes(codes)
    return sheet_png(
        [(record.key, held.pixels[record.key], picture) for record, picture in zip(shown, drawn, strict=True)]
    )


def _written(folder: Folder, name: str, data: bytes, count: int) -> ShardEntry:
    with folder.writing(name) as stream:
        stream.write(data)
    return stream.entry(name, "", count)
