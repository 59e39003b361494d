"""Captions by greedy decoding, scored with CIDEr.

The score is pycocoevalcap's (Vedantam et al., arXiv 1411.5726), the code behind published figures; its Java tokenizer is
replaced by lower-casing and keeping words and numbers, which differs from it in rare cases (hyphens, abbreviations). In scripts
that put no space between words each character counts as a word.
"""

import re
from collections.abc import Iterable

import torch

from mmgic.evaluation.likelihood import OnDone
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import CaptionPrediction
from mmgic.evaluation.records import HeldOut
from mmgic.template import caption_prompt, wording
from mmgic.vocab.encode import encode_parts, joined, text_from_ids

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:'[^\W_{_UNSPACED}]+)?")


def caption_predictions(
    model: TrainedModel, held: HeldOut, *, limit: int, max_tokens: int, batch_size: int, on_done: OnDone
) -> list[CaptionPrediction]:
    """A caption for each of the first `limit` records that have one; visual tokens are not allowed in it."""
    records = [record for record in held.records if record.captions][:limit]
    stops = [model.vocabulary.eos_id, *model.vocabulary.text.encode(wording.END, add_special_tokens=False).ids]
    predictions = []
    for start in range(0, len(records), batch_size):
        batch = records[start : start + batch_size]
        prompts = [
            joined(
                encode_parts(caption_prompt(record), model.vocabulary, held.codes_of(record.key)),
                model.vocabulary,
                is_open=True,
            )[0]
            for record in batch
        ]
        # A visual tokenizer gives every picture the same number of codes, so prompts need no padding.
        ids_BT = torch.tensor([prompt.tolist() for prompt in prompts], device=model.device)
        with torch.inference_mode():
            output_BT = model.network.generate(
                ids_BT,
                attention_mask=torch.ones_like(ids_BT),
                do_sample=False,
                use_cache=True,
                max_new_tokens=max_tokens,
                eos_token_id=stops,
                pad_token_id=model.vocabulary.pad_id,
                suppress_tokens=list(range(model.vocabulary.image_start_id, model.vocabulary.size)),
            )
        for record, row in zip(batch, output_BT[:, ids_BT.shape[1] :].cpu().numpy(), strict=True):
            ended = [number for number, token in enumerate(row.tolist()) if token in stops]
            text = text_from_ids(row[: ended[0]] if ended else row, model.vocabulary)
            predictions.append(
                CaptionPrediction(record.key, text.strip(), [caption.text for caption in record.captions])
            )
        on_done(len(predictions), len(records))
    return predictions


def caption_metrics(predictions: Iterable[CaptionPrediction]) -> dict[str, float | None]:
    """CIDEr over all captions (idf from their references), nothing where there are none; and how many there are."""
    from pycocoevalcap.cider.cider import Cider

    predictions = list(predictions)
    if not predictions:
        return {"cider": None, "count": 0}
    references = {p.key: [_words(text) for text in p.references] for p in predictions}
    candidates = {p.key: [_words(p.text)] for p in predictions}
    score, _ = Cider().compute_score(references, candidates)
    return {"cider": float(score), "count": len(predictions)}


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
