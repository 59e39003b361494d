"""The list of sources: each entry has the functions that it promises; an unknown name is answered with the list."""

from importlib import import_module
from typing import get_args

import pytest

from mmgic.errors import UsageError
from mmgic.schema.params import SourceName
from mmgic.sources.registry import SOURCES, Source, source_named


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_has_its_functions(source: Source) -> None:
    module = import_module(source.module)
    assert callable(module.raw_records)
    assert callable(module.local_files if source.is_local else module.generate)
    assert not source.is_local or callable(module.local_pictures)
    assert source_named(source.name) is source and source.summary


def test_an_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no source `cocoo`") as caught:
        source_named("cocoo")
    assert caught.value.hint == f"did you mean `coco`? one of: {', '.join(SOURCES)}"


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("laion-coco", "it is read as source `laion`; "),
        ("pope", "a benchmark: `mmgic decontaminate --benchmarks DIR` reads it; "),
        ("zzz", ""),
    ],
)
def test_a_name_of_the_catalog_is_led_to_what_reads_it(name: str, guess: str) -> None:
    with pytest.raises(UsageError) as caught:
        source_named(name)
    assert caught.value.hint == f"{guess}one of: {', '.join(SOURCES)}"


def test_params_name_the_same_sources() -> None:
    assert set(get_args(SourceName)) == set(SOURCES)
