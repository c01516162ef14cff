"""The terminal of a command: a progress bar, warnings in words, and no log messages while libraries load."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bar(text: str) -> Iterator[Callable[[float, int], None]]:
    """A progress bar with the time left, if stderr is a terminal; yields `on_progress(done, total)`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        # In older versions of rich, a bar that is disabled still ends with an empty line.
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def warnings_in_words() -> Iterator[None]:
    """Print a warning as one line, without the file and the line of code that gave it."""

    def note(message: Warning | str, *about: object) -> None:
        print(f"Note: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = note  # type: ignore[assignment]
        yield


@contextmanager
def hide_logs() -> Iterator[None]:
    """Hide what TensorFlow's libraries log while they load; they have no setting for that."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
