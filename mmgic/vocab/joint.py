"""The joint id space: text tokens, then image start, image end, then one id a code (the layout of LaVIT's public code).

On disk it is a folder: a Hugging Face tokenizer that knows every id, `vocabulary.json` with the layout, `text_tokenizer.json`
(text alone), and the visual tokenizer's codebook.
"""

import io
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from tokenizers import AddedToken, Tokenizer

from mmgic.errors import InputError
from mmgic.images import DecodeMode
from mmgic.schema.manifests import ShardEntry
from mmgic.shards.folder import Folder
from mmgic.vocab.patches import PatchTokenizer
from mmgic.vocab.text import BOS, EOS, PAD, text_tokenizer_from_json

IMAGE_START, IMAGE_END = "<image>", "</image>"

_LAYOUT, _TEXT, _CODEBOOK = "vocabulary.json", "text_tokenizer.json", "codebook.npy"


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the ids lie, and what the visual tokenizer is."""

    num_text_tokens: int
    num_codes: int
    visual_kind: str
    side_px: int
    patch_px: int
    decode: DecodeMode


@dataclass(frozen=True)
class Vocabulary:
    """Text and visual tokens in one id space."""

    text: Tokenizer
    visual: PatchTokenizer

    pad_id, bos_id, eos_id = 0, 1, 2

    @cached_property
    def num_text_tokens(self) -> int:
        """Ids below this are text and special tokens."""
        return int(self.text.get_vocab_size())

    @property
    def image_start_id(self) -> int:
        """Id of the token before a picture's codes."""
        return self.num_text_tokens

    @property
    def image_end_id(self) -> int:
        """Id of the token after a picture's codes."""
        return self.num_text_tokens + 1

    @property
    def first_code_id(self) -> int:
        """Id of code 0."""
        return self.num_text_tokens + 2

    @property
    def size(self) -> int:
        """Number of ids."""
        return self.first_code_id + self.visual.num_codes

    @property
    def id_type(self) -> np.dtype[np.unsignedinteger]:
        """The smallest type that holds every id: little-endian uint16 or uint32."""
        return np.dtype("<u2") if self.size <= 1 << 16 else np.dtype("<u4")

    def save(self, folder: Folder) -> list[ShardEntry]:
        """Writes the vocabulary files into `folder`; returns a manifest line for each, named from the folder above it."""
        layout = Layout(
            num_text_tokens=self.num_text_tokens,
            num_codes=self.visual.num_codes,
            visual_kind=self.visual.kind,
            side_px=self.visual.side_px,
            patch_px=self.visual.patch_px,
            decode=self.visual.decode,
        )
        codebook = io.BytesIO()
        np.save(codebook, self.visual.codebook_KP, allow_pickle=False)
        files = {
            _LAYOUT: msgspec.json.format(msgspec.json.encode(layout), indent=1),
            _TEXT: self.text.to_str().encode(),
            _CODEBOOK: codebook.getvalue(),
            **_hugging_face_files(self),
        }
        entries = []
        for name, data in files.items():
            with folder.writing(name) as stream:
                stream.write(data)
            entries.append(stream.entry(f"{folder.name}/{name}", "", 0))
        return entries


def load_vocabulary(folder: Folder) -> Vocabulary:
    """The vocabulary that `save` wrote.

    Raises:
        InputError: a file is missing or not what the layout says.
    """
    try:
        layout = msgspec.json.decode(folder.read(_LAYOUT), type=Layout)
        codebook = np.load(io.BytesIO(folder.read(_CODEBOOK)), allow_pickle=False)
        text = text_tokenizer_from_json(folder.read(_TEXT).decode())
    except (msgspec.MsgspecError, ValueError, EOFError) as error:
        raise InputError(f"cannot read the vocabulary: {error}", where=folder.url) from error
    vocabulary = Vocabulary(text, PatchTokenizer(layout.side_px, layout.patch_px, codebook, layout.decode))
    found = (vocabulary.num_text_tokens, codebook.dtype.name, codebook.shape)
    wanted = (layout.num_text_tokens, "uint8", (layout.num_codes, layout.patch_px**2 * 3))
    if found != wanted:
        raise InputError(
            f"text tokens, type and shape of the codebook are {found}, the layout says {wanted}", where=folder.url
        )
    return vocabulary


def _hugging_face_files(vocabulary: Vocabulary) -> dict[str, bytes]:
    """The files of a `PreTrainedTokenizerFast` over the joint ids; ids of added tokens follow the text's."""
    import tempfile
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    joint = Tokenizer.from_str(vocabulary.text.to_str())
    names = [IMAGE_START, IMAGE_END, *(f"<code_{code}>" for code in range(vocabulary.visual.num_codes))]
    joint.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in names])
    if joint.get_vocab_size() != vocabulary.size or joint.token_to_id(IMAGE_START) != vocabulary.image_start_id:
        raise InputError(
            "the text tokenizer already has tokens named like the visual ones", hint="fit it on other text"
        )
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=joint, pad_token=PAD, bos_token=BOS, eos_token=EOS, clean_up_tokenization_spaces=False
    )
    with tempfile.TemporaryDirectory() as place:
        fast.save_pretrained(place)
        return {path.name: path.read_bytes() for path in sorted(Path(place).iterdir())}
