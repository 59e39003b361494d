"""Text tokens: any text comes back, special tokens cannot be spelt, equal texts give equal bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.text import BOS, EOS, PAD, fit_text_tokenizer, text_tokenizer_from_json

_SPELT = st.sampled_from([BOS, EOS, PAD, "<image>", "</image>", "<code_3>", " ", "\n", "\u2028", "\0", "Ġ"])


@given(text=st.text() | st.lists(_SPELT | st.text(max_size=3)).map("".join))
def test_any_text_comes_back_and_never_makes_a_special_token(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.text.encode(text, add_special_tokens=False).ids
    assert vocabulary.text.decode(ids, skip_special_tokens=False) == text
    assert all(3 <= number < vocabulary.num_text_tokens for number in ids)


def test_special_tokens_have_their_places() -> None:
    tokenizer = fit_text_tokenizer(["abc"], 300)
    assert [tokenizer.token_to_id(name) for name in (PAD, BOS, EOS)] == [0, 1, 2]
    assert tokenizer.get_vocab_size() >= 259


@pytest.mark.parametrize("size", [300, 310])
def test_equal_texts_give_equal_bytes_within_the_size(size: int) -> None:
    texts = [f"{word} {other}" for word in ("red", "blue", "green") for other in ("cup", "spoon", "circle")] * 5
    first, second = (fit_text_tokenizer(iter(texts), size) for _ in range(2))
    assert first.to_str() == second.to_str()
    assert first.get_vocab_size() <= size
    again = text_tokenizer_from_json(first.to_str())
    assert (
        again.encode("<bos> red cup", add_special_tokens=False).ids
        == first.encode("<bos> red cup", add_special_tokens=False).ids
    )
