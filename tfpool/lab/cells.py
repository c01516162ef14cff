"""What an experiment trains, and what is known of a run that was trained of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tfpool import data as data_sets
from tfpool.counting.plan import Plan
from tfpool.lab.provenance import versions
from tfpool.networks.heads import FC, GAP, Flatten, Head
from tfpool.tracking.store import Run
from tfpool.training.queue import fitting, spec
from tfpool.training.recipe import Recipe

COMPARED = {"gap": GAP(), "flatten": Flatten(), "fc": FC(units=(128,))}
"""The heads that articles compare, with a hidden layer that suits small networks."""


@dataclass(frozen=True)
class Cell:
    """What is trained once a seed.

    Attributes:
        factors: what tells it from the claim's other cells, such as {"head": "gap", "images": 1000}.
        backbone, head, data: as `tfpool.plan` and `tfpool.train` take them.
        recipe: how; its learning rate is tuned, its seed set.
        settings: of the backbone.
        tuned_as: cells of one name share the learning rate that the first of them is tuned to. Default: each its own.
    """

    factors: Mapping[str, Any]
    backbone: str
    head: Head | str
    data: str
    recipe: Recipe
    settings: Mapping[str, Any] = field(default_factory=dict)
    tuned_as: str | None = None

    @property
    def group(self) -> str:
        return self.tuned_as or json.dumps(self.factors)

    @property
    def plan(self) -> Plan:
        return fitting(self.backbone, self.head, data_sets.load(self.data), self.recipe, **self.settings)

    @property
    def key(self) -> str:
        """One text for all that its run follows from."""
        return key_of(spec(self.plan, data_sets.load(self.data), self.recipe))

    def at(self, seed: int, rate: float | None) -> Cell:
        """The cell with that seed, and with that learning rate if one is given."""
        changed = {"seed": seed} if rate is None else {"seed": seed, "learning_rate": rate}
        return replace(self, recipe=replace(self.recipe, **changed))


def short_training(factors: Mapping[str, Any], network: str, head: Head | str, images: int, epochs: int) -> Cell:
    """A cell on so many images of Fashion-MNIST for so many epochs: one recipe, so that claims share its runs."""
    return Cell(factors, network, head, "fashion_mnist", Recipe(epochs=epochs, batch_size=32, train_images=images))


def key_of(spec: Mapping[str, Any]) -> str:
    """One text for a run's spec: equal ones have equal texts."""
    return json.dumps(spec, sort_keys=True)


def is_over(run: Run) -> bool:
    """Whether nothing more will come of a run by itself."""
    return run.state in ("done", "failed")


def has_diverged(run: Run) -> bool:
    """Whether its loss was no number any more: the learning rate was too high, and will be again."""
    return (run.error or "").startswith(FloatingPointError.__name__)


def is_as_now(run: Run) -> bool:
    """Whether a run was trained on the images that its data set has now, with the packages that are here now."""
    about = run.path / "run.json"
    if not about.exists():
        # It waits in the queue, and has not begun to read them.
        return True
    kept = json.loads(about.read_text())
    was = kept.get("versions", {})
    return kept["data_fingerprint"] == data_sets.load(run.spec["data"]).fingerprint and all(
        was.get(name) == version for name, version in versions().items()
    )
