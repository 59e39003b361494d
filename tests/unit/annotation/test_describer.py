from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mmgic.annotation.clues import Clues
from mmgic.annotation.describer import Describer, load_describer, one_line
from mmgic.annotation.prompt import Prompt, plain, read_prompt
from mmgic.errors import InputError

Model = Callable[[str], Path]
CPU = torch.device("cpu")
SHORT = Prompt("Describe it.", ["One sentence."], [])
LABELS = [
    Clues("cup", "toy"),
    Clues("a very long label that needs many more tokens", "toy", "sense", "definition", ["cup"], ["spoon"]),
    Clues("spoon", "toy", seen_with=["cup"]),
    Clues("Löffel", "spielzeug"),
]


def loaded(model_path: Model, name: str = "llama", prompt: Prompt = SHORT, max_tokens: int = 12) -> Describer:
    return load_describer(model_path(name), prompt, "fp32", CPU, max_tokens)


@pytest.mark.parametrize("name", ["llama", "llama-chat"])
def test_a_label_gets_the_same_sentence_in_every_batch(model_path: Model, name: str) -> None:
    describer = loaded(model_path, name)
    together = describer.sentences(LABELS)
    assert together == [describer.sentences([label])[0] for label in LABELS]
    assert len(set(together)) == 4 and all("\n" not in text and "\t" not in text for text in together)


def test_the_sentence_is_the_models_greedy_one(model_path: Model) -> None:
    network = AutoModelForCausalLM.from_pretrained(model_path("llama")).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_path("llama"))
    ids = tokenizer(plain(SHORT, LABELS[2]), return_tensors="pt")["input_ids"]
    output = network.generate(ids, do_sample=False, max_new_tokens=12, attention_mask=torch.ones_like(ids))
    expected = one_line(tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True))
    assert loaded(model_path).sentences([LABELS[2]]) == [expected]


def test_a_chat_template_is_used_where_there_is_one(model_path: Model) -> None:
    described = [loaded(model_path, name).sentences(LABELS) for name in ("llama", "llama-chat")]
    assert described[0] != described[1]


def test_a_prompt_longer_than_the_model_reads_is_named(model_path: Model) -> None:
    with pytest.raises(InputError, match=r"a prompt of \d+ tokens and 12 for the answer, but the model reads 512"):
        loaded(model_path, prompt=read_prompt()).sentences(LABELS)


def test_the_prompt_that_comes_along_fits_a_usual_model(model_path: Model) -> None:
    describer = loaded(model_path)
    longer = msgspec.structs.replace(read_prompt())
    ids = describer.tokenizer(plain(longer, LABELS[1]))["input_ids"]
    assert len(ids) < 4096  # of bytes and short pieces: a real tokenizer needs a quarter


def test_tokens_that_the_model_lacks_are_named(model_path: Model, tmp_path: Path) -> None:
    network = AutoModelForCausalLM.from_pretrained(model_path("llama"))
    network.resize_token_embeddings(40)
    network.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(model_path("llama")).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="the language model cannot take its input: index out of range") as caught:
        load_describer(tmp_path, SHORT, "fp32", CPU, 12).sentences(LABELS)
    assert caught.value.where == str(tmp_path)


@pytest.mark.parametrize("name", ["clip", "blip"])
def test_a_model_that_writes_no_text_is_refused(model_path: Model, name: str) -> None:
    with pytest.raises(InputError, match=f"a model of type `{name}` cannot be the language model"):
        loaded(model_path, name)


def test_a_folder_without_a_tokenizer_is_named(model_path: Model, tmp_path: Path) -> None:
    AutoModelForCausalLM.from_pretrained(model_path("llama")).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="tokenizer") as caught:
        load_describer(tmp_path, SHORT, "fp32", CPU, 12)
    assert caught.value.where == str(tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" A cup.\nLabel: spoon", "A cup."),
        ("\n\n  A  red\tcup. ", "A red cup."),
        ('Description: "A cup."', "A cup."),
        ("**A cup.**", "A cup."),
        ('- A cup with the word "tea"', 'A cup with the word "tea"'),
        ("---\nA cup.", "A cup."),
        ("...", ""),
        ("", ""),
    ],
)
def test_one_line_is_left_of_what_models_write(text: str, line: str) -> None:
    assert one_line(text) == line
