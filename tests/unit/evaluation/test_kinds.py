import msgspec
import pytest

from mmgic.evaluation.kinds import loss_by_kind, loss_predictions
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import LossPrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.params import TemplateParams
from mmgic.schema.records import Caption


def test_means_are_over_tokens_not_documents() -> None:
    predictions = [
        LossPrediction("a", {"image": 10.0, "caption": 2.0}, {"image": 5, "caption": 1}),
        LossPrediction("b", {"region": 4.0, "caption": 1.0}, {"region": 2, "caption": 2}),
    ]
    losses = loss_by_kind(predictions)
    assert losses["caption"] == pytest.approx(1.0)
    assert losses["visual"] == pytest.approx(14 / 7)
    assert losses["all"] == pytest.approx(17 / 10)
    assert "label" not in losses


def test_every_token_but_the_first_is_counted_by_its_kind(trained: TrainedModel, held: HeldOut) -> None:
    template = TemplateParams(recipe="CLDR", boxes="none", caption_first_fraction=0.0, max_bad_fraction=0.0)
    predictions, lost = loss_predictions(trained, held, template, 1, 2, lambda done, total: None)
    assert lost == {}
    assert [p.key for p in predictions] == ["r0", "r1", "r2"]
    assert all(p.tokens["image"] == 6 and p.tokens["region"] == 6 for p in predictions)
    uniform = loss_by_kind(predictions)
    assert all(4.0 < uniform[kind] < 8.0 for kind in ("caption", "label", "description", "visual"))


def test_a_recipe_without_labels_has_no_loss_for_them(trained: TrainedModel, held: HeldOut) -> None:
    template = TemplateParams(recipe="C", boxes="none", caption_first_fraction=1.0, max_bad_fraction=0.0)
    predictions, _ = loss_predictions(trained, held, template, 1, 8, lambda done, total: None)
    assert set(loss_by_kind(predictions)) == {"caption", "image", "visual", "template", "all"}


def test_what_is_skipped_or_cut_is_counted(trained: TrainedModel, held: HeldOut) -> None:
    records = [msgspec.structs.replace(held.records[0], captions=[]), *held.records[1:]]
    short = msgspec.structs.replace(held.records[1], captions=[Caption("a " * 200, "toy")])
    template = TemplateParams(recipe="CLDR", boxes="none", caption_first_fraction=0.0, max_bad_fraction=0.0)
    predictions, lost = loss_predictions(
        trained,
        HeldOut([records[0], short, records[2]], held.codes, held.pixels),
        template,
        1,
        8,
        lambda done, total: None,
    )
    assert [p.key for p in predictions] == ["r1", "r2"]
    assert lost == {"cut": 1, "skipped.no_caption": 1}
