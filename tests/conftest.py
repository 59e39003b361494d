"""Settings that every test shares: no network, quiet libraries, and the folder of real data."""

import io
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings
from ruamel.yaml import YAML

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# In the background of a script Ctrl-C is ignored, and the programs that the tests start would ignore it too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines differ in speed: a slow example is no failure, and a failure comes back in the next run.
settings.register_profile("mmgic", deadline=None, derandomize=True)
settings.load_profile("mmgic")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout's root."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that MMGIC_REAL_DATA names."""
    place = os.environ.get("MMGIC_REAL_DATA")
    if not place:
        pytest.skip("MMGIC_REAL_DATA is not set")
    if not Path(place).is_dir():
        pytest.fail(f"MMGIC_REAL_DATA names no folder: {place}")
    return Path(place)


@pytest.fixture(scope="session")
def wordnet_folder() -> Path:
    """The dictionary folder of WordNet 3.0: what MMGIC_WORDNET names, or where Debian's wordnet-base puts it."""
    place = Path(os.environ.get("MMGIC_WORDNET", "/usr/share/wordnet"))
    if not (place / "index.noun").is_file():
        pytest.skip(f"no WordNet dictionary in {place}: apt-get install wordnet-base, or set MMGIC_WORDNET")
    return place


@pytest.fixture(scope="session")
def params_text() -> Callable[[Mapping[str, object]], str]:
    """The project's params file with other values: `params_text({"pretrain.steps": 3})`."""

    def made(values: Mapping[str, object]) -> str:
        yaml = YAML()
        tree = yaml.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        for path, value in values.items():
            *sections, key = path.split(".")
            node = tree
            for section in sections:
                node = node[section]
            assert key in node, path
            node[key] = value
        stream = io.StringIO()
        yaml.dump(tree, stream)
        return stream.getvalue()

    return made
