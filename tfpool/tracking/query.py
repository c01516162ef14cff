"""Filtering and sorting runs, by settings, words and results. Loads no TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tfpool.networks.catalog import CATALOG
from tfpool.networks.heads import HEADS
from tfpool.tracking.results import COSTS, MEASURES, data_name, value
from tfpool.tracking.run import STATES, Run

FACETS = ("data", "network", "head", "state", "sweep")
ORDERS = (*MEASURES, *COSTS)
LABELS = {
    "test": "test accuracy",
    "val_accuracy": "validation accuracy",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "val_loss": "validation loss",
    "loss": "training loss",
    "params": "parameters",
    "macs": "MACs",
    "time": "time",
}
"""The label of each of `ORDERS`."""
LAB = "lab "
"""Prefix of the lab's sweep names; the claim's name follows."""
_MOST_NAMED = 5
"""Runs that are named in a message; further runs are counted."""
_POSSIBLE_VALUES = {"network": tuple(CATALOG), "head": tuple(HEADS), "state": STATES}


def is_lab(run: Run) -> bool:
    """Whether the lab queued the run."""
    return (run.sweep or "").startswith(LAB)


def split_countable(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """The runs that this version of tfpool can count, and the runs of a network or head that it does not know.

    A store may hold runs of another branch with other heads.
    """
    countable: list[Run] = []
    unknown: list[Run] = []
    for run in runs:
        (countable if _is_countable(run) else unknown).append(run)
    return countable, unknown


def _is_countable(run: Run) -> bool:
    try:
        return run.plan is not None
    except ValueError:
        return False


def uncountable_text(unknown: Sequence[Run]) -> str:
    """A message about runs that cannot be counted; empty if there are none."""
    if not unknown:
        return ""
    names = ", ".join(run.id for run in unknown[:_MOST_NAMED])
    more = f" and {len(unknown) - _MOST_NAMED:,} more" if len(unknown) > _MOST_NAMED else ""
    verb = "is" if len(unknown) == 1 else "are"
    return f"{names}{more} {verb} of a network or head that this version of tfpool does not know."


def facet(run: Run, name: str) -> str | None:
    """The value of one of `FACETS`; None for the sweep of a run that was queued alone."""
    plan = run.spec["plan"]
    of_plan = {"network": plan["backbone"], "head": plan["head"]["name"]}
    return {"data": data_name(run), **of_plan, "state": run.state, "sweep": run.sweep}[name]


def facet_values(runs: Sequence[Run], name: str) -> list[str]:
    """The distinct values of a facet in these runs, in alphabetical order."""
    return sorted({present for run in runs if (present := facet(run, name)) is not None})


def select_runs(runs: Sequence[Run], text: str = "", facets: Mapping[str, Sequence[str]] | None = None) -> list[Run]:
    """The runs with every word of a text in their id, title, note or facets, and with one of the values of each facet.

    Words come in any order and case. An empty list of values accepts all; a value that no run could have is a
    ValueError.
    """
    wanted = {name: chosen for name, chosen in (facets or {}).items() if chosen}
    for name, chosen in wanted.items():
        present = facet_values(runs, name)
        for option in chosen:
            if option not in present and option not in _POSSIBLE_VALUES.get(name, ()):
                raise ValueError(f"No run has the {name} {option!r}. Use one of: {', '.join(present) or 'none'}.")
    words = text.casefold().split()
    return [
        run
        for run in runs
        if all(facet(run, name) in chosen for name, chosen in wanted.items())
        and all(word in _all_text(run) for word in words)
    ]


def _all_text(run: Run) -> str:
    parts = (run.id, run.title, run.note, *(facet(run, name) for name in FACETS))
    return " ".join(filter(None, parts)).casefold()


def rank_runs(runs: Sequence[Run], key: str, how: str = "last") -> list[Run]:
    """Runs by one of `ORDERS`, the best first: highest accuracy, or lowest loss or cost. Unknown values come last."""
    if key not in ORDERS:
        raise ValueError(f"Runs cannot be sorted by {key!r}. Use one of: {', '.join(ORDERS)}.")
    sign = 1 if key in COSTS or key.endswith("loss") else -1

    def sort_key(run: Run) -> float:
        result = value(run, key, how)
        return math.inf if result is None else sign * result

    return sorted(runs, key=sort_key)
