"""The data set of a run, checked to be the one that the run began with. Loads no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tfpool import data
from tfpool.data import DataSet
from tfpool.tracking.results import data_name
from tfpool.tracking.run import Run

_FACTS = {
    "data_fingerprint": "its data set {name} has other images or another split",
    "class_names": "its data set {name} has other classes",
    "plan": "its network is another",
    "recipe": "its recipe is another",
}
"""What a run begins with, with the reason why a run cannot go on if it is different now."""


def load_data(run: Run) -> DataSet:
    """The data set of a run.

    Raises:
        ValueError: if the data set is gone, or its images, split or classes are not those that the run began with.
    """
    if not data.describe(run.spec["data"]).is_ready:
        raise ValueError(f"The images of {data_name(run)}, which {run.id} was trained on, are gone. Add them again.")
    data_set = data.load(run.spec["data"])
    check_same(run, start_facts(run, data_set))
    return data_set


def start_facts(run: Run, data_set: DataSet) -> dict[str, Any]:
    """What a run begins with: its spec, with the fingerprint and the classes of the data set as it is now."""
    return {**run.spec, "class_names": list(data_set.class_names), "data_fingerprint": data_set.fingerprint}


def description_text(facts: Mapping[str, Any]) -> str:
    """The content of run.json."""
    return json.dumps(facts, indent=2, ensure_ascii=False)


def check_same(run: Run, facts: Mapping[str, Any]) -> None:
    """Raise a ValueError that names what is different from what the run began with.

    The class names of a run that has not begun are those it was queued with.
    """
    began = began_with(run)
    for name, reason in _FACTS.items():
        if name in began and began[name] != facts[name]:
            changed = reason.format(name=data_name(run))
            raise ValueError(
                f"Run {run.id} is not what it was: {changed} than when the run began. "
                "Restore what it began with, or train a new run."
            )


def machines(run: Run) -> list[dict[str, Any]]:
    """What has trained a run, one after the other: processor, gpus, threads and versions of libraries.

    The list is empty for a run that has not begun, or was trained by a version before 0.2.
    """
    if not run.metadata_path.exists():
        return []
    return json.loads(run.metadata_path.read_text(encoding="utf-8")).get("machines", [])


def mixed_text(run: Run) -> str:
    """A message about a run that was resumed on another machine or with other libraries; empty for all others."""
    different = {name for one, other in pairwise(machines(run)) for name in one if one[name] != other[name]}
    if not different:
        return ""
    return (
        f"Run {run.id} was resumed where {' and '.join(sorted(different))} differ: the last bits of its weights can "
        "differ from those of an uninterrupted run."
    )


def began_with(run: Run) -> dict[str, Any]:
    """What a run began with; only its spec if it has not begun."""
    if run.began is None and run.metadata_path.exists():
        # Versions before 0.2 recorded the fingerprint in run.json alone.
        recorded = json.loads(run.metadata_path.read_text(encoding="utf-8"))
        return {name: recorded[name] for name in _FACTS if name in recorded}
    return run.began or run.spec
