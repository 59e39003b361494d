from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoProcessor

from mmgic.annotation.ranker import load_ranker
from mmgic.errors import InputError

Model = Callable[[str], Path]
CPU = torch.device("cpu")
TEXTS = [["a red cup", "two dogs run over the grass"], [], ["a man"], ["old boat", "water", "a"], ["a red cup"]]


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_scores_are_the_cosines_of_the_models_own_features(model_path: Model, pictures: np.ndarray, name: str) -> None:
    scores = load_ranker(model_path(name), "fp32", None, CPU).scores(pictures, TEXTS)
    network = AutoModel.from_pretrained(model_path(name)).eval()
    processor = AutoProcessor.from_pretrained(model_path(name))
    for picture, texts, found in zip(pictures, TEXTS, scores, strict=True):
        for text, score in zip(texts, found, strict=True):
            words = processor(text=[text], padding="max_length", max_length=48, return_tensors="pt")
            with torch.inference_mode():
                image = network.get_image_features(**processor(images=[picture], return_tensors="pt")).pooler_output
                other = network.get_text_features(**words).pooler_output
            expected = torch.nn.functional.cosine_similarity(image.double(), other.double()).item()
            assert score == round(score, 4) == pytest.approx(expected, abs=1e-4)
    assert len({score for of_one in scores for score in of_one}) == 7


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_scores_do_not_mind_the_batch(model_path: Model, pictures: np.ndarray, name: str) -> None:
    ranker = load_ranker(model_path(name), "fp32", None, CPU)
    alone = [ranker.scores(pictures[[n]], [texts])[0] for n, texts in enumerate(TEXTS)]
    assert ranker.scores(pictures, TEXTS) == alone


def test_a_text_longer_than_the_model_reads_is_cut(model_path: Model, pictures: np.ndarray) -> None:
    ranker = load_ranker(model_path("clip"), "bf16", None, CPU)
    assert len(ranker.scores(pictures[:1], [["a red cup " * 100]])[0]) == 1
    assert ranker.scores(pictures[:2], [[], []]) == [[], []]


@pytest.mark.parametrize("name", ["blip2", "git", "llava"])
def test_a_model_without_one_space_for_pictures_and_texts_is_refused(model_path: Model, name: str) -> None:
    with pytest.raises(InputError, match="the ranker") as caught:
        load_ranker(model_path(name), "fp32", None, CPU)
    assert caught.value.where == str(model_path(name))


def test_pictures_of_another_size_than_the_models_are_named(model_path: Model, tmp_path: Path) -> None:
    AutoModel.from_pretrained(model_path("clip")).save_pretrained(tmp_path)
    processor = AutoProcessor.from_pretrained(model_path("clip"))
    processor.image_processor.size = processor.image_processor.crop_size = {"height": 32, "width": 32}
    processor.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"the ranker cannot take its input: .*32\*32") as caught:
        load_ranker(tmp_path, "fp32", None, CPU)
    assert caught.value.where == str(tmp_path)


def test_features_that_are_no_numbers_are_named(model_path: Model, tmp_path: Path) -> None:
    network = AutoModel.from_pretrained(model_path("clip"))
    with torch.no_grad():
        network.text_projection.weight.fill_(torch.nan)
    network.save_pretrained(tmp_path)
    AutoProcessor.from_pretrained(model_path("clip")).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="no numbers"):
        load_ranker(tmp_path, "fp32", None, CPU)
