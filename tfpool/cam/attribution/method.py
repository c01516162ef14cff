"""What a method is: the function that makes its maps, and all that pages and documents say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Maps = Callable[[Any, Any, Any], Any]
"""From features (N, h, w, C), targets (N, K) and images (N, H, W, C) to heatmaps (N, h, w).

The targets say how much of each score is explained: 1 of the target's, -1 of the one that it is contrasted with.
"""


@dataclass(frozen=True)
class Method:
    """An explanation method.

    Attributes:
        function: "module.function" in this package. It takes a classifier's anatomy, and the method's own settings by
            name, and returns `Maps` with their signs. Loaded when it is first needed, since it loads TensorFlow.
        cost: what one image costs, in passes through the model.
        relu: whether its source keeps only what speaks for the class.
        signed: whether values above zero speak for the target, and values below against it.
        on_image: whether it reads the image itself instead of a feature layer: its maps are as large as the image.
        compares: whether it picks other classes to compare with, so that its target is a single class.
        batch: images per step, fewer for methods that take much memory.
    """

    function: str
    summary: str
    source: str
    cost: str = "1 forward pass"
    unit: str = "score"
    relu: bool = False
    signed: bool = True
    on_image: bool = False
    compares: bool = False
    batch: int = 32

    @property
    def make(self) -> Callable[..., Maps]:
        """The function itself."""
        module, name = self.function.split(".")
        return getattr(import_module(f"tfpool.cam.attribution.{module}"), name)
