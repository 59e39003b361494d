"""Labels without a description, with what is known of each: its sense, a definition, and its neighbours in its set.

Neighbours are labels of the same set: those with a word in common (`Tennis racket` beside `Table tennis racket`), and those
that stand in the same pictures most often (`keyboard` beside `mouse`), which tell the sense of a word. Memory grows with the
number of labels, not of records: the company of a label is counted in its first `_PICTURES` pictures.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from mmgic.schema.manifests import Manifest
from mmgic.schema.records import Label
from mmgic.shards.folder import Folder
from mmgic.shards.records import read_record_shard
from mmgic.sources.label_tables import rows_from_tsv
from mmgic.sources.wordnet import WordNet

_PICTURES = 64
_SHOWN = 6
_SYNSETS = "visual-genome:"
_WORD = re.compile(r"[^\W_]{3,}")


class Clues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is told of a label. `source` is its set; `sense` and `gloss` are empty where nobody wrote any."""

    name: str
    source: str
    sense: str = ""
    gloss: str = ""
    alike: list[str] = []
    seen_with: list[str] = []


class Gap(Clues, frozen=True, kw_only=True):
    """A label that lacks a description."""

    id: str


def gaps_from_records(records: Folder, manifest: Manifest) -> list[Gap]:
    """The labels of a record folder that no record describes, most frequent first. Reads every shard.

    Raises:
        InputError: a shard is not what the manifest says.
    """
    labels: dict[str, Label] = {}
    counts: Counter[str] = Counter()
    company: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in manifest.shards:
        for record, _ in read_record_shard(records, entry):
            for label in record.labels:
                counts[label.id] += 1
                if label.id not in labels or label.description:
                    labels[label.id] = label
                if not label.description and counts[label.id] <= _PICTURES:
                    company[label.id].update(other.id for other in record.labels if _is_neighbour(other, label))
    in_order = sorted(labels.values(), key=lambda label: (-counts[label.id], label.id))
    return _gaps(in_order, {}, {label_id: _most(others, labels) for label_id, others in company.items()})


def gaps_from_tsv(data: bytes, where: str) -> list[Gap]:
    """The labels of a table without a description, in its order. Columns: `id`, `name`; also `description`, `sense`, `gloss`.

    Raises:
        InputError: it is no such table, or an id has no source or stands twice.
    """
    rows = list(rows_from_tsv(data, where, ("id", "name"), ("description", "sense", "gloss")))
    labels = [Label(row["id"], row["name"], row.get("description", ""), row.get("sense", "")) for row in rows]
    return _gaps(labels, {row["id"]: row.get("gloss", "") for row in rows}, {})


def with_glosses(gaps: Iterable[Gap], wordnet: WordNet) -> list[Gap]:
    """The gaps with WordNet's definitions of Visual Genome's synsets, where they have none."""
    return [
        msgspec.structs.replace(gap, gloss=wordnet.gloss(gap.id.removeprefix(_SYNSETS)))
        if gap.id.startswith(_SYNSETS) and not gap.gloss
        else gap
        for gap in gaps
    ]


def _gaps(labels: list[Label], glosses: Mapping[str, str], company: Mapping[str, list[str]]) -> list[Gap]:
    by_word: dict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in labels:
        for word in set(_words(label)):
            by_word[_source(label), word].append(label)
    return [
        Gap(
            id=label.id,
            name=label.name,
            source=_source(label),
            sense=label.sense,
            gloss=glosses.get(label.id, ""),
            alike=_alike(label, by_word),
            seen_with=company.get(label.id, []),
        )
        for label in labels
        if not label.description
    ]


def _alike(label: Label, by_word: Mapping[tuple[str, str], list[Label]]) -> list[str]:
    """Labels with words of this one's name: most in common first, then those that end on the same word."""
    words = _words(label)
    shared = Counter(other for word in set(words) for other in by_word[_source(label), word] if other.id != label.id)

    def rank(other: Label) -> tuple[int, bool, int, str, str]:
        return -shared[other], _words(other)[-1] != words[-1], len(_words(other)), other.name, other.id

    return [_shown(other) for other in sorted(shared, key=rank)[:_SHOWN]]


def _is_neighbour(other: Label, label: Label) -> bool:
    return other.id != label.id and _source(other) == _source(label)


def _most(others: Counter[str], labels: Mapping[str, Label]) -> list[str]:
    ranked = sorted(others, key=lambda other: (-others[other], other))
    return [_shown(labels[other]) for other in ranked[:_SHOWN]]


def _shown(label: Label) -> str:
    """A label's name with its sense: `slug (bullet)`; a sense that is the whole name already stands alone."""
    if not label.sense or label.name in label.sense:
        return label.sense or label.name
    return f"{label.name} ({label.sense})"


def _source(label: Label) -> str:
    return label.id.partition(":")[0]


def _words(label: Label) -> list[str]:
    return _WORD.findall(label.name.casefold())
