import numpy as np
import pytest
import torch

from mmgic.evaluation.captions import caption_metrics, caption_predictions
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import CaptionPrediction
from mmgic.evaluation.records import HeldOut
from mmgic.template import caption_prompt
from mmgic.vocab.encode import encode_parts, joined


def test_captions_are_greedy_and_hold_no_visual_token(trained: TrainedModel, held: HeldOut) -> None:
    predictions = caption_predictions(
        trained, held, limit=2, max_tokens=6, batch_size=4, on_done=lambda done, total: None
    )
    assert [p.key for p in predictions] == ["r0", "r1"]
    assert predictions[0].references == ["a cat", "one cat"]
    vocabulary = trained.vocabulary
    prompt = joined(
        encode_parts(caption_prompt(held.records[0]), vocabulary, held.codes_of("r0")), vocabulary, is_open=True
    )[0]
    ids = prompt.tolist()
    newline = vocabulary.text.encode("\n", add_special_tokens=False).ids[0]
    for _ in range(6):
        with torch.inference_mode():
            logits = trained.network(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        token = int(np.argmax(logits[: vocabulary.num_text_tokens].numpy()))
        if token in (newline, vocabulary.eos_id):
            break
        ids.append(token)
    assert predictions[0].text == vocabulary.text.decode(ids[len(prompt) :], skip_special_tokens=False).strip()


def test_cider_rewards_what_the_references_say() -> None:
    def made(key: str, text: str, reference: str) -> CaptionPrediction:
        return CaptionPrediction(key, text, [reference])

    right = [
        made("a", "A red cat sits, here.", "a red cat sits here"),
        made("b", "two blue dogs run", "two blue dogs run"),
    ]
    wrong = [
        made("a", "two blue dogs run", "a red cat sits here"),
        made("b", "a red cat sits here", "two blue dogs run"),
    ]
    assert caption_metrics(right) == {"cider": pytest.approx(10.0), "count": 2}
    assert caption_metrics(wrong)["cider"] == pytest.approx(0.0, abs=1e-6)
    assert caption_metrics([]) == {"cider": None, "count": 0}


def test_cider_counts_words_of_every_script() -> None:
    pairs = [("a", "一只猫坐在桌子上"), ("b", "der Käfer fährt über die Straße"), ("c", "two blue dogs run")]
    same = [CaptionPrediction(key, text, [text]) for key, text in pairs]
    assert caption_metrics(same)["cider"] == pytest.approx(10.0)
