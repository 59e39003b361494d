"""tokenize: documents and their pictures to packed rows over one vocabulary of text and visual tokens.

Reads documents and the records that they were made from (found through the documents' manifest, or `--records`). Writes
`<split>-00000.rows` with `.index`, `vocabulary/`, `rejected.jsonl` and the manifest. Params: `tokenize`, `common.seed`.
1. Fits the vocabulary on the training split.
2. Encodes shard by shard, in parallel; visual codes come from the cache where another run left them.
3. Packs the documents of each split into rows, window by window, and tells how far that is from what no packer can beat.

Example: mmgic tokenize --in data/documents --out data/sequences --params params.yaml
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmgic.execution import commit_units, run_units
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.execution.cores import available_cores
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import (
    check_input,
    fact,
    input_folder,
    input_ref,
    limited,
    new_manifest,
    read_manifest,
)
from mmgic.shards.rows import RowReader, write_rows
from mmgic.shards.work import UnitNote, Work
from mmgic.vocab.fit import fit_vocabulary
from mmgic.vocab.joint import load_vocabulary
from mmgic.vocab.rows import PackedBlock, SplitPacker
from mmgic.vocab.shards import TokenUnit, write_tokens

VOCABULARY = "vocabulary"


def plan(call: StageCall) -> Plan:
    """Counts the documents of the input."""
    documents, manifest, _, _ = _inputs(call)
    cuts = limited(manifest.shards, call.limit)
    return Plan(
        documents.url,
        call.out.url,
        {"documents": sum(cut.count for cut in cuts)},
        sum(cut.entry.num_bytes for cut in cuts),
    )


def run(call: StageCall) -> Outcome:
    """Fits, encodes, packs."""
    documents, manifest, records, record_manifest = _inputs(call)
    tree = {**section_tree(call.params, "tokenize"), "limit": call.limit}
    inputs = {
        "documents": input_ref(documents, manifest, call.out),
        "records": input_ref(records, record_manifest, call.out),
    }
    identity = new_manifest("sequences", tree, tree_digest(tree), inputs, shards=[], counts={})
    with Work(call.out, identity, fresh=call.fresh) as work:
        if work.is_done:
            return _told(Outcome(work.manifest, was_done=True))
        fitted = _fitted(call, work, (documents, manifest), (records, record_manifest))
        vocabulary = load_vocabulary(work.files / VOCABULARY)
        tokens = work.root / "tokens"
        notes = list(_notes(call, work, tokens, (documents, manifest), (records, record_manifest)))
        reports: dict[str, dict[str, Any]] = {}
        packed = list(_packed(call, work, tokens, notes, vocabulary.image_end_id, reports))
        encoded = [msgspec.structs.replace(note, entries=[]) for note in notes]
        facts = {
            "row_length": call.params.tokenize.row_length,
            "id_bytes": vocabulary.id_type.itemsize,
            "vocabulary_size": vocabulary.size,
            "visual_digest": vocabulary.visual.digest,
            "template": fact(manifest, "template", documents),
            "packing": reports,
        }
        outcome = commit_units(
            work,
            [fitted, *encoded, *packed],
            total="documents",
            max_bad_fraction=call.params.tokenize.max_bad_fraction,
            needed="rows.train",
            facts=facts,
        )
    return _told(outcome)


def _told(outcome: Outcome) -> Outcome:
    """With what was packed, and how well, among the metrics and in words."""
    reports = outcome.manifest.facts["packing"]
    lines = [_packing_line(split, report) for split, report in reports.items()]
    return replace(outcome, metrics={**outcome.metrics, "packing": reports}, lines=(*outcome.lines, *lines))


def _packing_line(split: str, report: dict[str, Any]) -> str:
    full = f"{report['fill']:.3%} full"
    if report["second_fill"] is not None:
        full += f", {report['second_fill']:.1%} of the pictures allowed"
    needed = f"any packer needs at least {report['lower_bound']:,} ({report['over_bound']:+.3%})"
    return (
        f"packing of {split}: {report['rows']:,} rows, {full}; {needed}, with these windows {report['window_bound']:,}"
    )


def _inputs(call: StageCall) -> tuple[Folder, Manifest, Folder, Manifest]:
    documents, manifest = call.input, read_manifest(call.input, "documents")
    records = call.extra.get("records") or input_folder(documents, manifest, "records")
    record_manifest = read_manifest(records, "records")
    check_input(records, record_manifest, manifest.inputs["records"], documents)
    return documents, manifest, records, record_manifest


def _fitted(
    call: StageCall, work: Work, documents: tuple[Folder, Manifest], records: tuple[Folder, Manifest]
) -> UnitNote:
    """The vocabulary's files: fitted now, or by the run that was killed."""

    def fit() -> UnitNote:
        cuts = limited(documents[1].shards, call.limit)
        params = call.params.tokenize
        vocabulary = fit_vocabulary(
            documents[0],
            cuts,
            records[0],
            records[1].shards,
            params.text,
            params.visual,
            call.params.common.seed,
            available_cores(),
        )
        return UnitNote(vocabulary.save(work.files / VOCABULARY), [], {})

    call.progress("vocabulary", 0, None)
    return work.units.once(VOCABULARY, fit)


