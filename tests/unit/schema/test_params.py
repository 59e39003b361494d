"""Bounds of the params' types that the project's own files do not reach."""

import msgspec
import pytest

from mmgic.schema.params import Params, RegionParams, VisualTokenizerParams


def test_every_key_is_required_and_no_other_allowed(params: Params) -> None:
    tree = msgspec.to_builtins(params)

    def sections(node: dict[str, object]) -> list[dict[str, object]]:
        return [node, *(s for child in node.values() if isinstance(child, dict) and child for s in sections(child))]

    for section in sections(tree):
        for key in list(section):
            kept = section.pop(key)
            with pytest.raises(msgspec.ValidationError, match=f"missing required field `{key}`"):
                msgspec.convert(tree, Params)
            section[key] = kept
        section["extra"] = 1
        with pytest.raises(msgspec.ValidationError, match="unknown field `extra`"):
            msgspec.convert(tree, Params)
        del section["extra"]
    assert msgspec.convert(tree, Params) == params


def test_params_cannot_be_changed(params: Params) -> None:
    with pytest.raises(AttributeError):
        params.common.seed = 2  # type: ignore[misc]


def test_patches_must_tile_the_picture(params: Params) -> None:
    with pytest.raises(ValueError, match="side_px 64 is no multiple of patch_px 10"):
        VisualTokenizerParams(kind="patches", side_px=64, decode="exact", patch_px=10, num_codes=2, fit_pictures=1)


def test_area_bounds_must_be_in_order(params: Params) -> None:
    tree = {
        **msgspec.to_builtins(params.normalize.regions),
        "min_area_fraction": 0.5,
        "max_area_fraction": 0.4,
    }
    with pytest.raises(msgspec.ValidationError, match="min_area_fraction 0.5 is above max_area_fraction 0.4"):
        msgspec.convert(tree, RegionParams)
