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
    """How much of an experiment is done: numbers of seeds (from 0 on), of epochs, and of training images.

    Each head is tuned over `rates`, on validation images, by `tuning_seeds` seeds that are not measured; one rate is
    not tuned. `measured` is the number of test images for costly measures; None for all. `levels` are other factors of
    a claim, such as depths or image sizes.
    """

    seeds: int = 5
    epochs: int = 10
    images: tuple[int, ...] = (2000,)
    rates: tuple[float, ...] = (5e-4, 2e-3, 8e-3, 3.2e-2)
    tuning_seeds: int = 2
    measured: int | None = None
    levels: tuple[Any, ...] = ()
