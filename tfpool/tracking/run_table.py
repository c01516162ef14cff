"""`tfpool.runs`, and runs as a table, one row per run: on the command line and in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfpool.system.format import clock, count, percent, short
from tfpool.system.notebook import html_lines, html_table
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.query import split_countable, uncountable_text
from tfpool.tracking.run import Run
from tfpool.tracking.store import RunStore


class Runs(list[Run]):
    """A list of runs that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        countable, unknown = split_countable(self)
        parts = [html_table(*run_table(countable))] if countable else []
        parts += [html_lines(uncountable_text(unknown))] if unknown else []
        return "".join(parts) or html_lines("No runs yet.")


def runs(store: str | Path | None = None) -> Runs:
    """The runs in a store, newest first; none if the folder is empty or missing.

    Args:
        store: the folder of the runs. Default: TFPOOL_STORE, or `saved_models` in the current folder.

    Raises:
        ValueError: if `store` is a file.

    Example:
        >>> import tfpool as tp
        >>> tp.runs()  # nothing is trained yet
        []
    """
    return Runs(RunStore(store).runs())


def run_table(runs: Sequence[Run], how: str = "last") -> tuple[Sequence[str], list[Sequence[str]], Sequence[int]]:
    """Header, rows, and the columns that are right-aligned.

    `how` says which epoch the training and validation columns show: "last" or "best".

    Raises:
        ValueError: if this version of tfpool has no such network, head or setting.
    """
    has_titles = any(run.title != run.id for run in runs)
    rows: list[Sequence[str]] = [
        (
            run.id,
            *([run.title if run.title != run.id else ""] if has_titles else []),
            run.state,
            f"{len(run.history['loss'])}/{run.epochs}",
            count(run.plan.params),
            short(run.plan.macs),
            *(percent(results.value(run, name, how)) for name in ("accuracy", "val_accuracy", "test")),
            count(images_behind(run) if run.result else None),
            _points(results.overfit(run, how)),
            clock(results.value(run, "time")),
        )
        for run in runs
    ]
    names = ("run", *(["title"] if has_titles else []), "state")
    numbers = ("epochs", "params", "MACs", "training", "validation", "test", "of images", "overfit", "time")
    return (*names, *numbers), rows, range(len(names), len(names) + len(numbers))


def _points(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:+.1f}"
