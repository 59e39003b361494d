"""The classes of Open Images: names by MID, and what stands above each in the hierarchy. All of them stand in memory."""

from collections import defaultdict, deque
from collections.abc import Mapping

import msgspec

from mmgic.errors import InputError
from mmgic.schema.records import Label
from mmgic.sources.csv_stream import lines
from mmgic.sources.open_images.tables import SOURCE, Tables


class _Node(msgspec.Struct):
    """A class of the hierarchy file, as it is named there. What stands under `Part` is no kind of it."""

    LabelName: str
    Subcategory: list["_Node"] = []
    Part: list["_Node"] = []


def labels_by_mid(tables: Tables) -> dict[str, Label]:
    """The labels. The files of V4 to V6 have no header, V7's has one.

    Raises:
        InputError: a line is no id with a name.
    """
    labels: dict[str, Label] = {}
    for name in tables.files.classes:
        with tables.opened(name) as stream:
            for number, (mid, *parts) in lines(stream, tables.where(name)):
                text = ",".join(parts).strip()
                if not mid or not text:
                    raise InputError("no class id with a name", where=f"{tables.where(name)}, line {number}")
                if mid != "LabelName":
                    labels.setdefault(mid, Label(f"{SOURCE}:{mid}", text))
    return labels


def ancestors_by_id(tables: Tables, labels: Mapping[str, Label]) -> dict[str, list[Label]]:
    """What is above each label, by the label's id, the nearest first; the root has no name and is left out.

    Raises:
        InputError: the hierarchy is not as published.
    """
    name = tables.files.hierarchy
    if not name:
        return {}
    with tables.opened(name) as stream:
        try:
            root = msgspec.json.decode(stream.read(), type=_Node)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"not Open Images' hierarchy: {error}", where=tables.where(name)) from error
    parents: dict[str, dict[str, None]] = defaultdict(dict)
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        waiting += node.Subcategory + node.Part
        for child in node.Subcategory:
            parents[child.LabelName][node.LabelName] = None
    found = {labels[mid].id: _above(mid, parents, labels) for mid in labels if mid in parents}
    return {label: above for label, above in found.items() if above}


def _above(mid: str, parents: Mapping[str, Mapping[str, None]], labels: Mapping[str, Label]) -> list[Label]:
    seen = {mid: None}
    level = [mid]
    while level:
        level = list({parent: None for one in level for parent in parents.get(one, ()) if parent not in seen})
        seen.update(dict.fromkeys(level))
    return [labels[one] for one in seen if one in labels and one != mid]
