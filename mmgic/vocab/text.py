"""Byte-level BPE fitted on the documents' text, through Hugging Face `tokenizers` (kept, fast, and what models load).

Any text survives encoding and decoding byte for byte: all 256 bytes are in the alphabet, and text that happens to spell a
special token stays text.
"""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
"""Special tokens; they have the ids 0, 1 and 2."""


def fit_text_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """A byte-level BPE of at most `vocabulary_size` tokens; equal texts in equal order give equal bytes."""
    tokenizer = _plain(Tokenizer(BPE()))
    trainer = BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def text_tokenizer_from_json(text: str) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_str` wrote.

    Raises:
        ValueError: the text describes no tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(f"text tokenizer: {error}") from error
    return _plain(tokenizer)


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.encode_special_tokens = True
    return tokenizer
