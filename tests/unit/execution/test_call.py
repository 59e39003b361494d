"""A call's input is asked for by name, and its threads share the cores out."""

import pytest

from mmgic.errors import UsageError
from mmgic.execution.call import StageCall
from mmgic.execution.cores import available_cores
from mmgic.schema.params import Params
from mmgic.shards.folder import Folder


def _call(params: Params, source: Folder | None, workers: int = 1) -> StageCall:
    return StageCall(source, Folder("memory://out"), params, lambda *_: None, workers=workers)


def test_a_missing_input_is_a_usage_error(params: Params) -> None:
    assert _call(params, Folder("memory://in")).input.name == "in"
    with pytest.raises(UsageError, match="no input folder") as caught:
        _ = _call(params, None).input
    assert caught.value.hint == "--in FOLDER"


def test_threads_share_the_cores_out(params: Params) -> None:
    assert _call(params, None).threads == available_cores()
    assert _call(params, None, workers=10_000).threads == 1
