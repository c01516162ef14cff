"""How much of an experiment is done, and what a measurement is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

SCALES = ("quick", "full")


Record = dict[str, Any]
"""One measurement: what was varied, the seed, and what came out. Plain values."""


@dataclass(frozen=True)
class Scale:
    """How much of an experiment is done.

    Attributes:
        seeds: how many, from 0 on; a value a seed is measured in each cell.
        epochs: passes over the training images.
        images: numbers of training images.
        rates: learning rates that each head is tuned over; with one, nothing is tuned.
        tuning_seeds: how many seeds a rate is judged by, on validation images. They are others than those measured.
        measured: how many test images a costly measure takes; None for all.
        levels: what else a claim goes through, such as depths or image sizes.
    """

    seeds: int = 5
    epochs: int = 10
    images: tuple[int, ...] = (2000,)
    rates: tuple[float, ...] = (5e-4, 2e-3, 8e-3, 3.2e-2)
    tuning_seeds: int = 2
    measured: int | None = None
    levels: tuple[Any, ...] = ()


FOLDER = "lab"
"""Inside the store, where one's own findings are kept."""
