"""Fitting: samples of the training split alone, equal bytes twice, and nothing to fit on is an error."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from mmgic.errors import InputError
from mmgic.schema.documents import Document, TextPart
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.params import Params, TextTokenizerParams, VisualTokenizerParams
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import write_record_shard
from mmgic.vocab.fit import fit_visual, fit_vocabulary


@pytest.fixture(scope="session")
def visual(params: Params) -> VisualTokenizerParams:
    return msgspec.structs.replace(params.tokenize.visual, side_px=16, patch_px=8, num_codes=6)


@pytest.fixture
def shards(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> list[ShardEntry]:
    """Two training shards of one colour a record, and a held-out one of white pictures."""

    def made(name: str, split: str, numbers: range, colour: int | None = None) -> ShardEntry:
        items = [
            (
                record(f"k{i}", regions=[]),
                picture(colour=(colour, colour, colour) if colour else (10 * i, 0, 0)),
            )
            for i in numbers
        ]
        return write_record_shard(scratch, name, split, items)

    return [
        made("train-0.tar", "train", range(6)),
        made("train-1.tar", "train", range(6, 12)),
        made("val-0.tar", "val", range(4), 255),
    ]


def _fitted(folder: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams, **changes: Any) -> np.ndarray:
    return fit_visual(folder, shards, msgspec.structs.replace(visual, **changes), 1, 1).codebook_KP


def test_the_codebook_knows_the_training_split_alone(
    scratch: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams
) -> None:
    codebook = _fitted(scratch, shards, visual, num_codes=50)
    assert len(codebook) == 12 and codebook.max() == 110
    assert np.array_equal(codebook, _fitted(scratch, shards, visual, num_codes=50))


def test_a_sample_takes_every_nth_picture(
    scratch: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams
) -> None:
    codebook = _fitted(scratch, shards, visual, num_codes=50, fit_pictures=4)
    assert sorted(codebook[:, 0].tolist()) == [0, 30, 60, 90]


def test_a_shard_that_gives_no_sample_is_not_read(
    scratch: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams
) -> None:
    scratch.remove("train-1.tar")
    assert sorted(_fitted(scratch, shards, visual, num_codes=50, fit_pictures=1)[:, 0].tolist()) == [0]


def test_no_training_picture_is_an_error(
    scratch: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams
) -> None:
    with pytest.raises(InputError, match="no picture of split train to fit the visual tokenizer on"):
        _fitted(scratch, shards[2:], visual)


def test_a_vocabulary_is_equal_twice_and_needs_a_training_document(
    scratch: Folder, shards: list[ShardEntry], visual: VisualTokenizerParams
) -> None:
    documents = {
        split: [Document(f"k{i}", split, "C", [TextPart(f"{split} word {i}", "caption")]) for i in range(9)]
        for split in ("train", "val")
    }
    cuts = {
        split: ShardCut(write_lines(scratch, f"{split}.zst", split, items), 9) for split, items in documents.items()
    }
    text = TextTokenizerParams(vocabulary_size=300, fit_documents=100)
    fitted = [fit_vocabulary(scratch, list(cuts.values()), scratch, shards, text, visual, 1, 1) for _ in range(2)]
    assert fitted[0].text.to_str() == fitted[1].text.to_str()
    assert fitted[0].text.token_to_id("train") is not None and fitted[0].text.token_to_id("val") is None
    with pytest.raises(InputError, match="no document of split train to fit the text tokenizer on"):
        fit_vocabulary(scratch, [cuts["val"]], scratch, shards, text, visual, 1, 1)
