"""Which runs, and in what order: by what they are made of, by words, by what they have come to. Loads no TensorFlow."""

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
"""What people call each of `ORDERS`."""
LAB = "lab "
"""What the names of the lab's sweeps begin with, before the claim's."""
_NAMED = 5
"""Runs that are named in a sentence; of more their number is told."""
_ALWAYS_KNOWN = {"network": tuple(CATALOG), "head": tuple(HEADS), "state": STATES}


def is_lab(run: Run) -> bool:
    """Whether an experiment of `tfpool.lab` queued the run."""
    return (run.sweep or "").startswith(LAB)


def split_countable(runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Runs apart: those that this version of tfpool can count, and those of a network or head that it does not know.

    Another branch may have had a head that is not here, and its runs may lie in the same store.
    """
    known: list[Run] = []
    unknown: list[Run] = []
    for run in runs:
        (known if _is_known(run) else unknown).append(run)
    return known, unknown


def _is_known(run: Run) -> bool:
    try:
        return run.plan is not None
    except ValueError:
        return False


def uncountable_text(unknown: Sequence[Run]) -> str:
    """What is said of runs that cannot be counted; nothing of none."""
    if not unknown:
        return ""
    names = ", ".join(run.id for run in unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
    verb = "is" if len(unknown) == 1 else "are"
    return f"{names}{more} {verb} of a network or head that this version of tfpool does not know."


def facet(run: Run, name: str) -> str | None:
    """One of `FACETS` of a run; None for the sweep of one that was queued alone."""
    plan = run.spec["plan"]
    known = {
        "data": data_name(run),
        "network": plan["backbone"],
        "head": plan["head"]["name"],
        "state": run.state,
        "sweep": run.sweep,
    }
    return known[name]


def facet_values(runs: Sequence[Run], name: str) -> list[str]:
    """What a facet is in these runs, each value once, in alphabetical order."""
    return sorted({each for run in runs if (each := facet(run, name)) is not None})


def select_runs(runs: Sequence[Run], text: str = "", facets: Mapping[str, Sequence[str]] | None = None) -> list[Run]:
    """The runs that have every word of a text in their id, title, note or facets, and one of the values of each facet.

    Args:
        runs: what to choose from.
        text: words in any order and case.
        facets: wanted values of some of `FACETS`; none wanted takes all.

    Raises:
        ValueError: on a value that no run has and none could have.
    """
    wanted = {name: chosen for name, chosen in (facets or {}).items() if chosen}
    for name, chosen in wanted.items():
        known = facet_values(runs, name)
        for each in chosen:
            if each not in known and each not in _ALWAYS_KNOWN.get(name, ()):
                raise ValueError(f"No run has the {name} {each!r}. There is: {', '.join(known) or 'none'}.")
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
    """Runs with the best first: the highest accuracy, the lowest loss or cost; what is not known comes last.

    Args:
        runs: what to sort.
        key: one of `ORDERS`.
        how: "last", or "best" of all epochs.

    Raises:
        ValueError: on another key.
    """
    if key not in ORDERS:
        raise ValueError(f"Runs cannot be sorted by {key!r}. Use one of: {', '.join(ORDERS)}.")
    sign = 1 if key in COSTS or key.endswith("loss") else -1
    found = {run.id: value(run, key, how) for run in runs}
    return sorted(runs, key=lambda run: math.inf if (each := found[run.id]) is None else sign * each)
