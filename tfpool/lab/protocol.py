"""How much of an experiment is done, and what a measurement is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCALES = ("quick", "full")
FOLDER = "lab"
"""Folder in a run store for the findings made there."""
Record = dict[str, Any]
"""One measurement as plain values: its factors, its seed and its measures."""


@dataclass(frozen=True)
class Scale:
    """How much of an experiment is done.

    Attributes:
        seeds: number of seeds, from 0 on.
        epochs: passes over the training images.
        images: numbers of training images.
        rates: learning rates that each head is tuned over; with one, nothing is tuned.
        tuning_seeds: number of seeds that a rate is judged by, on validation images; none of them is measured.
        measured: number of test images for costly measures; None for all.
        levels: other factors of a claim, such as depths or image sizes.
    """

    seeds: int = 5
    epochs: int = 10
    images: tuple[int, ...] = (2000,)
    rates: tuple[float, ...] = (5e-4, 2e-3, 8e-3, 3.2e-2)
    tuning_seeds: int = 2
    measured: int | None = None
    levels: tuple[Any, ...] = ()
