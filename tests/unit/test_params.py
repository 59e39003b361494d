"""Params: what is read, and the exact words of every refusal."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import ParamsError
from mmgic.params import load_params, params_from_tree, section_tree, tree_digest
from mmgic.schema.params import Params


def _refusal(params_path: Path, *overrides: str) -> tuple[str, str, str]:
    with pytest.raises(ParamsError) as caught:
        load_params(params_path, overrides)
    return caught.value.what, caught.value.where, caught.value.hint


def _edited(params_path: Path, tmp_path: Path, old: str, new: str) -> Path:
    text = params_path.read_text()
    assert text.count(old) == 1
    path = tmp_path / "p.yaml"
    path.write_text(text.replace(old, new))
    return path


def test_overrides_are_yaml_values(params_path: Path) -> None:
    params = load_params(params_path, ["common.seed=7", "fetch.sources=[scenes]", "template.recipe=C"])
    assert (params.common.seed, params.fetch.sources, params.template.recipe) == (7, ["scenes"], "C")


@pytest.mark.parametrize("text", ["1e-4", "1.0e-4", "0.0001", "1E-4"])
def test_exponents_are_numbers(params_path: Path, text: str) -> None:
    assert load_params(params_path, [f"pretrain.optimizer.lr={text}"]).pretrain.optimizer.lr == 1e-4


def test_an_unknown_key_names_the_nearest(params_path: Path, tmp_path: Path) -> None:
    path = _edited(params_path, tmp_path, "  recipe: CLDR", "  recipy: CLDR")
    assert _refusal(path) == (
        "`template.recipy`: unknown field `recipy`",
        str(path),
        "did you mean `recipe`?",
    )
    path = _edited(params_path, tmp_path, "  recipe: CLDR", "  recipe: CLDR\n  recipy: CLDR")
    assert _refusal(path) == (
        "`template.recipy`: unknown field `recipy`",
        str(path),
        "did you mean `recipe`?",
    )


def test_an_unknown_key_deep_down_and_at_the_top(params_path: Path, tmp_path: Path) -> None:
    path = _edited(params_path, tmp_path, "    crop_scale:", "    crop_scal: 1\n    crop_scale:")
    assert _refusal(path) == (
        "`normalize.regions.crop_scal`: unknown field `crop_scal`",
        str(path),
        "did you mean `crop_scale`?",
    )
    path = _edited(params_path, tmp_path, "common:", "zzz: 1\ncommon:")
    what, _, hint = _refusal(path)
    assert what == "`zzz`: unknown field `zzz`"
    assert hint.startswith("known keys: common, fetch, ")


def test_a_missing_key_is_named(params_path: Path, tmp_path: Path) -> None:
    path = _edited(params_path, tmp_path, "  seed: 1\n", "  {}\n")
    assert _refusal(path) == ("`common.seed`: missing required field `seed`", str(path), "")


def test_a_missing_section_is_named(params: Params) -> None:
    tree = msgspec.to_builtins(params)
    del tree["tokenize"]
    with pytest.raises(ParamsError) as caught:
        params_from_tree(tree, "x.yaml")
    assert (caught.value.what, caught.value.where) == (
        "`tokenize`: missing required field `tokenize`",
        "x.yaml",
    )


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("tokenize.too_long=spilt", "`tokenize.too_long`: Invalid enum value 'spilt'"),
        ("common.seed=much", "`common.seed`: Expected `int`, got `str`"),
        ("common.seed=", "`common.seed`: Expected `int`, got `null`"),
        ("common.seed=-1", "`common.seed`: Expected `int` >= 0"),
        ("template.caption_first_fraction=1.5", "`template.caption_first_fraction`: Expected `float` <= 1.0"),
        ("template.recipe=DC", "`template.recipe`: Invalid enum value 'DC'"),
        ("fetch.scenes=3", "`fetch.scenes`: Expected `object`, got `int`"),
        ("fetch.sources=[]", "`fetch.sources`: Expected `array` of length >= 1"),
        ("tokenize.visual.patch_px=24", "`tokenize.visual`: side_px 64 is no multiple of patch_px 24"),
        (
            "normalize.regions.min_area_fraction=0.95",
            "`normalize.regions`: min_area_fraction 0.95 is above max_area_fraction 0.9",
        ),
        (
            "normalize.captions.languages=[en, deu]",
            "`normalize.captions`: languages: no code `deu`; two letters where a language has two: en, de, zh",
        ),
    ],
)
def test_a_value_against_its_rule_is_named(params_path: Path, override: str, what: str) -> None:
    found, where, hint = _refusal(params_path, override)
    section = override.partition("=")[0]
    at = f"--set {override}" if f"`{section}`" in what else str(params_path)
    assert (found, where) == (what, at)
    if override.startswith("tokenize.too_long"):
        assert hint == "did you mean `split`? one of drop, truncate, split"


def test_the_hint_is_of_the_items_of_a_list(params_path: Path) -> None:
    found, _, hint = _refusal(params_path, "normalize.captions.apply_to=[web]")
    assert found == "`normalize.captions.apply_to[0]`: Invalid enum value 'web'"
    assert hint.startswith("one of photos, scenes, coco, ")
    assert _refusal(params_path, "normalize.captions.apply_to=laion")[2] == "one of web"
    for value, meant in (("origins={coc: /tmp}", "coco"), ("columns={laion: {urk: link}}", "url")):
        assert f"did you mean `{meant}`? one of " in _refusal(params_path, f"fetch.{value}")[2]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("seed", ("not section.key=value: 'seed'", "--set", "--set template.recipe=CLDR")),
        ("comon.seed=1", ("no section `comon`", "--set", "did you mean `common`?")),
        ("common.sed=1", ("no key `common.sed`", "--set", "did you mean `seed`?")),
        ("common.seed.x=1", ("no key `common.seed.x`", "--set", "see `mmgic schema params`")),
        ("common.seed.x.y=1", ("no section `common.seed.x`", "--set", "see `mmgic schema params`")),
        ("common.seed=[", ("not valid YAML: '['", "--set common.seed", "")),
    ],
)
def test_a_bad_override_is_refused(params_path: Path, override: str, expected: tuple[str, str, str]) -> None:
    assert _refusal(params_path, override) == expected


def test_a_file_that_is_missing_or_no_params_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    assert _refusal(gone) == (
        "cannot read the params file: No such file or directory",
        str(gone),
        "--params FILE",
    )
    (tmp_path / "list.yaml").write_text("- 1\n")
    assert _refusal(tmp_path / "list.yaml")[0] == "expected sections (common, fetch, ...) at the top"
    for content in (b"a: [", b"a: 1\na: 2\n", b"\xff\xfe\x00"):
        (tmp_path / "bad.yaml").write_bytes(content)
        assert _refusal(tmp_path / "bad.yaml")[0].startswith("not valid YAML: ")


def test_a_stage_sees_its_own_section_and_the_common_one(params: Params) -> None:
    assert set(section_tree(params, "template")) == {"common", "template"}


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.dictionaries(st.text(), inner, max_size=4),
)


@given(tree=st.dictionaries(st.text(), _TREES, max_size=5))
def test_a_digest_ignores_the_order_of_keys_and_sees_every_value(tree: dict[str, Any]) -> None:
    turned = dict(reversed(tree.items()))
    assert tree_digest(tree) == tree_digest(turned)
    assert tree_digest({**tree, "one more": 1}) != tree_digest(tree) or tree.get("one more") == 1
