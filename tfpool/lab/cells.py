"""What an experiment trains, and how runs in a store are matched to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tfpool import data as data_sets
from tfpool.counting.plan import Plan
from tfpool.networks.heads import FC, GAP, Flatten, Head
from tfpool.system.provenance import versions
from tfpool.tracking.run_data import began_with
from tfpool.tracking.store import Run
from tfpool.training.queue import plan_for, spec
from tfpool.training.recipe import TRAINING_VERSION, Recipe

COMPARED = {"gap": GAP(), "flatten": Flatten(), "fc": FC(units=(128,))}
"""The heads that articles compare; FC with a hidden layer for small networks."""


@dataclass(frozen=True)
class Cell:
    """What is trained once per seed: `backbone`, `head`, `data` and `settings` as `tfpool.train` takes them.

    `factors` distinguish it from the claim's other cells: {"head": "gap", "images": 1000}. The recipe's learning rate
    is tuned and its seed set for each run. Cells with the same `tuned_as` share the learning rate tuned for the first;
    by default each has its own.
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
        return plan_for(self.backbone, self.head, data_sets.load(self.data), self.recipe, **self.settings)

    @property
    def key(self) -> str:
        """Everything that its run depends on, as text."""
        return key_of(spec(self.plan, data_sets.load(self.data), self.recipe))

    def at(self, seed: int, rate: float | None) -> Cell:
        """The cell with this seed, and with this learning rate unless it is None."""
        changed = {"seed": seed} if rate is None else {"seed": seed, "learning_rate": rate}
        return replace(self, recipe=replace(self.recipe, **changed))


def short_training(factors: Mapping[str, Any], network: str, head: Head | str, images: int, epochs: int) -> Cell:
    """A cell trained on `images` of Fashion-MNIST; its recipe is always the same, so that claims share its runs."""
    return Cell(factors, network, head, "fashion_mnist", Recipe(epochs=epochs, batch_size=32, train_images=images))


def key_of(spec: Mapping[str, Any]) -> str:
    """A run's spec as text; equal specs have equal texts."""
    return json.dumps(spec, sort_keys=True)


def is_over(run: Run) -> bool:
    """Whether a run has ended and will not go on by itself."""
    return run.state in ("done", "failed")


def has_diverged(run: Run) -> bool:
    """Whether the loss became NaN, because the learning rate was too high."""
    return (run.error or "").startswith(FloatingPointError.__name__)


def is_current(run: Run) -> bool:
    """Whether a run was trained as it would be now: by these rules and packages, on the data set's current images."""
    path = run.metadata_path
    if not path.exists():
        # It is still in the queue.
        return True
    record = json.loads(path.read_text(encoding="utf-8"))
    same_images = began_with(run)["data_fingerprint"] == data_sets.load(run.spec["data"]).fingerprint
    same_rules = record.get("training_version") == TRAINING_VERSION
    return same_rules and same_images and versions().items() <= record.get("versions", {}).items()
