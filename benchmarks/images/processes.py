"""The runner's end of the processes that decode: Python environments, and the Rust core without Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.images.samples import SIDE_PX, Sample
from benchmarks.processes import EngineFailed, PeerProcess, Process


class Peers(PeerProcess):
    """`benchmarks.images.worker` on some Python. `engines` lists (work, name); times are CPU and wall seconds."""

    def __init__(self, python: Path, folder: Path, families: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__(python, "benchmarks.images.worker", [folder.resolve(), ",".join(families)], environment)

    def time(self, work: str, engine: str, samples: Sequence[Sample], threads: int) -> dict[str, float]:
        """Seconds of one run: `cpu` and `wall`."""
        return self.command(do="time", work=work, engine=engine, samples=[s.name for s in samples], threads=threads)

    def save(self, work: str, engine: str, sample: Sample, to: Path) -> None:
        """Writes what the engine makes of a sample as .npy."""
        self.command(do="save", work=work, engine=engine, samples=[sample.name], threads=0, to=str(to))


class Core(Process):
    """The example `time_images` of the Rust core: the same calls without Python, on one thread, in wall seconds."""

    def __init__(self, program: Path, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__([program.resolve()], environment)
        self._folder = folder.resolve()

    def time(self, work: str, sample: Sample) -> dict[str, float]:
        """Seconds of one run."""
        crops = " ".join(str(value) for value in sample.crops.ravel().tolist()) if work == "crops" else ""
        line = f"{SIDE_PX if work == 'crops' else 0} {self._folder / sample.name} {crops}".strip()
        answer = self.ask(line).strip()
        try:
            return {"wall": float(answer)}
        except ValueError as error:
            raise EngineFailed(answer) from error
