"""Descriptions of labels: the files that come along, the user's own, and WordNet's glosses.

A description file is TSV in UTF-8: the header `id`, `name`, `description`, then a label a line, its id with the source in
front (`coco:17`). `mmgic/sources/data/descriptions` holds one a source, written by hand; docs/descriptions.md has its rules.
Reading all of them takes 3 ms; a label is then one look into a dictionary, or a gloss from WordNet.
"""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Self

import msgspec
from blake3 import blake3

from mmgic.schema.params import DescriptionParams
from mmgic.schema.records import Label
from mmgic.shards.folder import Folder
from mmgic.sources.label_tables import rows_from_tsv, unquoted
from mmgic.sources.wordnet import WordNet, sentence_from_gloss

HEADER = ("id", "name", "description")
_KEPT_LABELS = 16_384
_SYNSETS = "visual-genome:"
_ALIKE = 0.8
"""Native names are sometimes misspelt (`Bakset`); closer than this they are the same word, as `mouse` and `house` are not."""


class Descriptions:
    """Fills labels' descriptions; crosses to worker processes as the places of its files, which each reads once.

    First of these that has a text: the last side file that names the label's id; the source's own text, which the label has
    already; the file that comes along, where its name of the label is the label's; WordNet, for Visual Genome's synsets.
    """

    def __init__(self, wordnet: str, side_files: tuple[str, ...]) -> None:
        self._wordnet_folder = wordnet
        self._side_files = side_files
        self._kept = lru_cache(_KEPT_LABELS)(self._described)

    def __reduce__(self) -> tuple[object, ...]:
        return Descriptions, (self._wordnet_folder, self._side_files)

    def __call__(self, label: Label) -> Label:
        """The label with its description, empty where none is known."""
        return self._kept(label)

    def _described(self, label: Label) -> Label:
        side = self._own.get(label.id)
        if side and side.description:
            return msgspec.structs.replace(label, description=side.description)
        if label.description:
            return label
        return msgspec.structs.replace(label, description=self._found(label))

    def opened(self) -> Self:
        """The same, with every file read, or mapped, and found to be what it should be.

        Raises:
            InputError: one is not there, or is not.
        """
        _ = self._own, self._shipped, self._wordnet
        return self

    def digests(self) -> dict[str, str]:
        """Hash of each file that the params name: other contents are other inputs, though the params stay the same.

        Raises:
            InputError: a file cannot be read.
        """
        digests = {place: blake3(_bytes(place)).hexdigest() for place in self._side_files}
        for path in self._wordnet.paths() if self._wordnet else ():
            digests[str(path)] = blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()
        return digests

    def _found(self, label: Label) -> str:
        shipped = self._shipped.get(label.id)
        if shipped and _is_same_name(shipped.name, label.name):
            return shipped.description
        if self._wordnet and label.id.startswith(_SYNSETS):
            return sentence_from_gloss(self._wordnet.gloss(label.id.removeprefix(_SYNSETS)))
        return ""

    @cached_property
    def _own(self) -> dict[str, Label]:
        return {label.id: label for label in labels_from_files(self._side_files)}

    @cached_property
    def _shipped(self) -> dict[str, Label]:
        return {label.id: label for labels in shipped_labels().values() for label in labels}

    @cached_property
    def _wordnet(self) -> WordNet | None:
        return WordNet(self._wordnet_folder) if self._wordnet_folder else None


def descriptions_for(params: DescriptionParams) -> Descriptions:
    """The descriptions that the params ask for, every file looked into, so that a wrong one ends a run before it begins.

    Raises:
        InputError: a side file cannot be read as one, or `wordnet` is no dictionary.
    """
    return Descriptions(params.wordnet, tuple(params.files)).opened()


def shipped_labels() -> dict[str, list[Label]]:
    """The labels that come along with their descriptions, by source."""
    folder = files("mmgic.sources") / "data" / "descriptions"
    return {
        file.name.removesuffix(".tsv"): labels_from_tsv(file.read_bytes(), file.name)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }


def labels_from_tsv(data: bytes, where: str) -> list[Label]:
    """The labels of a description file, in its order; `where` names it in errors.

    Raises:
        InputError: it is no table with just the columns of one (`rows_from_tsv`).
    """
    return [Label(row["id"], row["name"], row["description"]) for row in rows_from_tsv(data, where, HEADER)]


def labels_from_files(places: Iterable[str]) -> list[Label]:
    """The labels of several description files, paths or URLs, each once: its last text, an empty one only where no other is.

    Raises:
        InputError: a file is not there, or is none.
    """
    labels: dict[str, Label] = {}
    for place in places:
        for label in labels_from_tsv(_bytes(place), place):
            if label.description or label.id not in labels:
                labels[label.id] = label
    return list(labels.values())


def tsv_from_labels(labels: Iterable[Label]) -> str:
    """A description file."""
    return tsv_from_rows([HEADER, *((label.id, label.name, label.description) for label in labels)])


def tsv_from_rows(rows: Iterable[tuple[str, ...]]) -> str:
    """Lines of cells; what would break a cell becomes a space, and quotes that would be taken off are quoted."""
    return "".join("\t".join(_cell(text) for text in row) + "\n" for row in rows)


def _cell(text: str) -> str:
    cell = " ".join(text.split())
    return cell if unquoted(cell) == cell else '"' + cell.replace('"', '""') + '"'


def coverage(is_described: Mapping[str, bool]) -> dict[str, tuple[int, int]]:
    """By source, in alphabetical order: labels with a description, and all labels. Takes label ids."""
    counts: dict[str, tuple[int, int]] = {}
    for label_id, has_text in is_described.items():
        described, total = counts.get(source := label_id.partition(":")[0], (0, 0))
        counts[source] = described + has_text, total + 1
    return dict(sorted(counts.items()))


def _bytes(place: str) -> bytes:
    folder, slash, name = place.rpartition("/")
    return Folder(folder + slash or ".").read(name)


def _is_same_name(ours: str, theirs: str) -> bool:
    one, other = ("".join(filter(str.isalnum, name.casefold())) for name in (ours, theirs))
    return one == other or SequenceMatcher(None, one, other).ratio() > _ALIKE
