"""A child that watches its parent ends when the parent has gone, also when it had gone before the watch began."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_CHILD = """import time
from mmgic.execution.watch import end_with_parent
end_with_parent({parent})
print('up', flush=True)
time.sleep(60)"""


def test_a_child_lives_while_its_parent_lives(project: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", _CHILD.format(parent="")], stdout=subprocess.PIPE, cwd=project)
    assert child.stdout is not None and child.stdout.readline() == b"up\n"
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.2)
    child.kill()
    child.wait()
    child.stdout.close()


def test_a_child_ends_with_its_parent(project: Path) -> None:
    # The parent leaves when its child is up; the child holds stderr, so that reading it ends when the child has ended too.
    parent = f"""import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_CHILD.format(parent="")!r}], stdout=subprocess.PIPE)
child.stdout.readline()
os._exit(0)"""
    done = subprocess.run([sys.executable, "-c", parent], stderr=subprocess.PIPE, cwd=project, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_parent_that_had_gone_already_is_noticed(project: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD.format(parent=gone.pid)],
        stdout=subprocess.PIPE,
        cwd=project,
        timeout=30,
    )
    assert child.returncode == 5 and os.getpid() != gone.pid
