"""normalize: raw files to record shards, with boxes in upright pixels, a main crop and regions.

Reads a raw folder, and an exclusion list where `normalize.exclusions` names one. Writes `<split>-00000.tar` (`<key>.jpg|png` +
`<key>.json`), `rejected.jsonl`, figures (`stats.json`, and `stats/` of each shard), with a list `decontamination.json`, and the
manifest, whose counts add up: boxes = regions + every `dropped.<cause>`. Params: `normalize`, `common.seed`.

One shard is one unit of work; when all are written, those with duplicates are written again without them.

Example: mmgic normalize --in data/raw --out data/records --params params.yaml
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import msgspec

from mmgic.duplicates.exclusions import ExclusionList, exclusion_list
from mmgic.duplicates.in_benchmarks import REPORT, Decontamination, report_lines
from mmgic.errors import InputError
from mmgic.execution import commit_units, run_units
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.schema.records import WANTED_LOSSES, LostImage, RawRecord
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import fact, input_ref, new_manifest, read_manifest
from mmgic.shards.work import UnitNote, Work
from mmgic.sources import SOURCES
from mmgic.sources.cleaning import Cleaning, decided_about, decontamination_of, shards_decided, units_with_drops
from mmgic.sources.descriptions import Descriptions, descriptions_for
from mmgic.sources.normalize import RecordUnit, write_records
from mmgic.sources.raw import RawFolder
from mmgic.sources.statistics import STATS, merged

_MAX_SPLITS = 1000


def plan(call: StageCall) -> Plan:
    """Counts the images that the sources list."""
    raw, manifest = _input(call)
    counts: Counter[str] = Counter()
    for image in _images(call, raw, manifest):
        counts[f"{image.source} {image.split}"] += 1
        counts["boxes"] += image.num_boxes if isinstance(image, LostImage) else len(image.boxes)
    return Plan(raw.url, call.out.url, counts, sum(shard.num_bytes for shard in manifest.shards))


def run(call: StageCall) -> Outcome:
    """Writes the record shards."""
    raw, manifest = _input(call)
    params = call.params.normalize
    descriptions = descriptions_for(params.descriptions)
    tree = {
        **section_tree(call.params, "normalize"),
        "limit": call.limit,
        "description_files": descriptions.digests(),
    }
    inputs = {"raw": input_ref(raw, manifest, call.out)}
    exclusions = None
    if params.exclusions:
        distance = params.duplicates.exclusion_distance
        exclusions, inputs["exclusions"] = exclusion_list(params.exclusions, distance, call.out)
    with Work(
        call.out, new_manifest("records", tree, tree_digest(tree), inputs, shards=[], counts={}), fresh=call.fresh
    ) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        notes = _notes(call, raw, manifest, work, descriptions, exclusions)
        limit = params.max_bad_fraction
        outcome = commit_units(work, notes, total="pictures", max_bad_fraction=limit, wanted=WANTED_LOSSES)
    if not exclusions:
        return outcome
    report = msgspec.json.decode(call.out.read(REPORT), type=Decontamination)
    return replace(outcome, lines=tuple(report_lines(report)))


def _input(call: StageCall) -> tuple[Folder, Manifest]:
    return call.input, read_manifest(call.input, "raw")


def _images(call: StageCall, raw: Folder, manifest: Manifest) -> Iterator[RawRecord | LostImage]:
    """The images of all sources: at most `--limit` of each split, and no more than `fetch --limit` took of each source."""
    fetched = manifest.params.get("limit")
    taken: Counter[str] = Counter()
    for name in fact(manifest, "sources", raw):
        if name not in SOURCES:
            raise InputError(f"the raw folder holds source `{name}`, which this version does not know", where=raw.url)
        of_source: Counter[str] = Counter()
        with RawFolder(raw, manifest, name) as files:
            for image in SOURCES[name].raw_records(files):
                of_source[image.split] += 1
                if fetched is not None and of_source[image.split] > fetched:
                    continue
                taken[image.split] += 1
                if call.limit is None or taken[image.split] <= call.limit:
                    yield image


def _units(call: StageCall, raw: Folder, manifest: Manifest) -> Iterator[RecordUnit]:
    """Shards of one split each, numbered within it, in the order in which they fill.

    Raises:
        InputError: too many splits wait for their shard to fill, as images of each are kept.
    """
    waiting: dict[str, list[RawRecord | LostImage]] = defaultdict(list)
    numbers: Counter[str] = Counter()

    def unit(split: str) -> RecordUnit:
        numbers[split] += 1
        return RecordUnit(f"{split}-{numbers[split] - 1:05d}.tar", split, waiting.pop(split))

    for image in _images(call, raw, manifest):
        waiting[image.split].append(image)
        if len(waiting) > _MAX_SPLITS:
            what = f"over {_MAX_SPLITS} splits, as `{image.split}`"
            raise InputError(what, where=raw.url, hint="does the column `split` of the set hold splits?")
        if len(waiting[image.split]) == call.params.normalize.records_per_shard:
            yield unit(image.split)
    for split in sorted(waiting):
        yield unit(split)


def _notes(
    call: StageCall,
    raw: Folder,
    manifest: Manifest,
    work: Work,
    descriptions: Descriptions,
    exclusions: ExclusionList | None,
) -> Iterator[UnitNote]:
    """What became of each unit in the end, in order."""
    first, drafts = work.root / "first", work.root / "drafts"
    write = partial(
        write_records,
        raw=raw,
        out=first,
        drafts=drafts,
        notes=work.units,
        params=call.params.normalize,
        descriptions=descriptions,
        exclusions=exclusions,
        threads=call.threads,
    )
    done, shards = 0, list[str]()
    for note in run_units(write, _named(_units(call, raw, manifest), shards), call.workers):
        done += note.counts["pictures"]
        call.progress("pictures", done, None)
    looked_through = "shards looked through for duplicates"
    call.progress(looked_through, 0, len(shards))
    with decided_about(shards, drafts, work, call.params.normalize.duplicates) as decisions:
        cleaning = Cleaning(work, first, drafts)
        notes = run_units(cleaning.write, units_with_drops(decisions, shards), call.workers)
        for number, (shard, is_losing) in enumerate(shards_decided(decisions, shards), start=1):
            yield cleaning.take_cleaned(shard, next(notes)) if is_losing else cleaning.take_first(shard)
            call.progress(looked_through, number, len(shards))
    work.files.write(STATS, msgspec.json.encode(merged(_shard_stats(work.files))))
    if exclusions:
        report = decontamination_of(shards, drafts)
        work.files.write(REPORT, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def _named(units: Iterator[RecordUnit], names: list[str]) -> Iterator[RecordUnit]:
    """The units, whose names are noted as they pass."""
    for unit in units:
        names.append(unit.name)
        yield unit


def _shard_stats(files: Folder) -> Iterator[RecordStats]:
    """The figures of each shard, in order."""
    for name in (files / "stats").names():
        yield msgspec.json.decode((files / "stats").read(name), type=RecordStats)
