"""Names of labels that their source misspells: `data/<source>-names.tsv` with number, native name, mended name."""

from functools import cache
from importlib.resources import files


def mended_name(source: str, number: int | str, native: str) -> str:
    """The name as it should be. A name that is not the table's is that of another release, and stays as it is."""
    return _mended(source).get((str(number), native), native)


@cache
def _mended(source: str) -> dict[tuple[str, str], str]:
    text = (files("mmgic.sources") / "data" / f"{source}-names.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {(number, native): mended for number, native, mended in rows}
