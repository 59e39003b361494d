"""Starts the ranks of a run with torch's launcher, watches them, and ends them with their parent.

Between this process and the ranks stands `python -m mmgic.training.launch`, torch's launcher with one thread more: it ends
when its parent is gone, so that no rank outlives a killed run.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from mmgic.errors import MmgicError
from mmgic.execution.cores import available_cores
from mmgic.execution.watch import end_with_parent
from mmgic.training.job import CURVES, ERROR, JOB, LAUNCHER, LOG, RankError, TrainJob, error_named

_POLL_S = 0.5
_LOG_TAIL = 15
_GRACE_S = 10.0


def run_ranks(job: TrainJob, on_step: Callable[[int], None]) -> None:
    """Trains with `job.params.processes` ranks on this machine; `on_step` hears the last logged step.

    Raises:
        MmgicError: a rank failed; its own error where it was one of ours, else the end of the log.
    """
    work = Path(job.work)
    (work / ERROR).unlink(missing_ok=True)
    (work / JOB).write_bytes(msgspec.json.encode(job))
    command = [
        sys.executable,
        "-m",
        "mmgic.training.launch",
        str(os.getpid()),
        str(job.params.processes),
        str(work / JOB),
    ]
    with (work / LOG).open("ab") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, env=_environment(job), start_new_session=True)
        try:
            while child.poll() is None:
                on_step(_last_step(work / CURVES))
                time.sleep(_POLL_S)
        finally:
            _end(child)
    if child.returncode != 0:
        raise _failure(work, child.returncode)
    on_step(_last_step(work / CURVES))


def _environment(job: TrainJob) -> dict[str, str]:
    """ninja must be on PATH for DeepSpeed's first start, also where the environment was not activated."""
    binaries = str(Path(sys.executable).parent)
    threads = max(1, available_cores() // job.params.processes)
    return {
        **os.environ,
        "PATH": binaries + os.pathsep + os.environ.get("PATH", ""),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
    }


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ends the launcher; torch starts each rank in a session of its own, and it ends when the launcher has gone."""
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _failure(work: Path, code: int) -> MmgicError:
    if (work / ERROR).exists():
        return error_named(msgspec.json.decode((work / ERROR).read_bytes(), type=RankError))
    tail = (work / LOG).read_text(errors="replace").splitlines()[-_LOG_TAIL:]
    return MmgicError(f"training ended with code {code}:\n" + "\n".join(tail), where=str(work / LOG))


def _last_step(curves: Path) -> int:
    if not curves.exists():
        return 0
    line = curves.read_text().rstrip("\n").rpartition("\n")[2].split("\t", 1)[0]
    return int(line) if line.isdigit() else 0


if __name__ == "__main__":
    # Before the slow imports, and by the parent's own word: it may be gone by now.
    parent, processes, job_path = sys.argv[1:4]
    end_with_parent(int(parent))
    os.environ[LAUNCHER] = str(os.getpid())
    from torch.distributed.run import main

    main(["--standalone", f"--nproc-per-node={processes}", "--max-restarts=0", "-m", "mmgic.training.rank", job_path])
