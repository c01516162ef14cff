"""Starting a Python module of tfpool in a child process, which finds the package where this process found it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

_PACKAGE_PARENT = str(Path(__file__).parents[2])


def command(module: str, *arguments: str) -> list[str]:
    """The command line of `python -m module`."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """This process's environment, such that a child finds the package and TensorFlow logs only errors."""
    python_path = os.pathsep.join(filter(None, (_PACKAGE_PARENT, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": python_path, "TF_CPP_MIN_LOG_LEVEL": "3"}


def spawn(
    command: Sequence[str],
    stdin: Any = subprocess.DEVNULL,
    stdout: Any = subprocess.DEVNULL,
    stderr: Any = subprocess.DEVNULL,
    without: Collection[str] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own session: signals to this process's group do not reach it, so it outlives this one.

    `without` are variables of the environment that the child does not inherit.
    """
    variables = {name: value for name, value in environment().items() if name not in without}
    flags = 0
    if sys.platform == "win32":
        # There are no sessions: a child without this process's console outlives it.
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=variables,
        start_new_session=True,
        creationflags=flags,
    )
