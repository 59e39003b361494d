"""A record shard to a document shard. The work of one `template` unit."""

from collections import Counter
from collections.abc import Iterator

from mmgic.schema.documents import Document, ImagePart
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import TemplateParams
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import read_record_shard
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.template.documents import document_from_record


def write_documents(
    cut: ShardCut, records: Folder, out: Folder, notes: UnitNotes, params: TemplateParams, seed: int
) -> UnitNote:
    """Writes the documents of a record shard, unless an earlier run did; an all-rejected shard becomes an empty one."""
    return notes.once(cut.entry.name, lambda: _written(cut, records, out, params, seed))


def _written(cut: ShardCut, records: Folder, out: Folder, params: TemplateParams, seed: int) -> UnitNote:
    rejections: list[Rejection] = []
    counts: Counter[str] = Counter()

    def documents() -> Iterator[Document]:
        for record, _ in cut.of(read_record_shard(records, cut.entry)):
            result = document_from_record(record, params, seed)
            counts["records"] += 1
            if isinstance(result, Rejection):
                rejections.append(result)
                continue
            counts["documents"] += 1
            for part in result.parts:
                counts[f"parts.{part.concept}"] += 1
            counts["caption_first"] += not isinstance(result.parts[0], ImagePart)
            yield result

    name = cut.entry.name.removesuffix(".tar") + ".jsonl.zst"
    return UnitNote([write_lines(out, name, cut.entry.split, documents())], rejections, dict(counts))
