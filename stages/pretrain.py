"""pretrain: trains an autoregressive model on packed rows with DeepSpeed; starts its own ranks.

Reads sequences. Writes the model and its tokenizer in Hugging Face form, the vocabulary, `curves.tsv` and the manifest.
Params: `pretrain`, `common.seed`. Checkpoints lie in the work folder beside `--out`; a killed run goes on from the last one.

Example: mmgic pretrain --in data/sequences --out models/mmgic --params params.yaml
"""

import os
from pathlib import Path
from typing import IO

import msgspec

from mmgic.errors import UsageError
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import Manifest, ShardEntry
from mmgic.shards.folder import Folder, HashingReader
from mmgic.shards.manifest import fact, input_ref, new_manifest, read_manifest
from mmgic.shards.work import Work
from mmgic.training.checks import check_training
from mmgic.training.job import CURVES, MODEL, TrainJob

VOCABULARY = "vocabulary"

_CHUNK = 1 << 22


def plan(call: StageCall) -> Plan:
    """Rows, steps and how often each row is seen."""
    sequences, manifest = _input(call)
    params = call.params.pretrain
    rows = min(manifest.counts.get("rows.train", 0), call.limit or manifest.counts.get("rows.train", 0))
    counts = {"rows": rows, "steps": params.steps, "epochs": params.steps * params.rows_per_step // rows}
    return Plan(sequences.url, call.out.url, counts, sum(shard.num_bytes for shard in manifest.shards))


def run(call: StageCall) -> Outcome:
    """Trains, or goes on training."""
    sequences, manifest = _input(call)
    check_training(call.params.pretrain)
    tree = {**section_tree(call.params, "pretrain"), "limit": call.limit}
    inputs = {"sequences": input_ref(sequences, manifest, call.out)}
    with Work(
        call.out, new_manifest("model", tree, tree_digest(tree), inputs, shards=[], counts={}), fresh=call.fresh
    ) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True, metrics=_metrics(work.out))
        if not work.root.is_local:
            raise UsageError("training writes its checkpoints to a local folder", where=call.out.url, hint="--out PATH")
        _trained(call, sequences, work)
        entries = _written(sequences, manifest, work)
        counts = {"steps": call.params.pretrain.steps, "tokens": int(_last_line(work.files)["tokens"])}
        facts = {
            key: fact(manifest, key, sequences)
            for key in ("template", "row_length", "visual_digest", "vocabulary_size")
        }
        done = msgspec.structs.replace(work.manifest, shards=entries, counts=counts, facts=facts)
        return Outcome(work.commit(done), metrics=_metrics(work.out), lines=(f"model  {call.out.url}",))


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


def _written(sequences: Folder, manifest: Manifest, work: Work) -> list[ShardEntry]:
    """Copies weights, curves and vocabulary into the output; returns their manifest lines."""
    entries = []
    for folder, name in [*((work.root / MODEL, name) for name in (work.root / MODEL).names()), (work.root, CURVES)]:
        with folder.open(name) as source:
            entries.append(_copied(source, work.files, name))
    for entry in manifest.shards:
        if entry.name.startswith(f"{VOCABULARY}/"):
            with sequences.verified(entry) as checked:
                entries.append(_copied(checked, work.files, entry.name.removeprefix(f"{VOCABULARY}/")))
    return entries


def _copied(source: IO[bytes] | HashingReader, out: Folder, name: str) -> ShardEntry:
    with out.writing(name) as stream:
        while data := source.read(_CHUNK):
            stream.write(data)
        return stream.entry(name, "", 0)


def _last_line(folder: Folder) -> dict[str, float]:
    """The last line of the curves."""
    from mmgic.training.curves import read_curves

    return read_curves(Path(folder.path, CURVES))[-1]


def _metrics(folder: Folder) -> dict[str, float]:
    last = _last_line(folder)
    return {"loss": last["loss"], "tokens_per_s": last["tokens_per_s"]}
