"""describe: descriptions for labels that lack one, into a side file that a person reviews before it is used.

1. The gaps come from a record folder or a table of labels, with what is known of each label.
2. A language model is asked for each, in batches. Lines that the side file has already stay as they are and are not asked
   for again, so a run that was killed goes on where it was.
3. At the end all texts are checked together, and the findings are put beside them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mmgic.annotation.clues import Gap
from mmgic.annotation.prompt import read_prompt
from mmgic.annotation.review import ReviewLine, append_review, checked, read_review, write_review
from mmgic.annotation.settings import Precision
from mmgic.annotation.weights import model_folder
from mmgic.errors import UsageError
from mmgic.execution.call import Progress


@dataclass(frozen=True)
class DescribeCall:
    """What `mmgic describe` is called with; `prompt` is the one that comes along where None."""

    gaps: list[Gap]
    review: Path
    model: Path
    prompt: Path | None
    max_tokens: int
    precision: Precision
    device: str
    batch_size: int
    progress: Progress


def describe(call: DescribeCall) -> dict[str, int]:
    """Writes the side file; returns how many labels were written, were there, have findings, or were left out because no
    table can hold their id.

    Raises:
        UsageError: another run is writing the same file.
    """
    prompt = read_prompt(call.prompt)
    folder = model_folder(call.model, "language model")
    gaps = [gap for gap in call.gaps if " ".join(gap.id.split()) == gap.id]
    with _locked(call.review):
        before = read_review(call.review)
        write_review(call.review, before)
        known = {line.id for line in before}
        batches = list(_batches(gaps, known, call.batch_size))
        if batches:
            # Imported where it is needed: a file that is whole is checked without torch.
            from mmgic.annotation.describer import load_describer
            from mmgic.annotation.loading import device_of

            describer = load_describer(folder, prompt, call.precision, device_of(call.device), call.max_tokens)
        done = sum(gap.id in known for gap in gaps)
        for batch in batches:
            call.progress("labels", done, len(gaps))
            made = zip(batch, describer.sentences(batch), strict=True)
            lines = [ReviewLine(gap.id, gap.name, text) for gap, text in made if gap.id not in known]
            append_review(call.review, checked(lines))
            done += len(lines)
        lines = checked(read_review(call.review))
        write_review(call.review, lines)
    return {
        "labels": len(call.gaps),
        "written": len(lines) - len(before),
        "there_before": len(before),
        "with_findings": sum(bool(line.findings) for line in lines),
        "left_out": len(call.gaps) - len(gaps),
    }


def _batches(gaps: list[Gap], known: set[str], size: int) -> Iterator[list[Gap]]:
    """Runs of `size` labels of which any is not known: a batch in which a run was killed is asked for whole, so that its
    texts do not depend on where that was."""
    for start in range(0, len(gaps), size):
        batch = gaps[start : start + size]
        if any(gap.id not in known for gap in batch):
            yield batch


@contextmanager
def _locked(review: Path) -> Iterator[None]:
    review.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(review.with_name(f".{review.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError("another run is writing this file", where=str(review), hint="wait for it to end") from error
    try:
        yield
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
