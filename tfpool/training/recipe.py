"""How a model is trained: plain values, checked, without TensorFlow."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from tfpool.counts import SLOTS
from tfpool.graph import at_least
from tfpool.plan import Plan

OPTIMIZERS = tuple(SLOTS)
SCHEDULES = ("cosine", "constant")
PARTS = ("backbone", "head")


@dataclass(frozen=True)
class Recipe:
    """A training recipe.

    Args:
        epochs: passes over the training images.
        batch_size: images a step.
        optimizer: "adam", or "sgd" with Nesterov momentum 0.9.
        learning_rate: at the start.
        schedule: "cosine" falls to zero at the last step, "constant" does not change.
        train_images: use only the first so many training images. Default: all.
        freeze: parts that are not trained, "backbone" or "head".
        seed: fixes initial weights, the order of images and dropout.

    Raises:
        ValueError: on a value out of range.
    """

    epochs: int = 5
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    train_images: int | None = None
    freeze: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.freeze, str):
            raise ValueError(f"Frozen parts are a tuple, such as freeze=({self.freeze!r},), got {self.freeze!r}.")
        object.__setattr__(self, "freeze", tuple(self.freeze or ()))
        for name in ("epochs", "batch_size", "train_images", "seed"):
            value = getattr(self, name)
            if name != "train_images" or value is not None:
                object.__setattr__(self, name, at_least(0 if name == "seed" else 1, value, name))
        if self.seed >= 2**31:
            raise ValueError(f"The seed has to be below 2³¹, got {self.seed}.")
        if not isinstance(self.learning_rate, int | float) or not 0 < self.learning_rate < math.inf:
            raise ValueError(f"The learning rate has to be a number above 0, got {self.learning_rate!r}.")
        choices = (("optimizer", OPTIMIZERS, (self.optimizer,)), ("schedule", SCHEDULES, (self.schedule,)))
        for name, known, given in (*choices, ("freeze", PARTS, self.freeze)):
            if any(value not in known for value in given):
                raise ValueError(f"Unknown {name} {', '.join(map(repr, given))}. Use one of: {', '.join(known)}.")

    @property
    def config(self) -> dict[str, Any]:
        """Plain data: `Recipe(**config)` makes an equal recipe."""
        return {**asdict(self), "freeze": list(self.freeze)}

    def check(self, plan: Plan) -> None:
        """Refuse a plan that this recipe would leave with nothing to train.

        Raises:
            ValueError: naming what is frozen and what has no parameters.
        """
        trainable = {part: sum(row.trainable_params for row in plan.rows if row.part == part) for part in PARTS}
        if any(trainable[part] for part in PARTS if part not in self.freeze):
            return
        causes = " and ".join(
            f"the {part} is frozen" if part in self.freeze else f"the {part} has no parameters" for part in PARTS
        )
        raise ValueError(f"There is nothing to train in {plan.name}: {causes}. Unfreeze a part or take another head.")
