"""A training run as it stood when the store was read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfpool.counting.plan import Plan, plan

if TYPE_CHECKING:
    import keras
    import numpy as np

ENDED = ("done", "stopped", "interrupted", "failed")
STATES = ("queued", "running", *ENDED)


@dataclass(frozen=True)
class Run:
    """A training run as it stood when it was read.

    Attributes:
        id: the network, the head and a number, such as "resnet8-gap-1".
        state: "queued", "running", "done", "stopped", "interrupted" or "failed".
        spec: plain data of plan, data set and recipe: all that is needed to repeat the run.
        history: a list for each metric of `METRICS`, a value per epoch.
        path: the run's folder, with model.keras, run.json, history.csv and tensorboard/.
        progress: of the running epoch: epoch, step, steps, loss, accuracy, images_per_second, elapsed (seconds); or
            preparing, the share of a frozen backbone's features that is computed.
        result: loss and accuracy on the test images, and how many images these are, once the run is done.
        error: why the run failed.
        created, started, ended: seconds since 1970.
        title, note: what people call it and say of it; the title is the id where they have not.
        sweep: name of the group that it was queued in, if any.
        stopping: whether it was asked to stop and has not yet.
    """

    id: str
    state: str
    spec: dict[str, Any]
    history: dict[str, list[float]]
    path: Path
    progress: dict[str, float]
    result: dict[str, float] | None
    error: str | None
    created: float
    started: float | None
    ended: float | None
    title: str
    note: str
    sweep: str | None
    stopping: bool

    @cached_property
    def plan(self) -> Plan:
        """Counted once however many runs share it.

        Raises:
            ValueError: where this version of tfpool has no such network, head or setting, as another branch may have.
        """
        return _counted(json.dumps(self.spec["plan"]))

    @property
    def epochs(self) -> int:
        """Epochs that the recipe asks for."""
        return self.spec["recipe"]["epochs"]

    @property
    def current_epoch(self) -> int:
        """The epoch under way, counted from 1."""
        return min(int(self.progress.get("epoch", 0)) + 1, self.epochs)

    @property
    def model_path(self) -> Path:
        return self.path / "model.keras"

    @property
    def checkpoint_path(self) -> Path:
        """The whole state of an unfinished training."""
        return self.path / "checkpoint" / "state.npz"

    @property
    def fraction_done(self) -> float:
        """Share of the training that is behind, 0 to 1."""
        if self.state == "done":
            return 1.0
        epoch, steps = self.progress.get("epoch", 0), self.progress.get("steps", 1)
        return min(1.0, (epoch * steps + self.progress.get("step", 0)) / (self.epochs * steps))

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest of the training will take at the pace so far; None before the first step."""
        elapsed = self.progress.get("elapsed")
        return elapsed * (1 - self.fraction_done) / self.fraction_done if elapsed and self.fraction_done else None

    def to_input(self, images: np.ndarray) -> np.ndarray:
        """Images as the data set has them, uint8 (N, h, w, c), as the model reads them, float32 (N, H, W, C)."""
        from tfpool.models.preprocessing import to_network

        return to_network(images, self.plan, self.spec["recipe"].get("weights")).numpy()

    def load_model(self) -> keras.Model:
        """The trained model, from what `to_input` makes of images to logits (N, K).

        Raises:
            ValueError: if the run has not finished an epoch yet.
        """
        if not self.model_path.exists():
            raise ValueError(f"Run {self.id} is {self.state} and has no model yet: it has not finished an epoch.")
        from tfpool.models.loading.load import load_model

        return load_model(self.model_path)


@lru_cache(maxsize=512)
def _counted(spec: str) -> Plan:
    try:
        return plan(**json.loads(spec))
    except TypeError as error:
        # Of a setting that it does not know Python itself says so.
        raise ValueError(f"This version of tfpool cannot make such a network: {error}.") from None
