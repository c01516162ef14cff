"""`tfpool app`: the dashboard, in a process of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tfpool.system.extras import need
from tfpool.system.spawn import environment

_PACKAGE = Path(__file__).parents[1]
_MAX_PORT = 65_535


def app_command(args: argparse.Namespace) -> int:
    """Serve the dashboard until Ctrl-C. Runs and data sets are those of the current folder, as for every command."""
    need("streamlit", "plotly", "tensorflow")
    if args.port is not None and not 1 <= args.port <= _MAX_PORT:
        raise ValueError(f"Expected a port from 1 to {_MAX_PORT}, got {args.port}.")
    port = () if args.port is None else ("--server.port", str(args.port))
    command = [sys.executable, str(_script()), *port, *args.options]
    variables = {**environment(), "TFPOOL_STORE": str(Path(args.store).absolute())}
    # Where a program can replace this one, signals reach it. On Windows, the terminal would go on at once.
    if sys.platform != "win32":
        os.execve(command[0], command, variables)
    return subprocess.run(command, env=variables).returncode


def _script() -> Path:
    """The script that serves the dashboard: in the wheel below this package, in a clone beside it."""
    installed = _PACKAGE / "_app" / "scripts" / "serve.py"
    return installed if installed.exists() else _PACKAGE.with_name("scripts") / "serve.py"
