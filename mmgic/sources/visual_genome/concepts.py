"""What Visual Genome says of one image as a raw record: labels, boxes with attributes, relations, phrases.

Nothing goes without a count: what has no use is in `dropped`, by kind and cause.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mmgic.schema.records import Box, Label, Phrase, RawBox, Relation
from mmgic.sources.visual_genome.parts import SOURCE, AttributesRow, ObjectRow, PhraseRow, RelationRow

_NO_BOX = (0.0, 0.0, 0.0, 0.0)


class Concepts(NamedTuple):
    """All of an image but its picture."""

    boxes: list[RawBox]
    relations: list[Relation]
    phrases: list[Phrase]
    dropped: dict[str, int]


def concepts(
    objects: Sequence[ObjectRow | None],
    attributes: Sequence[AttributesRow | None],
    relations: Sequence[RelationRow | None],
    phrases: Sequence[PhraseRow | None],
    descriptions: Mapping[str, str],
) -> Concepts:
    """The concepts of an image from the rows of its files, None where a row could not be read."""
    dropped: Counter[str] = Counter()
    places = {number: place for place, row in reversed(list(enumerate(objects))) if row for number in reversed(row.ids)}
    labels = _labels(objects, descriptions)
    said = _attributes(attributes, places, dropped)
    return Concepts(
        [_raw_box(row, labels, list(said.get(place, ()))) for place, row in enumerate(objects)],
        _relations(relations, objects, places, dropped),
        _phrases(phrases, dropped),
        {cause: count for cause, count in dropped.items() if count},
    )


def label_id(row: ObjectRow) -> str:
    """By synset, or else by name; empty where there is neither."""
    return f"{SOURCE}:{row.synset}" if row.synset else f"{SOURCE}:name/{row.name}" if row.name else ""


def _labels(objects: Sequence[ObjectRow | None], descriptions: Mapping[str, str]) -> dict[str, Label]:
    """Labels by id. The objects of a synset bear many names: the label has the one that most of this image's bear."""
    names: dict[str, Counter[str]] = {}
    synsets: dict[str, str] = {}
    for row in objects:
        if row and (label := label_id(row)):
            synsets[label] = row.synset
            names.setdefault(label, Counter())[row.name or row.synset.split(".")[0].replace("_", " ")] += 1
    return {
        label: Label(label, found.most_common(1)[0][0], descriptions.get(synsets[label], ""))
        for label, found in names.items()
    }


def _raw_box(row: ObjectRow | None, labels: Mapping[str, Label], attributes: list[str]) -> RawBox:
    label = labels.get(label_id(row)) if row else None
    if row is None or row.box_xyxy_px is None:
        return RawBox(label or Label(f"{SOURCE}:", ""), _NO_BOX, fault="unreadable")
    if label is None:
        return RawBox(Label(f"{SOURCE}:", ""), _NO_BOX, fault="unknown_label")
    return RawBox(label, row.box_xyxy_px, attributes=attributes)


def _attributes(
    rows: Sequence[AttributesRow | None], places: Mapping[int, int], dropped: Counter[str]
) -> dict[int, dict[str, None]]:
    """Attributes by the object's place, each once, in order."""
    found: dict[int, dict[str, None]] = {}
    for row in rows:
        if row is None:
            dropped["attribute.unreadable"] += 1
        elif row.object_id is not None and row.object_id in places:
            found.setdefault(places[row.object_id], {}).update(dict.fromkeys(row.attributes))
        elif row.attributes:
            dropped["attribute.unknown_object"] += len(row.attributes)
    return found


def _relations(
    rows: Sequence[RelationRow | None],
    objects: Sequence[ObjectRow | None],
    places: Mapping[int, int],
    dropped: Counter[str],
) -> list[Relation]:
    """Relations between the image's objects; an end that is none of them, by id, is taken as the relation describes it."""
    found: dict[Relation, None] = {}
    for row in rows:
        ends = [_end(end, objects, places) for end in (row.subject, row.object)] if row else []
        if row is None or any(end is None for end in ends):
            dropped["relation.unreadable"] += 1
        elif not row.predicate:
            dropped["relation.empty"] += 1
        else:
            (subject, subject_box), (object_, object_box) = (end for end in ends if end)
            relation = Relation(row.predicate, subject, subject_box, object_, object_box)
            dropped["relation.repeated"] += relation in found
            found[relation] = None
    return list(found)


def _end(end: ObjectRow, objects: Sequence[ObjectRow | None], places: Mapping[int, int]) -> tuple[str, Box] | None:
    row = next((objects[places[number]] for number in end.ids if number in places), end) or end
    label = label_id(row)
    return (label, row.box_xyxy_px) if label and row.box_xyxy_px else None


def _phrases(rows: Sequence[PhraseRow | None], dropped: Counter[str]) -> list[Phrase]:
    """Phrases, each wording once: the first of its boxes."""
    found: dict[str, Phrase] = {}
    for row in rows:
        if row is None or (row.text and row.box_xyxy_px is None):
            dropped["phrase.unreadable"] += 1
        elif not row.text or row.box_xyxy_px is None:
            dropped["phrase.empty"] += 1
        elif row.text.casefold() in found:
            dropped["phrase.repeated"] += 1
        else:
            found[row.text.casefold()] = Phrase(row.text, row.box_xyxy_px)
    return list(found.values())
