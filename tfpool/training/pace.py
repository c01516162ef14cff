"""How fast a training is over its last steps, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfpool.training.trainer import Trainer

WINDOW = 10.0
"""Seconds of steps that the speed is an average of."""
FEWEST_SECONDS, FEWEST_STEPS = 1.0, 3
"""Before so much of training nothing is told."""


class Pace:
    """The pace of a trainer, which is looked at after each step of training or evaluation.

    All is counted from the end of the first step, which compiles and takes longer than hundreds of others.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._at: tuple[int, int] | None = None
        self._began, self._images_before, self._steps = 0.0, 0, 0
        self._seconds = self._of_epoch = 0.0
        """Seconds of training steps so far, and of this epoch, without evaluation."""
        self._last: deque[tuple[float, int]] = deque()

    @property
    def images_per_second(self) -> float | None:
        """Of the last training steps; None until that can be told."""
        if not self._is_known:
            return None
        (first_seconds, first_images), (seconds, images) = self._last[0], self._last[-1]
        return (images - first_images) / (seconds - first_seconds)

    @property
    def seconds_left(self) -> float | None:
        """Until the last epoch ends, at the pace so far, evaluation included; None until that can be told."""
        if not self._is_known:
            return None
        images = self._images
        total = self._trainer.recipe.epochs * len(self._trainer.images)
        return (total - images) * (time.monotonic() - self._began) / (images - self._images_before)

    @property
    def _is_known(self) -> bool:
        return self._steps > FEWEST_STEPS and self._seconds > FEWEST_SECONDS

    @property
    def _images(self) -> int:
        return self._trainer.state["epoch"] * len(self._trainer.images) + self._trainer.state["seen"]

    def add(self) -> None:
        """Look at the trainer after a step. Steps of an evaluation leave its state as it was."""
        state = self._trainer.state
        at = (state["epoch"], state["step"])
        if at == self._at:
            return
        if self._at is None:
            self._began, self._images_before = time.monotonic(), self._images
        else:
            same_epoch = at[0] == self._at[0]
            self._seconds += state["seconds"] - (self._of_epoch if same_epoch else 0.0)
            self._steps += 1
        self._at, self._of_epoch = at, state["seconds"]
        self._last.append((self._seconds, self._images))
        while self._seconds - self._last[0][0] > WINDOW and len(self._last) > FEWEST_STEPS:
            self._last.popleft()
