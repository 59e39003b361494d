import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, OPTConfig, OPTForCausalLM

from mmgic.annotation.captioner import load_captioner
from mmgic.annotation.settings import CaptionSettings
from mmgic.errors import InputError, UsageError

Model = Callable[[str], Path]
Settings = Callable[..., CaptionSettings]
CPU = torch.device("cpu")
KEYS = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("sampling", ["nucleus", "beam"])
@pytest.mark.parametrize(
    ("name", "prompt"), [("blip", ""), ("blip2", ""), ("blip2", "a red"), ("git", ""), ("llava", "a")]
)
def test_candidates_are_of_their_picture_and_key_whatever_the_batch(
    model_path: Model, settings: Settings, pictures: np.ndarray, name: str, prompt: str, sampling: str
) -> None:
    captioner = load_captioner(model_path(name), settings(sampling=sampling, prompt=prompt), CPU)
    assert captioner.side_px == 24
    together = captioner.candidates(pictures, KEYS)
    assert [len(of_one) for of_one in together] == [4] * 5
    alone = [captioner.candidates(pictures[[n]], [key])[0] for n, key in enumerate(KEYS)]
    assert together == alone
    assert together == captioner.candidates(pictures, KEYS)
    assert len({candidate.text for of_one in together for candidate in of_one}) >= 3


def test_the_picture_the_key_and_the_seed_all_matter(
    model_path: Model, settings: Settings, pictures: np.ndarray
) -> None:
    captioner = load_captioner(model_path("blip2"), settings(), CPU)
    first = captioner.candidates(pictures, KEYS)
    assert first != captioner.candidates(pictures[::-1], KEYS)
    assert first != captioner.candidates(pictures, ["f", "g", "h", "i", "j"])
    assert first != load_captioner(model_path("blip2"), settings(seed=2), CPU).candidates(pictures, KEYS)


@pytest.mark.parametrize(("name", "prompt"), [("blip", ""), ("blip2", ""), ("blip2", "a red"), ("git", "")])
def test_a_nucleus_of_one_token_is_greedy_decoding_without_the_prompt(
    model_path: Model, settings: Settings, pictures: np.ndarray, name: str, prompt: str
) -> None:
    made = load_captioner(
        model_path(name), settings(top_p=1e-9, candidates=1, prompt=prompt, max_tokens=12), CPU
    ).candidates(pictures, KEYS)
    network = AutoModelForImageTextToText.from_pretrained(model_path(name)).eval()
    processor = AutoProcessor.from_pretrained(model_path(name))
    words = {"text": [prompt] * 5} if prompt else {}
    output = network.generate(
        **processor(images=list(pictures), return_tensors="pt", **words), do_sample=False, max_new_tokens=12
    )
    expected = processor.batch_decode(output, skip_special_tokens=True)
    assert all(text.startswith(prompt) for text in expected)
    assert [of_one[0].text for of_one in made] == [text.removeprefix(prompt).strip() for text in expected]


def test_a_sentence_that_the_limit_cuts_is_not_finished(
    model_path: Model, settings: Settings, pictures: np.ndarray
) -> None:
    def finished(max_tokens: int) -> list[bool]:
        captioner = load_captioner(model_path("blip"), settings(max_tokens=max_tokens), CPU)
        return [candidate.is_finished for of_one in captioner.candidates(pictures, KEYS) for candidate in of_one]

    assert sum(finished(1)) < sum(finished(40)) > 10


def test_bf16_works(model_path: Model, settings: Settings, pictures: np.ndarray) -> None:
    captioner = load_captioner(model_path("blip"), settings(precision="bf16"), CPU)
    assert captioner.network.dtype == torch.bfloat16
    assert len(captioner.candidates(pictures, KEYS)) == 5


def test_no_pictures_are_no_candidates(model_path: Model, settings: Settings, pictures: np.ndarray) -> None:
    assert load_captioner(model_path("blip"), settings(), CPU).candidates(pictures[:0], []) == []


def test_a_model_of_another_kind_is_refused(model_path: Model, settings: Settings) -> None:
    with pytest.raises(InputError, match="a model of type `clip` cannot be the captioner"):
        load_captioner(model_path("clip"), settings(), CPU)


def test_a_model_that_answers_prompts_wants_one(model_path: Model, settings: Settings) -> None:
    with pytest.raises(UsageError, match="answers prompts") as caught:
        load_captioner(model_path("llava"), settings(), CPU)
    assert "--prompt" in caught.value.hint


@pytest.mark.parametrize("name", ["blip", "git", "blip2"])
def test_pictures_of_another_size_than_the_models_are_named(
    model_path: Model, settings: Settings, pictures: np.ndarray, tmp_path: Path, name: str
) -> None:
    AutoModelForImageTextToText.from_pretrained(model_path(name)).save_pretrained(tmp_path)
    processor = AutoProcessor.from_pretrained(model_path(name))
    processor.image_processor.size = processor.image_processor.crop_size = {"height": 32, "width": 32}
    processor.save_pretrained(tmp_path)
    captioner = load_captioner(tmp_path, settings(), CPU)
    with pytest.raises(InputError, match="the captioner cannot take its input: ") as caught:
        captioner.candidates(pictures, KEYS)
    assert caught.value.where == str(tmp_path)


def test_a_prompt_without_a_place_for_the_picture_is_named(
    model_path: Model, settings: Settings, pictures: np.ndarray, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_path("llava"), tmp_path / "llava"))
    (folder / "chat_template.jinja").unlink()
    captioner = load_captioner(folder, settings(prompt="a picture of"), CPU)
    with pytest.raises(InputError, match="the captioner cannot take its input: "):
        captioner.candidates(pictures, KEYS)


def test_a_text_model_has_no_processor_for_pictures(settings: Settings, tmp_path: Path) -> None:
    config = OPTConfig(vocab_size=9, hidden_size=8, ffn_dim=8, num_hidden_layers=1, num_attention_heads=1)
    OPTForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="captioner's processor"):
        load_captioner(tmp_path, settings(), CPU)


@pytest.mark.parametrize("sampling", ["nucleus", "beam"])
def test_weights_that_are_no_numbers_are_named(
    model_path: Model, settings: Settings, pictures: np.ndarray, tmp_path: Path, sampling: str
) -> None:
    network = AutoModelForImageTextToText.from_pretrained(model_path("blip"))
    with torch.no_grad():
        next(network.text_decoder.parameters()).fill_(torch.nan)
    network.save_pretrained(tmp_path)
    AutoProcessor.from_pretrained(model_path("blip")).save_pretrained(tmp_path)
    captioner = load_captioner(tmp_path, settings(sampling=sampling), CPU)
    with pytest.raises(InputError, match="no numbers"):
        captioner.candidates(pictures, KEYS)
