"""pretrain: trains an autoregressive model on packed rows with DeepSpeed; starts its own ranks.

Reads sequences. Writes the model and its tokenizer in Hugging Face form, the vocabulary, `curves.tsv` and the manifest.
Params: `pretrain`, `common.seed`. Checkpoints lie in the work folder beside `--out`; a killed run goes on from the last one.

Example: mmgic pretrain --in data/sequences --out models/mmgic --params params.yaml
"""

import os
from pathlib import Path

import msgspec

from mmgic.errors import UsageError
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import Manifest, ShardEntry
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import input_ref, new_manifest, read_manifest
from mmgic.shards.work import Work
from mmgic.training.job import CURVES, MODEL, TrainJob
from mmgic.training.split import check_split

VOCABULARY = "vocabulary"


def plan(call: StageCall) -> Plan:
    """Rows, steps and how often each row is seen."""
    sequences, manifest = _input(call)
    params = call.params.pretrain
    rows = min(manifest.counts["rows.train"], call.limit or manifest.counts["rows.train"])
    counts = {"rows": rows, "steps": params.steps, "epochs": params.steps * params.rows_per_step // rows}
    return Plan(sequences.url, call.out.url, counts, sum(shard.num_bytes for shard in manifest.shards))


def run(call: StageCall) -> Outcome:
    """Trains, or goes on training."""
    sequences, manifest = _input(call)
    check_split(call.params.pretrain)
    tree = {**section_tree(call.params, "pretrain"), "limit": call.limit}
    inputs = {"sequences": input_ref(sequences, manifest, call.out)}
    with Work(call.out, new_manifest("model", tree, tree_digest(tree), inputs, shards=[], counts={}), fresh=call.fresh) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        if not work.root.is_local:
            raise UsageError("training writes its checkpoints to a local folder", where=call.out.url, hint="--out PATH")
        _trained(call, sequences, work)
        entries = _written(sequences, work)
        counts = {
            "steps": call.params.pretrain.steps,
            "tokens": call.params.pretrain.steps * call.params.pretrain.rows_per_step * manifest.facts["row_length"],
        }
        facts = {key: manifest.facts[key] for key in ("template", "row_length", "visual_digest", "vocabulary_size")}
        done = msgspec.structs.replace(work.manifest, shards=entries, counts=counts, facts=facts)
        return Outcome(work.commit(done), metrics=_last_metrics(work), lines=(f"model  {call.out.url}",))


def _input(call: StageCall) -> tuple[Folder, Manifest]:
    return call.input, read_manifest(call.input, "sequences")


def _trained(call: StageCall, sequences: Folder, work: Work) -> None:
    """Runs the ranks."""
    from mmgic.training.launch import run_ranks

    job = TrainJob(
        sequences=os.path.abspath(sequences.path) if sequences.is_local else sequences.url,
        work=os.path.abspath(work.root.path),
        params=call.params.pretrain,
        seed=call.params.common.seed,
        pad_id=0,
        limit=call.limit,
    )
    run_ranks(job, lambda step: call.progress("steps", step, call.params.pretrain.steps))


def _written(sequences: Folder, work: Work) -> list[ShardEntry]:
    """Copies weights, curves and vocabulary into the output; returns their manifest lines."""
    weights, vocabulary = work.root / MODEL, sequences / VOCABULARY
    sources = [(weights, name) for name in weights.names()] + [(vocabulary, name) for name in vocabulary.names()]
    entries = []
    for folder, name in [*sources, (work.root, CURVES)]:
        with folder.open(name) as source, work.files.writing(name) as stream:
            while data := source.read(1 << 22):
                stream.write(data)
            entries.append(stream.entry(name, "", 0))
    return entries


def _last_metrics(work: Work) -> dict[str, float]:
    """The last line of the curves."""
    from mmgic.training.curves import read_curves

    last = read_curves(Path(work.out.path, CURVES))[-1]
    return {"loss": last["loss"], "tokens_per_s": last["tokens_per_s"]}
