"""The joint ids: layout, the folder on disk, and the same ids through Hugging Face's own loader."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from mmgic.errors import InputError
from mmgic.shards.folder import Folder
from mmgic.vocab.joint import Vocabulary, load_vocabulary
from mmgic.vocab.patches import PatchTokenizer


@pytest.fixture(scope="module")
def saved(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(str(tmp_path_factory.mktemp("vocabulary")))
    vocabulary.save(folder)
    return folder


def test_text_then_markers_then_codes(vocabulary: Vocabulary) -> None:
    n = vocabulary.num_text_tokens
    assert (vocabulary.image_start_id, vocabulary.image_end_id, vocabulary.first_code_id) == (n, n + 1, n + 2)
    assert vocabulary.size == n + 2 + vocabulary.visual.num_codes
    assert vocabulary.id_type == np.dtype("<u2")
    many = PatchTokenizer(16, 8, np.zeros((65536, 192), np.uint8))
    assert Vocabulary(vocabulary.text, many).id_type == np.dtype("<u4")


def test_a_saved_vocabulary_comes_back(vocabulary: Vocabulary, saved: Folder) -> None:
    loaded = load_vocabulary(saved)
    assert loaded.text.to_str() == vocabulary.text.to_str()
    assert np.array_equal(loaded.visual.codebook_KP, vocabulary.visual.codebook_KP)
    assert loaded.visual.digest == vocabulary.visual.digest


def test_saving_twice_gives_equal_bytes(vocabulary: Vocabulary, saved: Folder, scratch: Folder) -> None:
    vocabulary.save(scratch)
    assert saved.names() == scratch.names()
    assert all(saved.read(name) == scratch.read(name) for name in saved.names())


def test_hugging_face_has_the_same_ids(vocabulary: Vocabulary, saved: Folder) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(Path(saved.path), local_files_only=True)
    assert len(tokenizer) == vocabulary.size
    names = [
        "<pad>",
        "<bos>",
        "<eos>",
        "<image>",
        "</image>",
        "<code_0>",
        f"<code_{vocabulary.visual.num_codes - 1}>",
    ]
    n = vocabulary.num_text_tokens
    assert tokenizer.convert_tokens_to_ids(names) == [0, 1, 2, n, n + 1, n + 2, vocabulary.size - 1]
    assert (tokenizer.pad_token, tokenizer.bos_token, tokenizer.eos_token) == ("<pad>", "<bos>", "<eos>")
    text = "A red cup, é 猫 🙂\n"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids == vocabulary.text.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("name", ["vocabulary.json", "codebook.npy", "text_tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused(vocabulary: Vocabulary, scratch: Folder, name: str) -> None:
    vocabulary.save(scratch)
    scratch.remove(name)
    with pytest.raises(InputError, match=f"no file {name}"):
        load_vocabulary(scratch)


def test_files_that_contradict_each_other_are_refused(vocabulary: Vocabulary, scratch: Folder) -> None:
    vocabulary.save(scratch)
    layout = msgspec.json.decode(scratch.read("vocabulary.json"))
    scratch.write("vocabulary.json", msgspec.json.encode({**layout, "num_codes": 11}))
    with pytest.raises(InputError, match=r"\(10, 192\)\), the layout says .*\(11, 192\)\)"):
        load_vocabulary(scratch)
    scratch.write("vocabulary.json", b"{")
    with pytest.raises(InputError, match="cannot read the vocabulary"):
        load_vocabulary(scratch)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("codebook.npy", b"\x93NUMPY junk"),
        ("codebook.npy", b""),
        ("text_tokenizer.json", b"{}"),
        ("text_tokenizer.json", b"\xff"),
    ],
)
def test_a_broken_file_is_refused_not_a_crash(vocabulary: Vocabulary, scratch: Folder, name: str, data: bytes) -> None:
    vocabulary.save(scratch)
    scratch.write(name, data)
    with pytest.raises(InputError, match="cannot read the vocabulary"):
        load_vocabulary(scratch)
