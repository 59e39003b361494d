"""Recipes nest: each adds one concept to the one before."""

from mmgic.template.recipes import RECIPES


def test_each_recipe_adds_one_concept() -> None:
    assert list(RECIPES) == ["C", "CL", "CLD", "CLDR"]
    added = [RECIPES[b] - RECIPES[a] for a, b in zip(("C", "CL", "CLD"), ("CL", "CLD", "CLDR"), strict=True)]
    assert added == [{"labels"}, {"descriptions"}, {"regions"}]
    assert all(RECIPES[a] < RECIPES[b] for a, b in zip(("C", "CL", "CLD"), ("CL", "CLD", "CLDR"), strict=True))