def _notes(
    call: StageCall, work: Work, tokens: Folder, documents: tuple[Folder, Manifest], records: tuple[Folder, Manifest]
) -> Iterator[UnitNote]:
    """Encodes each document shard beside its record shard."""
    by_stem = {shard.name.removesuffix(".tar"): shard for shard in records[1].shards}
    cuts = limited(documents[1].shards, call.limit)
    units = [TokenUnit(cut, by_stem[cut.entry.name.removesuffix(".jsonl.zst")]) for cut in cuts]
    write = partial(
        write_tokens,
        documents=documents[0],
        records=records[0],
        vocabulary=work.files / VOCABULARY,
        cache=call.extra.get("cache") or call.out.sibling(".codes"),
        out=tokens,
        notes=work.units,
        threads=call.threads,
    )
    done, total = 0, sum(cut.count for cut in cuts)
    for note in run_units(write, units, call.workers):
        done += note.counts.get("documents", 0)
        call.progress("documents", done, total)
        yield note


def _packed(
    call: StageCall,
    work: Work,
    tokens: Folder,
    notes: list[UnitNote],
    image_end_id: int,
    reports: dict[str, dict[str, Any]],
) -> Iterator[UnitNote]:
    """Packs each split's documents into row shards, and fills in its report."""
    params = call.params.tokenize
    for split in sorted({entry.split for note in notes for entry in note.entries}):
        entries = [entry for note in notes for entry in note.entries if entry.split == split]
        packer = SplitPacker(RowReader(tokens, entries, verify=False), params, call.params.common.seed, image_end_id)
        for number, blocks in groupby(packer, key=lambda block: block.shard):
            counts: Counter[str] = Counter()
            data = _counted(blocks, split, counts)
            written = write_rows(work.files, f"{split}-{number:05d}", split, data, params.zstd_level)
            yield UnitNote(written, [], dict(counts))
        report = packer.report
        lost = {"dropped": report.dropped, "truncated": report.truncated, "split": report.split}
        counts = Counter({f"documents.{name}": count for name, count in lost.items()})
        counts["tokens_lost"] = report.tokens_lost
        yield UnitNote([], packer.rejections, dict(counts))
        if report.rows:
            reports[split] = {**asdict(report), "over_bound": report.over_bound}


def _counted(blocks: Iterable[PackedBlock], split: str, counts: Counter[str]) -> Iterator[NDArray[np.uint8]]:
    for block in blocks:
        for name, count in block.counts.items():
            counts[name if name.startswith("tokens.") else f"{name}.{split}"] += count
        yield block.data
