"""What became of files, pictures and URLs: the manifest's counts, and lines for people, one a cause with its hint."""

from collections.abc import Iterable, Mapping

from mmgic.download.causes import CAUSES
from mmgic.schema.manifests import LedgerLine


def count_name(line: LedgerLine, source: str) -> str:
    """The manifest's count that a line of a source belongs to."""
    if line.state == "failed":
        return f"failed.{source}.{line.cause}"
    return f"{'pictures' if line.shard else 'files'}.{source}"


def summary_lines(counts: Mapping[str, int], sources: Iterable[str]) -> list[str]:
    """The causes of each source that lost pictures by URL, the most frequent first.

    Args:
        counts: those of a raw folder's manifest.
    """
    lines = []
    for source in sources:
        start = f"failed.{source}."
        causes = {name.removeprefix(start): count for name, count in counts.items() if name.startswith(start)}
        if not any(cause in CAUSES for cause in causes):
            continue
        num_came = counts.get(f"pictures.{source}", 0)
        lines.append(f"{source}: {num_came:,} of {num_came + sum(causes.values()):,} pictures came; the others:")
        for cause, count in sorted(causes.items(), key=lambda item: (-item[1], item[0])):
            hint = next((facts.hint for name, facts in CAUSES.items() if name == cause), "")
            lines.append(f"  {cause:<20} {count:>11,}  {hint}".rstrip())
    return lines
