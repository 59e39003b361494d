"""Glosses of WordNet's senses, from a dictionary folder in Princeton's format: the descriptions of Visual Genome's labels.

Format: wndb(5WN) of WordNet 3.0; `index.<part>` lists a word's senses as offsets into `data.<part>`, most frequent first, so
that `tree.n.01` is the first noun sense of `tree`. Both files are mapped, not read: a lookup bisects the sorted index in 17
steps and reads one line, 150 microseconds; the last 16,384 are kept. nltk reads the same files, but its corpus reader puts all
150,000 words into dictionaries first and wants nltk's own folders; `wn` wants a download.
"""

import mmap
import re
from functools import lru_cache
from pathlib import Path

import msgspec

from mmgic.errors import InputError

RELEASE = "WordNet 3.0"
"""The release whose sense numbers Visual Genome uses; each of its files names it in the licence at its head."""

_PARTS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
"""Letters of synset names; satellite adjectives (`s`) stand among the adjectives."""

_SYNSET = re.compile(r"(?P<lemma>\S{1,200})\.(?P<part>[nvasr])\.(?P<sense>\d{1,3})")
_EXAMPLES = re.compile(r"\s*[;:,]\s*\"")
_TAG = re.compile(r"\A\([^()]*\)\s+")
_MAX_LINE = 1 << 16
_KEPT_GLOSSES = 16_384
_HEAD = 2048


class WordNet:
    """A dictionary folder. It crosses to other processes as its path.

    Raises:
        InputError: the folder holds no dictionary, a damaged one, or one of another release.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        missing = [name for part in ("noun", "verb", "adj", "adv") for name in _names(part) if not self._is_file(name)]
        if missing:
            raise InputError(
                f"no WordNet dictionary: {', '.join(missing)} missing",
                where=folder,
                hint="apt-get install wordnet-base puts WordNet 3.0 into /usr/share/wordnet",
            )
        self._maps: dict[str, mmap.mmap] = {}
        for path in self.paths():
            if RELEASE.encode() not in self._map(path.name)[:_HEAD]:
                raise InputError(
                    f"not of {RELEASE}", where=str(path), hint="senses have other numbers in other releases"
                )
        self._kept = lru_cache(_KEPT_GLOSSES)(self._looked_up)

    def __reduce__(self) -> tuple[object, ...]:
        return WordNet, (self.folder,)

    def gloss(self, synset: str) -> str:
        """Definition of a synset named as nltk and Visual Genome do (`tree.n.01`), without its examples; empty where there
        is no such sense."""
        return self._kept(synset)

    def paths(self) -> list[Path]:
        """The files that glosses come from."""
        return [Path(self.folder) / name for part in ("noun", "verb", "adj", "adv") for name in _names(part)]

    def _looked_up(self, synset: str) -> str:
        if not (match := _SYNSET.fullmatch(synset.lower())):
            return ""
        index, data = _names(_PARTS[match["part"]])
        offsets = self._offsets(index, match["lemma"].encode())
        sense = int(match["sense"])
        return definition(self._gloss_at(data, offsets[sense - 1])) if 0 < sense <= len(offsets) else ""

    def _offsets(self, name: str, lemma: bytes) -> list[int]:
        """Where the senses of a word start in the data file, in the order of their numbers."""
        index = self._map(name)
        low, high = 0, len(index)
        while low < high:
            middle = (low + high) // 2
            start = max(index.rfind(b"\n", low, middle) + 1, low)
            line = self._line(name, start)
            word = line.partition(b" ")[0]  # empty in the lines of the licence, which come first
            if word == lemma:
                return self._parsed(name, start, line)
            low, high = (start + len(line) + 1, high) if word < lemma else (low, start)
        return []

    def _parsed(self, name: str, start: int, line: bytes) -> list[int]:
        try:
            fields = line.split()
            offsets = [int(field) for field in fields[-int(fields[2]) :]]
        except (ValueError, IndexError) as error:
            raise self._damaged(name, start) from error
        return offsets

    def _gloss_at(self, name: str, offset: int) -> str:
        line = self._line(name, offset)
        if not line.startswith(b"%08d " % offset) or b"| " not in line:
            raise self._damaged(name, offset)
        return line.partition(b"| ")[2].decode("utf-8", "replace")

    def _line(self, name: str, start: int) -> bytes:
        file = self._map(name)
        end = file.find(b"\n", start, start + _MAX_LINE)
        if not 0 <= start < len(file) or end < 0:
            raise self._damaged(name, start)
        return file[start:end]

    def _map(self, name: str) -> mmap.mmap:
        if name not in self._maps:
            try:
                with (Path(self.folder) / name).open("rb") as file:
                    self._maps[name] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:  # an empty file cannot be mapped
                raise self._damaged(name, 0) from error
        return self._maps[name]

    def _is_file(self, name: str) -> bool:
        return (Path(self.folder) / name).is_file()

    def _damaged(self, name: str, offset: int) -> InputError:
        return InputError(
            f"not a line of WordNet's at byte {offset}",
            where=str(Path(self.folder) / name),
            hint="index and data files must be of one release; install wordnet-base again",
        )


def glosses_from_synsets(data: bytes, where: str) -> dict[str, str]:
    """Definitions by synset name from Visual Genome's own `synsets.json`.

    Raises:
        InputError: it is not a list of objects with `synset_name` and `synset_definition`.
    """
    try:
        rows = msgspec.json.decode(data, type=list[_Synset])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"not Visual Genome's synsets: {error}", where=where) from error
    return {row.synset_name: definition(row.synset_definition) for row in rows}


def definition(gloss: str) -> str:
    """A gloss without its quoted examples, on one line, with plain quotes."""
    text = " ".join(_EXAMPLES.split(gloss, maxsplit=1)[0].replace("`", "'").split())
    return (text if text.count('"') % 2 == 0 else text.replace('"', "")).strip(" ;:,")


def sentence_from_gloss(gloss: str) -> str:
    """A gloss as descriptions are written: without the field in front (`(botany)`), with a capital and a full stop."""
    text = _TAG.sub("", gloss)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


class _Synset(msgspec.Struct):
    synset_name: str
    synset_definition: str


def _names(part: str) -> tuple[str, str]:
    return f"index.{part}", f"data.{part}"
