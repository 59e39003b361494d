"""caption: record shards to the same shards with captions for the images that lack one.

1. A captioner makes several candidates for each image, from its main crop.
2. A ranker (CLIP or its like) scores each against the crop; the best becomes a caption with the model's name and its score.
3. Captions that were there stay as they are, with their origin; so does everything else of a record, byte for byte.

Reads a record folder, writes another (`<split>-00000.tar`, figures, the manifest). A shard is one unit of work: a run that was
killed goes on with the first shard that is not done. The manifest's params hold the settings and the hashes of both models.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from mmgic.annotation.settings import CaptionSettings
from mmgic.annotation.weights import model_digest, model_folder
from mmgic.execution import commit_units, run_units
from mmgic.execution.call import Outcome, Plan, Progress
from mmgic.execution.cores import available_cores
from mmgic.params import tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import input_ref, limited, new_manifest, read_manifest
from mmgic.shards.work import UnitNote, Work
from mmgic.sources.statistics import STATS, merged, read_stats


@dataclass(frozen=True)
class CaptionCall:
    """What `mmgic caption` is called with. `batch_size`, `device` and `workers` are no part of a run's identity."""

    source: Folder
    out: Folder
    captioner: Path
    ranker: Path
    settings: CaptionSettings
    progress: Progress
    batch_size: int
    device: str
    workers: int
    limit: int | None
    fresh: bool


def plan(call: CaptionCall) -> Plan:
    """Counts the records, and those without a caption where the folder has figures."""
    manifest = read_manifest(call.source, "records")
    cuts = limited(manifest.shards, call.limit)
    counts = {"records": sum(cut.count for cut in cuts)}
    if call.limit is None and call.source.exists(STATS):
        captions = read_stats(call.source).histograms.get("captions", {})
        counts["records without a caption"] = captions.get(0, 0)
    return Plan(call.source.url, call.out.url, counts, sum(cut.entry.num_bytes for cut in cuts))


def run(call: CaptionCall) -> Outcome:
    """Writes the record shards with captions."""
    manifest = read_manifest(call.source, "records")
    call.progress("hashing models", 0, None)
    models = {"captioner": model_folder(call.captioner, "captioner"), "ranker": model_folder(call.ranker, "ranker")}
    digests = {name: model_digest(folder) for name, folder in models.items()}
    tree = {**call.settings.tree(), "models": digests, "limit": call.limit}
    inputs = {"records": input_ref(call.source, manifest, call.out)}
    identity = new_manifest("records", tree, tree_digest(tree), inputs, shards=[], counts={})
    with Work(call.out, identity, fresh=call.fresh) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        return commit_units(work, _notes(call, manifest, work), total="records", max_bad_fraction=0.0)


def _notes(call: CaptionCall, manifest: Manifest, work: Work) -> Iterator[UnitNote]:
    """What became of each shard, in order."""
    # Imported where it is needed: a run that stood finished already loads no torch.
    from mmgic.annotation.shards import Runtime, write_captioned

    threads = 0 if call.workers == 1 else max(1, available_cores() // call.workers)
    write = partial(
        write_captioned,
        records=call.source,
        out=work.files,
        notes=work.units,
        settings=call.settings,
        runtime=Runtime(call.captioner, call.ranker, call.device, call.batch_size, threads),
    )
    cuts = limited(manifest.shards, call.limit)
    done, total = 0, sum(cut.count for cut in cuts)
    call.progress("records", done, total)
    for note in run_units(write, cuts, call.workers):
        done += note.counts["records"]
        call.progress("records", done, total)
        yield note
    parts = (read_stats(work.files, f"stats/{name}") for name in (work.files / "stats").names())
    work.files.write(STATS, msgspec.json.encode(merged(parts)))
