"""template: records to interleaved documents by a recipe; document shard i comes from record shard i, in its order.

Reads record shards (no pixels). Writes `<split>-00000.jsonl.zst`, `rejected.jsonl` and the manifest. Params: `template`,
`common.seed`.

Example: mmgic template --in data/records --out data/documents --params params.yaml
"""

from collections.abc import Iterator
from functools import partial

import msgspec

from mmgic.execution import commit_units, run_units
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import input_ref, limited, new_manifest, read_manifest
from mmgic.shards.work import UnitNote, Work
from mmgic.template.boxes import box_notation
from mmgic.template.shards import write_documents


def plan(call: StageCall) -> Plan:
    """Counts the records of the input."""
    records, manifest = _input(call)
    cuts = limited(manifest.shards, call.limit)
    return Plan(
        records.url, call.out.url, {"records": sum(cut.count for cut in cuts)}, sum(cut.entry.num_bytes for cut in cuts)
    )


def run(call: StageCall) -> Outcome:
    """Writes the document shards."""
    records, manifest = _input(call)
    tree = {**section_tree(call.params, "template"), "limit": call.limit}
    inputs = {"records": input_ref(records, manifest, call.out)}
    with Work(
        call.out, new_manifest("documents", tree, tree_digest(tree), inputs, shards=[], counts={}), fresh=call.fresh
    ) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        notes = _notes(call, records, manifest, work)
        return commit_units(
            work,
            notes,
            total="records",
            max_bad_fraction=call.params.template.max_bad_fraction,
            facts={"template": msgspec.to_builtins(call.params.template)},
        )


def _input(call: StageCall) -> tuple[Folder, Manifest]:
    box_notation(call.params.template.boxes)
    return call.input, read_manifest(call.input, "records")


def _notes(call: StageCall, records: Folder, manifest: Manifest, work: Work) -> Iterator[UnitNote]:
    write = partial(
        write_documents,
        records=records,
        out=work.files,
        notes=work.units,
        params=call.params.template,
        seed=call.params.common.seed,
    )
    cuts = limited(manifest.shards, call.limit)
    done, total = 0, sum(cut.count for cut in cuts)
    for note in run_units(write, cuts, call.workers):
        done += note.counts["records"]
        call.progress("records", done, total)
        yield note
