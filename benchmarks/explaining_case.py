"""One case that `explaining.py` measures: the same images, weights, and classes for every package."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import tfpool as tp
from tfpool.counting.plan import Plan


@dataclass(frozen=True)
class Case:
    """A batch of square images through a network."""

    network: str
    side: int
    images: int

    def __str__(self) -> str:
        return f"{self.network}, {self.side} px, batch {self.images}"

    @property
    def plan(self) -> Plan:
        return tp.plan(self.network, head="gap", input_shape=(self.side, self.side, 3))

    @property
    def pixels(self) -> np.ndarray:
        return np.random.default_rng(0).random((self.images, self.side, self.side, 3), np.float32)

    def weights_path(self, folder: Path) -> Path:
        """The file with the weights, by their names in Keras, and the classes to explain."""
        return folder / f"{self}.npz"

    def dump(self) -> str:
        return json.dumps(asdict(self))
